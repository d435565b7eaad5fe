//! Who takes part in the search for one intent, and when.

use super::driver::Search;
use super::portfolio::Contender;
use super::restrict::Restricted;
use super::scaling;
use super::systems::Haste;
use crate::engines::walks::Walks;
use crate::engines::{Answer, Cancel, Engine, Limits, Outcome, Part, REGISTRY, proof};
use crate::limits::search::HEAD_START;
use crate::plural::plural;
use crate::smt::Encoding;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Who may take part, in the order of the registry; then the walks.
pub(super) struct Engines(pub(super) Vec<(Part, Box<dyn Engine>)>);

impl Engines {
    pub(super) fn new(encoding: Encoding) -> Self {
        let mut engines: Vec<(Part, Box<dyn Engine>)> =
            REGISTRY.iter().map(|engine| (engine.part, (engine.open)(encoding))).collect();
        engines.push((Part::Companion, Box::new(Walks { is_polite: true, runs: None })));
        Self(engines)
    }

    /// Those that take this part.
    pub(super) fn with(&self, part: Part) -> impl Iterator<Item = &dyn Engine> {
        self.0.iter().filter(move |engine| engine.0 == part).map(|engine| engine.1.as_ref())
    }

    /// The one of a name, with its part.
    pub(super) fn named(&self, name: &str) -> Option<(Part, &dyn Engine)> {
        self.0.iter().find(|engine| engine.1.name() == name).map(|(part, engine)| (*part, engine.as_ref()))
    }
}

impl Search<'_> {
    /// A search on the whole system.
    pub(super) fn at_once<'s>(&'s self, engine: &'s dyn Engine) -> Contender<'s> {
        let run = move |cancel: &Cancel| {
            let limits = Limits { samples: self.samples(), ..self.limits() };
            engine.decide(self.systems.searched(), self.property, &limits, cancel)
        };
        Contender::new(engine.name(), run)
    }

    /// The same, told when it begins.
    pub(super) fn announced<'s>(&'s self, engine: &'s dyn Engine) -> Contender<'s> {
        let Contender { name, run, .. } = self.at_once(engine);
        let run = move |cancel: &Cancel| {
            self.observer.phase(&format_args!("{}: {name}", self.claim().intent));
            run(cancel)
        };
        Contender::new(name, run)
    }

    /// Searches of growing sizes.
    pub(super) fn growing<'s>(&'s self, engine: &'s dyn Engine) -> Contender<'s> {
        let run = move |cancel: &Cancel| {
            let restricted = Restricted::new(engine, self.cluster, self.systems);
            scaling::grow(&restricted, self.systems.searched(), self.property, &self.limits(), cancel, |round| {
                let size = |size: Option<i64>, noun: &str, all: &str| match size {
                    Some(size) => format!("up to {}", plural(size, noun)),
                    None => format!("{all} {noun}s"),
                };
                let (nodes, pods) = (size(round.nodes, "node", "all"), size(round.pods, "pod", "all"));
                let steps = size(round.depth.map(|depth| depth as i64), "step", "any");
                let (intent, name) = (&self.claim().intent, engine.name());
                self.observer.phase(&format_args!("{intent}: {name}, {nodes}, {pods}, {steps}"));
            })
        };
        Contender::new(engine.name(), run)
    }

    /// The same, once the others had time to decide what is easy: then who answers does not depend on the moment.
    fn after_head_start<'s>(&'s self, engine: &'s dyn Engine) -> Contender<'s> {
        let Contender { name, run, .. } = self.at_once(engine);
        let run = move |cancel: &Cancel| {
            let begin = Instant::now();
            while begin.elapsed() < HEAD_START {
                if cancel.is_cancelled() {
                    return Ok(Outcome::unknown("not tried".to_owned()));
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            run(cancel)
        };
        Contender { is_companion: true, ..Contender::new(name, run) }
    }

    /// Everybody: the exhaustive engines and those of growing sizes from the start, the others in place of the exhaustive
    /// ones when these have all given up.
    pub(super) fn portfolio(&self) -> Vec<Contender<'_>> {
        let (mut contenders, mut senders) = (Vec::new(), Vec::new());
        for engine in self.engines.with(Part::Fallback) {
            let (sender, receiver) = channel();
            senders.push(sender);
            let search = self.announced(engine);
            // The senders are gone once the exhaustive engines have ended otherwise.
            let run = move |cancel: &Cancel| match receiver.recv() {
                Ok(()) => (search.run)(cancel),
                Err(_) => Ok(Outcome::unknown("not tried".to_owned())),
            };
            contenders.push(Contender::new(engine.name(), run));
        }
        let left = Arc::new(AtomicUsize::new(self.engines.with(Part::Exhaustive).count()));
        for engine in self.engines.with(Part::Exhaustive) {
            let (senders, left, search) = (senders.clone(), Arc::clone(&left), self.at_once(engine));
            let run = move |cancel: &Cancel| {
                let result = (search.run)(cancel);
                let gave_up = matches!(&result, Ok(outcome) if matches!(outcome.answer, Answer::Unknown { .. }));
                if gave_up && !cancel.is_cancelled() && left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    for sender in senders {
                        // Whoever waits may be gone already.
                        let _ = sender.send(());
                    }
                }
                result
            };
            contenders.push(Contender::new(engine.name(), run));
        }
        contenders.extend(self.engines.with(Part::Growing).map(|engine| self.growing(engine)));
        contenders.extend(self.engines.with(Part::Companion).map(|engine| self.after_head_start(engine)));
        contenders
    }

    /// Random runs from the start, beside a proof from what single rules do; everybody else once that has given up.
    pub(super) fn portfolio_behind_effects(&self) -> Vec<Contender<'_>> {
        let gave_up = Arc::new(AtomicBool::new(false));
        let (companions, others): (Vec<_>, Vec<_>) =
            self.portfolio().into_iter().partition(|contender| contender.is_companion);
        let mut contenders: Vec<Contender> =
            others.into_iter().map(|contender| behind(Arc::clone(&gave_up), contender)).collect();
        contenders.extend(companions);
        let run = move |cancel: &Cancel| {
            let outcome = self.by_effects(Haste::First, cancel);
            gave_up.store(outcome.is_none(), Ordering::Release);
            Ok(outcome.unwrap_or_else(|| Outcome::unknown("single rules show nothing".to_owned())))
        };
        contenders.push(Contender::new(proof::REGISTRATION.name, run));
        contenders
    }
}

/// A search that begins once another one has given up.
fn behind(gave_up: Arc<AtomicBool>, contender: Contender) -> Contender {
    let Contender { name, run, is_companion } = contender;
    let run = move |cancel: &Cancel| {
        while !gave_up.load(Ordering::Acquire) {
            if cancel.is_cancelled() {
                return Ok(Outcome::unknown("not tried".to_owned()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        run(cancel)
    };
    Contender { is_companion, ..Contender::new(name, run) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_behind_another_one_begins_once_that_has_given_up() {
        let reason = |gave_up: bool, cancelled: bool| {
            let search = Contender::new("search", |_| Ok(Outcome::unknown("tried".to_owned())));
            let cancel = Cancel::default();
            if cancelled {
                cancel.cancel();
            }
            let outcome = (behind(Arc::new(AtomicBool::new(gave_up)), search).run)(&cancel);
            outcome.map(|outcome| outcome.answer)
        };
        let unknown = |reason: &str| Answer::Unknown { reason: reason.to_owned() };
        assert_eq!(reason(false, true).unwrap(), unknown("not tried"));
        assert_eq!(reason(true, false).unwrap(), unknown("tried"));
    }
}
