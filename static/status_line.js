// @ts-check
/// <reference lib="dom" />
/** The line that says how the connection stands. */

import { element } from "./dom.js";
import { say } from "./page_language.js";

const COUNTDOWN_MS = 250;

export class StatusLine {
  #line = element("status", HTMLElement);
  #words = element("status-words", HTMLElement);
  #countdown = element("status-countdown", HTMLElement);
  #button = element("try-now", HTMLButtonElement);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;

  /** @param {() => void} tryNow */
  constructor(tryNow) {
    this.#button.addEventListener("click", tryNow);
  }

  /**
   * @param {import("./connection.js").ConnectionState} state
   * @param {string} name the person's own
   * @param {boolean} inChat whether there is a conversation to come back to
   */
  show(state, name, inChat) {
    // The form to join says for itself why it was refused.
    const phase = state.phase === "refused" && !inChat ? "idle" : state.phase;
    this.#line.dataset["phase"] = phase;
    clearInterval(this.#timer);
    say(this.#countdown, "");
    this.#button.hidden = phase !== "waiting" && phase !== "offline" && phase !== "refused";
    if (phase === "idle") say(this.#words, "notConnected");
    else if (state.phase === "connecting") {
      say(this.#words, state.again ? "reconnecting" : "connecting");
    } else if (state.phase === "connected") say(this.#words, "connected", { name });
    else if (state.phase === "offline") say(this.#words, "offline");
    else if (state.phase === "waiting") this.#countDown(state.text, state.retryAt);
    else if (state.phase === "refused") say(this.#words, state.text, { code: state.code });
  }

  /**
   * @param {import("./languages.js").TextKey} reason
   * @param {number} retryAt ms since 1970
   */
  #countDown(reason, retryAt) {
    say(this.#words, reason);
    // Beside the live region, so that a screen reader does not count along.
    const tick = () => {
      const count = Math.max(1, Math.ceil((retryAt - Date.now()) / 1_000));
      say(this.#countdown, "retryIn", { count });
    };
    tick();
    this.#timer = setInterval(tick, COUNTDOWN_MS);
  }
}
