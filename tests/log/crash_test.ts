import { assert, assertEquals } from "@std/assert";
import { within } from "../support/deadline.ts";
import { draft, FakeTime, openTestLog, readAll, withDirectory } from "./support.ts";

/** Starts a process that appends in a storm. */
function storm(database: string, durability: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      new URL("./storm.ts", import.meta.url).pathname,
      database,
      durability,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

for (const durability of ["process", "disk"]) {
  Deno.test(`kill -9 in a storm of appends loses nothing acknowledged: DURABILITY=${durability}`, () =>
    withDirectory(async (directory) => {
      const database = `${directory}/natter.db`;
      const acknowledged = new Map<string, { readonly channel: string; readonly offset: number }>();
      const epochs: string[] = [];
      for (const lines of [200, 1500]) {
        const child = storm(database, durability);
        let text = "";
        const decoder = new TextDecoder();
        const reading = (async () => {
          let seen = 0, isKilled = false;
          for await (const bytes of child.stdout) {
            text += decoder.decode(bytes);
            seen += bytes.filter((byte) => byte === 0x0a).length;
            if (seen < lines || isKilled) continue;
            isKilled = true; // and what it wrote before is still read
            child.kill("SIGKILL");
          }
        })();
        await within(Promise.all([reading, child.stderr.cancel()]), "the storm");
        assertEquals((await child.status).signal, "SIGKILL");
        for (const line of text.split("\n").slice(0, -1)) {
          const [what, room, offset, ref] = line.split(" ");
          if (what === "open") epochs.push(room!);
          else acknowledged.set(ref!, { channel: `room ${room}`, offset: Number(offset) });
        }
      }
      assert(acknowledged.size >= 1600, `${acknowledged.size} acknowledged`);
      assertEquals(epochs.length, 2);

      const { log } = openTestLog({ database }, nowadays());
      const found = new Map<string, { readonly channel: string; readonly offset: number }>();
      for (let room = 0; room < 5; room++) {
        const channel = `room ${room}`;
        const entries = await readAll(log, channel);
        assertEquals(entries.map(({ offset }) => offset), entries.map((_, index) => index + 1));
        for (const { id, offset, body } of entries) {
          assertEquals(body, `body of ${id}`.repeat(10));
          found.set(id, { channel, offset });
        }
        // Whoever was connected when it died goes on from where it was; so does who was before.
        const watched = await log.watch(channel, () => {});
        for (const place of acknowledged.values()) {
          if (place.channel === channel) assert(watched.canResume(epochs[1]!, place.offset));
        }
        assert(watched.canResume(epochs[0]!, 1));
        assert(!watched.canResume(epochs[0]!, watched.head), "that is of the second storm");
        assert(!watched.canResume(epochs[1]!, watched.head + 1));
        watched.close();
      }
      for (const [ref, place] of acknowledged) assertEquals(found.get(ref), place);
      // A repeat of what was acknowledged is known as one.
      const [ref, { channel, offset }] = [...acknowledged].at(-1)!;
      const repeat = draft({ ref, body: `body of ${ref}`.repeat(10) });
      assertEquals(
        await log.append(channel, repeat).then((appended) => [appended.offset, appended.duplicate]),
        [offset, true],
      );
      await log.close();
    }));
}

Deno.test("a second process is refused at once, in one line", () =>
  withDirectory(async (directory) => {
    const database = `${directory}/natter.db`;
    const { log } = openTestLog({ database });
    const child = storm(database, "process");
    const { code, stdout, stderr } = await within(child.output(), "it ends");
    assertEquals(code, 1);
    assertEquals(
      [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)),
      ["", `The database "${database}" is in use by another process\n`],
    );
    await log.close();
  }));

/** A clock that shows what the other process saw. */
function nowadays(): FakeTime {
  const time = new FakeTime();
  time.now = Date.now();
  return time;
}
