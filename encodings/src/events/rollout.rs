//! `rollout`: somebody runs `kubectl rollout restart`, which writes an annotation with the time into the template. That
//! is a new revision each time, which no other controller can tell from the one before (section 2.5).

use super::{EventModel, Operation, plan};
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event};
use crate::controllers::is_paused;
use crate::needs::Needs;
use crate::state::{Model, text};
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Int, Term};

/// See the module.
pub struct Rollout;

impl EventModel for Rollout {
    fn names(&self) -> &'static [&'static str] {
        &["rollout"]
    }

    fn summary(&self) -> &'static str {
        "the rollout of a Deployment, StatefulSet or DaemonSet is restarted"
    }

    fn needs(&self, cluster: &Cluster, event: &Event, _: &Needs) -> Needs {
        let EventKind::Rollout { target } = &event.kind else { return Needs::default() };
        Needs::default().with_template(cluster, target)
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::Rollout { target } = &event.kind else { return vec![] };
        let Some(group) = model.cluster.workload(target) else { return vec![] };
        let Some(wanted) = model.revision_wanted(group) else { return vec![] };
        let restarts = model.cluster.restarts(target);
        let template = wanted.value / (restarts + 1);
        let earlier = super::times_restarted(model, target);
        let to = template * (restarts + 1) + earlier + 1;
        let name = model.workload_name(group);
        let exists = model.groups[group].exists.map_or(true.into(), |exists| exists.value);
        let rule = plan::rule(model, event, "restart", "kubectl", "Restarted", Pace::Event)
            .when(exists)
            .when(!is_paused(model, group))
            .writes(Verb::Patch, model.ids.workloads[group])
            .set(wanted, to.min(wanted.value.range().hi))
            .says([text(format!("{name} restarted, revision ")), shown(to)]);
        vec![Operation::Begins(rule)]
    }
}

/// The number of a revision as names show it: from 1.
pub(super) fn shown(revision: Int) -> Phrase {
    Phrase::Value { term: (revision + 1).id(), scale: 1, unit: "" }
}
