import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { EnginePortMessage, Host } from './host-api.ts';

/** All that the page sees of the machine. */
const host: Host = {
  pickFiles: () => ipcRenderer.invoke('host:pickFiles'),
  pickFolder: () => ipcRenderer.invoke('host:pickFolder'),
  reveal: (path) => ipcRenderer.invoke('host:reveal', path),
  pathOf: (file) => webUtils.getPathForFile(file),
  onOpenFiles(listener) {
    ipcRenderer.on('files:opened', (_, paths: string[]) => listener(paths));
    ipcRenderer.send('files:listen');
  },
  requestEngine: () => ipcRenderer.send('engine:request'),
};

contextBridge.exposeInMainWorld('lodestone', host);

// A port cannot pass the context bridge, but a message from the window to itself can carry it. No other page can be
// here to read it: the window does not navigate.
const PORT: EnginePortMessage = 'lodestone:engine';
ipcRenderer.on('engine:port', (event) => window.postMessage(PORT, '*', event.ports));
