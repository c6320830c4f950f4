import { calibrate, type Int8Options } from '../nn/int8.ts';
import type { SessionOptions } from '../nn/session.ts';
import { readArchitecture } from './architectures.ts';
import type { FoundFolder } from './inspect.ts';
import { spaceIdentity } from './manifest.ts';
import { openGraph, textFeeds, type Network, type TokenText } from './network.ts';
import { compare } from './passport.ts';

/** A graph given as bytes ends at two gigabytes, and the rounded weights are part of it. */
const LARGEST = 1.5e9;

/** The network that is to be used, in which precision, and why it is not rounded where it is not: a sentence. */
export interface Rounded { network: Network; precision: 'float32' | 'int8'; refused?: string }

/** What was found of a model, by its space in full precision: how to round it, or why not to. */
const findings = new Map<string, Int8Options | string>();

/**
 * The network of a safetensors folder with its linear layers in eight bits: several times faster where the processor multiplies
 * bytes. Real encoders lose more by it than they should, and processors without the right instructions compute it wrongly, so it
 * is used only if, here and now, every one of `trials` gets the vector it gets in full precision (`compare`); else the network is
 * opened in full precision. Half of the trials set the smoothing of activations, the others it has never seen. Tried once in a
 * process: models are closed when nobody uses them, and opened again.
 */
export async function openRounded(found: FoundFolder, trials: readonly TokenText[], options: SessionOptions): Promise<Rounded> {
  if ((options.device ?? 'cpu') !== 'cpu') return { network: await openGraph(found, options), precision: 'float32', refused: 'Eight bits are for processors; other devices compute in full precision.' };
  const space = spaceIdentity(found.manifest, 'cpu');
  const finding = findings.get(space) ?? (await tryRounding(found, trials, options));
  findings.set(space, finding);
  return typeof finding === 'string' ? { network: await openGraph(found, options), precision: 'float32', refused: finding } : { network: await openInt8(found, finding, options), precision: 'int8' };
}

async function openInt8(found: FoundFolder, int8: Int8Options, options: SessionOptions): Promise<Network> {
  const { folder } = found;
  const network = await openGraph({ ...found, architecture: readArchitecture(folder.config, folder.checkpoint!, { int8 }) }, options);
  // Numbers are rounded by the largest of a run: a text that shared its run would get another vector.
  return { ...network, tokensPerRun: 0 };
}

async function tryRounding(found: FoundFolder, trials: readonly TokenText[], options: SessionOptions): Promise<Int8Options | string> {
  const { folder, manifest } = found;
  const vectors = async (network: Network): Promise<Float32Array[]> => (await Promise.all(trials.map((text) => network.vectors([text])))).flat();
  // Opened one after another: together they would take twice the memory.
  const exact = await openGraph(found, options);
  const expected = await vectors(exact);
  await exact.close();
  const { weights } = found.architecture!;
  const size = [...weights.entering.keys()].reduce((sum, layer) => sum + folder.checkpoint!.shape(`${layer}.weight`).reduce((product, length) => product * length, 1), 0);
  if (size > LARGEST) return `Its linear layers have ${(size / 1e9).toFixed(1)} billion weights, more than one graph may hold.`;
  const pooling = manifest.pooling as 'cls' | 'mean' | 'last';
  const chunks = trials.filter((_, i) => i % 2 === 0).map((text) => Object.fromEntries(Object.entries(textFeeds([text], pooling)).map(([name, make]) => [name, make()])));
  const int8 = { ...(await calibrate(weights, chunks, { ...options, folder: folder.checkpoint!.folder })), forward: true };
  const rounded = await openInt8(found, int8, options);
  const { reason } = compare(expected, await vectors(rounded), manifest.normalised);
  await rounded.close();
  return reason === undefined ? int8 : `In eight bits ${reason[0]!.toLowerCase()}${reason.slice(1)}`;
}
