//! The search for one intent: engines race, a violation is made small, replayed and judged.

use super::cross_check::cross_check;
use super::portfolio::{Contender, contradict, race};
use super::restrict::Restricted;
use super::{EngineChoice, Fault, IntentResult, Observer, Options, Systems, Verdict, Violation, minimise, scaling};
use crate::engines::explicit::inevitable::Inevitability;
use crate::engines::{Answer, Cancel, Engine, EngineError, Limits, Outcome, Statistics};
use crate::engines::{bmc::Bmc, explicit, explicit::Explicit, induction::Induction, lasso::Lasso, ranking::Ranking};
use crate::limits::search::{BESIDE_NODES, BESIDE_PODS, JUDGE, NARROW};
use crate::smt::Encoding;
use crate::trace::Trace;
use crate::trace::expand::replay_expanded;
use crate::trace::replay::replay;
use kubound_encodings::cluster::{Cluster, Timing};
use kubound_encodings::system::{Claim, Property};
use std::fmt::Write as _;
use std::sync::mpsc::channel;
use std::time::Instant;

/// How hard to try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effort {
    /// As hard as the time allows.
    Full,
    /// Small clusters first, then at most so many states; the search stays beside another one.
    Little {
        /// Most states.
        states: usize,
    },
}

/// One intent with everything its search needs.
pub struct Question<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Its systems.
    pub systems: &'a Systems,
    /// Index of the property.
    pub property: usize,
    /// How to search.
    pub options: &'a Options,
    /// When to give up.
    pub deadline: Instant,
    /// How hard to try.
    pub effort: Effort,
    /// Tells when to stop.
    pub cancel: &'a Cancel,
    /// Is told what the search is doing.
    pub observer: &'a dyn Observer,
}

/// A question with those who answer it.
struct Search<'a> {
    question: &'a Question<'a>,
    engines: Engines,
}

impl<'a> std::ops::Deref for Search<'a> {
    type Target = Question<'a>;

    fn deref(&self) -> &Question<'a> {
        self.question
    }
}

/// Who takes part.
struct Engines {
    bmc: Box<dyn Engine>,
    lasso: Box<dyn Engine>,
    explicit: Box<dyn Engine>,
    induction: Box<dyn Engine>,
    ranking: Box<dyn Engine>,
}

impl Engines {
    fn new(encoding: Encoding) -> Self {
        Self {
            bmc: Box::new(Bmc { encoding }),
            lasso: Box::new(Lasso { encoding }),
            explicit: Box::new(Explicit::default()),
            induction: Box::new(Induction::default()),
            ranking: Box::new(Ranking::default()),
        }
    }
}

/// Decides one intent under the timing of its cluster.
pub fn decide(question: &Question) -> Result<IntentResult, Fault> {
    let begin = Instant::now();
    let Question { cluster, systems, property, options, cancel, observer, .. } = *question;
    let search = Search { question, engines: Engines::new(options.encoding) };
    let (engine, outcome) = search.answer()?;
    let Property { intent, target, headline, origins, .. } = search.claim();
    let mut result = IntentResult {
        intent: intent.clone(),
        target: target.clone(),
        headline: headline.clone(),
        origins: origins.clone(),
        statistics: outcome.statistics,
        fired: outcome.fired.clone(),
        rests: outcome.rests,
        timing: cluster.timing,
        beside: Vec::new(),
        unpaced: None,
        verdict: search.verdict(engine, outcome)?,
        engine: engine.to_owned(),
        same_as: None,
        rechecks: Vec::new(),
        seconds: begin.elapsed().as_secs_f64(),
    };
    if options.cross_check {
        result.rechecks = cross_check(cluster, systems, property, options, &result, cancel, observer)?;
    }
    Ok(result)
}

