import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { knownDevices, type Device } from '../nn/session.ts';
import { forkChild, type Child } from '../children.ts';
import { candidateDevices, chooseDevice, deviceInfo, type ChoiceOptions } from './devices.ts';
import { embedderSubject, type Subject } from './device-probe.ts';
import { makeSmallEmbedder } from './testing.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'devices-'));
after(() => rmSync(folder, { recursive: true }));

// Stand-ins for models: real modules, opened in the real process, of which each device behaves in its own way.
const standIns = path.join(folder, 'stand-ins.mjs');
writeFileSync(standIns, `
  const vectors = (texts, turn = 0) => texts.map((text) => Float32Array.of(Math.cos(text.length + turn), Math.sin(text.length + turn)));
  const busy = (milliseconds) => { for (const end = performance.now() + milliseconds; performance.now() < end;); };
  const opened = (compute) => ({ compute: async (texts) => compute(texts), close: async () => {} });
  export const honest = (device) => opened((texts) => { busy({ cpu: 40, webgpu: 18, cuda: 4, coreml: 70 }[device]); return vectors(texts); });
  export const liar = (device, turn) => opened((texts) => vectors(texts, device === 'cpu' ? 0 : turn));
  export const scores = (device, error) => opened((texts) => { busy(device === 'cpu' ? 30 : 3); return texts.map((text, i) => text.length * (device === 'cpu' || i > 0 ? 1 : 1 + error)); });
  export const aborts = (device) => opened((texts) => (device === 'cpu' ? vectors(texts) : process.abort()));
  export const hangs = (device) => (device === 'cpu' ? opened(vectors) : new Promise(() => setInterval(() => {}, 1000)));
`);
/** Starts the process with other settings of the environment, which it takes from this one. */
const startWith = (settings: Record<string, string>) => (): Child => {
  const before = { ...process.env };
  Object.assign(process.env, settings);
  try {
    return forkChild('device-process');
  } finally {
    for (const name of Object.keys(settings)) delete process.env[name];
    Object.assign(process.env, before);
  }
};
const standIn = (name: string, argument?: unknown): Subject => ({ module: pathToFileURL(standIns).href, name, argument });
const choose = (subject: Subject, devices: Device[], more: Partial<ChoiceOptions> = {}): ReturnType<typeof chooseDevice> =>
  chooseDevice({ subject, model: 'stand-in', devices, texts: ['one', 'three', 'seventeen'], rounds: 5, ...more });

test('the fastest device that agrees is chosen, and a slower one is told to be slower', async () => {
  const choice = await choose(standIn('honest'), ['webgpu', 'cuda', 'coreml']);
  assert.equal(choice.device, 'cuda');
  assert.ok(choice.trials.every(({ agrees, cosine }) => agrees && cosine > 0.999));
  const info = deviceInfo(choice);
  assert.equal(info.provider, 'cuda');
  assert.ok(info.speedup! > 3, String(info.speedup));
  assert.deepEqual(info.refused.map(({ provider }) => provider), ['webgpu', 'coreml']);
  assert.match(info.refused[0]!.reason, /A faster one is used/);
  assert.match(info.refused[1]!.reason, /Core ML gives the same results, but takes \d\.\d times as long/);
});

test('a device that computes something else is refused, however fast it is', async () => {
  const choice = await choose(standIn('liar', 0.05), ['webgpu']);
  assert.equal(choice.device, 'cpu');
  const [trial] = choice.trials;
  assert.ok(!trial!.agrees && trial!.speedup === 0 && Math.abs(trial!.cosine - Math.cos(0.05)) < 1e-6, JSON.stringify(trial));
  assert.match(trial!.reason!, /WebGPU computes something else than the processor\. 3 of 3 texts get other vectors: the cosine goes down to 0\.9988/);
  assert.deepEqual(deviceInfo(choice), { provider: 'cpu', refused: [{ provider: 'webgpu', reason: trial!.reason }] });
  const [near] = (await choose(standIn('liar', 0.04), ['webgpu'])).trials;
  assert.ok(near!.agrees, near!.reason);
});

test('scores may differ by a hundredth of the largest', async () => {
  assert.equal((await choose(standIn('scores', 0.02), ['webgpu'])).device, 'webgpu');
  assert.match((await choose(standIn('scores', 0.5), ['webgpu'])).trials[0]!.reason!, /Scores differ by up to 16\.7 %, and 1 % is allowed/);
});

test('a device that ends the process, or never answers, costs nothing but its trial', async () => {
  const { device, trials } = await choose(standIn('aborts'), ['webgpu']);
  assert.equal(device, 'cpu');
  assert.match(trials[0]!.reason!, /WebGPU ended the process in which it was tried; its driver may be broken/);
  assert.match((await choose(standIn('hangs'), ['cuda'], { seconds: 0.5 })).trials[0]!.reason!, /CUDA was given up after 0\.5 seconds/);
});

