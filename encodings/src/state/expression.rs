//! The meaning of the small expressions of `assume` and of intents' limits.

use super::Model;
use crate::cluster::expression::Expression;
use crate::cluster::node::{CPU, MEMORY};
use crate::term::{Bool, Int, all, ite, sum};

/// The value of a numeric expression; `target` is the group that `spec.replicas` speaks of.
///
/// Panics on a condition: the reader has checked sorts.
pub fn number(model: &Model, expression: &Expression, target: Option<usize>) -> Int {
    let operand = |inner: &Expression| number(model, inner, target);
    match expression {
        Expression::Number(value) => (*value).into(),
        Expression::NodesPresent => model.nodes_present(),
        Expression::NodesOfPool(name) => pool_size(model, name),
        Expression::Replicas(workload) => model.groups[*workload].spec.value,
        Expression::SpecReplicas => model.groups[target.expect("spec.replicas needs a target")].spec.value,
        Expression::Allocatable(pool, resource) => allocatable(model, pool, resource),
        Expression::Add(a, b) => operand(a) + operand(b),
        Expression::Subtract(a, b) => operand(a) - operand(b),
        Expression::Multiply(a, b) => operand(a) * operand(b),
        Expression::Divide(a, b) => operand(a).max(0) / operand(b).max(0),
        Expression::Min(a, b) => operand(a).min(operand(b)),
        Expression::Max(a, b) => operand(a).max(operand(b)),
        condition => panic!("{condition:?} is no number"),
    }
}

/// The value of a condition; panics on a number.
pub fn condition(model: &Model, expression: &Expression, target: Option<usize>) -> Bool {
    let inner = |operand: &Expression| condition(model, operand, target);
    match expression {
        Expression::CapacitySuffices => capacity_suffices(model),
        Expression::And(a, b) => inner(a) & inner(b),
        Expression::Or(a, b) => inner(a) | inner(b),
        Expression::Not(a) => !inner(a),
        Expression::Compare(comparison, a, b) => comparison.of(number(model, a, target), number(model, b, target)),
        number => panic!("{number:?} is no condition"),
    }
}

fn pool_size(model: &Model, name: &str) -> Int {
    let pools = model.cluster.pools.iter().enumerate().filter(|(_, pool)| pool.name == name);
    sum(pools.map(|(index, _)| model.pool_size(index)))
}

/// Allocatable of the first slot of a pool, in the unit of the manifest.
fn allocatable(model: &Model, pool: &str, resource: &str) -> Int {
    let slot = model.slots.iter().find(|slot| model.cluster.pools[slot.pool].name == pool);
    match (slot, resource) {
        (Some(slot), "pods") => slot.pods,
        (Some(slot), _) => {
            let unit = model.units.get(resource).copied().unwrap_or(1);
            slot.allocatable.get(resource).map_or(0.into(), |&amount| amount * unit)
        }
        (None, _) => 0.into(),
    }
}

/// Every workload alone has room for its wanted pods on the nodes that its rules on placement allow, and all wanted
/// pods together do not exceed the allocatable CPU, memory and pods of all nodes.
fn capacity_suffices(model: &Model) -> Bool {
    let workloads = 0..model.cluster.workloads.len();
    let each = workloads.clone().map(|group| {
        let template = model.template(group);
        let room = sum(model.slots.iter().filter(|slot| slot.matches_affinity_initially(template)).map(|slot| {
            let pods = template.requests.iter().filter(|&(_, &request)| request > 0).fold(
                slot.pods,
                |most, (name, &request)| {
                    let available = slot.allocatable.get(name).copied().unwrap_or(0.into());
                    most.min(available / model.scaled(name, request))
                },
            );
            ite(slot.present & slot.taints_for(template).allow_scheduling, pods, Int::from(0))
        }));
        model.groups[group].spec.value.at_most(room)
    });
    let together = [CPU, MEMORY].map(|resource| {
        let wanted = sum(workloads.clone().map(|group| {
            let request = model.template(group).requests.get(resource).copied().unwrap_or(0);
            model.groups[group].spec.value * model.scaled(resource, request)
        }));
        let room = sum(model
            .slots
            .iter()
            .map(|slot| ite(slot.present, slot.allocatable.get(resource).copied().unwrap_or(0.into()), Int::from(0))));
        wanted.at_most(room)
    });
    all(each) & all(together)
}
