import { assertEquals, assertStringIncludes } from "@std/assert";
import { startServer } from "./support/server.ts";

const readme = Deno.readTextFileSync(new URL("../README.md", import.meta.url));

/** The commands of every block in which there is one with curl. */
const blocks = [...readme.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text]) => text!)
  .filter((text) => /^curl /m.test(text));

/** What the commands of each block must have said. */
const WANTED = [
  ['"body":"The build is green"', '"events":[]', "event: joined", '"with":"dana"', '"users":['],
  ['"userCount":', '"room":"lobby"', '"kicked":0', '"erased":0'],
] as const;

Deno.test("the README's commands with curl do what it says, in its order", async () => {
  const API_KEY = "an-example-key-of-programs";
  await using server = await startServer({ API_KEY });
  assertEquals(blocks.length, 2);
  for (const block of blocks) {
    const commands = block.replaceAll("http://localhost:8000/", server.url);
    // What is held open by the server is ended by curl's own limit, with exit code 28.
    const script = `curl() { command curl --silent --show-error --fail "$@" || [ $? = 28 ]; }
      set -e\n${commands}`;
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", script],
      env: { API_KEY },
    }).output();
    const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals([code, complained!.replace(/^curl: \(28\).*\n/m, "")], [0, ""], said);
    for (const wanted of WANTED[block === blocks[0] ? 0 : 1]) assertStringIncludes(said!, wanted);
  }
});
