//! Repairs of the built-in cases: what is written into the files makes the violation go away, and a field that is to blame
//! is one in which `broken` and `fixed` differ. The table of all cases takes a minute or two of a release build:
//! `cargo test --release --test suite repairs -- --ignored --nocapture`.

use kubound::manifest::edit::{Sheet, Texts, sheets};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Least number of cases that are repaired.
const REPAIRED: usize = 50;

/// Least number of cases in which the best repair is about a field that the built-in fix changes.
const FIRST: usize = 36;

/// Least number of cases in which such a field is underlined.
const BLAMED: usize = 48;

fn case(name: &str, variant: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(name).join(variant)
}

/// The report on a folder.
fn report(folder: &Path, flags: &[&str]) -> Value {
    let program = Command::new(env!("CARGO_BIN_EXE_kubound"))
        .arg("verify")
        .arg(folder)
        .args(flags)
        .args(["-o", "json"])
        .env("GITHUB_ACTIONS", "")
        .output()
        .expect("kubound runs");
    let text = String::from_utf8(program.stdout).expect("UTF-8");
    // What was written into files is told behind the report.
    let mut values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    values.next().and_then(Result::ok).unwrap_or_else(|| panic!("{}: no report: {text}", folder.display()))
}

/// A copy of a broken case; `what` keeps tests apart.
fn copy(name: &str, what: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kubound-repairs-{}-{what}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    for entry in std::fs::read_dir(case(name, "broken")).expect("a case") {
        let path = entry.expect("a file").path();
        std::fs::copy(&path, folder.join(path.file_name().expect("a name"))).expect("a copy");
    }
    folder
}

#[test]
fn what_fix_writes_repairs() {
    for name in ["c9", "c45", "c53"] {
        let folder = copy(name, "fix");
        let before = report(&folder, &["--repairs", "--repair-time", "10m", "--fix"]);
        assert_eq!(before["results"][0]["verdict"], "violated", "{name}");
        let after = report(&folder, &["--no-repairs"]);
        assert_eq!(after["results"][0]["verdict"], "holds", "{name}");
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let folder = copy("c53", "dry");
    let before = std::fs::read_to_string(folder.join("v2.yaml")).expect("readable");
    report(&folder, &["--repair-time", "10m", "--fix", "--dry-run"]);
    assert_eq!(std::fs::read_to_string(folder.join("v2.yaml")).expect("readable"), before);
    std::fs::remove_dir_all(&folder).expect("removed");
}

/// The objects of a variant with all their fields, by path.
fn fields(name: &str, variant: &str) -> BTreeMap<String, BTreeMap<String, Value>> {
    let files = std::fs::read_dir(case(name, variant)).expect("a case");
    let texts: Texts = files
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("readable")))
        .collect();
    let mut all: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for Sheet { object, value, .. } in sheets(&texts) {
        let found = all.entry(object).or_default();
        leaves("", &value, found);
    }
    all
}

fn leaves(path: &str, value: &Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            leaves(&kubound::manifest::edit::path_to(path, key), value, found);
        }),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| {
            leaves(&format!("{path}[{index}]"), value, found);
        }),
        other => drop(found.insert(path.to_owned(), other.clone())),
    }
}

/// The fields in which a case differs, without what the scenario says about itself.
fn differing(name: &str) -> BTreeSet<(String, String)> {
    let (broken, fixed) = (fields(name, "broken"), fields(name, "fixed"));
    let mut found = BTreeSet::new();
    for object in broken.keys().chain(fixed.keys()) {
        let none = BTreeMap::new();
        let (before, after) = (broken.get(object).unwrap_or(&none), fixed.get(object).unwrap_or(&none));
        for path in before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)) {
            let is_about = ["metadata.name", "spec.expect", "spec.resources"].iter().any(|own| path.starts_with(own));
            if object != "Scenario" || !is_about {
                found.insert((object.clone(), path.clone()));
            }
        }
    }
    found
}

/// Whether a change is about one of these fields, or adds one of these objects.
fn is_about(change: &Value, fields: &BTreeSet<(String, String)>) -> bool {
    let text = |key: &str| change[key].as_str().unwrap_or_default();
    let within = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
    fields.iter().any(|(object, field)| {
        let kind = object.split('/').next().unwrap_or_default();
        match text("field") {
            "" => text("after").contains(kind),
            own => object == text("object") && within(own, field),
        }
    })
}

/// Whether a field to blame is that of a repair which is about one of these fields.
fn is_blamed(result: &Value, fields: &BTreeSet<(String, String)>) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let found = list(&result["repairs"]["found"]);
    let changes: Vec<Value> = found.iter().flat_map(|repair| list(&repair["changes"])).collect();
    let blamed: Vec<Value> = list(&result["origins"]).into_iter().filter(|origin| origin["why"].is_string()).collect();
    let is_of = |origin: &Value, change: &Value| ["object", "field"].iter().all(|key| origin[*key] == change[*key]);
    changes.iter().any(|change| is_about(change, fields) && blamed.iter().any(|origin| is_of(origin, change)))
}

#[test]
#[ignore = "takes minutes"]
fn most_cases_are_repaired_and_the_right_fields_are_blamed() {
    let mut names: Vec<String> = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"))
        .expect("cases")
        .map(|entry| entry.expect("a case").file_name().to_string_lossy().into_owned())
        .filter(|name| case(name, "broken").is_dir())
        .collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    let (mut repaired, mut first, mut blamed) = (0, 0, 0);
    for name in &names {
        let report = report(&case(name, "broken"), &["--repairs", "--repair-time", "60s"]);
        let empty = Vec::new();
        let repairs = &report["results"][0]["repairs"];
        let found = repairs["found"].as_array().unwrap_or(&empty);
        let fields = differing(name);
        let about: Vec<bool> = found
            .iter()
            .map(|repair| repair["changes"].as_array().is_some_and(|all| all.iter().any(|one| is_about(one, &fields))))
            .collect();
        repaired += usize::from(!found.is_empty());
        first += usize::from(about.first() == Some(&true));
        let is_underlined = is_blamed(&report["results"][0], &fields);
        blamed += usize::from(is_underlined);
        let told = |change: &Value| format!("{} {} -> {}", change["field"], change["before"], change["after"]);
        let best: Vec<String> =
            found.first().and_then(|one| one["changes"].as_array()).into_iter().flatten().map(told).collect();
        let mark = match (about.first(), is_underlined) {
            (Some(true), true) => "same field",
            (_, true) => "underlined",
            _ => "",
        };
        println!(
            "{name:<4} {:>2} found, {:>2} tried  {mark:<10}  {}",
            found.len(),
            repairs["tried"],
            best.join(" and ")
        );
    }
    println!(
        "{repaired} of {} repaired; the field of the built-in fix is underlined in {blamed}, as the first one in {first}",
        names.len()
    );
    assert!(repaired >= REPAIRED && first >= FIRST && blamed >= BLAMED);
}
