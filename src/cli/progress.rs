//! Progress of long searches, on standard error. On a terminal one line that is drawn again and again, and removed in
//! the end; elsewhere (pipelines, files) a line after 10 s, after 30 s, then every minute. Nothing with `--quiet`.

use crate::limits::report::REDRAW;
use crate::search::estimate::Estimate;
use crate::search::{Decision, Observer};
use crate::text::neutralise;
use std::fmt::{self, Write as _};
use std::io::{IsTerminal, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;
/// Takes the line on a terminal away.
pub(super) const CLEAR: &str = "\r\u{1b}[2K";

/// What the search is doing now, and whether it is over.
#[derive(Clone, Default)]
struct Now {
    phase: String,
    decided: usize,
    intents: usize,
    violated: usize,
    over: bool,
}

impl Now {
    /// `[00:42] 2 of 5 intents decided, 1 violated; noOscillation: lasso, up to 4 nodes, …`, and the time.
    fn line(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs();
        let mut line = format!("[{:02}:{:02}] ", seconds / 60, seconds % 60);
        if self.intents > 1 {
            let violated = if self.violated == 0 { String::new() } else { format!(", {} violated", self.violated) };
            let _ = write!(line, "{} of {} intents decided{violated}; ", self.decided, self.intents);
        }
        line + if self.phase.is_empty() { "building the model" } else { &self.phase }
    }

    /// The soft notice before time runs out.
    fn notice(&self, timeout: Duration) -> String {
        let what = if self.phase.is_empty() { "building the model" } else { &self.phase };
        let timeout = timeout.as_secs();
        format!(
            "note: half of --timeout ({timeout} s) is over, at {what}\n      a longer --timeout, fewer --nodes or --pods, \
             or a --depth may decide more"
        )
    }
}

/// What there is to tell people.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// An answer is known.
    Decided(&'a Decision<'a>),
    /// Every intent that was open had its turn.
    RoundIsOver,
}

/// Tells news at once.
pub type Tell<'a> = dyn Fn(News) + Sync + 'a;

/// Collects phases; a thread of [`with_progress`] prints them.
struct Progress<'a> {
    now: Mutex<Now>,
    changed: Condvar,
    /// Whether the line is drawn; whoever writes holds it.
    drawn: Mutex<bool>,
    tell: &'a Tell<'a>,
    /// Whether people were told how large a search is, or do not want to know.
    sized: AtomicBool,
}

impl<'a> Progress<'a> {
    fn new(quiet: bool, tell: &'a Tell<'a>) -> Self {
        let (now, changed, drawn) = (Mutex::default(), Condvar::new(), Mutex::default());
        Self { now, changed, drawn, tell, sized: AtomicBool::new(quiet) }
    }

    /// Writes something that stays, in place of the line.
    fn write(&self, write: impl FnOnce()) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut *drawn) {
            let _ = std::io::stderr().write_all(CLEAR.as_bytes());
        }
        write();
    }
}

impl Observer for Progress<'_> {
    fn phase(&self, what: &fmt::Arguments) {
        log::info!("{what}");
        self.now.lock().unwrap_or_else(PoisonError::into_inner).phase = neutralise(&what.to_string());
    }

    fn decided(&self, decision: &Decision) {
        let Decision { result, decided, intents, .. } = *decision;
        log::info!("decided {decided} of {intents}: {}: {}", result.intent, result.verdict.word());
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        (now.decided, now.intents) = (decided, intents);
        now.violated += usize::from(result.verdict.violation().is_some());
        drop(now);
        self.write(|| (self.tell)(News::Decided(decision)));
    }

    fn round_is_over(&self) {
        self.write(|| (self.tell)(News::RoundIsOver));
    }

    fn long(&self, intent: &str, size: &Estimate) {
        // One is enough to know what to make smaller.
        if !self.sized.swap(true, Ordering::Relaxed) {
            let note = format!(
                "note: {}: {}\n      fewer --nodes or --pods, or smaller ranges, make it smaller\n",
                neutralise(intent),
                neutralise(&size.to_string())
            );
            self.write(|| drop(std::io::stderr().write_all(note.as_bytes())));
        }
    }
}

/// Whether standard error is a terminal that can take back a line.
pub(super) fn is_live() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    std::io::stderr().is_terminal() && !is_dumb && !is_set("CI")
}

/// Runs `work`, which may take `timeout`, with an observer whose phases appear on standard error, unless `quiet`, and whose
/// news are told at once.
pub fn with_progress<R>(quiet: bool, timeout: Duration, tell: &Tell, work: impl FnOnce(&dyn Observer) -> R) -> R {
    let progress = Progress::new(quiet, tell);
    thread::scope(|scope| {
        if !quiet {
            let mut printer = Printer { is_live: is_live(), timeout, noticed: false, begin: Instant::now() };
            let progress = &progress;
            scope.spawn(move || printer.print(progress, &mut std::io::stderr()));
        }
        let _over = Over(&progress);
        work(&progress)
    })
}

