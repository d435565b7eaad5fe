//! Pods of Jobs that have done their work.

use crate::controllers::job::RunTimer;
use crate::state::{Model, RuleBuilder, counted};
use crate::subject::Subject;
use crate::system::{Pace, Verb};
use crate::term::{any, int_choice};

/// Declares the countdown of the run time of a Job's pods, where it is given.
pub(super) fn prepare(model: &mut Model, group: usize) {
    let Some(seconds) = model.workload(group).job().and_then(|job| job.run_time) else {
        return;
    };
    let running = model.groups[group].running.iter().enumerate();
    let some = any(running.map(|(slot, count)| count.value.above(0) & model.slots[slot].is_alive()));
    let timer = model.timer(Subject::new("run timer").of(model.groups[group].id), seconds, some);
    model.remember(group, RunTimer(timer));
}

/// One countdown stands for the run time of all pods of a Job; at its end any number of them, at least one, succeeds.
/// Without a run time they may do so at any quiescent moment, and each does eventually.
pub(super) fn add_rules(model: &mut Model, group: usize) {
    let Some(job) = model.job_state(group) else { return };
    let (id, name) = (model.groups[group].id, model.groups[group].name.clone());
    let running = model.groups[group].running.clone();
    let timer = model.side::<RunTimer>(group).map(|one| one.0.clone());
    let pace = match &timer {
        Some(timer) if timer.left.is_some() || timer.full == 0 => Pace::Fast,
        _ => Pace::Clock,
    };
    for (slot, &count) in running.iter().enumerate() {
        if count.value.range().hi == 0 {
            continue;
        }
        let unit = model.fairness_unit(Subject::new("kubelet completes pods of").of(id).on(slot));
        let place = format!("{name} on {}", model.slots[slot].name);
        let (choice, ended) = int_choice(Subject::new("succeeded").of(id).on(slot), 1, count.value.range().hi);
        let mut rule = RuleBuilder::new(Subject::new("succeed").of(id).on(slot), "kubelet", "Completed", pace)
            .when(count.value.above(0))
            .when(model.slots[slot].is_alive())
            .fair(unit)
            .pick(choice)
            .such_that(ended.at_most(count.value))
            .writes(Verb::Status, id)
            .at(slot)
            .times(ended)
            .add(count, -ended)
            .writes(Verb::Status, id)
            .saturate(job.succeeded, ended)
            .saturate(job.known, -ended)
            .says([counted(ended, format!("pod of {place} succeeds"), format!("pods of {place} succeed"))]);
        if timer.is_none() {
            rule = rule.at_any_moment();
        }
        if let Some(timer) = &timer {
            rule = rule.when(timer.expired);
            rule = if model.groups[group].most > 1 {
                timer.restart(rule).over_approximates("pods of a Job share one countdown of their run time")
            } else {
                // The next pod, if there is one, runs for the whole time.
                timer.wind_up(rule)
            };
        }
        model.add_rule(rule);
    }
}
