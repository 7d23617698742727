// @ts-check
/**
 * What a message's text is made of: words, links, code. A pure function from text to pieces; nothing
 * of it is ever read as HTML.
 *
 * @typedef {{ type: "text", text: string }
 *   | { type: "code", text: string }
 *   | { type: "block", text: string }
 *   | { type: "link", text: string, href: string }} Piece
 */

/** A link ends at white space, quotes, brackets, and what would turn the direction of the text. */
const LINK =
  /https?:\/\/[^\s<>"'`\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069，。！？；：、（）「」『』【】《》“”‘’]+/giu;
const FENCE = "```";
const LARGE_EMOJI_MAX = 6;

/**
 * @param {string} body
 * @returns {Piece[]} which together say the same, less the marks of code
 */
export function parseBody(body) {
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  while (at < body.length) {
    const open = body.indexOf(FENCE, at);
    const close = open < 0 ? -1 : body.indexOf(FENCE, open + FENCE.length);
    if (close < 0) break;
    parseLine(body.slice(at, open).replace(/\n$/, ""), pieces);
    const code = body.slice(open + FENCE.length, close);
    // A word right behind the fence names the language; it is no part of the code.
    const text = code.replace(/^[\w+#-]*\n/, "").replace(/\n$/, "");
    if (text !== "") pieces.push({ type: "block", text });
    at = close + FENCE.length;
    if (body[at] === "\n") at++;
  }
  parseLine(body.slice(at), pieces);
  return pieces;
}

/**
 * @param {string} text without code blocks
 * @param {Piece[]} pieces
 */
function parseLine(text, pieces) {
  let at = 0;
  for (const { 0: marked, 1: code = "", index } of text.matchAll(/`([^`\n]+)`/g)) {
    parseLinks(text.slice(at, index), pieces);
    pieces.push({ type: "code", text: code });
    at = index + marked.length;
  }
  parseLinks(text.slice(at), pieces);
}

/**
 * @param {string} text without code
 * @param {Piece[]} pieces
 */
function parseLinks(text, pieces) {
  let at = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const link = trimLink(found);
    if (!isSafe(link)) continue;
    if (index > at) pieces.push({ type: "text", text: text.slice(at, index) });
    pieces.push({ type: "link", text: link, href: link });
    at = index + link.length;
  }
  if (at < text.length) pieces.push({ type: "text", text: text.slice(at) });
}

/**
 * The sentence's own punctuation is no part of the link, nor a bracket that was opened before it.
 *
 * @param {string} link
 */
function trimLink(link) {
  let end = link.length;
  let opened = 0;
  for (const character of link) opened += character === "(" ? 1 : character === ")" ? -1 : 0;
  for (; end > 0; end--) {
    const last = link[end - 1] ?? "";
    if (last === ")" && opened < 0) opened++;
    else if (!".,:;!?*_~]}".includes(last)) break;
  }
  return link.slice(0, end);
}

/** @param {string} link */
function isSafe(link) {
  if (!URL.canParse(link)) return false;
  const { protocol, username, password, host } = new URL(link);
  // A name before the host shows one place and leads to another: https://bank.example@evil.example
  return /^https?:$/.test(protocol) && username === "" && password === "" && host !== "";
}

/**
 * @param {string} body
 * @returns {boolean} nothing but a few emoji
 */
export function isLargeEmoji(body) {
  const text = body.trim();
  if (
    text === "" || text.length > 120 ||
    !/\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(text)
  ) {
    return false;
  }
  const rest = text.replace(
    /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f\u20e3\u{e0020}-\u{e007f}\s]/gu,
    "",
  );
  const count = text.match(
    /\p{Regional_Indicator}{2}|\p{Extended_Pictographic}(?:\u200d\p{Extended_Pictographic}|[\ufe0f\p{Emoji_Modifier}])*/gu,
  );
  return rest === "" && (count?.length ?? 0) <= LARGE_EMOJI_MAX;
}
