//! The page of a case in the gallery: what `case.yaml` says, what the violation looks like, and what holds once it is
//! fixed. `KUBOUND_WRITE_GALLERY=1 cargo test --test cases` writes the pages.

use kubound::manifest::Loaded;
use kubound::report::document::Document;
use kubound::report::human;
use kubound::search::Findings;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/gallery")
}

/// What `case.yaml` says under a key; folded where it is a block.
fn field(about: &str, key: &str) -> String {
    let mut lines = about.lines().skip_while(|line| !line.starts_with(&format!("{key}:")));
    let first = lines.next().unwrap_or_default()[key.len() + 1..].trim();
    if first != "|" {
        return first.trim_matches('"').to_owned();
    }
    lines.take_while(|line| line.starts_with("  ")).map(str::trim).collect::<Vec<_>>().join("\n")
}

/// What the arithmetic in the comments of `case.yaml` says.
fn arithmetic(about: &str) -> String {
    let line = |line: &str| line.strip_prefix('#').map(|text| text.strip_prefix(' ').unwrap_or(text).to_owned());
    about.lines().filter_map(line).collect::<Vec<_>>().join("\n")
}

/// The report for people, without what the search cost.
fn report(loaded: &Loaded, findings: &Findings) -> String {
    let document = Document::new(loaded, findings, 0, String::new());
    let text = human::render(&document, &human::Options::plain());
    text.lines().filter(|line| !line.starts_with("  engine ")).map(|line| format!("{line}\n")).collect()
}

/// The page of a case.
pub fn render(case: &str, about: &str, broken: &(Loaded, Findings), fixed: &(Loaded, Findings)) -> String {
    let mut page = format!("# {case}: {}\n\n{}\n", field(about, "title"), field(about, "mechanism"));
    let _ = write!(page, "\nSource: {}.\n", field(about, "source"));
    let _ = write!(page, "\n## Broken\n\n`kubound verify cases/{case}/broken` says:\n\n");
    let _ = write!(page, "```text\n{}```\n", report(&broken.0, &broken.1));
    let _ = write!(page, "\n## Fixed\n\n{}\n\n", field(about, "fixedBy"));
    let _ = write!(page, "```text\n{}```\n", report(&fixed.0, &fixed.1));
    let arithmetic = arithmetic(about);
    if !arithmetic.is_empty() {
        let _ = write!(page, "\n## By hand\n\n```text\n{arithmetic}\n```\n");
    }
    let _ = write!(page, "\nThe files: `kubound cases show {case}`.\n");
    page
}

/// The page that lists the cases.
pub fn index(cases: &[(String, String)]) -> String {
    let mut page = String::from(
        "# Gallery\n\nKnown failures that are built in, each broken and fixed: `kubound cases run c8` checks both, \
         `kubound cases show c8`\nprints the files. The pages are made from `cases/` and a run.\n\n| case | what \
         happens | smallest |\n|---|---|---|\n",
    );
    for (case, about) in cases {
        let (title, smallest) = (field(about, "title"), field(about, "smallest"));
        let smallest = smallest.trim_matches(['{', '}']).replace("nodes: ", "nodes ").replace("pods: ", "pods ");
        let _ = writeln!(page, "| [{case}]({case}.md) | {title} | {smallest} |");
    }
    page
}

/// Compares a page with the one in the book, or writes it.
pub fn check(name: &str, page: &str) {
    let path = folder().join(format!("{name}.md"));
    if std::env::var_os("KUBOUND_WRITE_GALLERY").is_some() {
        std::fs::write(&path, page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let command = "KUBOUND_WRITE_GALLERY=1 cargo test --test cases";
    assert!(written == page, "docs/src/gallery/{name}.md is out of date: {command}");
}
