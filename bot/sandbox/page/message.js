// One message as a row of the chat: its bubble and, under it, its buttons.

import { el, icon } from "./dom.js";
import { formatted } from "./entities.js";
import { media, summary } from "./media.js";
import { clock } from "./time.js";

const cornerIcons = { url: "external", login_url: "external", copy_text: "copy", web_app: "window" };

/** What marks a button as waiting: one message can hold the same data only as the same button. */
export const pressKey = (messageId, data) => `${messageId} ${data}`;

function inlineButton(message, button, row, column, context) {
  const kind = Object.keys(cornerIcons).find((name) => button[name]);
  const waiting = "callback_data" in button && context.waiting.has(pressKey(message.message_id, button.callback_data));
  const style = ["danger", "success", "primary"].includes(button.style) ? button.style : "plain";
  return el("button", {
    class: `key ${style}${waiting ? " waiting" : ""}`,
    "aria-busy": waiting ? "true" : false,
    data: { row: String(row), column: String(column), ...(kind ? { kind } : {}) },
    on: { click: () => context.act.press(message, button, row, column) },
  }, el("span", { dir: "auto" }, button.text), kind && icon(cornerIcons[kind]));
}

function inlineKeyboard(message, context) {
  const rows = message.reply_markup?.inline_keyboard?.filter((row) => row.length);
  if (!rows?.length) return null;
  return el("div", { class: "keyboard" }, rows.map((buttons, row) => el("div", { class: "keys" },
    buttons.map((button, column) => inlineButton(message, button, row, column, context)))));
}

function quoted(message, { words, act, nameOf }) {
  return el("button", { class: "quoted", on: { click: () => act.jump(message.message_id) } },
    el("b", {}, el("bdi", {}, nameOf(message))), el("span", { dir: "auto" }, summary(message, words)));
}

function meta(message, { words, dateOf, isOwn }) {
  const date = dateOf(message);
  return el("span", { class: "meta" },
    message.edit_date ? el("span", { class: "edited" }, words.edited) : null,
    el("time", { datetime: new Date(date * 1000).toISOString() }, clock(date)),
    isOwn(message) ? icon("checks") : null);
}

const onlyEmoji = /^(?:\p{RGI_Emoji}){1,3}$/v;

/**
 * The row of a message. `context`: words, act (send, copy, follow, press, jump, view, menu), waiting (set of
 * pressKey), dateOf(message), isOwn(message), nameOf(message).
 */
export function messageRow(message, context) {
  const { words, act } = context;
  const own = context.isOwn(message);
  const carried = media(message, words, act);
  const text = message.text ?? message.caption;
  const jumbo = message.text && !message.entities?.length && onlyEmoji.test(message.text);
  const body = text
    ? el("div", { class: "text", dir: "auto" },
      formatted(text, message.entities ?? message.caption_entities, words, act), meta(message, context))
    : null;
  const empty = !text && !carried ? el("div", { class: "text unsupported" }, words.unsupported, meta(message, context)) : null;
  const parts = [carried?.element, body ?? empty];
  if (message.show_caption_above_media) parts.reverse();
  const classes = ["bubble", carried && `with-${carried.kind}`, carried && !text && "bare", jumbo && "jumbo"];
  const bubble = el("div", { class: classes.filter(Boolean).join(" ") },
    message.reply_to_message ? quoted(message.reply_to_message, context) : null,
    parts, body || empty ? null : meta(message, context));
  const more = el("button", {
    class: "round more-actions", "aria-label": words.messageMenu, "aria-haspopup": "menu",
    on: { click: ({ currentTarget }) => act.menu(message, currentTarget) },
  }, icon("dots"));
  const row = el("article", {
    class: `message ${own ? "own" : "theirs"}`, tabindex: "-1",
    data: { messageId: String(message.message_id) },
    "aria-label": `${context.nameOf(message)}, ${clock(context.dateOf(message))}`,
  }, el("div", { class: "stack" }, bubble, inlineKeyboard(message, context)), more);
  bubble.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a")) return;
    event.preventDefault();
    act.menu(message, more, event);
  });
  return row;
}
