//! Intents: what shall hold, one file a kind (two where they share their claim), registered in [`REGISTRY`].
//!
//! Every intent is lowered to one of the two forms of [`Claim`]: an invariant, perhaps over a
//! monitor, or the absence of a fair loop. An intent without a target becomes one property for each workload where
//! the claim is about a workload.

mod bounded_pods;
mod comparison;
mod converges;
mod drain_completes;
mod formula;
mod limits;
mod no_node_panic_loop;
mod no_oscillation;
mod no_overshoot;
mod placement;
mod rollout_completes;
mod schedulable;
mod spread;

use crate::cluster::formula::Word;
use crate::cluster::{Cluster, Intent, Oracle, When, WorkloadRef};
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::scene::Numbers;
use crate::state::Model;
use crate::subject::{Part, Subject};
use crate::system::{Claim, Monitor, Property, Role};
use crate::term::{Bool, Term};

pub(crate) use comparison::columns;
pub use comparison::{Column, Columns, Kind};

/// How much the violation of an intent says to somebody who reads several of them: what says most comes first.
///
/// One cause breaks many intents at once. A pod that no node takes lets a rollout hang, is not scheduled, and keeps its workload
/// from converging; each of these follows from the one before it, and not the other way round. So what names an operation or a
/// promise is told before what names a limit, that before a goal that anything can miss, and last what any restlessness breaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Weight {
    /// Something that people do hangs, less serves than somebody relies on, or a condition fails that somebody wrote down.
    Promise,
    /// Pods, replicas or nodes are not where, or as many as, they should be.
    Limit,
    /// A workload never becomes as desired, for whatever reason.
    Goal,
    /// Something changes again and again, whoever that harms.
    Motion,
}

/// A kind of intent: turns intents of that kind into properties.
pub trait IntentModel: Sync {
    /// Its name in scenario files.
    fn names(&self) -> &'static [&'static str];

    /// What it demands, in a line.
    fn summary(&self) -> &'static str;

    /// What it means exactly, with examples; shown by `kubound explain` and in the documentation.
    fn explanation(&self) -> Explanation;

    /// How much its violation says beside those of other kinds.
    fn weight(&self) -> Weight;

    /// What an intent of this kind needs of the model, where `others` is what is known of the needs of all.
    fn needs(&self, cluster: &Cluster, intent: &Intent, others: &Needs) -> Needs;

    /// What has to be declared before the rules are made (counts that exist only where read).
    fn prepare(&self, model: &mut Model, intent: &Intent) {
        let _ = (model, intent);
    }

    /// The properties of an intent of this kind; none for other kinds.
    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property>;

    /// The numbers that an intent of this kind is about, for reports.
    fn numbers(&self, model: &Model, intent: &Intent) -> Vec<Numbers> {
        let _ = (model, intent);
        Vec::new()
    }
}

/// All kinds of intents.
pub const REGISTRY: &[&dyn IntentModel] = &[
    &no_oscillation::NoOscillation,
    &no_overshoot::NoOvershoot,
    &schedulable::Schedulable,
    &limits::Replicas,
    &limits::Available,
    &spread::Spread,
    &rollout_completes::RolloutCompletes,
    &drain_completes::DrainCompletes,
    &converges::Converges,
    &bounded_pods::BoundedPods,
    &no_node_panic_loop::NoNodePanicLoop,
    &placement::Placement,
    &comparison::Compare(Oracle::SameAsFresh),
    &comparison::Compare(Oracle::RollbackRestores),
    &comparison::Compare(Oracle::Recovers),
    &comparison::Compare(Oracle::SameAsWithoutFaults),
    &formula::Formula(Word::Always),
    &formula::Formula(Word::Eventually),
    &formula::Formula(Word::EventuallyAlways),
    &formula::Formula(Word::InfinitelyOften),
    &formula::Formula(Word::LeadsTo),
];

/// How much the violation of an intent says, given the name of its kind; of kinds from elsewhere little is known.
pub fn weight(name: &str) -> Weight {
    let kind = REGISTRY.iter().find(|kind| kind.names().contains(&name));
    kind.map_or(Weight::Goal, |kind| kind.weight())
}

