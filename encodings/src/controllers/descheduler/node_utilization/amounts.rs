//! How full nodes are, against thresholds. Percentages are compared as the real code does it, in doubles, which the
//! constants of a node turn into whole amounts; under `useDeviationThresholds` they are fractions over the state.

use super::Plan;
use crate::cluster::descheduler::Thresholds;
use crate::cluster::node::{CPU, MEMORY};
use crate::controllers::scheduler::resources_used;
use crate::limits::models::MOST_FRACTION;
use crate::state::gcd;
use crate::term::{Bool, Int, all, any, count, ite, sum};

const PODS: &str = "pods";
/// Thresholds are kept in thousandths of a percent where they meet averages.
const PARTS: i64 = 1000;
/// One resource.
struct Resource {
    name: String,
    /// Amount of one unit of the model, in milli-cores, bytes or pieces.
    unit: i64,
    /// Units requested by a pod, by group.
    requests: Vec<i64>,
    /// Units used, by slot.
    used: Vec<Int>,
    /// Units of allocatable, by slot; nothing where the node does not have it.
    capacity: Vec<Option<i64>>,
    /// Whether the slot is at most the threshold, by slot; nothing without a threshold.
    under: Option<Vec<Bool>>,
    /// Whether it is above the target, likewise.
    over: Option<Vec<Bool>>,
    /// What targets and room are multiples of.
    measure: i64,
    /// Amount up to which the slot is filled, by slot, in that measure.
    target: Vec<Int>,
}

/// All resources that count: those of the thresholds, CPU, memory and pods.
pub(super) struct Amounts {
    resources: Vec<Resource>,
}

impl Amounts {
    /// Nothing if some capacity is not known.
    pub(super) fn new(plan: &Plan) -> Option<Self> {
        let mut names: Vec<&str> = plan.args.thresholds.keys().map(String::as_str).collect();
        names.extend([CPU, MEMORY, PODS].into_iter().filter(|name| !plan.args.thresholds.contains_key(*name)));
        let resources = names.into_iter().map(|name| Resource::new(plan, name)).collect::<Option<Vec<_>>>()?;
        Some(Self { resources })
    }

    /// Whether all resources with a threshold are at most at it.
    pub(super) fn is_under(&self, slot: usize) -> Bool {
        all(self.resources.iter().filter_map(|one| one.under.as_ref()).map(|under| under[slot]))
    }

    /// Whether some resource with a target is above it.
    pub(super) fn is_over(&self, slot: usize) -> Bool {
        any(self.resources.iter().filter_map(|one| one.over.as_ref()).map(|over| over[slot]))
    }

    /// What destinations take, by resource; it may be negative.
    pub(super) fn room(&self, destinations: &[Bool]) -> Vec<Int> {
        let of = |resource: &Resource| {
            let slots = destinations.iter().enumerate();
            sum(slots
                .map(|(slot, &takes)| ite(takes, resource.target[slot] - resource.used[slot] * resource.step(), 0)))
        };
        self.resources.iter().map(of).collect()
    }

    /// The request of a pod, by resource, in the measure of [`Amounts::room`].
    pub(super) fn requests(&self, group: usize) -> impl Iterator<Item = i64> {
        self.resources.iter().map(move |one| one.requests[group] * one.step())
    }

    /// Whether a slot would be above a target for some resource without so many pods of some groups.
    pub(super) fn is_above_without(&self, slot: usize, gone: &[(usize, Int)]) -> Bool {
        any(self.resources.iter().map(|one| {
            let less = sum(gone.iter().map(|&(group, pods)| pods * one.requests[group]));
            ((one.used[slot] - less) * one.step()).above(one.target[slot])
        }))
    }

    /// How many pods of a group have to go until a slot is above no target; `all` if none of them helps.
    pub(super) fn needed(&self, slot: usize, group: usize, all: Int) -> Int {
        self.resources.iter().fold(Int::from(0), |most, one| {
            let amount = one.used[slot] * one.step();
            let request = one.requests[group] * one.step();
            let needed = if request == 0 {
                ite(amount.above(one.target[slot]), all, 0)
            } else {
                amount.monus(one.target[slot]).ceil_div(request).min(all)
            };
            most.max(needed)
        })
    }

