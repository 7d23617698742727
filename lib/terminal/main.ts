/**
 * `deno task chat`: Natter in a terminal.
 *
 * @module
 */

import { Natter } from "../../static/natter.js";
import { type ChatArguments, parseArguments, USAGE } from "./arguments.ts";
import { Conversation } from "./conversation.ts";
import { createPainter, harmless } from "./format.ts";
import { keyOf } from "./keys.ts";
import { LineSender } from "./pipe.ts";
import { openScreen } from "./screen.ts";

/** How long a server may take to answer a close. */
const CLOSE_MS_MAX = 1000;

if (import.meta.main) {
  Deno.exitCode = await main();
  // Where the server says nothing more, its socket would keep the process.
  Deno.unrefTimer(setTimeout(() => Deno.exit(), CLOSE_MS_MAX));
}

async function main(): Promise<number> {
  let args: ChatArguments | "help", client: Natter;
  try {
    args = parseArguments(Deno.args, Deno.env.get("NATTER_TOKEN"));
    if (args === "help") {
      console.log(USAGE);
      return 0;
    }
    client = connect(args);
  } catch (error) {
    console.error(harmless(error instanceof Error ? error.message : String(error)));
    return 2;
  }
  if (Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) return await converse(client, args);
  const sender = new LineSender(client, (line) => console.error(line));
  return await sender.send(Deno.stdin.readable) ? 0 : 1;
}

function connect({ username, room, url, token }: ChatArguments): Natter {
  const secret = token === undefined ? { key: keyOf(url, username) } : { token };
  return new Natter({ username, rooms: [room], url, ...secret });
}

async function converse(client: Natter, { room, url }: ChatArguments): Promise<number> {
  const conversation: Conversation = new Conversation(client, {
    room,
    url,
    paint: createPainter(!Deno.noColor),
    screen: openScreen({
      line: (line) => conversation.take(line),
      end: () => conversation.quit(),
      complete: (line) => conversation.complete(line),
    }),
  });
  const quit = () => conversation.quit();
  for (const signal of ["SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, quit);
  const refusal = await conversation.over;
  for (const signal of ["SIGTERM", "SIGHUP"] as const) Deno.removeSignalListener(signal, quit);
  if (refusal === undefined) return 0;
  console.error(refusal);
  return 1;
}
