//! All intents of a cluster, in rounds: the easiest ones first, each for a short time; those that are still open again
//! and for longer, until each has had its part of the time. So a hard intent does not hold up the others.
//!
//! A search begins anew in each round. Since the times grow by [`GROWTH`], that costs at most a quarter of the time.

use super::driver::Until;
use super::scope::Scope;
use super::timings::Timings;
use super::{Decision, Fault, Findings, IntentResult, Observer, Options, Systems, Verdict, start, vacuous};
use crate::engines::{Cancel, Statistics};
use crate::limits::search::{FIRST_ROUND, GROWTH};
use crate::limits::{Stop, memory};
use kubound_encodings::cluster::{Cluster, Intent};
use kubound_encodings::system::{Property, TransitionSystem};
use kubound_encodings::term::{Dag, Int, Term, within};
use std::time::Instant;

/// Decides every intent of a cluster. Time is shared: in the last round each open intent may use its part of what the ones
/// before it left.
pub fn check(
    cluster: &Cluster,
    systems: Systems,
    options: &Options,
    cancel: &Cancel,
    observer: &dyn Observer,
) -> Result<Findings, Fault> {
    let begin = Instant::now();
    let end = begin + options.timeout;
    memory::begin();
    start::require_initial_state(&systems.fine, end, cancel)?;
    let scope = Scope::new(cluster, &systems, options);
    let open = easiest_first(systems.searched(), ALIKE);
    let timings = Timings::new(cluster, systems, options, end, cancel, observer);
    let decided = Vec::with_capacity(open.len());
    let mut rounds = Rounds { cluster, options, end, cancel, observer, timings, intents: open.len(), decided };
    let mut open: Vec<Open> = open.into_iter().map(|property| Open { property, so_far: None }).collect();
    let mut time = FIRST_ROUND;
    while !open.is_empty() && !cancel.is_cancelled() {
        open = rounds.round(open, time)?;
        observer.round_is_over();
        time *= GROWTH;
    }
    let Rounds { timings, decided: mut results, .. } = rounds;
    results.sort_by_key(|result| result.property);
    let (systems, others) = timings.into_systems();
    let seconds = begin.elapsed().as_secs_f64();
    Ok(Findings { systems, others, scope, results, interrupted: cancel.is_cancelled(), seconds })
}

/// Findings about a cluster whose model was not built, for this reason.
pub fn undecided(cluster: &Cluster, options: &Options, why: &str, cancel: &Cancel, seconds: f64) -> Findings {
    let systems = Systems::of(nothing(), None);
    let scope = Scope::new(cluster, &systems, options);
    let interrupted = cancel.is_cancelled();
    let known = |(property, intent): (usize, &Intent)| IntentResult {
        origins: Vec::new(),
        ..unresolved(cluster, property, intent, format!("{why} while building the model"))
    };
    let results = if interrupted { Vec::new() } else { cluster.intents.iter().enumerate().map(known).collect() };
    Findings { systems, others: Vec::new(), scope, results, interrupted, seconds }
}

/// The answer to an intent that was not asked, for this reason; `property` is a number that no other answer has.
pub fn unresolved(cluster: &Cluster, property: usize, intent: &Intent, why: String) -> IntentResult {
    IntentResult { property, intent: intent.id.clone(), origins: vec![intent.origin.clone()], ..unknown(cluster, why) }
}

/// An answer that knows nothing.
fn unknown(cluster: &Cluster, why: String) -> IntentResult {
    IntentResult {
        property: 0,
        intent: String::new(),
        target: None,
        headline: String::new(),
        origins: Vec::new(),
        verdict: Verdict::Unknown { why },
        engine: "none".into(),
        statistics: Statistics::default(),
        fired: Vec::new(),
        rests: false,
        timing: cluster.timing,
        beside: Vec::new(),
        unpaced: None,
        undrained: false,
        same_as: None,
        rechecks: Vec::new(),
        seconds: 0.0,
    }
}

