//! Workloads that differ only by name: which are found to be, and that sorting them saves states and changes nothing.

use kubound::engines::explicit::Explicit;
use kubound::engines::{Answer, Cancel, Engine, Limits, Outcome};
use kubound::manifest;
use kubound::passes::{Families, alike_slots, interchangeable, slice, specialise};
use kubound::search::{self, Options, Silent, Systems, Verdict};
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{Cluster, Granularity, LabelSelector, PodAffinityTerm, Requirement};
use kubound_encodings::subject::{ObjectId, SlotId};
use kubound_encodings::system::TransitionSystem;
use std::path::PathBuf;

fn alike() -> Cluster {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/alike");
    manifest::load(&[folder], None).expect("the fixture can be read").cluster
}

/// So many workloads like the first, under names of their own.
fn copies(count: usize, replicas: i64) -> Cluster {
    let mut cluster = alike();
    let first = cluster.workloads[0].clone();
    let copy = |number: usize| {
        let mut workload = first.clone();
        workload.reference.name = format!("copy-{number}");
        workload.template.labels.insert("app".into(), workload.reference.name.clone());
        workload.origin.object = workload.reference.to_string();
        (workload.replicas.lo, workload.replicas.hi) = (replicas, replicas);
        workload
    };
    cluster.workloads = (0..count).map(copy).collect();
    cluster.intents.truncate(1);
    cluster
}

fn system(cluster: &Cluster) -> TransitionSystem {
    assemble(cluster, Granularity::Fused).expect("the fixture can be modelled")
}

fn decide(engine: Explicit, system: &TransitionSystem, property: usize) -> Outcome {
    engine.decide(system, property, &Limits::default(), &Cancel::default()).expect("no fault")
}

/// Nodes that are alike, by name.
fn alike_nodes(cluster: &Cluster) -> Vec<Vec<String>> {
    let system = slice(&system(cluster), 0).system;
    let name = |slot: &SlotId| system.names.slots[slot.index()].name.clone();
    let classes = alike_slots(&specialise(&system, &[]).system).into_iter();
    classes.map(|class| class.slots.iter().map(name).collect()).collect()
}

/// The fixture with so many nodes in each pool.
fn with_pools(counts: &[i64]) -> Cluster {
    let mut cluster = alike();
    let first = cluster.pools[0].clone();
    let pool = |(number, &count): (usize, &i64)| {
        let mut pool = first.clone();
        pool.name = format!("pool-{number}");
        (pool.count.lo, pool.count.hi) = (count, count);
        pool
    };
    cluster.pools = counts.iter().enumerate().map(pool).collect();
    cluster.intents.truncate(1);
    cluster
}

#[test]
fn nodes_are_alike_until_something_names_one() {
    let mut cluster = with_pools(&[4]);
    assert_eq!(alike_nodes(&cluster), [["pool-0-0", "pool-0-1", "pool-0-2", "pool-0-3"]]);
    let web = &mut cluster.workloads[0].template;
    web.node_selector.insert("kubernetes.io/hostname".into(), "pool-0-2".into());
    assert_eq!(alike_nodes(&cluster), [["pool-0-0", "pool-0-1", "pool-0-3"]]);
    let web = &mut cluster.workloads[1].template;
    web.node_selector.insert("kubernetes.io/hostname".into(), "pool-0-1".into());
    assert_eq!(alike_nodes(&cluster), [["pool-0-0", "pool-0-3"]]);
}

#[test]
fn nodes_of_several_pools_may_be_alike() {
    let mut cluster = with_pools(&[1, 2, 1]);
    assert_eq!(alike_nodes(&cluster), [["pool-0-0", "pool-1-0", "pool-1-1", "pool-2-0"]]);
    cluster.pools[1].labels.insert("zone".into(), "b".into());
    assert_eq!(alike_nodes(&cluster).len(), 1, "a label that nobody reads");
    cluster.workloads[0].template.node_selector.insert("zone".into(), "b".into());
    assert_eq!(alike_nodes(&cluster), [vec!["pool-0-0", "pool-2-0"], vec!["pool-1-0", "pool-1-1"]]);
}

#[test]
fn pairs_of_nodes_may_be_alike_although_the_pairs_are_not_one() {
    let mut cluster = with_pools(&[1, 1, 1, 1]);
    for (number, pool) in cluster.pools.iter_mut().enumerate() {
        pool.labels.insert("rack".into(), if number % 2 == 0 { "left" } else { "right" }.into());
    }
    let spread = cluster.workloads.iter_mut().map(|workload| &mut workload.template);
    spread.for_each(|template| {
        let own = Requirement { key: "app".into(), operator: Operator::In(vec![template.labels["app"].clone()]) };
        template.pod_anti_affinity.required.push(PodAffinityTerm {
            topology_key: "rack".into(),
            selector: Some(LabelSelector { requirements: vec![own] }),
            ..PodAffinityTerm::default()
        });
    });
    assert_eq!(alike_nodes(&cluster), [["pool-0-0", "pool-2-0"], ["pool-1-0", "pool-3-0"]]);
}