/// Kinds of intents.
type Kinds<'k> = &'k [&'static dyn IntentModel];

/// What all intents of a cluster need.
pub(crate) fn needs(kinds: Kinds, cluster: &Cluster, others: &Needs) -> Needs {
    let needs = |intent: &Intent| {
        let kind = kinds.iter().find(|kind| kind.names().contains(&intent.kind.name()));
        kind.map_or(Needs::default(), |kind| kind.needs(cluster, intent, others))
    };
    cluster.intents.iter().map(needs).fold(Needs::default(), Needs::and)
}

/// Declares what intents need before rules are made.
pub(crate) fn prepare(kinds: Kinds, model: &mut Model) {
    for intent in &model.cluster.intents {
        for kind in kinds {
            kind.prepare(model, intent);
        }
    }
}

/// The properties of all intents, in order.
pub(crate) fn properties(kinds: Kinds, model: &mut Model) -> Vec<Property> {
    let mut properties = Vec::new();
    for intent in &model.cluster.intents {
        for kind in kinds {
            properties.extend(kind.properties(model, intent));
        }
    }
    properties
}

/// The numbers that all intents are about.
pub(crate) fn numbers(kinds: Kinds, model: &Model) -> Vec<Numbers> {
    let intents = model.cluster.intents.iter();
    intents.flat_map(|intent| kinds.iter().flat_map(|kind| kind.numbers(model, intent)).collect::<Vec<_>>()).collect()
}

/// The group of the first revision of a target, those of the Jobs of a CronJob, or of all workloads with replicas.
fn targets(model: &Model, target: Option<&WorkloadRef>) -> Vec<usize> {
    let cron = target.and_then(|target| model.cluster.cron_jobs.iter().find(|one| one.reference == *target));
    if let Some(cron) = cron {
        return cron.jobs.iter().filter_map(|job| model.cluster.workload(job)).collect();
    }
    match target {
        Some(target) => model.cluster.workload(target).into_iter().collect(),
        None => (0..model.cluster.workloads.len()).filter(|&group| !model.workload(group).is_daemon()).collect(),
    }
}

/// The groups without those of all Jobs of a CronJob but the first: its Jobs differ by name only, and what holds of one of
/// them holds of all.
fn distinct(model: &Model, groups: Vec<usize>) -> Vec<usize> {
    let is_first = |&group: &usize| {
        let own = &model.workload(group).reference;
        model.cluster.cron_job_of(own).is_none_or(|cron| cron.jobs.first() == Some(own))
    };
    groups.into_iter().filter(is_first).collect()
}

/// What people call the workload of a group: the Jobs of a CronJob by its name.
fn called(model: &Model, group: usize) -> String {
    let cron = model.cluster.cron_job_of(&model.workload(group).reference);
    cron.map_or_else(|| model.groups[group].object.clone(), |cron| cron.reference.to_string())
}

/// A property of an intent about a group.
pub fn property(
    model: &Model,
    intent: &Intent,
    group: Option<usize>,
    headline: String,
    claim: Claim,
    premise: Bool,
) -> Property {
    Property {
        intent: intent.id.clone(),
        object: group.map(|group| model.ids.workloads[model.groups[group].workload]),
        target: group.map(|group| called(model, group)),
        headline,
        claim,
        premise,
        origins: vec![intent.origin.clone()],
    }
}

/// What a monitor of an intent is about; `group` where there is one monitor for each.
fn watched(model: &Model, intent: &Intent, word: &'static str, group: Option<usize>) -> Subject {
    let subject = Subject::new(word).word(intent.id.clone());
    // Intents of one id have different targets, but one of them may be about all workloads.
    let intents = model.cluster.intents.iter().take_while(|other| !std::ptr::eq(*other, intent));
    let earlier = intents.filter(|other| other.id == intent.id).count();
    let subject = if earlier > 0 { subject.with(Part::Number(earlier as i64 + 1)) } else { subject };
    match group {
        Some(group) => subject.of(model.ids.workloads[model.groups[group].workload]),
        None => subject,
    }
}

/// The invariant that a condition holds when it must, with its premise.
fn bounded(model: &mut Model, intent: &Intent, group: usize, holds: Bool, when: When) -> (Claim, Bool) {
    match when {
        When::Always => always(model, holds, true.into()),
        When::Settled => (Claim::Invariant(!model.settled | holds), model.settled),
        When::AfterReached => {
            // The monitor lags by a step: it is true once some earlier state satisfied the condition, which is all
            // that a later violation needs.
            let counts = is_judged(model) & holds;
            let subject = watched(model, intent, "reached", Some(group));
            let reached = monitor(model, subject, |reached| reached | counts);
            (Claim::Invariant(!reached | holds), reached | counts)
        }
    }
}

/// Whether states are judged: with `start: settled` those from the first settled one on.
fn is_judged(model: &Model) -> Bool {
    model.settled_once.map_or(true.into(), |once| once.value)
}

/// The invariant that a condition holds in all states that are judged, with its premise.
fn always(model: &Model, holds: Bool, premise: Bool) -> (Claim, Bool) {
    let judged = is_judged(model);
    (Claim::Invariant(!judged | holds), judged & premise)
}

/// Declares a boolean monitor that starts false; `next` may read primed variables.
fn monitor(model: &mut Model, subject: Subject, next: impl FnOnce(Bool) -> Bool) -> Bool {
    let var = model.bool_var(subject, Role::Monitor, false.into());
    let next = next(var.value);
    model.draft.monitors.push(Monitor { var: var.id, next: next.id() });
    var.value
}
