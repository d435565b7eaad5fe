//! Clusters in which somebody only assumed that nodes are drained: what takes too long with drains is asked again without
//! them, and the answer says so.

use super::verify::once;
use super::{Decision, Fault, Findings, IntentResult, Observer, Options, Systems, Verdict, Violation};
use crate::engines::Cancel;
use crate::engines::explicit::inevitable::Inevitability;
use crate::trace::expand::transfer;
use crate::trace::replay::replay;
use kubound_encodings::assemble::AssembleError;
use kubound_encodings::cluster::{Cluster, Event, EventKind, Intent, IntentKind};
use std::fmt::Arguments;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What such answers assume.
const WITHOUT: &str = "no node is drained, in verdicts without drains";

/// Whether nodes of a cluster are drained.
pub(super) fn is_drained(cluster: &Cluster) -> bool {
    cluster.events.iter().any(drains)
}

fn drains(event: &Event) -> bool {
    matches!(event.kind, EventKind::Drain { .. })
}

/// Decides everything with drains in so much time, and what stays open without them.
pub(super) fn verify(
    cluster: &Cluster,
    options: &Options,
    with: Duration,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Result<Findings, Fault>, AssembleError> {
    let begin = Instant::now();
    let told = Mutex::new(0);
    let mut findings = match once(cluster, options, with, cancel, &Settled { observer, told: &told })? {
        Ok(findings) => findings,
        fault @ Err(_) => return Ok(fault),
    };
    let (open, decided): (Vec<IntentResult>, Vec<IntentResult>) =
        std::mem::take(&mut findings.results).into_iter().partition(|result| result.verdict.is_undecided());
    let without = without_drains(cluster, &open);
    let left = Options { timeout: options.timeout.saturating_sub(begin.elapsed()), ..*options };
    let is_built = !findings.systems.fine.properties.is_empty();
    let answers = if findings.interrupted || without.intents.is_empty() || !is_built {
        Vec::new()
    } else {
        let again =
            Again { observer, told: &told, systems: &findings.systems, open: &open, all: open.len() + decided.len() };
        match once(&without, &left, left.timeout, cancel, &again)? {
            Ok(second) => {
                findings.interrupted |= second.interrupted;
                second.results.iter().filter_map(|result| again.answer(&second, result)).collect()
            }
            Err(fault) => return Ok(Err(fault)),
        }
    };
    findings.seconds = begin.elapsed().as_secs_f64();
    if answers.iter().any(|answer: &IntentResult| answer.undrained) {
        findings.scope.assumptions.push(WITHOUT.to_owned());
    }
    let intents = open.len() + decided.len();
    let is_answered = |one: &IntentResult| answers.iter().any(|answer| answer.property == one.property);
    let still_open: Vec<IntentResult> = open.iter().filter(|one| !is_answered(one)).cloned().collect();
    for result in answers.iter().filter(|answer| !answer.undrained).chain(&still_open) {
        tell(observer, &told, (result, findings.systems_of(result)), intents);
    }
    findings.results = [decided, answers, still_open].concat();
    findings.results.sort_by_key(|result| result.property);
    Ok(Ok(findings))
}

/// The cluster without drains and with the open intents that do not speak of them.
fn without_drains(cluster: &Cluster, open: &[IntentResult]) -> Cluster {
    let is_open = |intent: &Intent| {
        intent.kind != IntentKind::DrainCompletes && open.iter().any(|one| one.origins.contains(&intent.origin))
    };
    Cluster {
        events: cluster.events.iter().filter(|event| !drains(event)).cloned().collect(),
        intents: cluster.intents.iter().filter(|intent| is_open(intent)).cloned().collect(),
        ..cluster.clone()
    }
}

fn tell(observer: &dyn Observer, told: &Mutex<usize>, (result, systems): (&IntentResult, &Systems), intents: usize) {
    let mut decided = told.lock().expect("nobody panics here");
    *decided += 1;
    observer.decided(&Decision { result, systems, decided: *decided, intents });
}

/// Tells the answers that are none to ask again for.
struct Settled<'a> {
    observer: &'a dyn Observer,
    told: &'a Mutex<usize>,
}

impl Observer for Settled<'_> {
    fn phase(&self, what: &Arguments) {
        self.observer.phase(what);
    }

    fn long(&self, intent: &str, size: &super::Estimate) {
        self.observer.long(intent, size);
    }

    fn decided(&self, decision: &Decision) {
        if !decision.result.verdict.is_undecided() {
            tell(self.observer, self.told, (decision.result, decision.systems), decision.intents);
        }
    }

    fn round_is_over(&self) {
        self.observer.round_is_over();
    }
}

/// Tells clean answers as what they are worth.
struct Again<'a> {
    observer: &'a dyn Observer,
    told: &'a Mutex<usize>,
    /// With drains.
    systems: &'a Systems,
    open: &'a [IntentResult],
    all: usize,
}

impl Again<'_> {
    /// What an answer without drains says of the cluster with them, if anything.
    fn answer(&self, second: &Findings, result: &IntentResult) -> Option<IntentResult> {
        let open = self.question(result)?;
        match &result.verdict {
            Verdict::Violated(found) if result.timing == open.timing => {
                let trace = transfer(&self.systems.fine, &second.systems_of(result).fine, &found.trace).ok()?;
                replay(&self.systems.fine, &trace, open.property).ok()?;
                let inevitability = Inevitability::Undecided;
                let violation = Violation { trace, inevitability, minimised: false, ..(**found).clone() };
                let verdict = Verdict::Violated(Box::new(violation));
                Some(IntentResult {
                    property: open.property,
                    verdict,
                    fired: Vec::new(),
                    rests: false,
                    ..result.clone()
                })
            }
            _ => self.clean(result),
        }
    }

    /// A clean answer, which is about runs without drains.
    fn clean(&self, result: &IntentResult) -> Option<IntentResult> {
        let open = self.question(result)?;
        let holds = matches!(result.verdict, Verdict::Holds { .. });
        // Which rules fire with drains is not known.
        let (property, fired, seconds) = (open.property, Vec::new(), open.seconds + result.seconds);
        holds.then(|| IntentResult { property, fired, seconds, rests: false, undrained: true, ..result.clone() })
    }

    fn question(&self, result: &IntentResult) -> Option<&IntentResult> {
        self.open.iter().find(|open| open.intent == result.intent && open.target == result.target)
    }
}

impl Observer for Again<'_> {
    fn phase(&self, what: &Arguments) {
        self.observer.phase(&format_args!("{what}, without drains"));
    }

    fn decided(&self, decision: &Decision) {
        if let Some(result) = self.clean(decision.result) {
            tell(self.observer, self.told, (&result, self.systems), self.all);
        }
    }
}
