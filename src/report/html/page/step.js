"use strict";
// A step: what it changed, what it compared, and all steps below each other.

// A variable in words, or as the model names it.
const called = (variable, name) => (names.raw || !variable || !variable.words ? name : variable.words);

function valueOf(variable, value) {
  if (variable && variable.isFlag) return names.raw ? (value ? "true" : "false") : value ? "yes" : "no";
  if (!names.raw && variable && variable.milliseconds) return `${(value * variable.milliseconds) / 1000} s`;
  return String(value);
}

const told = (run, change) => {
  const variable = run.variables.get(change.variable);
  return `${called(variable, change.variable)} ${valueOf(variable, change.before)} \u2192 ${valueOf(variable, change.after)}`;
};

function changesOf(run, step) {
  const rank = (change) => (["cluster", "budget", "clock"].indexOf((run.variables.get(change.variable) || {}).role) + 3) % 3;
  const list = [...(step.changes || [])].sort((a, b) => rank(a) - rank(b));
  if (!list.length) return el("p", { class: "soft" }, "Nothing that is shown.");
  return el("table", { class: "change" }, list.map((one) => {
    const variable = run.variables.get(one.variable);
    return el("tr", { class: variable && variable.role === "clock" ? "clock" : "" }, el("td", {}, clean(called(variable, one.variable))),
      el("td", { class: "number" }, el("span", { class: "before" }, valueOf(variable, one.before)), " \u2192 ", el("span", { class: "after" }, valueOf(variable, one.after))));
  }));
}

// Plugins that add the same to every node that has a score are told once.
function alike(scores) {
  const scored = scores.filter((one) => (one.shares || []).length);
  if (scored.length < 2) return [];
  return scored[0].shares.filter((share) => scored.every((one) => one.shares.some((other) => other.plugin === share.plugin && other.score === share.score)));
}

// Nodes that are refused for the same reasons, told together where they are many.
function refusedTogether(scores) {
  const refused = scores.filter((one) => one.score === null);
  if (refused.length <= 3) return refused;
  const reasons = new Map();
  for (const one of refused) {
    const why = (one.refused || []).join(", ");
    reasons.set(why, [...(reasons.get(why) || []), one]);
  }
  return [...reasons.values()].map((list) => {
    const first = list.slice(0, 3).map((one) => one.node).join(", ");
    return { ...list[0], node: list.length > 3 ? `${first} and ${list.length - 3} more` : first };
  });
}

const MOST_SCORED = 6;

const shareText = (share) => `${share.plugin} ${share.score}${share.weight > 1 ? ` (${share.weight} \u00d7 ${share.score / share.weight})` : ""}`;

function comparedOf(step) {
  const scores = step.scores || [];
  const facts = (step.facts || []).map(([name, value]) => el("tr", {}, el("td", {}, clean(name)), el("td", { class: "number" }, String(value))));
  if (!scores.length && !facts.length) return null;
  const most = Math.max(1, ...scores.map((one) => one.score || 0));
  const same = alike(scores);
  const differs = (share) => !same.some((other) => other.plugin === share.plugin);
  const row = (one) => {
    const shares = (one.shares || []).filter(differs);
    const refused = one.score === null;
    const reasons = one.refused || [];
    return el("li", { class: `scored${one.chosen ? " chosen" : ""}${refused ? " refused" : ""}` },
      el("div", { class: "title" }, el("b", {}, clean(one.node)), el("span", { class: "number" }, refused ? "refused" : String(one.score))),
      refused ? null : el("div", { class: "bar" }, el("i", { style: `width: ${(100 * one.score) / most}%` })),
      refused ? el("div", { class: "why" }, clean(reasons.length ? reasons.join(", ") : "by a filter")) : null,
      shares.length ? el("div", { class: "soft shares" }, clean(shares.map(shareText).join(", "))) : null);
  };
  const scored = scores.filter((one) => one.score !== null);
  const more = scored.length - MOST_SCORED;
  return [
    el("ul", { class: "where scores" }, scored.slice(0, MOST_SCORED).map(row),
      more > 0 ? el("li", { class: "soft" }, `and ${plural(more, "more node")} with lower or equal scores`) : null,
      refusedTogether(scores).map(row)),
    same.length ? el("p", { class: "soft shares" }, clean(`alike: ${same.map(shareText).join(", ")}`)) : null,
    facts.length ? el("table", {}, facts) : null,
  ];
}

