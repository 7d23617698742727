/**
 * The files of the page, read once.
 *
 * @module
 */

import { constants, gzipSync } from "node:zlib";
import { eTag } from "@std/http/etag";

/** A file as it is served: read from the disk, or made of what the program knows. */
export interface Asset {
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same in gzip. */
  readonly gzip: Uint8Array<ArrayBuffer>;
  /** Its `Content-Type`. */
  readonly type: string;
  /** Whether pages of other origins may load it: it is part of `<natter-chat>` or of the client. */
  readonly isShared: boolean;
  /** Its validator: weak, since one stands for both encodings (RFC 9110, section 8.8.3.3). */
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Reads every file of a directory; not of those below it.
 *
 * @param directory A path.
 * @param options `isAlone`: the page is to say that others may be on instances of which this one knows nothing.
 * @returns The files by the path to serve them at: `/` and the file's name; `index.html` also at `/`, other
 * pages also without `.html`.
 * @throws {TypeError} If a file's name has no known ending.
 */
export async function loadAssets(
  directory: string,
  { isAlone = false }: { readonly isAlone?: boolean } = {},
): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (!isFile) continue;
    const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
    if (type === undefined) throw new TypeError(`Cannot serve "${name}": unknown type of file`);
    let text = await Deno.readTextFile(`${directory}/${name}`);
    if (isAlone && name === "index.html") text = text.replace("<natter-chat ", "$&alone ");
    // Scripts are public text; who may talk to the server is another question (`origin.ts`).
    const isShared = name.endsWith(".js");
    const asset = await createAsset(isShared ? slim(text, name) : text, type, isShared);
    assets.set(`/${name}`, asset);
    if (name === "index.html") assets.set("/", asset);
    else if (name.endsWith(".html")) assets.set(`/${name.slice(0, -".html".length)}`, asset);
  }
  return assets;
}

/**
 * Makes a file of a text.
 *
 * @param text The text.
 * @param type Its `Content-Type`.
 * @param isShared Whether pages of other origins may load it.
 */
export async function createAsset(text: string, type: string, isShared: boolean): Promise<Asset> {
  const bytes = new TextEncoder().encode(text);
  // Made once and served often: at its best level, which `CompressionStream` does not offer, and in blocks of
  // moderate size, each with the codes that suit it.
  const options = { level: constants.Z_BEST_COMPRESSION, memLevel: 6 };
  const gzip = new Uint8Array(gzipSync(bytes, options));
  return { bytes, gzip, type, isShared, etag: await eTag(bytes, { weak: true }) };
}

/** A text, or a template that holds no other. */
const TEXT = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/;
/** A regular expression: it begins where no value can have ended, else it is a division. */
const PATTERN =
  /(?<=(?:[=(,:!&|?{}[;>\n]|\breturn)[ \t]*)\/(?![/*])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//;
const COMMENT = /\/\*[^]*?\*\/|\/\/.*/;
/** Spaces that hold no two words apart, nor two signs that would be another one together. */
const SPACE = /(?<![\w$#])[ \t]+(?![+-])|[ \t]+(?![\w$#+-])/;
const PARTS = new RegExp(
  `(${TEXT.source}|${PATTERN.source})|(${COMMENT.source})|${SPACE.source}`,
  "g",
);

/**
 * Leaves out what a browser does not need of a script, a quarter of what would go over the wire: comments, indentation,
 * and spaces around signs. Line breaks stay, so that an error is told with its line in the source. The client
 * module keeps what documents it: its types are there, for all who import it.
 *
 * @param source A script as `deno fmt` leaves it, in ASCII but for its texts, whose templates hold no others and do
 *   not care for indentation, with no comment between two words of a line and no regular expression behind `)`.
 * @param name The name of its file.
 *
 * @internal
 */
export function slim(source: string, name: string): string {
  const documentation = name === "natter.js" ? /^\/\*\*|^\/\/\/| @ts-/ : /^$/;
  return source.replace(PARTS, (_, kept?: string, comment?: string) => {
    if (kept !== undefined) return kept.replace(/^[ \t]+/gm, "");
    if (comment === undefined) return "";
    return documentation.test(comment)
      ? comment.replace(/^[ \t]+/gm, "")
      : comment.replace(/[^\n]+/g, "");
  });
}
