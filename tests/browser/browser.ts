/** What the browser tests share: the real server as a child process, and a real Chromium. */

import { type Browser, type BrowserContextOptions, chromium } from "playwright-core";
import { startServer as startProcess } from "../support/server.ts";
import { Visitor } from "./visitor.ts";

const BROWSER_ARGUMENTS = [
  "--headless",
  // Chromium's own sandbox does not start under root, as which containers run.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** The key of programs on a test's server. */
export const API_KEY = "a-key-of-programs-for-tests";

/** A running Natter. */
export interface Server extends AsyncDisposable {
  /** The page's address. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Kills it, as a crash would. */
  kill(): Promise<void>;
  /** Asks it to end, and waits until it has. */
  drain(): Promise<void>;
  /** Asks something as a program. */
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
}

/**
 * Starts the real server as a child process.
 *
 * @param port 0: any free one.
 * @param env Other settings.
 */
export async function startServer(
  port = 0,
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const server = await startProcess({ ...env, PORT: `${port}` });
  let ended: PromiseLike<void> | undefined;
  const kill = async () => await (ended ??= server[Symbol.asyncDispose]());
  return {
    url: server.url,
    port: server.port,
    kill,
    async drain() {
      server.process.kill("SIGTERM");
      await server.process.status;
    },
    async ask(method, path, body) {
      const response = await fetch(new URL(path, server.url), {
        method,
        headers: { "Authorization": `Bearer ${API_KEY}`, "Content-Type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      return response.json();
    },
    [Symbol.asyncDispose]: kill,
  };
}

/** Starts a Chromium; it ends with `close()`. */
export async function startBrowser(): Promise<Browser> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "main.ts"],
    cwd: new URL("chromium/", import.meta.url),
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("There is no Chromium");
  return await chromium.launch({
    executablePath: new TextDecoder().decode(stdout).trim(),
    args: BROWSER_ARGUMENTS,
  });
}

/** What the tests of one file share. */
export interface Stage {
  readonly server: Server;
  readonly browser: Browser;
  /** Opens the page in a window of its own. */
  open(options?: BrowserContextOptions): Promise<Visitor>;
  /** A room that no other test has. */
  readonly room: string;
  /** Opens the page and joins the test's own room. */
  join(name: string, options?: BrowserContextOptions): Promise<Visitor>;
}

/** Gives all tests of a file one server and one browser. */
export function setStage(): Stage {
  let server: Server;
  let browser: Browser;
  Deno.test.beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(0, { API_KEY }), startBrowser()]);
  });
  Deno.test.afterAll(async () => {
    await browser?.close();
    await server?.kill();
  });
  const open = (options?: BrowserContextOptions) => Visitor.open(browser, server.url, options);
  return {
    get server() {
      return server;
    },
    get browser() {
      return browser;
    },
    get room() {
      return `room-${tests}`;
    },
    open,
    async join(name, options) {
      const url = `${server.url}#room=${this.room}`;
      const visitor = await Visitor.open(browser, url, options);
      await visitor.join(name);
      return visitor;
    },
  };
}

/**
 * Declares a test that drives the browser.
 *
 * @param name What holds, as a sentence.
 * @param fn The test.
 */
export function pageTest(name: string, fn: () => Promise<void>): void {
  // The browser's driver has timers and pipes of its own, shared by all tests of a file: they end
  // when they like, in a later test perhaps, and the sanitizers would blame that test.
  const run = async () => {
    tests++;
    try {
      await fn();
    } catch (error) {
      // What failed first tells more than what the page complained of after it.
      throw error instanceof SuppressedError ? error.suppressed : error;
    }
  };
  Deno.test({ name, fn: run, sanitizeOps: false, sanitizeResources: false });
}

let tests = 0;
let people = 0;

/** A name that no other test has. */
export function someone(): string {
  return `person-${++people}`;
}
