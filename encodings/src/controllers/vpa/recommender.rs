//! The recommender (`pkg/recommender/logic/recommender.go`): the target for what pods use at present.

use super::Scaler;
use crate::cluster::hpa::MetricResource;
use crate::cluster::vpa::Controlled;
use crate::cluster::workload::{Share, Usage};
use crate::state::{Model, RuleBuilder, text};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Bool, Int, Term, count};

/// Adds the rules by which the recommendation changes.
pub(super) fn add_rules(model: &mut Model, (vpa, id): Scaler, group: usize) {
    let Some(recommended) = super::recommended(model, group) else { return };
    let ready = model.ready(group);
    let level = vpa.controlled.iter().fold(Int::from(0), |level, one| {
        level * one.targets.len() as i64 + target(one, usage(model, group, one, ready))
    }) + 1;
    // Containers without a sample get no recommendation.
    let changes = ready.above(0) & level.is_not(recommended.value);
    let workload = model.workload(group);
    let is_shared = vpa.controlled.iter().any(|one| {
        let usage = if one.resource == MetricResource::Cpu { workload.cpu_usage } else { workload.memory_usage };
        matches!(usage, Usage::Shared(_))
    });
    let is_rounded = vpa.controlled.iter().any(|one| one.is_rounded);
    let all_ready = ready.is(model.groups[group].spec.value);
    let variants: Vec<(&'static str, Bool, Option<&str>)> = match (is_rounded, is_shared) {
        (true, _) => vec![("recommend", true.into(), Some("recommendations are rounded up to a few levels"))],
        (false, false) => vec![("recommend", true.into(), None)],
        (false, true) => vec![
            ("recommend", all_ready, None),
            ("recommend-in-between", !all_ready, Some("a history hardly shows what pods use while some are missing")),
        ],
    };
    let unit = model.fairness_unit(Subject::new("vpa-recommender").of(id));
    for (verb, when, why) in variants {
        let mut rule =
            RuleBuilder::new(Subject::new(verb).of(id), "vertical-pod-autoscaler", "Recommended", Pace::Clock)
                .when(changes & when)
                .writes(Verb::Status, id)
                .set(recommended, level)
                .fair(unit)
                .says([text(format!("pods of {} shall request", model.workload_name(group)))])
                .because_of(vpa.origin.clone());
        for (index, one) in vpa.controlled.iter().enumerate() {
            let (scale, unit) = if one.resource == MetricResource::Cpu { (1, "m") } else { (1 << 20, "Mi") };
            let amounts: Vec<i64> = one.targets.iter().map(|target| target / scale).collect();
            let amount = target(one, usage(model, group, one, ready)).table(&amounts);
            let container = if vpa.has_several() { format!(" {}", one.part.container) } else { String::new() };
            rule = rule
                .and_says(text(format!("{}{container} {} ", if index > 0 { "," } else { "" }, one.name())))
                .and_says(Phrase::Value { term: amount.id(), scale: 1, unit });
        }
        if let Some(why) = why {
            rule = rule.over_approximates(why);
        }
        model.add_rule(rule);
    }
}

/// The number of the target for a usage, from 0.
fn target(controlled: &Controlled, usage: Int) -> Int {
    let smaller = controlled.most_usage.len() - 1;
    count(controlled.most_usage[..smaller].iter().map(|&most| usage.above(most)).collect::<Vec<_>>())
}

/// What a container of each ready pod uses of a resource.
fn usage(model: &Model, group: usize, one: &Controlled, ready: Int) -> Int {
    let uses = model.uses(group);
    let (amount, usage) = match one.resource {
        MetricResource::Cpu => (uses.cpu * uses.cpu_unit, model.workload(group).cpu_usage),
        MetricResource::Memory => (uses.memory, model.workload(group).memory_usage),
    };
    let amount = if matches!(usage, Usage::Shared(_)) { amount / ready.max(1) } else { amount };
    match one.part.share {
        Share::Exactly(amount) => amount.into(),
        Share::Rest(0) => amount,
        Share::Rest(others) => amount.monus(others),
    }
}