impl Search<'_> {
    fn claim(&self) -> &Property {
        &self.systems.fine.properties[self.property]
    }

    fn limits(&self) -> Limits {
        let watch_rest = self.cluster.timing == Timing::Paced && self.effort == Effort::Full;
        let check_all = self.options.cross_check;
        Limits { depth: self.options.depth, deadline: Some(self.deadline), watch_rest, check_all, ..Limits::default() }
    }

    /// The symbolic engine that the claim needs.
    fn symbolic(&self) -> &dyn Engine {
        match self.claim().claim {
            Claim::Invariant(_) => self.engines.bmc.as_ref(),
            Claim::NoFairLoop { .. } => self.engines.lasso.as_ref(),
        }
    }

    fn engine(&self, name: &str) -> &dyn Engine {
        let Engines { explicit, bmc, lasso, .. } = &self.engines;
        [explicit, bmc, lasso]
            .map(AsRef::as_ref)
            .into_iter()
            .find(|engine| engine.name() == name)
            .unwrap_or_else(|| self.symbolic())
    }

    /// Whether an answer is all that the user asked for.
    fn settles(&self, answer: &Answer) -> bool {
        match answer {
            Answer::Violated(_) | Answer::Holds { .. } => true,
            Answer::NoViolationUpTo { depth } => self.options.depth.is_some_and(|wanted| *depth >= wanted),
            Answer::Unknown { .. } => false,
        }
    }

    fn explicit_contender(&self) -> Contender<'_> {
        let run = move |cancel: &Cancel| {
            self.engines.explicit.decide(self.systems.searched(), self.property, &self.limits(), cancel)
        };
        Contender { name: self.engines.explicit.name(), run: Box::new(run) }
    }

    /// The engine that can prove the claim.
    fn prover(&self) -> &dyn Engine {
        match self.claim().claim {
            Claim::Invariant(_) => self.engines.induction.as_ref(),
            Claim::NoFairLoop { .. } => self.engines.ranking.as_ref(),
        }
    }

    fn proof_contender<'s>(&'s self, engine: &'s dyn Engine) -> Contender<'s> {
        let run = move |cancel: &Cancel| {
            self.observer.phase(&format_args!("{}: {}", self.claim().intent, engine.name()));
            engine.decide(self.systems.searched(), self.property, &self.limits(), cancel)
        };
        Contender { name: engine.name(), run: Box::new(run) }
    }

    /// The explicit engine, and a prover that takes its place when it gives up.
    fn explicit_then_proof(&self) -> [Contender<'_>; 2] {
        let (sender, receiver) = channel();
        let (explicit, prover) = (self.explicit_contender(), self.proof_contender(self.prover()));
        let first = move |cancel: &Cancel| {
            let result = (explicit.run)(cancel);
            let gave_up = matches!(&result, Ok(outcome) if matches!(outcome.answer, Answer::Unknown { .. }));
            // The prover may be gone already.
            let _ = sender.send(gave_up && !cancel.is_cancelled());
            result
        };
        let second = move |cancel: &Cancel| match receiver.recv() {
            Ok(true) => (prover.run)(cancel),
            _ => Ok(unsuited(prover.name, "not tried").1),
        };
        [
            Contender { name: explicit.name, run: Box::new(first) },
            Contender { name: prover.name, run: Box::new(second) },
        ]
    }

    fn symbolic_contender(&self) -> Contender<'_> {
        let engine = self.symbolic();
        let run = move |cancel: &Cancel| {
            let restricted = Restricted::new(engine, self.cluster, self.systems);
            scaling::grow(&restricted, self.systems.searched(), self.property, &self.limits(), cancel, |round| {
                let size = |size: Option<i64>| size.map_or("all".to_owned(), |size| format!("up to {size}"));
                let (nodes, pods) = (size(round.nodes), size(round.pods));
                let steps = round.depth.map_or("any".to_owned(), |depth| format!("up to {depth}"));
                let (intent, name) = (&self.claim().intent, engine.name());
                self.observer.phase(&format_args!("{intent}: {name}, {nodes} nodes, {pods} pods, {steps} steps"));
            })
        };
        Contender { name: engine.name(), run: Box::new(run) }
    }

    /// Lets the chosen engines run and picks their best answer, with the name of the engine.
    fn answer(&self) -> Result<(&'static str, Outcome), Fault> {
        let invariant = matches!(self.claim().claim, Claim::Invariant(_));
        if let (Effort::Little { states }, EngineChoice::Portfolio | EngineChoice::Explicit) =
            (self.effort, self.options.engine)
        {
            return self.answer_with_little_effort(states);
        }
        let contenders = match self.options.engine {
            EngineChoice::Portfolio => {
                self.explicit_then_proof().into_iter().chain([self.symbolic_contender()]).collect()
            }
            EngineChoice::Induction => vec![self.proof_contender(self.engines.induction.as_ref())],
            EngineChoice::Ranking if !invariant => vec![self.proof_contender(self.engines.ranking.as_ref())],
            EngineChoice::Ranking => {
                return Ok(unsuited("ranking", "this intent is an invariant; use induction or explicit"));
            }
            EngineChoice::Explicit => vec![self.explicit_contender()],
            EngineChoice::Symbolic => vec![self.symbolic_contender()],
            EngineChoice::Bmc if invariant => vec![self.symbolic_contender()],
            EngineChoice::Lasso if !invariant => vec![self.symbolic_contender()],
            EngineChoice::Bmc => return Ok(unsuited("bmc", "this intent speaks of loops; use lasso or explicit")),
            EngineChoice::Lasso => return Ok(unsuited("lasso", "this intent is an invariant; use bmc or explicit")),
        };
        self.observer.phase(&format_args!("{}", self.claim().intent));
        self.best_of(contenders)
    }

    /// The best answer of contenders, with the name of the engine.
    fn best_of(&self, contenders: Vec<Contender>) -> Result<(&'static str, Outcome), Fault> {
        let mut outcomes = Vec::new();
        for (name, result) in race(contenders, self.cancel, |answer| self.settles(answer)) {
            outcomes.push((name, result.map_err(|source| self.fault(source))?));
        }
        self.reject_contradiction(&outcomes)?;
        Ok(best(outcomes, self.cancel))
    }

    fn fault(&self, source: EngineError) -> Fault {
        Fault::Engine { intent: self.claim().intent.clone(), source }
    }

    /// The explicit engine alone, which ends after the same number of states on every machine; others only where it
    /// refuses the question.
    fn answer_with_little_effort(&self, states: usize) -> Result<(&'static str, Outcome), Fault> {
        let (explicit, searched) = (self.engines.explicit.as_ref(), self.systems.searched());
        self.observer.phase(&format_args!("{}: if controllers are late", self.claim().intent));
        let limits = Limits { states: Some(states), ..self.limits() };
        let small = Limits { nodes: Some(BESIDE_NODES), pods: Some(BESIDE_PODS), ..limits };
        let restricted = Restricted::new(explicit, self.cluster, self.systems);
        if restricted.is_smaller(&small) {
            let outcome = restricted.decide(searched, self.property, &small, self.cancel);
            let outcome = outcome.map_err(|source| self.fault(source))?;
            if matches!(outcome.answer, Answer::Violated(_)) {
                return Ok((explicit.name(), outcome));
            }
        }
        let outcome = explicit.decide(searched, self.property, &limits, self.cancel);
        let outcome = outcome.map_err(|source| self.fault(source))?;
        let is_alone = self.options.engine == EngineChoice::Explicit;
        if is_alone || outcome.statistics.states > 0 || !matches!(outcome.answer, Answer::Unknown { .. }) {
            return Ok((explicit.name(), outcome));
        }
        self.best_of(vec![self.proof_contender(self.prover()), self.symbolic_contender()])
    }

    fn reject_contradiction(&self, outcomes: &[(&'static str, Outcome)]) -> Result<(), Fault> {
        for (index, (first, a)) in outcomes.iter().enumerate() {
            if let Some((second, b)) = outcomes[index + 1..].iter().find(|(_, b)| contradict(&a.answer, &b.answer)) {
                return Err(Fault::Contradiction {
                    intent: self.claim().intent.clone(),
                    first: format!("{first} ({})", answer_word(&a.answer)),
                    second: format!("{second} ({})", answer_word(&b.answer)),
                    dump: dump(&format!("{:#?}\n{:#?}\n{:#?}\n", a, b, self.systems.searched())),
                });
            }
        }
        Ok(())
    }

    fn verdict(&self, engine: &'static str, outcome: Outcome) -> Result<Verdict, Fault> {
        Ok(match outcome.answer {
            Answer::Violated(trace) => Verdict::Violated(Box::new(self.violation(engine, *trace)?)),
            Answer::Holds { premise_reached: false, .. } => Verdict::Vacuous {
                why: "nothing that this intent speaks of can happen in any run of this cluster".into(),
            },
            Answer::Holds { method, proof, .. } => Verdict::Holds { method, proof },
            Answer::NoViolationUpTo { depth } => {
                Verdict::BoundedClean { depth, asked: self.options.depth.is_some_and(|wanted| depth >= wanted) }
            }
            Answer::Unknown { reason } => Verdict::Unknown { why: reason },
        })
    }

    /// Makes a violation small, replays it on the fine system and judges it.
    fn violation(&self, engine: &'static str, found: Trace) -> Result<Violation, Fault> {
        let intent = &self.claim().intent;
        // What was found must be a run of the model before anything is built on it.
        let first = self.replayed(engine, &found)?;
        self.observer.phase(&format_args!("{intent}: violated; looking for the smallest cluster"));
        let limits = Limits {
            depth: Some(found.steps.len()),
            deadline: Some(self.deadline.min(Instant::now() + self.options.minimise)),
            watch_rest: false,
            ..self.limits()
        };
        // The explicit engine needs no depth: it ends by itself.
        let limits = if engine == self.engines.explicit.name() { Limits { depth: None, ..limits } } else { limits };
        let system = self.systems.searched();
        let restricted = Restricted::new(self.engine(engine), self.cluster, self.systems);
        let smallest = minimise::minimise(&restricted, system, self.property, found.clone(), &limits, self.cancel)
            .map_err(|source| Fault::Engine { intent: intent.clone(), source })?;
        let trace = if smallest.trace == found { first } else { self.replayed(engine, &smallest.trace)? };
        let trace = self.without_over_approximation(&trace).unwrap_or(trace);
        let fine = &self.systems.fine;
        let inevitability = self.inevitability(&trace)?;
        let (nodes, pods) = (minimise::nodes(fine, &trace), minimise::pods(fine, &trace));
        Ok(Violation { trace, inevitability, nodes, pods, minimised: smallest.proved, late: None })
    }

    /// Whether a violation had to come. One that needs a late controller did not.
    fn inevitability(&self, trace: &Trace) -> Result<Inevitability, Fault> {
        if self.effort != Effort::Full {
            return Ok(Inevitability::Undecided);
        }
        let limits = Limits { depth: None, deadline: Some(Instant::now() + JUDGE), ..self.limits() };
        explicit::inevitable::inevitability(&self.systems.fine, self.property, trace, &limits, self.cancel)
            .map_err(|source| self.fault(source))
    }

    /// Where a run rests on rules that allow more than the real controllers do: another one on a cluster as small that
    /// does without them, if there is one. Leaving rules out can make up runs, so the replay decides.
    fn without_over_approximation(&self, trace: &Trace) -> Option<Trace> {
        let fine = &self.systems.fine;
        let is_tagged = |name: &str| fine.rule(name).is_some_and(|rule| rule.over_approximates.is_some());
        if !trace.steps.iter().any(|step| is_tagged(&step.rule)) {
            return None;
        }
        let mut narrowed = self.systems.searched().clone();
        let searched = self.systems.searched();
        narrowed.rules.retain(|rule| {
            rule.over_approximates.is_none() && !searched.fine_names(rule).iter().any(|name| is_tagged(name))
        });
        let limits = Limits {
            nodes: Some(minimise::nodes(fine, trace)),
            pods: Some(minimise::pods(fine, trace)),
            depth: None,
            deadline: Some(self.deadline.min(Instant::now() + NARROW)),
            ..self.limits()
        };
        let outcome = self.engines.explicit.decide(&narrowed, self.property, &limits, self.cancel).ok()?;
        let Answer::Violated(found) = outcome.answer else { return None };
        self.replayed(self.engines.explicit.name(), &found).ok()
    }

    /// The run on the fine system, step by step.
    fn replayed(&self, engine: &str, trace: &Trace) -> Result<Trace, Fault> {
        let fine = &self.systems.fine;
        let result = match &self.systems.fused {
            None => replay(fine, trace, self.property).map(|()| trace.clone()),
            Some(fused) => replay_expanded(fine, fused, trace, self.property),
        };
        let intent = self.claim().intent.clone();
        result.map_err(|error| Fault::Replay { intent, engine: engine.to_owned(), why: error.to_string() })
    }
}

fn unsuited(engine: &'static str, reason: &str) -> (&'static str, Outcome) {
    let answer = Answer::Unknown { reason: reason.to_owned() };
    (engine, Outcome { answer, statistics: Statistics::default(), fired: Vec::new(), rests: false })
}

/// The answer that says most; what stays unknown tells the reasons of all engines.
fn best(outcomes: Vec<(&'static str, Outcome)>, cancel: &Cancel) -> (&'static str, Outcome) {
    let rank = |answer: &Answer| match answer {
        Answer::Violated(_) => (3, 0),
        Answer::Holds { .. } => (2, 0),
        Answer::NoViolationUpTo { depth } => (1, *depth),
        Answer::Unknown { .. } => (0, 0),
    };
    let reasons = outcomes.iter().fold(String::new(), |mut all, (name, outcome)| {
        if let Answer::Unknown { reason } = &outcome.answer {
            let separator = if all.is_empty() { "" } else { "; " };
            let _ = write!(all, "{separator}{name}: {reason}");
        }
        all
    });
    // Of equal answers the first to arrive is kept.
    let best = outcomes.into_iter().rev().max_by_key(|(_, outcome)| rank(&outcome.answer));
    let Some((name, mut outcome)) = best else {
        return unsuited("none", "no engine ran");
    };
    if let Answer::Unknown { reason } = &mut outcome.answer {
        *reason = if cancel.is_cancelled() { "interrupted".into() } else { reasons };
    }
    (name, outcome)
}

fn answer_word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Violated(_) => "violated",
        Answer::Holds { .. } => "holds",
        Answer::NoViolationUpTo { .. } => "no violation within bounds",
        Answer::Unknown { .. } => "unknown",
    }
}

