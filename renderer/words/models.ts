import type { Fit, ModelFormat, ModelRole, Download } from '../../engine/api.ts';

/** What the models page says, in one language. */
export interface ModelsWords {
  title: string;
  sections: Record<'use' | 'download' | 'add' | 'tests', string>;
  lead: string;
  /** Cores, memory, and free memory of this machine. */
  machine: (cores: number, memory: string, free: string) => string;
  graphics: (name: string, memory: string | undefined) => string;
  noGraphics: string;

  /** What each kind of model is for, and what happens without one. */
  roles: Record<ModelRole, { name: string; does: string; when: string; none: string }>;
  active: string;
  use: string;
  useNone: string;
  /** What stands for the language model where there is none. */
  extractive: string;
  extractiveText: string;
  remove: string;
  removeTitle: (name: string) => string;
  removeText: string;
  removed: (name: string) => string;
  inUse: (name: string) => string;
  actions: (name: string) => string;
  bundled: string;

  /** What a model costs. */
  size: string;
  languages: string;
  licence: string;
  reads: string;
  tokens: (count: number) => string;
  dimensions: (count: number) => string;
  vector: string;
  family: string;
  format: string;
  formats: Record<ModelFormat, string>;
  runsOn: (device: string) => string;
  providers: { cpu: string };
  faster: (device: string, times: string) => string;
  refusedDevices: string;
  kept: string;
  keptIndex: (chunks: number, size: string) => string;
  removeIndex: string;
  indexRemoved: string;
  unknown: string;
  manyLanguages: string;
  more: string;
  remoteText: (address: string) => string;
  trouble: string;

  /** Whether it fits this machine. */
  fits: Record<Fit['verdict'], string>;
  fitDetail: (needs: string, has: string) => string;

  /** On public sets, and on the person's own questions. */
  quality: string;
  qualityHint: string;
  set: string;
  mean: string;
  unmeasured: string;
  mine: string;
  mineHint: string;
  mineNone: string;
  mineFirst: (share: string, milliseconds: string) => string;
  than: (change: string) => string;
  tryMine: string;
  trying: string;
  tried: (score: string) => string;

  /** Switching. */
  switchTitle: (name: string) => string;
  switchText: (chunks: number, time: string) => string;
  /** Chunks that are longer than it reads. */
  switchCut: (chunks: number) => string;
  switchNow: string;
  remoteTitle: (name: string) => string;
  remoteConfirm: (address: string) => string;
  reindexing: (name: string) => string;
  reindexed: (done: number, total: number) => string;
  left: (time: string) => string;
  meanwhile: string;
  cancelReindexing: string;

  /** The catalogue. */
  catalogLead: string;
  catalogEmpty: string;
  installed: string;
  download: string;
  downloadFrom: (repository: string) => string;
  downloadStates: Record<Download['state'], string>;
  downloaded: (bytes: string, total: string) => string;
  speed: (bytes: string) => string;
  pause: string;
  resume: string;
  cancel: string;
  retry: string;
  hub: (address: string) => string;
  hubAddress: string;
  hubHint: string;
  hubDefault: string;
  hubKept: string;

  /** Models that are on this computer already. */
  ownTitle: string;
  ownText: string;
  pickFolder: string;
  pickFile: string;
  path: string;
  pathPlaceholder: string;
  pathHint: string;
  inspect: string;
  inspecting: string;
  found: (name: string) => string;
  add: string;
  added: (name: string) => string;
  another: string;
  refused: string;

  /** Servers the person runs already. */
  serversTitle: string;
  serversText: string;
  find: string;
  finding: string;
  noneFound: string;
  foundServer: (name: string, address: string) => string;
  addModel: (model: string) => string;
  byAddress: string;
  kind: string;
  kinds: { ollama: string; openai: string };
  address: string;
  model: string;
  modelPlaceholder: string;
  key: string;
  keyHint: string;
  addServer: string;
  localText: string;
  leaves: string;
  /** Of a model that a server of this machine has computed elsewhere. */
  cloudText: string;
  leavesText: (host: string) => string;
}