/// The same, about a property of a system.
pub(super) fn unknown_about(
    cluster: &Cluster,
    system: &TransitionSystem,
    property: usize,
    why: String,
) -> IntentResult {
    let Property { intent, target, headline, origins, .. } = system.properties[property].clone();
    IntentResult { property, intent, target, headline, origins, ..unknown(cluster, why) }
}

/// A system in which there is nothing.
fn nothing() -> TransitionSystem {
    let (zero, dag) = within(Dag::default(), || Int::from(0).id());
    TransitionSystem {
        dag,
        vars: Vec::new(),
        constraints: Vec::new(),
        rules: Vec::new(),
        monitors: Vec::new(),
        fairness: Vec::new(),
        properties: Vec::new(),
        symmetry: Vec::new(),
        alike: Vec::new(),
        names: Default::default(),
        nodes: zero,
        pods: zero,
    }
}

/// Claims that read so many variables more or less are taken to be as hard.
const ALIKE: usize = 32;

/// The properties that look at few variables before those that look at many; in their order where that hardly differs.
fn easiest_first(system: &TransitionSystem, alike: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..system.properties.len()).collect();
    order.sort_by_cached_key(|&property| system.dag.support(system.properties[property].claim.terms()).len() / alike);
    order
}

/// An intent without answer.
struct Open {
    property: usize,
    /// What came out in the round before.
    so_far: Option<IntentResult>,
}

/// The intents that have their answers, with everything that the others need.
struct Rounds<'a> {
    cluster: &'a Cluster,
    options: &'a Options,
    end: Instant,
    cancel: &'a Cancel,
    observer: &'a dyn Observer,
    timings: Timings<'a>,
    intents: usize,
    /// In the order in which they were decided.
    decided: Vec<IntentResult>,
}

