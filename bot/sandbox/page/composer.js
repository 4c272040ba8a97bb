// The lower edge of a phone: what a person types, attaches, or presses on the keyboard that the bot sent.

import { el, icon } from "./dom.js";
import { mapTile, placeNear, places, summary } from "./media.js";
import { dialog, menu } from "./overlay.js";

const field = (label, input) => el("label", { class: "field" }, el("span", {}, label), input);
const touch = matchMedia("(pointer: coarse)");

/** The length of a sound file in whole seconds, at least 1; 1 where this browser can't read it. */
function soundLength(file) {
  return new Promise((resolve) => {
    const address = URL.createObjectURL(file);
    const audio = new Audio();
    const end = (seconds) => {
      clearTimeout(timer);
      URL.revokeObjectURL(address);
      resolve(Number.isFinite(seconds) ? Math.max(1, Math.round(seconds)) : 1);
    };
    const timer = setTimeout(() => end(1), 1500);
    audio.addEventListener("loadedmetadata", () => end(audio.duration));
    audio.addEventListener("error", () => end(1));
    audio.preload = "metadata";
    audio.src = address;
  });
}

/**
 * The composer of one phone. `host`: screen, do(action, body) -> true when it went well, send(text), words(), meta(),
 * ownNewest(). Its `element` goes below the chat; `render` follows every change of language, commands or keyboard.
 */
export class Composer {
  #host;
  #mode = null; // {kind: "reply" | "edit", message}
  #markup = null; // the newest reply keyboard or force reply of the bot, with the message it came in
  #hidden = null; // the id of the message whose keyboard the person or one_time has put away
  #chosen = -1;

