import { createContext, use, useEffect, useState, type ReactNode } from 'react';
import { STREAMS, type Engine, type Topic } from '../engine/api.ts';
import { connect, messagePort, webSocketPort, type Port } from '../engine/rpc.ts';

/** The engine as the window holds it, through all its disappearances. */
export interface Connection {
  engine: Engine;
  /** Counts the connections made; whatever was read over an earlier one is read again. */
  epoch: number;
  /** `lost`: calls fail with `closed` until it is back, which it tries by itself. */
  state: 'first' | 'open' | 'lost';
  /** Calls `listener` when one of the topics changed; returns how to stop. */
  onChange(topics: readonly Topic[], listener: () => void): () => void;
}

const ConnectionContext = createContext<Connection | undefined>(undefined);

export function useConnection(): Connection {
  const connection = use(ConnectionContext);
  if (!connection) throw new Error('This component stands outside <EngineDoor>.');
  return connection;
}

export function useEngine(): Engine {
  return useConnection().engine;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;

type Listener = { topics: readonly Topic[]; hear: () => void };

/**
 * Connects to the engine and keeps connected: after a loss it tries again, waiting twice as long each time up to five
 * seconds. `waiting` is shown until the first connection stands.
 */
export function EngineDoor({ waiting, children }: { waiting: ReactNode; children: ReactNode }) {
  const [listeners] = useState(() => new Set<Listener>());
  const [connection, setConnection] = useState<Connection>();

  useEffect(() => {
    let left = false;
    let wait = FIRST_WAIT;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let port: Port | undefined;

    const onChange: Connection['onChange'] = (topics, hear) => {
      const listener = { topics, hear };
      listeners.add(listener);
      return () => void listeners.delete(listener);
    };

    async function hold(): Promise<void> {
      try {
        port = await openPort();
        if (left) return port.close();
        const engine = connect<Engine>(port, STREAMS);
        const changes = engine.changes()[Symbol.asyncIterator]();
        let change = changes.next();
        // Asked for before anything is shown, so no change is missed; if the port closes meanwhile, `settings` says so.
        change.catch(() => undefined);
        await engine.settings();
        wait = FIRST_WAIT;
        setConnection((before) => ({ engine, onChange, state: 'open', epoch: (before?.epoch ?? 0) + 1 }));
        for (let next = await change; !next.done && !left; next = await change) {
          for (const { topics, hear } of listeners) if (topics.includes(next.value)) hear();
          change = changes.next();
        }
      } catch {
        // Whatever ended it, the answer is the same: try again.
      }
      if (left) return;
      port?.close();
      setConnection((before) => before && { ...before, state: 'lost' });
      timer = setTimeout(() => void hold(), wait);
      wait = Math.min(LONGEST_WAIT, wait * 2);
    }

    void hold();
    return () => {
      left = true;
      clearTimeout(timer);
      port?.close();
    };
  }, [listeners]);

  if (!connection) return waiting;
  return <ConnectionContext value={connection}>{children}</ConnectionContext>;
}

/** A port to the engine: from the desktop shell where there is one, else over a WebSocket to where the page came from. */
function openPort(): Promise<Port> {
  return window.lodestone ? portFromShell() : portFromServer();
}

function portFromShell(): Promise<Port> {
  return new Promise((resolve) => {
    window.addEventListener('message', function receive(event: MessageEvent) {
      const [port] = event.ports;
      if (event.data !== 'lodestone:engine' || !port) return;
      window.removeEventListener('message', receive);
      resolve(messagePort(port));
    });
    window.lodestone!.requestEngine();
  });
}

/** The token came in the address, which says it no longer once it is kept for this tab. */
function token(): string {
  const TOKEN = 'lodestone.token';
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    sessionStorage.setItem(TOKEN, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN) ?? '';
}

async function portFromServer(): Promise<Port> {
  const address = new URL('/engine', location.href);
  address.protocol = 'ws:';
  const socket = new WebSocket(address, ['lodestone', token()]);
  const port = webSocketPort(socket);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('close', () => reject(new Error('The server does not answer.')));
  });
  return port;
}
