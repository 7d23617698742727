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
  // Made once and served often: at its best level, which `CompressionStream` does not offer.
  const gzip = new Uint8Array(gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
  return { bytes, gzip, type, isShared, etag: await eTag(bytes, { weak: true }) };
}

/**
 * Leaves out what a browser does not need of a script, two fifths of what would go over the wire: indentation,
 * comments on lines of their own, and types wherever they stand. Line breaks stay, so that an error is told with
 * its line in the source. The client module keeps what documents it: its types are there, for all who import it.
 *
 * @param source A script in whose texts none of these matters.
 * @param name The name of its file.
 *
 * @internal
 */
export function slim(source: string, name: string): string {
  const comment = name === "natter.js"
    ? /^[ \t]*\/\/(?!\/| @ts-).*$/gm
    : /(?<=^|[\s(])\/\*\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*|^[ \t]*\/\/.*$/gm;
  return source.replace(comment, (text) => text.replace(/[^\n]+/g, "")).replace(/^[ \t]+/gm, "");
}
