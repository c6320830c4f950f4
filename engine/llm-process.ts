import { withParent } from './child-port.ts';
import { llamaRunner } from './llm/llama-cpp.ts';
import { tryBinariesHere } from './llm/trial.ts';
import { serve } from './rpc.ts';

/**
 * The process that runs llama.cpp: a crash in there, or a graphics driver that takes its process along, costs an answer
 * and nothing else.
 */
tryBinariesHere();
withParent((port) => serve(llamaRunner(), port));
