import { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';

export { Tensor };
export type Session = InferenceSession;

/** Which family of devices computes. Vectors of two classes differ in their last bits and are not mixed. */
export type Provider = 'cpu' | 'gpu';

/** What can compute, as ONNX Runtime calls it. What a device cannot do of a graph, the processor does. */
export type Device = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'dml';

/** The devices that this build of ONNX Runtime knows; whether the machine has one only opening a session tells. */
export function knownDevices(): Device[] {
  const known: readonly string[] = ['cpu', 'webgpu', 'cuda', 'coreml', 'dml'] satisfies Device[];
  return listSupportedBackends().map(({ name }) => name).filter((name): name is Device => known.includes(name));
}

/** Of ONNX Runtime: another one may compute other last bits. */
export function runtimeVersion(): string {
  return env.versions.node ?? env.versions.common;
}

export interface SessionOptions {
  /**
   * The processor if absent. Opening a session on another one may end the whole process where a driver is broken, so do it in
   * a process of its own. Results are fetched into ordinary memory; reading a tensor that stays on a device would end it too.
   */
  device?: Device;
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
    executionProviders: [...new Set([options.device ?? 'cpu', 'cpu'])],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Memory patterns are planned per shape: with texts of every length they only cost memory.
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Weights do not share the arena that activations come and go in, which they would break up.
    // A spinning thread pool would keep a core of the person's machine busy between two batches.
    extra: { session: { intra_op: { allow_spinning: '0' }, use_device_allocator_for_initializers: '1', ...(options.folder === undefined ? {} : { model_external_initializers_file_folder_path: options.folder }) } },
  };
  try {
    // It would be left out without a word, and the processor would pass for it.
    if (options.device !== undefined && !knownDevices().includes(options.device)) throw new Error(`This build of ONNX Runtime has no ${options.device}.`);
    return typeof model === 'string' ? await InferenceSession.create(model, settings) : await InferenceSession.create(model, settings);
  } catch (error) {
    const name = (typeof model === 'string' ? model : 'the model') + (options.device === undefined ? '' : ` on ${options.device}`);
    throw new Error(`ONNX Runtime cannot load ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
