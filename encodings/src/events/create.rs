//! `createDeployment`: a workload comes into being.

use super::{EventModel, Operation, plan};
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event};
use crate::needs::Needs;
use crate::state::{Model, text};
use crate::system::{Pace, Verb};

/// See the module.
pub struct Create;

impl EventModel for Create {
    fn names(&self) -> &'static [&'static str] {
        &["createDeployment"]
    }

    fn summary(&self) -> &'static str {
        "a Deployment is created"
    }

    fn needs(&self, _: &Cluster, _: &Event, _: &Needs) -> Needs {
        Needs::default()
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::CreateDeployment { target } = &event.kind else { return vec![] };
        let Some(group) = model.cluster.workload(target) else { return vec![] };
        let Some(exists) = model.groups[group].exists else { return vec![] };
        let name = model.workload_name(group);
        let rule = plan::rule(model, event, "create", "kubectl", "Created", Pace::Event)
            .when(!exists.value)
            .writes(Verb::Create, model.ids.workloads[group])
            .set_bool(exists, true)
            .says([text(format!("{name} is created"))]);
        vec![Operation::Begins(rule)]
    }
}