    /// What a slot's place in the order depends on: everything requested, added up.
    pub(super) fn weight(&self, plan: &Plan, slot: usize) -> Int {
        let weight = |group: usize| {
            let amounts = self.resources.iter().map(|one| one.requests[group] * one.unit);
            amounts.fold(0, i64::saturating_add)
        };
        let weights: Vec<i64> = (0..plan.model.groups.len()).map(weight).collect();
        let common = weights.iter().copied().fold(0, gcd).max(1);
        sum(weights.iter().enumerate().map(|(group, weight)| plan.assigned(group, slot) * (weight / common)))
    }
}

impl Resource {
    fn new(plan: &Plan, name: &str) -> Option<Self> {
        let model = plan.model;
        let slots = 0..model.slots.len();
        let unit = if name == PODS { 1 } else { model.units.get(name).copied().unwrap_or(1) };
        let request = |group: usize| {
            let amount = model.template(group).requests.get(name).copied().unwrap_or(0);
            if name == PODS { 1 } else { model.scaled(name, amount) }
        };
        let used = |slot: usize| if name == PODS { plan.pods_on(slot) } else { resources_used(model, slot, name) };
        let mut capacity = Vec::new();
        for there in &model.slots {
            let amount = if name == PODS { Some(there.pods) } else { there.allocatable.get(name).copied() };
            capacity.push(match amount {
                Some(amount) => Some(amount.constant()?),
                None => None,
            });
        }
        let mut resource = Self {
            name: name.to_owned(),
            unit,
            requests: (0..model.groups.len()).map(request).collect(),
            used: slots.map(used).collect(),
            target: Vec::new(),
            measure: 1,
            capacity,
            under: None,
            over: None,
        };
        let whole: Vec<i64> = resource.capacity.iter().map(|one| one.unwrap_or(0) * unit).collect();
        resource.fill_to(&whole);
        if plan.args.thresholds.contains_key(name) {
            if plan.args.uses_deviations { resource.relative(plan)? } else { resource.absolute(plan) }
        }
        Some(resource)
    }

    fn threshold(&self, thresholds: &Thresholds) -> Option<f64> {
        thresholds.get(&self.name).copied()
    }

    /// Thresholds as they are. HighNodeUtilization fills nodes up to the brim.
    fn absolute(&mut self, plan: &Plan) {
        let low = self.threshold(&plan.args.thresholds).unwrap_or(0.0);
        let high = self.threshold(&plan.args.targets).unwrap_or(100.0);
        let below = |threshold: f64| -> Vec<Bool> {
            let is_below = |(used, capacity): (&Int, &Option<i64>)| {
                used.at_most(largest_below(threshold, self.unit, capacity.unwrap_or(0), used.range().hi))
            };
            self.used.iter().zip(&self.capacity).map(is_below).collect()
        };
        let over = below(high).into_iter().map(|is| !is).collect();
        (self.under, self.over) = (Some(below(low)), Some(over));
        let targets: Vec<i64> = self.capacity.iter().map(|one| share(high, one.unwrap_or(0) * self.unit)).collect();
        self.fill_to(&targets);
    }

    /// Sets constant targets, in the coarsest measure that holds them and a unit.
    fn fill_to(&mut self, targets: &[i64]) {
        self.measure = targets.iter().copied().fold(self.unit, gcd).max(1);
        self.target = targets.iter().map(|&target| Int::from(target / self.measure)).collect();
    }

    /// One unit in the measure of targets.
    fn step(&self) -> i64 {
        self.unit / self.measure
    }

