//! Pods and their templates.

use super::{DEPLOYMENT, NODE, has_note, with_manifest, with_pod};
use kubound::manifest::{Loaded, Severity, load};
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::pod_affinity::RevisionMatch;

#[test]
fn who_preempts_is_said_by_classes_pods_and_the_profile() {
    let class = |more: &str| {
        format!("apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: high}}\nvalue: 10\n{more}")
    };
    let with = |class: &str, field: &str| {
        let urgent =
            DEPLOYMENT.replace("name: web}", "name: urgent}").replace("    spec:", &format!("    spec:{field}"));
        load(&[], Some(&format!("{NODE}---\n{DEPLOYMENT}---\n{urgent}---\n{class}"))).expect("valid")
    };
    let never = |loaded: &Loaded| loaded.cluster.workloads[1].template.never_preempts;
    let named = "\n      priorityClassName: high";
    let loaded = with(&class(""), named);
    assert!(!never(&loaded) && loaded.cluster.may_preempt(&loaded.cluster.workloads[1].template));
    assert!(!has_note(&loaded, Severity::Risky, "spec.template.spec.priorityClassName", ""));
    assert!(never(&with(&class("preemptionPolicy: Never\n"), named)));
    assert!(never(&with(&class(""), &format!("{named}\n      preemptionPolicy: Never"))));
    let profile = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles: \
                   [{plugins: {postFilter: {disabled: [{name: DefaultPreemption}]}}}]\n";
    assert!(!with_manifest(profile).expect("valid").cluster.scheduler.preempts);
}

#[test]
fn risky_fields_of_pods_are_noted() {
    for field in [
        "schedulingGates: [{name: a}]",
        "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, \
         namespaceSelector: {matchLabels: {team: a}}}]}}",
        "volumes: [{name: a, persistentVolumeClaim: {claimName: a}}]",
        "somethingNew: 1",
    ] {
        let loaded = with_pod(field).expect(field);
        assert!(loaded.notes.iter().any(|note| note.severity == Severity::Risky), "{field}");
    }
    let loaded = with_pod("dnsPolicy: Default").expect("valid");
    assert!(loaded.notes.iter().all(|note| note.severity == Severity::Harmless));
}

#[test]
fn affinity_between_pods_is_read() {
    let loaded = with_pod(
        "affinity:
        podAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
          - {weight: 5, podAffinityTerm: {topologyKey: zone, labelSelector: {}, namespaceSelector: {}}}
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - topologyKey: kubernetes.io/hostname
            labelSelector: {matchLabels: {tier: web}}
            namespaces: [other]
            matchLabelKeys: [app, absent]
            mismatchLabelKeys: [pod-template-hash]",
    )
    .expect("valid");
    assert!(loaded.notes.iter().all(|note| note.severity == Severity::Harmless), "{:?}", loaded.notes);
    let template = &loaded.cluster.workloads[0].template;
    let [preferred] = &template.pod_affinity.preferred[..] else { panic!("{template:?}") };
    assert_eq!((preferred.weight, preferred.term.topology_key.as_str()), (5, "zone"));
    assert_eq!(preferred.term.selector.as_ref().map(|one| one.is_empty()), Some(true));
    assert!(preferred.term.looks_into("default", "any"));
    let [required] = &template.pod_anti_affinity.required[..] else { panic!("{template:?}") };
    assert_eq!(required.revision, RevisionMatch::Other);
    assert_eq!(required.namespaces, ["other"]);
    let keys: Vec<&str> = required.label_keys.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["app"], "keys that the pod does not have are left out");
    for (field, said) in [
        ("{topologyKey: a, matchLabelKeys: [app]}", "matchLabelKeys without labelSelector"),
        ("{labelSelector: {}}", "topologyKey"),
        ("{topologyKey: a, labelSelector: {matchLabels: {app: web}}, matchLabelKeys: [app]}", "labelSelector"),
        (
            "{topologyKey: a, labelSelector: {}, matchLabelKeys: [b], mismatchLabelKeys: [b]}",
            "in matchLabelKeys and mismatchLabelKeys",
        ),
    ] {
        let pod = format!("affinity: {{podAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{field}]}}}}");
        let error = with_pod(&pod).expect_err(field).to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn ports_of_sidecars_count_from_1_34_on() {
    let ports = |release: &str, policy: &str| {
        let text = DEPLOYMENT.replace(
            "containers: [{name: web",
            &format!(
                "initContainers: [{{name: mesh, image: mesh{policy}, ports: [{{containerPort: 80, hostPort: 8080}}]}}]\n      \
                 containers: [{{name: web"
            ),
        );
        let scenario =
            format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec: {{kubernetesVersion: {release:?}}}\n");
        let loaded = load(&[], Some(&format!("{NODE}---\n{text}---\n{scenario}"))).expect("valid");
        (loaded.cluster.workloads[0].template.host_ports.len(), loaded)
    };
    let (count, older) = ports("1.33", ", restartPolicy: Always");
    assert_eq!(count, 0);
    assert!(has_note(&older, Severity::Harmless, "spec.template.spec.initContainers", "before 1.34"));
    assert_eq!(ports("1.34", ", restartPolicy: Always").0, 1);
    assert_eq!(ports("1.34", "").0, 0, "an init container is gone when the pod runs");
}

#[test]
fn ports_of_the_node_are_read() {
    let read = |pod: &str, port: i64| {
        let ports = format!("{{containerPort: {port}, hostPort: 8081, hostIP: 10.0.0.1, protocol: UDP}}");
        let container = format!("{{name: web, image: web, ports: [{{containerPort: 80}}, {ports}]}}");
        let text = DEPLOYMENT.replace("{name: web, image: web}", &container);
        load(&[], Some(&format!("{NODE}---\n{text}      {pod}\n")))
    };
    let ports = |pod: &str, port: i64| {
        let loaded = read(pod, port).expect("valid");
        let ports = &loaded.cluster.workloads[0].template.host_ports;
        ports.iter().map(|port| format!("{}:{}/{}", port.ip, port.port, port.protocol)).collect::<Vec<_>>()
    };
    assert_eq!(ports("hostNetwork: false", 81), ["10.0.0.1:8081/UDP"]);
    assert_eq!(ports("hostNetwork: true", 8081), [":80/TCP", "10.0.0.1:8081/UDP"]);
    assert!(read("hostNetwork: true", 81).is_err(), "on the network of the node both are the same");
}

#[test]
fn deletion_costs_matter_on_single_pods_only() {
    let cost = "annotations: {controller.kubernetes.io/pod-deletion-cost: \"5\"}";
    let template = DEPLOYMENT.replace("labels: {app: web}}", &format!("labels: {{app: web}}, {cost}}}"));
    assert_ne!(template, DEPLOYMENT);
    let loaded = load(&[], Some(&format!("{NODE}---\n{template}"))).expect("valid");
    assert!(has_note(&loaded, Severity::Harmless, "spec.template.metadata.annotations", "same deletion cost"));
    let owner = "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: u, controller: true}]";
    let pod = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web-1-x, {cost}, {owner}}}\n");
    let loaded = with_manifest(&pod).expect("valid");
    assert!(has_note(&loaded, Severity::Risky, "", "pod-deletion-cost decides nothing"));
}

