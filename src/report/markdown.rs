//! The report as Markdown, for merge requests and step summaries: a table of verdicts, and a diagram for each
//! violation.

use super::cause;
use super::document::{Document, IntentDocument, Outcome, ViolationDocument};
use super::format::{Format, Style, Writing};
use super::human;
use super::mermaid;
use super::places::relative;
use crate::limits::report::{MOST_COMMENT, MOST_DIAGRAM};
use crate::text::{neutralise, plural};
use std::fmt::Write as _;

/// The format.
pub const FORMAT: Format = Format {
    name: "markdown",
    summary: "Markdown with diagrams, for merge requests",
    takes_several: true,
    writing: Writing::Whole(render),
};

fn render(documents: &[Document], style: &Style) -> serde_json::Result<String> {
    let mut out = String::new();
    // Hosts limit the diagrams of a page together.
    let mut room = MOST_DIAGRAM;
    for document in documents {
        report(&mut out, document, style, &mut room);
    }
    Ok(out)
}

fn report(out: &mut String, document: &Document, style: &Style, room: &mut usize) {
    let _ = writeln!(out, "## Kubound: {}\n", plain(&document.name));
    if let Some(comparison) = &document.comparison {
        let counts = document.counts();
        let (old, new) = (plain(&comparison.old), plain(&comparison.new));
        let _ = writeln!(out, "{old} → {new}: **{}**; {}.\n", counts.told(), counts.told_same());
    }
    // Of a comparison, what is the same on both sides is only counted.
    let is_shown = |result: &&IntentDocument| result.before.as_ref().is_none_or(|before| before.change != "same");
    let gone = document.comparison.iter().flat_map(|comparison| &comparison.gone);
    let rows = document.results.iter().filter(is_shown).count() + gone.clone().count();
    if rows > 0 || document.comparison.is_none() {
        let _ = writeln!(out, "| | intent | verdict | |\n|---|---|---|---|");
    }
    for gone in gone {
        let _ = writeln!(out, "| ➖ | {} | {} → not there | |", plain(&gone.title()), gone.verdict);
    }
    for result in document.results.iter().filter(is_shown) {
        let mark = match result.outcome() {
            Outcome::Passed => "✅",
            Outcome::Expected | Outcome::Excepted => "☑️",
            Outcome::Failed => "❌",
            Outcome::Race => "⚠️",
            Outcome::Open | Outcome::Known => "❔",
        };
        let expected = match result.outcome() {
            Outcome::Expected => ", as expected".to_owned(),
            Outcome::Excepted => format!(", excepted: {}", plain(result.excepted.as_deref().unwrap_or_default())),
            _ => String::new(),
        };
        let (title, message) = (plain(&result.title()), plain(&result.told()));
        let verdict = result.told_change().map_or_else(|| result.verdict.to_owned(), |told| plain(&told));
        let _ = writeln!(out, "| {mark} | {title} | {verdict}{expected} | {message} |");
    }
    if document.results.is_empty() && document.comparison.is_none() {
        let _ = writeln!(out, "| ❔ | | | no intent applied to anything |");
    }
    if document.interrupted {
        out.push_str("\nInterrupted: intents that are not listed were not decided.\n");
    }
    out.push('\n');
    for result in cause::in_order(&document.results).into_iter().filter(is_shown) {
        if let Some(violation) = &result.violation {
            violated(out, result, violation, style, room);
        }
    }
    out.push_str("<details><summary>What was checked</summary>\n\n| | |\n|---|---|\n");
    for (name, value) in document.covered() {
        let _ = writeln!(out, "| {} | {} |", plain(&name), plain(&value));
    }
    out.push_str("\n</details>\n\n");
}

fn violated(out: &mut String, result: &IntentDocument, violation: &ViolationDocument, style: &Style, room: &mut usize) {
    let _ = writeln!(out, "### {}: {}\n", plain(&result.title()), plain(&result.message));
    let smallest = if violation.minimised { "Smallest cluster" } else { "A cluster (not minimised)" };
    let _ = writeln!(out, "{smallest}: {}, {}.\n", plural(violation.nodes, "node"), plural(violation.pods, "pod"));
    for origin in &result.origins {
        let file = origin.file.as_deref().map(|file| relative(file, style.root.as_deref())).unwrap_or_default();
        let line = origin.line.map(|line| format!(":{line}")).unwrap_or_default();
        let what = format!("{} {}", origin.object, origin.field);
        let place = if file.is_empty() { String::new() } else { format!("{}: ", plain(&format!("{file}{line}"))) };
        let _ = writeln!(out, "- {place}{}", plain(what.trim_end()));
    }
    if let Some(scene) = violation.scene.as_ref().filter(|scene| !scene.waits.is_empty()) {
        let _ = writeln!(out, "\n**Waits:**\n");
        for told in scene.told_waits() {
            let _ = writeln!(out, "- {}", plain(&told));
        }
    }
    if let Some(repairs) = &result.repairs {
        let _ = writeln!(out, "\n**Repair:** {}\n", plain(&repairs.told()));
        for repair in &repairs.found {
            let places = repair.place(|file| relative(file, style.root.as_deref()));
            let _ = writeln!(out, "- {}: {}", plain(&places), plain(&repair.told()));
        }
    }
    let diagram = mermaid::diagram(violation, *room);
    if let Some(diagram) = diagram {
        *room = room.saturating_sub(diagram.chars().count());
        let _ = writeln!(out, "\n<details open><summary>The run</summary>\n\n```mermaid\n{diagram}```\n\n</details>\n");
    } else {
        out.push('\n');
    }
    let told = human::one(result, &style.human.without_colours());
    if out.len() + told.len() > MOST_COMMENT {
        let _ = writeln!(out, "Step by step: `kubound verify -v` (left out here, for size).\n");
        return;
    }
    let fence = fence(&told);
    let _ = writeln!(
        out,
        "<details><summary>Step by step</summary>\n\n{fence}text\n{}\n{fence}\n\n</details>\n",
        told.trim_end()
    );
}

/// A fence that a text cannot end.
fn fence(text: &str) -> String {
    let mut fence = "```".to_owned();
    while text.contains(&fence) {
        fence.push('`');
    }
    fence
}

/// Text that Markdown takes as it is.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in neutralise(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    // Hosts turn what looks like an address into a link.
    escaped.replace("://", "&#58;//").replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(plain("<img>|[x](y) @me `a`"), "&lt;img&gt;\\|\\[x\\]\\(y\\) &#64;me \\`a\\`");
        assert_eq!(plain("a\n# b"), "a\\\\u\\{a\\}\\# b");
        assert_eq!(fence("a ```` b"), "`````");
    }
}
