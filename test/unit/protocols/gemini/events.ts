import { expect } from 'vitest';
import { gemini } from '../../../../src/protocols/gemini/index.ts';
import { bytewise, type ReadStream, readStream } from '../digest.ts';

/** One event with these parts. */
export const event = (parts: readonly object[] | null, more: object = {}, top: object = {}) => ({
  candidates: [{ ...(parts === null ? {} : { content: { role: 'model', parts } }), index: 0, ...more }],
  modelVersion: 'gemini-x',
  responseId: 'r1',
  ...top,
});
export const said = (text: string, top: object = {}) => event([{ text }], {}, top);
export const STOP = { finishReason: 'STOP' };
export const USAGE = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 };

export const sse = (...events: readonly object[]): Buffer =>
  Buffer.from(events.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(''));

/** What the reader makes of these events, the same for every chunking. */
export function read(...events: readonly object[]): ReadStream {
  const bytes = sse(...events);
  const whole = readStream(gemini, [bytes]);
  expect(readStream(gemini, bytewise(bytes)).events).toEqual(whole.events);
  return whole;
}
