//! The HTML report in a browser: it loads without errors and without the network, steps through the run by keys and by
//! the slider, repeats the loop, and fits narrow and wide windows.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Loads the report into frames of two widths, plays with it and writes what it finds into the page.
const HARNESS: &str = r#"
const findings = { errors: [], widths: {} };
const press = (frame, key) => frame.contentDocument.dispatchEvent(new frame.contentWindow.KeyboardEvent("keydown", { key, bubbles: true }));
const count = (frame) => frame.contentDocument.querySelector(".count").textContent;
const overflow = (frame) => frame.contentDocument.documentElement.scrollWidth - frame.contentWindow.innerWidth;
const source = JSON.parse(document.getElementById("source").textContent);
const catcher = "<script>window.errors = []; addEventListener('error', (event) => errors.push(String(event.message))); addEventListener('securitypolicyviolation', (event) => errors.push('policy: ' + event.blockedURI));<\/script>";
async function look(width) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width: ${width}px; height: 800px; border: 0`;
  const loaded = new Promise((done) => (frame.onload = done));
  frame.srcdoc = source.replace("<head>", "<head>" + catcher);
  document.body.append(frame);
  await loaded;
  const seen = { start: count(frame), overflow: overflow(frame) };
  press(frame, "ArrowRight");
  seen.right = count(frame);
  press(frame, "End");
  seen.end = count(frame);
  press(frame, "ArrowRight");
  seen.again = count(frame);
  press(frame, "Home");
  seen.home = count(frame);
  const slider = frame.contentDocument.querySelector("input[type=range]");
  slider.value = 9;
  slider.dispatchEvent(new frame.contentWindow.Event("input"));
  seen.slider = count(frame);
  seen.chosen = frame.contentDocument.querySelector("tr.chosen").textContent;
  seen.pods = frame.contentDocument.querySelectorAll(".nodes .pod").length;
  for (let step = 0; step < Number(slider.max); step++) {
    press(frame, step ? "ArrowRight" : "Home");
    seen.overflow = Math.max(seen.overflow, overflow(frame));
  }
  seen.loop = frame.contentDocument.querySelectorAll(".loop-arc").length;
  seen.lanes = frame.contentDocument.querySelectorAll(".lanes .name").length;
  seen.nodes = [...frame.contentDocument.querySelectorAll(".node b")].map((node) => node.textContent);
  findings.errors.push(...frame.contentWindow.errors);
  findings.widths[width] = seen;
}
look(360).then(() => look(1440)).catch((error) => findings.errors.push(String(error)))
  .then(() => { document.getElementById("findings").textContent = JSON.stringify(findings); });
"#;

/// A page that tries the report of a case; and its folder.
fn try_page(report: &str) -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports-html");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let source = serde_json::to_string(report).expect("JSON").replace('<', "\\u003c");
    let page = format!(
        "<!doctype html><meta charset=utf-8><pre id=findings></pre>\
         <script type='application/json' id=source>{source}</script><script>{HARNESS}</script>"
    );
    let file = folder.join("try.html");
    std::fs::write(&file, page).expect("written");
    (file, folder)
}

#[test]
fn a_browser_shows_the_run() {
    let kubound =
        Command::new(env!("CARGO_BIN_EXE_kubound")).args(["cases", "run", "c8/broken", "-o", "html"]).output();
    let report = String::from_utf8(kubound.expect("kubound runs").stdout).expect("UTF-8");
    let (file, folder) = try_page(&report);
    let browser = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(["--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("chromium runs; scripts/test installs it");
    let dom = String::from_utf8_lossy(&browser.stdout);
    let found = dom.split("<pre id=\"findings\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let found: Value = serde_json::from_str(found.expect("the page has findings")).expect("JSON");
    assert_eq!(found["errors"], serde_json::json!([]));
    for width in ["360", "1440"] {
        let seen = &found["widths"][width];
        assert!(seen["overflow"].as_i64().is_some_and(|pixels| pixels <= 0), "{width}: {seen}");
        for (what, expected) in [
            ("start", "step 0 of 13"),
            ("right", "step 1 of 13"),
            ("end", "step 13 of 13"),
            ("again", "step 9 of 13"),
            ("home", "step 0 of 13"),
            ("slider", "step 9 of 13"),
            ("chosen", "spot-0757"),
        ] {
            assert_eq!(seen[what], expected, "{width}: {what}");
        }
        assert_eq!((&seen["loop"], &seen["lanes"], &seen["pods"]), (&1.into(), &5.into(), &4.into()), "{width}");
        assert_eq!(seen["nodes"], serde_json::json!(["spot-0", "on-demand-0", "pending"]), "{width}");
    }
}

#[test]
fn the_page_loads_nothing() {
    let kubound = Command::new(env!("CARGO_BIN_EXE_kubound")).args(["cases", "run", "c8/fixed", "-o", "html"]).output();
    let report = String::from_utf8(kubound.expect("kubound runs").stdout).expect("UTF-8");
    assert!(report.contains("default-src 'none'"));
    for loading in ["src=", "<link", "@import", "fetch(", "url("] {
        assert!(!report.contains(loading), "{loading}");
    }
}
