// @ts-check
/**
 * Every text of the page in three languages, and which of them a person gets.
 *
 * `{name}` in a text is a place for a value. All languages hold the same keys; English defines them.
 */

const ENGLISH = {
  tagline: "Pick a name and start talking.",
  nickname: "Nickname",
  nicknameHint: "Letters, digits or emoji, up to 32 characters. It is yours while you are here.",
  join: "Join",
  roomLabel: "Room",
  goToLobby: "Go to the lobby instead",
  language: "Language",
  leave: "Leave",
  conversation: "Conversation",
  message: "Message",
  messagePlaceholder: "Write a message",
  send: "Send",
  you: "You",
  emptyTitle: "Quiet so far",
  emptyText: "Say hello. You see what is said from now on.",
  jumpToLatest: "New messages: {count}",
  jumpDown: "To the latest",
  enterHint: "Enter sends, Shift+Enter starts a new line",
  bytesLeft: "{count} bytes left",
  messageTooLong: "Too long by {count} bytes. Shorten it, or send it in parts.",
  keptWhileAway: "Not connected: your text stays here until it can be sent.",
  notSent: "Not sent: the connection is gone. Your text is still here.",
  mayBeLost: "May not have arrived",
  reconnected: "Reconnected. Messages sent meanwhile are not shown.",

  connecting: "Connecting…",
  reconnecting: "Reconnecting…",
  connected: "Connected as {name}",
  notConnected: "Not connected",
  offline: "Offline: this device has no network.",
  retryIn: "Trying again in {count} s",
  tryNow: "Try now",

  lost: "The connection was lost.",
  unreachable: "The server cannot be reached.",
  serverClosed: "The server closed the connection.",
  serverRestarting: "The server is restarting.",
  serverTrouble: "The server ran into a problem.",
  serverFull: "The server is full.",
  tooFarBehind: "This page fell too far behind.",
  idle: "The connection went quiet.",
  nameHeld: "The server still holds your name from before the interruption.",

  nameEmpty: "Enter a nickname.",
  nameTooLong: "That name is longer than 32 characters.",
  nameInvalid:
    "The server does not accept the name “{name}”. Use letters, digits or emoji, with single spaces and _ - . between them.",
  nameTaken: "“{name}” is taken. Pick another one.",
  unauthorized: "This server lets you in only with a valid token.",
  roomInvalid: "The room “{room}” does not exist or is not open to you.",
  kicked: "You were removed from this chat.",
  flooding: "You sent too much in too short a time, so the server closed the connection.",
  messageRefused: "The server refused a message as too long and closed the connection.",
  misunderstood: "The server and this page do not understand each other ({code}). Reload the page.",
  refused: "The server closed the connection for good ({code}).",
};

/** @typedef {keyof typeof ENGLISH} TextKey */
/** @typedef {Record<TextKey, string>} Texts */

/** @type {Texts} */
const TRADITIONAL_CHINESE = {
  tagline: "取個名字，就能開始聊。",
  nickname: "暱稱",
  nicknameHint: "可用文字、數字或表情符號，最多 32 個字。你在線上時，這個名字歸你使用。",
  join: "加入",
  roomLabel: "聊天室",
  goToLobby: "改去大廳",
  language: "語言",
  leave: "離開",
  conversation: "對話",
  message: "訊息",
  messagePlaceholder: "輸入訊息",
  send: "傳送",
  you: "我",
  emptyTitle: "還沒有人說話",
  emptyText: "打聲招呼吧。從現在起說的話都會顯示在這裡。",
  jumpToLatest: "新訊息：{count}",
  jumpDown: "回到最新",
  enterHint: "Enter 傳送，Shift+Enter 換行",
  bytesLeft: "還可輸入 {count} 位元組",
  messageTooLong: "超出 {count} 位元組。請縮短，或分成幾則傳送。",
  keptWhileAway: "尚未連線：文字會留在這裡，等連上後再傳送。",
  notSent: "沒有送出：連線已中斷。文字還在這裡。",
  mayBeLost: "可能沒有送達",
  reconnected: "已重新連線。中斷期間的訊息不會顯示。",

  connecting: "連線中…",
  reconnecting: "重新連線中…",
  connected: "已連線：{name}",
  notConnected: "未連線",
  offline: "離線：這部裝置沒有網路。",
  retryIn: "{count} 秒後重試",
  tryNow: "立即重試",

  lost: "連線中斷了。",
  unreachable: "無法連上伺服器。",
  serverClosed: "伺服器關閉了連線。",
  serverRestarting: "伺服器正在重新啟動。",
  serverTrouble: "伺服器發生問題。",
  serverFull: "伺服器已滿。",
  tooFarBehind: "這個頁面落後太多了。",
  idle: "連線太久沒有動靜。",
  nameHeld: "伺服器還保留著你中斷前的名字。",

  nameEmpty: "請輸入暱稱。",
  nameTooLong: "名字超過 32 個字。",
  nameInvalid:
    "伺服器不接受名字「{name}」。請使用文字、數字或表情符號，中間可加單個空格或 _ - . 符號。",
  nameTaken: "名字「{name}」已經有人使用，請換一個。",
  unauthorized: "這個伺服器需要有效的權杖才能進入。",
  roomInvalid: "聊天室「{room}」不存在，或不對你開放。",
  kicked: "你已被移出這個聊天。",
  flooding: "你在短時間內傳送太多訊息，伺服器關閉了連線。",
  messageRefused: "訊息過長，伺服器拒收並關閉了連線。",
  misunderstood: "伺服器與這個頁面無法互相理解（{code}）。請重新載入頁面。",
  refused: "伺服器關閉了連線，無法再連上（{code}）。",
};

