//! The report as JUnit XML, for the test pages of CI systems: a suite an input, a case an intent.

use super::document::{Document, IntentDocument, Outcome};
use super::format::{Format, Style, Writing};
use super::human;
use super::places::xml;
use std::fmt::Write as _;

/// The format.
pub const FORMAT: Format = Format {
    name: "junit",
    summary: "JUnit XML, for test pages of CI systems",
    takes_several: true,
    writing: Writing::Whole(render),
};

fn render(documents: &[Document], style: &Style) -> serde_json::Result<String> {
    let results = || documents.iter().flat_map(|document| &document.results);
    let seconds: f64 = documents.iter().map(|document| document.seconds).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"kubound\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{}\">",
        results().count(),
        count(results(), Outcome::Failed),
        time(seconds),
    );
    for document in documents {
        suite(&mut out, document, style);
    }
    out.push_str("</testsuites>\n");
    Ok(out)
}

fn count<'a>(results: impl Iterator<Item = &'a IntentDocument>, outcome: Outcome) -> usize {
    results.filter(|result| result.outcome() == outcome).count()
}

/// Seconds as the schemas of CI systems want them: three digits behind the point, groups of three before it.
fn time(seconds: f64) -> String {
    let whole = seconds.trunc().max(0.0) as u64;
    let milli = ((seconds.fract() * 1000.0).max(0.0) as u64).min(999);
    let mut groups = Vec::new();
    let mut rest = whole;
    while rest >= 1000 {
        groups.push(format!("{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.push(rest.to_string());
    groups.reverse();
    format!("{}.{milli:03}", groups.join(","))
}

fn suite(out: &mut String, document: &Document, style: &Style) {
    let results = &document.results;
    let _ = writeln!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">",
        xml(&document.name),
        results.len(),
        count(results.iter(), Outcome::Failed),
        [Outcome::Open, Outcome::Excepted, Outcome::Race, Outcome::Known]
            .map(|outcome| count(results.iter(), outcome))
            .iter()
            .sum::<usize>(),
        time(document.seconds),
    );
    out.push_str("    <properties>\n");
    for (name, value) in document.covered() {
        let _ = writeln!(out, "      <property name=\"{}\" value=\"{}\"/>", xml(&name), xml(&value));
    }
    out.push_str("    </properties>\n");
    for result in results {
        case(out, document, result, style);
    }
    out.push_str("  </testsuite>\n");
}

fn case(out: &mut String, document: &Document, result: &IntentDocument, style: &Style) {
    let (name, class) = (xml(&result.title()), xml(&document.name));
    let seconds = time(result.seconds);
    let _ = write!(out, "    <testcase name=\"{name}\" classname=\"{class}\" time=\"{seconds}\">");
    let told = || xml(human::one(result, &style.human.without_colours()).trim_end());
    let message = xml(&result.told());
    let _ = match result.outcome() {
        Outcome::Passed => {
            let change = result.told_change().map(|told| xml(&format!("{told}: "))).unwrap_or_default();
            write!(out, "<system-out>{change}{message}</system-out>")
        }
        Outcome::Known => write!(out, "<skipped message=\"as before the change: {message}\"/>"),
        Outcome::Expected => write!(out, "<system-out>violated, as expected\n{}</system-out>", told()),
        Outcome::Excepted => {
            let why = xml(&format!("excepted: {}", result.excepted.as_deref().unwrap_or_default()));
            write!(out, "<skipped message=\"{why}\"/><system-out>{}</system-out>", told())
        }
        Outcome::Race => write!(out, "<skipped message=\"race: {message}\"/><system-out>{}</system-out>", told()),
        Outcome::Open => write!(out, "<skipped message=\"{message}\"/>"),
        Outcome::Failed => {
            let kind = xml(&result.intent);
            write!(out, "<failure type=\"{kind}\" message=\"{message}\">{}</failure>", told())
        }
    };
    out.push_str("</testcase>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_groups_and_three_digits() {
        assert_eq!(
            (time(0.2501), time(75.0), time(1234567.8)),
            ("0.250".into(), "75.000".into(), "1,234,567.800".to_owned())
        );
    }
}
