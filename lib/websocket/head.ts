/**
 * The head of an HTTP message, as far as a handshake writes one (RFC 9110 sections 5.5 and 5.6.2).
 *
 * @module
 */

const encoder = new TextEncoder();

/** A token, as names of fields and subprotocols are (RFC 9110 §5.6.2). */
export const TOKEN: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** A field's value (RFC 9110 §5.5), without obs-text: nothing that could end a line or need an encoding. */
export const FIELD_VALUE: RegExp = /^[\t\x20-\x7e]*$/;

/**
 * Writes a head.
 *
 * @param startLine Its first line.
 * @param fields Names and values, in their order.
 * @returns Its bytes, with the empty line.
 * @throws {SyntaxError} If a name is not a token, or a value holds anything but printable ASCII.
 */
export function encodeHead(startLine: string, fields: [string, string][]): Uint8Array<ArrayBuffer> {
  let head = `${startLine}\r\n`;
  for (const [name, value] of fields) {
    if (!FIELD_VALUE.test(value)) {
      throw new SyntaxError(`Cannot encode handshake: ${name} is ${JSON.stringify(value)}`);
    }
    head += `${tokenOf(name)}: ${value}\r\n`;
  }
  return encoder.encode(`${head}\r\n`);
}

/**
 * Lets a text pass that is a token.
 *
 * @param text The text.
 * @throws {SyntaxError} If it is none.
 */
export function tokenOf(text: string): string {
  if (TOKEN.test(text)) return text;
  throw new SyntaxError(`Cannot encode handshake: ${JSON.stringify(text)} is not a token`);
}
