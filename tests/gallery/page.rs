//! The page of a case in the gallery: what `case.yaml` says, what the violation looks like, and what holds once it is
//! fixed.

use kubound::cases::{self, Case};
use kubound::manifest::{About, Loaded};
use kubound::report::document::Document;
use kubound::report::human;
use kubound::search::Findings;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/gallery")
}

/// What the arithmetic in the comments of `case.yaml` says.
fn arithmetic(about: &str) -> String {
    let line = |line: &str| line.strip_prefix('#').map(|text| text.strip_prefix(' ').unwrap_or(text).to_owned());
    about.lines().filter_map(line).collect::<Vec<_>>().join("\n")
}

/// The report for people, without what the search cost.
pub fn report(loaded: &Loaded, findings: &Findings) -> String {
    let document = Document::new(loaded, findings, 0, String::new());
    let text = human::render(&document, &human::Options::plain());
    text.lines().filter(|line| !line.starts_with("  engine ")).map(|line| format!("{line}\n")).collect()
}

/// The controllers of a case, as a list in words.
fn controllers(about: &About) -> String {
    if about.controllers.is_empty() { "none".to_owned() } else { about.controllers.join(", ") }
}

/// The page of a case.
pub fn render(case: &Case, broken: &(Loaded, Findings), fixed: &(Loaded, Findings)) -> String {
    let (name, about) = (case.name, case.about());
    let mut page = format!("# {name}: {}\n\n{}\n", about.title, about.mechanism);
    let _ = write!(page, "\nSymptom: {}. Controllers: {}.\n", about.symptom.words(), controllers(about));
    let _ = write!(page, "\nSource: {}.\n", about.source);
    let _ = write!(page, "\n## Broken\n\n`kubound verify cases/{name}/broken` says:\n\n");
    let _ = write!(page, "```text\n{}```\n", report(&broken.0, &broken.1));
    let _ = write!(page, "\n## Fixed\n\n{}\n\n", about.fixed_by);
    let _ = write!(page, "```text\n{}```\n", report(&fixed.0, &fixed.1));
    let arithmetic = arithmetic(case.text);
    if !arithmetic.is_empty() {
        let _ = write!(page, "\n## By hand\n\n```text\n{arithmetic}\n```\n");
    }
    let _ = write!(page, "\nThe files: `kubound cases show {name}`.\n");
    page
}

/// The page that lists the cases, by what is seen of them.
pub fn index() -> String {
    let mut page = String::from(
        "# Gallery\n\nKnown failures that are built in, each broken and fixed, by what is seen of them: \
         `kubound cases list` prints\nthis list, `kubound cases list evict` those that speak of a word, `kubound cases \
         run c8` checks both variants of one,\n`kubound cases show c8` prints its files. The pages are made from \
         `cases/` and a run.\n",
    );
    let all: Vec<&Case> = cases::all().iter().collect();
    for (symptom, cases) in cases::by_symptom(&all) {
        let _ = write!(page, "\n## {}\n\n{}\n\n", capital(symptom.words()), symptom.seen());
        page.push_str("| case | what happens | controllers | smallest |\n|---|---|---|---|\n");
        for case in cases {
            let (name, about, (nodes, pods)) = (case.name, case.about(), case.about().smallest);
            let who = controllers(about);
            let _ = writeln!(page, "| [{name}]({name}.md) | {} | {who} | nodes {nodes}, pods {pods} |", about.title);
        }
    }
    page
}

/// The words with a capital in front.
fn capital(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(rest).collect()
}

/// Writes a page of the book, if that is asked for.
pub fn write(name: &str, page: &str) {
    if std::env::var_os("KUBOUND_WRITE_PAGES").is_some() {
        std::fs::create_dir_all(folder()).expect("the folder can be made");
        std::fs::write(folder().join(format!("{name}.md")), page).expect("the page can be written");
    }
}
