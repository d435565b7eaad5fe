//! `scale`: somebody runs `kubectl scale`.

use super::{EventModel, Operation, plan};
use crate::cluster::comparison::WantedReplicas;
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Comparison, Event};
use crate::needs::Needs;
use crate::state::{IntVar, Model, RuleBuilder, text, value};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Role, Verb};
use crate::term::{Int, int_choice};

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
        let rule = remember(model, event, group, wanted, rule);
        vec![Operation::Begins(model.take_over(group, rule, wanted.is_not(spec.value)))]
    }
}

/// What a scaling has picked, where somebody compares with a cluster that was created so.
pub(crate) struct Picked(pub(crate) IntVar);

/// Remembers what is picked, if that is what is wanted after all operations and an intent asks for it.
fn remember(model: &mut Model, event: &Event, group: usize, wanted: Int, rule: RuleBuilder) -> RuleBuilder {
    let cluster = model.cluster;
    let is_wanted = |number: &usize| cluster.wanted(group).replicas == WantedReplicas::Picked(*number);
    let is_compared = cluster.intents.iter().any(|intent| Comparison::of(intent).is_some());
    let Some(number) = cluster.event(event).filter(|number| is_compared && is_wanted(number)) else { return rule };
    let range = wanted.range();
    let subject = Subject::new("wanted replicas").of(model.event_id(event));
    let picked = model.int_var(subject, Role::Budget, range.lo, range.hi, range.lo);
    model.remember(number, Picked(picked));
    rule.set(picked, wanted)
}
