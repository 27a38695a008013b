/**
 * Mock upstream, a process of its own: openai-chat and anthropic-messages on one port, by path. It speaks HTTP on
 * the bare socket, so that it takes little of the core which it shares with the load generator.
 *
 * Below `/paced` the first token comes 10 ms after the request; below `/short` a stream has three.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Answer, type AnswerSet, anthropicAnswers, openaiAnswers } from './upstream-answers.ts';

const FIRST_TOKEN_MS = 10;

interface Route {
  readonly answers: AnswerSet;
  readonly firstTokenMs: number;
}

function createRoutes(): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const [path, answersOf] of [
    ['/v1/chat/completions', openaiAnswers],
    ['/v1/messages', anthropicAnswers],
  ] as const) {
    routes.set(path, { answers: answersOf('full'), firstTokenMs: 0 });
    routes.set(`/paced${path}`, { answers: answersOf('full'), firstTokenMs: FIRST_TOKEN_MS });
    routes.set(`/short${path}`, { answers: answersOf('short'), firstTokenMs: 0 });
  }
  return routes;
}

function serve(socket: Socket, routes: ReadonlyMap<string, Route>): void {
  let waiting = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    waiting = waiting.length === 0 ? data : Buffer.concat([waiting, data]);
    const headEnd = waiting.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = waiting.toString('latin1', 0, headEnd);
    const bodyStart = headEnd + 4;
    const bodyEnd = bodyStart + Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (waiting.length < bodyEnd) return;
    const body = waiting.subarray(bodyStart, bodyEnd);
    waiting = waiting.subarray(bodyEnd);
    const route = routes.get(head.split(' ', 2)[1] ?? '');
    if (route === undefined)
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    else answer(socket, route, body);
  });
}

function answer(socket: Socket, { answers, firstTokenMs }: Route, body: Buffer): void {
  if (!/"stream": ?true/.test(body.toString('latin1'))) {
    write(socket, answers.whole, 0);
    return;
  }
  const stream = body.includes('"include_usage"') ? answers.streamWithUsage : answers.stream;
  if (firstTokenMs === 0) {
    write(socket, stream, 0);
    return;
  }
  write(socket, stream.slice(0, 1), 0);
  setTimeout(() => write(socket, stream, 1), firstTokenMs);
}

/** One buffer a turn of the event loop, so that they leave as separate segments. */
function write(socket: Socket, answer: Answer, from: number): void {
  const bytes = answer[from];
  if (bytes === undefined || socket.destroyed) return;
  socket.write(bytes);
  if (from + 1 < answer.length) setImmediate(() => write(socket, answer, from + 1));
}

const routes = createRoutes();
const server = createServer((socket) => serve(socket, routes));
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
