use super::super::names::{Names, Pool};
use super::{Fault, Known, Type, parse_as};
use kubound_encodings::cluster::WorkloadRef;
use kubound_encodings::cluster::formula::Formula;
use proptest::prelude::*;

fn read(text: &str) -> Result<Formula, Fault> {
    let workload =
        |name: &str| WorkloadRef { kind: "Deployment".into(), namespace: "default".into(), name: name.into() };
    let pool = |name: &str, is_single_node, most| Pool {
        name: name.into(),
        is_single_node,
        is_fixed: true,
        most,
        least: 1,
        allocatable: Default::default(),
    };
    let names = Names {
        workloads: vec![workload("web"), workload("api")],
        pools: vec![pool("worker", false, 3), pool("n1", true, 1)],
        least_nodes: 0,
    };
    parse_as(text, Type::Bool, &Known { names: &names, hpas: &["default/web".to_owned()], customs: &[], rules: None })
}

#[test]
fn every_operator_is_read() {
    for text in [
        "true",
        "!false && true || settled",
        "pods.all(p, p.ready)",
        "pods.exists(p, p.phase == 'pending')",
        "pods.exists_one(p, p.node == 'worker-2')",
        "pods.filter(p, p.owner == 'web' && p.ready).size() >= 2",
        "size(nodes) - 1 < 2 * 3 + -1",
        "nodes.all(n, n.schedulable != !n.ready)",
        "workloads['web'].status.readyReplicas <= workloads['Deployment/default/api'].spec.replicas",
        "workloads.all(w, w.kind in ['Deployment', 'ReplicaSet'] && w.namespace == 'default' && w.name != '')",
        "hpas['web'].status.desiredReplicas < hpas['default/web'].spec.maxReplicas",
        "hpas.all(h, h.spec.minReplicas > 0 && h.name == 'web')",
        "(settled ? pods.size() : 1) == 1",
        "nodes.all(n, pods.filter(p, p.node == n.name).size() <= 3)",
        "pods.all(p, p.pool in ['', 'worker', 'n1'] && p.node != '')",
    ] {
        assert!(read(text).is_ok(), "{text}: {:?}", read(text));
    }
}

/// Faults with the characters that they are about.
#[test]
fn every_error_points_into_the_expression() {
    for (text, part, message) in [
        ("pods.all(p, p.redy)", "p.redy", "a pod has no field `redy`"),
        ("pods.all(p, q.ready)", "q", "nothing is called `q`"),
        ("pods.size()", "pods.size()", "this is a number"),
        ("pods", "pods", "this is pods"),
        ("pods >= 2", "pods", "this is pods"),
        ("pods.ready", "pods.ready", "pods has no field `ready`"),
        ("pods.exists(p, p.phase == 'runing')", "'runing'", "no phase is called `runing`"),
        ("pods.exists(p, p.owner == 'wob')", "'wob'", "no workload is called `wob`"),
        ("pods.exists(p, p.node == 'worker-3')", "'worker-3'", "no node is called `worker-3`"),
        ("pods.exists(p, p.pool == 'wörker')", "'wörker'", "no pool is called `wörker`"),
        ("workloads['wob'].spec.replicas == 1", "'wob'", "no workload `wob`"),
        ("hpas['api'].spec.minReplicas == 1", "'api'", "no autoscaler `api`"),
        ("pods['web'].ready", "pods['web']", "pods cannot be picked by name"),
        ("pods.all(p, p.ready == 1)", "1", "this is a number"),
        ("1 + true == 2", "true", "this is a condition"),
        ("4 / 2 == 2", "4 / 2", "`/` is not supported here"),
        ("1.5 < 2", "1.5", "a value of this type is not supported"),
        ("pods.map(p, p.ready)", "pods.map(p, p.ready)", "this macro is not supported"),
        ("has(pods.x)", "has(pods.x)", "`has` is not supported"),
        ("'a'.startsWith('b')", "'a'.startsWith('b')", "`startsWith` is not supported here"),
        ("[1] == [1]", "[1]", "a list stands alone"),
        ("1 in 2", "2", "no list"),
        ("pods.all(pods, true)", "pods.all(pods, true)", "`pods` means something already"),
        ("pods.all(a, pods.all(b, pods.all(c, true)))", "pods.all(c, true)", "too many quantifiers"),
        ("99999999 > 1", "99999999", "too large a number"),
        ("settled ? 'a' : 'b'", "'a'", "this is a text"),
        ("pods.all(p, )", ")", "no expression"),
        ("pods.all(p p.ready)", "p", "no expression"),
        ("", "", "an empty expression"),
    ] {
        let fault = read(text).expect_err(text);
        assert!(fault.message.contains(message), "{text}: {fault:?}");
        let marked: String = text.chars().skip(fault.start).take(fault.end - fault.start).collect();
        // The parser remembers where calls and selections have their mark, not where they begin.
        assert!(part.contains(&marked) && fault.start <= text.chars().count(), "{text}: {marked:?} {fault:?}");
    }
}

#[test]
fn deep_and_long_expressions_are_refused() {
    for text in ["(".repeat(5000), "!".repeat(3000) + "true", "a".repeat(5000), "[".repeat(100), "-".repeat(500) + "1"]
    {
        assert!(read(&text).is_err());
    }
    assert!(read(&(0..60).map(|_| "true").collect::<Vec<_>>().join(" && ")).is_ok());
}

proptest! {
    /// No text makes the parser or the checker fall over.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z(){}\\[\\].,'!&|?:<>=+*/0-9 \\\\\"-]{0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn any_mixture_of_words_is_read_or_refused(words in proptest::collection::vec(prop_oneof![
        Just("pods"), Just(".all("), Just("p,"), Just("p."), Just("ready"), Just(")"), Just("&&"), Just("("), Just("=="),
        Just("'web'"), Just("workloads["), Just("]"), Just(".spec.replicas"), Just("1"), Just("?"), Just(":"), Just("in"),
        Just("[") , Just("filter"), Just("has("), Just(".size()"), Just("!"), Just("settled"),
    ], 0..14)) {
        let _ = read(&words.concat());
        let _ = read(&words.join(" "));
    }
}
