//! Exit codes: one place, since scripts depend on them.

use crate::manifest::{Accepted, ExpectedVerdict};
use crate::report::document::{Document, IntentDocument, document_word, expected_word};
use crate::search::IntentResult;
use clap::ValueEnum;
use std::collections::BTreeMap;

/// What the process tells its caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Exit {
    /// All intents hold (or all verdicts are the expected ones).
    Fine,
    /// No intent applied to anything.
    NothingChecked,
    /// Some intent could not be decided.
    Undecided,
    /// Some intent is violated (or some verdict is not the expected one).
    Violated,
    /// Bad usage or input.
    Usage,
    /// Interrupted by the user.
    Interrupted,
    /// A fault of ours.
    Internal,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Violated => 1,
            Self::Usage => 2,
            Self::Undecided => 3,
            Self::NothingChecked => 4,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }

    /// The more important of two; the order of the variants is the order of importance.
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

/// What `--deny` turns into failures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Deny {
    /// An intent that nothing relevant can happen to: exit code 1.
    Vacuous,
    /// A clean verdict that ignored a field which may change it: exit code 3.
    Risky,
    /// A violation that needs a late controller, and passes: exit code 1.
    Races,
    /// A clean verdict that was shown for controllers that act at once only: exit code 3.
    RacesUnknown,
}

/// What the exit code depends on besides the results.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// Verdicts that the scenario expects.
    pub expect: &'a BTreeMap<String, ExpectedVerdict>,
    /// Violations that do not count.
    pub accepted: &'a [Accepted],
    /// What `--deny` names.
    pub deny: &'a [Deny],
    /// Whether a field was ignored that may change a verdict.
    pub ignored_risky: bool,
    /// Whether the user interrupted the search.
    pub interrupted: bool,
}

/// What the exit code depends on of an answer.
struct Judged {
    word: &'static str,
    is_decided: bool,
    expected: Option<&'static str>,
    is_accepted: bool,
    leaves_races_open: bool,
}

impl Judged {
    fn of(result: &IntentResult, circumstances: &Circumstances) -> Self {
        let covers = |one: &Accepted| one.covers(&result.intent, result.target.as_deref());
        Self {
            word: document_word(&result.verdict),
            is_decided: !result.verdict.is_undecided(),
            expected: circumstances.expect.get(&result.intent).copied().map(expected_word),
            is_accepted: circumstances.accepted.iter().any(covers),
            leaves_races_open: result.leaves_races_open(),
        }
    }
}

impl From<&IntentDocument> for Judged {
    fn from(result: &IntentDocument) -> Self {
        let is_clean = result.decided && result.violation.is_none();
        Self {
            word: result.verdict,
            is_decided: result.decided,
            expected: result.expected,
            is_accepted: result.excepted.is_some(),
            leaves_races_open: is_clean && result.timing == "paced" && !result.beside.is_empty(),
        }
    }
}

/// The exit code of a run.
pub fn of_results(results: &[IntentResult], circumstances: &Circumstances) -> Exit {
    if circumstances.interrupted {
        return Exit::Interrupted;
    }
    let judged = results.iter().map(|result| Judged::of(result, circumstances));
    of_judged(judged, circumstances.deny, circumstances.ignored_risky)
}

/// The exit code of a report of answers.
pub fn of_document(document: &Document, deny: &[Deny]) -> Exit {
    if document.interrupted {
        return Exit::Interrupted;
    }
    let ignored_risky = document.notes.iter().any(|note| note.severity == "risky");
    of_judged(document.results.iter().map(Judged::from), deny, ignored_risky)
}

fn of_judged(judged: impl Iterator<Item = Judged>, deny: &[Deny], ignored_risky: bool) -> Exit {
    let codes = judged.map(|one| of_one(&one, deny, ignored_risky));
    codes.reduce(Exit::and).unwrap_or(Exit::NothingChecked)
}

