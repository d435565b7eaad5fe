//! The descheduler: passes over all nodes that evict pods (section 4).
//!
//! ## One step
//! One plugin's work of one pass (for RemovePodsViolatingTopologySpreadConstraint: one constraint's), decided once as
//! a vector of evictions. A policy with one plugin and one constraint is thus one rule a pass. With more, the pass
//! goes through its stages at once, each on the pods as they are then; other fast controllers may act in between, as
//! they may in a cluster. A pass with fewer than two ready nodes does nothing.
//!
//! ## Limits
//! With `maxNoOfPodsToEvict…` any choice of pods within the limits is allowed, with several limits (or in topology
//! spread) also fewer than they allow (tagged: the real order of nodes and pods is that of caches); and limits count
//! for each stage of a pass by itself.
//!
//! ## Not modelled
//! Plugins other than those registered here (reported by the reader).

mod asked;
mod budgets;
mod duplicates;
mod evictor;
mod inter_pod_anti_affinity;
mod node_affinity;
mod node_taints;
mod node_utilization;
mod pod_life_time;
mod spread;
mod too_many_restarts;

use super::Controller;
use crate::cluster::descheduler::{DeschedulerPlugin, EnabledPlugin};
use crate::cluster::{Cluster, DeschedulerPolicy};
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::state::{IntVar, Model, Periodic, Phase, RuleBuilder, text};
use crate::subject::{self, Subject};
use crate::system::{DetailKind, Pace, Phrase, Role, Verb};
use crate::term::{Bool, ChoiceId, Int, Term, all, any, count, int_choice, sum};
use indexmap::IndexMap;

/// See the module.
pub struct Descheduler;

impl Controller for Descheduler {
    fn name(&self) -> &'static str {
        "descheduler"
    }

    fn summary(&self) -> &'static str {
        "evicts pods that its plugins find misplaced"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let Some(policy) = &cluster.descheduler else { return Needs::default() };
        Needs { takes_pods: true, ..Needs::durations([policy.interval]) }
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: "descheduler",
            watches: &["Pod", "Node", "Namespace", "PodDisruptionBudget"],
            reads_live: &[],
            forgets: &[],
        }
    }

    fn add_rules(&self, model: &mut Model) {
        let Some(policy) = &model.cluster.descheduler else { return };
        let ready = count((0..model.slots.len()).map(|slot| looked_at(model, policy, slot)));
        let enough = ready.at_least(2);
        let mut stages: Vec<Stage> = policy.plugins.iter().flat_map(|plugin| stages(model, policy, plugin)).collect();
        tell_apart(&mut stages);
        // A limit of 0 leaves nothing to do.
        let forbids = [policy.max_per_node, policy.max_per_namespace, policy.max_total].contains(&Some(0));
        if stages.is_empty() || forbids {
            return;
        }
        let wants = enough & any(stages.iter().map(|stage| stage.enabled));
        let periodic = model.periodic("descheduler period".into(), policy.interval, wants);
        let place =
            (stages.len() > 1).then(|| model.int_var("descheduler stage", Role::Clock, 0, stages.len() as i64, 0));
        let last = stages.len();
        for (index, stage) in stages.into_iter().enumerate() {
            add_stage(model, stage, index, last, &Pass { wants, enough, periodic: periodic.clone(), place });
        }
    }
}

/// A part of a pass: pods of some groups in some phase on some slots, and how many of each go.
pub(super) struct Stage {
    /// What of the pass it is: the plugin, and what else tells it from its other stages.
    subject: Subject,
    plugin: EnabledPlugin,
    /// Whether some choice evicts a pod.
    enabled: Bool,
    /// The pods that may go.
    parts: Vec<Part>,
    /// What is picked.
    picks: Vec<Pick>,
    /// Condition on the picks.
    constraint: Bool,
    /// Why it is wider than the real plugin, if it is.
    wider: Option<&'static str>,
    /// The fields that are behind it besides the plugin's.
    origins: Vec<crate::system::Origin>,
}

