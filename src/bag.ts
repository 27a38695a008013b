/** A member of bags says where it stands; one number for each bag that it can be in at a time. */
export interface BagMember {
  bagSlot: number;
}

/**
 * A collection that members enter and leave all the time, without order.
 *
 * Not a Set: V8 gives a Set a new table every few dozen changes and links the old table, with all that it held,
 * to the new one. Once one of them is in old space, every later table and every member ever held survives until
 * the next full collection: with a Set of running calls a third of the CPU went into the garbage collector.
 */
export class Bag<T extends BagMember> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: T): void {
    member.bagSlot = this.#members.length;
    this.#members.push(member);
  }

  /** False when it is not in this bag. */
  delete(member: T): boolean {
    const { bagSlot } = member;
    if (this.#members[bagSlot] !== member) return false;
    const last = this.#members.pop();
    if (last !== undefined && last !== member) {
      this.#members[bagSlot] = last;
      last.bagSlot = bagSlot;
    }
    member.bagSlot = -1;
    return true;
  }

  /** The members now; those that come or go meanwhile do not matter. */
  snapshot(): readonly T[] {
    return this.#members.slice();
  }
}
