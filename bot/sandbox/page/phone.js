// One phone: a person's strip of settings, and below it the screen with the chat.

import { post } from "./api.js";
import { Composer } from "./composer.js";
import { el, icon } from "./dom.js";
import { safeUrl } from "./entities.js";
import { avatar } from "./media.js";
import { messageRow, pressKey } from "./message.js";
import { dialog, menu, toast, viewer } from "./overlay.js";
import { languages, words } from "./strings.js";
import { clock, day, dayName, fieldSeconds, fieldValue } from "./time.js";

const ANSWER_SECONDS = 30; // a bot that has not answered by then won't; Telegram's apps give up too
const ACTION_SECONDS = 5; // how long Telegram shows "typing" unless the bot repeats it
const GROUP_SECONDS = 300; // messages closer than this share one tail

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the permission (or over plain http from another host) the old way still works.
    const area = el("textarea", { class: "off-screen", value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

export class Phone {
  #bot;
  #meta;
  #page; // {words(), changed()}: the language of the page, and a call when the unread count changes
  #messages = new Map();
  #waiting = new Map(); // pressKey -> timer
  #actionTimer;
  #dates = new Map(); // message id -> the date to show
  #atBottom = true;
  #top = 0;
  #scrollTimer;
  #unseen = 0; // messages that came below the visible part
  #shown = ""; // the language, day and name of the bot for which the chat was drawn

  /** Messages of the bot that came while this phone was not on the page. */
  unread = 0;

  constructor(data, bot, page) {
    this.#page = page;
    this.strip = el("div", { class: "strip" });
    this.head = el("header", { class: "head" });
    this.chat = el("div", { class: "chat", role: "log", tabindex: "0" });
    this.down = el("button", { class: "round to-bottom", hidden: true, on: { click: () => this.#scrollDown(true) } });
    this.foot = el("div", { class: "foot" });
    this.screen = el("div", { class: "screen" }, this.head, el("div", { class: "middle" }, this.chat, this.down), this.foot,
      el("div", { class: "toasts", "aria-live": "polite" }));
    this.element = el("section", { class: "phone", data: { phone: String(data.id) } }, this.strip, this.screen);
    this.composer = new Composer({
      screen: this.screen,
      do: (action, body) => this.#do(action, body),
      send: (text, reply) => this.#send(text, reply),
      toast: (text) => toast(this.screen, text),
      words: () => this.words,
      meta: () => this.#meta,
      ownNewest: () => [...this.#messages.values()].findLast((message) => this.#isOwn(message) && message.text),
    });
    this.chat.addEventListener("scroll", () => this.#scrolled());
    new ResizeObserver(() => this.#atBottom && this.#scrollDown()).observe(this.chat);
    this.reset(data, bot);
  }

  get id() {
    return this.#meta.id;
  }

  get title() {
    return this.#page.words().titles[this.#meta.title] ?? this.#meta.title ?? this.#meta.first_name;
  }

  get words() {
    return words(this.#meta.language_code);
  }

  get #now() {
    return Date.now() / 1000 + (this.#meta.clock_shift || 0);
  }

  get #botName() {
    return this.#meta.name || this.#bot.name || this.#bot.first_name;
  }

  // what the server tells

  /** Replace everything by a fresh snapshot of this phone. */
  reset(data, bot) {
    const { messages = [], ...meta } = data;
    this.#bot = bot;
    this.#meta = meta;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#messages = new Map(messages.map((message) => [message.message_id, message]));
    this.renderAll({ anew: true });
    this.#action(null);
    this.#scrollDown();
  }

  /** The person's language, clock, commands or blocking has changed. */
  update(meta) {
    const { messages: _, ...changed } = meta;
    this.#meta = { ...this.#meta, ...changed };
    this.renderAll();
  }

  /** A new message, or a new version of one. */
  upsert(message) {
    const id = message.message_id;
    const before = this.#messages.get(id);
    if (before && JSON.stringify(before) === JSON.stringify(message)) return;
    this.#messages.set(id, message);
    if (before) return this.#replace(id, message);
    if ([...this.#messages.keys()].at(-2) > id) this.#messages = new Map([...this.#messages].sort(([a], [b]) => a - b));
    const stick = this.#atBottom || this.#isOwn(message);
    if (!this.#isOwn(message)) this.#action(null);
    this.#drawChat({ fresh: id });
    if (stick) this.#scrollDown(true);
    else this.#unseen += 1;
    if (!this.#isOwn(message) && !this.element.offsetParent) {
      this.unread += 1;
      this.#page.changed();
    }
    this.#drawDown();
  }

  /** Messages are gone: fold them away. */
  remove(ids) {
    for (const id of ids) {
      if (!this.#messages.delete(id)) continue;
      this.composer.forget(id);
      const row = this.#row(id);
      if (!row) continue;
      row.removeAttribute("data-message-id");
      row.inert = true;
      row.style.setProperty("height", `${row.offsetHeight}px`);
      row.classList.add("leaving");
      setTimeout(() => {
        row.remove();
        this.#drawChat();
      }, matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 260);
    }
    this.#drawFoot();
    this.composer.follow(this.#keyboard());
  }

  /** The bot has answered a press. */
  answer({ message_id, data, text, show_alert, url }) {
    this.#settle(pressKey(message_id, data));
    if (url) this.#follow(url) || this.#openLink(url);
    else if (text && show_alert) {
      dialog(this.screen, { text, buttons: [{ text: this.words.ok, value: true, style: "primary" }] });
    } else if (text) toast(this.screen, text);
  }

  /** The bot is typing, sending a photo, and so on. */
  action(name) {
    this.#action(name);
  }

  /** This phone has come into sight. */
  seen() {
    this.unread = 0;
    if (this.#atBottom) this.#scrollDown();
    this.#page.changed();
  }

  /** The minute has changed. */
  tick() {
    const shown = this.head.querySelector(".time");
    if (shown) shown.textContent = clock(this.#now);
    if (this.#shown !== this.#drawnFor()) this.#drawChat();
  }

  // what the person does

  async #do(action, body) {
    try {
      await post(this.id, action, body);
      return true;
    } catch (error) {
      toast(this.screen, error.offline ? this.words.offline : error.message, { error: true });
      return false;
    }
  }

  #send(text, reply) {
    return this.#do("text", reply ? { text, reply_to_message_id: reply } : { text });
  }

  async #press(message, button, row, column) {
    if (button.url) return this.#follow(button.url) || this.#openLink(button.url);
    if (button.copy_text) return this.#copy(button.copy_text.text);
    if (!("callback_data" in button)) return toast(this.screen, this.words.notHere);
    const key = pressKey(message.message_id, button.callback_data);
    if (this.#waiting.has(key)) return undefined;
    this.#waiting.set(key, setTimeout(() => this.#settle(key), ANSWER_SECONDS * 1000));
    this.#mark(message.message_id, row, column, true);
    if (!(await this.#do("press", { message_id: message.message_id, row, column }))) this.#settle(key);
    return undefined;
  }

  #mark(id, row, column, waiting) {
    const button = this.#row(id)?.querySelector(`.key[data-row="${row}"][data-column="${column}"]`);
    button?.classList.toggle("waiting", waiting);
    if (waiting) button?.setAttribute("aria-busy", "true");
    else button?.removeAttribute("aria-busy");
  }

  #settle(key) {
    clearTimeout(this.#waiting.get(key));
    this.#waiting.delete(key);
    const [id] = key.split(" ", 1);
    const rows = this.#messages.get(Number(id))?.reply_markup?.inline_keyboard ?? [];
    rows.forEach((buttons, row) => buttons.forEach((button, column) => {
      if (pressKey(id, button.callback_data) === key) this.#mark(Number(id), row, column, false);
    }));
  }

  async #copy(text) {
    await copy(text);
    toast(this.screen, this.words.copied);
  }

  /** Deep links to the bot itself work as in Telegram: they send /start. True if `address` was one. */
  #follow(address) {
    const url = safeUrl(address) && new URL(safeUrl(address));
    const name = this.#bot.username?.toLowerCase();
    const own = url && ((url.hostname === "t.me" && url.pathname.slice(1).toLowerCase() === name)
      || (url.protocol === "tg:" && url.searchParams.get("domain")?.toLowerCase() === name));
    if (!own) return false;
    const start = url.searchParams.get("start");
    this.#send(start ? `/start ${start}` : "/start");
    return true;
  }

  async #openLink(address) {
    const url = safeUrl(address);
    if (!url) return;
    const agreed = await dialog(this.screen, {
      title: this.words.openLink, text: url, submit: true,
      buttons: [{ text: this.words.cancel, value: null }, { text: this.words.open, value: true, style: "primary" }],
    });
    if (agreed) window.open(url, "_blank", "noopener,noreferrer");
  }

  #messageMenu(message, anchor, pointer) {
    const own = this.#isOwn(message);
    const text = message.text ?? message.caption;
    const w = this.words;
    menu(this.screen, anchor, [
      { text: w.reply, icon: "reply", run: () => this.composer.answerTo(message) },
      text && { text: w.copy, icon: "copy", run: () => this.#copy(text) },
      own && message.text && { text: w.edit, icon: "edit", run: () => this.composer.edit(message) },
      own && { text: w.delete, icon: "trash", danger: true, run: () => this.#do("delete", { message_ids: [message.message_id] }) },
    ], pointer);
  }

  #chatMenu(anchor) {
    const w = this.words;
    menu(this.screen, anchor, [
      { text: w.about, icon: "info", run: () => this.#about() },
      this.#messages.size && { text: w.clear, icon: "clear", run: () => this.#clear() },
      this.#meta.blocked
        ? { text: w.unblock, icon: "check", run: () => this.#do("unblock") }
        : { text: w.block, icon: "block", danger: true, run: () => this.#do("block") },
    ]);
  }

  #about() {
    const { description, short_description: short } = { ...this.#bot, ...this.#meta };
    dialog(this.screen, {
      title: this.#botName,
      body: el("div", { class: "about" }, el("span", { class: "mention" }, `@${this.#bot.username}`),
        [short, description].filter(Boolean).map((text) => el("p", { dir: "auto" }, text))),
      buttons: [{ text: this.words.close, value: null, style: "primary" }],
    });
  }

  async #clear() {
    const agreed = await dialog(this.screen, {
      title: this.words.clear, text: this.words.clearQuestion,
      buttons: [{ text: this.words.cancel, value: null }, { text: this.words.delete, value: true, style: "danger" }],
    });
    if (agreed) this.#do("clear");
  }

  async #customClock() {
    const input = el("input", { type: "datetime-local", value: fieldValue(this.#now), "aria-label": this.words.setClock, required: true });
    const agreed = await dialog(this.screen, {
      title: this.words.setClock, submit: true,
      body: el("div", { class: "fields" }, el("label", { class: "field" }, el("span", {}, this.words.clockHint), input)),
      buttons: [{ text: this.words.cancel, value: null }, { text: this.words.save, value: true, style: "primary" }],
    });
    const chosen = fieldSeconds(input.value);
    if (agreed && !Number.isNaN(chosen)) await this.#do("clock", { shift: Math.round(chosen - Date.now() / 1000) });
    this.#drawStrip();
  }

  // drawing

  /** Draw all of this phone; its draft, its focus and its place in the chat stay. `anew`: every message too. */
  renderAll({ anew = false } = {}) {
    const focus = document.activeElement;
    const edges = [this.strip, this.head];
    const nameOf = (element) => element.dataset.language || element.className;
    const kept = edges.some((edge) => edge.contains(focus)) ? nameOf(focus) : null;
    this.element.setAttribute("aria-label", `${this.title}: ${this.#meta.first_name}`);
    this.screen.lang = this.#meta.language_code;
    this.#drawStrip();
    this.#drawHead();
    this.#drawChat({ anew });
    this.composer.render();
    const controls = edges.flatMap((edge) => [...edge.querySelectorAll("button, select")]);
    if (kept !== null) controls.find((each) => nameOf(each) === kept)?.focus();
  }

  #drawStrip() {
    const w = this.#page.words();
    const { first_name, last_name, language_code, clock_shift: shift = 0 } = this.#meta;
    const name = [first_name, last_name].filter(Boolean).join(" ");
    const known = Object.hasOwn(w.shifts, shift);
    const custom = known ? w.customShift : `${dayName(this.#now, Date.now() / 1000, w)}, ${clock(this.#now)}`;
    const select = el("select", {
      class: `clock-select${shift ? " shifted" : ""}`, "aria-label": w.clock, title: w.clock,
      on: {
        change: () => (select.value === "custom" ? this.#customClock() : this.#do("clock", { shift: Number(select.value) })),
      },
    }, Object.entries(w.shifts).map(([seconds, text]) => el("option", { value: seconds }, text)),
    known ? null : el("option", { value: String(shift) }, custom),
    el("option", { value: "custom" }, w.customShift));
    select.value = String(shift);
    this.strip.replaceChildren(
      el("span", { class: "who" }, avatar(name), el("span", { class: "two-lines" }, el("b", {}, this.title), el("bdi", {}, name))),
      el("span", { class: "segments", role: "group", "aria-label": w.language }, Object.entries(languages).map(([code, { short, name: full }]) =>
        el("button", {
          data: { language: code }, "aria-label": full, "aria-pressed": String(code === String(language_code).slice(0, 2)),
          on: { click: () => this.#do("language", { language_code: code }) },
        }, short))),
      select,
    );
  }

  #drawHead() {
    const w = this.words;
    const more = el("button", { class: "round", "aria-label": w.more, "aria-haspopup": "menu", on: { click: () => this.#chatMenu(more) } }, icon("more"));
    this.head.replaceChildren(
      el("div", { class: "status-bar", "aria-hidden": "true" }, el("span", { class: "time" }, clock(this.#now)), el("i", { class: "signal" }), el("i", { class: "battery" })),
      el("div", { class: "title-bar" },
        el("button", { class: "who", "aria-label": `${this.#botName}, ${w.about}`, on: { click: () => this.#about() } },
          el("span", { class: "avatar bot" }, "Қ"),
          el("span", { class: "two-lines" }, el("b", {}, el("bdi", {}, this.#botName)), el("small", { class: "presence" }, w.bot))),
        more),
    );
  }

  #action(name) {
    clearTimeout(this.#actionTimer);
    const place = this.head.querySelector(".presence");
    if (!place) return;
    place.classList.toggle("acting", Boolean(name));
    place.textContent = name ? this.words.actions[name] ?? this.words.actions.typing : this.words.bot;
    if (name) {
      place.append(el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")));
      this.#actionTimer = setTimeout(() => this.#action(null), ACTION_SECONDS * 1000);
    }
  }

  #row(id) {
    return this.chat.querySelector(`[data-message-id="${Number(id)}"]`);
  }

  #isOwn(message) {
    return !message.from?.is_bot;
  }

  #context() {
    return {
      words: this.words,
      waiting: this.#waiting,
      dateOf: (message) => this.#dates.get(message.message_id) ?? message.date,
      isOwn: (message) => this.#isOwn(message),
      nameOf: (message) => (this.#isOwn(message) ? this.words.you : this.#botName),
      act: {
        send: (text) => this.#send(text),
        copy: (text) => this.#copy(text),
        follow: (url) => this.#follow(url),
        press: (...press) => this.#press(...press),
        jump: (id) => this.#jump(id),
        view: (source, caption) => viewer(this.screen, source, caption, this.words),
        menu: (message, anchor, pointer) => this.#messageMenu(message, anchor, pointer),
      },
    };
  }

  #drawnFor() {
    return `${this.#meta.language_code} ${day(this.#now)} ${this.#botName}`;
  }

  /**
   * Put the chat in order: rows by message, days above them, tails at the ends of groups. The message `fresh` slides
   * in. Rows are kept (and with them what plays or is opened) unless their words change or `anew` is set.
   */
  #drawChat({ fresh = null, anew = false } = {}) {
    const redraw = anew || this.#shown !== this.#drawnFor();
    this.#shown = this.#drawnFor();
    const w = this.words;
    const context = this.#context();
    this.chat.setAttribute("aria-label", `${w.chat} ${this.#botName}`);
    if (!this.#messages.size && !this.chat.querySelector(".leaving")) {
      const description = this.#meta.description || this.#bot.description;
      this.chat.replaceChildren(el("div", { class: "empty" }, el("div", { class: "bubble" },
        description ? el("b", {}, w.what) : null, el("p", { dir: "auto" }, description || w.empty))));
      this.#drawFoot();
      this.composer.follow(null);
      return;
    }
    const offset = this.chat.scrollTop;
    const focused = this.#focusedButton();
    const days = [];
    let previous;
    let latest = 0;
    for (const message of this.#messages.values()) {
      // The person's messages carry this phone's clock, the bot's the real one: an answer is never older than its question.
      latest = this.#isOwn(message) ? message.date : Math.max(message.date, latest);
      this.#dates.set(message.message_id, latest);
      const number = day(latest);
      if (days.at(-1)?.number !== number) {
        days.push({ number, rows: [], name: dayName(latest, this.#now, w) });
        previous = undefined;
      }
      const old = this.#row(message.message_id);
      const row = old && !redraw ? old : messageRow(message, context);
      if (message.message_id === fresh) row.classList.add("fresh");
      const joins = previous && this.#isOwn(previous.message) === this.#isOwn(message)
        && Math.abs(latest - previous.date) < GROUP_SECONDS;
      row.classList.toggle("first", !joins);
      row.classList.add("last");
      if (joins) previous.row.classList.remove("last");
      days.at(-1).rows.push(row);
      previous = { message, row, date: latest };
    }
    const sections = [...this.chat.querySelectorAll(".day")];
    const same = !redraw && sections.length === days.length && sections.every((section, index) => section.dataset.day === String(days[index].number));
    if (same) {
      // Only what is new is added, so that screen readers hear it and nothing else.
      days.at(-1).rows.filter((row) => !row.isConnected).forEach((row) => sections.at(-1).append(row));
      const order = [...sections.at(-1).querySelectorAll("[data-message-id]")];
      if (days.at(-1).rows.some((row, index) => row !== order[index])) sections.at(-1).append(...days.at(-1).rows);
    } else {
      this.chat.replaceChildren(...days.map(({ number, rows, name }) =>
        el("section", { class: "day", data: { day: String(number) } }, el("div", { class: "date" }, el("span", {}, name)), rows)));
      this.chat.scrollTop = offset;
      this.#refocus(focused);
    }
    if (this.#atBottom) this.#scrollDown();
    this.#drawFoot();
    this.composer.follow(this.#keyboard());
    this.#drawDown();
  }

  #replace(id, message) {
    const old = this.#row(id);
    if (!old) return;
    const focused = this.#focusedButton();
    const row = messageRow(message, this.#context());
    row.classList.toggle("first", old.classList.contains("first"));
    row.classList.toggle("last", old.classList.contains("last"));
    row.classList.add("changed");
    old.replaceWith(row);
    this.#refocus(focused);
    if (this.#atBottom) this.#scrollDown();
    this.composer.follow(this.#keyboard());
  }

  #focusedButton() {
    const button = document.activeElement;
    const row = button?.closest?.("[data-message-id]");
    return row && this.chat.contains(row) ? { id: row.dataset.messageId, row: button.dataset.row, column: button.dataset.column } : null;
  }

  /** A message that is redrawn under the keyboard user's focus keeps it: at the same place, else at its first button. */
  #refocus(place) {
    const message = place && this.#row(place.id);
    if (!message) return;
    const same = message.querySelector(`.key[data-row="${Number(place.row)}"][data-column="${Number(place.column)}"]`);
    (same ?? message.querySelector(".key") ?? message).focus({ preventScroll: true });
  }

  #keyboard() {
    const messages = [...this.#messages.values()];
    const message = messages.findLast(({ reply_markup: markup }) => markup && !markup.inline_keyboard);
    if (!message || message.reply_markup.remove_keyboard) return null;
    const answered = messages.some((each) => this.#isOwn(each) && each.message_id > message.message_id);
    return message.reply_markup.force_reply && answered ? null : { message, markup: message.reply_markup };
  }

  #drawFoot() {
    const { blocked } = this.#meta;
    const only = blocked ? "unblock" : this.#messages.size ? null : "start";
    if (this.foot.dataset.only === String(only) && this.foot.lang === this.#meta.language_code) return;
    this.foot.dataset.only = String(only);
    this.foot.lang = this.#meta.language_code;
    if (!only) return this.foot.replaceChildren(this.composer.element);
    const run = () => (blocked ? this.#do("unblock") : this.#send("/start"));
    this.foot.replaceChildren(el("button", { class: `only ${only}`, on: { click: run } }, this.words[only]));
  }

  // scrolling

  #scrolled() {
    // Only a person scrolls up; all else (a taller keyboard, a new message) must not let go of the bottom.
    if (this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 40) this.#atBottom = true;
    else if (this.chat.scrollTop < this.#top) this.#atBottom = false;
    this.#top = this.chat.scrollTop;
    if (this.#atBottom) this.#unseen = 0;
    this.chat.classList.add("scrolling");
    clearTimeout(this.#scrollTimer);
    this.#scrollTimer = setTimeout(() => this.chat.classList.remove("scrolling"), 900);
    this.#drawDown();
  }

  #drawDown() {
    this.down.hidden = this.#atBottom;
    this.down.setAttribute("aria-label", this.#unseen ? `${this.words.newMessages}: ${this.#unseen}` : this.words.toBottom);
    this.down.replaceChildren(icon("down"), this.#unseen ? el("b", {}, String(this.#unseen)) : "");
  }

  #scrollDown(smooth = false) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const far = this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight > 1.5 * this.chat.clientHeight;
    this.#atBottom = true;
    this.#unseen = 0;
    this.chat.scrollTo({ top: this.chat.scrollHeight, behavior: smooth && !calm && !far ? "smooth" : "instant" });
    this.#drawDown();
  }

  #jump(id) {
    const row = this.#row(id);
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    row.classList.remove("changed");
    void row.offsetWidth; // starts the highlight anew
    row.classList.add("changed");
  }
}
