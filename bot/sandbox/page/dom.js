// The one way to build elements. Data reaches the page only as text nodes and plain properties, never as HTML.

/**
 * Build an element. Properties: `class`, `on` ({event: handler}), `data` (dataset), `css` (style properties),
 * booleans and strings become attributes (false, null and undefined are left out). Children: nodes or strings.
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "css") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  if (tag === "button" && !properties.type) element.type = "button";
  return element;
}

/** Build an SVG element with attributes and children. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const paths = {
  send: "M4 12l16-8-5 16-3.5-6.500zM11.5 13.500L20 4",
  attach: "M20 11.500l-8 8a5 5 0 0 1-7-7l8.5-8.500a3.3 3.3 0 0 1 4.7 4.700L10 17a1.7 1.7 0 0 1-2.4-2.400l7.4-7.4",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M12 5.500v.1M12 12v.1M12 18.500v.1",
  dots: "M5.5 12h.1M12 12h.1M18.5 12h.1",
  close: "M6 6l12 12M18 6L6 18",
  check: "M4 12.500l5 5L20 6.5",
  checks: "M1.5 12.500l5 5 10-11M11.5 16.500l1 1 10-11",
  reply: "M10 6l-6 6 6 6M4 12h9c4 0 7 2 7 7",
  edit: "M4 20l1-4.500L16 4.500l3.5 3.500L8.5 19zM13.5 7l3.5 3.5",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  external: "M7 17L17 7M9 7h8v8",
  window: "M4 5h16v14H4zM4 9h16",
  photo: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9v.1",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  voice: "M12 4a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3zM5.5 11.500a6.5 6.5 0 0 0 13 0M12 18v3",
  place: "M12 21c5-6 7-8.5 7-12a7 7 0 0 0-14 0c0 3.5 2 6 7 12zM12 11.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4.5 3.5-7 8-7s8 2.5 8 7",
  block: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 6l12 12",
  clear: "M14 4l-4 8M7 11l8 4-3 6H5c1-3 1-6 2-10z",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.500v.1",
  down: "M12 5v14M6 13l6 6 6-6",
  keys: "M3 6h18v12H3zM7 10h.1M12 10h.1M17 10h.1M8 14h8",
  play: "M8 5l11 7-11 7z",
  pause: "M8 5v14M16 5v14",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
};

/** A line icon, 24 by 24, coloured by the text around it and hidden from screen readers. */
export function icon(name) {
  return svg(
    "svg",
    { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: paths[name] }),
  );
}

/** A small number that is always the same for the same text (for avatars, waveforms and drawn maps). */
export function seed(text) {
  let value = 2166136261;
  for (const unit of String(text)) value = Math.imul(value ^ unit.codePointAt(0), 16777619) >>> 0;
  return value;
}

/** A generator of numbers in [0, 1) that always runs the same way for the same start. */
export function dice(start) {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
