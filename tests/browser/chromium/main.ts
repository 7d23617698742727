/**
 * Prints the path of Chromium, which is unpacked where it was not yet. A program with a lock of its
 * own: `deno task` downloads all that is in the project's, and who runs the chat needs no browser.
 *
 * @module
 */

import chromium from "@sparticuz/chromium";
import { tmpdir } from "node:os";

// Who comes while another unpacks it would find half of it.
using turn = await Deno.open(`${tmpdir()}/natter-chromium.lock`, {
  create: true,
  write: true,
});
await turn.lock(true);
console.log(await chromium.executablePath());
