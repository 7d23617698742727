/**
 * `deno task test`: every suite with the permissions that it needs, and one closing line over all.
 *
 * @module
 */

interface Suite {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What the server's tests need: sockets, the server as a process, and files of their own. */
const PERMISSIONS = ["net", "read", "write", "env", "run", "sys"].map((name) => `--allow-${name}`);

/** What chooses its transport itself, or needs none. */
const OWN_TRANSPORT = [
  "tests/transport/event_stream_test.ts",
  "tests/transport/shared_frames_test.ts",
  "tests/transport/transports_test.ts",
  "tests/transport/frames_test.ts",
  "tests/transport/frames_http_test.ts",
  "tests/transport/left_early_test.ts",
  "tests/transport/same_answers_test.ts",
  "tests/hostile/streams_test.ts",
];

const SUITES: readonly Suite[] = [
  {
    name: "units, sockets, hostile peers",
    args: [...PERMISSIONS, "--ignore=tests/browser", "tests"],
  },
  {
    name: "all that speaks to a server, on TRANSPORT=frames",
    args: [
      ...PERMISSIONS,
      ...testsOf("tests/transport"),
      ...testsOf("tests/hostile"),
      "tests/api/openapi_test.ts",
      "tests/api/asyncapi_test.ts",
      "tests/client",
      "tests/terminal",
      "tests/wire",
      "tests/main_test.ts",
      "tests/metrics_test.ts",
      "tests/drain_test.ts",
      "tests/restart_test.ts",
    ],
    env: { TEST_TRANSPORT: "frames" },
  },
  // Chromium and its driver load native parts, look into the system, and start processes.
  { name: "a real browser", args: ["--allow-all", "tests/browser"] },
  {
    name: "a real browser, on TRANSPORT=frames",
    args: [
      "--allow-all",
      "tests/browser/embed_test.ts",
      "tests/browser/page_access_test.ts",
      "tests/browser/page_calls_test.ts",
      "tests/browser/page_compose_test.ts",
      "tests/browser/page_history_test.ts",
      "tests/browser/page_join_test.ts",
      "tests/browser/page_keyboard_test.ts",
      "tests/browser/page_network_test.ts",
      "tests/browser/page_settings_test.ts",
      "tests/browser/page_talk_test.ts",
      "tests/browser/page_window_test.ts",
      "tests/browser/weight_test.ts",
    ],
    env: { TEST_TRANSPORT: "frames" },
  },
  {
    name: "the documents' examples",
    args: ["--doc", ...PERMISSIONS, "lib", "routes", "README.md", "docs"],
  },
];

/** Counts of one run, as Deno's runner prints them. */
interface Counts {
  passed: number;
  failed: number;
  ignored: number;
}

/** Suites that run at once: much of a test is waiting. */
const LANES = 2;

/** Prints what suites say, one after the other in their order. */
class InTurn {
  #turn = 0;
  readonly #kept: Uint8Array[][] = SUITES.map(() => []);
  readonly #isOver: boolean[] = [];

  /** Prints at once what the suite says whose turn it is, and keeps what others say. */
  write(suite: number, bytes: Uint8Array): void {
    if (suite === this.#turn) writeAll(bytes);
    else this.#kept[suite]!.push(bytes);
  }

  /** A suite has said everything. */
  end(suite: number): void {
    this.#isOver[suite] = true;
    while (this.#isOver[this.#turn]) {
      this.#turn++;
      for (const bytes of this.#kept[this.#turn]?.splice(0) ?? []) writeAll(bytes);
    }
  }
}

const inTurn = new InTurn();
const total: Counts = { passed: 0, failed: 0, ignored: 0 };
const suites = SUITES.entries();
await Promise.all(Array.from({ length: LANES }, async () => {
  // One iterator for all lanes.
  for (const [index, suite] of suites) {
    const counts = await runSuite(suite, (bytes) => inTurn.write(index, bytes));
    inTurn.end(index);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.ignored += counts.ignored;
  }
}));
const skipped = total.ignored > 0 ? `, ${total.ignored} skipped` : "";
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
if (total.failed > 0 || total.passed === 0) Deno.exit(1);

/** The tests of a directory that do not choose their transport; of several paths Deno ignores in the first only. */
function testsOf(directory: string): string[] {
  const files = Deno.readDirSync(new URL(`../${directory}`, import.meta.url));
  return [...files].map(({ name }) => `${directory}/${name}`)
    .filter((path) => path.endsWith("_test.ts") && !OWN_TRANSPORT.includes(path)).sort();
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

async function runSuite(
  { name, args, env }: Suite,
  write: (bytes: Uint8Array) => void,
): Promise<Counts> {
  write(new TextEncoder().encode(`\n== ${name}\n`));
  const color: Record<string, string> = Deno.stdout.isTerminal()
    ? { FORCE_COLOR: "1" }
    : { NO_COLOR: "1" };
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", ...args],
    cwd: new URL("../", import.meta.url),
    env: { ...color, ...env },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let tail = "";
  for await (const bytes of child.stdout) {
    write(bytes);
    tail = (tail + new TextDecoder("latin1").decode(bytes)).slice(-2000);
  }
  const { success } = await child.status;
  // deno-lint-ignore no-control-regex
  const summary = tail.replace(/\u001b\[[\d;]*m/g, "").split("\n").findLast((line) =>
    / \| \d+ passed/.test(line)
  );
  const counts = { passed: count("passed"), failed: count("failed"), ignored: count("ignored") };
  // A suite that broke before it counted, or counted nothing, has failed.
  if ((!success || counts.passed === 0) && counts.failed === 0) counts.failed = 1;
  return counts;

  function count(what: string): number {
    return Number(new RegExp(`(\\d+) ${what}`).exec(summary ?? "")?.[1] ?? 0);
  }
}
