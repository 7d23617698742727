// @ts-check
/**
 * Every text of the chat in three languages, and which of them a person gets.
 *
 * `{name}` in a text is a place for a value, `one|many` two texts for a count.
 */

/** @typedef {"en" | "zh-Hant" | "zh-Hans"} Language */

/**
 * Each text by its key: in English, in Traditional Chinese, in Simplified Chinese.
 *
 * @satisfies {Record<string, readonly [en: string, hant: string, hans: string]>}
 */
const ALL = {
  tagline: ["Pick a name and start talking.", "取個名字，就能開始聊。", "取个名字，就能开始聊。"],
  joinView: ["Join the chat", "加入聊天", "加入聊天"],
  nickname: ["Nickname", "暱稱", "昵称"],
  nicknameHint: [
    "Letters, digits or emoji, up to 32 characters.",
    "可用文字、數字或表情符號，最多 32 個字。",
    "可用文字、数字或表情符号，最多 32 个字。",
  ],
  roomLabel: ["Room", "聊天室", "聊天室"],
  joinsRoom: ["Room: {room}", "聊天室：{room}", "聊天室：{room}"],
  join: ["Join", "加入", "加入"],
  otherNames: ["Names that may be free", "可能還可以使用的名字", "可能还可以使用的名字"],
  goToLobby: ["Go to the lobby instead", "改去大廳", "改去大厅"],

  sidebar: ["Conversations and settings", "對話與設定", "对话与设置"],
  openSidebar: ["Show conversations and settings", "顯示對話與設定", "显示对话与设置"],
  openSidebarUnread: [
    "Show conversations and settings, {count} unread",
    "顯示對話與設定，{count} 則未讀",
    "显示对话与设置，{count} 条未读",
  ],
  openPeople: ["Show who is here", "顯示在場的人", "显示在场的人"],
  close: ["Close", "關閉", "关闭"],
  conversations: ["Conversations", "對話", "对话"],
  rooms: ["Rooms", "聊天室", "聊天室"],
  otherRoom: ["Another room", "其他聊天室", "其他聊天室"],
  openRoom: ["Open the room", "開啟聊天室", "打开聊天室"],
  leaveRoom: ["Leave {name}", "離開{name}", "离开{name}"],
  directMessages: ["Direct messages", "私訊", "私信"],
  closeDirect: ["Close the conversation with {name}", "關閉與{name}的對話", "关闭与{name}的对话"],
  writeTo: ["Write to {name}", "私訊{name}", "私信{name}"],
  unreadCount: ["{count} unread", "{count} 則未讀", "{count} 条未读"],
  unreadMentions: [
    "{count} unread, {mentions} for you",
    "{count} 則未讀，其中 {mentions} 則提到你",
    "{count} 条未读，其中 {mentions} 条提到你",
  ],
  people: ["People", "成員", "成员"],
  peopleTitle: ["{count} person here|{count} people here", "{count} 人在場", "{count} 人在场"],
  peopleMore: ["and {count} more", "還有 {count} 人", "还有 {count} 人"],
  peopleHere: ["{count} here", "{count} 人在場", "{count} 人在场"],
  alone: [
    "Only people on the same instance of this server are here.",
    "這裡只有連到同一個伺服器執行個體的人。",
    "这里只有连接到同一个服务器实例的人。",
  ],
  settings: ["Settings", "設定", "设置"],
  language: ["Language", "語言", "语言"],
  theme: ["Colours", "色彩", "颜色"],
  themeAuto: ["System", "依系統", "跟随系统"],
  themeLight: ["Light", "淺色", "浅色"],
  themeDark: ["Dark", "深色", "深色"],
  sound: ["Sound for new messages", "新訊息提示音", "新消息提示音"],
  notifications: ["Notify me when I am called", "有人找我時通知我", "有人找我时通知我"],
  notificationsBlocked: [
    "This browser does not allow notifications here.",
    "瀏覽器不允許此處顯示通知。",
    "浏览器不允许此处显示通知。",
  ],
  leave: ["Leave", "離開", "离开"],

  chat: ["Chat", "聊天", "聊天"],
  conversation: ["Conversation", "對話", "对话"],
  you: ["You", "我", "我"],
  emptyTitle: ["Quiet so far", "還沒有人說話", "还没有人说话"],
  emptyText: ["Say hello.", "打聲招呼吧。", "打个招呼吧。"],
  beginningOfRoom: ["This is where {room} begins.", "{room}從這裡開始。", "{room}从这里开始。"],
  beginningWith: [
    "This is where you and {name} begin.",
    "你與{name}的對話從這裡開始。",
    "你与{name}的对话从这里开始。",
  ],
  loadingOlder: ["Earlier messages…", "較早的訊息…", "较早的消息…"],
  newFromHere: ["New", "新訊息", "新消息"],
  newMessages: ["{count} new message|{count} new messages", "{count} 則新訊息", "{count} 条新消息"],
  jumpDown: ["To the latest", "回到最新", "回到最新"],
  deleted: ["Deleted", "訊息已刪除", "消息已删除"],
  delete: ["Delete", "刪除", "删除"],
  deleteReally: ["Delete it?", "確定刪除？", "确定删除？"],
  gap: [
    "{count} message is missing here|{count} messages are missing here",
    "這裡缺少 {count} 則訊息",
    "这里缺少 {count} 条消息",
  ],
  notRecovered: [
    "The server began a new history here. Something before may be missing.",
    "伺服器從這裡開始新的紀錄，先前的訊息可能有缺漏。",
    "服务器从这里开始新的记录，之前的消息可能有缺漏。",
  ],
  sending: ["Sending…", "傳送中…", "发送中…"],
  notSent: ["Not sent", "沒有送出", "没有发出"],
  perhapsSent: ["May have been sent", "可能已送出", "可能已发出"],
  retry: ["Try again", "重試", "重试"],
  discard: ["Discard", "捨棄", "舍弃"],
  problemTooLarge: [
    "Not sent: too long for this server",
    "沒有送出：超過伺服器的長度上限",
    "没有发出：超过服务器的长度上限",
  ],
  problemNoUser: [
    "Not sent: nobody has this name now",
    "沒有送出：目前沒有人使用這個名字",
    "没有发出：目前没有人使用这个名字",
  ],
  problemForbidden: [
    "Not sent: this room is not open to you",
    "沒有送出：這個聊天室不對你開放",
    "没有发出：这个聊天室不对你开放",
  ],
  problemQueueFull: [
    "Not sent: too many messages are waiting",
    "沒有送出：等待傳送的訊息太多",
    "没有发出：等待发送的消息太多",
  ],
  problemExpired: ["Not sent in time", "未能及時送出", "未能及时发出"],
  problemClosed: ["Not sent: the chat was closed", "沒有送出：聊天已關閉", "没有发出：聊天已关闭"],
  actionFailed: ["That did not work: {reason}", "操作失敗：{reason}", "操作失败：{reason}"],

  message: ["Message", "訊息", "消息"],
  messagePlaceholder: ["Write a message", "輸入訊息", "输入消息"],
  send: ["Send", "傳送", "发送"],
  enterHint: [
    "Enter sends, Shift+Enter starts a new line",
    "Enter 傳送，Shift+Enter 換行",
    "Enter 发送，Shift+Enter 换行",
  ],
  bytesLeft: [
    "{count} byte left|{count} bytes left",
    "還可輸入 {count} 位元組",
    "还可输入 {count} 字节",
  ],
  messageTooLong: [
    "Too long by {count} byte. Shorten it, or send it in parts.|Too long by {count} bytes. Shorten it, or send it in parts.",
    "超出 {count} 位元組。請縮短，或分成幾則傳送。",
    "超出 {count} 字节。请缩短，或分成几条发送。",
  ],
  keptWhileClosed: [
    "The chat is closed. Your text stays here.",
    "聊天已關閉，文字會留在這裡。",
    "聊天已关闭，文字会留在这里。",
  ],
  typingOne: ["{name} is typing…", "{name}正在輸入…", "{name}正在输入…"],
  typingTwo: [
    "{name} and {other} are typing…",
    "{name}和{other}正在輸入…",
    "{name}和{other}正在输入…",
  ],
  typingMany: ["{count} people are typing…", "{count} 人正在輸入…", "{count} 人正在输入…"],

  connecting: ["Connecting…", "連線中…", "正在连接…"],
  reconnecting: ["Reconnecting…", "重新連線中…", "正在重新连接…"],
  notConnected: ["Not connected", "未連線", "未连接"],
  byWebSocket: ["Live by WebSocket", "以 WebSocket 連線", "以 WebSocket 连接"],
  byEvents: ["Live by events", "以事件串流連線", "以事件流连接"],
  byPolling: ["Live by polling", "以輪詢連線", "以轮询连接"],
  offline: ["This device is offline.", "這部裝置沒有網路。", "此设备没有网络。"],
  retryIn: ["Again in {count} s", "{count} 秒後重試", "{count} 秒后重试"],
  tryNow: ["Try now", "立即重試", "立即重试"],
  joinAgain: ["Join again", "重新加入", "重新加入"],
  chooseOther: ["Choose another", "另選一個", "另选一个"],
  unsent: ["{count} unsent", "{count} 則未送出", "{count} 条未发出"],

  lost: ["The connection was lost.", "連線中斷了。", "连接断开了。"],
  unreachable: ["The server cannot be reached.", "無法連上伺服器。", "无法连上服务器。"],
  serverClosed: ["The server closed the connection.", "伺服器關閉了連線。", "服务器关闭了连接。"],
  serverRestarting: ["The server is restarting.", "伺服器正在重新啟動。", "服务器正在重启。"],
  serverTrouble: ["The server ran into a problem.", "伺服器發生問題。", "服务器出现问题。"],
  serverFull: ["The server is full.", "伺服器已滿。", "服务器已满。"],
  tooFarBehind: ["This page fell too far behind.", "這個頁面落後太多了。", "此页面落后太多了。"],

  nameEmpty: ["Enter a nickname.", "請輸入暱稱。", "请输入昵称。"],
  nameTooLong: [
    "That name is longer than 32 characters.",
    "名字超過 32 個字。",
    "名字超过 32 个字。",
  ],
  nameInvalid: [
    "The server does not accept the name “{name}”. Use letters, digits or emoji, with single spaces and _ - . between them.",
    "伺服器不接受名字「{name}」。請使用文字、數字或表情符號，中間可加單個空格或 _ - . 符號。",
    "服务器不接受名字“{name}”。请使用文字、数字或表情符号，中间可加单个空格或 _ - . 符号。",
  ],
  nameTaken: [
    "“{name}” is taken. Pick another one.",
    "名字「{name}」已經有人使用，請換一個。",
    "名字“{name}”已经有人使用，请换一个。",
  ],
  unauthorized: [
    "This server lets you in only with a valid token.",
    "這個伺服器需要有效的權杖才能進入。",
    "此服务器需要有效的令牌才能进入。",
  ],
  roomInvalid: [
    "The room “{room}” does not exist or is not open to you.",
    "聊天室「{room}」不存在，或不對你開放。",
    "聊天室“{room}”不存在，或不对你开放。",
  ],
  kicked: ["You were removed from this chat.", "你已被移出這個聊天。", "你已被移出此聊天。"],
  flooding: [
    "You sent too much in too short a time, so the server closed the connection.",
    "你在短時間內傳送太多訊息，伺服器關閉了連線。",
    "你在短时间内发送太多消息，服务器关闭了连接。",
  ],
  messageRefused: [
    "The server refused a message as too long and closed the connection.",
    "訊息過長，伺服器拒收並關閉了連線。",
    "消息过长，服务器拒收并关闭了连接。",
  ],
  misunderstood: [
    "The server and this page do not understand each other ({code}). Reload the page.",
    "伺服器與這個頁面無法互相理解（{code}）。請重新載入頁面。",
    "服务器与此页面无法互相理解（{code}）。请重新加载页面。",
  ],
  refused: [
    "The server closed the connection for good ({code}).",
    "伺服器關閉了連線，無法再連上（{code}）。",
    "服务器关闭了连接，无法再连上（{code}）。",
  ],
};

/** @typedef {keyof typeof ALL} TextKey */
/** @typedef {Record<TextKey, string>} Texts */

/** @type {Readonly<Record<Language, Texts>>} */
export const TEXTS = { en: column(0), "zh-Hant": column(1), "zh-Hans": column(2) };

/** @param {0 | 1 | 2} index @returns {Texts} */
function column(index) {
  const texts = Object.entries(ALL).map(([key, row]) => [key, row[index]]);
  return /** @type {Texts} */ (Object.fromEntries(texts));
}

/**
 * @param {string | null | undefined} tag
 * @returns {tag is Language}
 */
function isLanguage(tag) {
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
