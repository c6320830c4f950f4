import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Llm, Message } from '../../llm/llm.ts';
import { openServerLlm } from '../../llm/servers.ts';

/** What the model says: pieces as they come; `break` cuts the line there, `wait` says nothing more until whoever asked hangs up. */
export type Script = (messages: Message[]) => (string | 'break' | 'wait')[];

export interface Scripted { llm: Llm; url: string; /** Of each request. */ asked: Message[][]; /** Requests whoever asked hung up on. */ left: () => number; close(): void }

/** A language model that follows a script, behind a real server with the interface of OpenAI and our own client of it. */
export async function scripted(script: Script, contextTokens = 4096): Promise<Scripted> {
  const asked: Message[][] = [];
  let left = 0;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (request.url === '/v1/models') return void response.end(JSON.stringify({ data: [{ id: 'scripted', context_length: contextTokens }] }));
    if (request.url !== '/v1/chat/completions') return void response.writeHead(404).end('{}');
    const { messages } = JSON.parse(text) as { messages: Message[] };
    asked.push(messages);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let ended = false;
    response.on('close', () => { if (!ended) left++; });
    for (const piece of script(messages)) {
      if (piece === 'break') return void response.destroy();
      if (piece === 'wait') return;
      response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: piece } }] })}\n\n`);
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    ended = true;
    response.end('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    llm: await openServerLlm({ kind: 'openai', url }, 'scripted'), url, asked, left: () => left,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