/** @type {Texts} */
const SIMPLIFIED_CHINESE = {
  tagline: "取个名字，就能开始聊。",
  nickname: "昵称",
  nicknameHint: "可用文字、数字或表情符号，最多 32 个字。你在线时，这个名字归你使用。",
  join: "加入",
  roomLabel: "聊天室",
  goToLobby: "改去大厅",
  language: "语言",
  leave: "离开",
  conversation: "对话",
  message: "消息",
  messagePlaceholder: "输入消息",
  send: "发送",
  you: "我",
  emptyTitle: "还没有人说话",
  emptyText: "打个招呼吧。从现在起说的话都会显示在这里。",
  jumpToLatest: "新消息：{count}",
  jumpDown: "回到最新",
  enterHint: "Enter 发送，Shift+Enter 换行",
  bytesLeft: "还可输入 {count} 字节",
  messageTooLong: "超出 {count} 字节。请缩短，或分成几条发送。",
  keptWhileAway: "尚未连接：文字会留在这里，等连上后再发送。",
  notSent: "没有发出：连接已断开。文字还在这里。",
  mayBeLost: "可能没有送达",
  reconnected: "已重新连接。断开期间的消息不会显示。",

  connecting: "正在连接…",
  reconnecting: "正在重新连接…",
  connected: "已连接：{name}",
  notConnected: "未连接",
  offline: "离线：此设备没有网络。",
  retryIn: "{count} 秒后重试",
  tryNow: "立即重试",

  lost: "连接断开了。",
  unreachable: "无法连上服务器。",
  serverClosed: "服务器关闭了连接。",
  serverRestarting: "服务器正在重启。",
  serverTrouble: "服务器出现问题。",
  serverFull: "服务器已满。",
  tooFarBehind: "此页面落后太多了。",
  idle: "连接太久没有动静。",
  nameHeld: "服务器还保留着你断开前的名字。",

  nameEmpty: "请输入昵称。",
  nameTooLong: "名字超过 32 个字。",
  nameInvalid:
    "服务器不接受名字“{name}”。请使用文字、数字或表情符号，中间可加单个空格或 _ - . 符号。",
  nameTaken: "名字“{name}”已经有人使用，请换一个。",
  unauthorized: "此服务器需要有效的令牌才能进入。",
  roomInvalid: "聊天室“{room}”不存在，或不对你开放。",
  kicked: "你已被移出此聊天。",
  flooding: "你在短时间内发送太多消息，服务器关闭了连接。",
  messageRefused: "消息过长，服务器拒收并关闭了连接。",
  misunderstood: "服务器与此页面无法互相理解（{code}）。请重新加载页面。",
  refused: "服务器关闭了连接，无法再连上（{code}）。",
};

/** @typedef {"en" | "zh-Hant" | "zh-Hans"} Language */

/** @type {Readonly<Record<Language, Texts>>} */
export const TEXTS = {
  en: ENGLISH,
  "zh-Hant": TRADITIONAL_CHINESE,
  "zh-Hans": SIMPLIFIED_CHINESE,
};

/**
 * @param {string | null | undefined} tag
 * @returns {tag is Language}
 */
export function isLanguage(tag) {
  return tag === "en" || tag === "zh-Hant" || tag === "zh-Hans";
}

/**
 * The language of ours that serves one BCP 47 tag. Chinese follows the script where the tag names
 * it, and the region's usual script where not.
 *
 * @param {string} tag
 * @returns {Language | undefined}
 */
function languageOf(tag) {
  const parts = tag.toLowerCase().split(/[-_]/);
  if (parts[0] === "en") return "en";
  if (parts[0] !== "zh" && parts[0] !== "yue") return undefined;
  if (parts.includes("hant")) return "zh-Hant";
  if (parts.includes("hans")) return "zh-Hans";
  const traditional = parts[0] === "yue" ||
    ["tw", "hk", "mo"].some((region) => parts.includes(region));
  return traditional ? "zh-Hant" : "zh-Hans";
}

/**
 * @param {readonly string[]} preferred language tags, the most wanted first (`navigator.languages`)
 * @param {string | null} [chosen] what the person chose with the switch, if ever
 * @returns {Language}
 */
export function chooseLanguage(preferred, chosen) {
  if (isLanguage(chosen)) return chosen;
  for (const tag of preferred) {
    const language = languageOf(tag);
    if (language) return language;
  }
  return "en";
}
