import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { dirname } from 'node:path';
import type { DeviceInfo } from '../api.ts';
import { startChild, type Child } from '../children.ts';
import { knownDevices, runtimeVersion, type Device } from '../nn/session.ts';
import { connect } from '../rpc.ts';
import type { ProberVerbs, Subject } from './device-probe.ts';
import { PROBES } from './probes.ts';

/** A device that was tried with a model. `cosine` is the lowest over the probes, or of scores 1 less the largest difference. */
export interface Trial {
  device: Device;
  /** It gives what the processor gives. */
  agrees: boolean;
  cosine: number;
  /** How many times as fast as the processor; 0 where it does not agree. */
  speedup: number;
  /** Why it is not used: a sentence. */
  reason?: string;
}

/** Where a model is to run, and what was seen of all devices. */
export interface Choice { device: Device; trials: Trial[] }

export interface ChoiceOptions {
  subject: Subject;
  /** Hash of the model and of what lies over it: what was seen counts as long as it is the same. */
  model: string;
  /** JSON file in which it is remembered. */
  remembered?: string;
  /** Starts the process in which a device is tried (`device-process.ts`). */
  start?: () => Child;
  devices?: readonly Device[];
  texts?: readonly string[];
  rounds?: number;
  /** A trial that takes longer is ended. */
  seconds?: number;
}

const NAMES: Record<Device, string> = { cpu: 'the processor', webgpu: 'WebGPU', cuda: 'CUDA', coreml: 'Core ML', dml: 'DirectML' };
/** Less than so many times as fast is not worth another kind of vectors. */
const WORTH = 1.2;
const ROUNDS = 5;
const LONGEST_SECONDS = 120;
/** A driver may have been replaced without our seeing it. */
const REMEMBERED_MS = 30 * 24 * 3600_000;

/** What may be faster than the processor on this machine, as far as this build of ONNX Runtime knows it. */
export function candidateDevices(): Device[] {
  return knownDevices().filter((device) => device !== 'cpu' && (device !== 'cuda' || (process.platform === 'linux' && process.arch === 'x64')));
}

/**
 * Tries a model on the devices there are, each in a process of its own, and chooses the fastest one whose results agree with the
 * processor's (`SAME_COSINE`); else the processor. What was seen is remembered for the model, the device, the driver as far as it
 * can be seen and the version of ONNX Runtime.
 */
export async function chooseDevice({ subject, model, remembered, start = () => startChild('device-process'), devices = candidateDevices(), texts = PROBES, rounds = ROUNDS, seconds = LONGEST_SECONDS }: ChoiceOptions): Promise<Choice> {
  const memory = await read(remembered);
  const trials: Trial[] = [];
  for (const device of devices) {
    const key = createHash('sha256').update([model, device, ...machine(), JSON.stringify(texts)].join('\n')).digest('hex');
    const before = memory[key];
    if (before !== undefined && Date.now() - before.at < REMEMBERED_MS) trials.push(before.trial);
    else {
      let child: Child;
      try {
        child = start();
      } catch (error) {
        // That says nothing about the device, so it is not remembered.
        trials.push({ device, agrees: false, cosine: 0, speedup: 0, reason: `${NAMES[device]} cannot be tried: ${(error as Error).message}` });
        continue;
      }
      const trial = await tryDevice(device, subject, [...texts], rounds, seconds, child);
      memory[key] = { at: Date.now(), trial };
      trials.push(trial);
      if (remembered !== undefined) await write(remembered, memory);
    }
  }
  const [best] = trials.filter(({ reason }) => reason === undefined).sort((a, b) => b.speedup - a.speedup);
  return { device: best?.device ?? 'cpu', trials };
}

/** A choice as the interface shows it. */
export function deviceInfo({ device, trials }: Choice): DeviceInfo {
  const used = trials.find((trial) => trial.device === device);
  const faster = used === undefined ? undefined : 'A faster one is used.';
  return {
    provider: device,
    ...(used && { speedup: used.speedup }),
    refused: trials.filter((trial) => trial !== used).map((trial) => ({ provider: trial.device, reason: trial.reason ?? faster! })),
  };
}

async function tryDevice(device: Device, subject: Subject, texts: string[], rounds: number, seconds: number, child: Child): Promise<Trial> {
  const refused = (reason: string, cosine = 0, agrees = false, speedup = 0): Trial => ({ device, agrees, cosine, speedup, reason });
  let late = false;
  const patience = setTimeout(() => {
    late = true;
    child.kill();
  }, seconds * 1000);
  try {
    const { equivalence, seconds: took } = await connect<ProberVerbs>(child.port).measure(device, subject, texts, rounds);
    if (!equivalence.equivalent) return refused(`${NAMES[device]} computes something else than the processor. ${equivalence.reason}`, equivalence.cosine);
    const speedup = took.cpu / took.device;
    if (speedup < WORTH) return refused(`${NAMES[device]} gives the same results, but takes ${(1 / speedup).toFixed(1)} times as long as the processor.`, equivalence.cosine, true, speedup);
    return { device, agrees: true, cosine: equivalence.cosine, speedup };
  } catch (error) {
    if (late) return refused(`${NAMES[device]} was given up after ${seconds} seconds.`);
    if ((error as { code?: unknown }).code === 'closed') return refused(`${NAMES[device]} ended the process in which it was tried; its driver may be broken.`);
    return refused(`${NAMES[device]} cannot be used here: ${shortened((error as Error).message)}`);
  } finally {
    clearTimeout(patience);
    child.port.close();
  }
}

/** ONNX Runtime names its sources before it comes to the point. */
function shortened(message: string): string {
  const point = message.replace(/^ONNX Runtime cannot load .*? on \w+: /s, '').replace(/^.*\bwas false\. /s, '').split('\n')[0]!.trim();
  return point.length > 200 ? `${point.slice(0, 199)}…` : point;
}

/** What decides how a device computes, beside the model: the runtime, the system, and a driver's version where it can be read. */
function machine(): string[] {
  let driver = '';
  try {
    driver = readFileSync('/proc/driver/nvidia/version', 'utf8');
  } catch {
    // Only NVIDIA's driver for Linux tells its version in a file.
  }
  return [runtimeVersion(), process.platform, process.arch, os.release(), driver, process.env['VK_ICD_FILENAMES'] ?? '', os.cpus()[0]?.model ?? ''];
}

type Memory = Record<string, { at: number; trial: Trial }>;

/** Nothing where there is no file or it was damaged: it can all be tried again. */
async function read(file: string | undefined): Promise<Memory> {
  try {
    return file === undefined ? {} : JSON.parse(await readFile(file, 'utf8')) as Memory;
  } catch {
    return {};
  }
}

async function write(file: string, memory: Memory): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(memory));
  await rename(`${file}.new`, file);
}
