//! The report as workflow commands of GitHub Actions: an annotation for each violated or undecided intent, and for
//! each field that may matter and is not modelled. The command line appends the Markdown report to the step summary.

use super::document::{Document, IntentDocument, Outcome};
use super::format::{Format, Style, Writing};
use super::human;
use super::places::relative;
use crate::text::neutralise;

/// The format.
pub const FORMAT: Format = Format {
    name: "github",
    summary: "annotations and step summary of GitHub Actions",
    takes_several: true,
    writing: Writing::AsTheyCome { one, rest },
};

fn one(_: &str, result: &IntentDocument, style: &Style) -> serde_json::Result<String> {
    Ok(intent(result, style).unwrap_or_default())
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
        Outcome::Passed => return None,
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
    let text = match result.outcome() {
        Outcome::Open => neutralise(&result.told()),
        _ => human::one(result, &style.human.without_colours()).trim_end().to_owned(),
    };
    Some(command(level, &place, &format!("Kubound: {}", result.title()), &text, style))
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
