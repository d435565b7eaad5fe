"use strict";
// A run as data: its states, who is in them, and which of its steps are folded.

// A, B, ..., Z, AA, AB, ...
const letters = (index) => (index < 26 ? "" : letters(Math.floor(index / 26) - 1)) + String.fromCharCode(65 + (index % 26));

// The values of all variables before the first step and after each.
function states(found) {
  let state = new Map(found.variables.map((one) => [one.name, one.initial]));
  const all = [state];
  for (const step of found.steps) {
    state = new Map(state);
    for (const change of step.changes || []) state.set(change.variable, change.after);
    all.push(state);
  }
  return all;
}

// What is requested of each resource of each node, likewise.
function requests(found) {
  const key = (node, resource) => `${node} ${resource}`;
  let state = new Map(found.machines.flatMap((node) => (node.room || []).map((one) => [key(node.name, one.resource), one.requested])));
  const all = [state];
  for (const step of found.steps) {
    state = new Map(state);
    for (const change of step.requested || []) state.set(key(change.node, change.resource), change.requested);
    all.push(state);
  }
  return (number, node, resource) => all[number].get(key(node, resource));
}

// How pods of each kind are marked: a letter for each workload where there are several, the number of a pod that has
// one, and the later revision, as names have it.
function marks(found) {
  const workloads = [...new Set(found.variables.flatMap((one) => (one.pods ? [one.pods.workload] : one.workload ? [one.workload] : [])))];
  const mark = (pods) => {
    const own = pods.workload.split("/").slice(1).join("/");
    const [base, version] = pods.of.split("@");
    const number = base.startsWith(`${own}-`) ? base.slice(own.length + 1) : "";
    return `${workloads.length > 1 ? letters(workloads.indexOf(pods.workload)) : ""}${number}${version ? `@${version}` : ""}`;
  };
  return { workloads, mark, colour: (workload) => `--c: var(--w${Math.max(0, workloads.indexOf(workload)) % 6})` };
}

// The nodes that something happens to once the cluster is up.
function touchedEver(found) {
  const node = new Map(found.variables.map((one) => [one.name, one.node]));
  const changes = found.steps.slice(found.startUp || 0).flatMap((step) => step.changes || []);
  return new Set(changes.map((change) => node.get(change.variable)).filter(Boolean));
}

// The steps that stand for many: what starts the cluster up, and the middle of what has more steps than there is room
// for. Each is `{ first, last, label, open }`.
function folds(found, room) {
  const last = found.steps.length;
  const [loopFirst] = found.loop || [];
  const list = [];
  const startUp = found.startUp || 0;
  if (startUp > 2) list.push({ first: 1, last: startUp, label: "start-up", open: false });
  const middle = (first, end, head, tail) => {
    if (end - first + 1 > head + tail + 2) list.push({ first: first + head, last: end - tail, label: "", open: false });
  };
  const from = startUp > 2 ? startUp + 1 : 1;
  const most = Math.max(6, room - list.length);
  if (last - from + 1 > most) {
    const before = loopFirst === undefined ? last : loopFirst - 1;
    const loop = last - before;
    const left = Math.max(4, most - Math.min(loop, most - 4));
    if (before - from + 1 > left) middle(from, before, Math.floor(left / 2), Math.ceil(left / 2));
    if (loop > most) middle(loopFirst, last, Math.floor(most / 2), Math.floor(most / 2));
  }
  return list;
}

// The columns or rows of a run: a step, or a fold that is not open.
function parts(found, list) {
  const all = [];
  for (let number = 1; number <= found.steps.length; number++) {
    const fold = list.find((one) => number >= one.first && number <= one.last);
    if (fold && !fold.open) {
      all.push({ fold, first: fold.first, last: fold.last });
      number = fold.last;
    } else all.push({ step: found.steps[number - 1], first: number, last: number, within: fold });
  }
  return all;
}

const foldLabel = (fold) => `${fold.label ? `${fold.label}, ` : ""}${plural(fold.last - fold.first + 1, "step")}`;

// Where a page opens: where a loop begins, or at the end.
const opening = (found) => (found.loop ? found.loop[0] : found.steps.length);
