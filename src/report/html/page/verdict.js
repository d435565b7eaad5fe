"use strict";
// What came out, in a few lines; more of it on demand.

const WORDS = { violated: "violated", race: "race", holds: "holds", bounded: "no violation found", vacuous: "vacuous", unknown: "unknown" };

const EXTENT = {
  paced: "as long as controllers act at once",
  delayed: "unless somebody is late by as long as a duration or a back-off",
  interleaved: "under any timing",
};

function bound(result) {
  switch (result.verdict) {
    case "violated": return "A run of the model violates it; the run was replayed step by step.";
    case "race": return "A run with a late controller violates it for a while; the run was replayed step by step.";
    case "holds": return `No run violates it, at any depth, for everything checked, ${EXTENT[result.timing]} (${clean(result.message)}).`;
    case "bounded": return `No run of at most ${plural(result.depth, "step")} violates it, ${EXTENT[result.timing]}; longer runs were not looked at.`;
    default: return "";
  }
}

function covered() {
  const scope = report.scope;
  return facts([
    ["nodes", sizes(scope.pools)], ["replicas", sizes(scope.workloads)], ["values", sizes(scope.values)],
    ["assuming", scope.assumptions.join("; ")], ["controllers", scope.controllers.join(", ")], ["events", scope.events.join(", ")],
    ["exceptions", (report.exceptions ?? []).map((one) =>
      `${one.intent}${one.target ? " of " + one.target : ""} until ${one.expires}: ${one.reason} (${one.state})`).join("; ")],
    ["model", `start ${scope.start}, timing ${scope.timing}, granularity ${scope.granularity}, Kubernetes ${scope.kubernetes}`],
  ]);
}

// The run in a line: how large, how it ends, how certain.
function summary(found) {
  const pools = found.pools.length && found.pools.length < 5 ? ` (${found.pools.map((pool) => `${pool.count} ${pool.name}`).join(", ")})` : "";
  const [first, last] = found.loop || [];
  const endings = { bad: `step ${found.steps.length} violates it`, stays: "no controller has anything left to do: the cluster stays like this" };
  const certain = { inevitable: "always happens", possible: `depends on the choice made at step ${found.needsChoiceAt}` };
  return [
    `${found.minimised ? "smallest cluster" : "a cluster (not minimised)"}: ${plural(found.nodes, "node")}${pools}, ${plural(found.pods, "pod")}`,
    found.loop ? `steps ${first} to ${last} repeat forever` : endings[found.ending],
    found.late ? "only if somebody is late" : certain[found.inevitability] || "not known whether it is inevitable",
  ].join(" \u00b7 ");
}

// What cannot go on where a run ends, in Kubernetes' words; and the numbers that the intent is about.
function blockers(found, most) {
  const scene = found.scene;
  if (!scene || !(scene.waits.length || (scene.numbers || []).length || scene.unknown)) return null;
  const place = (wait) => [...new Set((wait.origins || []).filter((one) => one.written && one.file && one.line).map((one) => `${one.file}:${one.line}`))].join(", ");
  const lines = scene.waits.map((wait) => el("li", { class: "wait" }, el("b", {}, clean(`${wait.actor} ${wait.reason}`)), ` ${clean(wait.text)} `,
    place(wait) ? el("code", { class: "soft" }, clean(place(wait))) : null));
  const more = lines.length - most;
  return el("ul", { class: "where waits" },
    (scene.numbers || []).map((one) => el("li", {}, clean(one))), lines.slice(0, most),
    more > 0 ? el("li", { class: "soft" }, `and ${plural(more, "more wait")}`) : null,
    scene.unknown ? el("li", { class: "soft" }, clean(`what waits is not known: ${scene.unknown} while working it out`)) : null);
}

function verdict(result) {
  const found = result.violation;
  const pairs = [];
  if (found) {
    pairs.push(["nodes", sizes(found.pools)], ["with", sizes(found.values)]);
    if (found.loop) pairs.push(["loop", "fair to every controller"]);
    if (found.late) {
      const after = found.late.lasts ? "this lasts, however fast everybody is from then on" : "this passes, once everybody has acted";
      pairs.push(["late", `${found.late.who} could have acted before step ${found.late.step}; ${after}`]);
    }
  } else {
    pairs.push(["happened", result.acted.map((one) => `${one.name} ${one.reasons.join(", ")}`).join("; ")]);
    pairs.push(["did not", result.didNotAct.join(", ")]);
  }
  pairs.push(["cause", result.endsLike ? `as in ${result.endsLike}` : ""]);
  for (const check of result.rechecks) pairs.push([check.confirms ? "confirmed" : "open", `by ${check.by}: ${check.outcome}`]);
  pairs.push(["timing", [result.timing + (result.unpaced ? `, because ${result.unpaced}` : ""),
    ...(result.beside || []).map((one) => `${one.answer} under ${one.timing} timing${one.why ? ` (${one.why})` : ""}`)].join("; ")]);
  pairs.push(["engine", result.engine]);
  const says = bound(result) ? el("p", { class: "soft" }, bound(result)) : null;
  const rest = [facts(pairs), (result.proof || []).length ? el("pre", {}, result.proof.map(clean).join("\n")) : null];
  return el("section", { class: `sheet verdict is-${result.verdict}` },
    el("div", { class: "head" }, el("span", { class: `badge ${result.verdict}` }, WORDS[result.verdict]), el("h2", {}, clean(title(result))),
      result.excepted ? el("span", { class: "soft" }, clean(`excepted: ${result.excepted}`)) : null,
      result.expected ? el("span", { class: "soft" }, clean(`expected: ${result.expected}`)) : null),
    result.verdict === "holds" || result.verdict === "bounded" ? null : el("p", { class: "message" }, clean(result.message)),
    found ? el("p", { class: "soft summary" }, clean(summary(found))) : says,
    found ? blockers(found, 1) : null,
    found ? el("details", { class: "rest" }, el("summary", {}, "more"), says, rest) : rest);
}
