// @ts-check
/// <reference lib="dom" />
/**
 * What is told beside the conversation: to who hears it read out, and of what has failed; by sound and
 * notifications, which are off until a person turns them on by a click.
 */

import { h } from "./dom.js";

/** More new messages at once than this are only counted for those who listen. */
const SPOKEN_MAX = 3;
const TOAST_MS = 6_000;
const NOTES_HZ = [660, 880];
const NOTE_SECONDS = 0.09;

export class Alerts {
  #store;
  /** @type {AudioContext | undefined} */
  #audio;

  /** @param {() => import("./storage.js").Storage} store */
  constructor(store) {
    this.#store = store;
  }

  get sound() {
    return this.#store().get("sound") === "on";
  }

  get notify() {
    return this.#store().get("notify") === "on" &&
      globalThis.Notification?.permission === "granted";
  }

  /** @param {boolean} on */
  setSound(on) {
    this.#store().set("sound", on ? "on" : "");
    if (on) this.play();
  }

  /**
   * Asks the browser, which asks the person.
   *
   * @param {boolean} on
   * @returns {Promise<boolean>} whether it is on now
   */
  async setNotify(on) {
    const { Notification } = globalThis;
    const isAllowed = on && Notification && await Notification.requestPermission() === "granted";
    this.#store().set("notify", isAllowed ? "on" : "");
    return Boolean(isAllowed);
  }

  play() {
    if (!globalThis.AudioContext) return;
    this.#audio ??= new AudioContext();
    const audio = this.#audio;
    // Made without a click it may not sound, and will not later on either.
    if (audio.state === "suspended") audio.resume().catch(() => {});
    const volume = audio.createGain();
    volume.gain.value = 0.06;
    volume.connect(audio.destination);
    NOTES_HZ.forEach((hz, index) => {
      const tone = audio.createOscillator();
      tone.frequency.value = hz;
      tone.connect(volume);
      tone.start(audio.currentTime + index * NOTE_SECONDS);
      tone.stop(audio.currentTime + (index + 1) * NOTE_SECONDS);
    });
  }

  /**
   * @param {string} title
   * @param {string} body
   * @param {string} tag a new one takes the place of the last with the same
   * @param {() => void} click
   */
  tell(title, body, tag, click) {
    if (!this.notify) return;
    try {
      const notification = new Notification(title, { body: body.slice(0, 200), tag });
      notification.onclick = () => {
        notification.close();
        focus();
        click();
      };
    } catch {
      // Where only a service worker may show them, as on Android, there are none.
    }
  }
}

export class Announcer {
  /** Heard, not seen. */
  spoken = h("div", { class: "visually-hidden", "aria-live": "polite" });
  toast = h("p", { class: "toast", role: "alert", hidden: true });
  #words;
  /** @type {string[]} */
  #heard = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import("./words.js").Words} words */
  constructor(words) {
    this.#words = words;
  }

  /** @param {string} text to be spoken next */
  hear(text) {
    this.#heard.push(text);
  }

  /** Additions only: neither history nor what comes into view by scrolling is read out. */
  speak() {
    const heard = this.#heard.splice(0);
    if (heard.length === 0) return;
    this.spoken.textContent = heard.length > SPOKEN_MAX
      ? this.#words.text("newMessages", { count: heard.length })
      : heard.join("\n");
  }

  /**
   * @param {string} code
   * @param {string} message
   * @param {string} [room] that could not be joined
   */
  fail(code, message, room) {
    const isShut = code === "room_name_invalid" || code === "forbidden";
    if (room !== undefined && isShut) this.#words.say(this.toast, "roomInvalid", { room });
    else this.#words.say(this.toast, "actionFailed", { reason: message });
    this.toast.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.toast.hidden = true, TOAST_MS);
  }
}
