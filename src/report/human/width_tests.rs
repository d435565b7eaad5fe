//! How the runs of built-in cases are laid out in narrow and in wide terminals.

use super::{Options, render};
use crate::cases;
use crate::engines::Cancel;
use crate::manifest::load_embedded;
use crate::report::document::Document;
use crate::search::{EngineChoice, Options as Search, Silent, verify};
use crate::text::testing::at_columns;
use std::time::Duration;

/// The report on a case.
fn report(case: &str) -> Document {
    let texts = cases::find(case).and_then(|case| case.variant("broken")).expect("a case").texts();
    let loaded = load_embedded(case, &texts).expect("it can be read");
    let engine = EngineChoice::named("explicit").expect("an engine");
    let options = Search { engine, minimise: Duration::ZERO, ..Search::default() };
    let findings = verify(&loaded.cluster, &options, &Cancel::default(), &Silent).expect("supported").expect("decided");
    let document = Document::new(&loaded, &findings, 1, String::new());
    assert!(document.results.iter().any(|result| result.violation.is_some()), "{case} is violated");
    document
}

/// Columns before the first word of a line, its margin included.
fn indent(line: &str) -> usize {
    line.chars().take_while(|one| *one == ' ' || *one == '|').count()
}

/// Where the words of a step begin: behind label, actor and reason, or below them.
fn column(line: &str) -> usize {
    let reason = line[16..].split("  ").filter(|word| !word.trim().is_empty()).nth(2);
    reason.and_then(|words| line.find(words.trim_start())).unwrap_or(16)
}

#[test]
fn no_line_stands_left_of_its_column_or_beyond_the_terminal() {
    for case in ["c1", "c8", "c30"] {
        let document = report(case);
        for (width, verbose) in [(80, false), (80, true), (98, false), (120, false), (120, true)] {
            let text = at_columns(width, || render(&document, &Options { verbose, ..Options::plain() }));
            let mut step: Option<usize> = None;
            let mut continued = 0;
            for line in text.lines() {
                let words = line.split_whitespace().filter(|word| *word != "|").count();
                assert!(line.chars().count() <= width || words == 1, "{case} at {width}: {line}");
                let is_step = line[line.len().min(2)..].starts_with("step");
                if is_step {
                    step = Some(column(line));
                } else if indent(line) < 16 {
                    step = None;
                } else if let Some(column) = step {
                    // Scores and facts of -v stand below the actor.
                    assert!(indent(line) == column || (verbose && indent(line) == 16), "{case} at {width}:\n{text}");
                    continued += 1;
                }
            }
            assert!(width > 80 || continued > 0, "{case} at {width} has no line that goes on:\n{text}");
        }
    }
}
