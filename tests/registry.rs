//! Everything that is registered has a file of its own and a place in the documentation, and every name that a
//! scenario may use is registered.

use kubound_encodings::{controllers, events, intents};
use std::path::Path;

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// The sources of a folder of models, joined; their number without the `mod.rs` that registers them.
fn sources(folder: &str) -> (String, usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("encodings/src").join(folder);
    let mut joined = String::new();
    let mut items = 0;
    for entry in std::fs::read_dir(root).expect("the folder") {
        let path = entry.expect("an entry").path();
        let file = if path.is_dir() { path.join("mod.rs") } else { path.clone() };
        if path.file_name().is_some_and(|name| name != "mod.rs") {
            items += 1;
            joined += &std::fs::read_to_string(&file).expect("a source");
        }
    }
    (joined, items)
}

#[test]
fn every_controller_has_a_file_and_a_place_in_the_documentation() {
    let (sources, files) = sources("controllers");
    let documentation = text("docs/src/extending.md");
    assert_eq!(controllers::REGISTRY.len(), files, "a file is not registered");
    for controller in controllers::REGISTRY {
        let name = controller.name();
        assert!(sources.contains(&format!("\"{name}\"")), "{name} has no file");
        assert!(documentation.contains(&format!("`{name}`")), "{name} is not in docs/src/extending.md");
        assert!(!controller.summary().is_empty(), "{name}");
    }
}

#[test]
fn every_event_has_a_file_and_a_row_in_the_reference() {
    let (sources, files) = sources("events");
    let reference = text("docs/src/scenario.md");
    assert_eq!(events::REGISTRY.len(), files, "a file is not registered");
    for event in events::REGISTRY {
        assert!(!event.summary().is_empty());
        for name in event.names() {
            assert!(sources.contains(&format!("\"{name}\"")), "{name} has no file");
            assert!(reference.contains(&format!("`{name}`")), "{name} is not in docs/src/scenario.md");
        }
    }
}

#[test]
fn every_intent_has_a_file_and_a_row_in_the_reference() {
    let (sources, _) = sources("intents");
    let reference = text("docs/src/scenario.md");
    let mut names: Vec<&str> = intents::REGISTRY.iter().flat_map(|intent| intent.names().iter().copied()).collect();
    for name in &names {
        assert!(sources.contains(&format!("\"{name}\"")), "{name} has no file");
        assert!(reference.contains(&format!("| `{name}` |")), "{name} is not in docs/src/scenario.md");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), intents::REGISTRY.len(), "a name is registered twice");
}

#[test]
fn every_decision_is_listed_in_the_summary() {
    let summary = text("docs/src/SUMMARY.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/decisions");
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        assert!(summary.contains(&name), "{name} is not in docs/src/SUMMARY.md");
    }
}
