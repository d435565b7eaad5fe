//! `drain` and `maintenance`: nodes are cordoned and emptied through the eviction API, and perhaps put back
//! (sections 6.4 and 6.6).
//!
//! Evictions are steps of an operation already begun, hence fast; `kubectl` issues them in parallel. One that a budget
//! refuses is tried again until it is granted, however long that takes (`--timeout` 0). As long as a pod is there that no
//! controller owns, `kubectl` cordons the node and refuses to evict anything (there is no `--force`). A drained node
//! is put back when nothing is left on it: at once by `drain` with `uncordon`, at some later quiescent instant by
//! `maintenance`. The flags of `kubectl` that let it proceed (local data, DaemonSets) are taken as given.
//! `kubectl` gives up a pod that two budgets select; here the drain stays open.
//!
//! ## Over-approximation
//! `kubectl` lists the pods once. A pod that tolerates the cordon and comes later is evicted here, too (tagged).

use super::{EventModel, Operation, plan};
use crate::cluster::event::EventKind;
use crate::cluster::{Cluster, Event};
use crate::controllers::{admission, tell_budgets};
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{BoolVar, IntVar, Model, Phase, RuleBuilder, Slot, counted, text, words};
use crate::subject::Subject;
use crate::system::{Pace, Role, Verb};
use crate::term::{Bool, Term, all, any, count, int_choice, sum};

/// See the module.
pub struct Drain;

/// What is common to the nodes of one event.
struct Emptying {
    at_once: Option<i64>,
    puts_back: bool,
    pace_back: Pace,
    verb: &'static str,
}

impl EventModel for Drain {
    fn names(&self) -> &'static [&'static str] {
        &["drain", "maintenance"]
    }

    fn summary(&self) -> &'static str {
        "nodes are drained, and put back"
    }

    fn needs(&self, _: &Cluster, _: &Event, _: &Needs) -> Needs {
        Needs { nodes_cordoned: true, ..Needs::default() }
    }

    /// Maintenance also chooses when it ends.
    fn moments(&self, event: &Event) -> i64 {
        let ends = matches!(event.kind, EventKind::Maintenance { .. });
        event.times.max(0) * if ends { 2 } else { 1 }
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let emptying = match &event.kind {
            EventKind::Maintenance { at_once, .. } => {
                Emptying { at_once: Some(*at_once), puts_back: true, pace_back: Pace::Event, verb: "maintenance" }
            }
            EventKind::Drain { uncordon, .. } => {
                Emptying { at_once: None, puts_back: *uncordon, pace_back: Pace::Fast, verb: "drain" }
            }
            _ => return vec![],
        };
        let begun = plan::course(model, event).underway.clone();
        let away = count(begun.iter().map(|(_, flag)| flag.value));
        let mut operations = Vec::new();
        for (slot, flag) in begun {
            let allowed = emptying.at_once.map_or(true.into(), |most| away.below(most));
            operations.push(self.begin(model, event, &emptying, (slot, flag), allowed));
            operations.extend(self.evict(model, event, slot, flag));
            operations.push(self.finish(model, event, &emptying, slot, flag));
        }
        operations
    }

    fn waits(&self, model: &Model, event: &Event) -> Vec<Wait> {
        let mut waits = Vec::new();
        for &(slot, flag) in &plan::course(model, event).underway {
            let name = &model.slots[slot].name;
            let bare = (0..model.groups.len()).filter(|&group| model.workload(group).is_bare());
            let bare = sum(bare.map(|group| model.groups[group].assigned_on(slot)).collect::<Vec<_>>());
            let unowned = Wait::new("kubectl", "Drain", flag.value & bare.above(0));
            let told = format!("the drain of {name}: cannot delete pods that no controller owns (--force)");
            waits.push(unowned.says([text(told)]).because_of(event.origin.clone()));
            for group in model.movable() {
                waits.extend(
                    refused(model, group, slot)
                        .map(|wait| Wait { when: (Bool::from_id(wait.when) & flag.value).id(), ..wait }),
                );
                let left = model.groups[group].terminating[slot].value.above(0) & model.slots[slot].is_alive();
                let told = format!("the drain of {name}: pods of {} are still terminating", model.groups[group].name);
                let wait = Wait::new("kubectl", "Drain", flag.value & left).about(model.groups[group].id);
                waits.push(wait.says([text(told)]).follows());
            }
        }
        waits
    }

    fn underway(&self, model: &mut Model, event: &Event) -> Vec<(usize, BoolVar)> {
        let concerned = |slot: &Slot| match &event.kind {
            EventKind::Maintenance { pools, .. } => {
                pools.is_empty() || pools.contains(&model.cluster.pools[slot.pool].name)
            }
            EventKind::Drain { node, .. } => node.as_ref().is_none_or(|node| *node == slot.name),
            _ => false,
        };
        let slots: Vec<usize> = (0..model.slots.len()).filter(|&slot| concerned(&model.slots[slot])).collect();
        let id = model.event_id(event);
        let declare =
            |slot: usize| (slot, model.bool_var(Subject::new("begun").of(id).on(slot), Role::Budget, false.into()));
        slots.into_iter().map(declare).collect()
    }
}

