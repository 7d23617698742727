import { assertEquals } from "@std/assert";
import { within } from "../support/deadline.ts";
import { startServer } from "../support/server.ts";

/** What Node calls itself, as a number; 0: it is not here. */
async function nodeVersion(): Promise<number> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
    return Number(/^v(\d+)/.exec(new TextDecoder().decode(stdout))?.[1] ?? 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

const version = await nodeVersion();
// From 20.10 on there is a WebSocket behind a flag, which is the one that 22 has without.
const flags = version >= 22 ? [] : ["--experimental-websocket", "--no-warnings"];
if (version < 20) console.warn("SKIPPED: there is no Node here to try the client module with");

const RUNTIMES = [
  {
    name: "Deno",
    command: Deno.execPath(),
    args: ["run", "--no-prompt", "--allow-net", "--allow-read"],
    ignore: false,
  },
  { name: "Node", command: "node", args: flags, ignore: version < 20 },
];

const SCRIPT = `
import process from "node:process";
const [module, url, username] = process.argv.slice(2);
const { Natter } = await import(module);
const natter = new Natter({ url, username });
const events = natter[Symbol.asyncIterator]();
const ack = await natter.send("hi");
for await (const event of events) {
  if (event.type !== "message") continue;
  console.log(JSON.stringify([ack.offset, natter.transport, event.sender, event.body]));
  break;
}
const { entries } = await natter.history({ room: "lobby" });
console.log(entries.length);
natter.close();
`;

for (const { name, command, args, ignore } of RUNTIMES) {
  Deno.test({
    name: `under ${name}: sends, hears, looks back, and lets the process end`,
    ignore,
    async fn() {
      await using server = await startServer();
      const script = await Deno.makeTempFile({ suffix: ".mjs" });
      await Deno.writeTextFile(script, SCRIPT);
      const module = new URL("../../static/natter.js", import.meta.url).href;
      await using process = new Deno.Command(command, {
        args: [...args, script, module, server.url, "nora"],
        env: { NO_COLOR: "1" },
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const { code, stdout, stderr } = await within(process.output(), `${name} ends`);
      await Deno.remove(script);
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assertEquals([code, err], [0, ""]);
      assertEquals(out, '[1,"websocket","nora","hi"]\n1\n');
    },
  });
}
