import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { embedderInUse, knownModels, type KnownModel } from './chosen.ts';
import type { ModelDirs } from './found.ts';
import { embedderSubject } from './models/device-probe.ts';
import { candidateDevices, chooseDevice, deviceInfo } from './models/devices.ts';
import { write, type Db } from './store/database.ts';
import { deviceOf, saveDevice } from './store/models.ts';
import { shadow } from './store/spaces.ts';

/** Long enough that whoever opens Lodestone for a moment does not have processes started. */
const QUIET = 30_000;
/** Another model may have come into use. */
const LOOKED_AGAIN = 300_000;

/**
 * Tries, now and then and one after the other, the embedders that are used or are to be used on the devices of this machine, once
 * for each model. Where another device than the processor is found better, the model is opened there from the next time on; its
 * vectors stay, since it was seen to make the same ones. Ends with the signal.
 */
export async function tryDevices(db: Db, dirs: ModelDirs, changed: () => void, signal: AbortSignal, quiet = QUIET): Promise<void> {
  if (candidateDevices().length === 0) return;
  for (let pause = quiet; ; ) {
    await delay(pause, undefined, { ref: false, signal }).catch(() => undefined);
    if (signal.aborted) return;
    const all = await knownModels(db, dirs);
    const next = all.find((model) => isUntried(db, model) && (model === embedderInUse(db, all) || model.id === shadow(db)?.model));
    pause = LOOKED_AGAIN;
    if (!next) continue;
    const choice = await chooseDevice({ subject: embedderSubject(next.place), model: next.id, remembered: join(dirs[1]!, 'devices.json') }).catch(() => undefined);
    if (signal.aborted) return;
    // What cannot even be tried runs on the processor, and is tried again another time.
    if (!choice) continue;
    const { refused, speedup } = deviceInfo(choice);
    await write(db, () => saveDevice(db, next.id, { device: choice.device, refused, ...(speedup !== undefined && { speedup }) }));
    changed();
    pause = quiet;
  }
}

function isUntried(db: Db, { id, role, format, trouble }: KnownModel): boolean {
  return role === 'embedder' && format !== 'gguf' && format !== 'server' && trouble === undefined && deviceOf(db, id) === undefined;
}