/// Pods of a group in a phase on a slot.
#[derive(Clone)]
pub(super) struct Part {
    group: usize,
    slot: usize,
    phase: Phase,
    pods: IntVar,
    /// Most that are wanted gone, over the state.
    most: Int,
    /// How many are wanted gone, over the state and the choices.
    wanted: Int,
    /// How many of them are evicted: budgets may refuse some.
    evicted: Int,
    label: String,
}

/// A vector of picks with bounds and a sum.
pub(super) struct Pick {
    parts: Vec<ChoiceId>,
    low: Vec<Int>,
    high: Vec<Int>,
    total: Int,
}

/// What the stages of a pass share.
struct Pass {
    wants: Bool,
    enough: Bool,
    periodic: Periodic,
    place: Option<IntVar>,
}

/// The stages of a plugin, in order.
fn stages(model: &Model, policy: &DeschedulerPolicy, plugin: &EnabledPlugin) -> Vec<Stage> {
    match &plugin.plugin {
        DeschedulerPlugin::RemoveDuplicates { .. } => duplicates::stages(model, policy, plugin),
        DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint { .. } => spread::stages(model, policy, plugin),
        DeschedulerPlugin::RemovePodsViolatingNodeAffinity { .. } => node_affinity::stages(model, policy, plugin),
        DeschedulerPlugin::RemovePodsViolatingNodeTaints { .. } => node_taints::stages(model, policy, plugin),
        DeschedulerPlugin::RemovePodsViolatingInterPodAntiAffinity { .. } => {
            inter_pod_anti_affinity::stages(model, policy, plugin)
        }
        DeschedulerPlugin::LowNodeUtilization(_) | DeschedulerPlugin::HighNodeUtilization(_) => {
            node_utilization::stages(model, policy, plugin)
        }
        DeschedulerPlugin::PodLifeTime { .. } => pod_life_time::stages(model, policy, plugin),
        DeschedulerPlugin::RemovePodsHavingTooManyRestarts { .. } => too_many_restarts::stages(model, policy, plugin),
    }
}

/// Numbers stages of the same subject: a plugin of two profiles, two constraints over the same key.
fn tell_apart(stages: &mut [Stage]) {
    let subjects: Vec<Subject> = stages.iter().map(|stage| stage.subject.clone()).collect();
    for (index, stage) in stages.iter_mut().enumerate() {
        let earlier = subjects[..index].iter().filter(|subject| **subject == subjects[index]).count();
        if earlier > 0 {
            stage.subject = subjects[index].clone().with(subject::Part::Number(earlier as i64 + 1));
        }
    }
}

/// Whether a pass looks at a slot: ready (cordoned or not) and selected.
fn looked_at(model: &Model, policy: &DeschedulerPolicy, slot: usize) -> Bool {
    let there = &model.slots[slot];
    let selected = policy.node_selector.as_ref();
    let selected = selected.map_or(true.into(), |selector| there.labels.hold(|labels| selector.matches(labels)));
    there.is_ready() & selected
}

/// The phases of active pods of a group on a slot.
fn phases(model: &Model, group: usize, slot: usize) -> Vec<(Phase, IntVar)> {
    let state = &model.groups[group];
    let counts = state.phases().map(|(phase, counts)| (phase, counts[slot]));
    counts.filter(|(_, pods)| pods.value.range().hi > 0).collect()
}

/// Pods that may go, what is picked, and the condition on the picks.
struct Evictions {
    parts: Vec<Part>,
    picks: Vec<Pick>,
    constraint: Bool,
    wider: Option<&'static str>,
}

/// Why limits make a stage wider than the real plugin.
const LIMITED: &str = "eviction limits leave open which pods go first";

