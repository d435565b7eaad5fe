"use strict";
// Loads reports into frames, plays with them and writes what it finds into the page.
const findings = { errors: [] };
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// A report in a frame of this width, at this address.
async function open(name, width, hash = "") {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width: ${width}px; height: 900px; border: 0`;
  const loaded = new Promise((done) => (frame.onload = done));
  frame.src = `${name}.html${hash}`;
  document.body.append(frame);
  await loaded;
  const page = frame.contentDocument;
  const all = (selector) => [...page.querySelectorAll(selector)];
  const texts = (selector) => all(selector).map((one) => one.textContent);
  const text = (selector) => (page.querySelector(selector) || { textContent: null }).textContent;
  const press = (key, target = page) => target.dispatchEvent(new frame.contentWindow.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const overflow = () => page.documentElement.scrollWidth - frame.contentWindow.innerWidth;
  const close = () => { findings.errors.push(...frame.contentWindow.errors.map((error) => `${name}: ${error}`)); frame.remove(); };
  return { frame, page, all, texts, text, press, overflow, close, count: () => text(".count") };
}

// Whether an element is seen without scrolling the page, and its own box without scrolling it.
function inView(element, frame, box) {
  const seen = element.getBoundingClientRect();
  const around = box ? box.getBoundingClientRect() : { left: 0, right: frame.contentWindow.innerWidth };
  return seen.width > 0 && seen.top >= 0 && seen.bottom <= frame.contentWindow.innerHeight && seen.left >= around.left - 1 && seen.right <= around.right + 1;
}

async function steps(width) {
  const it = await open("loop", width);
  const seen = { start: it.count(), overflow: it.overflow() };
  seen.firstView = [".nodes", ".lanes svg", ".message"].map((selector) => inView(it.page.querySelector(selector), it.frame));
  seen.details = it.page.querySelector("details.rest").open;
  seen.arc = inView(it.page.querySelector(".loop-arc"), { contentWindow: { innerWidth: width, innerHeight: 1e6 } }, it.page.querySelector(".lanes"));
  seen.relevant = it.all(".lanes .step").map((step) => inView(step.querySelector("circle"), { contentWindow: { innerHeight: 1e6 } }, it.page.querySelector(".lanes")));
  for (const [what, key] of [["right", "ArrowRight"], ["end", "End"], ["again", "ArrowRight"], ["home", "Home"]]) {
    it.press(key);
    seen[what] = it.count();
  }
  const slider = it.page.querySelector("input[type=range]");
  slider.value = 9;
  slider.dispatchEvent(new it.frame.contentWindow.Event("input"));
  seen.slider = it.count();
  seen.pods = it.all(".nodes .pod").length;
  seen.nodes = it.texts(".node b");
  seen.lanes = it.all(".lanes .name").length;
  for (let step = 0; step <= Number(slider.max); step++) {
    it.press(step ? "ArrowRight" : "Home");
    seen.overflow = Math.max(seen.overflow, it.overflow());
  }
  it.close();
  return seen;
}

// The address: that of an open page may change, and follows the steps.
async function addresses() {
  const it = await open("loop", 1440, "#intent=1&step=11");
  const seen = { opened: it.count() };
  const changed = async (hash) => {
    it.frame.contentWindow.location.hash = hash;
    await wait(50);
    return it.count();
  };
  seen.changed = await changed("#intent=1&step=3");
  seen.first = await changed("#intent=1&step=0");
  seen.nonsense = await changed("#intent=9&step=x");
  it.press("ArrowRight");
  seen.address = it.frame.contentWindow.location.hash;
  it.close();
  return seen;
}

async function folds() {
  const it = await open("loop", 1440);
  const row = () => it.all(".steps tr.folded");
  const seen = { folded: it.text(".lanes .fold title"), rows: it.all(".steps tr:not(.only-print)").length, printed: it.all(".steps tr:not(.folded)").length, columns: it.all(".lanes .step").length };
  it.page.querySelector(".lanes .fold").focus();
  it.press("Enter", it.page.querySelector(".lanes .fold"));
  seen.unfolded = it.all(".lanes .step").length;
  seen.focus = it.page.activeElement.getAttribute("class");
  it.press(" ", it.page.querySelector(".lanes .unfolded"));
  seen.foldedAgain = it.all(".lanes .step").length;
  row()[0].click();
  seen.byRow = [it.all(".lanes .step").length, row().length];
  it.close();
  const narrow = await open("overshoot", 360);
  seen.middle = narrow.texts(".lanes .fold title");
  seen.end = inView(narrow.page.querySelector(".lanes .current circle"), { contentWindow: { innerHeight: 1e6 } }, narrow.page.querySelector(".lanes"));
  narrow.close();
  return seen;
}

async function compared() {
  const it = await open("loop", 768);
  const seen = { overflow: it.overflow(), scores: it.texts(".scored .title"), shares: it.texts(".scored .shares"), alike: it.text(".compared > .shares") };
  it.press("ArrowRight");
  seen.nothing = it.page.querySelector(".compared").hidden;
  it.close();
  const many = await open("many", 1440, "#intent=1&step=2");
  seen.refused = many.texts(".scored.refused");
  many.close();
  return seen;
}

async function words() {
  const it = await open("overshoot", 1440);
  const seen = { words: it.texts(".change td:first-child"), values: it.texts(".change .number"), workloads: it.texts(".values td:first-child") };
  const raw = it.page.querySelector(".switch input");
  raw.click();
  seen.raw = it.texts(".change td:first-child");
  raw.click();
  seen.again = it.texts(".change td:first-child");
  seen.all = [];
  for (let step = 0; step <= Number(it.page.querySelector("input[type=range]").max); step++) {
    it.press(step ? "ArrowRight" : "Home");
    seen.all.push(...it.texts(".change td:first-child"));
  }
  it.close();
  return seen;
}

async function cluster() {
  const it = await open("many", 1440);
  const seen = { marks: it.all(".nodes .pod").map((pod) => pod.dataset.mark), key: it.texts(".key .kind"), colours: new Set(it.all(".nodes .pod").map((pod) => pod.getAttribute("style"))).size };
  seen.room = it.texts(".node:first-child .share");
  seen.tabs = it.texts("[role=tab]");
  seen.count = it.count();
  seen.waits = it.all(".wait").length;
  it.page.querySelectorAll("[role=tab]")[1].click();
  seen.second = [it.frame.contentWindow.location.hash, it.count()];
  seen.blocked = it.text(".at-the-end .wait");
  seen.card = it.text(".verdict .wait");
  it.press("Home");
  seen.early = it.all(".at-the-end .wait").length;
  seen.empty = it.texts(".node:first-child .amount");
  it.close();
  const rollout = await open("rollout", 360);
  seen.revisions = rollout.texts(".key .kind");
  seen.overflow = rollout.overflow();
  rollout.close();
  return seen;
}

async function blame() {
  const it = await open("budget", 1440);
  const seen = { primary: it.text(".origin.primary .meant code"), mark: it.text(".origin.primary mark"), number: it.text(".origin.primary .meant .number"), why: it.texts(".origin .why"), explain: it.text(".blame p code") };
  seen.gone = it.texts(".repair:first-child .gone code");
  seen.came = it.texts(".repair:first-child .came code");
  seen.wait = it.text(".at-the-end .wait");
  it.close();
  return seen;
}

// What the page looks like on paper, and whether it follows the theme.
async function looks() {
  const it = await open("loop", 1440);
  const paper = () => it.frame.contentWindow.getComputedStyle(it.page.body).backgroundColor;
  const before = paper();
  it.page.querySelector(".top button").click();
  const seen = { themed: before !== paper() };
  const rules = [...it.page.styleSheets[0].cssRules].filter((rule) => rule.conditionText === "print");
  seen.print = rules.map((rule) => rule.cssText).join("");
  it.frame.contentWindow.dispatchEvent(new it.frame.contentWindow.Event("beforeprint"));
  seen.opened = it.all("details").every((one) => one.open);
  it.close();
  return seen;
}

// Names and lines that want to be more than text.
async function hostile() {
  const it = await open("hostile", 1440, "#intent=2");
  await wait(50);
  const seen = { title: it.text("h1"), lines: it.texts(".snippet code").filter((line) => line.includes("<script>")).length, made: it.all("main img, main script").length, count: it.count() };
  it.close();
  return seen;
}

const tries = {
  steps: async () => ({ 360: await steps(360), 768: await steps(768), 1440: await steps(1440) }),
  addresses, folds, compared, words, cluster, blame, looks, hostile,
};
(async () => {
  for (const [name, attempt] of Object.entries(tries)) {
    try {
      findings[name] = await attempt();
    } catch (error) {
      findings.errors.push(`${name}: ${error} ${error.stack}`);
    }
  }
})().finally(() => { document.getElementById("findings").textContent = JSON.stringify(findings); });
