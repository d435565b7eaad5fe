//! Why reports cannot be put together.

use std::fmt;

/// Why reports cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// There are none.
    #[error("there is no report\nhelp: name the files that the shards wrote with -o json=FILE, or a folder of them")]
    Nothing,
    /// Not what `-o json` writes.
    #[error("{file} is no report of a shard: {why}\nhelp: name what `verify --shard I/N -o json=FILE` has written")]
    NoReport {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// Written by another version.
    #[error(
        "{file} was written by Kubound {found}, and this is {own}\nhelp: run all shards and the merge with the same version"
    )]
    Version {
        /// The file.
        file: String,
        /// The version that wrote it.
        found: String,
        /// This version.
        own: &'static str,
    },
    /// The report of a whole run.
    #[error("{file} is the report of a run without --shard\nhelp: leave it out; it needs no merge")]
    NoShard {
        /// The file.
        file: String,
    },
    /// A shard that was not finished.
    #[error("{file}: shard {shard} was interrupted\nhelp: run this shard again")]
    Interrupted {
        /// The file.
        file: String,
        /// The shard.
        shard: String,
    },
    /// Shards of different runs.
    #[error("{0}")]
    Different(Box<Difference>),
    /// A shard twice.
    #[error("{file} and {other} are both shard {shard}\nhelp: name the report of each shard once")]
    Doubled {
        /// The file.
        file: String,
        /// The other one.
        other: String,
        /// The shard.
        shard: String,
    },
    /// Shards that are not there.
    #[error("missing: {shards} of {of}\nhelp: run them, with the same input and flags, and name their reports as well")]
    Missing {
        /// Which.
        shards: String,
        /// How many there are.
        of: usize,
    },
    /// A report that does not say what its shard should.
    #[error("{file}: {why}\nhelp: run this shard again; the file has been changed, or is a fault of Kubound")]
    Broken {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// No piece has a cluster.
    #[error("nothing to check: {why}")]
    NothingToCheck {
        /// Why the first piece has none.
        why: String,
    },
}

/// What differs between the reports of two shards.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The file.
    pub file: String,
    /// Another one.
    pub other: String,
    /// What differs.
    pub what: &'static str,
    /// What the file says.
    pub found: String,
    /// What the other one says.
    pub expected: String,
    /// What to do.
    pub help: &'static str,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Self { file, other, what, found, expected, help } = self;
        let told = format!("{what} is {found} in the first and {expected} in the second");
        write!(f, "{file} and {other} are not of one run: {told}\nhelp: {help}")
    }
}
