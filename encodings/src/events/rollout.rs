//! `rollout` and `rollback`: somebody runs `kubectl rollout restart` or `kubectl rollout undo`.
//!
//! A restart writes an annotation with the time into the template, which is a new revision each time. An undo takes the
//! template of the ReplicaSet with the second highest revision number; it does nothing if that is the present one, or if
//! there is none (sections 2.2 and 2.5).

use super::{EventModel, happens};
use crate::cluster::Event;
use crate::cluster::event::EventKind;
use crate::state::{Model, text};
use crate::system::Phrase;
use crate::term::{Int, count, ite, sum};

/// See the module.
pub struct Rollout;

/// See the module.
pub struct Rollback;

impl EventModel for Rollout {
    fn names(&self) -> &'static [&'static str] {
        &["rollout"]
    }

    fn summary(&self) -> &'static str {
        "the rollout of a Deployment is restarted"
    }

    fn add_rules(&self, model: &mut Model, event: &Event) {
        let EventKind::Rollout { target } = &event.kind else { return };
        let Some(group) = model.cluster.workload(target) else { return };
        let Some(wanted) = model.revision_wanted(group) else { return };
        let restarts = model.cluster.restarts(target);
        let template = wanted.value / (restarts + 1);
        let earlier = super::times_restarted(model, target);
        let to = template * (restarts + 1) + earlier + 1;
        let name = model.groups[group].name.clone();
        let exists = model.groups[group].exists.map_or(true.into(), |exists| exists.value);
        let rule = happens(model, event, "restart".into(), "kubectl", "Restarted")
            .when(exists)
            .set(wanted, to.min(wanted.value.range().hi))
            .says([
                text(format!("{name} restarted, revision ")),
                Phrase::Value { term: shown(to), scale: 1, unit: "" },
            ]);
        model.add_rule(rule);
    }
}

/// The number of a revision as names show it.
fn shown(revision: Int) -> crate::term::TermId {
    crate::term::Term::id(revision + 1)
}

impl EventModel for Rollback {
    fn names(&self) -> &'static [&'static str] {
        &["rollback"]
    }

    fn summary(&self) -> &'static str {
        "a Deployment is rolled back to the revision before"
    }

    fn add_rules(&self, model: &mut Model, event: &Event) {
        let EventKind::Rollback { target } = &event.kind else { return };
        let Some(group) = model.cluster.workload(target) else { return };
        let Some(wanted) = model.revision_wanted(group) else { return };
        let numbers: Vec<(i64, Int)> = model
            .revisions(group)
            .filter_map(|one| {
                let one = &model.groups[one];
                Some((one.revision as i64, one.history?.number?.value))
            })
            .collect();
        let numbered = count(numbers.iter().map(|(_, number)| number.above(0)));
        let previous = sum(numbers.iter().map(|&(revision, number)| ite(number.is(numbered - 1), revision, 0)));
        let name = model.groups[group].name.clone();
        let rule = happens(model, event, "undo".into(), "kubectl", "RolledBack")
            .when(numbered.at_least(2))
            .when(previous.is_not(wanted.value))
            .set(wanted, previous.min(wanted.value.range().hi))
            .says([
                text(format!("{name} rolled back to revision ")),
                Phrase::Value { term: shown(previous), scale: 1, unit: "" },
            ]);
        model.add_rule(rule);
    }
}
