//! Progress of long searches, on standard error: a line after 10 s, after 30 s, then every minute.

use crate::report::text::neutralise;
use crate::search::Observer;
use std::fmt;
use std::io::Write as _;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What the search is doing now, and whether it is over.
#[derive(Default)]
struct Now {
    phase: String,
    over: bool,
}

/// Collects phases; a thread of [`with_progress`] prints them.
#[derive(Default)]
struct Progress {
    now: Mutex<Now>,
    changed: Condvar,
}

impl Observer for Progress {
    fn phase(&self, what: &fmt::Arguments) {
        log::info!("{what}");
        self.now.lock().unwrap_or_else(PoisonError::into_inner).phase = neutralise(&what.to_string());
    }
}

/// Runs `work` with an observer whose phases appear on standard error, unless `quiet`.
pub fn with_progress<R>(quiet: bool, work: impl FnOnce(&dyn Observer) -> R) -> R {
    let progress = Progress::default();
    thread::scope(|scope| {
        if !quiet {
            scope.spawn(|| progress.print_now_and_then());
        }
        let _over = Over(&progress);
        work(&progress)
    })
}

/// Ends the printing thread, even if the work panics.
struct Over<'a>(&'a Progress);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        self.0.changed.notify_all();
    }
}

impl Progress {
    fn print_now_and_then(&self) {
        let begin = Instant::now();
        for next in [10, 30].into_iter().chain((1..).map(|minute| 60 * minute)) {
            let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
            while !now.over && begin.elapsed() < Duration::from_secs(next) {
                let left = Duration::from_secs(next).saturating_sub(begin.elapsed());
                now = self.changed.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0;
            }
            if now.over {
                return;
            }
            let seconds = begin.elapsed().as_secs();
            let phase = if now.phase.is_empty() { "building the model" } else { &now.phase };
            let _ = writeln!(std::io::stderr(), "[{:02}:{:02}] {phase}", seconds / 60, seconds % 60);
        }
    }
}
