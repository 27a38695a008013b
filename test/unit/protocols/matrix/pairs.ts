import { PROTOCOL_NAMES, type ProtocolName } from '../../../../src/protocols/blocks.ts';
import type { Protocol } from '../../../../src/protocols/protocol.ts';
import { protocolOf } from '../../../../src/protocols/registry.ts';
import type { RecordedFile } from '../../../support/recordings.ts';

/** The callers' protocols, and the graph. */
export const CALLERS = [...PROTOCOL_NAMES, 'graphql'] as const;

export function spoken(name: ProtocolName): Protocol {
  const protocol = protocolOf(name);
  if (protocol === undefined) throw new Error(`${name} is not registered`);
  return protocol;
}

/** Every recording before a caller of every protocol. */
export const pairsOf = (files: readonly RecordedFile[]) =>
  files.flatMap(([file, upstream]) => PROTOCOL_NAMES.map((caller) => [file, caller, upstream] as const));
