// @ts-check
/**
 * The element's style sheet. A string, so that one script is all that a host page loads, and works
 * under its Content-Security-Policy. What a host may set (`--natter-…`) is in docs/design.md.
 */

const FACE = `
:host {
  --paper: var(--natter-paper, light-dark(#f3f5ef, #121814));
  --raised: var(--natter-raised, light-dark(#ffffff, #1c2520));
  --sunken: var(--natter-sunken, light-dark(#e8ece2, #0c110e));
  --ink: var(--natter-ink, light-dark(#16211a, #e9efe9));
  --muted: var(--natter-muted, light-dark(#56635a, #a3b1a7));
  --line: var(--natter-line, light-dark(#d6ddd0, #2d3932));
  --field-line: light-dark(#7d8a80, #718177);
  --own: var(--natter-own, light-dark(#1d4d3a, #2a6a50));
  --on-own: var(--natter-on-own, light-dark(#f3faf0, #f4fbf5));
  --own-strong: color-mix(in oklab, var(--own), light-dark(#000, #fff) 14%);
  --collar: var(--natter-accent, #f5c53a);
  --on-collar: var(--natter-on-accent, #14241b);
  --ring: light-dark(#1d4d3a, #f5c53a);
  --link: light-dark(#0b5c7a, #86cdea);
  --alarm: light-dark(#a62a1a, #ff9f8c);
  --calm: light-dark(#2b7d4f, #62c48f);
  --wait: light-dark(#8f6200, #eebb55);
  --shade: light-dark(rgb(20 40 28 / 9%), rgb(0 0 0 / 45%));
  --hue-0: light-dark(#9b4310, #f2a878);
  --hue-1: light-dark(#17667d, #7ccbe0);
  --hue-2: light-dark(#87387f, #e0a0da);
  --hue-3: light-dark(#4d651a, #b4cf72);
  --hue-4: light-dark(#484fa8, #adb5f7);
  --hue-5: light-dark(#a82a52, #f699b4);
  --radius: 1.125em;
  --nook: .3125em;
  --gutter: max(1em, env(safe-area-inset-left), env(safe-area-inset-right));
  --small: .8125em;
  --large: 1.1875em;
  --huge: 1.75em;
  --round: var(--natter-display-font, ui-rounded, "SF Pro Rounded", "Nunito", "Varela Round", "Hiragino Maru Gothic ProN");
  --sans: var(--natter-font, Inter), system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans";
  --emoji: "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji";
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "Roboto Mono", "Noto Sans Mono", monospace;
  display: block;
  box-sizing: border-box;
  container: natter / size;
  overflow: clip;
  height: var(--natter-height, 34em);
  border: 1px solid var(--line);
  border-radius: var(--natter-radius, 1em);
  color-scheme: light dark;
  font-size: var(--natter-font-size, medium);
}
:host([hidden]) { display: none; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
.root {
  position: relative;
  height: 100%;
  background: var(--paper);
  color: var(--ink);
  font-family: var(--sans), sans-serif, var(--emoji);
  font-weight: 400;
  line-height: 1.5;
  text-align: start;
  letter-spacing: normal;
  -webkit-text-size-adjust: 100%;
  text-size-adjust: 100%;
}
.root:lang(zh-Hant) {
  font-family: var(--sans), "PingFang TC", "Microsoft JhengHei", "Noto Sans TC", "Noto Sans CJK TC", sans-serif, var(--emoji);
}
.root:lang(zh-Hans) {
  font-family: var(--sans), "PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", sans-serif, var(--emoji);
}
.root[data-theme="light"] { color-scheme: light; }
.root[data-theme="dark"] { color-scheme: dark; }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, p, ul { margin: 0; padding: 0; }
ul { list-style: none; }
input, textarea, select, button { font: inherit; color: inherit; letter-spacing: inherit; }
input:not([type]), textarea {
  width: 100%;
  padding: .6875em 1em;
  border: 1px solid var(--field-line);
  border-radius: .875em;
  background: var(--raised);
}
input[type="checkbox"] { width: 1.125em; height: 1.125em; margin: 0; accent-color: var(--own); }
::placeholder { color: var(--muted); opacity: 1; }
[aria-invalid="true"] { border-color: var(--alarm) !important; }
:focus-visible { outline: 3px solid var(--ring); outline-offset: 2px; }
:is(input, textarea):focus-visible { border-color: var(--ring); outline-width: 2px; outline-offset: -2px; }
button, select, summary { cursor: pointer; }
button { border: 1px solid transparent; background: none; font-weight: 600; }
.icon { width: 1.375em; height: 1.375em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round; }
.icon-button {
  position: relative;
  display: inline-grid;
  place-content: center;
  width: 2.75em;
  height: 2.75em;
  flex: none;
  padding: 0;
  border-radius: 50%;
}
.icon-button:hover { background: var(--sunken); }
.icon-button.small { width: 2em; height: 2em; border-radius: .625em; }
.icon-button.small .icon { width: 1.125em; height: 1.125em; }
.text-button { padding: .125em .5em; border-radius: .5em; text-decoration: underline; text-underline-offset: .2em; }
.text-button:hover { background: var(--sunken); }
.primary, .secondary { min-height: 2.875em; padding: .5em 1.25em; border-radius: .875em; }
.primary { background: var(--own); color: var(--on-own); }
.primary:hover { background: var(--own-strong); }
.primary[aria-disabled="true"] { cursor: progress; opacity: .8; }
.secondary { border-color: var(--field-line); background: var(--raised); }
.secondary:hover { border-color: var(--ink); }
select {
  min-height: 2.25em;
  padding: .25em .5em;
  border: 1px solid var(--line);
  border-radius: .625em;
  background: var(--raised);
  font-size: var(--small);
  font-weight: 600;
}
.hint { color: var(--muted); font-size: var(--small); }
.error { color: var(--alarm); font-size: var(--small); font-weight: 600; overflow-wrap: anywhere; }
.avatar {
  display: inline-grid;
  place-content: center;
  width: 2.125em;
  height: 2.125em;
  flex: none;
  border-radius: .75em .75em .75em .25em;
  background: color-mix(in oklab, var(--hue), var(--raised) 82%);
  color: var(--hue);
  font-weight: 700;
  line-height: 1;
  text-transform: uppercase;
}
.hue-0 { --hue: var(--hue-0); } .hue-1 { --hue: var(--hue-1); } .hue-2 { --hue: var(--hue-2); }
.hue-3 { --hue: var(--hue-3); } .hue-4 { --hue: var(--hue-4); } .hue-5 { --hue: var(--hue-5); }
.mark { display: block; width: 2em; height: 2em; flex: none; fill: none; }
.mark-bubble { fill: var(--own); }
.mark-body { stroke: var(--on-own); stroke-width: 7.5; stroke-linecap: round; stroke-linejoin: round; }
.mark-head { fill: var(--on-own); }
.mark-collar { stroke: var(--collar); stroke-width: 4.4; }
.mark-eye { fill: #14241b; }
.visually-hidden {
  position: absolute;
  width: 1px;
  height: 1px;
  margin: -1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}
`;