/// Evictions of exactly `wanted` pods of a group on a slot (no more than it has there), of any phase; limits apply.
fn exactly(model: &Model, policy: &DeschedulerPolicy, wanted: &[(usize, usize, Int)]) -> Evictions {
    let limited = policy.is_limited();
    let (mut parts, mut picks) = (Vec::new(), Vec::new());
    for &(group, slot, wanted) in wanted {
        let phases = phases(model, group, slot);
        let is_single = phases.len() == 1 && !limited;
        let mut pick = Pick { parts: Vec::new(), low: Vec::new(), high: Vec::new(), total: wanted };
        for (phase, pods) in phases {
            let label = part_label(model, group, slot, phase);
            let evicted = if is_single {
                wanted
            } else {
                let (choice, evicted) =
                    int_choice(part_subject(model, "evict", (group, slot, phase)), 0, pods.value.range().hi);
                pick.parts.push(choice);
                pick.low.push(0.into());
                pick.high.push(pods.value.min(wanted));
                evicted
            };
            let most = if is_single { wanted } else { pods.value.min(wanted) };
            parts.push(Part { group, slot, phase, pods, most, wanted: evicted, evicted, label });
        }
        if limited || (!is_single && !pick.parts.is_empty()) {
            picks.push(pick);
        }
    }
    if !limited {
        return Evictions { parts, picks, constraint: true.into(), wider: None };
    }
    // A shared limit must not let one node give what another one lacks.
    let no_more = wanted.iter().map(|&(group, slot, wanted)| {
        let here = parts.iter().filter(|part| part.group == group && part.slot == slot);
        sum(here.map(|part| part.wanted)).at_most(wanted)
    });
    let constraint = all(no_more.collect::<Vec<_>>());
    let picks = limit(model, policy, wanted, picks);
    Evictions { parts, picks, constraint, wider: Some(LIMITED) }
}

/// Turns picks that must add up to what a plugin wants into picks that add up to what the limits allow. With one limit
/// that is as much as it allows of each node, of each namespace or of all; with several, what the real order of nodes
/// and pods leaves is anything up to it.
fn limit(model: &Model, policy: &DeschedulerPolicy, wanted: &[(usize, usize, Int)], picks: Vec<Pick>) -> Vec<Pick> {
    let limits = [policy.max_per_node, policy.max_per_namespace, policy.max_total];
    let one = limits.iter().flatten().count() == 1;
    let most = limits.iter().flatten().copied().min().unwrap_or(i64::from(i32::MAX));
    let mut buckets: IndexMap<String, Pick> = IndexMap::new();
    for (&(group, slot, _), pick) in wanted.iter().zip(picks) {
        let key = match () {
            () if one && policy.max_per_node.is_some() => model.slots[slot].name.clone(),
            () if one && policy.max_per_namespace.is_some() => model.workload(group).reference.namespace.clone(),
            () => String::new(),
        };
        let bucket = buckets.entry(key).or_default();
        bucket.high.extend(pick.high);
        bucket.low.extend(pick.low);
        bucket.parts.extend(pick.parts);
        bucket.total = bucket.total + pick.total;
    }
    let capped = buckets.into_values().map(|mut pick| {
        if one {
            pick.total = pick.total.min(most)
        } else {
            pick.add_slack(policy, None)
        }
        pick
    });
    capped.filter(|pick| !pick.parts.is_empty()).collect()
}

impl Default for Pick {
    fn default() -> Self {
        Self { parts: Vec::new(), low: Vec::new(), high: Vec::new(), total: 0.into() }
    }
}

impl Pick {
    /// Lets any part of the total go unused.
    fn add_slack(&mut self, policy: &DeschedulerPolicy, domain: Option<usize>) {
        self.total = self.total.min(policy.max_total.unwrap_or(i64::from(i32::MAX)));
        let subject = Subject::new("not evicted");
        let subject = match domain {
            Some(domain) => subject.word("of domain").with(subject::Part::Number(domain as i64)),
            None => subject,
        };
        let (choice, _) = int_choice(subject, 0, self.total.range().hi.max(0));
        self.parts.push(choice);
        self.low.push(0.into());
        self.high.push(self.total);
    }
}

/// A number of pods of a group in a phase on a slot.
fn part_subject(model: &Model, word: &'static str, (group, slot, phase): (usize, usize, Phase)) -> Subject {
    phase.tell(Subject::new(word)).of(model.groups[group].id).on(slot)
}

