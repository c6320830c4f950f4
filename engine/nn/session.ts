import { InferenceSession, Tensor } from 'onnxruntime-node';

export { Tensor };
export type Session = InferenceSession;

/** Which family of devices computes. Vectors of two classes differ in their last bits and are not mixed. */
export type Provider = 'cpu' | 'gpu';

export interface SessionOptions {
  /** Threads within an operator; 1 if absent: several sessions on one core each beat one session on many. */
  threads?: number;
  /** Folder of the files that a model given as bytes refers to (`ExternalData.file`). */
  folder?: string;
}

/**
 * Opens an ONNX model, from a file or from bytes. `run` computes on the thread that calls it, so call this in a worker.
 * Throws a sentence naming the file when ONNX Runtime cannot load it.
 */
export async function openSession(model: string | Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const settings: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Memory patterns are planned per shape: with texts of every length they only cost memory.
    enableMemPattern: false,
    logSeverityLevel: 3,
    // A spinning thread pool would keep a core of the person's machine busy between two batches.
    extra: { session: { intra_op: { allow_spinning: '0' }, ...(options.folder === undefined ? {} : { model_external_initializers_file_folder_path: options.folder }) } },
  };
  try {
    return typeof model === 'string' ? await InferenceSession.create(model, settings) : await InferenceSession.create(model, settings);
  } catch (error) {
    const name = typeof model === 'string' ? model : 'the model';
    throw new Error(`ONNX Runtime cannot load ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
