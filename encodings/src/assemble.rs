//! Cluster to transition system: the only place that goes through the registries of controllers, events and intents (`kinds`).
//!
//! Order matters: what intents count is declared first, then controllers, events and the clock add their rules; then
//! the guards of what is not fast get the condition that no fast rule is enabled, as the timing says;
//! then intents, which may ask whether the cluster has settled, become properties.

use crate::cluster::{Cluster, Comparison, Granularity, NodePool, Timing};
use crate::controllers::{self, Judgement, Plugins};
use crate::events;
use crate::faults;
use crate::intents::{self, Columns};
use crate::kinds::Kinds;
use crate::limits::models::MOST_ORDINALS;
use crate::limits::models::MOST_REVISIONS;
use crate::limits::models::MOST_SLOTS;
use crate::needs::Needs;
use crate::plural::plural;
use crate::scene::{self, Scene};
use crate::state::arbitrary;
use crate::state::{Countdown, Model, RuleBuilder, TIME, condition, text};
use crate::stop::Stopped;
use crate::subject::{ObjectId, SlotId};
use crate::system::{IllFormed, Origin, Pace, Property, Rule, SymmetryClass, TransitionSystem, is_prompt};
use crate::term::{Bool, Dag, Int, Term, any, sum, within};

/// Why a cluster cannot be modelled.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum AssembleError {
    /// A part of the input that the models do not support and that must not be ignored.
    #[error("{object}: {field}: {what}")]
    Unsupported {
        /// The object.
        object: String,
        /// The field.
        field: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// A controller, event or intent uses what it did not ask for: a fault of the models.
    #[error("internal error: {0}, which nobody needs")]
    Undeclared(String),
    /// Whoever waits for it waits no more.
    #[error("{0} while building the model")]
    Stopped(Stopped),
    /// The system that came out is not well-formed: a fault of the models.
    #[error("internal error: {0}")]
    IllFormed(#[from] IllFormed),
}

/// Builds the transition system of a cluster: one property an intent and target, in order.
pub fn assemble(cluster: &Cluster, granularity: Granularity) -> Result<TransitionSystem, AssembleError> {
    assemble_of(&Kinds::default(), cluster, granularity)
}

/// Builds the transition system of a cluster that may have these kinds.
pub fn assemble_of(
    kinds: &Kinds,
    cluster: &Cluster,
    granularity: Granularity,
) -> Result<TransitionSystem, AssembleError> {
    assembled(kinds, cluster, granularity, |_| ()).map(|(system, ())| system)
}

/// Builds the transition system of a cluster, with what each plugin of the scheduler says in its states.
pub fn assemble_with_plugins(
    cluster: &Cluster,
    granularity: Granularity,
) -> Result<(TransitionSystem, Vec<Plugins>), AssembleError> {
    assembled(&Kinds::default(), cluster, granularity, |model| controllers::plugins(model))
}

/// Builds the transition system of a cluster, with why the scheduler decides as it does.
pub fn assemble_with_judgements(
    cluster: &Cluster,
    granularity: Granularity,
) -> Result<(TransitionSystem, Vec<Judgement>), AssembleError> {
    assembled(&Kinds::default(), cluster, granularity, |model| controllers::judgements(model))
}

/// Builds the transition system of a cluster, with how its states look and what they wait for.
pub fn assemble_with_scene(
    cluster: &Cluster,
    granularity: Granularity,
) -> Result<(TransitionSystem, Scene), AssembleError> {
    let kinds = Kinds::default();
    assembled(&kinds, cluster, granularity, |model| {
        let mut scene = scene::furnished(model);
        for controller in &kinds.controllers {
            scene.waits.extend(controller.waits(model));
        }
        scene.waits.extend(events::waits(&kinds.events, model));
        scene.waits.retain(|wait| Bool::from_id(wait.when).constant() != Some(false));
        scene.numbers = intents::numbers(&kinds.intents, model);
        scene
    })
}

/// Builds the transition system of a cluster, with what an intent that compares looks at.
pub fn assemble_with_columns(
    cluster: &Cluster,
    granularity: Granularity,
    comparison: &Comparison,
) -> Result<(TransitionSystem, Columns), AssembleError> {
    assembled(&Kinds::default(), cluster, granularity, |model| intents::columns(model, comparison))
}

/// Builds the system, and what is to be known of the model once it is complete.
fn assembled<R>(
    kinds: &Kinds,
    cluster: &Cluster,
    granularity: Granularity,
    look: impl FnOnce(&mut Model) -> R,
) -> Result<(TransitionSystem, R), AssembleError> {
    let slots: i64 = cluster.pools.iter().map(NodePool::most_nodes).fold(0, i64::saturating_add);
    if slots > MOST_SLOTS {
        return Err(AssembleError::Unsupported {
            object: "Scenario".into(),
            field: "spec.nodes".into(),
            what: format!("{slots} nodes; at most {MOST_SLOTS} can be modelled, lower the counts"),
        });
    }
    if let Some((event, what)) = events::unsupported(cluster) {
        let Origin { object, field } = event.origin.clone();
        return Err(AssembleError::Unsupported { object, field, what });
    }
    for workload in &cluster.workloads {
        let revisions = cluster.revisions(workload);
        if workload.ordinals().is_some() && workload.replicas.hi > MOST_ORDINALS {
            return Err(AssembleError::Unsupported {
                object: workload.reference.to_string(),
                field: "spec.replicas".into(),
                what: format!(
                    "{} replicas of a StatefulSet; at most {MOST_ORDINALS} can be modelled, set a smaller range in the scenario",
                    workload.replicas.hi
                ),
            });
        }
        if revisions > MOST_REVISIONS {
            return Err(AssembleError::Unsupported {
                object: workload.reference.to_string(),
                field: "spec.template".into(),
                what: format!(
                    "{revisions} revisions; at most {MOST_REVISIONS} can be modelled, lower `times` of events"
                ),
            });
        }
    }
    let (built, dag) = within(Dag::default(), || build(kinds, cluster, granularity, look));
    let (parts, seen) = built?;
    let system = parts.into_system(dag);
    system.check()?;
    Ok((system, seen))
}

/// A system but for its graph, which is complete only when building ends.
struct Parts(TransitionSystem);

impl Parts {
    fn into_system(mut self, dag: Dag) -> TransitionSystem {
        self.0.dag = dag;
        self.0.print_names();
        self.0
    }
}

fn build<R>(
    kinds: &Kinds,
    cluster: &Cluster,
    granularity: Granularity,
    look: impl FnOnce(&mut Model) -> R,
) -> Result<(Parts, R), AssembleError> {
    let mut model = Model::new(cluster, granularity, needs(kinds, cluster));
    intents::prepare(&kinds.intents, &mut model);
    add_constraints(&mut model);
    for controller in &kinds.controllers {
        controller.prepare(&mut model);
    }
    for controller in &kinds.controllers {
        controller.add_rules(&mut model);
    }
    events::add_rules(&kinds.events, &mut model);
    faults::add_rules(kinds, &mut model);
    model.add_time();
    hold_time(&mut model);
    pace(&mut model);
    let properties = intents::properties(&kinds.intents, &mut model);
    if let Some(what) = model.undeclared().next() {
        return Err(AssembleError::Undeclared(what));
    }
    let seen = look(&mut model);
    // What intents compare with initial values compare with those of the manifests.
    model.forget_start();
    Ok((finish(model, properties), seen))
}

/// What everything in a cluster needs of the model.
fn needs(kinds: &Kinds, cluster: &Cluster) -> Needs {
    Needs::settled(|others| {
        let controllers = kinds.controllers.iter().map(|one| one.needs(cluster, others));
        let around = [
            events::needs(&kinds.events, cluster, others),
            intents::needs(&kinds.intents, cluster, others),
            faults::needs(cluster),
            arbitrary::needs(cluster),
        ];
        controllers.chain(around).fold(Needs::default(), Needs::and)
    })
}

/// The scenario's assumptions and the sizes of the search.
fn add_constraints(model: &mut Model) {
    let cluster = model.cluster;
    for assumption in &cluster.assumptions {
        let holds = condition(model, &assumption.condition, None);
        model.constrain(assumption.text.clone(), holds, true);
    }
    let most = cluster.bounds.nodes_per_pool;
    for (pool, size) in cluster.pools.iter().zip(model.pool_sizes.clone()) {
        if pool.count.constant().is_none() && pool.count.hi > most {
            model.constrain(
                format!("at most {} in pool {}", plural(most, "node"), pool.name),
                size.at_most(most),
                true,
            );
        }
    }
    let workloads = &model.groups[..cluster.workloads.len()];
    let wanted = sum(workloads.iter().map(|group| model.initial_of(group.spec)));
    if wanted.range().hi > cluster.bounds.pods && wanted.constant().is_none() {
        let most = cluster.bounds.pods;
        model.constrain(format!("at most {} wanted initially", plural(most, "pod")), wanted.at_most(most), true);
    }
}

/// Lets no time pass while some view is merely late. What happens at any moment may happen then as well.
fn hold_time(model: &mut Model) {
    let still = any(model.draft.still.iter().copied());
    let moments = &model.draft.at_any_moment;
    let passes = |(index, rule): &(usize, &mut Rule)| {
        matches!(rule.pace, Pace::Clock | Pace::Periodic) && !moments.contains(index)
    };
    for (_, rule) in model.draft.rules.iter_mut().enumerate().filter(passes) {
        rule.enabled = rule.enabled & !still;
    }
}

/// Defines what settled means, and holds back what waits until no fast rule can act.
fn pace(model: &mut Model) {
    let covered: rustc_hash::FxHashSet<usize> = model.draft.covered.iter().copied().collect();
    let fast = model
        .draft
        .rules
        .iter()
        .enumerate()
        .filter(|(index, rule)| rule.pace == Pace::Fast && !covered.contains(index));
    let busy = any(fast.map(|(_, rule)| rule.enabled).chain(model.draft.busy.iter().copied()));
    let due = any(model.clock.periodic.iter().map(|periodic| periodic.wants));
    let armed = any(model
        .clock
        .timers
        .iter()
        .map(|timer| timer.armed)
        .chain(model.clock.countdowns.iter().map(Countdown::armed)));
    let untimed = model.draft.rules.iter().filter(|rule| rule.pace == Pace::Clock && rule.actor != TIME);
    let expiring = any(untimed.map(|rule| rule.enabled));
    let calm = !any([busy, due, armed, expiring]);
    for &index in &model.draft.gated {
        let rule = &mut model.draft.rules[index];
        rule.enabled = rule.enabled & calm;
    }
    let is_awaited = |unit: usize| !model.draft.unhurried.contains(&unit);
    let bound_to_happen =
        model.draft.rules.iter().filter(|rule| rule.pace == Pace::Event && rule.fairness.is_some_and(is_awaited));
    let bound_to_happen = any(bound_to_happen.map(|rule| rule.enabled));
    model.settled = !any([busy, due, armed, expiring, bound_to_happen]);
    let timing = model.cluster.timing;
    if let Some(once) = model.settled_once {
        let unit = model.fairness_unit("first settled state".into());
        let settled = model.settled;
        model.add_rule(
            RuleBuilder::new("settled", "scenario", "Settled", Pace::Clock)
                .when(!once.value)
                .when(settled)
                .happens()
                .set_bool(once, true)
                .fair(unit)
                .says([text("the cluster has settled; from here on events may happen")]),
        );
    }
    let waits = |rule: &&mut Rule| rule.fault.is_none() && is_held_back(rule.pace, timing);
    for rule in model.draft.rules.iter_mut().filter(waits) {
        rule.waits = Some(rule.enabled);
        rule.enabled = rule.enabled & !busy;
    }
}

/// Whether rules of a pace wait until no fast rule can act.
fn is_held_back(pace: Pace, timing: Timing) -> bool {
    match timing {
        Timing::Paced => pace != Pace::Fast,
        Timing::Delayed => pace == Pace::Clock,
        Timing::Interleaved => false,
    }
}

fn finish(mut model: Model, properties: Vec<Property>) -> Parts {
    for (index, unit) in model.draft.fairness.iter_mut().enumerate() {
        unit.prompt = is_prompt(&model.draft.rules, index);
    }
    let nodes = model.nodes_present().id();
    let pods = model.pods_measure().id();
    let symmetry = classes_of_slots(&model);
    let alike = alike(&model);
    Parts(TransitionSystem {
        dag: Dag::default(),
        vars: model.draft.vars,
        constraints: model.draft.constraints,
        rules: model.draft.rules,
        monitors: model.draft.monitors,
        fairness: model.draft.fairness,
        properties,
        symmetry,
        alike,
        names: model.names,
        nodes,
        pods,
    })
}

/// One class for each pool. Any number of slots of a pool that is scaled may have a node.
fn classes_of_slots(model: &Model) -> Vec<SymmetryClass> {
    let class = |(pool, &size): (usize, &Int)| {
        let members: Vec<usize> = (0..model.slots.len()).filter(|&slot| model.slots[slot].pool == pool).collect();
        let is_scaled = members.iter().any(|&slot| model.slots[slot].exists.is_some());
        SymmetryClass {
            active: if is_scaled { Int::from(members.len() as i64).id() } else { size.id() },
            slots: members.into_iter().map(SlotId::from).collect(),
        }
    };
    model.pool_sizes.iter().enumerate().map(class).collect()
}

/// Each workload with what belongs to it: pods of its revisions, levels and ordinals, autoscalers.
fn alike(model: &Model) -> Vec<Vec<ObjectId>> {
    let mut families: Vec<Vec<ObjectId>> = model.ids.workloads.iter().map(|&id| vec![id]).collect();
    for index in 0..model.names.objects.len() {
        let id = ObjectId(index as u32);
        let root = model.names.root(id);
        if let Some(family) = families.iter_mut().find(|family| family[0] == root && id != root) {
            family.push(id);
        }
    }
    families
}
