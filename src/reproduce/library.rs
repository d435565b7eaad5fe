//! What every script begins with.

/// Shell functions that set up, look and wait.
pub(super) const COMMON: &str = include_str!("library.sh");
/// Shell functions of kind.
pub(super) const KIND: &str = include_str!("kind.sh");
/// Shell functions of KWOK.
pub(super) const KWOK: &str = include_str!("kwok.sh");
