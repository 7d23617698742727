/**
 * TCP sockets and epoll straight from the C library.
 *
 * The load generator must outrun every server with one core, and add as little as possible to the
 * latencies that it reads. Counting what Bun's publish sends to 1,000 sockets, 2.5 to 3 million texts
 * a second, took 0.05 to 0.1 of a core outside the kernel this way, where `node:net` and
 * `Deno.connect` took 0.3 to 0.5 and were near their end.
 *
 * Linux only, as the rest of the benchmark (`/proc`).
 *
 * @module
 */

const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

const { symbols: c } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
});

const ONE = new Uint8Array(new Int32Array([1]).buffer);

/**
 * Connects to a port of this machine, waiting until it is done.
 *
 * @param port The port.
 * @returns The socket's descriptor; it lives as long as the process.
 * @throws {Error} If the connection is refused or descriptors run out.
 */
export function connectTo(port: number): number {
  const address = Uint8Array.of(AF_INET, 0, port >> 8, port, 127, 0, 0, 1, ...new Array(8).fill(0));
  const descriptor = c.socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) throw new Error("Cannot make a socket: out of descriptors (ulimit -n)?");
  if (c.connect(descriptor, address, address.length) !== 0) {
    throw new Error(`Cannot connect to port ${port}`);
  }
  c.setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, ONE, ONE.length);
  return descriptor;
}

/**
 * Sends bytes without waiting.
 *
 * @param descriptor A connected socket.
 * @param bytes What to send.
 * @returns Whether all of it was taken; no when the peer does not read or is gone.
 */
export function sendNow(descriptor: number, bytes: Uint8Array<ArrayBuffer>): boolean {
  const length = BigInt(bytes.length);
  return c.send(descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) === length;
}

/**
 * Receives what is there, without waiting.
 *
 * @param descriptor A connected socket.
 * @param target Where to.
 * @returns The number of bytes; 0 when the peer has ended or there is an error, or nothing is there.
 */
export function receiveNow(descriptor: number, target: Uint8Array<ArrayBuffer>): number {
  return Math.max(0, Number(c.recv(descriptor, target, BigInt(target.length), MSG_DONTWAIT)));
}

/** Waits for any of many sockets to be readable, each known by a number of the caller. */
export class Poller {
  // The kernel packs `struct epoll_event` on x86-64 only; elsewhere its 64-bit data is aligned.
  static readonly #dataOffset = Deno.build.arch === "x86_64" ? 4 : 8;
  static readonly #eventBytes = Poller.#dataOffset + 8;
  static readonly #eventsMax = 1024;

  readonly #descriptor = c.epoll_create1(0);
  readonly #events = new Uint8Array(Poller.#eventBytes * Poller.#eventsMax);
  readonly #view = new DataView(this.#events.buffer);

  /**
   * Watches a socket from now on.
   *
   * @param descriptor The socket.
   * @param id What {@linkcode wait} calls it, 0 to 2^31 − 1.
   */
  add(descriptor: number, id: number): void {
    const event = new Uint8Array(Poller.#eventBytes);
    const view = new DataView(event.buffer);
    view.setUint32(0, EPOLLIN, true);
    view.setInt32(Poller.#dataOffset, id, true);
    if (c.epoll_ctl(this.#descriptor, EPOLL_CTL_ADD, descriptor, event) !== 0) {
      throw new Error("Cannot watch a socket with epoll");
    }
  }

  /**
   * Waits until a socket is readable, or a time is over.
   *
   * @param timeoutMs Whole milliseconds; 0 only looks.
   * @param onReadable Called for each socket that is readable, ended or broken.
   */
  wait(timeoutMs: number, onReadable: (id: number) => void): void {
    const count = c.epoll_wait(this.#descriptor, this.#events, Poller.#eventsMax, timeoutMs);
    for (let index = 0; index < count; index++) {
      onReadable(this.#view.getInt32(index * Poller.#eventBytes + Poller.#dataOffset, true));
    }
  }
}
