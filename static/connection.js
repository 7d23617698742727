// @ts-check
/**
 * One chat socket in the plain protocol, kept alive: it connects, tells honestly how it stands, and
 * comes back after a loss unless the server said that a person must change something first.
 *
 * It knows nothing of the page: sockets, clock and randomness can be handed in.
 */

import { backoffMs } from "./backoff.js";
import { ABNORMAL, NAME_TAKEN, readCloseCode, TOO_FAR_BEHIND } from "./close_codes.js";

/** @typedef {import("./languages.js").TextKey} TextKey */
/**
 * @typedef {{ phase: "idle" }
 *   | { phase: "connecting", again: boolean }
 *   | { phase: "connected", again: boolean }
 *   | { phase: "waiting", text: TextKey, retryAt: number }
 *   | { phase: "offline" }
 *   | { phase: "refused", remedy: "name" | "room" | "stop", text: TextKey, code: number }
 * } ConnectionState
 *   `again`: this conversation was connected before · `retryAt`: ms since 1970
 */
/**
 * @typedef {object} Clock
 * @property {() => number} now ms since 1970
 * @property {(ms: number, run: () => void) => () => void} after runs it once; the result cancels
 */
/**
 * @typedef {object} ConnectionOptions
 * @property {(state: ConnectionState) => void} onState
 * @property {(frame: unknown) => void} onFrame
 * @property {(address: string) => WebSocket} [createSocket]
 * @property {Clock} [clock]
 * @property {() => number} [random]
 */

/** The upgrade comes before the server's verdict on the name: so long may the verdict take. */
export const SETTLE_MS = 150;
export const OPEN_WAIT_MS = 15_000;
/** A former socket of ours holds the name until its close handshake is done. */
export const CLOSE_WAIT_MS = 2_000;
/** A connection that lived so long was a good one: the backoff starts anew. */
export const STEADY_MS = 5_000;
/** The server notices a broken network after 50 s at most, and holds the name until then. */
export const NAME_HELD_MS = 60_000;
export const NAME_HELD_BACKOFF_CAP_MS = 5_000;

