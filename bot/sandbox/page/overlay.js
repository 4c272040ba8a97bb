// What lies over a phone's screen for a moment: a toast, a dialog, a menu, a photo in full size.

import { el, icon } from "./dom.js";

/** Show a few words at the top of the chat, where they cover no button; a newer toast replaces an older one. Errors are read out at once. */
export function toast(screen, text, { error = false } = {}) {
  const place = screen.querySelector(".toasts");
  const shown = el("div", { class: `toast${error ? " error" : ""}`, role: error ? "alert" : "status", dir: "auto" }, text);
  place.replaceChildren(shown);
  clearTimeout(place.timer);
  place.timer = setTimeout(() => shown.remove(), 2600 + 40 * text.length);
}

/** Only the topmost layer can be reached; without one, everything can. */
function settle(screen) {
  const top = [...screen.children].findLast((child) => child.matches(".layer"));
  for (const child of screen.children) child.inert = Boolean(top) && child !== top && !child.matches(".toasts");
}

/** Lay `layer` over the screen. Returns what takes it away and gives the focus back. */
function lay(screen, layer, close) {
  const before = document.activeElement;
  screen.append(layer);
  settle(screen);
  layer.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close(null);
  });
  return () => {
    layer.remove();
    settle(screen);
    if (before?.isConnected && screen.contains(before)) before.focus({ preventScroll: true });
  };
}

/**
 * Ask or tell something over the screen. `buttons`: [{text, value, style}]. Resolves to the value of the pressed
 * button, and to null after Escape or a press outside. With `submit`, the last button (or Enter in a field) resolves
 * to that, once the fields hold what they may.
 */
export function dialog(screen, { title, text, body, buttons, submit, wide = false }) {
  return new Promise((resolve) => {
    const box = el("form", {
      class: `dialog${wide ? " wide" : ""}`, role: "dialog", "aria-modal": "true", "aria-label": title || text || "",
    },
    title ? el("h2", { dir: "auto" }, title) : null,
    text ? el("p", { dir: "auto" }, text) : null,
    body ?? null,
    el("div", { class: "dialog-buttons" }, buttons.map((button, index) => {
      const submits = submit !== undefined && index === buttons.length - 1;
      return el("button", {
        class: `dialog-button ${button.style ?? ""}`, type: submits ? "submit" : "button",
        on: submits ? {} : { click: () => close(button.value) },
      }, button.text);
    })));
    const layer = el("div", { class: "layer" }, box);
    const close = (value) => {
      release();
      resolve(value);
    };
    box.addEventListener("submit", (event) => {
      event.preventDefault();
      if (submit !== undefined) close(submit);
    });
    layer.addEventListener("pointerdown", (event) => event.target === layer && close(null));
    const release = lay(screen, layer, close);
    const first = box.querySelector("input:not([type=file]), textarea") ?? box.querySelector(".dialog-button:last-child");
    first.focus({ preventScroll: true });
  });
}

/** Show a photo over the whole screen until it is pressed. */
export function viewer(screen, source, caption, words) {
  const close = () => {
    release();
  };
  const button = el("button", { class: "round", "aria-label": words.close, on: { click: close } }, icon("close"));
  const layer = el("div", { class: "layer viewer", role: "dialog", "aria-modal": "true", "aria-label": caption },
    el("img", { src: source, alt: caption, on: { click: close } }), button);
  const release = lay(screen, layer, close);
  button.focus({ preventScroll: true });
}

/**
 * Open a menu next to `anchor`, or at the pointer where an event is given. `items`: [{text, icon, run, danger}];
 * empty places are left out. Arrows move, Escape closes, a press elsewhere closes.
 */
export function menu(screen, anchor, items, pointer = null) {
  screen.querySelector(".menu-layer")?.remove();
  const list = el("div", { class: "menu", role: "menu" }, items.filter(Boolean).map((item) => el("button", {
    role: "menuitem", class: item.danger ? "danger" : "", on: { click: () => (close(), item.run()) },
  }, icon(item.icon), el("span", {}, item.text))));
  const layer = el("div", { class: "menu-layer" }, list);
  const close = () => {
    layer.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (anchor.isConnected) anchor.focus({ preventScroll: true });
  };
  layer.addEventListener("pointerdown", (event) => event.target === layer && close());
  layer.addEventListener("contextmenu", (event) => event.preventDefault());
  layer.addEventListener("keydown", (event) => {
    const buttons = [...list.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  screen.append(layer);
  const frame = screen.getBoundingClientRect();
  const from = anchor.getBoundingClientRect();
  const x = (pointer?.clientX || from.right) - frame.left;
  const y = (pointer?.clientY || from.bottom) - frame.top;
  const left = pointer?.clientX ? x : x - list.offsetWidth;
  const down = y + list.offsetHeight + 8 < frame.height;
  const up = (pointer?.clientY ? y : from.top - frame.top) - list.offsetHeight - 4;
  list.style.setProperty("left", `${Math.min(Math.max(left, 8), frame.width - list.offsetWidth - 8)}px`);
  list.style.setProperty("top", `${down ? y + 4 : Math.max(up, 8)}px`);
  anchor.setAttribute("aria-expanded", "true");
  list.firstElementChild.focus({ preventScroll: true });
}