    /// Thresholds as distances from the average of the nodes that have the resource. With `m` = `L` / capacity for the
    /// least common multiple `L`, the percentage of a node is `100 * used * m / L`.
    fn relative(&mut self, plan: &Plan) -> Option<()> {
        let has: Vec<usize> = (0..self.used.len()).filter(|&slot| self.capacity[slot].is_some()).collect();
        let counts: Vec<Bool> = has.iter().map(|&slot| plan.looked_at(slot)).collect();
        let common = self
            .capacity
            .iter()
            .flatten()
            .filter(|&&one| one > 0)
            .try_fold(1_i64, |common, &one| (common / gcd(common, one)).checked_mul(one))?;
        let most = self.used.iter().map(|used| used.range().hi).max().unwrap_or(0).max(1);
        let nodes = has.len() as i128 + 1;
        let largest = [i128::from(common) * i128::from(self.unit), i128::from(common) * i128::from(most)];
        if largest.iter().any(|&one| one * nodes * 100 * i128::from(PARTS) > MOST_FRACTION) {
            return None;
        }
        let part = |slot: usize| match self.capacity[slot] {
            Some(capacity) if capacity > 0 => self.used[slot] * (100 * (common / capacity)),
            _ => 0.into(),
        };
        let total = sum(has.iter().zip(&counts).map(|(&slot, &counts)| ite(counts, part(slot), 0)));
        let number = count(counts.iter().copied());
        // Both in thousandths of percent, times the number of nodes, times `L`.
        let bound = |distance: i64| {
            let shifted = total * PARTS + number * (distance * common);
            shifted.max(0).min(number * (100 * PARTS * common))
        };
        let parts = |thresholds: &Thresholds| (self.threshold(thresholds).unwrap_or(0.0) * PARTS as f64).round() as i64;
        let (low, high) = (bound(-parts(&plan.args.thresholds)), bound(parts(&plan.args.targets)));
        let nobody = number.is(0);
        let slots = 0..self.used.len();
        let is_below = |slot: usize, bound: Int| nobody | (number * part(slot) * PARTS).at_most(bound);
        self.under = Some(slots.clone().map(|slot| is_below(slot, low)).collect());
        self.over = Some(slots.clone().map(|slot| !is_below(slot, high)).collect());
        self.measure = 1;
        self.target = slots
            .map(|slot| match self.capacity[slot] {
                Some(capacity) if capacity > 0 => {
                    (high * self.unit) / (number.max(1) * (100 * PARTS * (common / capacity)))
                }
                _ => 0.into(),
            })
            .collect();
        Some(())
    }
}

/// The largest number of units up to `most` whose percentage of a capacity is not above a threshold; -1 if none is.
fn largest_below(threshold: f64, unit: i64, capacity: i64, most: i64) -> i64 {
    let is_below = |units: i64| {
        let percentage = if capacity > 0 { (units * unit) as f64 / (capacity * unit) as f64 * 100.0 } else { 0.0 };
        percentage <= threshold
    };
    // Percentages grow with the units.
    let (mut below, mut above) = (-1, most + 1);
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        if is_below(middle) { below = middle } else { above = middle }
    }
    below
}

/// A percentage of an amount, truncated, in the order of the real multiplications.
fn share(percentage: f64, amount: i64) -> i64 {
    (percentage * 0.01 * amount as f64) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_compared_in_doubles() {
        assert_eq!(largest_below(20.0, 1, 4000, 10_000), 800);
        assert_eq!(largest_below(50.0, 1, 1999, 10_000), 999);
        // 7 of 100 is 7.000000000000001 percent.
        assert_eq!(largest_below(7.0, 1, 100, 100), 6);
        assert_eq!(largest_below(0.0, 1, 0, 5), 5, "nothing of nothing is no percent");
        assert_eq!(largest_below(0.0, 250, 4, 5), 0);
    }

    #[test]
    fn shares_are_truncated() {
        assert_eq!(share(50.0, 1999), 999);
        assert_eq!(share(29.0, 100), 28, "29 * 0.01 * 100 is below 29");
        assert_eq!(share(100.0, 1999), 1999);
    }
}
