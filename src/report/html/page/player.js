"use strict";
// Steps through one run, and draws it.

function player(result) {
  const found = result.violation;
  const last = found.steps.length;
  const [loopFirst] = found.loop || [];
  const inLoop = (number) => loopFirst !== undefined && number >= loopFirst;
  const wide = () => root.clientWidth > 1000;
  const width = () => (wide() ? root.clientWidth / 2 : root.clientWidth) - 62;
  const run = {
    found, width, history: states(found), requested: requests(found), marking: marks(found),
    variables: new Map(found.variables.map((one) => [one.name, one])),
  };
  run.folds = folds(found, Math.floor((width() - (width() < 520 ? 14 : 150)) / 34));
  let now = 0;
  let rounds = 0;
  let timer = null;

  const slider = el("input", { type: "range", min: 0, max: last, value: 0, "aria-label": "Step", oninput: () => go(Number(slider.value)) });
  const count = el("span", { class: "count" });
  const play = el("button", { title: "Play or pause (space)", "aria-label": "Play", onclick: () => toggle() }, "\u25b6");
  const said = el("div", { class: "said", "aria-live": "polite" });
  const button = (text, label, action) => el("button", { title: label, "aria-label": label, onclick: action }, text);
  const raw = el("input", { type: "checkbox", onchange: () => { names.raw = raw.checked; table.draw(); go(now); } });
  raw.checked = names.raw;

  function toggle() {
    if (timer) clearInterval(timer);
    timer = timer ? null : setInterval(() => { if (!forward()) toggle(); }, 900);
    play.textContent = timer ? "\u2016" : "\u25b6";
  }
  function forward() {
    if (now < last) { go(now + 1); return true; }
    if (loopFirst === undefined) return false;
    rounds += 1;
    go(loopFirst);
    return true;
  }
  const back = () => go(now - 1);
  function toggled(fold) {
    const focused = document.activeElement;
    const place = focused && focused.closest(".lanes") ? lanes.view : focused && focused.closest(".steps") ? table.view : null;
    fold.open = !fold.open;
    redraw();
    // Whoever uses keys goes on where they were.
    const next = place && place.querySelector(fold.open && place === lanes.view ? ".unfolded" : "[aria-expanded=false]");
    if (next) next.focus();
  }
  function redraw() {
    lanes.draw();
    table.draw();
    lanes.show(now);
    table.show(now);
  }

  const cluster = clusterView(run);
  const cards = stepView(run);
  const lanes = lanesView(run, (number) => go(number), toggled);
  const table = tableView(run, (number) => go(number), toggled);

  function go(to) {
    now = Math.min(last, Math.max(0, to));
    const step = now ? found.steps[now - 1] : null;
    slider.value = now;
    count.textContent = `step ${now} of ${last}`;
    said.replaceChildren(...[
      step ? [el("span", { class: "soft" }, clean(step.actor)), el("span", {}, clean(step.reason)), el("span", { class: "what" }, clean(step.text))]
        : [el("span", { class: "what" }, "The cluster at the start")],
      inLoop(now) ? [el("span", { class: "in-loop" }, `\u21bb in the loop${rounds ? `, round ${rounds + 1}` : ""}`)] : [],
      now === last && found.ending === "bad" ? [el("span", { class: "is-bad" }, "this state violates the intent")] : [],
      now === last && found.ending === "stays" ? [el("span", { class: "is-bad" }, "the cluster stays like this")] : [],
    ].flat());
    for (const part of [cluster, cards, lanes, table]) part.show(now);
    try { remember(now); } catch { /* Some viewers forbid it. */ }
  }

  const view = el("div", {},
    el("section", { class: "sheet player" }, el("div", { class: "controls" },
      button("\u21e4", "First (Home)", () => go(0)), button("\u2190", "Back (left)", back), play, button("\u2192", "Forward (right)", forward),
      button("\u21e5", "Last (End)", () => go(last)), slider, count,
      el("label", { class: "switch" }, raw, " the model's variables")), said),
    el("div", { class: "columns" },
      el("div", {}, lanes.view, cards.changes, cards.compared, blame(result), repairs(result.repairs)),
      el("div", {}, cluster.view, table.view, cards.values)));
  return { view, go, draw: redraw, forward, back, toggle, first: () => go(0), last: () => go(last), stop: () => { if (timer) toggle(); } };
}
