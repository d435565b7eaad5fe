//! Everything that is registered has a file of its own and a place in the documentation, and every name that a
//! scenario may use is registered. Pages link to what exists, are listed in the book, and show commands that exist.

#[path = "links/markdown.rs"]
mod markdown;

use kubound::cases;
use kubound::explain::{book, reference};
use kubound_encodings::cluster::descheduler::PLUGINS;
use kubound_encodings::{controllers, events, intents};
use markdown::Page;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// The sources of a folder of models, joined, and how many of them hold a model of this trait.
fn sources(folder: &str, of: &str) -> (String, usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("encodings/src").join(folder);
    let mut joined = String::new();
    let mut items = 0;
    for entry in std::fs::read_dir(root).expect("the folder") {
        let path = entry.expect("an entry").path();
        let file = if path.is_dir() { path.join("mod.rs") } else { path.clone() };
        if path.file_name().is_some_and(|name| name != "mod.rs") {
            let source = std::fs::read_to_string(&file).expect("a source");
            items += usize::from(source.contains(&format!("impl {of} for")));
            joined += &source;
        }
    }
    (joined, items)
}

#[test]
fn every_controller_has_a_file_and_a_place_in_the_documentation() {
    let (sources, files) = sources("controllers", "Controller");
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
    let (sources, files) = sources("events", "EventModel");
    let reference = reference::scenario();
    assert_eq!(events::REGISTRY.len(), files, "a file is not registered");
    for event in events::REGISTRY {
        assert!(!event.summary().is_empty());
        for name in event.names() {
            assert!(sources.contains(&format!("\"{name}\"")), "{name} has no file");
            assert!(reference.contains(&format!("\n### {name}\n")), "{name} is not in the reference");
        }
    }
}

#[test]
fn every_intent_has_a_file_and_a_row_in_the_reference() {
    let (sources, _) = sources("intents", "IntentModel");
    let reference = reference::intents();
    let mut names: Vec<&str> = intents::REGISTRY.iter().flat_map(|intent| intent.names().iter().copied()).collect();
    for name in &names {
        assert!(sources.contains(&format!("\"{name}\"")), "{name} has no file");
        assert!(reference.contains(&format!("\n## {name}\n")), "{name} is not in the reference");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), intents::REGISTRY.len(), "a name is registered twice");
}

/// The page that says what a verdict is about leaves out nothing that is registered.
#[test]
fn the_page_of_the_models_names_everything_that_is_registered() {
    let page = text("docs/src/modelled.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("encodings/src/controllers");
    for entry in std::fs::read_dir(folder).expect("the controllers") {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        let shown = [format!("`{name}`"), format!("`controllers/{name}`")];
        assert!(name == "mod.rs" || shown.iter().any(|shown| page.contains(shown)), "{name} acts in no row");
    }
    let events = events::REGISTRY.iter().flat_map(|event| event.names().iter().copied());
    let intents = intents::REGISTRY.iter().flat_map(|intent| intent.names().iter().copied());
    let words = text("docs/src/words.md");
    for name in events.chain(intents).chain(PLUGINS.iter().copied()) {
        let quoted = format!("`{name}`");
        let is_named = page.contains(&quoted) || page.contains(name) && PLUGINS.contains(&name);
        assert!(is_named || words.contains(&quoted), "{name} is not named");
    }
}

/// Pages of the book that are made from the code; of the gallery only their names.
fn made() -> impl Iterator<Item = (PathBuf, String)> {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let cases = cases::all().iter().map(|case| case.name).chain(["index"]);
    let gallery = cases.map(|name| (format!("gallery/{name}.md"), String::new()));
    book::pages().into_iter().chain(gallery).map(move |(name, text)| (book.join(name), text))
}

/// All pages: those of the book, and what stands beside it.
fn pages() -> Vec<(PathBuf, Page)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made: BTreeMap<PathBuf, String> = made().collect();
    let mut files = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") && !made.contains_key(&path) {
                files.push(path);
            }
        }
    }
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(&file).expect("a page");
        (file, text)
    };
    let mut texts: Vec<(PathBuf, String)> = files.into_iter().map(read).chain(made).collect();
    texts.sort();
    texts.into_iter().map(|(file, text)| (file, markdown::read(&text))).collect()
}

/// A path without `..` and `.`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn links_lead_to_files_and_headings_that_exist() {
    let pages = pages();
    let made: BTreeSet<PathBuf> = made().map(|(page, _)| page).collect();
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let mut links = 0;
    for (file, page) in &pages {
        for link in page.links.iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { file.clone() } else { plain(&file.with_file_name("").join(path)) };
            let place = format!("{}: {link}", file.display());
            let is_made = made.contains(&target);
            assert!(is_made || target.exists(), "{place} does not exist");
            assert!(!is_made || file.starts_with(&book), "{place} is there only once the book is made");
            assert!(!file.starts_with(&book) || target.starts_with(&book), "{place} is not part of the book");
            if !anchor.is_empty() {
                let (_, page) = pages.iter().find(|(file, _)| *file == target).expect(&place);
                assert!(page.anchors.iter().any(|one| one == anchor), "{place}: no such heading");
            }
            links += 1;
        }
    }
    assert!(links > 200, "{links}");
}

#[test]
fn every_page_of_the_book_is_listed_once() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let summary = markdown::read(&text("docs/src/SUMMARY.md"));
    let mut listed: Vec<PathBuf> = summary.links.iter().map(|link| book.join(link)).collect();
    listed.push(book.join("SUMMARY.md"));
    listed.sort();
    let there: Vec<PathBuf> =
        pages().into_iter().map(|(file, _)| file).filter(|file| file.starts_with(&book)).collect();
    assert_eq!(listed, there);
}

#[test]
fn transcripts_are_executed_and_other_commands_exist() {
    let help = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_kubound")).args(arguments).arg("--help").output().expect("runs");
        assert!(output.status.success(), "kubound {arguments:?} does not exist");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (file, page) in pages() {
        let executed = file.ends_with("README.md") || file.parent().is_some_and(|folder| folder.ends_with("docs/src"));
        for block in &page.blocks {
            let place = format!("{}: {:?}", file.display(), block.lines.first());
            assert!(!block.language.is_empty(), "{place}: the block does not say what it is");
            let is_transcript = block.lines.iter().any(|line| line.starts_with("$ "));
            assert_eq!(is_transcript, block.language == "console", "{place}: transcripts are marked `console`");
            assert!(!is_transcript || executed, "{place}: no test executes it");
            for line in block.lines.iter().filter(|_| block.language == "sh") {
                let Some((_, command)) =
                    line.split_once("kubound ").filter(|(before, _)| before.is_empty() || before.ends_with("| "))
                else {
                    continue;
                };
                let name = command.split_whitespace().next().unwrap_or_default().to_owned();
                let text = known.entry(name.clone()).or_insert_with(|| help(&[&name]));
                for flag in command.split_whitespace().filter(|word| word.starts_with("--")) {
                    let flag = flag.trim_end_matches(']').split('=').next().unwrap_or_default();
                    assert!(text.contains(flag), "{place}: kubound {name} has no {flag}");
                }
            }
        }
    }
    assert!(known.len() >= 4, "{known:?}");
}
