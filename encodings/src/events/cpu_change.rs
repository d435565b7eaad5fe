//! `cpuChange`: the CPU usage of every pod of a workload becomes another value.

use super::{EventModel, Operation, plan};
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event};
use crate::needs::Needs;
use crate::state::{Model, text, words};
use crate::subject::Subject;
use crate::system::{Pace, Phrase};
use crate::term::{Term, int_choice};

/// See the module.
pub struct CpuChange;

impl EventModel for CpuChange {
    fn names(&self) -> &'static [&'static str] {
        &["cpuChange"]
    }

    fn summary(&self) -> &'static str {
        "the CPU usage of each pod of a workload changes"
    }

    fn needs(&self, _: &Cluster, event: &Event, _: &Needs) -> Needs {
        let EventKind::CpuChange { target, to } = &event.kind else { return Needs::default() };
        Needs { cpu_usage: vec![(target.clone(), *to)], ..Needs::default() }
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::CpuChange { target, to } = &event.kind else { return vec![] };
        let Some(group) = model.cluster.workload(target) else { return vec![] };
        let Some(usage) = model.uses(group).cpu_var else { return vec![] };
        let (name, unit) = (model.workload_name(group), model.uses(group).cpu_unit);
        let (choice, index) = int_choice(Subject::new(words::USAGE).of(model.event_id(event)), 0, to.len() - 1);
        let new = index * (to.step / unit).max(1) + to.lo / unit;
        let differs = if to.len() > 1 { true.into() } else { usage.value.is_not(to.lo / unit) };
        let shown = |term: crate::term::Int| Phrase::Value { term: term.id(), scale: unit, unit: "m" };
        let rule = plan::rule(model, event, "change", "load", "CPUChanged", Pace::Event)
            .when(differs)
            .pick(choice)
            .such_that(new.is_not(usage.value))
            .happens()
            .set(usage, new)
            .says([text(format!("CPU usage of a pod of {name} ")), shown(usage.value), text(" -> "), shown(new)]);
        vec![Operation::Begins(rule)]
    }
}
