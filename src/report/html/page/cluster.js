"use strict";
// The cluster after a step: nodes with their pods and how full they are.

const MOST_PODS = 60;
const BARS = ["cpu", "memory", "pods"];
const STATUSES = {
  Pending: "pending", ContainerCreating: "bound", Starting: "starting", "Running, not available yet": "starting",
  Running: "running", CrashLoopBackOff: "crashed", Terminating: "terminating",
};
const FLAGS = {
  unschedulable: "SchedulingDisabled", notReady: "NotReady", noExecuteTaint: "NoExecute taint", memoryPressure: "MemoryPressure",
  deleting: "being removed",
};

// Draws `run` (see player.js) into an element of its own; `show(k)` shows it after k steps.
function clusterView(run) {
  const { found, history, marking } = run;
  const cards = el("div", { class: "nodes" });
  const isLarge = found.machines.length > 8;
  const ever = isLarge ? touchedEver(found) : new Set(found.machines.map((node) => node.name));
  const order = [...found.machines.filter((node) => ever.has(node.name)), null, ...found.machines.filter((node) => !ever.has(node.name))];
  const counting = found.variables.filter((one) => one.pods && one.role === "cluster");
  const flags = (what) => new Map(found.variables.filter((one) => one.node && one.isFlag && !one.workload && one.role === "cluster" && one.what === what)
    .map((one) => [one.node, one.name]));
  const [alive, exists] = [flags("alive"), flags("exists")];
  const other = Object.keys(FLAGS).map((what) => [FLAGS[what], flags(what)]);

  function square(pod) {
    const mark = marking.mark(pod.pods);
    const says = `${pod.pods.status} pod of ${pod.pods.of}`;
    return el("span", { class: `pod ${STATUSES[pod.pods.status] || "running"}${pod.fresh ? " new" : ""}`, style: marking.colour(pod.pods.workload),
      role: "img", title: clean(says), "aria-label": clean(says), "data-mark": mark || null }, mark ? el("b", { class: mark.length > 2 ? "long" : "" }, clean(mark)) : null);
  }

  // The pods of a place: one square each, those that came with this step marked.
  function podsAt(place, state, before) {
    const group = [];
    for (const one of counting) {
      const waits = one.pods.status === "Pending";
      if ((waits ? null : one.node || null) !== place) continue;
      const value = state.get(one.name);
      const fresh = Math.max(0, value - before.get(one.name));
      for (let index = 0; index < value; index++) group.push({ pods: one.pods, fresh: index >= value - fresh });
    }
    const rank = Object.keys(STATUSES);
    const by = (pod) => marking.workloads.indexOf(pod.pods.workload) * 100 - rank.indexOf(pod.pods.status);
    return group.sort((a, b) => by(a) - by(b) || a.pods.of.localeCompare(b.pods.of, "en", { numeric: true }));
  }

  function pods(group) {
    const shown = group.slice(0, MOST_PODS).map(square);
    if (group.length > MOST_PODS) shown.push(el("span", { class: "more" }, `and ${group.length - MOST_PODS} more`));
    return el("div", { class: "pods" }, shown);
  }

  // How full a node is: what its pods request of what it offers.
  function bars(node, number) {
    const room = node.room || [];
    const shown = room.filter((one) => BARS.includes(one.resource) || one.allocatable > 0).sort((a, b) => BARS.indexOf(a.resource) - BARS.indexOf(b.resource));
    return shown.length ? el("div", { class: "room" }, shown.map((one) => {
      const used = run.requested(number, node.name, one.resource);
      const share = one.allocatable ? Math.min(100, (100 * used) / one.allocatable) : used ? 100 : 0;
      const text = `${amountOf(one.resource, used)} / ${amountOf(one.resource, one.allocatable)}`;
      return el("div", { class: `share${used > one.allocatable ? " over" : ""}`, role: "img", "aria-label": clean(`${one.resource}: ${text} requested`), title: clean(`${one.resource}: ${text} requested`) },
        el("span", {}, clean(one.resource)), el("span", { class: "bar" }, el("i", { style: `width: ${share}%` })), el("span", { class: "amount" }, text));
    })) : null;
  }

  function card(node, number, touched) {
    const state = history[number];
    const before = history[Math.max(0, number - 1)];
    if (exists.has(node.name) && !state.get(exists.get(node.name)) && !before.get(exists.get(node.name))) return null;
    const gone = exists.has(node.name) && !state.get(exists.get(node.name));
    const chips = [
      gone ? "does not exist" : null,
      alive.has(node.name) && !state.get(alive.get(node.name)) ? "kubelet stopped" : null,
      ...other.map(([word, known]) => (known.has(node.name) && state.get(known.get(node.name)) ? word : null)),
    ].filter(Boolean).map((word) => el("span", { class: "flag" }, word));
    const quiet = !ever.has(node.name);
    return el("div", { class: `node${touched.has(node.name) ? " touched" : ""}${quiet ? " quiet" : ""}` },
      el("div", { class: "title" }, el("b", {}, clean(node.name)), el("span", { class: "soft" }, clean(node.pool === node.name ? "" : node.pool))),
      chips, pods(podsAt(node.name, state, before)), quiet ? null : bars(node, number));
  }

  function show(number) {
    const step = number ? found.steps[number - 1] : null;
    const state = history[number];
    const touched = new Set((step ? step.changes || [] : []).map((change) => (run.variables.get(change.variable) || {}).node).filter(Boolean));
    const queue = podsAt(null, state, history[Math.max(0, number - 1)]);
    cards.replaceChildren(...order.map((node) => (node ? card(node, number, touched)
      : el("div", { class: "node queue" }, el("div", { class: "title" }, el("b", {}, "pending"), el("span", { class: "soft" }, queue.length ? plural(queue.length, "pod") : "none")), pods(queue)))).filter(Boolean));
    waiting.replaceChildren(...(number === found.steps.length && ending ? [el("h3", {}, found.loop ? "What waits all the while" : "What waits in the end"), ending] : []));
  }

  // Only the states and kinds of pods that some state has.
  const seen = counting.filter((one) => history.some((state) => state.get(one.name) > 0));
  const kinds = new Map(seen.map((one) => [one.pods.of, one.pods]));
  const key = el("div", { class: "key" },
    Object.keys(STATUSES).filter((status) => seen.some((one) => one.pods.status === status))
      .map((status) => el("span", {}, el("span", { class: `pod ${STATUSES[status]}`, style: "--c: var(--soft)" }), status)),
    [...kinds.values()].map((pods) => el("span", { class: "kind" }, square({ pods: { ...pods, status: "Running" } }), clean(pods.of))));
  const ending = blockers(found, 8);
  const waiting = el("div", { class: "at-the-end" });
  return { view: el("section", { class: "sheet cluster" }, el("h3", {}, "The cluster after this step"), cards, waiting, key), show };
}
