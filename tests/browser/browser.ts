/**
 * What the browser tests share: the real server as a child process, a real Chromium, and pages that
 * fail their test when anything goes wrong inside them.
 *
 * Nothing here waits for a time: every wait is for an event, under a deadline.
 */

import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
  type WebSocketRoute,
} from "playwright-core";
import { assertEquals } from "@std/assert";
import { startServer as startProcess } from "../support/server.ts";

/** Every wait ends here, if not before. */
export const DEADLINE_MS = 20_000;

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

/** One person's browser window, with nothing remembered from others. */
export class Visitor implements AsyncDisposable {
  /** Errors, warnings and policy violations that the page reported so far. */
  complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("dialog", async (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      await dialog.dismiss();
    });
  }

  /**
   * Opens the page in a window of its own.
   *
   * @param browser A browser.
   * @param url The page's address.
   * @param options Of the window, such as `locale` and `viewport`.
   */
  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<Visitor> {
    const context = await browser.newContext({ locale: "en-US", ...options });
    context.setDefaultTimeout(DEADLINE_MS);
    const visitor = new Visitor(await context.newPage());
    await visitor.page.goto(url);
    return visitor;
  }

  get nickname(): Locator {
    return this.page.getByRole("textbox", { name: "Nickname", exact: true });
  }

  get message(): Locator {
    return this.page.getByRole("textbox", { name: "Message", exact: true });
  }

  get sendButton(): Locator {
    return this.page.getByRole("button", { name: "Send", exact: true });
  }

  get log(): Locator {
    return this.page.getByRole("log");
  }

  /** The calm line that says how the connection stands. */
  get status(): Locator {
    return this.page.locator(".status");
  }

  /** The strip that says what is wrong with the connection. */
  get strip(): Locator {
    return this.page.locator(".strip");
  }

  /** Why joining was refused. */
  get refusal(): Locator {
    return this.page.locator("#join-error");
  }

  /** Asks to join; the answer is still to come. */
  async askToJoin(name: string): Promise<void> {
    await this.nickname.fill(name);
    await this.page.getByRole("button", { name: "Join", exact: true }).click();
  }

  /** Joins, and waits until the server has accepted. */
  async join(name: string): Promise<void> {
    await this.askToJoin(name);
    await this.message.waitFor();
  }

  /** Sends a text with the button. */
  async send(text: string): Promise<void> {
    await this.message.fill(text);
    await this.sendButton.click();
  }

  /** One message of the conversation. */
  bubble(text: string): Locator {
    return this.log.locator(".bubble").filter({ hasText: text });
  }

  /** One message with all that stands beside it. */
  row(text: string): Locator {
    return this.log.locator(".row").filter({ hasText: text });
  }

  /** Waits until a message of one's own is stored. */
  async stored(text: string): Promise<void> {
    await this.row(text).locator(".message.sent").waitFor();
  }

  /** The texts of all messages in the document, the oldest first. */
  async messages(): Promise<string[]> {
    return await this.log.locator(".bubble").allTextContents();
  }

  /** A room or a person in the sidebar. */
  entry(name: string): Locator {
    return this.page.locator(".sidebar button.entry", {
      has: this.page.getByText(name, { exact: true }),
    });
  }

  /** Opens a room from the sidebar. */
  async openRoom(name: string): Promise<void> {
    await this.page.locator("#new-room").fill(name);
    await this.page.locator("#new-room").press("Enter");
    await this.waitForText(this.page.locator(".title"), name);
  }

  /** Waits until an element shows a text. */
  async waitForText(target: Locator, text: string | RegExp): Promise<void> {
    await target.filter({ hasText: text }).waitFor();
  }

  /** The browser itself reports each socket or request that failed: expected where a server is gone. */
  forgiveNetworkErrors(): void {
    this.complaints = this.complaints.filter((text) =>
      !/^(WebSocket connection to|Failed to load resource)/.test(text)
    );
  }

  /** Closes the window; what the page complained of fails the test. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    assertEquals(this.complaints, []);
  }
}

/** What a played server tells, as the rich protocol has it. */
type Event = Readonly<Record<string, unknown>>;

/** A server of the rich protocol that does what the test says. */
export interface PlayedServer {
  /** Tells a page something. */
  tell(...events: Event[]): void;
  /** Closes the newest socket. */
  close(code: number, reason?: string): void;
  /** How many sockets there have been. */
  readonly count: number;
}

/** What a played server begins with, and how it answers. */
export interface Play {
  /** The newest offset of the lobby. */
  readonly head?: number;
  /** Where the stream of the lobby begins. */
  readonly offset?: number;
  /** Answers a command; without it, messages get an `ack`, and come back. */
  answer?(command: Event & { readonly type: string }, server: PlayedServer): void;
  /** Says something else at a connection. */
  greet?(server: PlayedServer, number: number): boolean;
}

const AT = Date.UTC(2026, 4, 9, 10, 8);

/** An entry of the lobby. */
export function entry(offset: number, parts: Event = {}): Event {
  return {
    type: "message",
    room: "lobby",
    offset,
    id: `id-${offset}`,
    sender: "Ben",
    body: `message ${offset}`,
    at: AT + offset * 7_000,
    ...parts,
  };
}

/** Takes the place of the server for the sockets of one page. */
export async function playServer(visitor: Visitor, play: Play = {}): Promise<PlayedServer> {
  const { head = 0, offset = head } = play;
  let newest = head;
  let count = 0;
  let socket: WebSocketRoute | undefined;
  const server: PlayedServer = {
    tell: (...events) => socket?.send(JSON.stringify(events)),
    close: (code, reason = "") => void socket?.close({ code, reason }),
    get count() {
      return count;
    },
  };
  const answer = play.answer ?? (({ type, room, body, ref }) => {
    if (type === "ping") server.tell({ type: "pong" });
    if (type !== "message") return;
    const { id, at, ...rest } = entry(++newest, { sender: "Ann", body });
    server.tell({ type: "ack", ref, room, offset: newest, id, at, duplicate: false });
    server.tell({ ...rest, id, at });
  });
  await visitor.page.routeWebSocket(/\/ws\//, (opened) => {
    socket = opened;
    opened.onMessage((text) => answer(JSON.parse(String(text)), server));
    if (play.greet?.(server, count++)) return;
    const joined = { type: "joined", epoch: "e", recovered: false };
    server.tell(
      {
        type: "welcome",
        protocol: "natter.v1",
        username: "Ann",
        limits: { bodyBytesMax: 8192, messagesPerSecond: 0, messagesBurst: 0 },
        pingSeconds: 25,
      },
      { ...joined, room: "@Ann", offset: 0, head: 0 },
      { ...joined, room: "lobby", offset, head, users: ["Ann", "Ben"], userCount: 2 },
    );
    for (let at = offset + 1; at <= head; at += 200) {
      const length = Math.min(200, head - at + 1);
      server.tell(...Array.from({ length }, (_, index) => entry(at + index)));
    }
  });
  // The routes take hold of a page as it loads.
  await visitor.page.reload();
  return server;
}

/** Opens the page with the test in the place of the server, and joins. */
export async function joinPlayedServer(
  stage: Stage,
  play: Play = {},
  options: BrowserContextOptions = {},
): Promise<[Visitor, PlayedServer]> {
  const visitor = await stage.open(options);
  const server = await playServer(visitor, play);
  await visitor.join("Ann");
  return [visitor, server];
}
