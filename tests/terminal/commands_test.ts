import { assertEquals } from "@std/assert";
import { parseTyped } from "../../lib/terminal/commands.ts";

const LINES = [
  ["", { type: "nothing" }],
  ["   ", { type: "nothing" }],
  ["hello", { type: "say", body: "hello" }],
  ["  hello ", { type: "say", body: "  hello " }],
  ["//etc is a folder", { type: "say", body: "/etc is a folder" }],
  ["/msg bob hi there", { type: "message", to: "bob", body: "hi there" }],
  ['/msg "Ann Lee" hi', { type: "message", to: "Ann Lee", body: "hi" }],
  ["/msg bob", { type: "mistake", message: "To whom, and what? /msg NAME text" }],
  ['/msg "Ann hi', { type: "mistake", message: "To whom, and what? /msg NAME text" }],
  ["/join #builds", { type: "join", room: "builds" }],
  ["/join", { type: "mistake", message: "Which room? /join ROOM" }],
  ["/leave", { type: "leave", room: undefined }],
  ["/leave builds", { type: "leave", room: "builds" }],
  ["/WHO ", { type: "who" }],
  ["/history", { type: "history" }],
  ["/help", { type: "help" }],
  ["/quit", { type: "quit" }],
  ["/nick x", { type: "mistake", message: "There is no /nick: /help tells what there is" }],
] as const;

for (const [line, typed] of LINES) {
  Deno.test(`a typed line is read: ${JSON.stringify(line)}`, () => {
    assertEquals(parseTyped(line), typed);
  });
}
