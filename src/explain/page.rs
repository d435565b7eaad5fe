//! The text of an explanation, in Markdown that reads well without being rendered.

use super::{Class, Entry};
use crate::cases;
use crate::text::wrap;
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use std::fmt::Write as _;

/// The page of an id.
pub fn page(entry: &Entry) -> String {
    let Entry { class, id, summary, explanation } = entry;
    let mut text = format!("# {id}\n\n{}: {summary}.\n", class.word());
    let _ = writeln!(text, "\n{}", wrap(explanation.meaning, 0));
    let _ = writeln!(text, "\n## Exactly\n\n{}", wrap(explanation.formal, 0));
    let (fails, passes) = match class {
        Class::Intent => ("Violated", "Holds"),
        Class::Error => ("Refused", "Accepted"),
        Class::Warning => ("Warned about", "Without the warning"),
        Class::Failure => ("Fails", "Does not"),
    };
    example(&mut text, *class, fails, explanation.failing);
    example(&mut text, *class, passes, explanation.passing);
    if *class == Class::Intent {
        known_failures(&mut text, id);
    }
    let _ = write!(text, "\n## Upstream\n\n<{}>\n", explanation.upstream);
    text
}

/// What breaks an intent, and what repairs it, as the built-in cases have it.
fn known_failures(text: &mut String, intent: &str) {
    let cases = || cases::all().iter().filter(|case| case.violates().contains(&intent));
    if cases().next().is_none() {
        return;
    }
    text.push_str("\n## Usual causes\n\nBuilt-in cases, broken and fixed: `kubound cases show NAME`.\n\n");
    for case in cases() {
        let _ = writeln!(text, "* [{0}](../gallery/{0}.md): {1}", case.name, wrap(&case.about().title, 2));
    }
    text.push_str("\n## Usual repairs\n\n");
    for case in cases() {
        let repair = case.about().fixed_by.replace('\n', " ");
        let _ = writeln!(text, "* {}: {}", case.name, wrap(&repair, 2));
    }
}

fn example(text: &mut String, class: Class, title: &str, example: &str) {
    if let Some(case) = example.strip_prefix("case ") {
        let _ = write!(
            text,
            "\n## {title}\n\nA built-in case:\n\n```text\nkubound cases run {case}\nkubound cases show {}\n```\n",
            case.split('/').next().unwrap_or(case),
        );
        return;
    }
    if class == Class::Failure {
        let block = if example.starts_with("kubound ") { format!("```sh\n{example}\n```") } else { example.to_owned() };
        let _ = write!(text, "\n## {title}\n\n{block}\n");
        return;
    }
    let beside = match class {
        Class::Intent => "As `spec` of a scenario beside the workload of the [examples](index.md#the-workload):",
        _ => "Beside the workload of the [examples](index.md#the-workload):",
    };
    let _ = write!(text, "\n## {title}\n\n{beside}\n\n```yaml\n{}\n```\n", example.trim_end());
}

/// The page that lists all ids.
pub fn index(entries: &[Entry]) -> String {
    let mut text = String::from(
        "# Explanations\n\nEverything that Kubound may complain of has a stable id. `kubound explain ID` prints \
         these pages,\n`kubound list ids` this list.\n",
    );
    for (class, title) in [
        (Class::Intent, "Intents"),
        (Class::Error, "Errors"),
        (Class::Warning, "Warnings"),
        (Class::Failure, "Failures"),
    ] {
        let _ = write!(text, "\n## {title}\n\n| id | what |\n|---|---|\n");
        for entry in entries.iter().filter(|entry| entry.class == class) {
            let _ = writeln!(text, "| [`{0}`]({0}.md) | {1} |", entry.id, entry.summary);
        }
    }
    let _ = write!(text, "\n## The workload\n\nExamples are read beside this:\n\n```yaml\n{EXAMPLE_WORKLOAD}```\n");
    text
}