#[test]
fn only_what_differs_by_name_is_interchangeable() {
    let system = system(&alike());
    let untargeted = slice(&system, 0).system;
    let classes = interchangeable(&untargeted);
    assert_eq!(classes.len(), 1, "{classes:?}");
    let labels = |family: &Vec<ObjectId>| family.iter().map(|&id| system.names.object(id).label()).collect::<Vec<_>>();
    let labels: Vec<_> = classes[0].objects.iter().map(labels).collect();
    assert_eq!(labels, [["default/web-1"], ["default/web-2"]]);
    assert_eq!(classes[0].vars[0].len(), classes[0].vars[1].len());
    // An intent about one of them tells it from the other.
    let of_one = (0..system.properties.len()).find(|&index| system.properties[index].target.is_some()).unwrap();
    assert_eq!(system.properties[of_one].target.as_deref(), Some("Deployment/default/web-1"));
    assert!(interchangeable(&slice(&system, of_one).system).is_empty());
}

#[test]
fn anti_affinity_tells_workloads_apart_unless_it_is_the_same_towards_each() {
    let classes = |selects: fn(usize) -> Vec<String>| {
        let mut cluster = copies(2, 2);
        for (number, workload) in cluster.workloads.iter_mut().enumerate() {
            let operator = Operator::In(selects(number));
            let requirement = Requirement { key: "app".into(), operator };
            workload.template.pod_anti_affinity.required = vec![PodAffinityTerm {
                topology_key: "kubernetes.io/hostname".into(),
                selector: Some(LabelSelector { requirements: vec![requirement] }),
                ..PodAffinityTerm::default()
            }];
        }
        interchangeable(&slice(&system(&cluster), 0).system).len()
    };
    assert_eq!(classes(|number| vec![format!("copy-{number}")]), 1, "each keeps off its own pods");
    assert_eq!(classes(|number| vec![format!("copy-{}", 1 - number)]), 1, "each keeps off the other's");
    assert_eq!(classes(|_| vec!["copy-0".into()]), 0, "only one keeps off its own");
}

#[test]
fn intents_about_interchangeable_objects_say_the_same() {
    let system = system(&alike());
    let about = |name: &str| {
        let is_about = |index: &usize| system.properties[*index].target.as_deref() == Some(name);
        (0..system.properties.len()).find(is_about).expect("an intent about it")
    };
    let first = about("Deployment/default/web-1");
    let families = Families::new(&system);
    let says_the_same = |one, other| families.says_the_same(&system, one, other);
    assert!(says_the_same(about("Deployment/default/web-2"), first));
    assert!(!says_the_same(about("Deployment/default/web-12"), first));
    assert!(!says_the_same(0, first));
}

#[test]
fn clean_answers_carry_over_and_say_so() {
    let cluster = alike();
    let systems = Systems::new(&cluster, Granularity::Fused).unwrap();
    let findings = search::check(&cluster, systems, &Options::default(), &Cancel::default(), &Silent).unwrap();
    let same: Vec<Option<&str>> = findings.results.iter().map(|result| result.same_as.as_deref()).collect();
    assert_eq!(same, [None, None, Some("Deployment/default/web-1"), None]);
    assert!(findings.results.iter().all(|result| matches!(result.verdict, Verdict::Holds { .. })));
}

#[test]
fn sorting_workloads_saves_states() {
    let system = system(&copies(4, 2));
    let sorted = decide(Explicit::default(), &system, 0);
    let plain = decide(Explicit { symmetry: false, ..Explicit::default() }, &system, 0);
    let holds = |outcome: &Outcome| matches!(outcome.answer, Answer::Holds { premise_reached: true, .. });
    assert!(holds(&sorted) && holds(&plain));
    // Four workloads and three nodes: at most 4! * 3! rows of the plain search are one here.
    assert!(
        sorted.statistics.states * 4 < plain.statistics.states,
        "{} {}",
        sorted.statistics.states,
        plain.statistics.states
    );
    assert!(sorted.statistics.states * 144 >= plain.statistics.states);
    assert_eq!(sorted.fired.len(), plain.fired.len());
}

#[test]
fn twenty_workloads_are_few_states() {
    let outcome = decide(Explicit::default(), &system(&copies(20, 1)), 0);
    assert!(matches!(outcome.answer, Answer::Holds { .. }), "{:?}", outcome.answer);
    // Each is in one of four stages, and which of them is in which does not matter.
    assert_eq!(outcome.statistics.states, 1771);
}
