// A Telegram text with its entities as elements. Offsets are UTF-16 units, which is what JavaScript counts in.

import { el, icon } from "./dom.js";

const blocks = new Set(["pre", "blockquote", "expandable_blockquote"]);
const plainTags = { bold: "b", italic: "i", underline: "u", strikethrough: "s" };

/** An address that is safe to follow, or null. Telegram lets people leave "https://" out. */
export function safeUrl(address) {
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(address) ? address : `https://${address}`);
    return ["http:", "https:", "mailto:", "tel:", "tg:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function link(address, act) {
  const url = safeUrl(address);
  if (!url) return el("span");
  return el("a", {
    href: url, target: "_blank", rel: "noopener noreferrer", title: url,
    on: { click: (event) => act.follow(url) && event.preventDefault() },
  });
}

function onPress(element, handler) {
  element.addEventListener("click", handler);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      handler(event);
    }
  });
  return element;
}

function spoiler(words) {
  const inner = el("span", { class: "spoiler-text", "aria-hidden": "true" });
  const outer = el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": words.spoiler }, inner);
  onPress(outer, (event) => {
    if (outer.classList.contains("open")) return;
    event.preventDefault();
    event.stopPropagation();
    outer.classList.add("open");
    for (const name of ["role", "tabindex", "aria-label"]) outer.removeAttribute(name);
    inner.removeAttribute("aria-hidden");
  });
  return { outer, inner };
}

function quote(expandable, words) {
  const inner = el("div", { class: "quote-text" });
  const outer = el("blockquote", {}, inner);
  if (expandable) {
    outer.classList.add("expandable");
    const toggle = el("button", {
      class: "expand", "aria-expanded": "false", "aria-label": words.showMore,
      on: {
        click: () => {
          const open = outer.classList.toggle("open");
          toggle.setAttribute("aria-expanded", String(open));
          toggle.setAttribute("aria-label", open ? words.showLess : words.showMore);
        },
      },
    }, icon("down"));
    outer.append(toggle);
  }
  return { outer, inner };
}

function code(entity, text, words, act) {
  if (entity.type === "code") {
    const inner = el("code", { role: "button", tabindex: "0", title: words.copyCode });
    return { outer: onPress(inner, () => act.copy(text)), inner };
  }
  const inner = el("code");
  const copy = el("button", { class: "copy-code", "aria-label": words.copyCode, on: { click: () => act.copy(text) } },
    el("span", {}, entity.language || ""), icon("copy"));
  return { outer: el("div", { class: "pre" }, copy, el("pre", {}, inner)), inner };
}

function wrap(entity, text, words, act) {
  const { type } = entity;
  if (plainTags[type]) return { outer: el(plainTags[type]) };
  if (type === "spoiler") return spoiler(words);
  if (type === "code" || type === "pre") return code(entity, text, words, act);
  if (type === "blockquote" || type === "expandable_blockquote") return quote(type !== "blockquote", words);
  if (type === "url") return { outer: link(text, act) };
  if (type === "text_link") return { outer: link(entity.url, act) };
  if (type === "email") return { outer: link(`mailto:${text}`, act) };
  if (type === "phone_number") return { outer: link(`tel:${text.replace(/[^+\d]/g, "")}`, act) };
  if (type === "bot_command") return { outer: el("button", { class: "command", on: { click: () => act.send(text) } }) };
  if (["mention", "text_mention", "hashtag", "cashtag"].includes(type)) return { outer: el("span", { class: "mention" }) };
  return { outer: el("span") };
}

function fill(parent, text, from, to, entities, words, act) {
  const waiting = [...entities];
  let at = from;
  let afterBlock = false;
  const plain = (end) => {
    let piece = text.slice(at, end);
    // A block ends its own line, so the line feed that follows it would show as an empty line.
    if (afterBlock && piece.startsWith("\n")) piece = piece.slice(1);
    if (piece) parent.append(piece);
    afterBlock = false;
  };
  while (waiting.length) {
    const entity = waiting.shift();
    const begin = Math.max(entity.offset, at);
    const end = Math.min(entity.offset + entity.length, to);
    if (begin >= end) continue;
    if (begin > at) plain(begin);
    const nested = [];
    const later = [];
    for (const other of waiting) {
      if (other.offset >= end) later.push(other);
      else {
        nested.push(other);
        const rest = other.offset + other.length - end;
        if (rest > 0) later.unshift({ ...other, offset: end, length: rest });
      }
    }
    waiting.splice(0, waiting.length, ...later);
    const { outer, inner = outer } = wrap(entity, text.slice(begin, end), words, act);
    fill(inner, text, begin, end, nested, words, act);
    parent.append(outer);
    at = end;
    afterBlock = blocks.has(entity.type);
  }
  plain(to);
}

/** The text as a fragment. `act` has follow(url) -> true if handled here, send(text) and copy(text). */
export function formatted(text, entities, words, act) {
  const fragment = document.createDocumentFragment();
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  fill(fragment, text, 0, text.length, sorted, words, act);
  return fragment;
}
