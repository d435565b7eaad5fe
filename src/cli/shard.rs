//! `kubound verify --shard I/N`: one part of a run, for `kubound merge`.

use super::args::{ReportArgs, SearchArgs};
use super::exit::{Exit, of_document};
use super::{Failure, check, output, progress};
use crate::engines::Cancel;
use crate::limits::shards::MOST_SHARDS;
use crate::manifest::Loaded;
use crate::report::document::{Document, IntentDocument};
use crate::search::estimate::Estimate;
use crate::search::{Decision, Fault, Observer, Options};
use crate::shards::report::{Decided, about};
use crate::shards::{Piece, Plan, Shard};
use crate::smt;
use anyhow::Context;
use std::cell::Cell;
use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// `2/5`.
pub fn parse(text: &str) -> Result<Shard, String> {
    let wrong = || format!("`{text}` is no part of a run; write 2/5 for the second of five");
    let (index, shards) = text.split_once('/').ok_or_else(wrong)?;
    let (index, shards): (u64, u64) = index.parse().ok().zip(shards.parse().ok()).ok_or_else(wrong)?;
    if shards == 0 || shards > MOST_SHARDS {
        return Err(format!("there are from 1 to {MOST_SHARDS} parts, not {shards}"));
    }
    if index == 0 || index > shards {
        return Err(format!("the parts are 1 to {shards}, and there is no part {index}"));
    }
    Ok(Shard { index: index as usize, shards: shards as usize })
}

/// Decides the pieces of a shard.
pub fn run(
    shard: Shard,
    loaded: &Loaded,
    search: &SearchArgs,
    report: &ReportArgs,
    cancel: &Cancel,
) -> Result<Exit, Failure> {
    let begin = Instant::now();
    let input = loaded.digest().context("cannot read the input again").map_err(Failure::Usage)?;
    let plan = Plan::new(&loaded.cluster, shard.shards);
    let options = search.options(loaded);
    let teller = output::Teller::new(loaded, &report.output, &report.voice);
    let work = Work { loaded, options: &options, plan: &plan, cancel, teller: &teller, end: begin + options.timeout };
    let done = progress::with_progress(report.voice.quiet, options.timeout, &|_| (), |observer| {
        work.decide_all(plan.of(shard.index - 1), observer)
    })?;
    let decided = Decided {
        loaded,
        options: &options,
        plan: &plan,
        shard,
        input,
        assumptions: done.assumptions,
        empty: done.empty,
        interrupted: cancel.is_cancelled(),
        seconds: begin.elapsed().as_secs_f64(),
    };
    let exit = Cell::new(Exit::Fine);
    let document = teller.finish_with(|results| {
        let document = decided.document(Exit::Fine.code(), smt::versions(), results);
        exit.set(exit_of(&document, report));
        Document { exit_code: exit.get().code(), ..document }
    })?;
    output::write_told(&[document], &report.output, &report.voice)?;
    Ok(exit.get())
}

/// A shard without clusters of its own has nothing to complain about.
fn exit_of(document: &Document, report: &ReportArgs) -> Exit {
    let is_idle = document.results.is_empty() && !document.interrupted;
    if is_idle { Exit::Fine } else { of_document(document, &report.deny) }
}

/// What all pieces of a shard have in common.
struct Work<'a> {
    loaded: &'a Loaded,
    options: &'a Options,
    plan: &'a Plan,
    cancel: &'a Cancel,
    teller: &'a output::Teller<'a>,
    end: Instant,
}

/// What came out besides answers.
#[derive(Default)]
struct Done {
    assumptions: Vec<String>,
    empty: Vec<(usize, String)>,
}

