// Photos, files, voice messages, places, contacts and stickers inside a bubble. A map is drawn, never fetched.

import { fileUrl } from "./api.js";
import { dice, el, icon, seed, svg } from "./dom.js";
import { length } from "./time.js";

/** Places that a person can send with one press; the words for them are in strings.js. */
export const places = {
  almaty: [43.238949, 76.889709],
  astana: [51.128207, 71.430411],
  shymkent: [42.341741, 69.590101],
  karaganda: [49.806406, 73.085485],
  aktobe: [50.283933, 57.166978],
  aktau: [43.655361, 51.197543],
};

/** The place of `places` within about 20 km, or undefined. */
export function placeNear(latitude, longitude) {
  return Object.keys(places).find((name) => {
    const [north, east] = places[name];
    return Math.abs(north - latitude) < 0.2 && Math.abs(east - longitude) < 0.25;
  });
}

/** "12.5 KB" for a number of bytes. */
export function fileSize(bytes, words) {
  let size = bytes ?? 0;
  let unit = 0;
  while (size >= 1000 && unit < 3) {
    size /= 1024;
    unit += 1;
  }
  return `${unit && size < 100 ? size.toFixed(1) : Math.round(size)} ${words.units[unit]}`;
}

function photo(sizes, message, words, act) {
  const largest = sizes.reduce((best, size) => (size.width > best.width ? size : best));
  const source = fileUrl(largest.file_id);
  const image = el("img", {
    src: source, alt: message.caption || words.photo, draggable: "false",
    width: largest.width, height: largest.height,
  });
  const shape = Math.min(Math.max(largest.width / largest.height || 1, 0.7), 2.2);
  return el("button", {
    class: `photo${message.has_media_spoiler ? " covered" : ""}`, "aria-label": words.viewPhoto,
    css: { "aspect-ratio": String(shape) },
    on: {
      click: ({ currentTarget }) => {
        if (!currentTarget.classList.contains("covered")) act.view(source, message.caption || words.photo);
        currentTarget.classList.remove("covered");
      },
    },
  }, image);
}

function document_(file, words) {
  const name = file.file_name || file.title || words.file;
  const ending = /\.([^.]{1,4})$/.exec(name)?.[1];
  return el("a", {
    class: "file", href: fileUrl(file.file_id), download: name, "aria-label": `${words.download}: ${name}`,
  }, el("span", { class: "disc" }, ending ? el("b", {}, ending) : icon("file"), icon("download")),
  el("span", { class: "two-lines" }, el("bdi", { class: "file-name" }, name),
    el("small", {}, fileSize(file.file_size, words))));
}

function voice(sound, words) {
  const bars = 34;
  const random = dice(seed(sound.file_unique_id || sound.file_id));
  const wave = svg("svg", { class: "wave", viewBox: `0 0 ${bars * 4} 24`, "aria-hidden": "true", preserveAspectRatio: "none" });
  for (let bar = 0; bar < bars; bar += 1) {
    const height = 3 + 19 * random() * (0.35 + 0.65 * Math.sin((Math.PI * (bar + 1)) / (bars + 1)));
    wave.append(svg("rect", { x: bar * 4, y: 12 - height / 2, width: 2.4, height, rx: 1.2 }));
  }
  const time = el("small", {}, length(sound.duration));
  const audio = new Audio();
  audio.preload = "none";
  audio.src = fileUrl(sound.file_id);
  const button = el("button", { class: "disc play", "aria-label": words.play });
  const show = () => {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", audio.paused ? words.play : words.pause);
    const total = Number.isFinite(audio.duration) && audio.duration ? audio.duration : sound.duration || 1;
    const played = audio.currentTime / total;
    [...wave.children].forEach((bar, index) => bar.classList.toggle("played", index / bars < played));
    time.textContent = length(audio.paused && !audio.currentTime ? sound.duration : audio.currentTime);
  };
  for (const event of ["play", "pause", "timeupdate"]) audio.addEventListener(event, show);
  audio.addEventListener("ended", () => {
    audio.currentTime = 0;
    show();
  });
  button.addEventListener("click", () => (audio.paused ? audio.play().catch(show) : audio.pause()));
  show();
  return el("div", { class: "voice" }, button, el("div", { class: "two-lines" }, wave, time));
}

