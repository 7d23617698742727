/**
 * What happened in a run: its last lines, a hash of all, and the first thing that was wrong.
 *
 * @module
 */

/** Lines that a failure shows. */
const TAIL_LINES = 40;

/** Characters of a line that a failure shows; the hash is of all. */
const LINE_CHARS = 240;

/** Something that must never be. */
export class Violation extends Error {
  /** Always `Violation`. */
  override readonly name = "Violation";

  /**
   * @param invariant What should have held.
   * @param detail What was found instead.
   */
  constructor(readonly invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
  }
}

/** The account of one run. */
export class Trace {
  readonly #tail: string[] = [];
  readonly #counts = new Map<string, number>();
  #high = 0x811c9dc5;
  #low = 0x01000193;
  #violation: Violation | undefined;

  /** A hash of all lines. */
  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join(
      "",
    );
  }

  /** The last lines. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  /** How often each kind of thing happened. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** What was wrong first. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** Adds a line. */
  add(line: string): void {
    for (let at = 0; at < line.length; at++) {
      const unit = line.charCodeAt(at);
      this.#high = Math.imul(this.#high ^ unit, 0x01000193);
      this.#low = Math.imul(this.#low + unit, 0x85ebca6b) ^ (this.#low >>> 13);
    }
    const { length } = line;
    this.#tail.push(length > LINE_CHARS ? `${line.slice(0, LINE_CHARS)}… (${length})` : line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
  }

  /** Counts that something of interest happened. */
  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /**
   * Something is wrong. The first time is remembered: what is thrown may be caught on its way.
   *
   * @param invariant What should have held.
   * @param detail What was found instead.
   */
  fail(invariant: string, detail: string): never {
    this.#violation ??= new Violation(invariant, detail);
    throw this.#violation;
  }

  /**
   * Looks at something from inside of the code under test, which is not to be disturbed: what is wrong is
   * remembered, and not thrown.
   *
   * @param look May {@linkcode Trace.fail}.
   */
  watch(look: () => void): void {
    try {
      look();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
    }
  }

  /** Goes no further where something is wrong. */
  check(): void {
    if (this.#violation !== undefined) throw this.#violation;
  }
}
