//! The kinds that a cluster may have: the registries of controllers, events and intents together, so that a test, or
//! whoever embeds the models, can add a kind of its own.

use crate::controllers::{self, Controller};
use crate::events::{self, EventModel};
use crate::intents::{self, IntentModel};

/// Registries; the order within each means nothing but the order of rules in lists.
#[derive(Clone)]
pub struct Kinds {
    /// Who acts by itself.
    pub controllers: Vec<&'static dyn Controller>,
    /// What users and machines may do.
    pub events: Vec<&'static dyn EventModel>,
    /// What shall hold.
    pub intents: Vec<&'static dyn IntentModel>,
}

impl Default for Kinds {
    /// Those of Kubernetes, and what comes with Kubound.
    fn default() -> Self {
        Self {
            controllers: controllers::REGISTRY.to_vec(),
            events: events::REGISTRY.to_vec(),
            intents: intents::REGISTRY.to_vec(),
        }
    }
}
