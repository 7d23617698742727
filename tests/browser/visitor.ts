/**
 * Pages of the browser tests, which fail their test when anything goes wrong inside them.
 *
 * Nothing here waits for a time: every wait is for an event, under a deadline.
 */

import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { assertEquals } from "@std/assert";

/** Every wait ends here, if not before. */
export const DEADLINE_MS = 20_000;

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
