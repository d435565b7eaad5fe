//! Ready pods that become available after `minReadySeconds` (`IsPodAvailable`), where that matters. Nobody does
//! anything: it is a matter of time. Counted like start-up: by the units of time left where these are few, else with
//! one countdown for all pods of a workload.

use crate::state::{Countdown, Model, Phase, RuleBuilder, counted};
use crate::subject::Subject;
use crate::system::{Pace, Verb};
use crate::term::{any, int_choice};

pub(super) fn add_rules(model: &mut Model, group: usize) {
    let Some(seconds) = model.cluster.min_ready_seconds(model.workload(group)) else { return };
    let (id, name) = (model.groups[group].id, model.groups[group].name.clone());
    let stages = model.groups[group].fresh.clone();
    let [(Phase::Fresh(0), fresh)] = &stages[..] else {
        for slot in model.groups[group].slots() {
            model.clock.countdowns.push(Countdown {
                pods: id,
                slot,
                stages: stages.iter().map(|(_, counts)| counts[slot]).collect(),
                done: model.groups[group].running[slot],
                runs: model.slots[slot].present,
                outcome: format!(" of {name} on {} available", model.slots[slot].name),
            });
        }
        return;
    };
    let some = any(fresh.iter().map(|count| count.value.above(0)));
    let timer = model.timer(Subject::new("availability timer").of(id), seconds, some);
    let pace = if timer.left.is_some() || timer.full == 0 { Pace::Fast } else { Pace::Clock };
    for (slot, &count) in fresh.iter().enumerate() {
        let unit = model.fairness_unit(Subject::new("availability of").of(id).on(slot));
        let place = format!("{name} on {}", model.slots[slot].name);
        let (choice, available) =
            int_choice(Subject::new("available").of(id).on(slot), 1, count.value.range().hi.max(1));
        let mut rule = RuleBuilder::new(Subject::new("available").of(id).on(slot), "kubelet", "Available", pace)
            .when(count.value.above(0))
            .when(timer.expired)
            .fair(unit)
            .pick(choice)
            .such_that(available.at_most(count.value))
            .writes(Verb::Status, id)
            .at(slot)
            .times(available)
            .add(count, -available)
            .add(model.groups[group].running[slot], available)
            .says([counted(
                available,
                format!("pod of {place} is available"),
                format!("pods of {place} are available"),
            )]);
        if model.groups[group].most > 1 {
            rule = rule.over_approximates("pods of a workload share one countdown until they are available");
        }
        model.add_rule(timer.restart(rule));
    }
}
