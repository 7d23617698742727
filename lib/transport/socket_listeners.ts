/**
 * Listeners that all sockets share: which connection a socket belongs to is written on the socket, and no socket
 * needs functions of its own.
 *
 * @module
 */

import type { Socket } from "node:net";

/** What belongs to a socket, and is told what happens to it. */
export interface SocketOwner {
  /** Bytes have come. */
  received(chunk: Uint8Array): void;
  /** The peer sends nothing more. */
  endReceived(): void;
  /** The socket is gone. */
  ended(): void;
  /** The socket has taken everything that it had not taken at once. */
  flush(): void;
}

const OWNER = Symbol("owner");
type OwnedSocket = Socket & { [OWNER]: SocketOwner };

/**
 * Tells of a socket's end, from its peer's side and from both.
 *
 * @param socket The socket.
 * @param owner Is told.
 */
export function listenToEnd(socket: Socket, owner: SocketOwner): void {
  (socket as OwnedSocket)[OWNER] = owner;
  socket.on("end", onEnd);
  socket.on("close", onClose);
}

/**
 * Tells what comes from now on, too.
 *
 * @param socket A socket that has an owner.
 */
export function listenToData(socket: Socket): void {
  socket.on("data", onData);
  socket.resume();
}

/**
 * Tells that a socket has taken everything.
 *
 * @param socket A socket that has an owner.
 */
export function tellDrained(socket: Socket): void {
  (socket as OwnedSocket)[OWNER].flush();
}

function onData(this: Socket, chunk: Uint8Array): void {
  (this as OwnedSocket)[OWNER].received(chunk);
}

function onEnd(this: Socket): void {
  (this as OwnedSocket)[OWNER].endReceived();
}

function onClose(this: Socket): void {
  (this as OwnedSocket)[OWNER].ended();
}
