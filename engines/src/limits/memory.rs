//! How much memory the process may take. The solvers' memory counts as well, so the process is asked and not an allocator:
//! a watcher reads the size of the process now and then, and searches give up while it is too large.
//!
//! What a search frees may stay with the process for the next one, without being in use. So what a search may take is
//! counted from where the process stood when it began, within what is left of the machine.

use super::memory_watch::MORE;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why searches give up.
pub const REASON: &str = "memory limit";

/// Bytes that the process has, as last seen.
static TAKEN: AtomicU64 = AtomicU64::new(0);
/// Bytes that the process may have; none if 0.
static MOST: AtomicU64 = AtomicU64::new(0);
/// The same, for the search that runs now.
static MOST_NOW: AtomicU64 = AtomicU64::new(0);

/// Sets how many bytes the process may have.
pub fn limit(bytes: u64) {
    MOST.store(bytes, Ordering::Relaxed);
    MOST_NOW.store(bytes, Ordering::Relaxed);
}

/// How many bytes the process may have, if that is limited.
pub fn limited() -> Option<u64> {
    Some(MOST.load(Ordering::Relaxed)).filter(|&most| most > 0)
}

/// Says how many bytes the process has.
pub fn taken(bytes: u64) {
    TAKEN.store(bytes, Ordering::Relaxed);
}

/// A new search begins.
pub fn begin() {
    let most = MOST.load(Ordering::Relaxed);
    let more = most / MORE;
    let now = (TAKEN.load(Ordering::Relaxed) + more).clamp(most, most + 2 * more);
    MOST_NOW.store(now, Ordering::Relaxed);
}

/// Whether the process has more than it may have.
pub fn is_over() -> bool {
    let most = MOST_NOW.load(Ordering::Relaxed);
    most > 0 && TAKEN.load(Ordering::Relaxed) > most
}

/// A number of bytes for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let gibibytes = self.0 as f64 / f64::from(1 << 30);
        if gibibytes >= 1.0 { write!(f, "{gibibytes:.1} GiB") } else { write!(f, "{} MiB", self.0 >> 20) }
    }
}