const JOINING = `
.join {
  display: grid;
  grid-template-rows: minmax(0, 1fr) auto;
  height: 100%;
  padding-bottom: max(.75em, env(safe-area-inset-bottom));
  overflow-y: auto;
}
.card {
  display: grid;
  gap: .5em;
  place-self: safe center;
  width: calc(100% - 2 * var(--gutter));
  max-width: 24.5em;
  margin: 1em 0;
  padding: 1.75em;
  border: 1px solid var(--line);
  border-top: .4375em solid var(--collar);
  border-radius: 1.75em 1.75em 1.75em .5em;
  background: var(--raised);
  box-shadow: 0 1px 2px var(--shade), 0 1.25em 3em var(--shade);
}
.card-brand { display: flex; align-items: center; gap: .75em; }
.card-brand .mark { width: 3.25em; height: 3.25em; }
.card-name { font: 800 var(--huge)/1 var(--round), var(--sans), sans-serif; letter-spacing: -.03em; }
.tagline { margin: .25em 0 .75em; color: var(--muted); text-wrap: balance; }
.part { display: grid; gap: .25em; }
.card label { font-size: var(--small); font-weight: 600; }
.card input { background: var(--paper); }
.card .primary { margin-top: .75em; }
.card .text-button { justify-self: start; }
.room-line { font-weight: 600; overflow-wrap: anywhere; }
.suggestions { display: flex; flex-wrap: wrap; gap: .375em; }
.chip { max-width: 100%; padding: .25em .75em; border-color: var(--field-line); border-radius: 1em; background: var(--raised); font-size: var(--small); overflow-wrap: anywhere; }
.chip:hover { border-color: var(--ink); background: var(--sunken); }
.preferences { display: flex; flex-wrap: wrap; justify-content: center; gap: .5em; }
`;

