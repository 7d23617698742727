import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { parse, parseAll } from "@std/yaml/parse";
import { describeOperations } from "../lib/api/operations.ts";
import { CONFIG_VARIABLES, parseConfig } from "../lib/config.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));

interface Service {
  readonly build?: string;
  readonly image: string;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly stop_grace_period?: string;
}

const { services } = parse(read("compose.yaml")) as {
  readonly services: Readonly<Record<string, Service>>;
};
const instances = Object.entries(services).filter(([, { build }]) => build === ".");
const caddyfile = read("Caddyfile");
const defaults = parseConfig(() => undefined);
const paths = describeOperations(defaults).map(({ path }) => path);

/** Settings as a file has them; what it leaves to the shell is unset. */
function configOf(settings: Readonly<Record<string, string | null>>) {
  for (const name of Object.keys(settings)) assert(CONFIG_VARIABLES.includes(name), name);
  return parseConfig((name) => settings[name] ?? undefined);
}

Deno.test("compose.yaml: its instances take their settings, and have more time to end than they need", () => {
  assertEquals(instances.length, 2);
  for (const [, { environment, stop_grace_period }] of instances) {
    const config = configOf(environment!);
    assert(new URL(config.redisUrl!).hostname in services, config.redisUrl);
    // Caddy alone.
    assertEquals(config.trustProxy, 1);
    assertLess(config.drainSeconds, Number(/^(\d+)s$/.exec(stop_grace_period!)![1]));
  }
});

Deno.test("Caddyfile: it sends to all instances, and asks them what they answer", () => {
  const [, upstreams] = /reverse_proxy (.+) \{/.exec(caddyfile)!;
  assertEquals(upstreams!.split(" "), instances.map(([name]) => `${name}:${defaults.port}`));
  assert(paths.includes(/health_uri (\S+)/.exec(caddyfile)![1]!));
});

Deno.test("what is started has one exact version, and Deno everywhere the same", () => {
  for (const { build, image } of Object.values(services)) {
    if (build === undefined) assertMatch(image, /:\d+\.\d+\.\d+$/);
  }
  const [, version] = /^FROM \S+deno:(\d+\.\d+\.\d+)$/m.exec(read("Dockerfile"))!;
  assertEquals(/^version=(.+)$/m.exec(read(".ci/run"))![1], version);
  const named = [...read("README.md").matchAll(/deno@(\S+)/g)].map(([, named]) => named);
  assertEquals([...new Set(named)], [version]);
});

interface Manifest {
  readonly kind: string;
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [{
    readonly env: readonly { readonly name: string; readonly value?: string }[];
    readonly readinessProbe: Probe;
    readonly livenessProbe: Probe;
  }];
}

interface Probe {
  readonly httpGet: { readonly path: string };
}

Deno.test("docs/deploy.md: the pod takes its settings, asks what there is, and has time to end", () => {
  const [, yaml] = /^```yaml\n(apiVersion[^]*?)^```$/m.exec(read("docs/deploy.md"))!;
  const manifests = parseAll(yaml!) as readonly Manifest[];
  const pod = manifests.find(({ kind }) => kind === "Deployment")!.spec.template.spec;
  const { env, readinessProbe, livenessProbe } = pod.containers[0];
  const { drainSeconds } = configOf(
    Object.fromEntries(env.map(({ name, value }) => [name, value ?? null])),
  );
  assertLess(drainSeconds, pod.terminationGracePeriodSeconds);
  for (const { httpGet } of [readinessProbe, livenessProbe]) assert(paths.includes(httpGet.path));
});
