//! `conflict`: a write is refused because its object has changed since the controller read it (409). What the sync has done
//! before stays done, the rest is tried again.
//!
//! A sync of one request is only late, which fairness covers: nobody wins such a race by waiting, but everybody tries again.

use super::interrupted::partly;
use super::{FaultModel, Injection};
use crate::cluster::FaultKind;
use crate::state::{Model, text};
use crate::system::Verb;

/// See the module.
pub(super) struct Conflict;

impl FaultModel for Conflict {
    fn kind(&self) -> FaultKind {
        FaultKind::Conflict
    }

    fn add_rules(&self, model: &mut Model, injection: &Injection) {
        for index in injection.divisible(model) {
            // Creations and deletions name no version that they rely on.
            let relies = |verb: Verb| matches!(verb, Verb::Update | Verb::Status);
            if !model.draft.rules[index].writes.iter().any(|write| write.stage > 0 && relies(write.verb)) {
                continue;
            }
            let Some(rule) = partly(model, index, (self.kind().name(), "Conflict")) else { continue };
            let rule = injection.happens(model, rule);
            model.add_rule(rule.also_says([text("the next is refused, the object has changed (409)")]));
        }
    }
}