const LAYOUT = `
.chat {
  display: grid;
  grid-template: minmax(0, 1fr) / minmax(0, 1fr);
  height: 100%;
}
.main { position: relative; display: grid; grid-template-rows: auto minmax(0, 1fr) auto; min-width: 0; height: 100%; min-height: 0; }
.main > .visually-hidden { grid-row: 1; }
.bar {
  display: flex;
  align-items: center;
  gap: .25em;
  min-height: 3.75em;
  padding: max(.375em, env(safe-area-inset-top)) max(.5em, env(safe-area-inset-right)) .375em max(.5em, env(safe-area-inset-left));
  border-bottom: 1px solid var(--line);
}
.titles { flex: 1; min-width: 0; }
.title { overflow: hidden; font: 750 var(--large)/1.3 var(--round), var(--sans), sans-serif; letter-spacing: -.015em; text-overflow: ellipsis; white-space: nowrap; }
.sign { margin-inline-end: .125em; color: var(--muted); font-weight: 500; }
.status { display: flex; align-items: center; gap: .375em; min-height: 1.25em; color: var(--muted); font-size: var(--small); line-height: 1.25; white-space: nowrap; }
.status span:not(.dot) { overflow: hidden; text-overflow: ellipsis; }
.status span:not(.dot, :empty) + span:not(:empty)::before { content: "· "; }
.dot { width: .625em; height: .625em; flex: none; border: 2px solid var(--muted); border-radius: 50%; }
[data-state="open"] .dot { border-color: var(--calm); background: var(--calm); }
[data-state="connecting"] .dot, [data-state="waiting"] .dot { border-color: var(--wait); background: linear-gradient(90deg, var(--wait) 50%, transparent 50%); }
[data-state="offline"] .dot, [data-state="closed"] .dot { border-color: var(--alarm); }
.menu-badge { position: absolute; top: .125em; inset-inline-end: 0; min-width: 1.5em; padding: 0 .375em; border-radius: 1em; background: var(--collar); color: var(--on-collar); font-size: .6875em; font-weight: 700; line-height: 1.5; }
.strip {
  position: absolute;
  z-index: 2;
  top: .5em;
  inset-inline: var(--gutter);
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0 .5em;
  width: fit-content;
  max-width: 40em;
  margin: 0 auto;
  padding: .375em .375em .375em 1em;
  border: 1px solid var(--wait);
  border-radius: 1em;
  background: var(--raised);
  box-shadow: 0 .25em 1.25em var(--shade);
  font-size: var(--small);
}
.strip[data-state="offline"], .strip[data-state="closed"] { border-color: var(--alarm); }
.strip .reason { font-weight: 600; overflow-wrap: anywhere; }
.strip .countdown { font-variant-numeric: tabular-nums; }
.strip .text-button { min-height: 2em; margin-inline-start: auto; }
.sidebar, .people {
  position: absolute;
  z-index: 4;
  inset-block: 0;
  display: flex;
  flex-direction: column;
  width: min(18em, 86%);
  min-height: 0;
  padding: max(.75em, env(safe-area-inset-top)) .75em max(.75em, env(safe-area-inset-bottom));
  background: var(--sunken);
  visibility: hidden;
}
.sidebar { inset-inline-start: 0; padding-inline-start: max(.75em, env(safe-area-inset-left)); transform: translateX(-100%); }
.people { inset-inline-end: 0; padding-inline-end: max(.75em, env(safe-area-inset-right)); transform: translateX(100%); }
[data-drawer="rooms"] .sidebar, [data-drawer="people"] .people { visibility: visible; transform: none; box-shadow: 0 0 3em var(--shade); }
.scrim { position: absolute; z-index: 3; inset: 0; background: rgb(8 16 11 / 45%); opacity: 0; visibility: hidden; }
[data-drawer] .scrim { opacity: 1; visibility: visible; }
.sidebar-head, .people-head { display: flex; align-items: center; justify-content: space-between; min-height: 2.75em; }
.brand { display: flex; align-items: center; gap: .5em; padding-inline-start: .375em; font: 800 var(--large)/1 var(--round), var(--sans), sans-serif; letter-spacing: -.03em; }
.brand .mark { width: 1.625em; height: 1.625em; }
.lists, .people .entries { flex: 1; min-height: 0; overflow: hidden auto; overscroll-behavior: contain; scrollbar-width: thin; }
.lists { margin: 0 -.25em; padding: 0 .25em .25em; }
.list-title { padding: .875em .625em .375em; color: var(--muted); font-size: var(--small); font-weight: 600; }
.people-head .list-title { padding-block: 0; }
.entries > li { position: relative; }
.entry {
  position: relative;
  display: flex;
  align-items: center;
  gap: .5em;
  width: 100%;
  min-height: 2.75em;
  padding: .25em .625em;
  border-radius: .75em;
  font-weight: 500;
  text-align: start;
}
.entry:focus-visible { outline-offset: -3px; }
button.entry:hover, summary.entry:hover { background: color-mix(in oklab, var(--raised), transparent 35%); }
.entry[aria-current="true"] { background: var(--raised); font-weight: 650; box-shadow: 0 1px 2px var(--shade); }
.entry[aria-current="true"]::before { content: ""; position: absolute; inset-inline-start: 0; top: .75em; bottom: .75em; width: .25em; border-radius: .25em; background: var(--collar); }
.entry.has-unread { font-weight: 750; }
.entry-name { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.entry .sign { width: 1.25em; margin: 0; text-align: center; }
.entry .avatar { font-size: .8125em; }
.entry.self { color: var(--muted); }
.badge { min-width: 1.75em; padding: 0 .5em; border-radius: 1em; background: var(--line); color: var(--ink); font-size: .75em; font-weight: 700; line-height: 1.75; text-align: center; }
.badge.call { background: var(--collar); color: var(--on-collar); }
.leave-entry { position: absolute; inset-inline-end: .375em; top: .375em; background: var(--raised); opacity: 0; }
.entries > li:hover .leave-entry, .leave-entry:focus-visible { opacity: 1; }
.new-room { position: relative; margin-top: .25em; }
.new-room input { min-height: 2.5em; padding: .375em 2.5em .375em .75em; border-color: transparent; background: color-mix(in oklab, var(--raised), transparent 40%); }
.new-room input:hover, .new-room input:focus { border-color: var(--field-line); background: var(--raised); }
.new-room .icon-button { position: absolute; inset-inline-end: .25em; top: .25em; }
.people .entry .icon { width: 1.125em; height: 1.125em; color: var(--muted); opacity: 0; }
.people .entry:is(:hover, :focus-visible) .icon { opacity: 1; }
.tag { color: var(--muted); font-size: var(--small); }
[data-kind="direct"] .people-button { visibility: hidden; }
.people .hint { padding: .5em .625em; }
.alone { display: none; padding: .5em .625em; color: var(--muted); font-size: var(--small); text-align: center; }
:host([alone]) .alone { display: block; }
.me { margin-top: .5em; border-radius: .875em; background: var(--raised); }
.me summary { list-style: none; font-weight: 650; }
.me summary::-webkit-details-marker { display: none; }
.settings { display: grid; gap: .625em; padding: .25em .75em .75em; }
.settings .preferences { justify-content: stretch; }
.settings select { flex: 1; min-width: 7em; }
.check { display: flex; align-items: center; gap: .5em; min-height: 2em; font-size: .875em; }
.toast { position: absolute; z-index: 5; inset-inline: var(--gutter); bottom: 6em; width: fit-content; margin: 0 auto; padding: .5em 1em; border-radius: 1em; background: var(--ink); color: var(--paper); font-size: var(--small); overflow-wrap: anywhere; }
@container natter (min-width: 44em) {
  .chat { grid-template-columns: 15.5em minmax(0, 1fr); }
  .sidebar { position: static; width: auto; visibility: visible; transform: none !important; box-shadow: none !important; border-inline-end: 1px solid var(--line); }
  .sidebar .drawer-close, .menu-button { display: none; }
  .bar { padding-inline-start: var(--gutter); }
}
@container natter (min-width: 66em) {
  .chat { grid-template-columns: 16.5em minmax(0, 1fr) 14.5em; }
  .people { position: static; grid-column: 3; width: auto; visibility: visible; transform: none !important; box-shadow: none !important; border-inline-start: 1px solid var(--line); background: var(--paper); }
  .people .drawer-close, .people-button { display: none; }
  [data-kind="direct"] .chat { grid-template-columns: 16.5em minmax(0, 1fr); }
  [data-kind="direct"] .people { display: none; }
}
@container natter (max-height: 26em) {
  .card { padding: 1em 1.25em; }
  .tagline, .card .hint { display: none; }
}
`;

