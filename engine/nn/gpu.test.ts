import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { knownDevices } from './session.ts';

/**
 * WebGPU without a graphics card: on SwiftShader, the software Vulkan that Electron and Chromium bring along. In a process of
 * its own, because a driver is told by the environment and a broken one ends the process.
 */
const ICD = 'vk_swiftshader_icd.json';
const folder = [
  fileURLToPath(new URL('../../node_modules/electron/dist', import.meta.url)),
  ...(process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean).flatMap((bin) => [bin, path.join(bin, '../lib/chromium'), path.join(bin, '../lib/chromium-browser')]),
].find((place) => existsSync(path.join(place, ICD)) && existsSync(path.join(place, 'libvulkan.so.1')));
const missing = process.platform !== 'linux' ? 'SwiftShader is looked for on Linux only' : folder === undefined ? 'neither Electron nor Chromium with SwiftShader is installed' : !knownDevices().includes('webgpu') && 'this ONNX Runtime has no WebGPU';

test('a training graph gives on WebGPU what it gives on the processor', { skip: missing }, () => {
  const env = { ...process.env, LD_LIBRARY_PATH: folder!, VK_ICD_FILENAMES: path.join(folder!, ICD) };
  const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(new URL('./gpu-run.ts', import.meta.url)), 'webgpu'], { env, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const differences = Object.entries(JSON.parse(stdout) as Record<string, number>);
  assert.ok(differences.length > 15);
  // Both are float32; small gradients are differences of larger numbers.
  for (const [name, difference] of differences) assert.ok(difference < 1e-4, `${name} differs by ${difference}`);
});
