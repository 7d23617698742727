import { assert, assertEquals } from "@std/assert";
import { within } from "./support/deadline.ts";
import { spawnServer, START_FLAGS } from "./support/server.ts";
import { TemporaryDatabase } from "./support/temporary_database.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));

/** The project's folders of packages: the second is a program of the tests. */
const FOLDERS = ["", "tests/browser/chromium/"].map((folder) => {
  const { imports, lock: settings }: {
    readonly imports: Readonly<Record<string, string>>;
    readonly lock?: { readonly frozen: boolean };
  } = JSON.parse(read(`${folder}deno.json`));
  const lock: {
    readonly specifiers: Readonly<Record<string, string>>;
    readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
  } = JSON.parse(read(`${folder}deno.lock`));
  /** Every package that is imported, as `name@version`. */
  const packages = new Set(
    Object.entries(imports).map(([name, specifier]) => {
      const [, found] = /^npm:\/?((?:@[^/@]+\/)?[^/@]+@\d+\.\d+\.\d+)(?:\/|$)/.exec(specifier) ??
        [];
      assert(found !== undefined, `${name} is no exact version of a package: ${specifier}`);
      return found;
    }),
  );
  return { folder, packages, lock, settings };
});

Deno.test("every package is of one exact version, which the lock knows with its hash", () => {
  for (const { packages, lock } of FOLDERS) {
    assertEquals(
      Object.keys(lock.specifiers).toSorted(),
      [...packages].map((each) => `npm:${each}`).toSorted(),
    );
    for (const [name, { integrity }] of Object.entries(lock.npm)) {
      assert(/^sha512-[\w+/]{86}==$/.test(integrity), name);
    }
  }
});

Deno.test("CI, the image and the browser's program install what is locked, and nothing else", () => {
  for (const path of [".ci/run", "Dockerfile", "deno.json"]) {
    const installs = [...read(path).matchAll(/\bdeno install\b.*/g)].map(([line]) => line);
    assert(installs.length > 0, path);
    for (const line of installs) assert(line.includes(" --frozen"), `${path}: ${line}`);
  }
  for (const { folder, settings } of FOLDERS.slice(1)) assert(settings?.frozen, folder);
});

Deno.test("the README says of every package why it is there, and of no other", () => {
  const readme = read("README.md");
  const rows = readme.slice(readme.indexOf("| dependency ")).split("\n\n", 1)[0]!.split("\n").slice(
    2,
  );
  const named = rows.flatMap((row) =>
    row.split("|")[1]!.split(",").map((name) => name.replace(/\[(.*)\]\(.*\)/, "$1").trim())
  );
  assertEquals(
    named.toSorted(),
    FOLDERS.flatMap(({ packages }) => [...packages])
      .map((each) => each.slice(0, each.lastIndexOf("@"))).toSorted(),
  );
});

/** A permission of `start`, and what is left of its flag without it. */
interface Permission {
  readonly name: string;
  readonly flag: string;
  readonly rest: readonly string[];
}

function permissionsOf(flag: string): Permission[] {
  const [name, values] = flag.split("=");
  // The settings: tests/main_test.ts holds them to those that are read.
  if (values === undefined || name === "--allow-env") return [{ name: flag, flag, rest: [] }];
  const all = values.split(",");
  return all.map((value) => {
    const others = all.filter((other) => other !== value);
    const rest = others.length === 0 ? [] : [`${name}=${others.join(",")}`];
    return { name: `${name}=${value}`, flag, rest };
  });
}

Deno.test("start does not work with less than its permissions", async (t) => {
  const permissions = START_FLAGS.filter((flag) => flag.startsWith("--allow-"))
    .flatMap(permissionsOf);
  assert(permissions.length >= 5);
  using database = new TemporaryDatabase();
  for (const { name, flag, rest } of permissions) {
    await t.step(`without ${name}`, async () => {
      const flags = [...START_FLAGS.filter((other) => other !== flag), ...rest];
      const env = { HOST: "127.0.0.1", PORT: "0", DATABASE: database.name };
      const { code } = await within(spawnServer(env, flags).output(), "the process ends");
      assert(code !== 0);
    });
  }
});