#[test]
fn pods_that_nobody_owns_are_read() {
    let pod = |metadata: &str, rest: &str| {
        let head = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: debug, labels: {{app: debug}}{metadata}}}\n");
        with_manifest(&format!("{head}spec: {{containers: [{{name: a, image: a}}]{rest}}}\n"))
    };
    let loaded = pod("", "").expect("valid");
    let debug = &loaded.cluster.workloads[1];
    assert!(debug.is_bare());
    assert_eq!((debug.replicas, debug.template.labels["app"].as_str()), (Span::exactly(1), "debug"));
    let about = |name: &str| loaded.cluster.intents.iter().filter(|one| one.kind.name() == name).count();
    assert_eq!((about("schedulable"), about("converges")), (2, 1), "nobody replaces it");
    let once = pod("", ", restartPolicy: Never").expect("valid");
    assert!(has_note(&once, Severity::Risky, "spec.restartPolicy", "run forever"));
    let owner = |kind: &str| {
        let owner = format!("{{apiVersion: v1, kind: {kind}, name: x, uid: u, controller: true}}");
        pod(&format!(", ownerReferences: [{owner}]"), "").expect("valid")
    };
    for kind in ["ReplicaSet", "Node"] {
        assert_eq!(owner(kind).cluster.workloads.len(), 1, "{kind}");
    }
    assert!(has_note(&owner("Node"), Severity::Risky, "", "takes no room"));
    let ended = "apiVersion: v1\nkind: Pod\nmetadata: {name: debug}\nstatus: {phase: Succeeded}\nspec: {}\n";
    assert_eq!(with_manifest(ended).expect("valid").cluster.workloads.len(), 1);
    for line in ["workloads: [{target: debug, replicas: 2}]", "events: [{scale: {target: debug, replicas: 2}}]"] {
        let scenario = format!("---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {line}\n");
        assert!(pod("", &format!("}}\n{scenario}#")).is_err(), "{line}");
    }
}

#[test]
fn images_that_only_some_nodes_have_are_risky() {
    let node = |name: &str, image: &str, size: i64| {
        let images = format!("[{{names: [\"{image}\"], sizeBytes: {size}}}]");
        NODE.replace("name: n1", &format!("name: {name}"))
            .replace("status: {", &format!("status: {{images: {images}, "))
    };
    let severity = |nodes: &[String]| {
        let loaded = load(&[], Some(&format!("{DEPLOYMENT}---\n{}", nodes.join("---\n")))).expect("read");
        let note = loaded.notes.iter().find(|note| note.field == "status.images").expect("a note");
        note.severity
    };
    let large = 500 << 20;
    let differ = [node("a", "web:latest", large), node("b", "other:latest", large)];
    assert_eq!(severity(&differ), Severity::Risky);
    let same = [node("a", "web:latest", large), node("b", "web:latest", large)];
    assert_eq!(severity(&same), Severity::Harmless);
    let small = [node("a", "web:latest", 1 << 20), node("b", "other:latest", large)];
    assert_eq!(severity(&small), Severity::Harmless);
    let missing = [node("a", "web:latest", large), NODE.to_owned()];
    assert_eq!(severity(&missing), Severity::Risky);
}