/** @type {Clock} */
const systemClock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export class Connection {
  #options;
  #clock;
  #address = "";
  /** @type {ConnectionState} */
  #state = { phase: "idle" };
  /** @type {WebSocket | undefined} */
  #socket;
  /**
   * The one that was closed last, perhaps still in its close handshake.
   * @type {WebSocket | undefined}
   */
  #former;
  /** Ends the listeners of the present attempt. */
  #attempt = new AbortController();
  #cancelTimer = () => {};
  #failures = 0;
  #wasConnected = false;
  /** When the present socket was settled; 0: it is not. */
  #settledAt = 0;
  /** Until then the server may hold our name for a socket of ours that is gone. */
  #nameHeldUntil = 0;
  #networkLost = false;

  /** @param {ConnectionOptions} options */
  constructor(options) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get state() {
    return this.#state;
  }

  /**
   * Connects anew, whatever went before.
   *
   * @param {string} address
   * @param {boolean} nameIsOurs the name is the one of the last connection
   */
  open(address, nameIsOurs) {
    if (!nameIsOurs) this.#nameHeldUntil = 0;
    this.#address = address;
    this.#failures = 0;
    this.#wasConnected = false;
    this.#leave();
    this.#connect();
  }

  /** Leaves for good. */
  close() {
    this.#leave();
    this.#become({ phase: "idle" });
  }

  /**
   * @param {string} text
   * @returns {boolean} false: it was not sent. True is no promise: the protocol has no receipts
   */
  send(text) {
    if (this.#state.phase !== "connected" || this.#socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this.#socket.send(text);
    return true;
  }

  /** The network is back, the page is looked at again, or a person is impatient: try at once. */
  retryNow() {
    this.#networkLost = false;
    if (this.#state.phase !== "waiting" && this.#state.phase !== "offline") return;
    this.#leave();
    this.#connect();
  }

  /**
   * The device says that it has no network. A socket that was open may live through it, or be dead
   * without a sign: it is kept for what still arrives, and replaced when the network is back.
   */
  loseNetwork() {
    this.#networkLost = true;
    const { phase } = this.#state;
    if (phase === "connected" || phase === "waiting") this.#become({ phase: "offline" });
  }

  /** @param {ConnectionState} state */
  #become(state) {
    this.#state = state;
    this.#options.onState(state);
  }

  #leave() {
    this.#cancelTimer();
    this.#attempt.abort();
    if (this.#settledAt !== 0) this.#nameHeldUntil = this.#clock.now() + NAME_HELD_MS;
    this.#settledAt = 0;
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    this.#former = socket;
    socket.addEventListener("close", ({ wasClean }) => {
      // The server answered, so it has let go of the name: whoever has it now took it.
      if (wasClean && this.#former === socket) this.#nameHeldUntil = 0;
    }, { once: true });
    socket.close(1000);
  }

  #connect() {
    this.#become({ phase: "connecting", again: this.#wasConnected });
    this.#attempt = new AbortController();
    const former = this.#former;
    if (!former || former.readyState === WebSocket.CLOSED) return this.#dial();
    const { signal } = this.#attempt;
    former.addEventListener("close", () => this.#dial(), { signal, once: true });
    this.#cancelTimer = this.#clock.after(CLOSE_WAIT_MS, () => this.#dial());
  }

  #dial() {
    this.#cancelTimer();
    this.#attempt.abort();
    this.#attempt = new AbortController();
    this.#former = undefined;
    const { signal } = this.#attempt;
    const createSocket = this.#options.createSocket ?? ((address) => new WebSocket(address));
    const socket = createSocket(this.#address);
    this.#socket = socket;
    this.#cancelTimer = this.#clock.after(OPEN_WAIT_MS, () => this.#end(ABNORMAL));
    socket.addEventListener("open", () => {
      this.#cancelTimer();
      this.#cancelTimer = this.#clock.after(SETTLE_MS, () => this.#settle());
    }, { signal });
    socket.addEventListener("message", (event) => {
      this.#settle();
      this.#options.onFrame(event.data);
    }, { signal });
    socket.addEventListener("close", (event) => this.#end(event.code), { signal });
  }

  #settle() {
    if (this.#state.phase !== "connecting") return;
    this.#cancelTimer();
    this.#settledAt = this.#clock.now();
    const again = this.#wasConnected;
    this.#wasConnected = true;
    this.#become({ phase: "connected", again });
  }

  /** @param {number} code */
  #end(code) {
    const settled = this.#settledAt !== 0;
    const steady = settled && this.#clock.now() - this.#settledAt >= STEADY_MS;
    if (steady) this.#failures = 0;
    this.#leave();

    if (code === NAME_TAKEN && this.#clock.now() < this.#nameHeldUntil) {
      return this.#wait("nameHeld", this.#backoff(NAME_HELD_BACKOFF_CAP_MS));
    }
    const { remedy, text } = readCloseCode(code);
    if (remedy !== "retry") return this.#become({ phase: "refused", remedy, text, code });
    if (code === TOO_FAR_BEHIND && steady) return this.#wait(text, 0);
    this.#wait(code === ABNORMAL && !settled ? "unreachable" : text, this.#backoff());
  }

  /** @param {number} [capMs] */
  #backoff(capMs) {
    return backoffMs(this.#failures++, this.#options.random, capMs);
  }

  /**
   * @param {TextKey} text
   * @param {number} ms
   */
  #wait(text, ms) {
    this.#cancelTimer = this.#clock.after(ms, () => this.#connect());
    const retryAt = this.#clock.now() + ms;
    this.#become(this.#networkLost ? { phase: "offline" } : { phase: "waiting", text, retryAt });
  }
}
