/**
 * What goes up and away on the terminal: messages, notes on what happens, and rules between them.
 *
 * @module
 */

import type { Message } from "../../static/natter.js";
import {
  formatDay,
  formatMessage,
  harmlessExcerpt,
  harmlessRows,
  type Painter,
  widthOf,
} from "./format.ts";
import type { Screen } from "./screen.ts";

/** Columns of a rule, in a terminal that is wide enough. */
const RULE_COLUMNS_MAX = 72;

/** Rows on a terminal, each harmless, whoever has written it. */
export class Transcript {
  readonly #screen: Screen;
  readonly #paint: Painter;
  /** The day of the message shown last. */
  #day = formatDay(Date.now());

  /**
   * Creates one that is empty.
   *
   * @param screen The terminal.
   * @param paint How texts are marked.
   */
  constructor(screen: Screen, paint: Painter) {
    this.#screen = screen;
    this.#paint = paint;
  }

  /**
   * Tells what nobody has said.
   *
   * @param text What.
   */
  note(text: string): void {
    const rows = harmlessRows(text, this.#screen.columns - 2);
    const marked = rows.map((row, index) => this.#paint.dim(`${index === 0 ? "*" : " "} ${row}`));
    this.#screen.print(marked);
  }

  /**
   * Draws a line under what came before.
   *
   * @param text What stands in it.
   */
  rule(text: string): void {
    const { columns } = this.#screen;
    const label = harmlessExcerpt(text, columns - 8);
    const rest = Math.max(0, Math.min(columns, RULE_COLUMNS_MAX) - 4 - widthOf(label));
    this.#screen.print([this.#paint.dim(`── ${label} ${"─".repeat(rest)}`)]);
  }

  /**
   * Shows a message, under a rule where it is of another day than the one before.
   *
   * @param message The message.
   * @param self The reader's own name.
   * @param room Its room, where that has to be told.
   */
  message(message: Message, self: string, room: string | undefined): void {
    const day = formatDay(message.at);
    if (day !== this.#day) this.rule(day);
    this.#day = day;
    const { columns } = this.#screen;
    this.#screen.print(formatMessage(message, { self, room, columns, paint: this.#paint }));
  }
}
