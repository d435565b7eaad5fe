//! The search for one intent: engines race, and the best answer becomes the verdict.

use super::cross_check::cross_check;
use super::estimate::Estimate;
use super::lineup::Engines;
use super::merged;
use super::portfolio::{Contender, contradict, race_telling};
use super::restrict::Restricted;
use super::systems::Haste;
use super::{EngineChoice, Fault, IntentResult, Observer, Options, Systems, Verdict};
use crate::engines::{Answer, Cancel, Engine, EngineError, Limits, Outcome, Part, Statistics, proof};
use crate::limits::Stop;
use crate::limits::explicit::MOST_STATES;
use crate::limits::search::{
    BESIDE_NODES, BESIDE_PODS, COMPARED, COMPARED_OF_ALL, COMPARED_STATES, COMPARED_WHOLE, HUGE, LARGE,
};
use kubound_encodings::cluster::{Cluster, Timing};
use kubound_encodings::system::Property;
use std::fmt::Write as _;
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

/// How long the search for one intent may take.
#[derive(Clone, Copy, Debug)]
pub struct Until {
    /// When to give up if no answer was found.
    pub found: Instant,
    /// When to end what is done with an answer: a violation is made small, other timings are asked.
    pub decided: Instant,
    /// When the time for all intents is over.
    pub end: Instant,
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
    /// How long everything may take.
    pub until: Until,
    /// How hard to try.
    pub effort: Effort,
    /// Tells when to stop.
    pub cancel: &'a Cancel,
    /// Is told what the search is doing.
    pub observer: &'a dyn Observer,
}

/// A question with those who answer it.
pub(super) struct Search<'a> {
    question: &'a Question<'a>,
    pub(super) engines: Engines,
}

impl<'a> std::ops::Deref for Search<'a> {
    type Target = Question<'a>;

    fn deref(&self) -> &Question<'a> {
        self.question
    }
}

/// Decides one intent under the timing of its cluster.
pub fn decide(question: &Question) -> Result<IntentResult, Fault> {
    let begin = Instant::now();
    let Question { cluster, property, options, .. } = *question;
    let search = Search { question, engines: Engines::new(options.encoding) };
    let (engine, outcome) = search.answer()?;
    search.check_merging(&outcome)?;
    let Property { intent, target, headline, origins, .. } = search.claim();
    let (fired, rests) = (outcome.fired.clone(), outcome.rests);
    let (engine, statistics, verdict) = search.verdict(engine, outcome)?;
    let mut result = IntentResult {
        property,
        intent: intent.clone(),
        target: target.clone(),
        headline: headline.clone(),
        origins: origins.clone(),
        statistics,
        fired,
        rests,
        timing: cluster.timing,
        beside: Vec::new(),
        unpaced: None,
        undrained: false,
        verdict,
        engine: engine.to_owned(),
        same_as: None,
        rechecks: Vec::new(),
        seconds: begin.elapsed().as_secs_f64(),
    };
    if options.cross_check {
        result.rechecks = cross_check(question, &result)?;
    }
    Ok(result)
}

