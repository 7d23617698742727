/**
 * A terminal in which lines arrive while one is typed: what is said goes up and away, and below it
 * stay a few rows of the moment and the line being typed.
 *
 * @module
 */

import process from "node:process";
import readline from "node:readline";

/** Lines that can be brought back by the arrow keys. */
const TYPED_LINES_MAX = 200;

/** A terminal. */
export interface Screen {
  /** Its width. */
  readonly columns: number;
  /** Prints rows above the line being typed. They must be harmless. */
  print(rows: readonly string[]): void;
  /**
   * Sets what stands below all that was printed.
   *
   * @param rows Rows above the line being typed, each narrower than the terminal.
   * @param prompt What stands before it.
   */
  setFoot(rows: readonly string[], prompt: string): void;
  /** Gives the terminal back; what is printed later stands at its end. */
  close(): void;
}

/** What the person at the terminal does. */
export interface ScreenEvents {
  /** A line was entered. */
  line(line: string): void;
  /** Ctrl-C or Ctrl-D. */
  end(): void;
  /** Finishes what is being typed: the candidates, and the part of the line that they replace. */
  complete(line: string): [string[], string];
}

/** Takes over the terminal on standard input and output. */
export function openScreen(events: ScreenEvents): Screen {
  const { stdin, stdout } = process;
  const editor = readline.createInterface({
    input: stdin,
    output: stdout,
    terminal: true,
    historySize: TYPED_LINES_MAX,
    completer: events.complete,
  });
  let printed: string[] = [];
  let foot = "", isDrawing = false, isClosed = false;

  editor.on("line", (line: string) => {
    eraseTyped(line);
    events.line(line);
    draw();
  });
  editor.on("SIGINT", () => events.end());
  // To suspend a process takes a permission that a chat has no other use for.
  editor.on("SIGTSTP", () => {});
  editor.on("close", () => {
    if (isClosed) return;
    stop();
    events.end();
  });

  return {
    get columns() {
      return stdout.columns || 80;
    },
    print(rows) {
      printed.push(...rows);
      if (isClosed) flush();
      else drawSoon();
    },
    setFoot(rows, prompt) {
      const next = [...rows, prompt].join("\n");
      if (next === foot) return;
      foot = next;
      drawSoon();
    },
    close() {
      if (isClosed) return;
      stop();
      editor.close();
    },
  };

  // What comes in one frame is drawn in one go.
  function drawSoon(): void {
    if (isDrawing) return;
    isDrawing = true;
    queueMicrotask(() => {
      if (isDrawing && !isClosed) draw();
    });
  }

  function stop(): void {
    isClosed = true;
    erase(editor.getCursorPos().rows);
    flush();
  }

  function draw(): void {
    isDrawing = false;
    if (isClosed) return;
    erase(editor.getCursorPos().rows);
    flush();
    editor.setPrompt(foot);
    // The cursor is where the prompt begins; the editor would go up from there.
    Object.assign(editor, { prevRows: 0 });
    editor.prompt(true);
  }

  function flush(): void {
    if (printed.length > 0) stdout.write(printed.join("\n") + "\n");
    printed = [];
  }

  function erase(rowsAbove: number): void {
    readline.cursorTo(stdout, 0);
    if (rowsAbove > 0) readline.moveCursor(stdout, 0, -rowsAbove);
    readline.clearScreenDown(stdout);
  }

  // The editor has gone on below the line that was entered, and knows only the new, empty one.
  function eraseTyped(line: string): void {
    Object.assign(editor, { line, cursor: line.length });
    const { rows } = editor.getCursorPos();
    Object.assign(editor, { line: "", cursor: 0 });
    erase(rows + 1);
    // `draw` begins where the foot begins.
    editor.setPrompt("");
  }
}
