/**
 * Colours for what is shown, on terminals that have them.
 *
 * @module
 */

/** Marks texts, which must be harmless already, or leaves them as they are. */
export interface Ink {
  /** What is looked for first: names of fields, hidden numbers found. */
  strong(text: string): string;
  /** What matters less. */
  dim(text: string): string;
  /** What goes out. */
  sent(text: string): string;
  /** What comes in. */
  received(text: string): string;
  /** What is as it must be. */
  good(text: string): string;
  /** What must not be. */
  bad(text: string): string;
}

/**
 * Makes ink. Its colours are of the 256 that can be read on black and on white.
 *
 * @param isColoured Whether to mark anything at all.
 */
export function createInk(isColoured: boolean): Ink {
  const mark = (style: string) => (text: string) =>
    isColoured && text !== "" ? `\x1b[${style}m${text}\x1b[0m` : text;
  return {
    strong: mark("1"),
    dim: mark("2"),
    sent: mark("1;38;5;31"),
    received: mark("1;38;5;133"),
    good: mark("38;5;29"),
    bad: mark("1;38;5;160"),
  };
}
