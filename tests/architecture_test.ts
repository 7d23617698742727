import { assert, assertEquals } from "@std/assert";

/**
 * Which part may import which: docs/architecture.md, "The house". A part is a folder; the contract of the
 * transports is a part of its own, for it is all that the chat may know of them.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  "main.ts": [
    "routes",
    "lib/chat",
    "lib/transport",
    "lib/transport/event_stream.ts",
    "lib/log",
    "lib/websocket",
    "lib/auth",
    "lib/stores.ts",
    "lib/system_clock.ts",
    "lib/metrics.ts",
    "lib",
  ],
  "routes": [
    "lib/metrics.ts",
    "lib/chat",
    "lib/auth",
    "lib/transport/connection.ts",
    "lib/transport/event_stream.ts",
    "lib/api",
    "lib/protocol",
    "lib/websocket",
    "lib",
  ],
  "lib/api": ["lib/protocol", "lib/websocket", "lib"],
  "lib/chat": [
    "lib/transport/connection.ts",
    "lib/log",
    "lib/directory",
    "lib/auth",
    "lib/protocol",
    "lib/websocket",
    "lib",
  ],
  "lib/transport": ["lib/transport/connection.ts", "lib/websocket", "lib"],
  "lib/transport/connection.ts": [],
  "lib/transport/event_stream.ts": ["lib/transport/connection.ts", "lib/websocket", "lib"],
  "lib/auth": ["lib/protocol", "lib"],
  "lib/log": ["lib"],
  "lib/directory": ["lib/log", "lib/protocol", "lib"],
  "lib/protocol": ["lib"],
  "lib/websocket": [],
  "lib/stores.ts": ["lib/directory", "lib/log", "lib"],
  "lib/system_clock.ts": ["lib"],
  "lib/metrics.ts": ["lib/chat", "lib/log", "lib/protocol", "lib"],
  "lib": [],
};

/** The parts that run anywhere, no runtime and no framework, and the packages that they may import. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  "lib/auth": ["npm:jose@6.2.17", "npm:zod@4.6.7"],
  "lib/api": ["npm:zod@4.6.7"],
  "lib/protocol": ["npm:zod@4.6.7"],
  "lib/websocket": [],
  "lib/metrics.ts": ["npm:prom-client@15.1.3"],
  "lib": [],
};

interface Module {
  readonly path: string;
  readonly imports: readonly string[];
  readonly source: string;
}

const ROOT = new URL("../", import.meta.url);

async function modules(): Promise<Module[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
  }).output();
  const graph: {
    modules: {
      specifier: string;
      dependencies?: { code?: { specifier: string }; type?: { specifier: string } }[];
    }[];
  } = JSON.parse(new TextDecoder().decode(stdout));
  return graph.modules.filter(({ specifier }) =>
    specifier.startsWith(ROOT.href) && !specifier.endsWith(".d.ts")
  ).map((module) => ({
    path: module.specifier.slice(ROOT.href.length),
    source: Deno.readTextFileSync(new URL(module.specifier)),
    imports: (module.dependencies ?? []).map(({ code, type }) =>
      (code ?? type)!.specifier.replace(ROOT.href, "")
    ),
  }));
}

function part(path: string): string {
  return path in ARROWS ? path : path.slice(0, path.lastIndexOf("/"));
}

Deno.test("every import follows an arrow of the house", async () => {
  const all = await modules();
  assert(all.length > 15, `${all.length} modules`);
  for (const { path, imports } of all) {
    const allowed = ARROWS[part(path)];
    assert(allowed !== undefined, `${path} stands in a part that the house does not have`);
    for (const target of imports.filter((target) => target.endsWith(".ts"))) {
      const arrow = `${path} → ${target}`;
      assert(part(target) === part(path) || allowed.includes(part(target)), arrow);
    }
  }
});

Deno.test("what is pure imports no runtime and calls none", async () => {
  for (const { path, imports, source } of await modules()) {
    const packages = PURE[part(path)];
    if (packages === undefined) continue;
    const others = imports.filter((target) => !target.endsWith(".ts"));
    assertEquals(others.filter((target) => !packages.includes(target)), [], path);
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert(!/\bDeno\.|\bprocess\.|\bsetTimeout\(|\bDate\.now\(/.test(code), path);
  }
});

Deno.test("no modules import each other in a circle", async () => {
  const imports = new Map((await modules()).map((module) => [module.path, module.imports]));
  const done = new Set<string>();
  function visit(path: string, way: readonly string[]): void {
    assert(!way.includes(path), [...way, path].join(" → "));
    if (done.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  }
  visit("main.ts", []);
});

Deno.test("a comment never cites a file that is not there", async () => {
  for (const { path, source } of await modules()) {
    for (const [, cited] of source.matchAll(/\b((?:docs|lib|routes|tests)\/[\w/]+\.\w+)/g)) {
      assert(
        await Deno.stat(new URL(cited!, ROOT)).then(() => true, () => false),
        `${path}: ${cited}`,
      );
    }
  }
});

Deno.test("docs/architecture.md names every file of a part, and no other", async () => {
  const text = await Deno.readTextFile(new URL("docs/architecture.md", ROOT));
  const [, house = ""] = /^## The house\n\n```\n([^]*?)^```$/m.exec(text) ?? [];
  const parts = new Map<string, string[]>(
    house.split(/^(?=\S)/m).map((part) => {
      const [head, ...words] = part.split(/[\s,;:()]+/);
      return [head!, words.map((word) => word.replace(/\.ts$/, ""))];
    }),
  );
  const paths = (await modules()).map(({ path }) => path);
  for (const path of paths) {
    const [, part, name] = /^((?:lib\/)?\w+\/)(\w+)\.ts$/.exec(path) ?? [];
    if (part === undefined || part === "lib/" || path === "routes/mod.ts") continue;
    assert(parts.get(part)?.includes(name!), `docs/architecture.md does not name ${path}`);
  }
  for (const [, cited] of house.matchAll(/\b(\w+\.ts)\b/g)) {
    assert(paths.some((path) => `/${path}`.endsWith(`/${cited}`)), `${cited} is not there`);
  }
});

/** Where files are short: folders, and `main.ts`. */
const SHORT = ["main.ts", "lib", "routes", "static", "tests"];
const LINES_MAX = 299;

function scriptsOf(path: string): string[] {
  if (/\.[jt]s$/.test(path)) return [path];
  return [...Deno.readDirSync(new URL(path, ROOT))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return name === "node_modules" ? [] : scriptsOf(`${path}/${name}`);
    return /\.[jt]s$/.test(name) ? [`${path}/${name}`] : [];
  });
}

Deno.test("files end before line 300, but for those that docs/architecture.md lets be longer", () => {
  const text = Deno.readTextFileSync(new URL("docs/architecture.md", ROOT));
  const [, list = ""] = /^Files of .* end before line 300.*\n\n((?:- .*\n)+)/m.exec(text) ?? [];
  const allowed = [...list.matchAll(/^- `([^`]+)`: ./gm)].map(([, path]) => path!);
  const scripts = SHORT.flatMap(scriptsOf);
  assert(scripts.length > 100, `${scripts.length} files`);
  const long = scripts.filter((path) =>
    Deno.readTextFileSync(new URL(path, ROOT)).split("\n").length - 1 > LINES_MAX
  );
  // A file that is not long any more is to be taken off the list.
  assertEquals(long.toSorted(), allowed.toSorted());
});