// What objects say of themselves, such as the replicas that are wanted.
function valuesOf(run, number) {
  const state = run.history[number];
  const step = number ? run.found.steps[number - 1] : null;
  const touched = new Set((step ? step.changes || [] : []).map((change) => change.variable));
  const list = run.found.variables.filter((one) => !one.node && one.role === "cluster" && !one.pods);
  if (!list.length) return null;
  return el("table", {}, list.map((one) => el("tr", { class: touched.has(one.name) ? "chosen" : "" },
    el("td", {}, clean(called(one, one.name))), el("td", { class: "number" }, valueOf(one, state.get(one.name))))));
}

// The cards beside the cluster; those that have nothing to say are not there.
function stepView(run) {
  const changes = el("section", { class: "sheet changes" });
  const compared = el("section", { class: "sheet compared" });
  const values = el("section", { class: "sheet values" });
  const put = (card, name, content) => {
    card.hidden = !content;
    if (content) card.replaceChildren(...el("div", {}, el("h3", {}, name), content).childNodes);
  };
  const show = (number) => {
    const step = number ? run.found.steps[number - 1] : null;
    put(changes, "What this step changed", step && changesOf(run, step));
    put(compared, "What it compared", step && comparedOf(step));
    put(values, "Workloads", valuesOf(run, number));
  };
  return { changes, compared, values, show };
}

// All steps in a table, folded like the lanes; on paper all of them are there.
function tableView(run, choose, toggled) {
  const { found } = run;
  const table = el("table", { class: "steps" });
  let rows = [];
  const inLoop = (number) => found.loop && number >= found.loop[0];

  function stepRow(step, hidden) {
    return el("tr", { class: `${inLoop(step.number) ? "loop" : ""}${hidden ? " only-print" : ""}`, onclick: () => choose(step.number) },
      el("td", {}, String(step.number)), el("td", { class: "who soft" }, clean(step.actor)), el("td", {}, clean(`${step.reason}: ${step.fault ? `[fault: ${step.fault}] ` : ""}${step.text}`),
        step.late ? el("div", { class: "delta" }, clean(`late: ${step.late.join(", ")}`)) : null,
        step.overApproximates ? el("div", { class: "delta" }, clean(`[*] ${step.overApproximates}`)) : null,
        el("div", { class: "delta only-print" }, (step.changes || []).map((one) => clean(told(run, one))).join("; "))));
  }

  function foldRow(fold) {
    const reasons = [...new Set(found.steps.slice(fold.first - 1, fold.last).map((step) => step.reason))];
    const says = `${foldLabel(fold)}: ${reasons.slice(0, 5).join(", ")}${reasons.length > 5 ? ", ..." : ""}`;
    // The button is for keys; a click anywhere in the row does the same.
    return el("tr", { class: `folded no-print${inLoop(fold.first) ? " loop" : ""}`, onclick: () => toggled(fold) },
      el("td", {}, `${fold.first}\u2013${fold.last}`), el("td", { class: "who soft" }, ""),
      el("td", {}, el("button", { class: "unfold", "aria-expanded": "false" }, `+ ${clean(says)}`)));
  }

  function draw() {
    rows = parts(found, run.folds).flatMap((part) => {
      if (part.step) return [{ first: part.first, last: part.last, row: stepRow(part.step, false) }];
      const hidden = found.steps.slice(part.first - 1, part.last).map((step) => ({ first: 0, last: 0, row: stepRow(step, true) }));
      return [{ first: part.first, last: part.last, row: foldRow(part.fold) }, ...hidden];
    });
    table.replaceChildren(...rows.map((one) => one.row));
  }
  const show = (now) => rows.forEach((one) => one.row.classList.toggle("current", now >= one.first && now <= one.last && one.first > 0));
  return { view: el("section", { class: "sheet long" }, el("h3", {}, "All steps"), table), draw, show };
}
