import type { IncomingMessage, ServerResponse } from 'node:http';
import { CallError } from '../errors.ts';
import { tooLarge } from './body.ts';

/** The memory that uploads may take in this process, all together. */
export class UploadBudget {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** False when there is no room; what was taken must be given back. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }
}

/**
 * Reads a large request body: in place where its length was announced, so that it is in memory once. Its part of
 * the budget is given back when the response closes.
 * @param done gets the bytes, or `body_too_large`, or `overloaded` when uploads have no more room; not called
 * when the caller leaves before the end.
 */
export function readUpload(
  request: IncomingMessage,
  response: ServerResponse,
  bytesMax: number,
  budget: UploadBudget,
  done: (body: Buffer | CallError) => void,
): void {
  const header = request.headers['content-length'];
  const declared = header === undefined ? null : Number(header);
  if (declared !== null && declared > bytesMax) return done(tooLarge(bytesMax));
  let taken = 0;
  const take = (bytes: number): boolean => {
    if (!budget.take(bytes)) return false;
    taken += bytes;
    return true;
  };
  response.once('close', () => {
    budget.give(taken);
    taken = 0;
  });
  if (declared === null) return readPieces(request, bytesMax, take, done);
  if (!take(declared)) return done(noRoom());
  const body = Buffer.allocUnsafeSlow(declared);
  let at = 0;
  request.on('data', (chunk: Buffer) => {
    at += chunk.copy(body, at);
  });
  request.on('end', () => done(body.subarray(0, at)));
}

function readPieces(
  request: IncomingMessage,
  bytesMax: number,
  take: (bytes: number) => boolean,
  done: (body: Buffer | CallError) => void,
): void {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const refuse = (error: CallError): void => {
    request.off('data', add);
    request.off('end', finish);
    request.resume();
    done(error);
  };
  const add = (piece: Buffer): void => {
    bytes += piece.length;
    if (bytes > bytesMax) return refuse(tooLarge(bytesMax));
    // Once as pieces and once put together.
    if (!take(2 * piece.length)) return refuse(noRoom());
    pieces.push(piece);
  };
  const finish = (): void => done(Buffer.concat(pieces, bytes));
  request.on('data', add);
  request.on('end', finish);
}

function noRoom(): CallError {
  const message = 'The gateway is at its limit of uploads.';
  return new CallError('overloaded', { message, retryAfterMs: 5_000 });
}
