//! Inputs that were once answered wrongly, with the true answers. Each is a folder of `tests/fixtures/soundness`, verified
//! as a user would: with the flags given here and none besides.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folder, flags, exit code, and the verdict of each intent in order.
const ANSWERS: &[(&str, &[&str], i32, &[&str])] = &[
    // One of three nodes is preferred by the scheduler's configuration alone.
    ("added-affinity", &[], 1, &["violated"]),
    // The descheduler's policy looks at two of three nodes.
    ("descheduler-hostname", &[], 1, &["violated"]),
    // Seen on a real control plane: a pod of a lower priority is scheduled while one that failed is in back-off.
    ("back-off", &["--timing", "interleaved"], 1, &["violated"]),
    // A kubelet of another operating system refuses the pod again and again.
    ("another-system", &[], 1, &["violated", "holds"]),
    // What comes after a drain that a budget blocks never comes, and the verdict says so.
    ("after-a-blocked-drain", &[], 1, &["vacuous", "violated"]),
    // The new pod of a rollout waits for a volume that the old one keeps on another node.
    ("attached-elsewhere", &[], 1, &["violated", "violated"]),
    // Three Jobs of one CronJob, and one cause.
    ("cron-job-without-room", &[], 1, &["holds", "violated", "violated"]),
    // Seen on a real control plane: a pod of a DaemonSet preempts one of a lower priority.
    ("daemonset-preempts", &[], 1, &["violated", "violated"]),
    // No node has room for a pod of the new template of a DaemonSet, whose file was refused.
    ("daemon-set-applied", &[], 1, &["violated", "holds", "race"]),
    ("duplicate-node", &[], 2, &[]),
    // A limit that the duplicates on one node use up, which once was a fault of the model.
    ("duplicates-of-a-stateful-set", &[], 0, &["holds"; 3]),
    ("event-between-expiries", &[], 1, &["violated"]),
    // Evicted pods are replaced while others still wait for their eviction.
    ("fused-drain", &[], 1, &["violated"]),
    ("fused-taint", &[], 1, &["violated"]),
    // Each Job's pods end, whatever other Jobs do, and those of a CronJob before its next moment.
    ("job-and-cronjob", &[], 0, &["holds"; 5]),
    // Seen on a real control plane: a pod without a grace period goes although its node has stopped.
    ("grace-period-0-on-a-stopped-node", &[], 1, &["violated"]),
    // An autoscaler whose target is of a group that nobody serves never scales.
    ("hpa-of-no-group", &[], 1, &["violated"]),
    // Nobody says how long the Job's pod runs: that is no reason to call its deadline missed.
    ("job-deadline", &[], 0, &["holds", "holds", "holds"]),
    // Seen on a real control plane: a Job's pod ends before the next one is scheduled.
    ("job-pod-ends-at-once", &[], 0, &["holds"]),
    ("job-pod-ends-at-once", &["--timing", "interleaved"], 1, &["violated"]),
    // The pod of a machine that is away is made elsewhere.
    ("node-failure", &[], 0, &["holds", "holds", "holds"]),
    ("nodes-present", &[], 1, &["violated", "violated"]),
    // With merged rules the last pod becomes ready in the last step, which no intent has noted yet.
    ("noted-in-the-last-step", &["--cross-check"], 0, &["holds"]),
    // Without NodeResourcesFit nothing bounds how many evicted pods terminate on a node, which once was a fault of the model.
    ("pods-that-pile-up", &[], 1, &["holds", "holds", "violated"]),
    // The namespace enforces a level of Pod Security that the pods break.
    ("pod-security", &[], 1, &["holds", "holds", "violated", "violated", "holds"]),
    // Seen on a real control plane: pending pods of a DaemonSet fill a quota.
    ("quota-counts-pending-daemon-pods", &[], 1, &["violated"]),
    // Seen on a real control plane for minutes: quotas count pods on a stopped node, and the scheduler does not see that
    // an obstacle is gone. Neither lasts.
    ("queueing-hint-misses-anti-affinity", &[], 1, &["holds", "violated"]),
    ("quota-on-a-stopped-node", &[], 1, &["holds", "violated"]),
    ("start-any-job", &[], 2, &[]),
    // A drain before the second pod is scheduled: a state that passes.
    ("instant-start", &[], 0, &["race"]),
    ("instant-start", &["--deny", "races"], 1, &["race"]),
    ("instant-start", &["--timing", "paced"], 0, &["holds"]),
    ("instant-start-with-startup", &[], 1, &["violated"]),
    // A Deployment that is scaled in mid-rollout hangs: a race that lasts (kubernetes/kubernetes#102551).
    ("scaled-mid-rollout", &[], 1, &["violated"]),
    // Time stops in a loop of fast controllers, whichever intents are asked about.
    ("stopped-clock", &[], 1, &["violated"]),
    ("stopped-clock", &["--timing", "paced"], 1, &["violated"]),
    ("stopped-clock-2", &[], 1, &["violated", "violated"]),
    ("stopped-clock-intent-flag", &[], 1, &["violated", "violated"]),
    ("stopped-clock-intent-flag", &["--intent", "replicas"], 1, &["violated"]),
    ("stopped-clock-settled", &[], 0, &["vacuous"]),
    ("stopped-clock-settled", &["--deny", "vacuous"], 1, &["vacuous"]),
    // Two StatefulSets under one budget, both rolled out before a pod of the first is gone.
    ("two-rollouts", &[], 0, &["race"]),
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/soundness")
}

#[test]
fn answers_are_true() {
    let wrong: Vec<String> = ANSWERS.iter().filter_map(|answer| check(answer).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether Kubound gives an answer; what it says instead.
fn check(&(folder, flags, code, verdicts): &(&str, &[&str], i32, &[&str])) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubound"));
    command.arg("verify").arg(fixtures().join(folder)).args(flags).args(["--no-repairs", "-o", "json"]);
    let output = command.output().expect("kubound runs");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let results = report["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    let said: Vec<&str> = results.iter().filter_map(|result| result["verdict"].as_str()).collect();
    let messages = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(code) && said == verdicts {
        return Ok(());
    }
    Err(format!("{folder}: {} with {said:?}, not {code} with {verdicts:?}\n{messages}", output.status))
}

#[test]
fn every_folder_has_an_answer() {
    let entries = std::fs::read_dir(fixtures()).expect("a folder of fixtures");
    let folders: BTreeSet<String> =
        entries.map(|entry| entry.expect("a readable entry").file_name().to_string_lossy().into_owned()).collect();
    let answered: BTreeSet<String> = ANSWERS.iter().map(|(folder, ..)| (*folder).to_owned()).collect();
    assert_eq!(folders, answered);
}
