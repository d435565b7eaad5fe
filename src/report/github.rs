//! The report as workflow commands of GitHub Actions: an annotation for each violated or undecided intent, and for
//! each field that may matter and is not modelled. The command line appends the Markdown report to the step summary.

use super::document::{Document, IntentDocument, Outcome};
use super::format::{Format, Style, Writing};
use super::places::relative;
use crate::text::{neutralise, plural};

/// The format.
pub const FORMAT: Format = Format {
    name: "github",
    summary: "annotations and step summary of GitHub Actions",
    takes_several: true,
    writing: Writing::AsTheyCome { some, rest },
};

fn some(_: &str, results: &[&IntentDocument], style: &Style) -> serde_json::Result<String> {
    Ok(results.iter().filter_map(|result| intent(result, style)).collect())
}

fn rest(document: &Document, style: &Style) -> serde_json::Result<String> {
    let risky = document.notes.iter().filter(|note| note.severity != "harmless");
    Ok(risky
        .map(|note| {
            let place = Place { file: Some(&note.file), line: note.line, column: note.column, end_column: None };
            let text = format!("{} {}: {}", note.object, note.field, note.message);
            command("warning", &place, "Kubound: not modelled", &neutralise(&text), style)
        })
        .collect())
}

/// Where an annotation belongs.
struct Place<'a> {
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    end_column: Option<usize>,
}

fn intent(result: &IntentDocument, style: &Style) -> Option<String> {
    let level = match result.outcome() {
        Outcome::Passed | Outcome::Known => return None,
        Outcome::Expected | Outcome::Excepted => "notice",
        Outcome::Failed => "error",
        Outcome::Open | Outcome::Race => "warning",
    };
    let origin = result.origins.iter().find(|origin| origin.file.is_some());
    let place = Place {
        file: origin.and_then(|origin| origin.file.as_deref()),
        line: origin.and_then(|origin| origin.line),
        column: origin.and_then(|origin| origin.column),
        end_column: origin.and_then(|origin| origin.end_column),
    };
    Some(command(level, &place, &format!("Kubound: {}", result.title()), &message(result, style), style))
}

/// A few lines beside the code: what is wrong, on how small a cluster, why nothing goes on, and what repairs it if that is known by then. The run is in
/// the summary of the step.
fn message(result: &IntentDocument, style: &Style) -> String {
    let mut lines = vec![result.told()];
    lines.extend(result.told_change());
    if let Some(violation) = &result.violation {
        let (nodes, pods) = (plural(violation.nodes, "node"), plural(violation.pods, "pod"));
        let smallest = if violation.minimised { "smallest cluster" } else { "a cluster (not minimised)" };
        lines.push(format!("{smallest}: {nodes}, {pods}"));
        let waits = violation.scene.iter().flat_map(|scene| scene.told_waits());
        lines.extend(waits.take(1).map(|told| format!("waits: {told}")));
    }
    lines.extend(result.excepted.iter().map(|why| format!("excepted: {why}")));
    if let Some(repair) = result.repairs.as_ref().and_then(|repairs| repairs.found.first()) {
        let place = repair.place(|file| relative(file, style.root.as_deref()));
        lines.push(format!("repair: {place}: {}", repair.told()));
    }
    if result.violation.is_some() && !result.rule.is_empty() {
        lines.push(format!("more: kubound explain {}", result.rule));
    }
    lines.iter().map(|line| neutralise(line)).collect::<Vec<_>>().join("\n")
}

fn command(level: &str, place: &Place, title: &str, text: &str, style: &Style) -> String {
    let mut properties = Vec::new();
    if let Some(file) = place.file {
        properties.push(format!("file={}", property(&relative(file, style.root.as_deref()))));
        properties.push(format!("line={}", place.line.unwrap_or(1)));
        let columns = [("col", place.column), ("endColumn", place.end_column)];
        let known = columns.into_iter().filter_map(|(name, column)| Some(format!("{name}={}", column?)));
        properties.extend(known);
    }
    properties.push(format!("title={}", property(title)));
    format!("::{level} {}::{}\n", properties.join(","), data(text))
}

/// The text of a command. Its line breaks are ours; those of the input are written out by then.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(&neutralise(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        let place = Place { file: Some("a,b:c\n::error::x"), line: Some(3), column: Some(5), end_column: None };
        let command = command("error", &place, "50%: x", "one\ntwo\r%", &Style::plain());
        let expected =
            "::error file=a%2Cb%3Ac\\u{a}%3A%3Aerror%3A%3Ax,line=3,col=5,title=50%25%3A x::one%0Atwo%0D%25\n";
        assert_eq!(command, expected);
    }
}
