//! Why pods find no node, in the words of `FailedScheduling` Events: how many nodes each filter refuses. Filters run in the
//! order of the default profile, and a node counts for the first one that refuses it (`FitError.Error`); the room on a
//! node may fail in several resources (`NodeResourcesFit`).

use super::counted::Pods;
use super::filter::{self, is_disabled, spread_of};
use super::preemption::Preemptor;
use super::{acts, feasible_nodes, pod_affinity, ports, volumes};
use crate::cluster::TaintEffect;
use crate::cluster::node::Taint;
use crate::scene::Wait;
use crate::state::{MEMORY_PRESSURE, Model, Phrases, UNREACHABLE, UNSCHEDULABLE, text, value};
use crate::term::{Bool, Int, any, count};

/// The minor release since which some filters have other words.
const REWORDED: u32 = 34;

/// The words for each reason of a filter, with whether a slot is refused for it, by slot.
type Reasons = Vec<(String, Vec<Bool>)>;

/// A filter.
struct Stage {
    /// The plugin.
    plugin: &'static str,
    /// The field of the pod that it judges.
    field: &'static str,
    reasons: Reasons,
}

/// A reason for which nodes are refused.
pub(super) struct Refusal {
    /// The words of the filter, behind a number of nodes.
    pub(super) words: String,
    field: &'static str,
    /// Whether a node is refused for it, by slot.
    pub(super) slots: Vec<Bool>,
}

/// What the pods of all groups wait for that have no node.
pub(super) fn waits(model: &Model) -> Vec<Wait> {
    (0..model.groups.len()).flat_map(|group| of_group(model, group)).collect()
}

fn of_group(model: &Model, group: usize) -> Vec<Wait> {
    let state = &model.groups[group];
    let (template, name) = (model.template(group), &state.name);
    let origin = |field: &str| model.origin(group, &format!("spec.template.spec.{field}"));
    let wait = |reason: &'static str, when: Bool| {
        Wait::new("default-scheduler", reason, when).about(state.id).of(format!("pods of {name}"))
    };
    if state.pinned.is_some() {
        return Vec::new();
    }
    let pending = state.unplaced().above(0);
    if template.is_gated {
        let told = "nobody removes their scheduling gates";
        return vec![wait("SchedulingGated", pending).says([text(told)]).because_of(origin("schedulingGates"))];
    }
    if model.cluster.served_by(template).is_none() {
        let told = "no scheduler has the name that they ask for";
        return vec![wait("Pending", pending).says([text(told)]).because_of(origin("schedulerName"))];
    }
    let feasible = feasible_nodes(model, group);
    let refusals = refusals(model, group);
    let told = |wait: Wait, on: &dyn Fn(&Refusal) -> Int| {
        let wait = wait.counts(refusals.iter().map(|one| (on(one), one.words.clone())));
        refusals.iter().fold(wait, |wait, one| wait.because_of_where(on(one).above(0), origin(one.field)))
    };
    match &state.waiting {
        None => {
            let preemptor = Preemptor::new(model, group);
            let when = pending & !acts(model, group, preemptor.as_ref());
            let nodes = count(model.slots.iter().map(|slot| slot.present));
            let says: Phrases = vec![text("0/"), value(nodes), text(" nodes are available: ")];
            let refused = wait("FailedScheduling", when & nodes.above(0)).says(says);
            let refused = told(refused, &|one| count(one.slots.iter().copied()));
            // As the scheduler says it where there are none (`ErrNoNodesAvailable`).
            let none = wait("FailedScheduling", when & nodes.is(0)).says([text("no nodes available to schedule pods")]);
            if nodes.range().lo > 0 { vec![refused] } else { vec![refused, none] }
        }
        Some(waiting) => {
            let on = |slot: usize| {
                let when = waiting[slot].value.above(0) & !feasible[slot];
                let subject = format!("the pod of {name} for {}", model.slots[slot].name);
                told(wait("FailedScheduling", when).of(subject), &|one| count([one.slots[slot]]))
            };
            (0..feasible.len()).map(on).collect()
        }
    }
}

/// All reasons, with the present nodes for which each is the first: together they are all that are not feasible.
pub(super) fn refusals(model: &Model, group: usize) -> Vec<Refusal> {
    let mut left: Vec<Bool> = model.slots.iter().map(|slot| slot.present).collect();
    let mut refusals = Vec::new();
    let enabled = stages(model, group).into_iter().filter(|stage| !is_disabled(model, group, stage.plugin));
    for Stage { field, reasons, .. } in enabled {
        let refused = |slot: usize| any(reasons.iter().map(|(_, fails)| fails[slot]).collect::<Vec<_>>());
        let after = left.iter().enumerate().map(|(slot, &left)| left & !refused(slot)).collect();
        for (words, fails) in reasons {
            let slots = left.iter().zip(fails).map(|(&left, fails)| left & fails).collect();
            refusals.push(Refusal { words, field, slots });
        }
        left = after;
    }
    let slots = left.iter().zip(feasible_nodes(model, group)).map(|(&left, &feasible)| left & !feasible).collect();
    refusals.push(Refusal {
        words: "node(s) keep room for nominated pods".to_owned(),
        field: "priorityClassName",
        slots,
    });
    refusals.retain(|one| one.slots.iter().any(|slot| slot.constant() != Some(false)));
    refusals
}

