//! Input that Kubernetes refuses, or that means nothing.

use super::{DEPLOYMENT, NODE, assert_says, embedded, has_note, scratch, with_manifest, with_pod, with_scenario};
use kubound::manifest::{ErrorKind, Severity, load};
use kubound_encodings::cluster::IntentKind;
use std::fs;
use std::process::Command;

#[test]
fn numbers_that_nothing_can_count_are_errors_of_the_expression() {
    let refused = |spec: &str, about: &str| {
        let error = with_scenario(spec).expect_err(spec);
        assert_eq!(error.kind, ErrorKind::Expression, "{error}");
        assert!(error.to_string().contains(about), "{error}");
    };
    let million = "1000000 * 1000000 * 1000000 * 1000000";
    refused(&format!("{{intents: [{{always: \"pods.size() * {million} >= 0\"}}]}}"), "beyond 2^58");
    refused(&format!("{{assume: [\"nodes.present * {million} >= 0\"]}}"), "beyond 2^58");
    refused(
        &format!("{{intents: [{{replicas: {{target: web, min: \"spec.replicas * {million}\"}}}}]}}"),
        "beyond 2^58",
    );
    let million = with_scenario("{intents: [{always: \"pods.size() * 1000 * 1000 >= 0\"}]}").expect("small enough");
    assert!(matches!(million.cluster.intents[0].kind, IntentKind::Formula { .. }));
}

#[test]
fn divisors_that_may_be_0_are_errors() {
    let limit = |text: &str| with_scenario(&format!("{{intents: [{{replicas: {{target: web, min: \"{text}\"}}}}]}}"));
    assert_says(limit("1 / 0"), &["the divisor is 0"]);
    assert_says(limit("10 / spec.replicas"), &["the divisor may be 0", "max(1, ...)"]);
    assert!(limit("10 / max(1, spec.replicas)").is_ok());
    assert!(limit("spec.replicas / nodes.present").is_ok(), "there is a Node");
    let assumed = with_scenario(
        "{nodes: [{name: spot, count: 0..2, template: {allocatable: {cpu: 1, memory: 1Gi}}}], \
                                 assume: [\"nodes('spot') > 0\", \"4 / nodes('spot') > 1\"]}",
    );
    assert!(assumed.is_ok(), "an assumption says that there is one");
    let pool = "nodes: [{name: spot, count: 0..2, template: {allocatable: {cpu: 1, memory: 1Gi}}}]";
    let assumed = |text: &str| with_scenario(&format!("{{{pool}, assume: [\"{text}\"]}}"));
    assert_says(assumed("10 / nodes('spot') > 1"), &["the divisor may be 0"]);
    assert!(assumed("1000000000 / allocatable('spot', 'memory') < 1").is_ok());
}

#[test]
fn what_the_api_server_refuses_of_containers_is_refused() {
    let containers = |text: &str| {
        let text = DEPLOYMENT.replace("[{name: web, image: web}]", text);
        load(&[], Some(&format!("{NODE}---\n{text}")))
    };
    assert_says(containers("[{name: a, image: a}, {name: a, image: b}]"), &["two containers are called `a`"]);
    assert_says(with_pod("initContainers: [{name: web, image: a}]"), &["two containers are called `web`"]);
    let extended = |resources: &str| containers(&format!("[{{name: a, image: a, resources: {resources}}}]"));
    assert_says(extended("{requests: {example.com/gpu: 1}}"), &["example.com/gpu is not its limit"]);
    assert_says(extended("{requests: {hugepages-2Mi: 2Mi}, limits: {hugepages-2Mi: 4Mi}}"), &["hugepages-2Mi"]);
    assert!(extended("{requests: {example.com/gpu: 1}, limits: {example.com/gpu: 1}}").is_ok());
    assert!(extended("{limits: {example.com/gpu: 1}}").is_ok());
}

#[test]
fn time_zones_are_those_that_go_knows() {
    let cron = |zone: &str| {
        with_manifest(&format!(
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: c}}\nspec: {{schedule: \"0 0 * * *\", timeZone: {zone}, \
             jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: c}}]}}}}}}}}}}"
        ))
    };
    assert_says(cron("Mars/Base"), &["`Mars/Base` is no time zone"]);
    assert_says(cron("Europe/Berln"), &["did you mean `Europe/Berlin`?"]);
    assert!(cron("Europe/Berlin").is_ok());
}

