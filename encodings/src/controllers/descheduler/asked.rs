//! Evictions that a condition decides: of pods of a group on a slot any number within bounds.

use super::budgets::{is_granted, is_selected};
use super::evictor::{is_evictable, passes_node_fit};
use super::{LIMITED, Part, Pick, Stage, looked_at, part_label, part_subject, phases};
use crate::cluster::DeschedulerPolicy;
use crate::cluster::descheduler::{EnabledPlugin, PodPhase};
use crate::cluster::pod::QosClass;
use crate::state::{Model, Phase};
use crate::subject::Subject;
use crate::system::Origin;
use crate::term::{Bool, Int, Term, all, any, int_choice, ite, sum};
use indexmap::IndexMap;

/// Why budgets make a stage wider than the real plugin.
const REFUSED: &str = "which pods a budget refuses leaves open which ones are tried instead";

/// Pods of a group on a slot, of which at least `low` and at most `high` go.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    pub(super) group: usize,
    pub(super) slot: usize,
    pub(super) low: Int,
    pub(super) high: Int,
}

/// Pods that may go, with how many of each ask.
pub(super) struct Asked {
    parts: Vec<Part>,
    picks: Vec<Pick>,
    constraint: Bool,
    /// By ask.
    pub(super) numbers: Vec<Int>,
}

/// Whether a pod in a phase is in one of the states listed, if any are.
pub(super) fn is_in(phase: Phase, states: Option<&[PodPhase]>) -> bool {
    let own: &[PodPhase] = match phase {
        Phase::Bound => &[PodPhase::Pending],
        Phase::Starting(_) | Phase::Fresh(_) | Phase::Running => &[PodPhase::Running],
        Phase::Crashed => &[PodPhase::Running, PodPhase::CrashLoopBackOff],
    };
    states.is_none_or(|listed| own.iter().any(|state| listed.contains(state)))
}

/// Any number of the evictable pods of some groups in some phases.
pub(super) fn asks(
    model: &Model,
    policy: &DeschedulerPolicy,
    plugin: &EnabledPlugin,
    groups: &[usize],
    is_meant: impl Fn(Phase) -> bool,
) -> Vec<Ask> {
    let mut asks = Vec::new();
    for &group in groups {
        let evictable = is_evictable(model, group, &plugin.evictor);
        for slot in model.groups[group].slots() {
            let fits = passes_node_fit(model, policy, &plugin.evictor, group, slot);
            let there = model.groups[group].phases().filter(|(phase, _)| is_meant(*phase));
            let pods = sum(there.map(|(_, counts)| counts[slot].value).collect::<Vec<_>>());
            let high = ite(evictable & looked_at(model, policy, slot) & fits, pods, 0);
            if high.range().hi > 0 {
                asks.push(Ask { group, slot, low: 0.into(), high });
            }
        }
    }
    asks
}

/// Whether limits or budgets may leave pods that the plugin would evict, so that conditions on what goes do not hold;
/// and why.
pub(super) fn cut_short(model: &Model, policy: &DeschedulerPolicy, groups: &[usize]) -> Option<&'static str> {
    if policy.is_limited() {
        return Some(LIMITED);
    }
    groups.iter().any(|&group| is_selected(model, group)).then_some(REFUSED)
}

/// Any evictions within the bounds of the asks, of pods in some phases.
pub(super) fn ask(model: &Model, asks: &[Ask], is_meant: impl Fn(Phase) -> bool) -> Asked {
    let (mut parts, mut numbers, mut within) = (Vec::new(), Vec::new(), Vec::new());
    let mut by_slot: IndexMap<usize, Pick> = IndexMap::new();
    for ask in asks {
        let phases: Vec<_> =
            phases(model, ask.group, ask.slot).into_iter().filter(|(phase, _)| is_meant(*phase)).collect();
        let is_single = phases.len() == 1;
        let first = parts.len();
        for (phase, pods) in phases {
            let label = part_label(model, ask.group, ask.slot, phase);
            let most = pods.value.min(ask.high);
            let wanted = if is_single && ask.low.id() == ask.high.id() {
                ask.high
            } else {
                let (choice, wanted) =
                    int_choice(part_subject(model, "evict", (ask.group, ask.slot, phase)), 0, most.range().hi.max(0));
                let pick = by_slot.entry(ask.slot).or_default();
                pick.parts.push(choice);
                pick.low.push(if is_single { ask.low } else { 0.into() });
                pick.high.push(most);
                pick.total = pick.total + most;
                wanted
            };
            parts.push(Part { group: ask.group, slot: ask.slot, phase, pods, most, wanted, evicted: wanted, label });
        }
        let number = sum(parts[first..].iter().map(|part| part.wanted));
        if !is_single {
            within.push(number.at_least(ask.low) & number.at_most(ask.high));
        }
        numbers.push(number);
    }
    let picks = by_slot.into_iter().map(|(slot, mut pick)| {
        // What is not asked for.
        let least = sum(pick.low.iter().copied());
        let slack = (pick.total - least).max(0);
        let (choice, _) = int_choice(Subject::new("left").on(slot), 0, slack.range().hi);
        pick.parts.push(choice);
        pick.low.push(0.into());
        pick.high.push(slack);
        pick
    });
    Asked { picks: picks.collect(), parts, constraint: all(within), numbers }
}

impl Asked {
    /// The stage of a plugin; without a condition that decides more, any asked pod that is granted enables it.
    pub(super) fn stage(
        self,
        model: &Model,
        plugin: &EnabledPlugin,
        asks: &[Ask],
        constraint: Bool,
        wider: Option<&'static str>,
        origins: Vec<Origin>,
    ) -> Stage {
        let meant = |ask: &Ask, phase: Phase| {
            self.parts.iter().any(|part| (part.group, part.slot, part.phase) == (ask.group, ask.slot, phase))
        };
        let enabled = any(asks.iter().map(|ask| {
            if !is_selected(model, ask.group) {
                return ask.high.above(0);
            }
            let there = phases(model, ask.group, ask.slot).into_iter().filter(|(phase, _)| meant(ask, *phase));
            let granted = there.map(|phase| is_granted(model, ask.group, ask.slot, phase));
            ask.high.above(0) & any(granted.collect::<Vec<_>>())
        }));
        Stage {
            subject: Subject::new(plugin.plugin.name()),
            plugin: plugin.clone(),
            enabled,
            parts: self.parts,
            picks: self.picks,
            constraint: self.constraint & constraint,
            wider,
            origins,
        }
    }
}

/// How soon pods of a group go among those of a node: by priority, then by quality of service.
pub(super) fn rank(model: &Model, group: usize) -> (i64, QosClass) {
    let template = model.template(group);
    (template.priority, template.qos)
}
