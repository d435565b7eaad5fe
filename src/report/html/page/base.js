"use strict";
// What all parts of the page use. Text of the report only ever becomes text nodes and attributes, never markup.
const report = JSON.parse(document.getElementById("data").textContent);
const root = document.getElementById("report");
const SVG = "http://www.w3.org/2000/svg";

const fill = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined && child !== "") element.append(child);
  return element;
};
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const sizes = (list) => list.map((one) => `${one.name} ${one.count}`).join(", ");
const title = (result) => (result.target ? `${result.intent} ${result.target}` : result.intent);

// Control and reordering characters, written out.
const clean = (text) => String(text).replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
  (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

const facts = (pairs) => el("dl", { class: "facts" },
  pairs.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, name), el("dd", {}, clean(value))]));

const sheet = (name, ...content) => el("section", { class: "sheet" }, el("h3", {}, name), content);

// Calls on a click, and on Enter and space for those who use keys.
const pressed = (action) => ({
  onclick: action,
  onkeydown: (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    action();
  },
});

// Amounts of resources as manifests have them.
function amountOf(resource, value) {
  if (resource === "cpu") return value % 1000 === 0 ? String(value / 1000) : `${value}m`;
  if (resource !== "memory" && resource !== "ephemeral-storage") return String(value);
  const unit = [[2 ** 30, "Gi"], [2 ** 20, "Mi"], [2 ** 10, "Ki"]].find(([size]) => value !== 0 && value % size === 0);
  if (unit) return `${value / unit[0]}${unit[1]}`;
  return value > 2 ** 20 ? `${(value / 2 ** 20).toFixed(1)}Mi` : String(value);
}

// Whether variables are shown as the model names them.
const names = { raw: false };
