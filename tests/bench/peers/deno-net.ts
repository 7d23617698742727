// Peer: the least that a chat over node:net in Deno can do: no store, no checks, no limits; what was said in a turn
// goes to each in one write. What a chat on this runtime's sockets can reach at most.
import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { setImmediate } from "node:timers";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const users = new Set<Socket>();
let said: { from: Socket; frame: Uint8Array }[] = [];

function joined(frames: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const frame of frames) bytes.set(frame, at), at += frame.length;
  return bytes;
}

function flush() {
  const turn = said;
  said = [];
  const all = joined(turn.map(({ frame }) => frame));
  const senders = new Set(turn.map(({ from }) => from));
  for (const user of users) {
    if (!senders.has(user)) user.write(all);
    else user.write(joined(turn.filter(({ from }) => from !== user).map(({ frame }) => frame)));
  }
}

function encode(text: string): Uint8Array {
  const payload = new TextEncoder().encode(text), { length } = payload;
  return joined([new Uint8Array(length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length]), payload]);
}

createServer({ noDelay: true }, (socket) => {
  let name: string | undefined;
  socket.on("error", () => {}).on("close", () => users.delete(socket)).on("end", () => socket.end());
  socket.on("data", (chunk) => {
    if (name === undefined) { // the handshake, in one packet
      const request = chunk.toString("latin1"), key = /sec-websocket-key: (.*)\r/i.exec(request)![1];
      name = decodeURIComponent(/\/ws\/([^ ?]*)/.exec(request)![1]!);
      const accept = createHash("sha1").update(key + GUID).digest("base64");
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
      users.add(socket);
      return;
    }
    for (let at = 0; at < chunk.length;) { // whole frames below 64 KiB
      const short = chunk[at + 1]! & 127, mask = at + (short === 126 ? 4 : 2), start = mask + 4;
      const end = start + (short === 126 ? chunk.readUInt16BE(at + 2) : short);
      const payload = chunk.subarray(start, end).map((byte, index) => byte ^ chunk[mask + (index & 3)]!);
      const frame = encode(JSON.stringify({ sender: name, msg: new TextDecoder().decode(payload) }));
      if (said.push({ from: socket, frame }) === 1) setImmediate(flush);
      at = end;
    }
  });
}).listen(+Deno.args[0]!, "127.0.0.1");
