import { createContext, use } from 'react';
import { EngineError } from '../../engine/api.ts';
import { en } from './en.ts';
import type { Words } from './words.ts';
import { zh } from './zh.ts';

export const languages = { zh, en };

export const WordsContext = createContext<Words>(en);

/** What the window says, in the language of the settings. */
export function useWords(): Words {
  return use(WordsContext);
}

/** The words of a setting; `system` follows the browser or the operating system. */
export function wordsFor(language: 'zh' | 'en' | 'system'): Words {
  if (language !== 'system') return languages[language];
  return navigator.language.toLowerCase().startsWith('zh') ? zh : en;
}

/** An error as a sentence of the window's language; what the engine said follows where we know no better. */
export function sentenceOf(error: unknown, words: Words): string {
  const { code, message } = asCoded(error);
  if (code in words.failures) {
    const { what, remedy } = words.failures[code as keyof Words['failures']];
    return joined(words, what, remedy);
  }
  const sentence = words.errors[code as keyof Words['errors']] ?? words.errors.failed;
  return code === 'failed' || code === 'invalid' ? joined(words, sentence, message) : sentence;
}

function asCoded(error: unknown): { code: string; message: string } {
  if (error instanceof EngineError) return error;
  return { code: 'failed', message: error instanceof Error ? error.message : String(error) };
}

/** Two sentences: Chinese puts no space between them. */
export function joined({ language }: Pick<Words, 'language'>, first: string, second: string): string {
  return language === 'zh' ? first + second : `${first} ${second}`;
}