/// Ends the printing thread, even if the work panics.
struct Over<'a>(&'a Progress<'a>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        self.0.changed.notify_all();
    }
}

/// Prints what there is to say when it is time.
struct Printer {
    is_live: bool,
    timeout: Duration,
    noticed: bool,
    begin: Instant,
}

impl Printer {
    fn print(&mut self, progress: &Progress, out: &mut dyn std::io::Write) {
        let mut next = first_line(self.is_live);
        while let Some(now) = self.wait(progress, next.min(self.notice_at())) {
            let elapsed = self.begin.elapsed();
            let mut text = String::new();
            let mut drawn = progress.drawn.lock().unwrap_or_else(PoisonError::into_inner);
            if elapsed >= self.notice_at() {
                self.noticed = true;
                let clear = if std::mem::take(&mut *drawn) { CLEAR } else { "" };
                let _ = writeln!(text, "{clear}{}", now.notice(self.timeout));
            }
            if elapsed >= next {
                let line = now.line(elapsed);
                if self.is_live {
                    let _ = write!(text, "{CLEAR}{}", line.chars().take(columns() - 1).collect::<String>());
                    *drawn = true;
                } else {
                    let _ = writeln!(text, "{line}");
                }
                next = following(next, self.is_live);
            }
            // A reader that went away is no reason to stop the search.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        }
        if *progress.drawn.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = out.write_all(CLEAR.as_bytes()).and_then(|()| out.flush());
        }
    }

    /// When the soft notice is due; never twice.
    fn notice_at(&self) -> Duration {
        if self.noticed { Duration::MAX } else { self.timeout / 2 }
    }

    /// Waits until that much time is over; `None` if the work is over before.
    fn wait(&self, progress: &Progress, until: Duration) -> Option<Now> {
        let mut now = progress.now.lock().unwrap_or_else(PoisonError::into_inner);
        while !now.over {
            let left = until.saturating_sub(self.begin.elapsed());
            if left.is_zero() {
                return Some(now.clone());
            }
            now = progress.changed.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        None
    }
}

fn columns() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.filter(|columns| *columns >= 20).unwrap_or(COLUMNS)
}

/// When the first line is due.
fn first_line(is_live: bool) -> Duration {
    if is_live { REDRAW } else { Duration::from_secs(10) }
}

/// When the line after one that was due at `last` is due.
fn following(last: Duration, is_live: bool) -> Duration {
    match last.as_secs() {
        _ if is_live => last + REDRAW,
        ..30 => Duration::from_secs(30),
        30..60 => Duration::from_secs(60),
        seconds => Duration::from_secs(seconds + 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_sparse_off_a_terminal() {
        let mut times = vec![first_line(false)];
        for _ in 0..4 {
            times.push(following(times[times.len() - 1], false));
        }
        assert_eq!(times.iter().map(Duration::as_secs).collect::<Vec<_>>(), [10, 30, 60, 120, 180]);
        assert_eq!(following(first_line(true), true), 2 * REDRAW);
    }

    #[test]
    fn a_line_says_how_far_it_is_and_what_it_does() {
        let progress = Progress::new(false, &|_| ());
        *progress.now.lock().expect("not poisoned") = Now { decided: 2, intents: 5, violated: 1, ..Now::default() };
        progress.phase(&format_args!("noOscillation: lasso, up to 4 nodes, up to 6 pods, up to 13 steps\u{1b}"));
        let now = progress.now.lock().expect("not poisoned").clone();
        let line = now.line(Duration::from_secs(102));
        let expected = "[01:42] 2 of 5 intents decided, 1 violated; noOscillation: lasso, up to 4 nodes, up to 6 pods, up to 13 steps\\u{1b}";
        assert_eq!(line, expected);
        assert!(
            now.notice(Duration::from_secs(600)).contains("half of --timeout (600 s) is over, at noOscillation: lasso")
        );
    }

    #[test]
    fn the_notice_comes_once_and_a_drawn_line_is_removed() {
        let progress = Progress::new(false, &|_| ());
        let begin = Instant::now().checked_sub(Duration::from_secs(40)).expect("a computer that is up for a minute");
        let mut printer = Printer { is_live: true, timeout: Duration::from_secs(60), noticed: false, begin };
        let mut out = Until { progress: &progress, written: String::new() };
        printer.print(&progress, &mut out);
        assert_eq!(out.written.matches("half of --timeout").count(), 1);
        assert!(out.written.ends_with(CLEAR), "{:?}", out.written);
    }

    /// Takes text, and says that the work is over once it has enough of it.
    struct Until<'a> {
        progress: &'a Progress<'a>,
        written: String,
    }

    impl std::io::Write for Until<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.written += std::str::from_utf8(bytes).expect("text");
            if self.written.matches("building the model").count() >= 3 {
                drop(Over(self.progress));
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
