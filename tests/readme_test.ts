import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startServer } from "./support/server.ts";

const readme = Deno.readTextFileSync(new URL("../README.md", import.meta.url));

/** The commands of every block in which there is one with curl. */
const blocks = [...readme.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text]) => text!)
  .filter((text) => /^curl /m.test(text));

/** What the commands of each block must have said. */
const WANTED = [
  ['"body":"The build is green"', '"events":[]', "event: joined", '"with":"dana"', '"users":['],
  ['"userCount":', '"room":"lobby"', '"kicked":0', '"erased":0'],
  ["natter_store_up 1", "natter_event_loop_delay_seconds_count"],
] as const;

Deno.test("every metric that the README names is there", async () => {
  const METRICS_KEY = "an-example-key-of-metrics";
  await using server = await startServer({ METRICS_KEY });
  const headers = { "Authorization": `Bearer ${METRICS_KEY}` };
  const text = await (await fetch(new URL("metrics", server.url), { headers })).text();
  const names = [...readme.matchAll(/`((?:natter|process)_[a-z_]+)(\{[a-z,]+\})?`/g)];
  assert(names.length > 10);
  for (const [, name, labels] of names) {
    assertStringIncludes(text, `\n# TYPE ${name} `);
    if (labels === undefined || name === "natter_closes_total") continue; // nothing was closed
    const [, given] = new RegExp(`^${name}\\{(.*)\\}`, "m").exec(text)!;
    assertEquals(`{${given!.replace(/="[^"]*"/g, "")}}`, labels);
  }
});

Deno.test("the README's commands with curl do what it says, in its order", async () => {
  const API_KEY = "an-example-key-of-programs", METRICS_KEY = "an-example-key-of-metrics";
  await using server = await startServer({ API_KEY, METRICS_KEY });
  assertEquals(blocks.length, WANTED.length);
  for (const [index, block] of blocks.entries()) {
    const commands = block.replaceAll("http://localhost:8000/", server.url);
    // What is held open by the server is ended by curl's own limit, with exit code 28.
    const script = `curl() { command curl --silent --show-error --fail "$@" || [ $? = 28 ]; }
      set -e\n${commands}`;
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", script],
      env: { API_KEY, METRICS_KEY },
    }).output();
    const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals([code, complained!.replace(/^curl: \(28\).*\n/m, "")], [0, ""], said);
    for (const wanted of WANTED[index]!) assertStringIncludes(said!, wanted);
  }
});