impl Rounds<'_> {
    /// Tries each open intent for so long; returns those that stay open.
    fn round(&mut self, open: Vec<Open>, time: std::time::Duration) -> Result<Vec<Open>, Fault> {
        let mut still_open = Vec::new();
        let (count, known) = (open.len(), self.decided.len());
        for (index, Open { property, so_far }) in open.into_iter().enumerate() {
            if self.cancel.is_cancelled() {
                break;
            }
            if let Some(same) = self.same_as_before(property) {
                self.answer(same);
                continue;
            }
            let begin = Instant::now();
            let part = self.end.saturating_duration_since(begin) / (count - index + still_open.len()) as u32;
            // The last one may take all the time there is, unless somebody waits for the end of the round.
            let is_waited_for = self.decided[known..].iter().any(|result| result.verdict.violation().is_some());
            let is_last = index + 1 == count && still_open.is_empty() && !is_waited_for;
            let time = if is_last { part } else { part.min(time) };
            let until = Until { found: begin + time, decided: begin + part, end: self.end };
            memory::begin();
            let mut result = if part.is_zero() {
                // Hundreds of intents are not begun only to be given up: that alone would take seconds.
                let system = &self.timings.systems(self.cluster.timing).fine;
                so_far.unwrap_or_else(|| unknown_about(self.cluster, system, property, "out of time".to_owned()))
            } else {
                let spent = so_far.map_or(0.0, |result| result.seconds);
                let result = self.timings.decide(property, until)?;
                IntentResult { seconds: spent + begin.elapsed().as_secs_f64(), ..result }
            };
            let is_cut_short = time < part && Instant::now() >= until.found && !self.cancel.is_cancelled();
            if result.verdict.is_undecided() && is_cut_short {
                still_open.push(Open { property, so_far: Some(result) });
                continue;
            }
            vacuous::judge(self.cluster, self.timings.systems(result.timing), &mut result);
            self.answer(result);
        }
        Ok(still_open)
    }

    fn answer(&mut self, result: IntentResult) {
        let systems = self.timings.systems(result.timing);
        let decided = self.decided.len() + 1;
        self.observer.decided(&Decision { result: &result, systems, decided, intents: self.intents });
        self.decided.push(result);
    }

    /// The clean answer of an intent decided before that says the same of an object that differs only by name. Violations
    /// are looked for anew: each has a run of its own.
    fn same_as_before(&self, property: usize) -> Option<IntentResult> {
        if self.options.cross_check {
            return None;
        }
        let clean = |verdict: &Verdict| matches!(verdict, Verdict::Holds { .. } | Verdict::Vacuous { .. });
        let mut earlier = self.decided.iter().filter(|known| clean(&known.verdict) && known.same_as.is_none());
        let systems = |known: &IntentResult| self.timings.systems(known.timing);
        let stop = Stop { cancel: self.cancel.clone(), deadline: Some(self.end) };
        let says_the_same = |known: &&IntentResult| {
            let systems = systems(known);
            systems.families().says_the_same(systems.searched(), property, known.property)
        };
        let found = stop.heed(|| earlier.find(says_the_same)).ok()??;
        let Property { target, headline, origins, .. } = &systems(found).searched().properties[property];
        Some(IntentResult {
            property,
            target: target.clone(),
            headline: headline.clone(),
            origins: origins.clone(),
            same_as: found.target.clone(),
            seconds: 0.0,
            ..found.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;
    use kubound_encodings::system::Claim;
    use kubound_encodings::term::Bool;
    use std::sync::Mutex;
    use std::time::Duration;

    /// The tiny system with a claim about loops that looks at pods, then twice its own claim, which looks at nothing.
    fn system() -> TransitionSystem {
        let (mut system, property) = tiny();
        let pods = Int::from_id(system.pods);
        let ((some, yes, no), dag) =
            within(std::mem::take(&mut system.dag), || (pods.above(0), Bool::from(true), Bool::from(false)));
        system.dag = dag;
        let own = system.properties[property].clone();
        let claim = Claim::NoFairLoop { within: some, keep: yes, progress: no, stay: no };
        system.properties = vec![Property { claim, ..own.clone() }, own.clone(), own];
        system
    }

    #[derive(Default)]
    struct Order(Mutex<Vec<(usize, usize, usize)>>);

    impl Observer for Order {
        fn phase(&self, _: &std::fmt::Arguments) {}

        fn decided(&self, decision: &Decision) {
            let Decision { result, decided, intents, .. } = *decision;
            self.0.lock().expect("not poisoned").push((result.property, decided, intents));
        }
    }

    fn checked(timeout: Duration, cancel: &Cancel, order: &Order) -> Findings {
        let options = Options { timeout, both: false, ..Options::default() };
        let systems = Systems::of(system(), None);
        check(&Cluster::default(), systems, &options, cancel, order).expect("no fault")
    }

    #[test]
    fn easy_claims_come_first() {
        assert_eq!(easiest_first(&system(), 1), [1, 2, 0]);
        assert_eq!(easiest_first(&system(), 100), [0, 1, 2]);
    }

    #[test]
    fn answers_are_told_one_by_one() {
        let order = Order::default();
        let findings = checked(Duration::from_secs(60), &Cancel::default(), &order);
        assert_eq!(*order.0.lock().expect("not poisoned"), [(0, 1, 3), (1, 2, 3), (2, 3, 3)]);
        assert_eq!(findings.results.iter().map(|result| result.property).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(findings.results.iter().all(|result| !result.verdict.is_undecided()));
    }

    #[test]
    fn without_time_every_intent_is_told_to_be_open() {
        let order = Order::default();
        let findings = checked(Duration::ZERO, &Cancel::default(), &order);
        assert_eq!(order.0.lock().expect("not poisoned").len(), 3);
        assert!(findings.results.iter().all(|result| matches!(result.verdict, Verdict::Unknown { .. })));
    }

    #[test]
    fn after_an_interrupt_only_what_is_known_is_told() {
        let (order, cancel) = (Order::default(), Cancel::default());
        cancel.cancel();
        let findings = checked(Duration::from_secs(60), &cancel, &order);
        assert!(findings.interrupted && findings.results.is_empty());
        assert!(order.0.lock().expect("not poisoned").is_empty());
        let unbuilt = |cancel| undecided(&Cluster::default(), &Options::default(), "out of time", cancel, 1.0);
        assert!(unbuilt(&cancel).interrupted && !unbuilt(&Cancel::default()).interrupted);
    }
}
