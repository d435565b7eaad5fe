"use strict";
// The page: its tabs, its address, its keys.

let chosen = 0;
let current = null;

// The address leads to what is shown.
function remember(step) {
  window.history.replaceState(null, "", `#intent=${chosen + 1}&step=${step}`);
}

function choose(index, step) {
  if (current) current.stop();
  chosen = index;
  const result = report.results[index];
  tabs.forEach((tab, at) => tab.setAttribute("aria-selected", String(at === index)));
  current = result.violation ? player(result) : null;
  body.replaceChildren(...[verdict(result), ...(current ? [current.view] : [blame(result), repairs(result.repairs)])].filter(Boolean));
  if (!current) return;
  current.draw();
  current.go(step ?? opening(result.violation));
}

function theme() {
  const own = document.documentElement.dataset.theme;
  const dark = own ? own === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
}

// What the address asks for.
function asked() {
  const words = new URLSearchParams(location.hash.slice(1));
  const step = words.get("step");
  const intent = Number(words.get("intent")) - 1;
  return { intent: report.results[intent] ? intent : null, step: step !== null && /^\d+$/.test(step) ? Number(step) : null };
}

const tabs = report.results.map((result, index) => el("button", { role: "tab", onclick: () => choose(index) },
  el("span", { class: `badge ${result.verdict}` }, WORDS[result.verdict]), " ", clean(title(result))));
const body = el("div", {});
const notes = report.notes.filter((note) => note.severity !== "harmless");
root.append(
  el("header", { class: "top" }, el("span", { class: "brand" }, "Kubound"), el("h1", { class: "grow" }, clean(report.name)), el("button", { onclick: theme, title: "Light or dark" }, "\u25d0")),
  tabs.length > 1 ? el("div", { class: "tabs", role: "tablist" }, tabs) : "",
  body,
  sheet("What was checked, all at once", covered()),
  notes.length ? sheet("Not modelled", el("ul", { class: "where" }, notes.map((note) =>
    el("li", {}, el("code", {}, clean(note.file)), " ", clean(`${note.object} ${note.field}: ${note.message}`))))) : "",
  el("footer", {}, clean(`Kubound ${report.kubound}, ${report.solver}, ${report.seconds.toFixed(2)} s${report.interrupted ? "; interrupted: intents that are not listed were not decided" : ""}`)));

function start() {
  const { intent, step } = asked();
  const violated = report.results.findIndex((result) => result.violation);
  choose(intent ?? Math.max(0, violated), step);
}

if (report.results.length) start();
else body.append(el("section", { class: "sheet verdict is-vacuous" }, el("p", {}, "No intent applied to anything.")));

addEventListener("hashchange", () => {
  const { intent, step } = asked();
  if (intent !== null && intent !== chosen) choose(intent, step);
  else if (current && step !== null) current.go(step);
});

let resized = null;
addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => { if (current) current.draw(); }, 120);
});

// Paper has no folds.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));

document.addEventListener("keydown", (event) => {
  if (!current || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
  const keys = { ArrowRight: current.forward, ArrowLeft: current.back, Home: current.first, End: current.last, " ": current.toggle };
  if (event.key === " " && event.target instanceof HTMLElement && event.target.closest("button, summary")) return;
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});
