//! One run on several machines: which pieces it consists of, which shard decides which of them, and what their answers
//! amount to together.
//!
//! A piece is one intent for some of the sizes and values of the input. All of it follows from the input, the flags and
//! the number of shards, so that machines need not talk to each other: each makes the same [`Plan`] and decides its own
//! pieces, and [`merge`] refuses what does not fit together.

mod axes;
mod deal;
pub mod error;
pub mod merge;
mod plan;
mod read;
pub mod report;

pub use axes::is_bounded;
pub use plan::{Piece, Plan};
pub use read::read;

/// Which part of a run: `index` of `shards`, from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Which part.
    pub index: usize,
    /// Number of parts.
    pub shards: usize,
}
