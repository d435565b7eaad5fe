//! How far a search may go and when it has to stop: below engines and solvers, which all heed it; and how far everything
//! goes that Kubound does by itself, as one table.

pub mod memory;
mod table;

pub use table::*;

use kubound_encodings::limits::Limit;
use kubound_encodings::stop::{Stopped, heeding};

use search::GRACE;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How far an engine may go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Most steps of an unrolling; `None`: until another limit.
    pub depth: Option<usize>,
    /// Only runs that never have more nodes than this (`TransitionSystem::nodes`). A search with this limit or that of
    /// pods may only be used to find violations and to minimise them, never for `holds`.
    pub nodes: Option<i64>,
    /// Only runs that never have more pods than this (`TransitionSystem::pods`).
    pub pods: Option<i64>,
    /// Most states that the explicit engine stores.
    pub states: Option<usize>,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Whether the explicit engine checks itself in every state, not only in some.
    pub check_all: bool,
    /// In how many states at most, if no run violates the property, to tell runs to (`Outcome::sampled`).
    pub samples: usize,
    /// Whether to find out, beside the answer, if fast rules always come to rest (`Outcome::rests`).
    pub watch_rest: bool,
}

/// Tells engines to stop; cheap to clone and to ask.
#[derive(Clone, Default, Debug)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks everybody who holds a clone to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// When a solver has to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// Asked to stop by somebody else.
    pub cancel: Cancel,
    /// Out of time.
    pub deadline: Option<Instant>,
}

impl Stop {
    /// When a search within limits has to stop.
    pub fn of(limits: &Limits, cancel: &Cancel) -> Stop {
        Stop { cancel: cancel.clone(), deadline: limits.deadline }
    }

    /// The same, but not later than this from now.
    pub fn at_most(&self, patience: Duration) -> Stop {
        let end = Instant::now() + patience;
        Stop { cancel: self.cancel.clone(), deadline: Some(self.deadline.map_or(end, |deadline| deadline.min(end))) }
    }

    /// Why to stop now, if there is a reason.
    pub fn reason(&self) -> Option<&'static str> {
        if self.cancel.is_cancelled() {
            Some("cancelled")
        } else if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            Some("out of time")
        } else if memory::is_over() {
            Some(memory::REASON)
        } else {
            None
        }
    }

    /// Does work on terms, which is given up in the middle once there is a reason to stop. It must not change anything that
    /// is needed afterwards.
    pub fn heed<R>(&self, work: impl FnOnce() -> R) -> Result<R, Stopped> {
        let stop = self.clone();
        heeding(move || stop.reason(), work)
    }

    /// The same for work that asks by itself most of the time, and has more to say if it ends by itself: it is given up only
    /// where it goes on for [`GRACE`] after there is a reason.
    pub fn heed_late<R>(&self, work: impl FnOnce() -> R) -> Result<R, Stopped> {
        let (stop, since) = (self.clone(), Cell::new(None));
        let ask = move || {
            let reason = stop.reason()?;
            let first = since.get().unwrap_or_else(Instant::now);
            since.set(Some(first));
            (first.elapsed() >= GRACE).then_some(reason)
        };
        heeding(ask, work)
    }
}

/// The table of the models and that of everything else.
pub fn all() -> impl Iterator<Item = &'static Limit> {
    kubound_encodings::limits::TABLE.iter().chain(TABLE)
}
