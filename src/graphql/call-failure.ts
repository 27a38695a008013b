import type { CallError } from '../errors.ts';

/** A failed call on its way to the error renderer: the error, and the id of the call that it ended. */
export class CallFailure extends Error {
  readonly error: CallError;
  readonly callId: string;

  constructor(error: CallError, callId: string) {
    super(error.message, { cause: error });
    this.name = 'CallFailure';
    this.error = error;
    this.callId = callId;
  }
}
