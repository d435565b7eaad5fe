//! The report as one page for a browser: the verdicts and, for each violation, the cluster step by step. The page
//! holds the JSON report and a script that draws it; it loads nothing.

use super::document::Document;
use super::format::{Format, Style, Writing};
use super::places::xml;
use rustc_hash::FxHashSet;

/// The format.
pub const FORMAT: Format = Format {
    name: "html",
    summary: "one page for a browser: the run step by step",
    takes_several: false,
    writing: Writing::Whole(render),
};

const PAGE: &str = include_str!("html/page.html");
const LOOK: &str = include_str!("html/page.css");

/// One file for each concern, in the order in which they use each other.
const SCRIPT: &str = concat!(
    include_str!("html/page/base.js"),
    include_str!("html/page/run.js"),
    include_str!("html/page/verdict.js"),
    include_str!("html/page/blame.js"),
    include_str!("html/page/cluster.js"),
    include_str!("html/page/lanes.js"),
    include_str!("html/page/step.js"),
    include_str!("html/page/player.js"),
    include_str!("html/page/main.js"),
);

fn render(documents: &[Document], _: &Style) -> serde_json::Result<String> {
    documents.iter().map(page).collect()
}

/// The document without what the page does not draw: variables that are 0 in the whole run, and numbers that steps tell
/// otherwise. On large clusters that is most of it.
fn slim(document: &Document) -> Document {
    let mut document = document.clone();
    for found in document.results.iter_mut().filter_map(|result| result.violation.as_mut()) {
        let changed: FxHashSet<&str> =
            found.steps.iter().flat_map(|step| &step.changes).map(|change| change.variable.as_str()).collect();
        found.variables.retain(|variable| variable.initial != 0 || changed.contains(variable.name.as_str()));
        for step in &mut found.steps {
            step.details.clear();
            step.origins.clear();
        }
    }
    document
}

fn page(document: &Document) -> serde_json::Result<String> {
    // `<` could end the element that holds the data; inside of JSON it is only ever in strings.
    let data = crate::text::escape(&serde_json::to_string(&slim(document))?).replace('<', "\\u003c");
    let title = xml(&format!("Kubound: {}", document.name)).replace('\n', " ");
    // The data comes last, so that nothing in it is taken for a place to fill in.
    let page = PAGE.replace("/*STYLE*/", LOOK.trim_end()).replace("/*SCRIPT*/", SCRIPT.trim_end());
    let (head, tail) = page.split_once("/*DATA*/").unwrap_or((&page, ""));
    Ok(format!("{}{data}{tail}", head.replace("<!--TITLE-->", &title)))
}
