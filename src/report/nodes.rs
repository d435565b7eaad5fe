//! What steps and nodes of a run say of room on nodes, and of what nodes are worth to the scheduler.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How full a node is before the first step. Amounts are in millicores of `cpu`, in bytes of `memory` and
/// `ephemeral-storage`, and in pieces of anything else; `pods` is the number of pods.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RoomDocument {
    /// The resource.
    pub resource: String,
    /// What the pods on the node request, terminating ones included.
    pub requested: i64,
    /// What the node offers.
    pub allocatable: i64,
}

/// How full a node is after a step that changes it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RequestedDocument {
    /// The node.
    pub node: String,
    /// The resource.
    pub resource: String,
    /// What the pods on the node request from then on.
    pub requested: i64,
}

/// What a node was worth to the scheduler.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ScoreDocument {
    /// The node.
    pub node: String,
    /// Its weighted score; none if a filter refused it.
    pub score: Option<i64>,
    /// Whether the pod went there.
    pub chosen: bool,
    /// Why a filter refused it, as Events have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// What each plugin adds to the score.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<ShareDocument>,
}

/// What a plugin adds to the score of a node.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ShareDocument {
    /// The plugin.
    pub plugin: String,
    /// Its weight.
    pub weight: i64,
    /// What it adds, its weight included.
    pub score: i64,
}
