//! The report as one page for a browser: the verdicts and, for each violation, the cluster step by step. The page
//! holds the JSON report and a script that draws it; it loads nothing.

use super::document::Document;
use super::format::{Format, Style, Writing};
use super::places::xml;

/// The format.
pub const FORMAT: Format = Format {
    name: "html",
    summary: "one page for a browser: the run step by step",
    takes_several: false,
    writing: Writing::Whole(render),
};

const PAGE: &str = include_str!("html/page.html");
const LOOK: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

fn render(documents: &[Document], _: &Style) -> serde_json::Result<String> {
    documents.iter().map(page).collect()
}

fn page(document: &Document) -> serde_json::Result<String> {
    // `<` could end the element that holds the data; inside of JSON it is only ever in strings.
    let data = crate::text::escape(&serde_json::to_string(document)?).replace('<', "\\u003c");
    let title = xml(&format!("Kubound: {}", document.name)).replace('\n', " ");
    // The data comes last, so that nothing in it is taken for a place to fill in.
    let page = PAGE.replace("/*STYLE*/", LOOK.trim_end()).replace("/*SCRIPT*/", SCRIPT.trim_end());
    let (head, tail) = page.split_once("/*DATA*/").unwrap_or((&page, ""));
    Ok(format!("{}{data}{tail}", head.replace("<!--TITLE-->", &title)))
}