test('where no process can be started the processor is used, and that is not remembered', async () => {
  const remembered = path.join(folder, 'unkept.json');
  const { device, trials } = await choose(standIn('honest'), ['webgpu'], { remembered, start: () => { throw new Error('There is no shell.'); } });
  assert.equal(device, 'cpu');
  assert.equal(trials[0]!.reason, 'WebGPU cannot be tried: There is no shell.');
  assert.ok(!existsSync(remembered));
});

test('what was seen is remembered for the model and the device', async () => {
  const remembered = path.join(folder, 'kept/devices.json');
  let started = 0;
  const start = (): Child => {
    started++;
    return forkChild('device-process');
  };
  const first = await choose(standIn('liar', 1), ['webgpu'], { remembered, start });
  assert.deepEqual(await choose(standIn('liar', 1), ['webgpu'], { remembered, start }), first);
  assert.equal(started, 1);
  await choose(standIn('liar', 1), ['webgpu', 'cuda'], { remembered, start });
  assert.equal(started, 2, 'only the new device is tried');
  await choose(standIn('liar', 1), ['webgpu'], { remembered, start, model: 'another' });
  assert.equal(started, 3);
  writeFileSync(remembered, '{');
  assert.deepEqual(await choose(standIn('liar', 1), ['webgpu'], { remembered, start }), first);
  assert.ok(JSON.parse(readFileSync(remembered, 'utf8')));
});

test('the candidates are those that this build of ONNX Runtime has', () => {
  for (const device of candidateDevices()) assert.ok(device !== 'cpu' && knownDevices().includes(device));
});

// WebGPU without a graphics card: on SwiftShader, the software Vulkan that Electron and Chromium bring along.
const ICD = 'vk_swiftshader_icd.json';
const vulkan = [
  fileURLToPath(new URL('../../node_modules/electron/dist', import.meta.url)),
  ...(process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean).flatMap((bin) => [bin, path.join(bin, '../lib/chromium'), path.join(bin, '../lib/chromium-browser')]),
].find((place) => existsSync(path.join(place, ICD)) && existsSync(path.join(place, 'libvulkan.so.1')));
const missing = process.platform !== 'linux' ? 'SwiftShader is looked for on Linux only' : vulkan === undefined ? 'neither Electron nor Chromium with SwiftShader is installed' : !knownDevices().includes('webgpu') && 'this ONNX Runtime has no WebGPU';

test('a real embedder agrees on WebGPU, and is not moved there where that is slower', { skip: missing }, async () => {
  const model = await makeSmallEmbedder(path.join(folder, 'small'), { id: 'small', dimensions: 32, seed: 7, layers: 2 });
  const start = startWith({ LD_LIBRARY_PATH: vulkan!, VK_ICD_FILENAMES: path.join(vulkan!, ICD) });
  const { device, trials: [trial] } = await chooseDevice({ subject: embedderSubject(model), model: 'small', devices: ['webgpu'], start, rounds: 1, texts: ['a lease of sixty days', 'sixty days of leasing', 'the end of every term'] });
  assert.ok(trial!.agrees && trial!.cosine > 0.99999, trial!.reason);
  assert.ok(trial!.speedup > 0);
  assert.equal(device, trial!.reason === undefined ? 'webgpu' : 'cpu');
});

test('a device that this build of ONNX Runtime does not have is refused, and not taken for the processor', async () => {
  const lacking = (['dml', 'coreml'] as const).find((device) => !knownDevices().includes(device))!;
  const model = await makeSmallEmbedder(path.join(folder, 'lacking'), { id: 'lacking', dimensions: 8, seed: 7 });
  const { device, trials: [trial] } = await chooseDevice({ subject: embedderSubject(model), model: 'lacking', devices: [lacking], rounds: 1 });
  assert.equal(device, 'cpu');
  assert.match(trial!.reason!, /cannot be used here: This build of ONNX Runtime has no/);
});

test('a device that is not there is refused with what ONNX Runtime says', { skip: !knownDevices().includes('webgpu') && 'this ONNX Runtime has no WebGPU' }, async () => {
  const model = await makeSmallEmbedder(path.join(folder, 'alone'), { id: 'alone', dimensions: 8, seed: 7 });
  const start = startWith({ VK_ICD_FILENAMES: path.join(folder, 'none.json'), VK_DRIVER_FILES: path.join(folder, 'none.json') });
  const { device, trials: [trial] } = await chooseDevice({ subject: embedderSubject(model), model: 'alone', devices: ['webgpu'], start, rounds: 1 });
  if (process.platform !== 'linux') return;
  assert.equal(device, 'cpu');
  assert.match(trial!.reason!, /^WebGPU (cannot be used here: Failed to get a WebGPU adapter|ended the process)/);
});
