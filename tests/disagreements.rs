//! What a real control plane did and the model could not, shrunk: the model has to be able to do it. Each folder's scenario
//! says what was seen, and why; docs/src/referee.md how it was found.

use std::path::Path;
use std::process::Command;

/// Returns the report.
fn can(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disagreements").join(name);
    let output = Command::new(env!("CARGO_BIN_EXE_kubound"))
        .args(["verify", "--no-repairs", "--output", "json"])
        .arg(&folder)
        .output()
        .expect("kubound runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    let verdict = report["results"][0]["verdict"].as_str().unwrap_or_default();
    assert!(["violated", "race"].contains(&verdict), "{name}: {verdict}");
    report.to_string()
}

#[test]
fn an_autoscaler_leaves_init_containers_out() {
    can("init-containers-under-an-autoscaler");
}

#[test]
fn controllers_that_share_a_quota_come_in_between() {
    can("quota-shared-by-two-controllers");
}

#[test]
fn a_quota_counts_pods_of_a_stopped_node_for_a_while() {
    let report = can("quota-on-a-stopped-node");
    let (left_out, replaced) = ("quotas leave out what is terminating on n0", "a pod of default/web to n1");
    let place = |text: &str| report.find(text).unwrap_or_else(|| panic!("no {text:?} in {report}"));
    assert!(place(left_out) < place(replaced), "the replacement is refused until then: {report}");
}

#[test]
fn no_pod_requests_more_than_the_limit_it_gets() {
    let report = can("default-limit-below-a-request");
    let report: serde_json::Value = serde_json::from_str(&report).expect("a report");
    assert_eq!(report["results"][1]["verdict"], "holds", "{report}");
}

#[test]
fn jobs_have_no_default_spread() {
    can("jobs-have-no-default-spread");
}

#[test]
fn bare_replicasets_do_not_rank_nodes() {
    can("bare-replicasets-do-not-rank-nodes");
}
