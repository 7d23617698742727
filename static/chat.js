// @ts-check
/// <reference lib="dom" />
/**
 * The chat page: puts the connection and the parts of the page together.
 *
 * Connection ← `connection.js`; page ← `join_form.js`, `conversation.js`, `composer.js`,
 * `status_line.js`; words ← `page_language.js`.
 */

import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { element } from "./dom.js";
import { JoinForm } from "./join_form.js";
import { startLanguage } from "./page_language.js";
import { chatAddress, parseFrame, roomOfHash } from "./plain_protocol.js";
import { StatusLine } from "./status_line.js";
import { recall, remember } from "./storage.js";

/** There are no receipts: what was sent so shortly before a loss may be lost as well. */
const DOUBT_MS = 5_000;

startLanguage();

const joinView = element("join-view", HTMLElement);
const chatView = element("chat-view", HTMLElement);
const leaveButton = element("leave", HTMLButtonElement);
const roomLine = element("room", HTMLElement);
const roomName = element("room-name", HTMLElement);

let name = "";
let room = roomOfHash(location.hash);
let inChat = false;
let wasConnected = false;
let unread = 0;

const conversation = new Conversation();
const connection = new Connection({ onState: follow, onFrame: receive });
const composer = new Composer(sendMessage);
const joinForm = new JoinForm(recall("nickname") ?? "", (nickname) => {
  joinForm.clearError();
  connect(nickname);
});
const statusLine = new StatusLine(() => {
  if (connection.state.phase === "refused") connect(name);
  else connection.retryNow();
  // The button is gone with its reason, and the focus must not go with it.
  if (inChat) composer.focus();
  else joinForm.focus();
});

leaveButton.addEventListener("click", () => {
  connection.close();
  conversation.clear();
  showJoin();
});
addEventListener("hashchange", changeRoom);
addEventListener("online", () => connection.retryNow());
addEventListener("offline", () => connection.loseNetwork());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  connection.retryNow();
  countUnread(0);
});

showRoom();
showJoin();

/** @param {string} nickname */
function connect(nickname) {
  const nameIsOurs = nickname === name;
  name = nickname;
  connection.open(chatAddress(document.baseURI, name, room), nameIsOurs);
}

/** @param {import("./connection.js").ConnectionState} state */
function follow(state) {
  const connected = state.phase === "connected";
  if (wasConnected && !connected) conversation.doubtOwn(Date.now() - DOUBT_MS);
  wasConnected = connected;
  composer.setConnected(connected);
  joinForm.setBusy(state.phase === "connecting");
  if (state.phase === "connected") {
    if (state.again || !conversation.isEmpty) conversation.note("reconnected");
    if (!inChat) showChat();
  }
  if (state.phase === "refused" && (!inChat || state.remedy !== "stop")) {
    showJoin();
    joinForm.refuse(state.remedy, state.text, { name, room, code: state.code });
  }
  statusLine.show(state, name, inChat);
}

/** @param {unknown} frame */
function receive(frame) {
  const message = parseFrame(frame);
  if (!message) return;
  conversation.add({ ...message, own: false, at: Date.now() });
  if (document.hidden) countUnread(unread + 1);
}

/**
 * Nothing of one's own comes back in the plain protocol, so it is drawn here.
 *
 * @param {string} text
 * @returns {boolean}
 */
function sendMessage(text) {
  if (!connection.send(text)) return false;
  conversation.add({ sender: name, text, own: true, at: Date.now() });
  return true;
}

function showJoin() {
  inChat = false;
  joinView.hidden = false;
  chatView.hidden = true;
  leaveButton.hidden = true;
  joinForm.focus();
}

function showChat() {
  inChat = true;
  remember("nickname", name);
  joinView.hidden = true;
  chatView.hidden = false;
  leaveButton.hidden = false;
  composer.focus();
}

function showRoom() {
  roomName.textContent = room;
  roomLine.hidden = room === "";
}

/** Another room is another conversation, under the same name. */
function changeRoom() {
  const next = roomOfHash(location.hash);
  if (next === room) return;
  room = next;
  showRoom();
  conversation.clear();
  joinForm.clearError();
  const { phase } = connection.state;
  if (inChat || phase !== "idle" && phase !== "refused") connect(name);
  else joinForm.focus();
}

/** @param {number} count messages that came while nobody looked */
function countUnread(count) {
  unread = count;
  document.title = count === 0 ? "Natter" : `(${count}) Natter`;
}