#[test]
fn names_of_nodes_that_are_not_there_are_told() {
    let scenario = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: kind-worker2, count: 1, \
                    template: {allocatable: {cpu: 1, memory: 1Gi}}}]\n";
    let told = |field: &str, at: &str, about: &str| {
        let web = format!("{DEPLOYMENT}      {field}\n");
        let loaded = embedded(&[("web.yaml", &web), ("scenario.yaml", scenario)]).expect(field);
        has_note(&loaded, Severity::Warning, &format!("spec.template.spec.{at}"), about)
    };
    assert!(told("nodeName: kind-worker2", "nodeName", "did you mean `kind-worker2-0`?"));
    assert!(told("nodeSelector: {kubernetes.io/hostname: other}", "nodeSelector", "no node is called `other`"));
    assert!(!told("nodeName: kind-worker2-0", "nodeName", ""));
    assert!(!told("nodeSelector: {kubernetes.io/hostname: kind-worker2-0}", "nodeSelector", ""));
}

#[cfg(unix)]
#[test]
fn links_to_nowhere_are_refused() {
    let folder = scratch("dangling");
    fs::write(folder.join("web.yaml"), format!("{NODE}---\n{DEPLOYMENT}")).expect("written");
    assert!(load(std::slice::from_ref(&folder), None).is_ok());
    std::os::unix::fs::symlink(folder.join("gone"), folder.join("x.yaml")).expect("a link");
    let error = load(&[folder], None).expect_err("a link to nowhere");
    assert_eq!(error.kind, ErrorKind::Unreadable);
    assert!(error.to_string().contains("x.yaml"), "{error}");
}

#[test]
fn managed_fields_tell_who_owns_the_replicas() {
    let managed = |manager: &str| {
        let fields = format!("metadata: {{name: web, managedFields: [{manager}]}}");
        let text =
            DEPLOYMENT.replace("metadata: {name: web}", &fields).replacen("spec:\n", "spec:\n  replicas: 2\n", 1);
        let loaded = load(&[], Some(&format!("{NODE}---\n{text}"))).expect(manager);
        loaded.cluster.workloads[0].replicas_managed
    };
    let owned = "fieldsV1: {\"f:spec\": {\"f:replicas\": {}}}";
    assert!(managed(&format!("{{manager: ci, operation: Apply, {owned}}}")));
    assert!(!managed(&format!("{{manager: kube-controller-manager, subresource: scale, {owned}}}")));
    assert!(managed("{manager: other, fieldsV1: {\"f:spec\": {\"f:paused\": {}}}}"), "as if nothing were told");
}

#[test]
fn scalars_are_read_as_kubectl_reads_them() {
    let replicas = |text: &str| {
        let text = DEPLOYMENT.replacen("spec:\n", &format!("spec:\n  replicas: {text}\n"), 1);
        load(&[], Some(&format!("{NODE}---\n{text}"))).map(|loaded| loaded.cluster.workloads[0].replicas.lo)
    };
    assert_eq!(replicas("010").ok(), Some(8));
    assert_eq!(replicas("08").ok(), Some(8));
    assert_eq!(replicas("1_0").ok(), Some(10));
    let paused = DEPLOYMENT.replacen("spec:\n", "spec:\n  paused: on\n", 1);
    let loaded = load(&[], Some(&format!("{NODE}---\n{paused}"))).expect("a boolean");
    assert!(loaded.cluster.workloads[0].rollout.is_paused);
    let label = DEPLOYMENT.replace("labels: {app: web}", "labels: {app: web, debug: no}");
    assert_says(load(&[], Some(&format!("{NODE}---\n{label}"))), &["found the boolean false"]);
}

#[test]
fn reports_do_not_go_where_input_is() {
    let folder = scratch("overwrite");
    let text = format!("{NODE}---\n{DEPLOYMENT}");
    fs::write(folder.join("web.yaml"), &text).expect("written");
    let input = folder.join("web.yaml");
    let kubound = |output: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kubound"));
        command.arg("verify").arg(&folder).arg("-o").arg(format!("json={output}")).output().expect("kubound runs")
    };
    let refused = kubound(&format!("{}/./web.yaml", folder.display()));
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("which is an input"), "{refused:?}");
    assert_eq!(fs::read_to_string(&input).expect("still there"), text);
    let written = kubound(&folder.join("report.json").display().to_string());
    assert_eq!(written.status.code(), Some(0), "{written:?}");
}
