//! Cases with values that no enumeration covers: allocatable CPU of every node from 8 to 64 cores, usage from 50m to
//! 900m for each pod, up to 12 nodes and 36 pods, and in most of them pods anywhere at the start.

use kubound::engines::Cancel;
use kubound::engines::explicit;
use kubound::engines::symbolic;
use kubound::manifest::{self, Text};
use kubound::search::{EngineChoice, Options, Silent, Systems, Verdict, check};
use kubound::smt::Encoding;
use std::path::Path;

/// Nodes and pods of the violation that an engine finds.
fn violation(variant: &str, engine: EngineChoice) -> (i64, i64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ranges").join(variant);
    let loaded = manifest::load(&[folder], None).expect("a readable folder");
    let options = Options { engine, encoding: Encoding::CadicalClauses, ..Options::default() };
    let systems = Systems::new(&loaded.cluster, options.granularity).expect("a case that can be modelled");
    let findings = check(&loaded.cluster, systems, &options, &Cancel::default(), &Silent).expect("no fault");
    match &findings.results[0].verdict {
        Verdict::Violated(found) => (found.nodes, found.pods),
        other => panic!("{variant}: {other:?}"),
    }
}

#[test]
fn violations_are_found_among_all_values() {
    for variant in ["c5/broken", "c6/broken", "c8/broken"] {
        let (nodes, pods) = violation(variant, EngineChoice::Only(&symbolic::REGISTRATION));
        assert!((1..=12).contains(&nodes) && (1..=36).contains(&pods), "{variant}: {nodes} nodes, {pods} pods");
    }
}

/// The fix of c6 keeps pods spread; it spreads none that are piled up from the start.
#[test]
fn a_hard_constraint_does_not_mend_what_it_finds() {
    assert_eq!(violation("c6/fixed", EngineChoice::Only(&symbolic::REGISTRATION)), (2, 2));
}

/// The fix of c5 is nodes alike. A node of 64 cores beside one of 8 scores higher for the tenth pod: 671 to 668.
#[test]
fn equal_shares_need_equal_nodes() {
    assert_eq!(violation("c5/unequal", EngineChoice::Only(&explicit::REGISTRATION)), (2, 10));
}

/// A pod that is placed on the only node has a number that a cluster of one node would have, whatever the range of nodes is.
#[test]
fn a_size_of_a_range_starts_as_it_does_by_itself() {
    let verdict = |count: &str| {
        let text = format!(
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: web}}\nspec:\n  replicas: 1\n  serviceName: web\n  \
             podManagementPolicy: Parallel\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    \
             metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: c}}]}}\n---\n\
             apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{{name: worker, count: {count}}}]\n  \
             placed: [{{target: StatefulSet/default/web, pool: worker, pods: 0..1}}]\n  \
             intents: [{{always: 'nodes.size() > 1 || pods.size() <= 1'}}]\n"
        );
        let loaded = manifest::load_with(&[], &[Text { name: "input".into(), text }]).expect("a valid input");
        let options = Options { engine: EngineChoice::Only(&explicit::REGISTRATION), ..Options::default() };
        let systems = Systems::new(&loaded.cluster, options.granularity).expect("it can be modelled");
        let findings = check(&loaded.cluster, systems, &options, &Cancel::default(), &Silent).expect("no fault");
        findings.results[0].verdict.word()
    };
    assert_eq!([verdict("1"), verdict("1..3")], ["holds"; 2]);
}
