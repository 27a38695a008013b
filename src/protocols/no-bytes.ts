/** Shared, because making an empty Buffer costs as much as making a small one. */
export const NO_BYTES: Buffer = Buffer.alloc(0);