  constructor(host) {
    this.#host = host;
    this.input = el("textarea", {
      rows: "1", dir: "auto", autocomplete: "off", enterkeyhint: "send", maxlength: "4096",
      on: {
        input: () => this.#typed(),
        keydown: (event) => this.#key(event),
        paste: (event) => this.#dropped(event, event.clipboardData),
        focus: () => this.#suggest(),
      },
    });
    this.suggestions = el("div", { class: "suggestions" });
    this.context = el("div", { class: "context" });
    this.keyboard = el("div", { class: "reply-keyboard" });
    this.menuButton = el("button", { class: "menu-button", "aria-haspopup": "true", on: { click: () => this.#commands() } });
    this.attachButton = el("button", { class: "round", "aria-haspopup": "menu", on: { click: () => this.#attach() } }, icon("attach"));
    this.keysButton = el("button", { class: "round", on: { click: () => this.#toggleKeyboard() } }, icon("keys"));
    this.sendButton = el("button", { class: "round send", on: { click: () => this.#submit() } });
    this.bar = el("div", { class: "bar" }, this.menuButton, this.input, this.keysButton, this.attachButton, this.sendButton);
    this.element = el("div", { class: "composer" }, this.suggestions, this.context, this.bar, this.keyboard);
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.element.contains(relatedTarget)) this.suggestions.replaceChildren();
    });
    host.screen.addEventListener("dragover", (event) => event.preventDefault());
    host.screen.addEventListener("drop", (event) => this.#dropped(event, event.dataTransfer));
  }

  /** Draw everything anew in the phone's language. */
  render() {
    const words = this.#host.words();
    this.menuButton.replaceChildren(icon("menu"), el("span", {}, words.menu));
    this.menuButton.setAttribute("aria-label", words.commands);
    this.menuButton.hidden = !this.#host.meta().commands?.length;
    this.attachButton.setAttribute("aria-label", words.attach);
    this.input.setAttribute("aria-label", words.message);
    this.#drawContext();
    this.#drawKeyboard();
    this.#typed();
  }

  /** Follow the bot's newest reply keyboard: {message, markup} or null. */
  follow(markup) {
    const before = this.#markup?.message.message_id;
    this.#markup = markup;
    if (markup?.markup.force_reply && markup.message.message_id !== before) {
      this.answerTo(markup.message, this.#host.screen.contains(document.activeElement));
    }
    this.#drawKeyboard();
    this.#drawContext();
  }

  /** A message is gone: stop answering or editing it. */
  forget(id) {
    if (this.#mode?.message.message_id === id) this.#leave();
  }

  answerTo(message, focus = true) {
    this.#mode = { kind: "reply", message };
    this.#drawContext();
    this.#typed();
    if (focus) this.input.focus({ preventScroll: true });
  }

  edit(message) {
    this.#mode = { kind: "edit", message };
    this.input.value = message.text;
    this.#drawContext();
    this.#typed();
    this.input.focus({ preventScroll: true });
  }

  #leave() {
    if (this.#mode?.kind === "edit") this.input.value = "";
    this.#mode = null;
    this.#drawContext();
    this.#typed();
  }

  #drawContext() {
    const words = this.#host.words();
    this.input.placeholder = this.#markup?.markup.input_field_placeholder || words.message;
    if (!this.#mode) return this.context.replaceChildren();
    const { kind, message } = this.#mode;
    this.context.replaceChildren(
      icon(kind === "edit" ? "edit" : "reply"),
      el("span", { class: "context-text" }, el("b", {}, kind === "edit" ? words.editing : words.reply),
        el("span", { dir: "auto" }, summary(message, words))),
      el("button", { class: "round", "aria-label": words.cancel, on: { click: () => this.#leave() } }, icon("close")),
    );
  }

  // typing and sending

  #typed() {
    const words = this.#host.words();
    const editing = this.#mode?.kind === "edit";
    this.input.style.setProperty("height", "auto");
    const needed = this.input.value ? this.input.scrollHeight : 0; // 0 as well while this phone is out of sight
    if (needed) this.input.style.setProperty("height", `${Math.min(needed, 140)}px`);
    this.sendButton.replaceChildren(icon(editing ? "check" : "send"));
    this.sendButton.setAttribute("aria-label", editing ? words.save : words.send);
    this.sendButton.disabled = !this.input.value.trim();
    this.bar.classList.toggle("typed", Boolean(this.input.value));
    this.#suggest();
  }

  async #submit() {
    const text = this.input.value.trim();
    if (!text) return;
    const mode = this.#mode;
    this.input.value = "";
    this.#mode = null;
    this.#drawContext();
    this.#typed();
    this.suggestions.replaceChildren();
    const sent = mode?.kind === "edit"
      ? text === mode.message.text || (await this.#host.do("edit", { message_id: mode.message.message_id, text }))
      : await this.#host.send(text, mode?.message.message_id);
    if (sent || this.input.value) return;
    this.input.value = text;
    this.#mode = mode;
    this.#drawContext();
    this.#typed();
  }

  #key(event) {
    const options = [...this.suggestions.children];
    if (event.isComposing) return;
    if (options.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const step = event.key === "ArrowDown" ? 1 : options.length - 1;
      this.#chosen = (Math.max(this.#chosen, event.key === "ArrowUp" ? 0 : -1) + step) % options.length;
      this.#mark(options);
    } else if (options.length && event.key === "Tab" && !event.shiftKey && this.input.value) {
      this.input.value = options[Math.max(this.#chosen, 0)].dataset.command;
      this.suggestions.replaceChildren();
      this.#typed();
      this.suggestions.replaceChildren();
    } else if (event.key === "Enter" && !event.shiftKey && !(touch.matches && this.input.value.includes("\n"))) {
      if (options.length && this.#chosen >= 0) options[this.#chosen].click();
      else this.#submit();
    } else if (event.key === "Escape" && (options.length || this.#mode)) {
      if (options.length) this.suggestions.replaceChildren();
      else this.#leave();
    } else if (event.key === "ArrowUp" && !this.input.value && this.#host.ownNewest()) {
      this.edit(this.#host.ownNewest());
    } else return;
    event.preventDefault();
  }

  // commands

  #suggest() {
    const typed = this.input.value;
    const active = document.activeElement === this.input && /^\/\w*$/.test(typed) && !this.#mode;
    this.#list(active ? (this.#host.meta().commands ?? []).filter(({ command }) => `/${command}`.startsWith(typed.toLowerCase())) : []);
  }

  #commands() {
    if (this.suggestions.childElementCount) return this.suggestions.replaceChildren();
    this.#list(this.#host.meta().commands ?? []);
    this.suggestions.firstElementChild?.focus({ preventScroll: true });
  }

  #list(commands) {
    this.#chosen = -1;
    this.suggestions.replaceChildren(...commands.map(({ command, description }) => el("button", {
      class: "suggestion", data: { command: `/${command}` },
      on: {
        mousedown: (event) => event.preventDefault(), // keeps the focus, and with it this list, until the click
        keydown: (event) => this.#walk(event),
        click: () => {
          this.suggestions.replaceChildren();
          this.input.value = "";
          this.#typed();
          this.input.focus({ preventScroll: true });
          this.#host.send(`/${command}`);
        },
      },
    }, el("b", {}, `/${command}`), el("span", { dir: "auto" }, description))));
  }

  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const options = [...this.suggestions.children];
    if (step) options.at((options.indexOf(event.currentTarget) + step) % options.length).focus();
    else if (event.key === "Escape") {
      this.suggestions.replaceChildren();
      this.menuButton.focus();
    } else return;
    event.preventDefault();
  }

  #mark(options) {
    options.forEach((option, index) => option.classList.toggle("chosen", index === this.#chosen));
    options[this.#chosen]?.scrollIntoView({ block: "nearest" });
  }

  // the bot's keyboard

  get #keys() {
    return this.#markup?.markup.keyboard ? this.#markup : null;
  }

  #toggleKeyboard() {
    const id = this.#keys.message.message_id;
    this.#hidden = this.#hidden === id ? null : id;
    this.#drawKeyboard();
  }

  #drawKeyboard() {
    const words = this.#host.words();
    const keys = this.#keys;
    const shown = keys && this.#hidden !== keys.message.message_id;
    this.keysButton.hidden = !keys;
    this.keysButton.setAttribute("aria-expanded", String(Boolean(shown)));
    this.keysButton.setAttribute("aria-label", shown ? words.hideKeyboard : words.showKeyboard);
    this.keyboard.classList.toggle("tall", Boolean(shown && !keys.markup.resize_keyboard));
    if (!shown) return this.keyboard.replaceChildren();
    this.keyboard.replaceChildren(...keys.markup.keyboard.map((row) => el("div", { class: "keys" }, row.map((key) => {
      const button = typeof key === "string" ? { text: key } : key;
      const style = ["danger", "success", "primary"].includes(button.style) ? button.style : "plain";
      return el("button", { class: `key ${style}`, on: { click: () => this.#pressed(button, keys) } },
        button.request_contact ? icon("person") : button.request_location ? icon("place") : null,
        el("span", { dir: "auto" }, button.text));
    }))));
  }

  async #pressed(button, keys) {
    let sent;
    if (button.request_contact) sent = await this.#shareContact(this.#host.words().shareContact);
    else if (button.request_location) sent = await this.#shareLocation(this.#host.words().shareLocation);
    else if (Object.keys(button).some((name) => name.startsWith("request_") || name === "web_app")) return this.#host.toast(this.#host.words().notHere);
    else sent = await this.#host.send(button.text, this.#mode?.kind === "reply" ? this.#mode.message.message_id : undefined);
    if (!sent) return;
    if (keys.markup.one_time_keyboard) this.#hidden = keys.message.message_id;
    if (this.#mode?.kind === "reply") this.#leave();
    this.#drawKeyboard();
  }

  // attachments

  #attach() {
    const words = this.#host.words();
    menu(this.#host.screen, this.attachButton, [
      { text: words.photo, icon: "photo", run: () => this.#pick("photo", "image/*") },
      { text: words.file, icon: "file", run: () => this.#pick("document", "") },
      { text: words.voice, icon: "voice", run: () => this.#pick("voice", "audio/*,.ogg,.oga,.opus") },
      { text: words.location, icon: "place", run: () => this.#shareLocation() },
      { text: words.contact, icon: "person", run: () => this.#shareContact() },
    ]);
  }

  #pick(kind, accept) {
    const input = el("input", { type: "file", accept, hidden: true });
    const done = () => input.remove();
    input.addEventListener("change", () => {
      if (input.files[0]) this.offer(kind, input.files[0]);
      done();
    });
    input.addEventListener("cancel", done);
    this.element.append(input);
    input.click();
  }

  #dropped(event, data) {
    const file = data?.files?.[0];
    if (!file) return;
    event.preventDefault();
    this.offer(file.type.startsWith("image/") ? "photo" : "document", file);
  }

  /** Show a file before it goes out, with room for a caption; then send it as `kind`: photo, document or voice. */
  async offer(kind, file) {
    const words = this.#host.words();
    const address = URL.createObjectURL(file);
    const caption = el("input", { type: "text", maxlength: "1024", placeholder: words.caption, "aria-label": words.caption, dir: "auto" });
    const shown = kind === "photo" ? el("img", { class: "preview", src: address, alt: file.name })
      : el("p", { class: "preview-file" }, icon(kind === "voice" ? "voice" : "file"), el("bdi", {}, file.name));
    const titles = { photo: words.photo, document: words.file, voice: words.voice };
    const agreed = await dialog(this.#host.screen, {
      title: titles[kind], body: el("div", { class: "fields" }, shown, kind === "voice" ? null : caption), submit: true,
      buttons: [{ text: words.cancel, value: null }, { text: words.send, value: true, style: "primary" }],
    });
    URL.revokeObjectURL(address);
    if (!agreed) return false;
    const form = new FormData();
    form.append("file", file, file.name || "file");
    if (kind !== "voice" && caption.value.trim()) form.append("caption", caption.value.trim());
    if (kind === "voice") form.append("duration", String(await soundLength(file)));
    return this.#host.do(kind, form);
  }

  async #shareContact(title = null) {
    const words = this.#host.words();
    const meta = this.#host.meta();
    const number = el("input", { type: "tel", value: `+7700${String(meta.id).slice(-7).padStart(7, "0")}`, "aria-label": words.phoneNumber });
    const name = el("input", { type: "text", value: meta.first_name, "aria-label": words.firstName, dir: "auto" });
    const agreed = await dialog(this.#host.screen, {
      title: title ?? words.contact, submit: true,
      body: el("div", { class: "fields" }, field(words.phoneNumber, number), field(words.firstName, name)),
      buttons: [{ text: words.cancel, value: null }, { text: words.send, value: true, style: "primary" }],
    });
    return agreed ? this.#host.do("contact", { phone_number: number.value.trim(), first_name: name.value.trim() }) : false;
  }

  async #shareLocation(title = null) {
    const words = this.#host.words();
    const coordinate = (value, most, label) => el("input", {
      type: "number", step: "any", min: String(-most), max: String(most), value: String(value), "aria-label": label, inputmode: "decimal",
    });
    const latitude = coordinate(places.almaty[0], 90, words.latitude);
    const longitude = coordinate(places.almaty[1], 180, words.longitude);
    const map = el("div", { class: "map-frame" });
    const chips = Object.entries(places).map(([name, [north, east]]) => el("button", {
      class: "chip", data: { place: name },
      on: {
        click: () => {
          latitude.value = north;
          longitude.value = east;
          draw();
        },
      },
    }, words.places[name]));
    const draw = () => {
      const here = [Number(latitude.value), Number(longitude.value)];
      map.replaceChildren(mapTile(...here));
      for (const chip of chips) chip.setAttribute("aria-pressed", String(chip.dataset.place === placeNear(...here)));
    };
    for (const input of [latitude, longitude]) input.addEventListener("input", draw);
    draw();
    const agreed = await dialog(this.#host.screen, {
      title: title ?? words.location, submit: true, wide: true,
      body: el("div", { class: "fields" }, map, el("div", { class: "chips" }, chips),
        el("div", { class: "pair" }, field(words.latitude, latitude), field(words.longitude, longitude))),
      buttons: [{ text: words.cancel, value: null }, { text: words.send, value: true, style: "primary" }],
    });
    if (!agreed) return false;
    return this.#host.do("location", { latitude: Number(latitude.value), longitude: Number(longitude.value) });
  }
}
