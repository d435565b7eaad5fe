//! Reports in a headless browser: each is loaded into frames, and a script tries them and tells what it finds. One
//! browser does all of it: starting one takes longer than all the rest.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Tries the reports, and writes what it finds into the page.
const HARNESS: &str = include_str!("harness.js");

/// Tells the harness of whatever goes wrong in a report.
const CATCHER: &str = "<head><script>window.errors = []; \
     addEventListener('error', (event) => errors.push(String(event.message))); \
     addEventListener('securitypolicyviolation', (event) => errors.push('policy: ' + event.blockedURI));</script>";

/// The reports that are tried: their name, and how the program is asked for them.
const REPORTS: &[(&str, &[&str])] = &[
    ("loop", &["cases", "run", "c8/broken"]),
    ("rollout", &["cases", "run", "c10/broken"]),
    ("overshoot", &["cases", "run", "c1/broken"]),
    ("budget", &["verify", "--repairs", "cases/c45/broken"]),
    ("many", &["verify", "--no-repairs", "tests/fixtures/html/many"]),
    ("hostile", &["verify", "--no-repairs", HOSTILE]),
];

/// A folder of manifests that want to be more than text.
const HOSTILE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/reports-html/hostile");

/// What they would do if they were.
const ATTACK: &str = "</script><img src=x onerror=errors.push(\"ran\")><script>errors.push(\"ran\")</script>";

/// Writes these manifests: an attack beside each field that is blamed, and in the names that a scenario gives.
fn write_hostile() {
    std::fs::create_dir_all(HOSTILE).expect("a folder for the test");
    for file in ["all.yaml", "scenario.yaml"] {
        let text = std::fs::read_to_string(format!("tests/fixtures/html/many/{file}")).expect("a fixture");
        let text = text.replace("image: app", &format!("image: app # {ATTACK}"));
        let text = text.replace("{name: many}", &format!("{{name: '{ATTACK}'}}"));
        std::fs::write(format!("{HOSTILE}/{file}"), text).expect("written");
    }
}

/// A report as the program writes it.
pub fn report(arguments: &[&str]) -> String {
    let kubound = Command::new(env!("CARGO_BIN_EXE_kubound"))
        .args(arguments)
        .args(["-o", "html"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    String::from_utf8(kubound.expect("kubound runs").stdout).expect("UTF-8")
}

/// What the harness finds in a report.
pub fn seen(name: &str) -> &'static Value {
    static FOUND: OnceLock<Value> = OnceLock::new();
    let found = FOUND.get_or_init(try_all);
    assert_eq!(found["errors"], serde_json::json!([]));
    &found[name]
}

fn try_all() -> Value {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports-html");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    write_hostile();
    for (name, arguments) in REPORTS {
        let page = report(arguments).replacen("<head>", CATCHER, 1);
        std::fs::write(folder.join(format!("{name}.html")), page).expect("written");
    }
    let mut page = String::from("<!doctype html><meta charset=utf-8><pre id=findings></pre>");
    let _ = write!(page, "<script>{HARNESS}</script>");
    let file = folder.join("try.html");
    std::fs::write(&file, page).expect("written");
    browse(&file, &folder)
}

fn browse(page: &Path, folder: &Path) -> Value {
    let browser = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        // The harness and the reports are files that have to see each other.
        .arg("--allow-file-access-from-files")
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(["--virtual-time-budget=60000", "--dump-dom"])
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("chromium runs; scripts/test installs it");
    let dom = String::from_utf8_lossy(&browser.stdout);
    let found = dom.split("<pre id=\"findings\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let found = found.expect("the page has findings").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&found).expect("JSON")
}
