/**
 * The newest entries of a channel, in memory. Bounded by number and bytes; all rings of a log together
 * by bytes, where those that were not used for the longest time give way.
 *
 * @module
 */

import { RING_BYTES_MAX, RING_ENTRIES_MAX, RING_ENTRY_OVERHEAD_BYTES } from "../limits.ts";
import type { Entry } from "./log.ts";

/** The bytes that all rings of a log hold together. */
export class RingBudget {
  readonly #bytesMax: number;
  readonly #rings = new Set<Ring>();
  #bytes = 0;
  #clock = 0;

  /**
   * Starts with nothing.
   *
   * @param bytesMax Bytes of all rings together.
   */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that all rings hold together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Rises with every {@linkcode fit}; rings note by it when they were used. */
  get clock(): number {
    return this.#clock;
  }

  /**
   * Counts what a ring took or gave back.
   *
   * @param ring The ring.
   * @param bytes How much; negative: given back.
   * @param isEmpty Whether it holds nothing now.
   */
  count(ring: Ring, bytes: number, isEmpty: boolean): void {
    this.#bytes += bytes;
    if (isEmpty) this.#rings.delete(ring);
    else this.#rings.add(ring);
  }

  /** Empties rings that were not used for the longest time, until an eighth of the bound is free again. */
  fit(): void {
    this.#clock++;
    if (this.#bytes <= this.#bytesMax) return;
    for (const ring of [...this.#rings].sort((a, b) => a.usedAt - b.usedAt)) {
      if (this.#bytes <= this.#bytesMax * 7 / 8) return;
      ring.reset(ring.head);
    }
  }
}

/** The newest entries of one channel, without holes up to its head. */
export class Ring {
  readonly #budget: RingBudget;
  #entries: Entry[] = [];
  #head: number;
  #bytes = 0;
  #usedAt = 0;

  /**
   * Starts empty.
   *
   * @param budget The bound of all rings together.
   * @param head The channel's head.
   */
  constructor(budget: RingBudget, head: number) {
    this.#budget = budget;
    this.#head = head;
  }

  /** The channel's head: the offset of the newest entry, whether it is held or not. */
  get head(): number {
    return this.#head;
  }

  /** The offset before the oldest entry that is held. */
  get base(): number {
    return this.#head - this.#entries.length;
  }

  /** Bytes held, at two a UTF-16 code unit. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The budget's clock when this ring was last used. */
  get usedAt(): number {
    return this.#usedAt;
  }

  /**
   * Takes the entry after the head.
   *
   * @param entry Its offset is `head + 1`.
   */
  push(entry: Entry): void {
    this.#usedAt = this.#budget.clock;
    this.#entries.push(entry);
    this.#head++;
    this.#add(bytesOf(entry));
    while (this.#entries.length > RING_ENTRIES_MAX || this.#bytes > RING_BYTES_MAX) this.#shift();
  }

  /**
   * Takes entries from before the oldest that is held, as many as fit.
   *
   * @param entries Without holes, oldest first; those that are held already are left out. Nothing is taken
   *   where they do not reach the oldest that is held.
   */
  prepend(entries: readonly Entry[]): void {
    const base = this.base;
    let end = entries.length;
    while (end > 0 && entries[end - 1]!.offset > base) end--;
    if (end === 0 || entries[end - 1]!.offset !== base) return;
    let bytes = 0;
    let start = end;
    while (start > 0 && this.#entries.length + end - start < RING_ENTRIES_MAX) {
      const more = bytesOf(entries[start - 1]!);
      if (this.#bytes + bytes + more > RING_BYTES_MAX) break;
      bytes += more;
      start--;
    }
    this.#entries.unshift(...entries.slice(start, end));
    this.#add(bytes);
  }

  /**
   * The entries after an offset, oldest first.
   *
   * @param offset The offset before the first one that is wanted.
   * @param limit How many at most.
   * @returns None at the head; `undefined` where the first one is not held.
   */
  after(offset: number, limit: number): readonly Entry[] | undefined {
    if (offset >= this.#head) return [];
    const start = offset - this.base;
    if (start < 0) return undefined;
    this.#usedAt = this.#budget.clock;
    return this.#entries.slice(start, start + limit);
  }

  /**
   * Replaces an entry by one without its body, if it is held.
   *
   * @param offset The entry's offset.
   */
  erase(offset: number): void {
    const index = offset - this.base - 1;
    const entry = this.#entries[index];
    if (entry === undefined || entry.kind === "deletion") return;
    const erased = withoutBody(entry);
    this.#entries[index] = erased;
    this.#add(bytesOf(erased) - bytesOf(entry));
  }

  /**
   * Lets go of entries that are not retained any more.
   *
   * @param first The offset of the oldest entry that is retained.
   */
  trim(first: number): void {
    while (this.#entries.length > 0 && this.base + 1 < first) this.#shift();
  }

  /**
   * Lets go of all entries.
   *
   * @param head The channel's head.
   */
  reset(head: number): void {
    this.#entries = [];
    this.#head = head;
    this.#add(-this.#bytes);
  }

  #shift(): void {
    this.#add(-bytesOf(this.#entries.shift()!));
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.count(this, bytes, this.#entries.length === 0);
  }
}

/**
 * What takes the place of an entry that has been deleted; a deletion stays as it is.
 *
 * @param entry The entry.
 */
export function withoutBody(entry: Entry): Entry {
  return entry.kind === "deletion" ? entry : { ...entry, body: "", deleted: true };
}

function bytesOf({ body, id, author, sender, to, with: party }: Entry): number {
  const chars = body.length + id.length + author.length + sender.length + (to?.length ?? 0) +
    (party?.length ?? 0);
  return RING_ENTRY_OVERHEAD_BYTES + 2 * chars;
}
