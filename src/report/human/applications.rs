//! Several applications in a few lines: how many of them need somebody, and why.

use super::super::cause;
use super::super::document::{Document, IntentDocument, Outcome};
use super::Options;
use crate::text::{Kind, neutralise, plural, wrap};
use std::fmt::Write as _;

/// What became of an application, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum State {
    Violated,
    Unread,
    Undecided,
    Clean,
    NotAsked,
}

impl State {
    const ALL: [Self; 5] = [Self::Violated, Self::Unread, Self::Undecided, Self::Clean, Self::NotAsked];

    fn words(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Unread => "refused",
            Self::Undecided => "undecided",
            Self::Clean => "clean",
            Self::NotAsked => "without an intent",
        }
    }
}

/// An application that was decided, or not.
pub struct Decided<'a> {
    /// Its name.
    pub name: &'a str,
    /// The report on it; none where nothing was asked of it or it could not be read.
    pub document: Option<&'a Document>,
    /// Whether it could not be read or decided at all.
    pub failed: bool,
}

/// A line about all of them, and one for each that needs somebody, with its most telling violation.
pub fn summary(applications: &[Decided], options: &Options) -> String {
    let states: Vec<State> = applications.iter().map(state).collect();
    let of = |state: State| states.iter().filter(|one| **one == state).count();
    let counts: Vec<String> = State::ALL
        .iter()
        .filter(|state| of(**state) > 0)
        .map(|state| format!("{} {}", of(*state), state.words()))
        .collect();
    let seconds: f64 = applications.iter().filter_map(|one| one.document).map(|document| document.seconds).sum();
    let count = plural(applications.len() as i64, "application");
    let mut out = format!("{count}: {}, {seconds:.1} s\n", counts.join(", "));
    for (application, state) in applications.iter().zip(&states).filter(|(_, state)| **state < State::Clean) {
        let kind = if *state == State::Undecided { Kind::Warning } else { Kind::Error };
        let label = options.paint.paint(kind, &format!("{:<9}", state.words()));
        let why = application.document.map(why).unwrap_or_default();
        let told = format!("{}{why}", application.name);
        let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(&told), 13));
    }
    out
}

fn state(application: &Decided) -> State {
    let Some(document) = application.document else {
        return if application.failed { State::Unread } else { State::NotAsked };
    };
    let has = |outcome: Outcome| document.results.iter().any(|result| result.outcome() == outcome);
    if has(Outcome::Failed) {
        State::Violated
    } else if has(Outcome::Open) || document.interrupted {
        State::Undecided
    } else {
        State::Clean
    }
}

/// The most telling violation that fails, and how many there are beside it; of what is open, how much.
fn why(document: &Document) -> String {
    let of = |outcome: Outcome| -> Vec<&IntentDocument> {
        cause::in_order(&document.results).into_iter().filter(|result| result.outcome() == outcome).collect()
    };
    let failed = of(Outcome::Failed);
    match failed.as_slice() {
        [] => format!(": {}", plural(of(Outcome::Open).len() as i64, "open question")),
        [only] => format!(": {}: {}", only.intent, only.message),
        [first, rest @ ..] => format!(": {}: {} ({} more violated)", first.intent, first.message, rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::document::testing::{answer, report};
    use super::*;

    #[test]
    fn what_needs_nobody_is_only_counted() {
        let clean = report(vec![answer("schedulable", "holds")]);
        let open = report(vec![answer("schedulable", "holds"), answer("converges", "unknown")]);
        let drain = IntentDocument { rule: "drainCompletes", ..answer("drainCompletes", "violated") };
        let bad = report(vec![answer("noOscillation", "violated"), drain]);
        let documents = [("a", Some(&clean)), ("b", Some(&open)), ("c", Some(&bad)), ("d", None), ("e", None)];
        let applications = documents.map(|(name, document)| Decided { name, document, failed: name == "d" });
        let text = summary(&applications, &Options::plain());
        let (first, rest) = text.split_once('\n').expect("lines");
        assert!(
            first.starts_with("5 applications: 1 violated, 1 refused, 1 undecided, 1 clean, 1 without an intent, ")
        );
        let lines: Vec<&str> = rest.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!((lines[0], lines[2]), ("  undecided  b: 1 open question", "  refused    d"));
        assert!(
            lines[1].starts_with("  violated   c: drainCompletes: ") && lines[1].ends_with("(1 more violated)"),
            "{text}"
        );
    }
}