fn part_label(model: &Model, group: usize, slot: usize, phase: Phase) -> String {
    let (name, node) = (&model.groups[group].name, &model.slots[slot].name);
    if phase == Phase::Running { format!("{name} on {node}") } else { format!("{name} ({}) on {node}", phase.name()) }
}

/// The limits on chosen evictions.
fn within_limits(model: &Model, policy: &DeschedulerPolicy, parts: &[Part]) -> Bool {
    let by = |most: Option<i64>, key: &dyn Fn(&Part) -> String| {
        let Some(most) = most else { return true.into() };
        let mut sums: IndexMap<String, Vec<Int>> = IndexMap::new();
        for part in parts {
            sums.entry(key(part)).or_default().push(part.evicted);
        }
        all(sums.into_values().map(|evicted| sum(evicted).at_most(most)).collect::<Vec<_>>())
    };
    all([
        by(policy.max_per_node, &|part| model.slots[part.slot].name.clone()),
        by(policy.max_per_namespace, &|part| model.workload(part.group).reference.namespace.clone()),
        by(policy.max_total, &|_| String::new()),
    ])
}

fn add_stage(model: &mut Model, mut stage: Stage, index: usize, last: usize, pass: &Pass) {
    let unit = model.fairness_unit("descheduler".into());
    let is_first = index == 0;
    let begin = pass.wants & pass.periodic.may_act;
    let (here, pace) = match pass.place {
        None => (begin, Pace::Periodic),
        Some(place) if is_first => (place.value.is(0) & begin, Pace::Periodic),
        Some(place) => (place.value.is(index as i64), Pace::Fast),
    };
    let next = if index + 1 == last { 0 } else { index as i64 + 1 };
    let go_on = |rule: RuleBuilder| {
        let rule = match pass.place {
            Some(place) => rule.remembers().set(place, next),
            None => rule,
        };
        if is_first { pass.periodic.restart(rule) } else { rule }
    };
    let can_evict = stage.enabled & pass.enough;
    if pass.place.is_some() {
        // A stage without work hands over; the first one only if a later one has work.
        let subject = stage.subject.clone().word("nothing");
        let rule = RuleBuilder::new(subject, "descheduler", "Skipped", pace)
            .when(here)
            .when(!can_evict)
            .fair(unit)
            .says([text(format!("{} finds nothing to evict", stage.plugin.plugin.name()))]);
        model.add_rule(go_on(rule));
    }
    budgets::grant(model, &mut stage);
    let policy = model.cluster.descheduler.as_ref().expect("called for a policy");
    let mut rule = RuleBuilder::new(stage.subject, "descheduler", "Descheduled", pace)
        .when(here)
        .when(can_evict)
        .fair(unit)
        .such_that(stage.constraint)
        .such_that(within_limits(model, policy, &stage.parts))
        .such_that(sum(stage.parts.iter().map(|part| part.evicted)).above(0))
        .because_of(stage.plugin.origin.clone())
        .carries_out(stage.plugin.origin.clone(), "it never evicts a pod");
    for pick in stage.picks {
        rule = rule.split(pick.parts, &pick.low, &pick.high, pick.total);
    }
    for part in &stage.parts {
        // Where there is nothing to pick, the finer rule's pick of this name is determined.
        let picked = part_subject(model, "evict", (part.group, part.slot, part.phase));
        rule = rule.tells(DetailKind::Pick, picked, part.wanted.id());
        rule =
            rule.removes(Verb::Evict, &model.groups[part.group], part.slot, part.evicted).add(part.pods, -part.evicted);
    }
    let shown = stage.parts.iter().map(|part| (part.evicted.id(), part.label.clone())).collect();
    rule = rule.says([text(format!("{} evicts ", stage.plugin.plugin.name())), Phrase::Parts(shown)]);
    if let Some(why) = stage.wider {
        rule = rule.over_approximates(why);
    }
    rule = budgets::tell(model, &stage.parts, rule);
    for origin in stage.origins {
        rule = rule.because_of(origin);
    }
    model.add_rule(go_on(rule));
}