fn of_one(judged: &Judged, deny: &[Deny], ignored_risky: bool) -> Exit {
    let code = match (judged.expected, judged.word) {
        (Some("unknown"), "unknown") => Exit::Fine,
        _ if !judged.is_decided => Exit::Undecided,
        (Some("holds"), "holds" | "bounded") => Exit::Fine,
        (Some(expected), word) if expected == word => Exit::Fine,
        (Some(_), _) => Exit::Violated,
        (None, "violated" | "race") if judged.is_accepted => return Exit::Fine,
        (None, "violated") => Exit::Violated,
        (None, _) => Exit::Fine,
    };
    let denied = |what: Deny| deny.contains(&what);
    match judged.word {
        "vacuous" if denied(Deny::Vacuous) => code.and(Exit::Violated),
        "race" if denied(Deny::Races) && judged.expected.is_none() => code.and(Exit::Violated),
        _ if denied(Deny::RacesUnknown) && judged.leaves_races_open => code.and(Exit::Undecided),
        "holds" | "bounded" if denied(Deny::Risky) && ignored_risky => code.and(Exit::Undecided),
        _ => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::Statistics;
    use crate::engines::explicit::inevitable::Inevitability;
    use crate::search::Verdict;
    use crate::search::{Beside, Violation};
    use crate::trace::Ending;
    use crate::trace::testing::tiny_run;
    use kubound_encodings::cluster::Timing;

    fn result(verdict: Verdict) -> IntentResult {
        IntentResult {
            property: 0,
            intent: "i".into(),
            target: None,
            headline: String::new(),
            origins: Vec::new(),
            verdict,
            engine: String::new(),
            statistics: Statistics::default(),
            fired: Vec::new(),
            same_as: None,
            rechecks: Vec::new(),
            rests: false,
            timing: Timing::Paced,
            beside: Vec::new(),
            unpaced: None,
            undrained: false,
            seconds: 0.0,
        }
    }

    fn violated() -> Verdict {
        Verdict::Violated(Box::new(Violation {
            trace: tiny_run(1, Ending::Bad),
            inevitability: Inevitability::Undecided,
            nodes: 1,
            pods: 1,
            minimised: true,
            late: None,
        }))
    }

    fn race() -> Verdict {
        let Verdict::Violated(violation) = violated() else { unreachable!("it is violated") };
        Verdict::Race(violation)
    }

    fn holds() -> Verdict {
        Verdict::Holds { method: "", proof: Vec::new() }
    }

    fn unknown() -> Verdict {
        Verdict::Unknown { why: String::new() }
    }

    fn vacuous() -> Verdict {
        Verdict::Vacuous { why: String::new() }
    }

    fn bounded(asked: bool) -> Verdict {
        Verdict::BoundedClean { depth: 3, asked }
    }

    fn code(verdicts: Vec<Verdict>, expect: Option<ExpectedVerdict>, deny: &[Deny]) -> u8 {
        let expect = expect.map(|expected| ("i".to_owned(), expected)).into_iter().collect();
        let results: Vec<IntentResult> = verdicts.into_iter().map(result).collect();
        let circumstances =
            Circumstances { expect: &expect, accepted: &[], deny, ignored_risky: true, interrupted: false };
        of_results(&results, &circumstances).code()
    }

    #[test]
    fn verdicts_without_expectations() {
        assert_eq!(code(vec![], None, &[]), 4);
        assert_eq!(code(vec![holds(), vacuous()], None, &[]), 0);
        assert_eq!(code(vec![bounded(true)], None, &[]), 0);
        assert_eq!(code(vec![bounded(false)], None, &[]), 3);
        assert_eq!(code(vec![holds(), unknown()], None, &[]), 3);
        assert_eq!(code(vec![violated(), unknown(), holds()], None, &[]), 1);
    }

    #[test]
    fn denied_things() {
        assert_eq!(code(vec![vacuous()], None, &[Deny::Vacuous]), 1);
        assert_eq!(code(vec![holds()], None, &[Deny::Risky]), 3);
        assert_eq!(code(vec![violated()], None, &[Deny::Risky]), 1);
        assert_eq!(code(vec![race()], None, &[]), 0);
        assert_eq!(code(vec![race()], None, &[Deny::Races]), 1);
        assert_eq!(code(vec![race()], Some(ExpectedVerdict::Race), &[Deny::Races]), 0);
    }

    #[test]
    fn races_that_nobody_looked_for_fail_only_if_denied() {
        let expect = BTreeMap::new();
        let code = |timing: Timing, deny: &[Deny]| {
            let beside = vec![Beside { timing: Timing::Interleaved, answer: "unknown", why: String::new() }];
            let clean = IntentResult { timing, beside, ..result(holds()) };
            let circumstances =
                Circumstances { expect: &expect, accepted: &[], deny, ignored_risky: false, interrupted: false };
            of_results(&[clean], &circumstances).code()
        };
        assert_eq!(code(Timing::Paced, &[]), 0);
        assert_eq!(code(Timing::Paced, &[Deny::RacesUnknown]), 3);
        assert_eq!(code(Timing::Interleaved, &[Deny::RacesUnknown]), 0);
    }

    #[test]
    fn expectations_turn_the_answer_around() {
        assert_eq!(code(vec![violated()], Some(ExpectedVerdict::Violated), &[]), 0);
        assert_eq!(code(vec![holds()], Some(ExpectedVerdict::Violated), &[]), 1);
        assert_eq!(code(vec![violated()], Some(ExpectedVerdict::Holds), &[]), 1);
        assert_eq!(code(vec![race()], Some(ExpectedVerdict::Race), &[]), 0);
        assert_eq!(code(vec![race()], Some(ExpectedVerdict::Holds), &[]), 1);
        assert_eq!(code(vec![race()], Some(ExpectedVerdict::Violated), &[]), 1);
        assert_eq!(code(vec![unknown()], Some(ExpectedVerdict::Violated), &[]), 3);
        assert_eq!(code(vec![unknown()], Some(ExpectedVerdict::Unknown), &[]), 0);
        assert_eq!(code(vec![bounded(false)], Some(ExpectedVerdict::Holds), &[]), 3);
        assert_eq!(code(vec![bounded(true)], Some(ExpectedVerdict::Holds), &[]), 0);
    }

    #[test]
    fn an_accepted_violation_does_not_count_and_nothing_else_is_accepted_by_it() {
        let expect = BTreeMap::new();
        let code = |verdict: Verdict, intent: &str, target: Option<&str>| {
            let by = crate::manifest::Acceptance::Baseline;
            let accepted = [Accepted { intent: intent.into(), target: target.map(str::to_owned), by }];
            let circumstances = Circumstances {
                expect: &expect,
                accepted: &accepted,
                deny: &[],
                ignored_risky: false,
                interrupted: false,
            };
            of_results(&[result(verdict)], &circumstances).code()
        };
        assert_eq!(code(violated(), "i", None), 0);
        assert_eq!(code(violated(), "j", None), 1);
        assert_eq!(code(violated(), "i", Some("Deployment/default/web")), 1);
        assert_eq!(code(unknown(), "i", None), 3);
    }

    #[test]
    fn precedence_is_70_130_2_1_3_4_0() {
        let order = [
            Exit::Internal,
            Exit::Interrupted,
            Exit::Usage,
            Exit::Violated,
            Exit::Undecided,
            Exit::NothingChecked,
            Exit::Fine,
        ];
        assert_eq!(order.map(Exit::code), [70, 130, 2, 1, 3, 4, 0]);
        for (index, &stronger) in order.iter().enumerate() {
            for &weaker in &order[index..] {
                assert_eq!(stronger.and(weaker), stronger);
                assert_eq!(weaker.and(stronger), stronger);
            }
        }
    }

    #[test]
    fn an_interrupt_is_told_even_if_something_is_violated() {
        let expect = BTreeMap::new();
        let circumstances =
            Circumstances { expect: &expect, accepted: &[], deny: &[], ignored_risky: false, interrupted: true };
        assert_eq!(of_results(&[result(violated())], &circumstances).code(), 130);
    }
}