const TALK = `
.window { position: relative; display: grid; min-height: 0; }
.log {
  display: flex;
  flex-direction: column;
  padding: 1em 0 .75em;
  overflow: hidden auto;
  overflow-anchor: none;
  overscroll-behavior: contain;
  scrollbar-gutter: stable;
  scrollbar-width: thin;
}
.beginning { margin: auto auto 0; padding: .75em var(--gutter) .5em; color: var(--muted); font-size: var(--small); text-align: center; text-wrap: balance; }
.beginning:empty { padding: 0; }
.rows { width: 100%; max-width: 54em; margin: 0 auto; padding: 0 var(--gutter); }
.row { border-radius: .5em; }
.row:focus { outline: none; }
.row:focus-visible .bubble, .row:focus-visible .note { outline: 3px solid var(--ring); outline-offset: 2px; }
.message { position: relative; display: grid; grid-template-columns: minmax(0, 1fr); justify-items: start; margin-top: .1875em; padding: 0 12% 0 2.75em; }
.message.own { justify-items: end; padding: 0 0 0 16%; }
.message.first { margin-top: .875em; }
.message > .avatar { position: absolute; inset-inline-start: 0; top: 1.5em; font-size: .9375em; }
.head { display: flex; gap: .5em; align-items: baseline; max-width: 100%; padding: 0 .25em .125em; font-size: var(--small); }
.sender { font-weight: 700; overflow-wrap: anywhere; }
.own .sender { color: var(--muted); }
.head time { flex: none; color: var(--muted); font-variant-numeric: tabular-nums; }
.line { position: relative; display: flex; max-width: 100%; }
.bubble {
  min-width: 0;
  padding: .4375em .875em;
  border: 1px solid var(--line);
  border-radius: var(--nook) var(--radius) var(--radius) var(--nook);
  background: var(--raised);
  line-break: strict;
  overflow-wrap: anywhere;
  text-align: start;
  text-wrap: pretty;
  unicode-bidi: plaintext;
  white-space: pre-wrap;
}
.first .bubble { border-start-start-radius: var(--radius); }
.last .bubble { border-end-start-radius: var(--radius); }
.own .bubble {
  border-color: transparent;
  border-radius: var(--radius) var(--nook) var(--nook) var(--radius);
  background: var(--own);
  color: var(--on-own);
}
.own.first .bubble { border-start-end-radius: var(--radius); }
.own.last .bubble { border-end-end-radius: var(--radius); }
.mention .bubble { border-color: var(--collar); background: color-mix(in oklab, var(--collar), var(--raised) 80%); }
.bubble.large { padding: 0 .125em; border-color: transparent; background: none; font-size: 2.5em; line-height: 1.25; }
.bubble.gone { border-style: dashed; border-color: var(--field-line); background: none; color: var(--muted); font-style: italic; }
.bubble.gone:lang(zh) { font-style: normal; }
.bubble a { color: var(--link); text-underline-offset: .15em; unicode-bidi: isolate; overflow-wrap: anywhere; }
.own .bubble a { color: inherit; }
.bubble code { padding: .0625em .3125em; border-radius: .3125em; background: color-mix(in oklab, currentColor, transparent 90%); font: .9em/1.45 var(--mono); -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.bubble pre { max-width: 100%; margin: .25em -.25em; padding: .5em .625em; border-radius: .5em; background: color-mix(in oklab, currentColor, transparent 92%); overflow-wrap: anywhere; white-space: pre-wrap; }
.bubble pre code { padding: 0; background: none; }
.own.pending .bubble { opacity: .72; }
.own:is(.failed, .perhaps) .bubble { border: 1px dashed var(--alarm); background: var(--raised); color: var(--ink); }
.actions { position: absolute; inset-inline-start: 100%; top: 0; bottom: 0; display: flex; align-items: center; gap: .125em; padding: 0 .375em; color: var(--muted); opacity: 0; pointer-events: none; white-space: nowrap; }
.own .actions { inset-inline: auto 100%; }
.actions time { font-size: .75em; font-variant-numeric: tabular-nums; }
.first .actions time { display: none; }
.row:is(:hover, :focus, :focus-within) .actions { opacity: 1; pointer-events: auto; }
.actions .icon-button { color: var(--muted); }
.actions .icon-button:hover { color: var(--ink); }
.actions .armed { width: auto; padding: 0 .625em; background: var(--alarm); color: var(--paper) !important; font-size: var(--small); }
.delivery { display: flex; flex-wrap: wrap; align-items: center; justify-content: end; gap: 0 .25em; padding: .125em .25em; color: var(--muted); font-size: .75em; }
.why { display: inline-flex; align-items: center; gap: .25em; }
.delivery .icon { width: 1.125em; height: 1.125em; }
.failed .delivery, .perhaps .delivery { color: var(--alarm); font-size: var(--small); }
.delivery .text-button { min-height: 1.875em; }
.divider { display: flex; align-items: center; gap: .75em; margin: 1.25em 0 .25em; color: var(--muted); font-size: var(--small); }
.divider::before, .divider::after { content: ""; flex: 1; height: 1px; background: var(--line); }
.divider span { flex: none; max-width: 80%; }
.divider span::first-letter { text-transform: uppercase; }
.unread-line { color: var(--ink); font-weight: 650; }
.unread-line::before, .unread-line::after { height: 2px; border-radius: 1px; background: var(--collar); }
.unread-line span { padding: 0 .75em; border-radius: 1em; background: var(--collar); color: var(--on-collar); }
.note { display: flex; align-items: center; justify-content: center; gap: .5em; width: fit-content; margin: 1em auto; padding: .375em .875em; border-radius: 1em; background: var(--sunken); color: var(--ink); font-size: var(--small); text-wrap: balance; }
.note .icon { color: var(--wait); }
.empty { position: absolute; inset: 0; display: grid; place-content: safe center; justify-items: center; gap: .25em; padding: 1em var(--gutter); color: var(--muted); text-align: center; text-wrap: balance; pointer-events: none; overflow: hidden; }
.empty .mark { width: 3.5em; height: 3.5em; margin-bottom: .5em; }
.empty-title { color: var(--ink); font: 750 var(--large)/1.4 var(--round), var(--sans), sans-serif; }
.jump {
  position: absolute;
  z-index: 1;
  bottom: .75em;
  left: 50%;
  display: flex;
  align-items: center;
  gap: .375em;
  min-height: 2.5em;
  padding: .25em 1em .25em .75em;
  border-color: var(--line);
  border-radius: 1.25em;
  background: var(--raised);
  box-shadow: 0 .25em 1.25em var(--shade);
  font-size: var(--small);
  white-space: nowrap;
  transform: translateX(-50%);
}
.jump.has-new { border-color: transparent; background: var(--collar); color: var(--on-collar); }
.composer { width: 100%; max-width: 54em; margin: 0 auto; padding: .25em var(--gutter) max(.25em, env(safe-area-inset-bottom)); }
.field-box { position: relative; }
.composer textarea {
  display: block;
  min-height: 3em;
  max-height: min(12em, 40cqh);
  padding: .6875em 3.5em .6875em 1.125em;
  border-radius: 1.5em;
  resize: none;
  overflow-wrap: anywhere;
  line-break: strict;
  scrollbar-width: thin;
  field-sizing: content;
}
.send { position: absolute; inset-inline-end: .3125em; bottom: .3125em; display: grid; place-content: center; width: 2.375em; height: 2.375em; padding: 0; border-radius: 50%; background: var(--own); color: var(--on-own); }
.send:hover { background: var(--own-strong); }
.send[aria-disabled="true"] { background: var(--line); color: var(--muted); cursor: default; }
.below { display: grid; min-height: 1.75em; align-items: center; }
.note-line { grid-area: 1 / 1; overflow: hidden; padding: 0 1.25em; color: var(--muted); font-size: .75em; line-height: 1.5; text-overflow: ellipsis; }
.note-line.error { color: var(--alarm); font-size: .75em; }
.note-line.typing { white-space: nowrap; background: var(--paper); }
.note-line.typing:empty { display: none; }
.others-type .note-line.hint { visibility: hidden; }
.others-type .note-line.error ~ .typing { display: none; }
@container natter (max-width: 34em) {
  .message { padding-inline: 2.5em 4%; }
  .message.own { padding-inline: 12% 0; }
  .message > .avatar { font-size: .8125em; }
  .row:is(:hover, :focus, :focus-within) .actions { background: var(--paper); border-radius: .5em; }
  .other .actions { inset-inline: auto 0; top: auto; bottom: 100%; }
  .own .actions { top: auto; }
}
@media (hover: none) {
  .note-line.hint { visibility: hidden; }
  .leave-entry { opacity: 1; background: none; }
  .row:hover:not(:focus, :focus-within) .actions { opacity: 0; pointer-events: none; }
}
@media (prefers-reduced-motion: no-preference) {
  .sidebar, .people { transition: transform .18s ease-out, visibility 0s .18s; }
  [data-drawer="rooms"] .sidebar, [data-drawer="people"] .people { transition: transform .18s ease-out; }
  .scrim { transition: opacity .18s; }
  .actions, .leave-entry { transition: opacity .1s; }
  .own.pending .bubble { transition: opacity .2s .3s; }
}
@media (prefers-contrast: more) {
  :host { --line: var(--field-line); --muted: var(--ink); }
  .entry[aria-current="true"] { outline: 2px solid var(--ink); }
}
@media (forced-colors: active) {
  .bubble, .card, .strip, .jump, .badge, .chip, .send, .primary { border: 1px solid; }
  .entry[aria-current="true"] { outline: 2px solid Highlight; outline-offset: -2px; }
  .dot, .entry[aria-current="true"]::before, .divider::before, .divider::after { forced-color-adjust: none; }
  .send[aria-disabled="true"] { color: GrayText; }
}
`;

export const STYLES = FACE + JOINING + LAYOUT + TALK;