/// Writes details of a fault to a file and says where.
fn dump(text: &str) -> String {
    let path = std::env::temp_dir().join(format!("kubound-fault-{}.txt", std::process::id()));
    match std::fs::write(&path, text) {
        Ok(()) => format!("details are in {}", path.display()),
        Err(error) => format!("details could not be written to {}: {error}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Silent;
    use super::super::testing::Scripted;
    use super::*;
    use crate::testing::tiny;
    use crate::trace::Ending;
    use crate::trace::testing::tiny_run;

    fn outcome(answer: Answer) -> Outcome {
        Outcome { answer, statistics: Statistics::default(), fired: Vec::new(), rests: false }
    }

    #[test]
    fn the_strongest_answer_wins_and_unknown_tells_every_reason() {
        let unknown = |reason: &str| outcome(Answer::Unknown { reason: reason.into() });
        let bounded = outcome(Answer::NoViolationUpTo { depth: 7 });
        let (name, best_one) =
            best(vec![("explicit", unknown("too many values")), ("bmc", bounded)], &Cancel::default());
        assert_eq!((name, best_one.answer), ("bmc", Answer::NoViolationUpTo { depth: 7 }));
        let (_, best_one) = best(vec![("explicit", unknown("a")), ("bmc", unknown("b"))], &Cancel::default());
        assert_eq!(best_one.answer, Answer::Unknown { reason: "explicit: a; bmc: b".into() });
    }

    /// Searches a system in which pods are bound for ever, with engines that say whatever they are told to.
    fn searched<T>(
        explicit: Answer,
        bmc: Answer,
        then: impl Fn(&Search, Result<(&'static str, Outcome), Fault>) -> T,
    ) -> T {
        let (system, property) = tiny();
        let mut engines = Engines::new(Encoding::default());
        engines.explicit = Box::new(Scripted::called("explicit", vec![explicit]));
        engines.bmc = Box::new(Scripted::called("bmc", vec![bmc; scaling::rounds(None).len()]));
        engines.induction = Box::new(Scripted::new(Vec::new()));
        let options = Options::default();
        let question = Question {
            cluster: &Cluster::default(),
            systems: &Systems { fine: system, fused: None },
            property,
            options: &options,
            deadline: Instant::now() + options.timeout,
            effort: Effort::Full,
            cancel: &Cancel::default(),
            observer: &Silent,
        };
        let search = Search { question: &question, engines };
        let answer = search.answer();
        then(&search, answer)
    }

    fn holds() -> Answer {
        Answer::Holds { method: "explicit search to the fixpoint", premise_reached: true, proof: Vec::new() }
    }

    #[test]
    fn an_engine_that_is_wrong_is_a_fault_and_no_verdict() {
        let violated = |steps| Answer::Violated(Box::new(tiny_run(steps, Ending::Bad)));
        let bounded = Answer::NoViolationUpTo { depth: 7 };
        searched(bounded.clone(), violated(3), |_, answer| {
            assert!(matches!(answer, Err(Fault::Contradiction { .. })), "{answer:?}");
        });
        searched(bounded.clone(), violated(9), |search, answer| {
            assert!(matches!(answer, Ok(("bmc", Outcome { answer: Answer::Violated(_), .. }))), "{answer:?}");
            let together = |explicit: Answer, bmc: Answer| {
                search.reject_contradiction(&[("explicit", outcome(explicit)), ("bmc", outcome(bmc))])
            };
            let Err(Fault::Contradiction { first, second, .. }) = together(holds(), violated(3)) else {
                panic!("no contradiction")
            };
            assert_eq!([first, second], ["explicit (holds)", "bmc (violated)"]);
            assert!(matches!(together(violated(3), bounded.clone()), Err(Fault::Contradiction { .. })));
            assert!(together(violated(9), bounded.clone()).is_ok());
        });
    }

    #[test]
    fn a_violation_that_no_run_of_the_model_shows_is_a_fault() {
        let unknown = Answer::Unknown { reason: "not tried".into() };
        // A run, but it ends in a state that is as it should be.
        let run = tiny_run(3, Ending::Bad);
        searched(Answer::Violated(Box::new(run)), unknown, |search, answer| {
            let (engine, outcome) = answer.expect("answers that agree");
            let verdict = search.verdict(engine, outcome);
            assert!(matches!(verdict, Err(Fault::Replay { .. })), "{verdict:?}");
        });
    }
}