/** A map of no real streets: the same place always gives the same drawing, with a pin in its middle. */
export function mapTile(latitude, longitude) {
  const random = dice(seed(`${latitude.toFixed(4)} ${longitude.toFixed(4)}`));
  const tile = svg("svg", { class: "map", viewBox: "0 0 280 150", "aria-hidden": "true", preserveAspectRatio: "xMidYMid slice" });
  const turn = svg("g", { transform: `rotate(${Math.round(random() * 30 - 15)} 140 75)` });
  const river = 20 + random() * 60;
  turn.append(svg("path", {
    class: "map-water", d: `M-60 ${river}C40 ${river - 40} 120 ${river + 50} 200 ${river}S320 ${river - 20} 360 ${river + 10}`,
  }));
  const columns = [];
  for (let x = -60; x < 350; x += 34 + random() * 26) columns.push(x);
  const rows = [];
  for (let y = -70; y < 230; y += 28 + random() * 20) rows.push(y);
  const park = Math.floor(random() * (columns.length - 4)) + 2;
  const line = Math.floor(random() * (rows.length - 4)) + 2;
  turn.append(svg("rect", {
    class: "map-park", x: columns[park], y: rows[line], rx: 5,
    width: columns[park + 1] - columns[park], height: rows[line + 1] - rows[line],
  }));
  columns.forEach((x, index) => turn.append(svg("path", { class: index % 3 ? "map-street" : "map-road", d: `M${x} -90V260` })));
  rows.forEach((y, index) => turn.append(svg("path", { class: index % 4 ? "map-street" : "map-road", d: `M-90 ${y}H380` })));
  tile.append(turn,
    svg("ellipse", { class: "map-shade", cx: 140, cy: 82, rx: 8, ry: 3 }),
    svg("path", { class: "map-pin", d: "M140 82c-12-15-17-21-17-30a17 17 0 0 1 34 0c0 9-5 15-17 30z" }),
    svg("circle", { class: "map-hole", cx: 140, cy: 52, r: 6.5 }));
  return tile;
}

function location(place, words) {
  const name = words.places[placeNear(place.latitude, place.longitude)];
  const numbers = `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`;
  return el("div", { class: "place" }, mapTile(place.latitude, place.longitude),
    el("div", { class: "two-lines" }, el("b", {}, name ? `${words.location}: ${name}` : words.location),
      el("small", {}, numbers)));
}

function contact(person) {
  const name = [person.first_name, person.last_name].filter(Boolean).join(" ");
  const number = person.phone_number.startsWith("+") ? person.phone_number : `+${person.phone_number}`;
  return el("div", { class: "contact" }, avatar(name),
    el("div", { class: "two-lines" }, el("b", {}, el("bdi", {}, name)), el("small", {}, number)));
}

/** A coloured circle with the first letter of a name. */
export function avatar(name, letter = null) {
  return el("span", { class: "avatar", data: { tint: String(seed(name) % 6) }, "aria-hidden": "true" },
    letter ?? [...name.trim()][0]?.toUpperCase() ?? "?");
}

function sticker(file) {
  const image = el("img", { class: "sticker", src: fileUrl(file.file_id), alt: file.emoji || "" });
  image.addEventListener("error", () => image.replaceWith(el("span", { class: "sticker" }, file.emoji || "🖼")));
  return image;
}

/** What a message carries besides words: {kind, element}, or null. */
export function media(message, words, act) {
  if (message.photo?.length) return { kind: "photo", element: photo(message.photo, message, words, act) };
  if (message.voice) return { kind: "voice", element: voice(message.voice, words) };
  if (message.location) return { kind: "place", element: location(message.location, words) };
  if (message.contact) return { kind: "contact", element: contact(message.contact) };
  if (message.sticker) return { kind: "sticker", element: sticker(message.sticker) };
  const file = message.document ?? message.audio ?? message.video ?? message.animation ?? message.video_note;
  return file ? { kind: "file", element: document_(file, words) } : null;
}

/** A message in a few words, for quotes and for lists. */
export function summary(message, words) {
  if (message.text || message.caption) return message.text || message.caption;
  for (const kind of ["photo", "voice", "location", "contact", "sticker"]) if (message[kind]) return words[kind];
  return message.document?.file_name || (message.document ? words.file : words.unsupported);
}
