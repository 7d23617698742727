// @ts-check
/// <reference lib="dom" />
/** How the connection stands: calmly in one line, and where something is wrong, in a strip. */

import { readCloseCode } from "./close_codes.js";
import { h } from "./dom.js";

const COUNTDOWN_MS = 250;

/** @typedef {import("./languages.js").TextKey} TextKey */

/** What a connection goes over, in words. @type {Record<string, TextKey>} */
const TRANSPORTS = { websocket: "byWebSocket", events: "byEvents", poll: "byPolling" };

export class StatusLine {
  #words;
  /** Beside the room's name. */
  line = h("p", { class: "status" });
  /** Over the conversation, so that nothing moves when it comes and goes. */
  strip = h("div", { class: "strip", hidden: true });
  /** Heard, not seen: a screen reader is not to count along. */
  live = h("p", { class: "visually-hidden", role: "status" });
  #lineWords = h("span");
  #people = h("span");
  #reason = h("span", { class: "reason" });
  #countdown = h("span", { class: "countdown" });
  #unsent = h("span");
  #button = h("button", { type: "button", class: "text-button" });
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #retryAt = 0;

  /**
   * @param {import("./words.js").Words} words
   * @param {() => void} act connect now, or do what has to be done first
   */
  constructor(words, act) {
    this.#words = words;
    this.line.append(h("span", { class: "dot" }), this.#lineWords, this.#people);
    this.strip.append(this.#reason, this.#countdown, this.#unsent, this.#button);
    this.#button.addEventListener("click", act);
  }

  /**
   * @param {import("./natter.js").StateChange} change
   * @param {{ unsent: number, people: number, name: string, room: string }} values `people`: 0 where
   *   they are not counted
   */
  show(
    { state, transport = "websocket", retryAt = 0, code = 1006 },
    { unsent, people, name, room },
  ) {
    this.line.dataset["state"] = state;
    this.strip.dataset["state"] = state;
    const isOpen = state === "open";
    this.#words.say(this.#people, isOpen && people > 0 ? "peopleHere" : "", { count: people });
    if (isOpen) this.#words.say(this.#lineWords, TRANSPORTS[transport] ?? "byWebSocket");
    else this.#words.say(this.#lineWords, state === "connecting" ? "connecting" : "notConnected");
    const isTrouble = state === "waiting" || state === "offline" || state === "closed";
    // While it tries again, the strip stays: it would only flicker.
    const isStill = state === "connecting" && !this.strip.hidden;
    if (isOpen || (!isTrouble && !isStill)) this.strip.hidden = true;
    this.#retryAt = state === "waiting" ? retryAt : 0;
    this.#countDown();
    this.#words.say(this.#unsent, unsent > 0 ? "unsent" : "", { count: unsent });
    if (isStill) this.#words.say(this.#reason, "reconnecting");
    if (!isTrouble) return this.#speak();
    const { text, remedy } = readCloseCode(code);
    if (state === "offline") this.#words.say(this.#reason, "offline");
    else this.#words.say(this.#reason, text, { code, name, room });
    const isName = state === "closed" && (remedy === "name" || remedy === "room");
    this.#words.say(
      this.#button,
      state !== "closed" ? "tryNow" : isName ? "chooseOther" : "joinAgain",
    );
    this.strip.hidden = false;
    this.#speak();
  }

  #speak() {
    const said = this.strip.hidden ? this.#lineWords : this.#reason;
    const text = said.textContent ?? "";
    if (this.live.textContent !== text) this.live.textContent = text;
  }

  #countDown() {
    clearInterval(this.#timer);
    const tick = () => {
      const count = Math.max(1, Math.ceil((this.#retryAt - Date.now()) / 1_000));
      this.#words.say(this.#countdown, this.#retryAt === 0 ? "" : "retryIn", { count });
    };
    tick();
    if (this.#retryAt !== 0) this.#timer = setInterval(tick, COUNTDOWN_MS);
  }

  /** Lets go of its timer. */
  stop() {
    clearInterval(this.#timer);
  }
}
