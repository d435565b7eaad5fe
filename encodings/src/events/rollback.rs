//! `rollback`: somebody runs `kubectl rollout undo`, which takes the template of the ReplicaSet with the second highest
//! revision number. It does nothing if that is the present template, or if there is none (sections 2.2 and 2.5).

use super::rollout::shown;
use super::{EventModel, Operation, plan};
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event};
use crate::controllers::{is_paused, replica_set_of};
use crate::needs::Needs;
use crate::state::{Model, text};
use crate::system::{Pace, Verb};
use crate::term::{Int, count, ite, sum};

/// See the module.
pub struct Rollback;

impl EventModel for Rollback {
    fn names(&self) -> &'static [&'static str] {
        &["rollback"]
    }

    fn summary(&self) -> &'static str {
        "a Deployment is rolled back to the revision before"
    }

    fn needs(&self, cluster: &Cluster, event: &Event, _: &Needs) -> Needs {
        let EventKind::Rollback { target } = &event.kind else { return Needs::default() };
        let needs = Needs { revision_numbers: vec![target.clone()], ..Needs::default() };
        needs.with_template(cluster, target)
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::Rollback { target } = &event.kind else { return vec![] };
        let Some(group) = model.cluster.workload(target) else { return vec![] };
        let Some(wanted) = model.revision_wanted(group) else { return vec![] };
        let numbers: Vec<(i64, Int)> = model
            .revisions(group)
            .filter_map(|one| {
                let number = replica_set_of(model, one)?.history?.number?;
                Some((model.groups[one].revision as i64, number.value))
            })
            .collect();
        let numbered = count(numbers.iter().map(|(_, number)| number.above(0)));
        let previous = sum(numbers.iter().map(|&(revision, number)| ite(number.is(numbered - 1), revision, 0)));
        let name = model.workload_name(group);
        let rule = plan::rule(model, event, "undo", "kubectl", "RolledBack", Pace::Event)
            .when(numbered.at_least(2))
            .when(!is_paused(model, group))
            .when(previous.is_not(wanted.value))
            .writes(Verb::Patch, model.ids.workloads[group])
            .set(wanted, previous.min(wanted.value.range().hi))
            .says([text(format!("{name} rolled back to revision ")), shown(previous)]);
        vec![Operation::Begins(rule)]
    }
}
