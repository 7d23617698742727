/**
 * Frames, and how each reads when it is explained.
 *
 * @module
 */

/** The name of an explanation, the bytes in hexadecimal, and what is to be read. */
export const GOLDEN: readonly [name: string, hex: string, text: string][] = [
  [
    "an unmasked text",
    "81 05 48 65 6c 6c 6f",
    `Frame 1, from a server: text, 7 bytes
  81  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 0001  opcode  1, text
  05  0... ....  MASK    0, not masked: a server's frame
      .000 0101  length  5, in these 7 bits
  48 65 6c 6c 6f  payload
   H  e  l  l  o  in ASCII
                 text    "Hello"`,
  ],
  [
    "a masked text",
    "81 85 37 fa 21 3d 7f 9f 4d 51 58",
    `Frame 1, from a client: text, 11 bytes
  81  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 0001  opcode  1, text
  85  1... ....  MASK    1, masked with a key: a client's frame
      .000 0101  length  5, in these 7 bits
  37 fa 21 3d    key     of the mask, 4 bytes
  7f 9f 4d 51 58  payload, masked
  37 fa 21 3d 37  XOR the key, over and over
  48 65 6c 6c 6f  gives the text
   H  e  l  l  o  in ASCII
                 text    "Hello"`,
  ],
  [
    "the frame of the article",
    "81 87 0e c3 f3 cd 3b f6 c6 f8 3b f6 c6",
    `Frame 1, from a client: text, 13 bytes
  81  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 0001  opcode  1, text
  87  1... ....  MASK    1, masked with a key: a client's frame
      .000 0111  length  7, in these 7 bits
  0e c3 f3 cd    key     of the mask, 4 bytes
  3b f6 c6 f8 3b f6 c6  payload, masked
  0e c3 f3 cd 0e c3 f3  XOR the key, over and over
  35 35 35 35 35 35 35  gives the text
   5  5  5  5  5  5  5  in ASCII
                 text    "5555555"`,
  ],
  [
    "a text in two frames, with a ping between them, and a close",
    "01 03 48 65 6c | 89 05 48 65 6c 6c 6f | 80 02 6c 6f | 88 05 03 e8 62 79 65 | 81 00",
    `Frame 1, from a server: text, 5 bytes
  01  0... ....  FIN     0, the message goes on in another frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 0001  opcode  1, text
  03  0... ....  MASK    0, not masked: a server's frame
      .000 0011  length  3, in these 7 bits
  48 65 6c       payload
   H  e  l       in ASCII
                 text    "Hel"

Frame 2, from a server: ping, 7 bytes
  89  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 1001  opcode  9, ping
  05  0... ....  MASK    0, not masked: a server's frame
      .000 0101  length  5, in these 7 bits
  48 65 6c 6c 6f  Hello  payload

Frame 3, from a server: continuation, 4 bytes
  80  1... ....  FIN     1, the message ends here
      .000 ....  RSV1-3  000, no extension is in use
      .... 0000  opcode  0, continuation
  02  0... ....  MASK    0, not masked: a server's frame
      .000 0010  length  2, in these 7 bits
  6c 6f          payload
   l  o          in ASCII
                 text    "lo"
                 message whole, of 2 frames: "Hello"

Frame 4, from a server: close, 7 bytes
  88  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 1000  opcode  8, close
  05  0... ....  MASK    0, not masked: a server's frame
      .000 0101  length  5, in these 7 bits
  03 e8 62 79 65  ··bye  payload
  03 e8          code    1000, normal: what was wanted is done
                 reason  "bye"
                 then    a client may come back by itself, after a random delay

After a close frame nothing is read: 2 bytes ignored.`,
  ],
  [
    "a masked pong",
    "8a 85 37 fa 21 3d 7f 9f 4d 51 58",
    `Frame 1, from a client: pong, 11 bytes
  8a  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 1010  opcode  10, pong
  85  1... ....  MASK    1, masked with a key: a client's frame
      .000 0101  length  5, in these 7 bits
  37 fa 21 3d    key     of the mask, 4 bytes
  7f 9f 4d 51 58  payload, masked
  37 fa 21 3d 37  XOR the key, over and over
  48 65 6c 6c 6f  Hello  gives the payload`,
  ],
  [
    "a binary of 18 bytes, which takes two rows",
    `82 12 ${"41".repeat(17)} 0a`,
    `Frame 1, from a server: binary, 20 bytes
  82  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 0010  opcode  2, binary
  12  0... ....  MASK    0, not masked: a server's frame
      .001 0010  length  18, in these 7 bits
  41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41  AAAAAAAAAAAAAAAA  payload
  41 0a                                            A·`,
  ],
  [
    "an empty close",
    "88 00",
    `Frame 1, from a server: close, 2 bytes
  88  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 1000  opcode  8, close
  00  0... ....  MASK    0, not masked: a server's frame
      .000 0000  length  0, in these 7 bits
                 code    1005, no code: the close frame is empty, and this number is never sent
                 then    a client may come back by itself, after a random delay`,
  ],
  [
    "a header with a forbidden bit, whose payload means nothing then",
    "c1 01 61",
    `Frame 1, from a server: text, 3 bytes
  c1  1... ....  FIN     1, whole in one frame
      .100 ....  RSV1-3  100, but no extension was agreed on
      .... 0001  opcode  1, text
  01  0... ....  MASK    0, not masked: a server's frame
      .000 0001  length  1, in these 7 bits
  ✗ Cannot read frame: reserved bits are 4
    the answer is a close, 1002, protocol error: the other side broke RFC 6455`,
  ],
  [
    "what is cut off after a byte",
    "81",
    `Frame 1, from a server: cut off
  81
  A header has at least 2 bytes, and 1 is here.`,
  ],
  [
    "what is cut off in a long length",
    "81 fe 01",
    `Frame 1, from a client: cut off
  81  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 0001  opcode  1, text
  fe  1... ....  MASK    1, masked with a key: a client's frame
      .111 1110  length  126, so the next 2 bytes tell it
  Of the header's 8 bytes 3 are here.`,
  ],
  [
    "what is cut off in the payload",
    "81 85 37 fa 21 3d 7f 9f",
    `Frame 1, from a client: cut off
  81  1... ....  FIN     1, whole in one frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 0001  opcode  1, text
  85  1... ....  MASK    1, masked with a key: a client's frame
      .000 0101  length  5, in these 7 bits
  37 fa 21 3d    key     of the mask, 4 bytes
  7f 9f          payload, masked
  37 fa          XOR the key, over and over
  48 65          gives the text
   H  e          in ASCII
                 text    "He"
  Of the payload's 5 bytes 2 are here.`,
  ],
  [
    "a message whose end is missing",
    "02 00",
    `Frame 1, from a server: binary, 2 bytes
  02  0... ....  FIN     0, the message goes on in another frame
      .000 ....  RSV1-3  000, no extension is in use
      .... 0010  opcode  2, binary
  00  0... ....  MASK    0, not masked: a server's frame
      .000 0000  length  0, in these 7 bits

The message goes on: its last frame, with FIN 1, is still to come.`,
  ],
];
