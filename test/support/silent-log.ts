import type { Log } from '../../src/ports.ts';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
