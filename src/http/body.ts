import type { IncomingMessage } from 'node:http';
import { CallError } from '../errors.ts';

/**
 * Reads a request's body.
 * @param done gets the bytes, or `body_too_large` as soon as the bound is passed; not called when the caller
 * leaves before the end.
 */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  done: (body: Buffer | CallError) => void,
): void {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax) return done(tooLarge(bytesMax));
  const chunks: Buffer[] = [];
  let bytes = 0;
  const take = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    else {
      request.off('data', take);
      request.off('end', finish);
      request.resume();
      done(tooLarge(bytesMax));
    }
  };
  const finish = (): void => {
    const [only] = chunks;
    done(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes));
  };
  request.on('data', take);
  request.on('end', finish);
}

export function tooLarge(bytesMax: number): CallError {
  return new CallError('body_too_large', { message: `The request body is larger than ${bytesMax} bytes.` });
}