impl Work<'_> {
    /// Decides the pieces: those about the same sizes and values together, with time in proportion to what they cost.
    fn decide_all(&self, pieces: Vec<&Piece>, observer: &dyn Observer) -> Result<Done, Failure> {
        let mut groups: Vec<Vec<&Piece>> = Vec::new();
        for piece in pieces {
            match groups.iter_mut().find(|group| group[0].is_beside(piece)) {
                Some(group) => group.push(piece),
                None => groups.push(vec![piece]),
            }
        }
        let cost = |group: &Vec<&Piece>| group.iter().map(|piece| piece.cost()).sum::<f64>();
        let mut left: f64 = groups.iter().map(cost).sum();
        let counts = Counts { observer, decided: AtomicUsize::new(0), all: groups.iter().map(Vec::len).sum() };
        let mut done = Done::default();
        for group in &groups {
            if self.cancel.is_cancelled() {
                break;
            }
            let part = (cost(group) / left).clamp(0.0, 1.0);
            left -= cost(group);
            let time = self.end.saturating_duration_since(Instant::now());
            let options =
                Options { timeout: if part.is_finite() { time.mul_f64(part) } else { time }, ..*self.options };
            self.decide(group, &options, &counts, &mut done)?;
        }
        Ok(done)
    }

    /// Decides pieces about the same sizes and values.
    fn decide(&self, pieces: &[&Piece], options: &Options, counts: &Counts, done: &mut Done) -> Result<(), Failure> {
        let mut cluster = self.plan.narrowed(&self.loaded.cluster, pieces[0]);
        cluster.intents.retain(|intent| pieces.iter().any(|piece| piece.intent == intent.id));
        let narrow = Loaded { cluster, ..self.loaded.clone() };
        let told = Told { narrow: &narrow, pieces, work: self, counts, answered: Mutex::default() };
        let findings = match check::searched(&narrow, options, self.cancel, &told)? {
            Err(Fault::NothingToCheck { constraints }) => {
                done.empty
                    .extend(pieces.iter().map(|piece| (piece.number, format!("no cluster satisfies {constraints}"))));
                return Ok(());
            }
            findings => findings.map_err(|fault| check::dumped(&narrow, fault))?,
        };
        for assumption in findings.scope.assumptions {
            if !done.assumptions.contains(&assumption) {
                done.assumptions.push(assumption);
            }
        }
        Ok(())
    }
}

/// Counts answers over all pieces.
struct Counts<'a> {
    observer: &'a dyn Observer,
    decided: AtomicUsize,
    all: usize,
}

/// Tells the answers about pieces as such.
struct Told<'a> {
    narrow: &'a Loaded,
    pieces: &'a [&'a Piece],
    work: &'a Work<'a>,
    counts: &'a Counts<'a>,
    /// Places of the answers among all of the shard.
    answered: Mutex<()>,
}

impl Observer for Told<'_> {
    fn phase(&self, what: &fmt::Arguments) {
        self.counts.observer.phase(what);
    }

    fn long(&self, intent: &str, size: &Estimate) {
        self.counts.observer.long(intent, size);
    }

    fn decided(&self, decision: &Decision) {
        let _one_by_one = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let decided = self.counts.decided.fetch_add(1, Ordering::Relaxed) + 1;
        let intents = self.counts.all.max(decided);
        self.counts.observer.decided(&Decision { decided, intents, ..*decision });
        let Some(piece) = self.pieces.iter().find(|piece| piece.intent == decision.result.intent) else { return };
        let answer = IntentDocument::new(self.narrow, decision.systems, decision.result);
        let place = piece.number * PLACES + decision.result.property;
        self.work.teller.tell_document(place, about(self.work.plan, piece, answer));
    }

    fn round_is_over(&self) {
        self.counts.observer.round_is_over();
        self.work.teller.tell_violations();
    }
}

/// More than an intent has objects.
const PLACES: usize = 1 << 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_of_those_that_there_are() {
        assert_eq!(parse("2/5"), Ok(Shard { index: 2, shards: 5 }));
        for wrong in ["", "2", "0/5", "6/5", "1/0", "1/10001", "-1/5", "1/2/3", "a/b"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
