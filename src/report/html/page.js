"use strict";
// Draws the report in `#data`. Text of the report only ever becomes text nodes and attributes, never markup.
(() => {
  const report = JSON.parse(document.getElementById("data").textContent);
  const root = document.getElementById("report");
  const SVG = "http://www.w3.org/2000/svg";
  const MOST_PODS = 60;
  const PHASES = ["pending", "bound", "starting", "running", "terminating"];

  const fill = (element, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
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
    pairs.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, name), el("dd", {}, clean(value))]).flat());

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

  function verdict(result) {
    const found = result.violation;
    const pairs = [];
    if (found) {
      const pools = found.pools.length ? ` (${found.pools.map((pool) => `${pool.count} ${pool.name}`).join(", ")})` : "";
      const label = found.minimised ? "smallest cluster" : "a cluster (not minimised)";
      pairs.push([label, `${plural(found.nodes, "node")}${pools}, ${plural(found.pods, "pod")}`]);
      pairs.push(["with", sizes(found.values)]);
      const [first, last] = found.loop || [];
      const endings = { bad: "the last state violates the intent", stays: "no controller has anything left to do: the cluster stays like this" };
      pairs.push(["ending", found.loop ? `steps ${first} to ${last} repeat forever; fair to every controller` : endings[found.ending]]);
      const certain = { inevitable: "always happens", possible: `depends on the choice made at step ${found.needsChoiceAt}` };
      pairs.push(["certainty", found.late ? "only if somebody is late" : certain[found.inevitability] || "not known whether it is inevitable"]);
      if (found.late) {
        const after = found.late.lasts ? "this lasts, however fast everybody is from then on" : "this passes, once everybody has acted";
        pairs.push(["late", `${found.late.who} could have acted before step ${found.late.step}; ${after}`]);
      }
      const scene = found.scene;
      if (scene) {
        pairs.push(["number", (scene.numbers || []).join("; ")]);
        pairs.push(["waits", scene.waits.map((one) => `${one.actor} ${one.reason}: ${one.text}`).join("; ")]);
      }
    } else {
      pairs.push(["happened", result.acted.map((one) => `${one.name} ${one.reasons.join(", ")}`).join("; ")]);
      pairs.push(["did not", result.didNotAct.join(", ")]);
    }
    for (const check of result.rechecks) pairs.push([check.confirms ? "confirmed" : "open", `by ${check.by}: ${check.outcome}`]);
    pairs.push(["timing", [result.timing + (result.unpaced ? `, because ${result.unpaced}` : ""),
      ...(result.beside || []).map((one) => `${one.answer} under ${one.timing} timing${one.why ? ` (${one.why})` : ""}`)].join("; ")]);
    return el("section", { class: `sheet verdict is-${result.verdict}` },
      el("div", { class: "head" }, el("span", { class: `badge ${result.verdict}` }, WORDS[result.verdict]), el("h2", {}, clean(title(result))),
        result.excepted ? el("span", { class: "soft" }, `excepted: ${result.excepted}`) : null,
        result.expected ? el("span", { class: "soft" }, `expected: ${result.expected}`) : null),
      result.verdict === "holds" || result.verdict === "bounded" ? null : el("p", {}, clean(result.message)),
      bound(result) ? el("p", { class: "soft" }, bound(result)) : null,
      facts(pairs),
      result.origins.length ? el("div", {}, el("h3", {}, "Where it stems from"), el("ul", { class: "where" }, result.origins.map(origin))) : null,
      repairs(result.repairs),
      (result.proof || []).length ? el("pre", {}, result.proof.map(clean).join("\n")) : null);
  }

  function repairs(known) {
    if (!known || !known.found.length) return null;
    const line = (change) => el("li", {}, el("code", {}, `${clean(change.file)}:${change.line}: `),
      clean([change.field.match(/(?:\["(.*)"\]|([^.]*))$/).slice(1).find(Boolean) ?? "", ": ", change.before, change.before && change.after ? " \u2192 " : "", change.after].join("")),
      el("div", { class: "soft acts" }, clean(change.why)));
    return el("div", {}, el("h3", {}, "What repairs it"),
      known.found.map((one) => el("ul", { class: "where" }, one.changes.map(line))));
  }

  function origin(one) {
    const place = one.file ? `${clean(one.file)}${one.line > 1 ? `:${one.line}` : ""}: ` : "";
    return el("li", {}, el("code", {}, place), clean(`${one.object} ${one.field}`), one.acts ? el("div", { class: "soft acts" }, clean(one.acts)) : null);
  }

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

  const phase = (what) => PHASES.find((name) => what === name || what.startsWith(`${name},`));

  // A player of one run: `show(k)` shows the cluster after k steps.
  function player(result) {
    const found = result.violation;
    const history = states(found);
    const last = found.steps.length;
    const [loopFirst] = found.loop || [];
    const inLoop = (number) => loopFirst !== undefined && number >= loopFirst;
    const variables = new Map(found.variables.map((one) => [one.name, one]));
    const workloads = [...new Set(found.variables.map((one) => one.workload).filter(Boolean))];
    const colour = (workload) => `--c: var(--w${Math.max(0, workloads.indexOf(workload)) % 6})`;
    const short = (workload) => workload.split("/").slice(1).join("/");
    const rounds = { count: 0 };
    let now = 0;
    let timer = null;

    const slider = el("input", { type: "range", min: 0, max: last, value: 0, "aria-label": "Step", oninput: () => go(Number(slider.value)) });
    const count = el("span", { class: "count" });
    const play = el("button", { title: "Play or pause (space)", "aria-label": "Play", onclick: () => toggle() }, "▶");
    const said = el("div", { class: "said", "aria-live": "polite" });
    const cluster = el("div", { class: "nodes" });
    const changed = el("div", {});
    const scores = el("div", {});
    const values = el("div", {});
    const button = (text, label, action) => el("button", { title: label, "aria-label": label, onclick: action }, text);

    function toggle() {
      if (timer) clearInterval(timer);
      timer = timer ? null : setInterval(() => { if (!forward()) toggle(); }, 900);
      play.textContent = timer ? "‖" : "▶";
    }
    function forward() {
      if (now < last) { go(now + 1); return true; }
      if (loopFirst === undefined) return false;
      rounds.count += 1;
      go(loopFirst);
      return true;
    }
    const back = () => go(Math.max(0, now - 1));

    function pods(group) {
      const shown = group.slice(0, MOST_PODS).map((pod) => el("span", {
        class: `pod ${pod.phase}${pod.fresh ? " new" : ""}`, style: colour(pod.workload), role: "img",
        title: clean(`${short(pod.workload)}: ${pod.what}`), "aria-label": clean(`a ${pod.what} pod of ${short(pod.workload)}`) }));
      if (group.length > MOST_PODS) shown.push(el("span", { class: "more" }, `and ${group.length - MOST_PODS} more`));
      return el("div", { class: "pods" }, shown);
    }

    // The pods of a place: one square each, those that came with this step marked.
    function podsAt(place, state, before) {
      const group = [];
      for (const one of found.variables) {
        const name = phase(one.what);
        if (!name || !one.workload || one.role !== "cluster" || (one.node || null) !== place) continue;
        const value = state.get(one.name);
        const fresh = Math.max(0, value - before.get(one.name));
        for (let index = 0; index < value; index++) group.push({ workload: one.workload, phase: name, what: one.what, fresh: index >= value - fresh });
      }
      return group.sort((a, b) => workloads.indexOf(a.workload) - workloads.indexOf(b.workload) || PHASES.indexOf(b.phase) - PHASES.indexOf(a.phase));
    }

    function drawCluster(state, before, step) {
      const touched = new Set((step ? step.changes || [] : []).map((change) => (variables.get(change.variable) || {}).node).filter(Boolean));
      const cards = found.machines.map((node) => {
        const flags = found.variables.filter((one) => one.node === node.name && one.isFlag && !one.workload && one.role === "cluster")
          .filter((one) => (one.what === "alive" ? !state.get(one.name) : state.get(one.name)))
          .map((one) => el("span", { class: "flag" }, clean(one.what === "alive" ? "kubelet stopped" : one.what)));
        return el("div", { class: `node${touched.has(node.name) ? " touched" : ""}` },
          el("div", { class: "title" }, el("b", {}, clean(node.name)), el("span", { class: "soft" }, clean(node.pool === node.name ? "" : node.pool))), flags, pods(podsAt(node.name, state, before)));
      });
      const queue = podsAt(null, state, before);
      cards.push(el("div", { class: "node queue" }, el("div", { class: "title" }, el("b", {}, "pending"), el("span", { class: "soft" }, queue.length ? plural(queue.length, "pod") : "none")), pods(queue)));
      cluster.replaceChildren(...cards);
    }

    const amount = (name, value) => ((variables.get(name) || {}).isFlag ? (value ? "true" : "false") : String(value));

    function drawChanges(step) {
      const list = step ? step.changes || [] : [];
      changed.replaceChildren(list.length ? el("table", { class: "change" }, list.map((one) => el("tr", {},
        el("td", {}, clean(one.variable)), el("td", { class: "number" }, el("span", { class: "before" }, amount(one.variable, one.before)), " → ", el("span", { class: "after" }, amount(one.variable, one.after))))))
        : el("p", { class: "soft" }, step ? "Nothing that is shown." : "The run starts here."));
    }

    function drawScores(step) {
      const list = step ? step.scores || [] : [];
      const others = (step ? step.details || [] : []).filter(([name]) => !name.startsWith("score of ") && !name.startsWith("evict "));
      const most = Math.max(1, ...list.map((one) => one.score || 0));
      const rows = list.map((one) => el("tr", { class: one.chosen ? "chosen" : "" }, el("td", {}, clean(one.node)),
        el("td", { style: "width: 45%" }, el("div", { class: "bar" }, el("i", { style: `width: ${one.score === null ? 0 : (100 * one.score) / most}%` }))),
        el("td", { class: "number" }, one.score === null ? "filtered out" : String(one.score))));
      rows.push(...others.map(([name, value]) => el("tr", {}, el("td", { colspan: 2 }, clean(name)), el("td", { class: "number" }, String(value)))));
      scores.replaceChildren(rows.length ? el("table", {}, rows) : el("p", { class: "soft" }, "This step compares nothing."));
    }

    function drawValues(state, step) {
      const touched = new Set((step ? step.changes || [] : []).map((change) => change.variable));
      const list = found.variables.filter((one) => one.workload && !one.node && one.role === "cluster" && !phase(one.what));
      values.replaceChildren(el("table", {}, list.map((one) => el("tr", { class: touched.has(one.name) ? "chosen" : "" },
        el("td", {}, workloads.length > 1 ? clean(`${short(one.workload)} ${one.what}`) : clean(one.what)), el("td", { class: "number" }, amount(one.name, state.get(one.name)))))));
    }

    const lanes = drawLanes(found, (number) => go(number));
    const rows = found.steps.map((step) => el("tr", { class: inLoop(step.number) ? "loop" : "", onclick: () => go(step.number) },
      el("td", {}, String(step.number)), el("td", { class: "who soft" }, clean(step.actor)), el("td", {}, clean(`${step.reason}: ${step.text}`),
        step.late ? el("div", { class: "delta" }, clean(`late: ${step.late.join(", ")}`)) : null,
        step.overApproximates ? el("div", { class: "delta" }, clean(`[*] ${step.overApproximates}`)) : null,
        el("div", { class: "delta only-print" }, (step.changes || []).map((one) => clean(`${one.variable} ${amount(one.variable, one.before)} → ${amount(one.variable, one.after)}`)).join("; ")))));

    function go(to) {
      now = Math.min(last, Math.max(0, to));
      const step = now ? found.steps[now - 1] : null;
      const state = history[now];
      slider.value = now;
      count.textContent = `step ${now} of ${last}`;
      said.replaceChildren(...(step
        ? [el("span", { class: "soft" }, clean(step.actor)), el("span", {}, clean(step.reason)), el("span", { class: "what" }, clean(step.text))]
        : [el("span", { class: "what" }, "The cluster at the start")]),
      ...(inLoop(now) ? [el("span", { class: "in-loop" }, `↻ in the loop${rounds.count ? `, round ${rounds.count + 1}` : ""}`)] : []));
      drawCluster(state, now ? history[now - 1] : state, step);
      drawChanges(step);
      drawScores(step);
      drawValues(state, step);
      lanes.mark(now);
      rows.forEach((row, index) => row.classList.toggle("current", index + 1 === now));
      try { history_replace(now); } catch { /* Some viewers forbid it. */ }
    }

    const key = el("div", { class: "key" }, PHASES.map((name) => el("span", {}, el("span", { class: `pod ${name}`, style: "--c: var(--soft)" }), name)),
      workloads.map((one) => el("span", {}, el("span", { class: "pod", style: colour(one) }), clean(short(one)))));
    const view = el("div", {},
      el("section", { class: "sheet player" }, el("div", { class: "controls" },
        button("⇤", "First (Home)", () => go(0)), button("←", "Back (left)", back), play, button("→", "Forward (right)", forward), button("⇥", "Last (End)", () => go(last)), slider, count), said),
      el("section", { class: "sheet" }, el("h3", {}, "Who acts"), lanes.view),
      el("div", { class: "columns" },
        el("div", {}, el("section", { class: "sheet" }, el("h3", {}, "The cluster after this step"), cluster, key),
          el("section", { class: "sheet long" }, el("h3", {}, "All steps"), el("table", { class: "steps" }, rows))),
        el("div", {}, el("section", { class: "sheet" }, el("h3", {}, "What this step changed"), changed),
          el("section", { class: "sheet" }, el("h3", {}, "What it compared"), scores),
          el("section", { class: "sheet" }, el("h3", {}, "Workloads"), values))));
    return { view, go, forward, back, toggle, first: () => go(0), last: () => go(last), stop: () => { if (timer) toggle(); } };
  }

  // A lane for each controller, a column for each step, the loop as a loop.
  function drawLanes(found, choose) {
    const actors = [...new Set(found.steps.map((step) => step.actor))];
    const left = 12 + Math.min(250, Math.max(...actors.map((name) => clean(name).length)) * 7.2 + 16);
    const room = (root.clientWidth - 92 - left) / found.steps.length;
    const column = Math.max(found.steps.length > 60 ? 22 : 34, Math.min(80, room));
    const top = found.loop ? 46 : 14;
    const row = 30;
    const x = (number) => left + (number - 0.5) * column;
    const y = (actor) => top + (actors.indexOf(actor) + 0.5) * row;
    const width = left + found.steps.length * column + 16;
    const height = top + actors.length * row + 26;
    const parts = [];
    if (found.loop) {
      const [first, end] = found.loop;
      const [from, to] = [x(first) - column / 2 + 3, x(end) + column / 2 - 3];
      parts.push(svg("rect", { class: "loop-area", x: from, y: top - 4, width: to - from, height: actors.length * row + 8, rx: 10 }));
      const [a, b] = [x(end), x(first)];
      parts.push(svg("path", { class: "loop-arc", d: `M ${a} ${top - 6} C ${a} ${top - 34}, ${b} ${top - 34}, ${b} ${top - 10}` }));
      parts.push(svg("path", { class: "loop-head", d: `M ${b - 5} ${top - 12} L ${b + 5} ${top - 12} L ${b} ${top - 3} Z` }));
      parts.push(svg("text", { class: "loop-text", x: (a + b) / 2, y: top - 32, "text-anchor": "middle" }, "forever"));
    }
    for (const actor of actors) {
      parts.push(svg("line", { class: "row", x1: left - 8, x2: width - 8, y1: y(actor), y2: y(actor) }));
      const name = clean(actor);
      parts.push(svg("text", { class: "name", x: 4, y: y(actor) + 4 }, name.length > 34 ? `${name.slice(0, 33)}…` : name));
    }
    parts.push(svg("path", { class: "path", d: found.steps.map((step, index) => `${index ? "L" : "M"} ${x(step.number)} ${y(step.actor)}`).join(" ") }));
    const marks = found.steps.map((step) => svg("g", { class: "step", onclick: () => choose(step.number) },
      svg("title", {}, clean(`${step.number}. ${step.reason}: ${step.text}`)),
      svg("rect", { x: x(step.number) - column / 2, y: top, width: column, height: height - top, fill: "transparent" }),
      svg("circle", { class: "dot", cx: x(step.number), cy: y(step.actor), r: 6 }),
      svg("text", { x: x(step.number), y: height - 8, "text-anchor": "middle" }, String(step.number))));
    const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Who acts at each step" }, parts, marks);
    const view = el("div", { class: "lanes", tabindex: 0 }, drawing);
    const mark = (now) => {
      marks.forEach((one, index) => {
        one.classList.toggle("current", index + 1 === now);
        one.classList.toggle("done", index + 1 < now);
      });
      if (now) {
        const at = x(now);
        if (at < view.scrollLeft + left || at > view.scrollLeft + view.clientWidth - 40) view.scrollLeft = at - view.clientWidth / 2;
      }
    };
    return { view, mark };
  }

  let chosen = 0;
  let current = null;
  function history_replace(step) {
    window.history.replaceState(null, "", `#intent=${chosen + 1}&step=${step}`);
  }

  function choose(index, step) {
    if (current) current.stop();
    chosen = index;
    const result = report.results[index];
    tabs.forEach((tab, at) => tab.setAttribute("aria-selected", String(at === index)));
    current = result.violation ? player(result) : null;
    body.replaceChildren(verdict(result), ...(current ? [current.view] : []));
    if (current) current.go(step || 0);
  }

  function theme() {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  }

  const tabs = report.results.map((result, index) => el("button", { role: "tab", onclick: () => choose(index) },
    el("span", { class: `badge ${result.verdict}` }, WORDS[result.verdict]), " ", clean(title(result))));
  const body = el("div", {});
  const notes = report.notes.filter((note) => note.severity !== "harmless");
  root.append(
    el("header", { class: "top" }, el("span", { class: "brand" }, "Kubound"), el("h1", { class: "grow" }, clean(report.name)), el("button", { onclick: theme, title: "Light or dark" }, "◐")),
    tabs.length > 1 ? el("div", { class: "tabs", role: "tablist" }, tabs) : "",
    body,
    el("section", { class: "sheet" }, el("h3", {}, "What was checked, all at once"), covered()),
    notes.length ? el("section", { class: "sheet" }, el("h3", {}, "Not modelled"), el("ul", { class: "where" }, notes.map((note) => el("li", {}, el("code", {}, clean(note.file)), " ", clean(`${note.object} ${note.field}: ${note.message}`))))) : "",
    el("footer", {}, `Kubound ${report.kubound}, ${clean(report.solver)}, ${report.seconds.toFixed(2)} s${report.interrupted ? "; interrupted: intents that are not listed were not decided" : ""}`));

  const asked = new URLSearchParams(location.hash.slice(1));
  const violated = report.results.findIndex((result) => result.violation);
  const start = Number(asked.get("intent")) - 1;
  if (report.results.length) choose(report.results[start] ? start : Math.max(0, violated), Number(asked.get("step")) || 0);
  else body.append(el("section", { class: "sheet verdict is-vacuous" }, el("p", {}, "No intent applied to anything.")));

  document.addEventListener("keydown", (event) => {
    if (!current || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    const keys = { ArrowRight: current.forward, ArrowLeft: current.back, Home: current.first, End: current.last, " ": current.toggle };
    if (event.key === " " && event.target instanceof HTMLButtonElement) return;
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
})();
