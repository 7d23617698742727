// @ts-check
/**
 * Every text of the chat in three languages, and which of them a person gets.
 *
 * `{name}` in a text is a place for a value, `one|many` two texts for a count. All languages hold the
 * same keys; English defines them.
 */

const ENGLISH = {
  tagline: "Pick a name and start talking.",
  joinView: "Join the chat",
  nickname: "Nickname",
  nicknameHint: "Letters, digits or emoji, up to 32 characters.",
  roomLabel: "Room",
  joinsRoom: "Room: {room}",
  join: "Join",
  otherNames: "Names that may be free",
  goToLobby: "Go to the lobby instead",

  sidebar: "Conversations and settings",
  openSidebar: "Show conversations and settings",
  openSidebarUnread: "Show conversations and settings, {count} unread",
  openPeople: "Show who is here",
  close: "Close",
  conversations: "Conversations",
  rooms: "Rooms",
  otherRoom: "Another room",
  openRoom: "Open the room",
  leaveRoom: "Leave {name}",
  directMessages: "Direct messages",
  closeDirect: "Close the conversation with {name}",
  writeTo: "Write to {name}",
  unreadCount: "{count} unread",
  unreadMentions: "{count} unread, {mentions} for you",
  people: "People",
  peopleTitle: "{count} person here|{count} people here",
  peopleMore: "and {count} more",
  peopleHere: "{count} here",
  alone: "Only people on the same instance of this server are here.",
  settings: "Settings",
  language: "Language",
  theme: "Colours",
  themeAuto: "System",
  themeLight: "Light",
  themeDark: "Dark",
  sound: "Sound for new messages",
  notifications: "Notify me when I am called",
  notificationsBlocked: "This browser does not allow notifications here.",
  leave: "Leave",

  chat: "Chat",
  conversation: "Conversation",
  you: "You",
  emptyTitle: "Quiet so far",
  emptyText: "Say hello.",
  beginningOfRoom: "This is where {room} begins.",
  beginningWith: "This is where you and {name} begin.",
  loadingOlder: "Earlier messages…",
  newFromHere: "New",
  newMessages: "{count} new message|{count} new messages",
  jumpDown: "To the latest",
  deleted: "Deleted",
  delete: "Delete",
  deleteReally: "Delete it?",
  gap: "{count} message is missing here|{count} messages are missing here",
  notRecovered: "The server began a new history here. Something before may be missing.",
  sending: "Sending…",
  notSent: "Not sent",
  perhapsSent: "May have been sent",
  retry: "Try again",
  discard: "Discard",
  problemTooLarge: "Not sent: too long for this server",
  problemNoUser: "Not sent: nobody has this name now",
  problemForbidden: "Not sent: this room is not open to you",
  problemQueueFull: "Not sent: too many messages are waiting",
  problemExpired: "Not sent in time",
  problemClosed: "Not sent: the chat was closed",
  actionFailed: "That did not work: {reason}",

  message: "Message",
  messagePlaceholder: "Write a message",
  send: "Send",
  enterHint: "Enter sends, Shift+Enter starts a new line",
  bytesLeft: "{count} byte left|{count} bytes left",
  messageTooLong:
    "Too long by {count} byte. Shorten it, or send it in parts.|Too long by {count} bytes. Shorten it, or send it in parts.",
  keptWhileClosed: "The chat is closed. Your text stays here.",
  typingOne: "{name} is typing…",
  typingTwo: "{name} and {other} are typing…",
  typingMany: "{count} people are typing…",

  connecting: "Connecting…",
  reconnecting: "Reconnecting…",
  notConnected: "Not connected",
  byWebSocket: "Live by WebSocket",
  byEvents: "Live by events",
  byPolling: "Live by polling",
  offline: "This device is offline.",
  retryIn: "Again in {count} s",
  tryNow: "Try now",
  joinAgain: "Join again",
  chooseOther: "Choose another",
  unsent: "{count} unsent",

  lost: "The connection was lost.",
  unreachable: "The server cannot be reached.",
  serverClosed: "The server closed the connection.",
  serverRestarting: "The server is restarting.",
  serverTrouble: "The server ran into a problem.",
  serverFull: "The server is full.",
  tooFarBehind: "This page fell too far behind.",

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
  joinView: "加入聊天",
  nickname: "暱稱",
  nicknameHint: "可用文字、數字或表情符號，最多 32 個字。",
  roomLabel: "聊天室",
  joinsRoom: "聊天室：{room}",
  join: "加入",
  otherNames: "可能還可以使用的名字",
  goToLobby: "改去大廳",

  sidebar: "對話與設定",
  openSidebar: "顯示對話與設定",
  openSidebarUnread: "顯示對話與設定，{count} 則未讀",
  openPeople: "顯示在場的人",
  close: "關閉",
  conversations: "對話",
  rooms: "聊天室",
  otherRoom: "其他聊天室",
  openRoom: "開啟聊天室",
  leaveRoom: "離開{name}",
  directMessages: "私訊",
  closeDirect: "關閉與{name}的對話",
  writeTo: "私訊{name}",
  unreadCount: "{count} 則未讀",
  unreadMentions: "{count} 則未讀，其中 {mentions} 則提到你",
  people: "成員",
  peopleTitle: "{count} 人在場",
  peopleMore: "還有 {count} 人",
  peopleHere: "{count} 人在場",
  alone: "這裡只有連到同一個伺服器執行個體的人。",
  settings: "設定",
  language: "語言",
  theme: "色彩",
  themeAuto: "依系統",
  themeLight: "淺色",
  themeDark: "深色",
  sound: "新訊息提示音",
  notifications: "有人找我時通知我",
  notificationsBlocked: "瀏覽器不允許此處顯示通知。",
  leave: "離開",

  chat: "聊天",
  conversation: "對話",
  you: "我",
  emptyTitle: "還沒有人說話",
  emptyText: "打聲招呼吧。",
  beginningOfRoom: "{room}從這裡開始。",
  beginningWith: "你與{name}的對話從這裡開始。",
  loadingOlder: "較早的訊息…",
  newFromHere: "新訊息",
  newMessages: "{count} 則新訊息",
  jumpDown: "回到最新",
  deleted: "訊息已刪除",
  delete: "刪除",
  deleteReally: "確定刪除？",
  gap: "這裡缺少 {count} 則訊息",
  notRecovered: "伺服器從這裡開始新的紀錄，先前的訊息可能有缺漏。",
  sending: "傳送中…",
  notSent: "沒有送出",
  perhapsSent: "可能已送出",
  retry: "重試",
  discard: "捨棄",
  problemTooLarge: "沒有送出：超過伺服器的長度上限",
  problemNoUser: "沒有送出：目前沒有人使用這個名字",
  problemForbidden: "沒有送出：這個聊天室不對你開放",
  problemQueueFull: "沒有送出：等待傳送的訊息太多",
  problemExpired: "未能及時送出",
  problemClosed: "沒有送出：聊天已關閉",
  actionFailed: "操作失敗：{reason}",

  message: "訊息",
  messagePlaceholder: "輸入訊息",
  send: "傳送",
  enterHint: "Enter 傳送，Shift+Enter 換行",
  bytesLeft: "還可輸入 {count} 位元組",
  messageTooLong: "超出 {count} 位元組。請縮短，或分成幾則傳送。",
  keptWhileClosed: "聊天已關閉，文字會留在這裡。",
  typingOne: "{name}正在輸入…",
  typingTwo: "{name}和{other}正在輸入…",
  typingMany: "{count} 人正在輸入…",

  connecting: "連線中…",
  reconnecting: "重新連線中…",
  notConnected: "未連線",
  byWebSocket: "以 WebSocket 連線",
  byEvents: "以事件串流連線",
  byPolling: "以輪詢連線",
  offline: "這部裝置沒有網路。",
  retryIn: "{count} 秒後重試",
  tryNow: "立即重試",
  joinAgain: "重新加入",
  chooseOther: "另選一個",
  unsent: "{count} 則未送出",

  lost: "連線中斷了。",
  unreachable: "無法連上伺服器。",
  serverClosed: "伺服器關閉了連線。",
  serverRestarting: "伺服器正在重新啟動。",
  serverTrouble: "伺服器發生問題。",
  serverFull: "伺服器已滿。",
  tooFarBehind: "這個頁面落後太多了。",

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
  joinView: "加入聊天",
  nickname: "昵称",
  nicknameHint: "可用文字、数字或表情符号，最多 32 个字。",
  roomLabel: "聊天室",
  joinsRoom: "聊天室：{room}",
  join: "加入",
  otherNames: "可能还可以使用的名字",
  goToLobby: "改去大厅",

  sidebar: "对话与设置",
  openSidebar: "显示对话与设置",
  openSidebarUnread: "显示对话与设置，{count} 条未读",
  openPeople: "显示在场的人",
  close: "关闭",
  conversations: "对话",
  rooms: "聊天室",
  otherRoom: "其他聊天室",
  openRoom: "打开聊天室",
  leaveRoom: "离开{name}",
  directMessages: "私信",
  closeDirect: "关闭与{name}的对话",
  writeTo: "私信{name}",
  unreadCount: "{count} 条未读",
  unreadMentions: "{count} 条未读，其中 {mentions} 条提到你",
  people: "成员",
  peopleTitle: "{count} 人在场",
  peopleMore: "还有 {count} 人",
  peopleHere: "{count} 人在场",
  alone: "这里只有连接到同一个服务器实例的人。",
  settings: "设置",
  language: "语言",
  theme: "颜色",
  themeAuto: "跟随系统",
  themeLight: "浅色",
  themeDark: "深色",
  sound: "新消息提示音",
  notifications: "有人找我时通知我",
  notificationsBlocked: "浏览器不允许此处显示通知。",
  leave: "离开",

  chat: "聊天",
  conversation: "对话",
  you: "我",
  emptyTitle: "还没有人说话",
  emptyText: "打个招呼吧。",
  beginningOfRoom: "{room}从这里开始。",
  beginningWith: "你与{name}的对话从这里开始。",
  loadingOlder: "较早的消息…",
  newFromHere: "新消息",
  newMessages: "{count} 条新消息",
  jumpDown: "回到最新",
  deleted: "消息已删除",
  delete: "删除",
  deleteReally: "确定删除？",
  gap: "这里缺少 {count} 条消息",
  notRecovered: "服务器从这里开始新的记录，之前的消息可能有缺漏。",
  sending: "发送中…",
  notSent: "没有发出",
  perhapsSent: "可能已发出",
  retry: "重试",
  discard: "舍弃",
  problemTooLarge: "没有发出：超过服务器的长度上限",
  problemNoUser: "没有发出：目前没有人使用这个名字",
  problemForbidden: "没有发出：这个聊天室不对你开放",
  problemQueueFull: "没有发出：等待发送的消息太多",
  problemExpired: "未能及时发出",
  problemClosed: "没有发出：聊天已关闭",
  actionFailed: "操作失败：{reason}",

  message: "消息",
  messagePlaceholder: "输入消息",
  send: "发送",
  enterHint: "Enter 发送，Shift+Enter 换行",
  bytesLeft: "还可输入 {count} 字节",
  messageTooLong: "超出 {count} 字节。请缩短，或分成几条发送。",
  keptWhileClosed: "聊天已关闭，文字会留在这里。",
  typingOne: "{name}正在输入…",
  typingTwo: "{name}和{other}正在输入…",
  typingMany: "{count} 人正在输入…",

  connecting: "正在连接…",
  reconnecting: "正在重新连接…",
  notConnected: "未连接",
  byWebSocket: "以 WebSocket 连接",
  byEvents: "以事件流连接",
  byPolling: "以轮询连接",
  offline: "此设备没有网络。",
  retryIn: "{count} 秒后重试",
  tryNow: "立即重试",
  joinAgain: "重新加入",
  chooseOther: "另选一个",
  unsent: "{count} 条未发出",

  lost: "连接断开了。",
  unreachable: "无法连上服务器。",
  serverClosed: "服务器关闭了连接。",
  serverRestarting: "服务器正在重启。",
  serverTrouble: "服务器出现问题。",
  serverFull: "服务器已满。",
  tooFarBehind: "此页面落后太多了。",

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
