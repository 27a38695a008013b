import type { ProtocolName } from '../../src/protocols/blocks.ts';
import type { Script } from './fake-upstream-exchange.ts';
import { bytes, end, fin, pieces, respond, respondStream, send, sseFrame } from './fake-upstream-steps.ts';

/** How the bytes of a stream are divided on the wire. */
export type Division = 'one piece' | 'byte by byte' | 'at every event';

export const DIVISIONS: readonly Division[] = ['one piece', 'byte by byte', 'at every event'];

/** The frames of recorded events (one JSON text each), with the protocol's terminator. */
export function frames(events: readonly string[], protocol: ProtocolName): readonly string[] {
  if (protocol === 'openai-chat') return [...events, '[DONE]'].map((data) => sseFrame(data));
  if (protocol === 'gemini') return events.map((data) => sseFrame(data));
  return events.map((data) => sseFrame(data, String((JSON.parse(data) as { type?: unknown }).type)));
}

const chunked = (content: string): Buffer =>
  Buffer.from(`${Buffer.byteLength(content).toString(16)}\r\n${content}\r\n`);

/** The body's bytes on the wire, chunk heads included, divided. */
function divide(content: readonly string[], division: Division): readonly Buffer[] {
  const chunks = [...content.map(chunked), Buffer.from('0\r\n\r\n')];
  if (division === 'at every event') return chunks;
  const whole = Buffer.concat(chunks);
  if (division === 'one piece') return [whole];
  return Array.from(whole, (_, at) => whole.subarray(at, at + 1));
}

/** A recorded stream, whole. */
export const replayStream = (
  events: readonly string[],
  protocol: ProtocolName,
  division: Division,
): Script => [respondStream(), pieces(divide(frames(events, protocol), division))];

/** How a stream is cut: the connection closes in the midst of the body, or the body ends properly, only too soon. */
export type Cut = 'connection closed' | 'body ended';

export const CUTS: readonly Cut[] = ['connection closed', 'body ended'];

/** A recorded stream that breaks off after that many events. */
export function replayCut(
  events: readonly string[],
  protocol: ProtocolName,
  count: number,
  cut: Cut = 'connection closed',
): Script {
  const sent = frames(events, protocol).slice(0, count);
  return [respondStream(), ...sent.map((frame) => send(frame)), cut === 'body ended' ? end() : fin()];
}

/** A recorded answer that was not streamed, with its own bytes. */
export function replayAnswer(body: Buffer | string, status = 200): Script {
  const content = Buffer.from(body);
  return [
    respond(status, { 'content-type': 'application/json', 'content-length': String(content.length) }),
    bytes(content),
  ];
}
