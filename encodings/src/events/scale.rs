//! `scale`: somebody runs `kubectl scale`.

use super::{EventModel, Operation, plan};
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event};
use crate::needs::Needs;
use crate::state::{Model, text, value};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Verb};
use crate::term::int_choice;

/// See the module.
pub struct Scale;

impl EventModel for Scale {
    fn names(&self) -> &'static [&'static str] {
        &["scale"]
    }

    fn summary(&self) -> &'static str {
        "spec.replicas is set by hand"
    }

    fn needs(&self, _: &Cluster, event: &Event, _: &Needs) -> Needs {
        let EventKind::Scale { target, replicas } = &event.kind else { return Needs::default() };
        Needs { replicas: vec![(target.clone(), *replicas)], ..Needs::default() }
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::Scale { target, replicas } = &event.kind else { return vec![] };
        let Some(group) = model.cluster.workload(target) else { return vec![] };
        let spec = model.groups[group].spec;
        let (choice, index) = int_choice(Subject::new("replicas").of(model.event_id(event)), 0, replicas.len() - 1);
        let wanted = index * replicas.step + replicas.lo;
        let name = model.workload_name(group);
        let rule = plan::rule(model, event, "scale", "kubectl", "Scaled", Pace::Event)
            .pick(choice)
            .writes(Verb::Update, model.ids.workloads[group])
            .set(spec, wanted)
            .says([text(format!("{name} scaled ")), value(spec.value), text(" -> "), Phrase::After(spec.id)]);
        vec![Operation::Begins(model.take_over(group, rule, wanted.is_not(spec.value)))]
    }
}
