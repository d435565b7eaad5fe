//! A kind of its own: a `Nap` lets a workload rest after some time. The controller writes `spec.replicas` when its
//! countdown ends, the event `wake` puts back what was wanted at first, the intent `rests` demands that the workload
//! ends up resting.

use kubound_encodings::cluster::{Cluster, Event, EventKind, Intent, IntentKind, Other, Span, WorkloadRef};
use kubound_encodings::controllers::Controller;
use kubound_encodings::events::{EventModel, Operation, operation};
use kubound_encodings::explanation::Explanation;
use kubound_encodings::footprint::Footprint;
use kubound_encodings::intents::{IntentModel, Weight, property};
use kubound_encodings::kinds::Kinds;
use kubound_encodings::needs::Needs;
use kubound_encodings::state::{BoolVar, Model, RuleBuilder, Timer, text};
use kubound_encodings::subject::Subject;
use kubound_encodings::system::{Claim, Pace, Property, Role, Verb};

/// The kind of the object.
pub const NAP: &str = "Nap";

/// The object.
#[derive(Clone, PartialEq, Debug)]
pub struct Nap {
    /// Its name.
    pub name: String,
    /// The workload that rests.
    pub target: WorkloadRef,
    /// Seconds until it does.
    pub after: i64,
    /// How many replicas it has then.
    pub replicas: i64,
}

/// What the controller remembers of a Nap.
struct State {
    rests: BoolVar,
    timer: Timer,
}

/// The kinds of Kubernetes, and this one.
pub fn kinds() -> Kinds {
    let mut kinds = Kinds::default();
    kinds.controllers.push(&NapController);
    kinds.events.push(&Wake);
    kinds.intents.push(&Rests);
    kinds
}

fn naps(cluster: &Cluster) -> Vec<&Nap> {
    cluster.others.iter().filter_map(Other::get).collect()
}

fn about(what: &'static str, nap: &Nap) -> Subject {
    Subject::new(what).word(nap.name.clone())
}

/// Lets workloads rest.
struct NapController;

impl Controller for NapController {
    fn name(&self) -> &'static str {
        "nap-controller"
    }

    fn summary(&self) -> &'static str {
        "lets workloads rest after some time"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let replicas = naps(cluster).into_iter().map(|nap| (nap.target.clone(), Span::exactly(nap.replicas)));
        Needs { replicas: replicas.collect(), ..Needs::durations(naps(cluster).into_iter().map(|nap| nap.after)) }
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: "nap-controller",
            watches: &["Nap", "Deployment"],
            reads_live: &[],
            forgets: &["since when a workload is awake"],
        }
    }

    fn prepare(&self, model: &mut Model) {
        for (number, nap) in naps(model.cluster).into_iter().enumerate() {
            let rests = model.bool_var(about("rests", nap), Role::Cluster, false.into());
            let timer = model.timer(about("timer", nap), nap.after, !rests.value);
            model.remember(number, State { rests, timer });
        }
    }

    fn add_rules(&self, model: &mut Model) {
        for (number, nap) in naps(model.cluster).into_iter().enumerate() {
            let Some(group) = model.cluster.workload(&nap.target) else { continue };
            let unit = model.fairness_unit(about("rest of", nap));
            let Some(State { rests, timer }) = model.side(number) else { continue };
            let pace = if timer.left.is_some() { Pace::Fast } else { Pace::Clock };
            let rule = RuleBuilder::new(about("rest", nap), self.name(), "Rested", pace)
                .when(timer.armed & timer.expired)
                .writes(Verb::Patch, model.groups[group].id)
                .set(model.groups[group].spec, nap.replicas)
                .remembers()
                .set_bool(*rests, true)
                .fair(unit)
                .says([text(format!("{} rests", nap.target))]);
            model.add_rule(rule);
        }
    }
}

/// Somebody wakes a workload.
struct Wake;

impl EventModel for Wake {
    fn names(&self) -> &'static [&'static str] {
        &["wake"]
    }

    fn summary(&self) -> &'static str {
        "a workload that rests is woken"
    }

    fn needs(&self, cluster: &Cluster, event: &Event, _: &Needs) -> Needs {
        let woken = |nap: &&Nap| matches!(&event.kind, EventKind::Other(other) if other.get() == Some(&nap.name));
        let woken = naps(cluster).into_iter().find(woken).and_then(|nap| cluster.workload(&nap.target));
        let written = woken.map(|index| &cluster.workloads[index]).map(|one| (one.reference.clone(), one.replicas));
        Needs { replicas: written.into_iter().collect(), ..Needs::default() }
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::Other(other) = &event.kind else { return vec![] };
        let found = naps(model.cluster).into_iter().enumerate().find(|(_, nap)| other.get() == Some(&nap.name));
        let Some((number, nap)) = found else { return vec![] };
        let (Some(group), Some(state)) = (model.cluster.workload(&nap.target), model.side::<State>(number)) else {
            return vec![];
        };
        let spec = model.groups[group].spec;
        let rule = operation(model, event, "wake", "somebody", "Woken", Pace::Event)
            .when(state.rests.value)
            .writes(Verb::Patch, model.groups[group].id)
            .set(spec, model.initial_of(spec))
            .remembers()
            .set_bool(state.rests, false)
            .says([text(format!("{} is woken", nap.target))]);
        vec![Operation::Begins(rule)]
    }
}

/// Every Nap comes to be.
struct Rests;

impl IntentModel for Rests {
    fn names(&self) -> &'static [&'static str] {
        &["rests"]
    }

    fn summary(&self) -> &'static str {
        "from some time on a workload rests"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "A workload that naps is not kept awake.",
            formal: "In every fair run, from some time on the Nap rests.",
            failing: "",
            passing: "",
            upstream: "",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Goal
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::Other(_) = &intent.kind else { return vec![] };
        let awake: Vec<_> = model.sides::<State>().map(|(_, state)| !state.rests.value).collect();
        let awake = kubound_encodings::term::any(awake);
        let claim = Claim::NoFairLoop { within: true.into(), keep: true.into(), progress: awake, stay: awake };
        vec![property(model, intent, None, "a workload is kept awake".into(), claim, awake)]
    }
}
