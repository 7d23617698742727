/**
 * Databases of tests' own.
 *
 * @module
 */

const ROOT = new URL("../../", import.meta.url);
const SUFFIXES = ["", "-wal", "-shm", "-journal"];

/** A database in the directory where the server may write, gone at the end of the test. */
export class TemporaryDatabase implements Disposable {
  /** The value of `DATABASE`. */
  readonly name = `data/test-${crypto.randomUUID()}.db`;

  /** Whether a text stands anywhere in its files, as UTF-8. */
  contains(text: string): boolean {
    return this.#files().some((url) => includes(Deno.readFileSync(url), text));
  }

  /** Its files that are there. */
  #files(): URL[] {
    return SUFFIXES.map((suffix) => new URL(`${this.name}${suffix}`, ROOT)).filter((url) => {
      try {
        return Deno.statSync(url).isFile;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        return false;
      }
    });
  }

  /** Removes its files. */
  [Symbol.dispose](): void {
    for (const url of this.#files()) Deno.removeSync(url);
  }
}

/** Looks in Latin-1, which gives every byte a character of its own. */
function includes(bytes: Uint8Array, text: string): boolean {
  const latin1 = new TextDecoder("latin1");
  return latin1.decode(bytes).includes(latin1.decode(new TextEncoder().encode(text)));
}