/// The filters in their order.
fn stages(model: &Model, group: usize) -> Vec<Stage> {
    let pods = Pods::there(model);
    let template = model.template(group);
    let slots = 0..model.slots.len();
    let each = |refuses: &dyn Fn(usize) -> Bool| slots.clone().map(refuses).collect::<Vec<Bool>>();
    let stage = |plugin: &'static str, field: &'static str, reasons: Reasons| Stage { plugin, field, reasons };
    let one = |plugin: &'static str, field: &'static str, words: &str, refused: Vec<Bool>| {
        stage(plugin, field, vec![(words.to_owned(), refused)])
    };
    let not = |allowed: Vec<Bool>| allowed.into_iter().map(|allowed| !allowed).collect::<Vec<Bool>>();
    let affinity = [
        ("affinity.podAffinity", "node(s) didn't match pod affinity rules", pod_affinity::attracted(&pods, group)),
        (
            "affinity.podAntiAffinity",
            "node(s) didn't match pod anti-affinity rules",
            pod_affinity::keeps_away(&pods, group),
        ),
        (
            "affinity.podAntiAffinity",
            "node(s) didn't satisfy existing pods anti-affinity rules",
            pod_affinity::kept_away(&pods, group),
        ),
    ];
    let affinity = affinity.map(|(field, words, allowed)| one("InterPodAffinity", field, words, not(allowed)));
    let cordoned = each(&|slot| !model.slots[slot].cordon_allows(template));
    let elsewhere = each(&|slot| !filter::matches_node(model, group, slot));
    let taken = each(&|slot| !ports::filter(&pods, group, slot));
    let in_use = each(&|_| !volumes::are_free(&pods, group));
    let away = each(&|slot| !volumes::are_there(model, group, slot));
    let node_field = if template.node_selector.is_empty() { "affinity.nodeAffinity" } else { "nodeSelector" };
    let in_use_words = match model.cluster.version.0 {
        ..REWORDED => "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",
        _ => {
            "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by \
             another pod"
        }
    };
    let others = vec![
        one("NodeUnschedulable", "tolerations", "node(s) were unschedulable", cordoned),
        stage("TaintToleration", "tolerations", taints(model, group)),
        one("NodeAffinity", node_field, "node(s) didn't match Pod's node affinity/selector", elsewhere),
        one("NodePorts", "containers", "node(s) didn't have free ports for the requested pod ports", taken),
        stage("NodeResourcesFit", "containers", room(&pods, group)),
        one("VolumeRestrictions", "volumes", in_use_words, in_use),
        one("VolumeBinding", "volumes", "node(s) didn't match PersistentVolume's node affinity", away),
        one(
            "PodTopologySpread",
            "topologySpreadConstraints",
            "node(s) didn't match pod topology spread constraints",
            not(spread_of(&pods, group)),
        ),
    ];
    others.into_iter().chain(affinity).collect()
}

/// TaintToleration: the first taint that is not tolerated, of those of the manifest before those of controllers.
fn taints(model: &Model, group: usize) -> Reasons {
    let template = model.template(group);
    let mut stage = Reasons::new();
    for (index, slot) in model.slots.iter().enumerate() {
        let fixed = slot.taints.iter().map(|taint| (taint.clone(), Bool::from(true)));
        let dynamic = [
            (Some(slot.is_cordoned), UNSCHEDULABLE, TaintEffect::NoSchedule),
            (slot.not_ready.map(|flag| flag.value), UNREACHABLE, TaintEffect::NoSchedule),
            (slot.no_execute.map(|flag| flag.value), UNREACHABLE, TaintEffect::NoExecute),
            (slot.memory_pressure.map(|flag| flag.value), MEMORY_PRESSURE, TaintEffect::NoSchedule),
        ];
        let dynamic = dynamic.into_iter().filter_map(|(when, key, effect)| Some((Taint::of(key, effect), when?)));
        let deleting = slot.deleting.map(|(flag, key)| (Taint::of(key, TaintEffect::NoSchedule), flag.value));
        let starting_up = slot.startup_taints.iter().map(|taint| (taint.clone(), slot.starts_up()));
        let mut none_before = Bool::from(true);
        for (taint, when) in fixed.chain(starting_up).chain(dynamic).chain(deleting) {
            let tolerated = template.tolerations.iter().any(|toleration| toleration.tolerates(&taint));
            if taint.effect == TaintEffect::PreferNoSchedule || tolerated {
                continue;
            }
            let words = match model.cluster.version.0 {
                ..REWORDED => format!("node(s) had untolerated taint {{{}: {}}}", taint.key, taint.value),
                _ => "node(s) had untolerated taint(s)".to_owned(),
            };
            let refused = when & none_before;
            none_before = none_before & !when;
            let place = stage.iter().position(|(known, _)| *known == words).unwrap_or_else(|| {
                stage.push((words, vec![false.into(); model.slots.len()]));
                stage.len() - 1
            });
            stage[place].1[index] = stage[place].1[index] | refused;
        }
    }
    stage
}

/// NodeResourcesFit: `Too many pods` and `Insufficient cpu` for each resource that is lacking.
fn room(pods: &Pods, group: usize) -> Reasons {
    let model = pods.model;
    let slots = 0..model.slots.len();
    let mut stage = vec![(
        "Too many pods".to_owned(),
        slots.clone().map(|slot| filter::number(pods, slot).at_least(model.slots[slot].pods)).collect::<Vec<Bool>>(),
    )];
    for (resource, lacking) in filter::lacking(pods, group) {
        stage.push((format!("Insufficient {resource}"), lacking));
    }
    stage
}
