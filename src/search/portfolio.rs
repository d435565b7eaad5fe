//! Several searches side by side: the first answer that settles the question wins, the others are told to stop.

use crate::engines::{Answer, Cancel, EngineError, Outcome};
use crate::limits::search::{LINGER, LONG, POLL};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

/// A search that goes on until it is done or told to stop.
pub type Run<'a> = dyn FnOnce(&Cancel) -> Result<Outcome, EngineError> + Send + 'a;

/// One search of a race.
pub struct Contender<'a> {
    /// Its name for reports.
    pub name: &'static str,
    /// The search.
    pub run: Box<Run<'a>>,
    /// Whether it goes on only for as long as others do, and a little longer.
    pub is_companion: bool,
}

impl<'a> Contender<'a> {
    /// A search that everybody waits for.
    pub fn new(
        name: &'static str,
        run: impl FnOnce(&Cancel) -> Result<Outcome, EngineError> + Send + 'a,
    ) -> Contender<'a> {
        Contender { name, run: Box::new(run), is_companion: false }
    }
}

/// What a contender came back with.
pub type Arrival = (&'static str, Result<Outcome, EngineError>);

/// Runs all contenders; returns what they came back with, in order of arrival. As soon as `settles` accepts an
/// outcome, or an error comes, the others are cancelled.
pub fn race(contenders: Vec<Contender>, cancel: &Cancel, settles: impl Fn(&Answer) -> bool) -> Vec<Arrival> {
    race_telling(contenders, cancel, settles, || ())
}

/// The same; `long` is called once if it takes longer than [`LONG`].
pub fn race_telling(
    contenders: Vec<Contender>,
    cancel: &Cancel,
    settles: impl Fn(&Answer) -> bool,
    long: impl FnOnce(),
) -> Vec<Arrival> {
    let (begin, mut long) = (Instant::now(), Some(long));
    let local = Cancel::default();
    let (sender, receiver) = channel();
    let mut missing = contenders.len();
    let mut others = contenders.iter().filter(|contender| !contender.is_companion).count();
    let mut alone: Option<Instant> = None;
    let mut arrivals = Vec::new();
    let mut settled: Option<Instant> = None;
    thread::scope(|scope| {
        for Contender { name, run, is_companion } in contenders {
            let (sender, local) = (sender.clone(), local.clone());
            scope.spawn(move || {
                let run = std::panic::AssertUnwindSafe(move || run(&local));
                let result = std::panic::catch_unwind(run).unwrap_or_else(|panic| {
                    Err(EngineError::Internal(format!("{name} panicked: {}", panic_text(panic.as_ref()))))
                });
                let _ = sender.send((name, is_companion, result));
            });
        }
        while missing > 0 {
            match receiver.recv_timeout(POLL) {
                Ok((name, is_companion, result)) => {
                    missing -= 1;
                    others -= usize::from(!is_companion);
                    if others == 0 {
                        alone.get_or_insert_with(Instant::now);
                    }
                    if let Some(settled) = settled {
                        log::info!("portfolio: {name} stopped {} ms after the answer", settled.elapsed().as_millis());
                    }
                    if result.as_ref().map_or(true, |outcome| settles(&outcome.answer)) {
                        settled.get_or_insert_with(Instant::now);
                        local.cancel();
                    }
                    arrivals.push((name, result));
                }
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => local.cancel(),
                Err(RecvTimeoutError::Timeout) if alone.is_some_and(|since| since.elapsed() >= LINGER) => {
                    local.cancel();
                }
                Err(RecvTimeoutError::Timeout) if settled.is_none() && begin.elapsed() >= LONG => {
                    if let Some(long) = long.take() {
                        long();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    arrivals
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}

/// Whether two answers to the same question cannot both be true.
pub fn contradict(a: &Answer, b: &Answer) -> bool {
    match (a, b) {
        (Answer::Violated(_), Answer::Holds { .. }) | (Answer::Holds { .. }, Answer::Violated(_)) => true,
        (Answer::Violated(run), Answer::NoViolationUpTo { depth })
        | (Answer::NoViolationUpTo { depth }, Answer::Violated(run)) => run.steps.len() <= *depth,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::Statistics;
    use std::time::Duration;

    fn outcome(answer: Answer) -> Result<Outcome, EngineError> {
        Ok(Outcome { answer, statistics: Statistics::default(), fired: Vec::new(), rests: false, sampled: Vec::new() })
    }

    fn holds() -> Answer {
        Answer::Holds { method: "test", premise_reached: true, proof: Vec::new() }
    }

    fn slow(name: &'static str) -> Contender<'static> {
        Contender::new(name, |cancel| {
            let begin = Instant::now();
            while !cancel.is_cancelled() {
                assert!(begin.elapsed() < Duration::from_secs(20), "nobody cancelled");
                thread::sleep(Duration::from_millis(1));
            }
            outcome(Answer::Unknown { reason: "cancelled".into() })
        })
    }

    fn settles(answer: &Answer) -> bool {
        matches!(answer, Answer::Violated(_) | Answer::Holds { .. })
    }

    #[test]
    fn the_first_sound_answer_cancels_the_others() {
        let fast = Contender::new("fast", |_| outcome(holds()));
        let arrivals = race(vec![slow("slow"), fast], &Cancel::default(), settles);
        assert_eq!(arrivals.iter().map(|arrival| arrival.0).collect::<Vec<_>>(), ["fast", "slow"]);
    }

    #[test]
    fn a_companion_ends_soon_after_the_others() {
        let companion = Contender { is_companion: true, ..slow("companion") };
        let unsure = Contender::new("unsure", |_| outcome(Answer::Unknown { reason: "too large".into() }));
        let arrivals = race(vec![companion, unsure], &Cancel::default(), settles);
        assert_eq!(arrivals.iter().map(|arrival| arrival.0).collect::<Vec<_>>(), ["unsure", "companion"]);
    }

    #[test]
    fn an_interrupt_reaches_every_contender() {
        let cancel = Cancel::default();
        cancel.cancel();
        assert_eq!(race(vec![slow("a"), slow("b")], &cancel, settles).len(), 2);
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        let broken = Contender::new("broken", |_| panic!("oh"));
        let arrivals = race(vec![broken, slow("slow")], &Cancel::default(), settles);
        assert!(matches!(&arrivals[0].1, Err(EngineError::Internal(text)) if text.contains("oh")));
    }
}
