// @ts-check
/// <reference lib="dom" />
/** Sound and notifications: off until a person turns them on by a click. */

const NOTES_HZ = [660, 880];
const NOTE_SECONDS = 0.09;

export class Alerts {
  #store;
  /** @type {AudioContext | undefined} */
  #audio;

  /** @param {import("./storage.js").Storage} store */
  constructor(store) {
    this.#store = store;
  }

  get sound() {
    return this.#store.get("sound") === "on";
  }

  get notify() {
    return this.#store.get("notify") === "on" && globalThis.Notification?.permission === "granted";
  }

  /** @param {boolean} on */
  setSound(on) {
    this.#store.set("sound", on ? "on" : "");
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
    this.#store.set("notify", isAllowed ? "on" : "");
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
