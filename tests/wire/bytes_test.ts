import { assertEquals, assertThrows } from "@std/assert";
import { parseBytes } from "../../lib/wire/bytes.ts";

const ARTICLE = "81870ec3f3cd3bf6c6f83bf6c6";

for (
  const [text, hex] of [
    ["81 05 48 65 6c 6c 6f", "810548656c6c6f"],
    ["810548656C6C6F", "810548656c6c6f"],
    ["0x81, 0x05, 0x48", "810548"],
    ["81:05:48\n 65", "81054865"],
    ["81 05 | 48-65", "81054865"],
    ["0 1", "01"],
    [String.raw`b'\x81\x87\x0e\xc3\xf3\xcd;\xf6\xc6\xf8;\xf6\xc6'`, ARTICLE],
    // As the web page shows it.
    ["b'/x81/x87/x0e/xc3/xf3/xcd;/xf6/xc6/xf8;/xf6/xc6'", ARTICLE],
    [String.raw`\x81\x05Hello`, "810548656c6c6f"],
    [String.raw`b"\x81\x06a\n\r\t\\'"`, "8106610a0d095c27"],
    ["b'Hello'", "48656c6c6f"],
  ] as const
) {
  Deno.test(`bytes are read: ${JSON.stringify(text)}`, () => {
    assertEquals(parseBytes(text).toHex(), hex);
  });
}

for (
  const [text, words] of [
    ["", "There are no bytes to explain"],
    [" , ", "There are no bytes to explain"],
    ["b''", "There are no bytes to explain"],
    ["81 5", "Half a byte is missing"],
    ["hello", '"h" is no hexadecimal digit'],
    [String.raw`b'\x81\xg'`, "This is not how Python writes a byte"],
    [String.raw`\x81 é`, "This is not how Python writes a byte"],
    ["GET /ws HTTP/1.1\r\nHost: a", "This is the text of a handshake"],
    [String.raw`b'GET /ws/ HTTP/1.1\r\nHost: a'`, "This is the text of a handshake"],
    ["HTTP/1.1 101 Switching Protocols", "This is the text of a handshake"],
    ["47 45 54 20 2f 77 73", "This is the text of a handshake"],
  ] as const
) {
  Deno.test(`bytes are refused in one line: ${JSON.stringify(text)}`, () => {
    const { message } = assertThrows(() => parseBytes(text), TypeError, words);
    assertEquals(message.split("\n").length, 1);
  });
}
