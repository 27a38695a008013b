import type { Origin } from '../blocks.ts';

/** Of what a caller of this protocol sends. */
export const ORIGIN: Origin = { protocol: 'bedrock-converse' };
