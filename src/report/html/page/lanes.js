"use strict";
// A lane for each controller, a column for each step or fold, the loop as a loop.

function lanesView(run, choose, toggled) {
  const { found } = run;
  const view = el("div", { class: "lanes", tabindex: 0 });
  let columns = [];
  let current = null;

  function layout() {
    const actors = [...new Set(found.steps.map((step) => step.actor))];
    const room = run.width();
    const narrow = room < 520;
    const label = Math.min(190, Math.max(...actors.map((name) => clean(name).length)) * 6.7 + 14);
    const left = narrow ? 14 : 8 + label;
    const shown = parts(found, run.folds);
    const folded = shown.filter((part) => part.fold).length;
    const wide = 62;
    const column = Math.max(found.steps.length > 99 ? 30 : 24, Math.min(96, (room - left - 16 - folded * wide) / Math.max(1, shown.length - folded)));
    let at = left;
    columns = shown.map((part) => {
      const width = part.fold ? wide : column;
      at += width;
      return { ...part, width, x: at - width / 2 };
    });
    return { actors, narrow, left, width: Math.max(at + 12, 200), top: found.loop ? 46 : 14, row: narrow ? 40 : 28 };
  }

  const columnOf = (number) => columns.find((one) => number >= one.first && number <= one.last);

  function arc(place, height) {
    const [first, last] = found.loop;
    const [from, to] = [columnOf(first), columnOf(last)];
    const [a, b] = [to.x, from.x];
    const left = from.x - from.width / 2 + 3;
    return [
      svg("rect", { class: "loop-area", x: left, y: place.top - 4, width: to.x + to.width / 2 - 3 - left, height: height + 8, rx: 10 }),
      svg("path", { class: "loop-arc", d: `M ${a} ${place.top - 6} C ${a} ${place.top - 34}, ${b} ${place.top - 34}, ${b} ${place.top - 10}` }),
      svg("path", { class: "loop-head", d: `M ${b - 5} ${place.top - 12} L ${b + 5} ${place.top - 12} L ${b} ${place.top - 3} Z` }),
      svg("text", { class: "loop-text", x: (a + b) / 2, y: place.top - 32, "text-anchor": "middle" }, "forever"),
    ];
  }

  function mark(one, place, height, y) {
    const bottom = place.top + height;
    const number = (text, line) => svg("text", { x: one.x, y: bottom + 14 + line * 13, "text-anchor": "middle" }, text);
    if (one.fold) {
      const label = foldLabel(one.fold);
      const steps = one.last - one.first + 1;
      return svg("g", { class: "fold", tabindex: 0, role: "button", "aria-expanded": "false", "aria-label": `${label}: show them`, ...pressed(() => toggled(one.fold)) },
        svg("title", {}, clean(label)),
        svg("rect", { class: "fold-area", x: one.x - one.width / 2 + 4, y: place.top, width: one.width - 8, height, rx: 8 }),
        place.narrow ? null : svg("text", { class: "fold-count", x: one.x, y: place.top + height / 2 + 5, "text-anchor": "middle" }, `+ ${steps}`),
        number(one.fold.label || "steps", 0), number(`${one.first}\u2013${one.last}`, 1));
    }
    return svg("g", { class: "step", onclick: () => choose(one.first) },
      svg("title", {}, clean(`${one.first}. ${one.step.reason}: ${one.step.text}`)),
      svg("rect", { x: one.x - one.width / 2, y: place.top, width: one.width, height: height + 20, fill: "transparent" }),
      svg("circle", { class: "dot", cx: one.x, cy: y(one.step.actor), r: 6 }), number(String(one.first), 0));
  }

  // A bracket below an open fold, to fold it again.
  function bracket(fold, bottom) {
    const [from, to] = [columnOf(fold.first), columnOf(fold.last)];
    const [a, b] = [from.x - from.width / 2 + 4, to.x + to.width / 2 - 4];
    return svg("g", { class: "unfolded", tabindex: 0, role: "button", "aria-expanded": "true", "aria-label": `${foldLabel(fold)}: fold them`, ...pressed(() => toggled(fold)) },
      svg("rect", { x: a, y: bottom + 18, width: b - a, height: 18, fill: "transparent" }),
      svg("path", { d: `M ${a} ${bottom + 19} v 5 H ${b} v -5` }),
      svg("text", { x: (a + b) / 2, y: bottom + 35, "text-anchor": "middle" }, `\u2212 ${fold.label || "fold"}`));
  }

  function draw() {
    const place = layout();
    const height = place.actors.length * place.row;
    const y = (actor) => place.top + (place.actors.indexOf(actor) + (place.narrow ? 0.68 : 0.5)) * place.row;
    const drawn = found.loop ? arc(place, height) : [];
    const called = [];
    for (const actor of place.actors) {
      drawn.push(svg("line", { class: "row", x1: place.narrow ? 4 : place.left - 8, x2: place.width - 8, y1: y(actor), y2: y(actor) }));
      const name = clean(actor);
      const short = name.length > 27 && !place.narrow ? `${name.slice(0, 26)}\u2026` : name;
      called.push(svg("text", { class: "name", x: 4, y: place.narrow ? y(actor) - 12 : y(actor) + 4 }, short));
    }
    const path = columns.filter((one) => one.step).map((one, index, all) => {
      const joined = index && all[index - 1].last + 1 === one.first;
      return `${joined ? "L" : "M"} ${one.x} ${y(one.step.actor)}`;
    });
    drawn.push(svg("path", { class: "path", d: path.join(" ") }));
    const marks = columns.map((one) => mark(one, place, height, y));
    columns.forEach((one, index) => (one.mark = marks[index]));
    const open = run.folds.filter((fold) => fold.open).map((fold) => bracket(fold, place.top + height));
    const whole = place.top + height + (run.folds.length ? 38 : 22);
    view.replaceChildren(svg("svg", { width: place.width, height: whole, viewBox: `0 0 ${place.width} ${whole}`, role: "group", "aria-label": "Who acts at each step" }, drawn, marks, called, open));
    if (current !== null) show(current);
  }

  function show(now) {
    current = now;
    for (const one of columns) {
      one.mark.classList.toggle("current", now >= one.first && now <= one.last);
      one.mark.classList.toggle("done", one.last < now);
    }
    const at = columnOf(now);
    if (!at) return;
    const loop = found.loop ? [columnOf(found.loop[0]), columnOf(found.loop[1])] : [at, at];
    const [from, to] = [loop[0].x - loop[0].width / 2, loop[1].x + loop[1].width / 2];
    const fits = now >= (found.loop || [now])[0] && to - from <= view.clientWidth;
    // The whole loop stays in the picture where it fits.
    const [a, b] = fits ? [from, to] : [at.x - at.width, at.x + at.width];
    if (a < view.scrollLeft || b > view.scrollLeft + view.clientWidth) view.scrollLeft = fits ? to - view.clientWidth + 8 : at.x - view.clientWidth / 2;
  }
  return { view: el("section", { class: "sheet who" }, el("h3", {}, "Who acts"), view), draw, show };
}