impl Drain {
    fn begin(
        &self,
        model: &mut Model,
        event: &Event,
        emptying: &Emptying,
        (slot, flag): (usize, BoolVar),
        allowed: Bool,
    ) -> Operation {
        let there = &model.slots[slot];
        let cordoned = there.unschedulable();
        // Maintenance takes working nodes that are in use; `kubectl drain` is run on any node.
        let suitable = match emptying.at_once {
            Some(_) => there.is_ready() & there.is_alive() & !cordoned.value,
            None => there.present,
        };
        let name = there.name.clone();
        let rule = plan::rule(model, event, Subject::new("").on(slot), "kubectl", "NodeNotSchedulable", Pace::Event)
            .when(suitable)
            .when(!flag.value)
            .when(allowed)
            .happens()
            .set_bool(flag, true)
            .writes_node(Verb::Patch, slot)
            .set_bool(cordoned, true)
            .says([text(format!("{} of {name} begins", emptying.verb))]);
        Operation::Begins(tell_budgets(model, rule))
    }

    fn evict(&self, model: &mut Model, event: &Event, slot: usize, flag: BoolVar) -> Vec<Operation> {
        let mut operations = Vec::new();
        let id = model.event_id(event);
        for group in model.movable() {
            let phases: Vec<(Phase, IntVar)> =
                model.groups[group].phases().map(|(phase, counts)| (phase, counts[slot])).collect();
            for (phase, pods) in phases.into_iter().filter(|(_, pods)| pods.value.range().hi > 0) {
                let state = &model.groups[group];
                let (terminating, pods_of) = (state.terminating[slot], state.id);
                let place = format!("{} on {}", state.name, model.slots[slot].name);
                let subject = phase.tell(Subject::new(words::EVICT)).and(id).of(pods_of).on(slot);
                let (choice, evicted) = int_choice(subject.clone(), 1, pods.value.range().hi);
                let admission = admission(model, group, slot, phase);
                let most = admission.most(pods.value);
                let blocks = cordon_blocks(model, group, slot);
                let bare = (0..model.groups.len()).filter(|&other| model.workload(other).is_bare());
                let owned = all(bare.map(|other| model.groups[other].assigned_on(slot).is(0)));
                let unit = model.fairness_unit(Subject::new("evictions by").of(id).on(slot));
                let rule = RuleBuilder::new(subject, "kubectl", "Evicted", Pace::Fast)
                    .because_of(event.origin.clone())
                    .when(flag.value)
                    .when(most.above(0))
                    .when(owned)
                    .fair(unit)
                    .pick(choice)
                    .such_that(admission.grants(evicted, pods.value))
                    .writes(Verb::Evict, pods_of)
                    .at(slot)
                    .times(evicted)
                    .add(pods, -evicted)
                    .saturate(terminating, evicted)
                    .says([counted(
                        evicted,
                        format!("pod of {place} is evicted"),
                        format!("pods of {place} are evicted"),
                    )]);
                let mut rule = admission.tell(rule);
                if !blocks {
                    rule = rule.over_approximates("a drain evicts pods that tolerate the cordon and come later");
                }
                operations.push(Operation::GoesOn(rule));
            }
        }
        operations
    }

    fn finish(&self, model: &mut Model, event: &Event, emptying: &Emptying, slot: usize, flag: BoolVar) -> Operation {
        let there = &model.slots[slot];
        let cordoned = there.unschedulable();
        let (name, id) = (there.name.clone(), model.event_id(event));
        let empty = all(model.movable().into_iter().map(|group| model.groups[group].assigned_on(slot).is(0)));
        let unit = model.fairness_unit(Subject::new("end of").of(id).on(slot));
        let reason = if emptying.puts_back { "NodeSchedulable" } else { "Drained" };
        let rule =
            plan::rule(model, event, Subject::new(words::FINISH).on(slot), "kubectl", reason, emptying.pace_back)
                .when(flag.value)
                .when(empty)
                .fair(unit)
                .happens()
                .set_bool(flag, false)
                .says([text(format!("{name} is empty{}", if emptying.puts_back { " and put back" } else { "" }))]);
        Operation::GoesOn(if emptying.puts_back {
            rule.writes_node(Verb::Patch, slot).set_bool(cordoned, false)
        } else {
            rule
        })
    }
}

/// What the eviction API says to the pods of a group on a node, where it refuses them.
fn refused(model: &Model, group: usize, slot: usize) -> Option<Wait> {
    let (name, node) = (&model.groups[group].name, &model.slots[slot].name);
    let mut left = Vec::new();
    let mut says = None;
    for (phase, counts) in model.groups[group].phases() {
        let pods = counts[slot].value;
        let admission = admission(model, group, slot, phase);
        left.push(pods.above(0) & admission.most(pods).is(0));
        says = says.or_else(|| admission.says());
    }
    let (said, origins) = says?;
    let wait = Wait::new("kubectl", "DisruptionBudget", any(left)).about(model.groups[group].id);
    let wait = wait.of(format!("the drain of {node} cannot evict pods of {name}")).says(said);
    Some(origins.into_iter().fold(wait, Wait::because_of))
}

/// Whether the pods of a group do not tolerate the taint of a cordon.
fn cordon_blocks(model: &Model, group: usize, slot: usize) -> bool {
    model.slots[slot].cordon_allows(model.template(group)).constant() != Some(true)
}
