// @ts-check
/// <reference lib="dom" />
/** The shell around the chat: the window's title, address, language, colours, and keyboard. */

const chat = /** @type {HTMLElement} */ (document.querySelector("natter-chat"));
const { documentElement: page } = document;

function followAddress() {
  const room = new URLSearchParams(location.hash.slice(1)).get("room");
  if (room) chat.setAttribute("room", room);
  else chat.removeAttribute("room");
}

/** @param {string} type @param {(detail: any) => void} take */
function listen(type, take) {
  chat.addEventListener(type, (event) => take(/** @type {CustomEvent} */ (event).detail));
}

listen("natter-unread", ({ count, calls }) => {
  const badge = calls > 0 ? `(${calls}!) ` : count > 0 ? `(${count}) ` : "";
  document.title = `${badge}Natter`;
});
listen("natter-settings", ({ language, theme }) => {
  page.lang = language;
  page.dataset["theme"] = theme;
});
addEventListener("hashchange", followAddress);
followAddress();

// Where the keyboard covers the page in place of making it smaller, as on an iPhone.
const { visualViewport } = globalThis;
visualViewport?.addEventListener("resize", () => {
  if (visualViewport.scale !== 1) return;
  page.style.setProperty("--visible-height", `${visualViewport.height}px`);
  page.scrollTop = 0;
});

// Only now: it begins with what the address says, and is heard from its first word on.
await import("./natter-element.js");
