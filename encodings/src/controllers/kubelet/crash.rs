//! Containers that crash again and again, where the scenario says so (section 5.2).
//!
//! ## One step
//! A container of a pod whose start-up is over ends with an error; the pod is not ready from then on, but stays on its
//! node and goes on counting as a pod of its workload. Or the kubelet starts it again when its back-off (10 s to 5 min)
//! is over, and start-up begins anew.
//!
//! Both happen at any quiescent instant: how long a container runs and waits is not counted, hence neither is the number
//! of its restarts. Where other durations are counted, that is tagged.

use crate::state::{Model, RuleBuilder, text};
use crate::subject::Subject;
use crate::system::{Pace, Verb};

pub(super) fn add_rules(model: &mut Model, group: usize) {
    let Some(crashed) = model.groups[group].crashed.clone() else { return };
    for (slot, crashed) in crashed.into_iter().enumerate() {
        let state = &model.groups[group];
        let first = state.first_running_phase(slot);
        let id = state.id;
        let up = state.fresh.iter().map(|(phase, counts)| (phase.tell("crash".into()), counts[slot]));
        let up: Vec<_> = up.chain([("crash".into(), state.running[slot])]).collect();
        let place = format!("{} on {}", state.name, model.slots[slot].name);
        let alive = model.slots[slot].is_alive();
        let base = |model: &mut Model, subject: Subject, reason: &'static str| {
            let subject = subject.of(id).on(slot);
            let unit = model.fairness_unit(subject.clone());
            RuleBuilder::new(subject, "kubelet", reason, Pace::Clock).when(alive).fair(unit)
        };
        for (subject, running) in up {
            let crash = base(model, subject, "BackOff")
                .when(running.value.above(0))
                .writes(Verb::Status, id)
                .at(slot)
                .add(running, -1)
                .add(crashed, 1)
                .says([text(format!("a container of a pod of {place} crashes"))])
                .at_any_moment();
            model.add_rule(crash);
        }
        let mut restart = base(model, "restart".into(), "Started")
            .when(crashed.value.above(0))
            .writes(Verb::Status, id)
            .at(slot)
            .add(crashed, -1)
            .add(first, 1)
            .says([text(format!("a crashed container of a pod of {place} starts again"))]);
        if model.keeps_time() {
            restart = restart.over_approximates("the length of the back-off is not counted");
        }
        model.add_rule(restart);
    }
}
