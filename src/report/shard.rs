//! What a report says of itself that covers a part of a run only: which part, and what the whole is.

use crate::search::scope::{Scope, Size};
use crate::text::plural;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A part of a run, as `verify --shard I/N` decides it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShardDocument {
    /// Which part, from 1.
    pub index: usize,
    /// Number of parts.
    pub shards: usize,
    /// Number of pieces of all parts together.
    pub pieces: usize,
    /// Digest of the objects and the scenario.
    pub input: String,
    /// Digest of everything that the question depends on, flags included.
    pub question: String,
    /// The flags and settings among them, one a line.
    pub flags: Vec<String>,
    /// What all parts together cover.
    pub whole: Scope,
    /// The pieces of this part.
    pub own: Vec<OwnPiece>,
    /// The lines of the input that the report speaks of, by file and number.
    pub lines: BTreeMap<String, BTreeMap<usize, String>>,
}

impl ShardDocument {
    /// In words: `2 of 5; 3 of 12 pieces`.
    pub fn told(&self) -> String {
        let (index, shards, own, pieces) = (self.index, self.shards, self.own.len(), self.pieces);
        let rest = match self.own.iter().filter(|piece| piece.empty.is_some()).count() {
            0 => String::new(),
            empty => format!(", of which {empty} without any cluster"),
        };
        format!(
            "{index} of {shards}: {own} of {}{rest}; kubound merge puts all shards together",
            plural(pieces as i64, "piece")
        )
    }
}

/// A piece that a part has decided.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnPiece {
    /// Its number, from 1.
    pub number: usize,
    /// The intent.
    pub intent: String,
    /// What it covers of everything that was divided.
    pub sizes: Vec<Size>,
    /// Why there is no cluster in it, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<String>,
}

/// The piece that an answer is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PieceDocument {
    /// Its number, from 1.
    pub number: usize,
    /// What it covers of everything that was divided.
    pub sizes: Vec<Size>,
}

impl PieceDocument {
    /// In words: `piece 3: 4..6 worker`.
    pub fn told(&self) -> String {
        let sizes: Vec<String> = self.sizes.iter().map(|size| format!("{} {}", size.count, size.name)).collect();
        match sizes.as_slice() {
            [] => format!("piece {}: all sizes and values", self.number),
            sizes => format!("piece {}, and nothing else: {}", self.number, sizes.join(", ")),
        }
    }
}
