//! Who takes part in the search for one intent, and when.

use super::driver::Search;
use super::portfolio::Contender;
use super::restrict::Restricted;
use super::scaling;
use crate::engines::walks::Walks;
use crate::engines::{Answer, Cancel, Engine, Limits, Outcome, Part, REGISTRY};
use crate::limits::search::HEAD_START;
use crate::plural::plural;
use crate::smt::Encoding;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
}