impl Search<'_> {
    pub(super) fn claim(&self) -> &Property {
        &self.systems.fine.properties[self.property]
    }

    pub(super) fn limits(&self) -> Limits {
        let watch_rest = self.cluster.timing == Timing::Paced && self.effort == Effort::Full;
        let check_all = self.options.cross_check;
        let deadline = Some(self.until.found);
        Limits { depth: self.options.depth, deadline, watch_rest, check_all, ..Limits::default() }
    }

    /// From how many states merged rules are compared with fine ones.
    pub(super) fn samples(&self) -> usize {
        match self.systems.fused {
            None => 0,
            Some(_) if self.options.cross_check => COMPARED_OF_ALL,
            Some(_) if cfg!(debug_assertions) => 4 * COMPARED,
            Some(_) => COMPARED,
        }
    }

    /// How many states the fine system may have to be decided as well.
    fn whole(&self) -> usize {
        match self.options.cross_check {
            true => MOST_STATES,
            false if cfg!(debug_assertions) => 4 * COMPARED_WHOLE,
            false => COMPARED_WHOLE,
        }
    }

    /// Compares merged rules with fine ones: by the answer of the fine system where that is small, else from some states.
    fn check_merging(&self, outcome: &Outcome) -> Result<(), Fault> {
        let Question { systems, property, until, cancel, .. } = self.question;
        let found = usize::try_from(outcome.statistics.states).unwrap_or(usize::MAX);
        let most = if self.options.cross_check { COMPARED_STATES } else { (found / 100).clamp(100, COMPARED_STATES) };
        let stop = Stop { cancel: (*cancel).clone(), deadline: Some(until.decided) };
        let compared = stop.heed(|| merged::check(systems, *property, &outcome.sampled, most, &stop));
        // Without the time for it nothing is compared.
        compared.unwrap_or(Ok(0)).map_err(|source| self.fault(source))?;
        // A fine system is never the smaller one.
        if found > self.whole() || !matches!(outcome.answer, Answer::Holds { .. }) {
            return Ok(());
        }
        let agrees = merged::agrees(systems, *property, &outcome.sampled, self.whole(), &stop);
        agrees.map(|_| ()).map_err(|source| self.fault(source))
    }

    /// Whether an answer is all that the user asked for.
    fn settles(&self, answer: &Answer) -> bool {
        match answer {
            Answer::Violated(_) | Answer::Holds { .. } => true,
            Answer::NoViolationUpTo { depth } => self.options.depth.is_some_and(|wanted| *depth >= wanted),
            Answer::Unknown { .. } => false,
        }
    }

    /// Lets the chosen engines run and picks their best answer, with the name of the engine.
    fn answer(&self) -> Result<(&'static str, Outcome), Fault> {
        let early = match self.options.engine {
            EngineChoice::Portfolio => {
                (self.systems.fine.rules.len() >= LARGE || self.systems.knows_effects()).then_some(Haste::First)
            }
            EngineChoice::Only(engine) => (engine.name == proof::REGISTRATION.name).then_some(Haste::Last),
        };
        let is_portfolio = self.options.engine == EngineChoice::Portfolio && self.effort == Effort::Full;
        let is_behind = is_portfolio && self.systems.fine.rules.len() >= HUGE;
        let early = early.filter(|_| !is_behind);
        if let Some(outcome) = early.and_then(|haste| self.by_effects(haste, self.cancel)) {
            return Ok((proof::REGISTRATION.name, outcome));
        }
        let contender = |(part, engine)| match part {
            Part::Exhaustive => self.at_once(engine),
            Part::Fallback => self.announced(engine),
            Part::Growing => self.growing(engine),
            Part::Companion => self.at_once(engine),
        };
        let contenders = match (self.options.engine, self.effort) {
            (EngineChoice::Portfolio, Effort::Little { states }) => return self.answer_with_little_effort(states),
            (EngineChoice::Only(choice), Effort::Little { states }) if choice.part == Part::Exhaustive => {
                return self.answer_with_little_effort(states);
            }
            (EngineChoice::Portfolio, Effort::Full) if is_behind => self.portfolio_behind_effects(),
            (EngineChoice::Portfolio, Effort::Full) => self.portfolio(),
            (EngineChoice::Only(choice), _) => self.engines.named(choice.name).into_iter().map(contender).collect(),
        };
        self.observer.phase(&format_args!("{}", self.claim().intent));
        let (name, outcome) = self.best_of(contenders)?;
        let is_open = self.options.engine == EngineChoice::Portfolio && !self.settles(&outcome.answer);
        let late =
            (is_open && !self.systems.knows_effects()).then(|| self.by_effects(Haste::Last, self.cancel)).flatten();
        Ok(late.map_or((name, outcome), |late| (proof::REGISTRATION.name, late)))
    }

    /// A proof from what single rules do: of large systems before anybody looks at states. Of small ones a look at all
    /// states tells more, which rules can never fire; where they are too many, what single rules do is asked after all.
    pub(super) fn by_effects(&self, haste: Haste, cancel: &Cancel) -> Option<Outcome> {
        // What is found serves all intents, and may take the time of several; what is left for this one is little.
        let stop = Stop { cancel: cancel.clone(), deadline: Some(self.until.end) };
        let decided = self.systems.effects(haste, &stop).and_then(|effects| {
            let outcome = stop.heed(|| effects.decide(self.property, &stop)).map_err(|stopped| stopped.to_string())?;
            Ok(Outcome { rests: effects.rests(), ..outcome })
        });
        let reason = match decided {
            Ok(outcome) if self.settles(&outcome.answer) => return Some(outcome),
            Ok(Outcome { answer: Answer::Unknown { reason }, .. }) | Err(reason) => reason,
            Ok(_) => return None,
        };
        log::info!("{}: effects of single rules: {reason}", self.claim().intent);
        None
    }

    /// The best answer of contenders, with the name of the engine.
    fn best_of(&self, contenders: Vec<Contender>) -> Result<(&'static str, Outcome), Fault> {
        let mut outcomes = Vec::new();
        let long = || {
            let stop = Stop { cancel: self.cancel.clone(), deadline: Some(self.until.found) };
            if let Ok(size) = stop.heed(|| Estimate::new(self.systems, self.property)) {
                self.observer.long(&self.claim().intent, &size);
            }
        };
        for (name, result) in race_telling(contenders, self.cancel, |answer| self.settles(answer), long) {
            outcomes.push((name, result.map_err(|source| self.fault(source))?));
        }
        // Random runs that found nothing have nothing to say.
        let is_companion = |name: &str| self.engines.with(Part::Companion).any(|engine| engine.name() == name);
        outcomes.retain(|(name, outcome)| !is_companion(name) || matches!(outcome.answer, Answer::Violated(_)));
        self.reject_contradiction(&outcomes)?;
        Ok(best(outcomes, self.cancel))
    }

    pub(super) fn fault(&self, source: EngineError) -> Fault {
        Fault::Engine { intent: self.claim().intent.clone(), source }
    }

    /// An exhaustive engine alone, which ends after the same number of states on every machine; others only where it
    /// refuses the question.
    fn answer_with_little_effort(&self, states: usize) -> Result<(&'static str, Outcome), Fault> {
        let searched = self.systems.searched();
        self.observer.phase(&format_args!("{}: if controllers are late", self.claim().intent));
        let limits = Limits { states: Some(states), ..self.limits() };
        let small = Limits { nodes: Some(BESIDE_NODES), pods: Some(BESIDE_PODS), ..limits };
        let is_alone = matches!(self.options.engine, EngineChoice::Only(_));
        for engine in self.engines.with(Part::Exhaustive) {
            let decide = |engine: &dyn Engine, limits| {
                let outcome = engine.decide(searched, self.property, limits, self.cancel);
                outcome.map_err(|source| self.fault(source))
            };
            let restricted = Restricted::new(engine, self.cluster, self.systems);
            if restricted.is_smaller(&small) {
                let outcome = decide(&restricted, &small)?;
                if matches!(outcome.answer, Answer::Violated(_)) {
                    return Ok((engine.name(), outcome));
                }
            }
            let outcome = decide(engine, &limits)?;
            if is_alone || outcome.statistics.states > 0 || !matches!(outcome.answer, Answer::Unknown { .. }) {
                return Ok((engine.name(), outcome));
            }
        }
        let provers = self.engines.with(Part::Fallback).map(|engine| self.announced(engine));
        self.best_of(provers.chain(self.engines.with(Part::Growing).map(|engine| self.growing(engine))).collect())
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

    /// The verdict that an answer comes to, with the engine it is due to and what that has cost.
    fn verdict(&self, engine: &'static str, outcome: Outcome) -> Result<(&'static str, Statistics, Verdict), Fault> {
        let statistics = outcome.statistics;
        let verdict = match outcome.answer {
            Answer::Violated(trace) => {
                let (engine, statistics, violation) = self.violation(engine, *trace, statistics)?;
                return Ok((engine, statistics, Verdict::Violated(Box::new(violation))));
            }
            Answer::Holds { premise_reached: false, .. } => Verdict::Vacuous {
                why: "nothing that this intent speaks of can happen in any run of this cluster".into(),
            },
            Answer::Holds { method, proof, .. } => Verdict::Holds { method, proof },
            Answer::NoViolationUpTo { depth } => {
                Verdict::BoundedClean { depth, asked: self.options.depth.is_some_and(|wanted| depth >= wanted) }
            }
            Answer::Unknown { reason } => Verdict::Unknown { why: reason },
        };
        Ok((engine, statistics, verdict))
    }
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
        return ("none", Outcome::unknown("no engine ran".to_owned()));
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
    use super::super::testing::Scripted;
    use super::super::{Silent, scaling};
    use super::*;
    use crate::testing::tiny;
    use crate::trace::Ending;
    use crate::trace::testing::tiny_run;

    fn outcome(answer: Answer) -> Outcome {
        Outcome { answer, ..Outcome::unknown(String::new()) }
    }

    #[test]
    fn the_strongest_answer_wins_and_unknown_tells_every_reason() {
        let unknown = |reason: &str| outcome(Answer::Unknown { reason: reason.into() });
        let bounded = outcome(Answer::NoViolationUpTo { depth: 7 });
        let (name, best_one) =
            best(vec![("explicit", unknown("too many values")), ("symbolic", bounded)], &Cancel::default());
        assert_eq!((name, best_one.answer), ("symbolic", Answer::NoViolationUpTo { depth: 7 }));
        let (_, best_one) = best(vec![("explicit", unknown("a")), ("symbolic", unknown("b"))], &Cancel::default());
        assert_eq!(best_one.answer, Answer::Unknown { reason: "explicit: a; symbolic: b".into() });
    }

    /// Searches a system in which pods are bound forever, with engines that say whatever they are told to.
    fn searched<T>(
        explicit: Answer,
        symbolic: Answer,
        then: impl Fn(&Search, Result<(&'static str, Outcome), Fault>) -> T,
    ) -> T {
        let (system, property) = tiny();
        let symbolic = Scripted::called("symbolic", vec![symbolic; scaling::rounds(None).len()]);
        let engines = Engines(vec![
            (Part::Exhaustive, Box::new(Scripted::called("explicit", vec![explicit]))),
            (Part::Fallback, Box::new(Scripted::new(Vec::new()))),
            (Part::Growing, Box::new(symbolic)),
        ]);
        let options = Options::default();
        let end = Instant::now() + options.timeout;
        let question = Question {
            cluster: &Cluster::default(),
            systems: &Systems::of(system, None),
            property,
            options: &options,
            until: Until { found: end, decided: end, end },
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
            assert!(matches!(answer, Ok(("symbolic", Outcome { answer: Answer::Violated(_), .. }))), "{answer:?}");
            let together = |explicit: Answer, symbolic: Answer| {
                search.reject_contradiction(&[("explicit", outcome(explicit)), ("symbolic", outcome(symbolic))])
            };
            let Err(Fault::Contradiction { first, second, .. }) = together(holds(), violated(3)) else {
                panic!("no contradiction")
            };
            assert_eq!([first, second], ["explicit (holds)", "symbolic (violated)"]);
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
