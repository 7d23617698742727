/**
 * The contract between a socket and what is done with it.
 *
 * @module
 */

/**
 * All that the chat knows of a socket.
 *
 * No method throws, and none waits for the peer. After {@linkcode Connection.close} nothing is sent and
 * nothing more is received.
 */
export interface Connection {
  /** Bytes handed to {@linkcode Connection.send} that have not left the process yet. */
  readonly unsentBytes: number;
  /**
   * Sends one message, in the order of the calls.
   *
   * @param message A text message, or the bytes of a binary one.
   */
  send(message: string | Uint8Array<ArrayBuffer>): void;
  /**
   * Sends several messages in a row, where the transport can do better than one by one: those of an array
   * that is handed to several connections are encoded once.
   *
   * @param texts Never changed from then on.
   * @param from The first one.
   * @param to Where to end, exclusive.
   */
  sendAll?(texts: readonly string[], from: number, to: number): void;
  /**
   * Begins the closing handshake. The second call has no effect.
   *
   * @param code The close code.
   * @param reason The reason; cut to 123 bytes of UTF-8.
   */
  close(code: number, reason: string): void;
}

/** What is done with a socket. Anything that it throws closes that one socket with 1011. */
export interface ConnectionHandler {
  /**
   * A message came in; never after {@linkcode Connection.close} or {@linkcode ConnectionHandler.closed}.
   *
   * @param message A text message, or the bytes of a binary one.
   */
  message(message: string | Uint8Array<ArrayBuffer>): void;
  /** The peer has gone or has been told to go. Called once. */
  closed(): void;
}

/** How a socket is made of a request. */
export interface UpgradeOptions {
  /** The subprotocol to name in the answer. */
  readonly subprotocol?: string | undefined;
  /**
   * Bytes that a message may have. More ends the socket with 1009 before memory is spent, where the transport
   * can; what is received must be measured all the same.
   */
  readonly messageBytesMax: number;
  /** Called once, when the socket is open. */
  readonly open: (connection: Connection) => ConnectionHandler;
  /**
   * Called once, when the socket is gone for good. A peer that answers nothing keeps its socket, and its
   * descriptor, after {@linkcode ConnectionHandler.closed}.
   */
  readonly ended: () => void;
}

/** What a transport hands to the routes with each request, as Hono's bindings. */
export interface TransportBindings {
  /** The address of the connection's other end, as the transport sees it. */
  readonly remoteAddress: string;
  /**
   * Calls once the last byte of the answer has gone, or the connection has: until then the answer holds a
   * descriptor, whatever the app has done with it.
   */
  readonly whenCompleted: (call: () => void) => void;
  /**
   * Makes a socket of a request that has been checked. It must be the last step before its response is
   * returned: with `Deno.serve`, another response in its place ends the listener.
   */
  readonly upgrade: (request: Request, options: UpgradeOptions) => Response;
}
