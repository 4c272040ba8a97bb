// The page around the phones: its language and colours, the tabs of a narrow window, and the stream of events.

import { listen } from "./api.js";
import { el } from "./dom.js";
import { Phone } from "./phone.js";
import { languages, words } from "./strings.js";

const byId = (id) => document.getElementById(id);
const phones = new Map();
let active = null;

function kept(name, value) {
  // A browser that forbids storage still shows the page; it only forgets the choice.
  try {
    if (value === undefined) return localStorage.getItem(`sandbox-${name}`);
    localStorage.setItem(`sandbox-${name}`, value);
  } catch {
    return null;
  }
  return value;
}

// language and colours

const spoken = navigator.languages.map((code) => code.slice(0, 2)).find((code) => code in languages);
let language = kept("language") in languages ? kept("language") : spoken ?? "en";

function speak(code) {
  language = code;
  const w = words(language);
  document.documentElement.lang = language;
  byId("tagline").textContent = w.tagline;
  byId("theme").setAttribute("aria-label", w.theme);
  byId("theme").title = w.theme;
  byId("tabs").setAttribute("aria-label", w.phones);
  byId("banner").textContent = w.lost;
  byId("page-language").setAttribute("aria-label", w.pageLanguage);
  for (const button of byId("page-language").children) button.setAttribute("aria-pressed", String(button.dataset.language === language));
  for (const phone of phones.values()) phone.renderAll();
  if (!phones.size) byId("phones").replaceChildren(el("p", { class: "connecting" }, w.connecting));
  drawTabs();
}

const night = matchMedia("(prefers-color-scheme: dark)");
let theme = kept("theme");

function paint() {
  document.documentElement.dataset.theme = theme ?? (night.matches ? "dark" : "light");
}

byId("page-language").append(...Object.entries(languages).map(([code, { short, name }]) =>
  el("button", { data: { language: code }, "aria-label": name, on: { click: () => speak(kept("language", code) ?? code) } }, short)));

byId("theme").addEventListener("click", () => {
  theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  kept("theme", theme);
  paint();
});
night.addEventListener("change", paint);

// tabs of a narrow window

function choose(id) {
  active = id;
  for (const phone of phones.values()) phone.element.classList.toggle("active", phone.id === id);
  phones.get(id)?.seen();
  drawTabs();
}

function drawTabs() {
  const focused = byId("tabs").contains(document.activeElement);
  byId("tabs").replaceChildren(...[...phones.values()].map((phone) => el("button", {
    role: "tab", "aria-selected": String(phone.id === active), tabindex: phone.id === active ? "0" : "-1",
    data: { tab: String(phone.id) }, on: { click: () => choose(phone.id), keydown: walkTabs },
  }, phone.title, phone.unread ? el("b", { class: "badge" }, String(phone.unread)) : null)));
  if (focused) byId("tabs").querySelector("[aria-selected=true]")?.focus();
}

function walkTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const ids = [...phones.keys()];
  choose(ids.at((ids.indexOf(active) + step) % ids.length));
}

// events

let known = null; // the bot, for phones that come later
const page = { words: () => words(language), changed: drawTabs };

function arrange() {
  const place = byId("phones");
  const shown = [...phones.values()].map(({ element }) => element);
  // Elements that stay where they are keep their focus and their place in the chat.
  if (shown.length !== place.children.length || shown.some((element, index) => element !== place.children[index])) {
    place.replaceChildren(...shown);
  }
  place.style.setProperty("--count", String(shown.length));
  place.removeAttribute("aria-busy");
  if (phones.has(active)) drawTabs();
  else choose(phones.keys().next().value);
}

const handlers = {
  connection(alive) {
    byId("banner").hidden = alive;
  },

  snapshot({ bot, phones: list }) {
    const name = bot.first_name || bot.name;
    byId("brand").textContent = name;
    document.title = `${name} · Telegram sandbox`;
    known = bot;
    for (const id of phones.keys()) if (!list.some((data) => data.id === id)) phones.delete(id);
    for (const data of list) {
      if (phones.has(data.id)) phones.get(data.id).reset(data, bot);
      else phones.set(data.id, new Phone(data, bot, page));
    }
    arrange();
  },

  message: ({ phone, message }) => phones.get(phone)?.upsert(message),
  delete: ({ phone, message_ids: ids }) => phones.get(phone)?.remove(ids),
  answer: (event) => phones.get(event.phone)?.answer(event),
  action: ({ phone, action }) => phones.get(phone)?.action(action),
  phone: (data) => {
    if (phones.has(data.id)) phones.get(data.id).update(data);
    else phones.set(data.id, new Phone(data, known, page));
    arrange();
  },
};

paint();
speak(language);
listen(handlers);
setInterval(() => phones.forEach((phone) => phone.tick()), 1000);
