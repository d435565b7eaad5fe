"use strict";
// Which lines of the input it stems from, and what repairs it.

// A stretch of a line between two columns, from 1, marked.
function marked(text, from, to) {
  const all = [...text];
  const start = Math.min(all.length, Math.max(0, (from || 1) - 1));
  const end = to ? Math.min(all.length, to - 1) : all.length;
  const part = (list) => clean(list.join("").replaceAll("\t", "  "));
  return [part(all.slice(0, start)), el("mark", {}, part(all.slice(start, Math.max(start, end)))), part(all.slice(Math.max(start, end)))];
}

function snippet(one) {
  if (!one.excerpt) return null;
  const line = (text, index) => {
    const number = one.excerpt.first + index;
    const is = number === one.line;
    return el("div", { class: `line${is ? " meant" : ""}` }, el("span", { class: "number", "aria-hidden": "true" }, String(number)),
      el("code", {}, is && one.written ? marked(text, one.column, one.endColumn) : clean(text.replaceAll("\t", "  "))));
  };
  return el("div", { class: "snippet" }, one.excerpt.lines.map(line));
}

const lastKey = (field) => field.match(/(?:\["(.*)"\]|([^.]*))$/).slice(1).find(Boolean) ?? "";

function originOf(one, index) {
  const place = one.file ? `${clean(one.file)}${one.line ? `:${one.line}` : ""}` : "";
  const reason = one.why || one.acts || "the intent";
  const absent = !one.written && one.field ? `no ${lastKey(one.field)} written here; ` : "";
  return el("li", { class: `origin${index === 0 ? " primary" : ""}` },
    el("div", {}, el("code", {}, place), " ", el("span", { class: "soft" }, clean(`${one.object} ${one.field}`))),
    el("div", { class: "why" }, clean(`${absent}${reason}`)), snippet(one));
}

// The fields that are shown to repair it, then those that something waits for in the end, then those that actors read.
function origins(result) {
  const scene = result.violation && result.violation.ending === "stays" ? result.violation.scene : null;
  const waiting = (scene ? scene.waits : []).filter((wait) => !wait.follows)
    .flatMap((wait) => (wait.origins || []).filter((one) => one.written).map((one) => ({ ...one, acts: `${wait.actor} ${wait.reason}: ${wait.text}` })));
  const all = [...result.origins.filter((one) => one.why), ...waiting, ...result.origins.filter((one) => !one.why)];
  const place = (one) => `${one.object} ${one.field}`;
  return all.filter((one, index) => all.findIndex((other) => place(other) === place(one)) === index);
}

function blame(result) {
  if (!result.origins.length) return null;
  return el("section", { class: "sheet blame" }, el("h3", {}, "Where it stems from"),
    el("ul", { class: "where" }, origins(result).map(originOf)),
    result.rule ? el("p", { class: "soft" }, "More about it: ", el("code", {}, clean(`kubound explain ${result.rule}`))) : null);
}

function changeOf(change) {
  const lines = (text) => text.split("\n").filter((line) => line.trim());
  const key = lastKey(change.field);
  const whole = (text) => (change.way === "moved" || change.way === "switched") && !text.includes(": ") && key ? `${key}: ${text}` : text;
  return el("div", {},
    el("div", {}, el("code", {}, `${clean(change.file)}:${change.line}`), " ", el("span", { class: "soft" }, clean(`${change.object} ${change.field}`))),
    el("div", { class: "snippet" },
      change.before ? lines(whole(change.before)).map((line) => el("div", { class: "line gone" }, el("span", { class: "number" }, "-"), el("code", {}, clean(line)))) : null,
      change.after ? lines(whole(change.after)).map((line) => el("div", { class: "line came" }, el("span", { class: "number" }, "+"), el("code", {}, clean(line)))) : null),
    el("div", { class: "soft why" }, clean(change.why)));
}

function repairs(known) {
  if (!known) return null;
  if (known.sameAs) return sheet("What repairs it", el("p", {}, clean(`the same as ${known.sameAs}`)));
  if (!known.found.length) return null;
  const one = (repair, index) => el("li", { class: "repair" },
    known.found.length > 1 ? el("div", { class: "soft" }, index === 0 ? "either" : "or") : null,
    repair.changes.map(changeOf),
    (repair.also || []).length ? el("div", { class: "soft" }, clean(`or ${repair.also.join(", ")}`)) : null,
    (repair.instead || []).length ? el("div", { class: "soft" }, clean(`shown for ${repair.instead.join(", ")}`)) : null,
    (repair.mends || []).length ? el("div", { class: "soft" }, clean(`repairs as well: ${repair.mends.join(", ")}`)) : null);
  return el("section", { class: "sheet repairs" }, el("h3", {}, "What repairs it"),
    el("p", { class: "soft" }, "Each change was decided with everything that was checked: the violation is gone."),
    el("ul", { class: "where" }, known.found.map(one)));
}
