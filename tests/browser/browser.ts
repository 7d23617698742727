/**
 * What the browser tests share: the real server as a child process, a real Chromium, and pages that
 * fail their test when anything goes wrong inside them.
 *
 * Nothing here waits for a time: every wait is for an event, under a deadline.
 */

import chromium from "@sparticuz/chromium";
import {
  type Browser,
  type BrowserContextOptions,
  chromium as driver,
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

/** A running Natter. */
export interface Server extends AsyncDisposable {
  /** The page's address. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Kills it, as a crash would. */
  kill(): Promise<void>;
}

/**
 * Starts the real server as a child process.
 *
 * @param port 0: any free one.
 */
export async function startServer(port = 0): Promise<Server> {
  const server = await startProcess({ PORT: `${port}` });
  let ended: PromiseLike<void> | undefined;
  const kill = async () => await (ended ??= server[Symbol.asyncDispose]());
  return { url: server.url, port: server.port, kill, [Symbol.asyncDispose]: kill };
}

/** Starts a Chromium; it ends with `close()`. */
export async function startBrowser(): Promise<Browser> {
  return await driver.launch({
    executablePath: await chromium.executablePath(),
    args: BROWSER_ARGUMENTS,
  });
}

/** What the tests of one file share. */
export interface Stage {
  readonly server: Server;
  readonly browser: Browser;
  /** Opens the page in a window of its own. */
  open(options?: BrowserContextOptions): Promise<Visitor>;
  /** Opens the page and joins. */
  join(name: string, options?: BrowserContextOptions): Promise<Visitor>;
}

/** Gives all tests of a file one server and one browser. */
export function setStage(): Stage {
  let server: Server;
  let browser: Browser;
  Deno.test.beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), startBrowser()]);
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
    open,
    async join(name, options) {
      const visitor = await open(options);
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
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

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

  /** The line that says how the connection stands. */
  get status(): Locator {
    return this.page.locator("#status");
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

  /** The button that asks for the next attempt to connect. */
  get tryNowButton(): Locator {
    return this.page.getByRole("button", { name: "Try now", exact: true });
  }

  /** The line between messages that says what happened to the connection. */
  get notes(): Locator {
    return this.log.locator(".note");
  }

  /** One message of the conversation. */
  bubble(text: string): Locator {
    return this.log.locator(".message").filter({ hasText: text });
  }

  /** The texts of all messages, the oldest first. */
  async messages(): Promise<string[]> {
    return await this.log.locator(".message").allTextContents();
  }

  /** Waits until an element shows a text. */
  async waitForText(target: Locator, text: string): Promise<void> {
    await target.filter({ hasText: text }).waitFor();
  }

  /** The browser itself reports each socket that failed: expected where a server is gone. */
  forgiveSocketErrors(): void {
    this.complaints = this.complaints.filter((text) => !text.startsWith("WebSocket connection to"));
  }

  /** Closes the window; what the page complained of fails the test. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    assertEquals(this.complaints, []);
  }
}

/** Takes the place of the server for the sockets of one page. */
export async function playServer(
  visitor: Visitor,
  answer: (socket: WebSocketRoute, number: number) => void,
): Promise<void> {
  let number = 0;
  await visitor.page.routeWebSocket(/\/ws\//, (socket) => answer(socket, number++));
  // The routes take hold of a page as it loads.
  await visitor.page.reload();
}

/**
 * Opens the page with the test in the place of the server, and joins.
 *
 * @returns The person's window, and what makes another one say things.
 */
export async function joinPlayedServer(
  stage: Stage,
  options: BrowserContextOptions = {},
): Promise<[Visitor, (...texts: string[]) => void]> {
  const visitor = await stage.open(options);
  let socket: WebSocketRoute;
  await playServer(visitor, (opened) => socket = opened);
  await visitor.join("Ann");
  const say = (...texts: string[]) => {
    for (const msg of texts) socket.send(JSON.stringify({ sender: "Ben", msg }));
  };
  return [visitor, say];
}
