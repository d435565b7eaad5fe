//! Kinds that are added from elsewhere, needs that nobody told, and registries in another order.

use crate::nap::{self, NAP, Nap};
use crate::support::{World, acting, cluster, deployment, event, node, origin, reference};
use kubound_encodings::assemble::{AssembleError, assemble, assemble_of};
use kubound_encodings::cluster::workload::{Control, Job, StatefulSet};
use kubound_encodings::cluster::{
    Cluster, EventKind, Granularity, Intent, IntentKind, Other, ScenarioControllerKind, Span,
};
use kubound_encodings::controllers::Controller;
use kubound_encodings::footprint::Footprint;
use kubound_encodings::kinds::Kinds;
use kubound_encodings::needs::Needs;
use kubound_encodings::state::Model;
use kubound_encodings::term::Term;

fn sleepy() -> Cluster {
    let mut cluster = cluster(vec![node("n", &[])], vec![deployment("web", 2, 100, 100)]);
    let nap = Nap { name: "siesta".into(), target: reference("web"), after: 3600, replicas: 1 };
    cluster.others.push(Other::new(NAP, nap));
    cluster.events.push(event("wake", EventKind::Other(Other::new("wake", "siesta".to_owned()))));
    let kind = IntentKind::Other(Other::new("rests", ()));
    cluster.intents.push(Intent { id: "rests".into(), kind, origin: origin() });
    cluster
}

#[test]
fn a_kind_that_is_added_acts_with_object_timer_event_and_intent() {
    let cluster = sleepy();
    let system = assemble_of(&nap::kinds(), &cluster, Granularity::Fused).expect("a cluster that can be modelled");
    let property = system.properties[0].clone();
    let mut world = World::starting(system);
    assert_eq!(world.get("spec.replicas[default/web]"), 2);
    assert!(!world.is_enabled("event/wake/wake"));
    world.calm().fire("nap-controller/rest/siesta").calm();
    assert_eq!((world.get("spec.replicas[default/web]"), world.get("running[default/web][n]")), (1, 1));
    assert_eq!(world.evaluate_state(property.premise.id()), 0, "it rests");
    world.fire("event/wake/wake").calm();
    assert_eq!((world.get("spec.replicas[default/web]"), world.get("left[wake]")), (2, 0));
    assert!(world.is_enabled("nap-controller/rest/siesta"), "a single countdown is not counted");
}

#[test]
fn nobody_else_knows_the_kind() {
    let system = assemble(&sleepy(), Granularity::Fused).expect("what is unknown is not modelled");
    assert!(system.properties.is_empty() && !system.rules.iter().any(|rule| rule.name.contains("siesta")));
}

/// Acts like another controller, and asks for less.
struct Forgetful(&'static dyn Controller, fn(Needs) -> Needs);

impl Controller for Forgetful {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn summary(&self) -> &'static str {
        self.0.summary()
    }

    fn needs(&self, cluster: &Cluster, others: &Needs) -> Needs {
        (self.1)(self.0.needs(cluster, others))
    }

    fn footprint(&self) -> Footprint {
        self.0.footprint()
    }

    fn prepare(&self, model: &mut Model) {
        self.0.prepare(model);
    }

    fn add_rules(&self, model: &mut Model) {
        self.0.add_rules(model);
    }
}

#[test]
fn what_was_not_asked_for_is_a_fault() {
    let mut cluster = sleepy();
    cluster.events.clear();
    for (forget, told) in [
        ((|needs| Needs { durations: vec![], ..needs }) as fn(Needs) -> Needs, "timer siesta counts down 3600 s"),
        (|needs| Needs { replicas: vec![], ..needs }, "nap-controller/rest/siesta changes Deployment/default/web"),
    ] {
        let mut kinds = nap::kinds();
        let nap = kinds.controllers.pop().expect("the last one");
        kinds.controllers.push(Box::leak(Box::new(Forgetful(nap, forget))));
        let found = assemble_of(&kinds, &cluster, Granularity::Fused).map(|_| ());
        assert_eq!(found, Err(AssembleError::Undeclared(told.into())));
    }
}

#[test]
fn the_order_of_registries_means_nothing() {
    let (mut set, mut job) = (deployment("db", 2, 100, 100), deployment("report", 1, 100, 100));
    set.reference.kind = "StatefulSet".into();
    set.control = Control::Ordinals(StatefulSet::default());
    job.reference.kind = "Job".into();
    job.control =
        Control::Ends(Job { run_time: Some(60), active_deadline: Some(300), backoff_limit: 1, ..Job::default() });
    let pools = vec![node("a", &[]), node("b", &[])];
    let mut cluster = cluster(pools, vec![deployment("web", 2, 100, 100), set, job]);
    let replicas = Span::exactly(1);
    cluster.events = vec![
        event("scale", EventKind::Scale { target: reference("web"), replicas }),
        event("drain", EventKind::Drain { node: None, uncordon: true }),
    ];
    cluster.scenario_controllers = vec![acting("memory", ScenarioControllerKind::MemoryPressure)];
    let there = Kinds::default();
    let mut back = there.clone();
    back.controllers.reverse();
    back.events.reverse();
    back.intents.reverse();
    for granularity in [Granularity::Fine, Granularity::Fused] {
        assert_eq!(told(&there, &cluster, granularity), told(&back, &cluster, granularity));
    }
}

/// Every variable, and every rule with what it writes, sorted.
fn told(kinds: &Kinds, cluster: &Cluster, granularity: Granularity) -> Vec<String> {
    let system = assemble_of(kinds, cluster, granularity).expect("a cluster that can be modelled");
    let name = |index: usize| system.dag.vars()[index].name.clone();
    let rules = system.rules.iter().map(|rule| {
        let mut written: Vec<String> = rule.updates.iter().map(|(var, _)| name(var.index())).collect();
        written.sort();
        format!("{} {:?} {written:?}", rule.name, rule.pace)
    });
    let mut all: Vec<String> = (0..system.vars.len()).map(name).chain(rules).collect();
    all.sort();
    all
}
