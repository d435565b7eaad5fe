//! `createDeployment`: a workload comes into being.

use super::{EventModel, happens};
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event};
use crate::needs::Needs;
use crate::state::{Model, text};

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

    fn add_rules(&self, model: &mut Model, event: &Event) {
        let EventKind::CreateDeployment { target } = &event.kind else { return };
        let Some(group) = model.cluster.workload(target) else { return };
        let Some(exists) = model.groups[group].exists else { return };
        let name = model.workload_name(group);
        let rule = happens(model, event, "create".into(), "kubectl", "Created")
            .when(!exists.value)
            .set_bool(exists, true)
            .says([text(format!("{name} is created"))]);
        model.add_rule(rule);
    }
}
