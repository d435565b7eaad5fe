//! What stuck runs wait for, in the words of Kubernetes: small clusters whose answers follow from the released code, every
//! stuck run of the built-in cases, and random runs in which what a wait says is compared with what the rules can do.

use kubound::engines::{Cancel, explicit};
use kubound::manifest::{Loaded, Text, load, load_with};
use kubound::report::document::Document;
use kubound::report::human;
use kubound::search::{EngineChoice, Options, Silent, Systems, check};
use kubound::trace::execute::values;
use kubound::trace::simulate;
use kubound_encodings::assemble::assemble_with_scene;
use kubound_encodings::cluster::Granularity;
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use kubound_encodings::system::{Phrase, Verb};
use std::path::{Path, PathBuf};

/// The workload of the examples, with what places its pods.
fn deployment(placing: &str) -> String {
    format!("{}---\n", EXAMPLE_WORKLOAD.replace("      containers:", &format!("      {placing}\n      containers:")))
}

/// What waits at the end of the first violation, and the lines that tell where the pods are.
fn told(placing: &str, rest: &str) -> (Vec<String>, Vec<String>) {
    let text = format!("{}{rest}", deployment(placing));
    let loaded = load_with(&[], &[Text { name: "input".into(), text }]).expect("a readable input");
    let document = decided(&loaded);
    let violations = document.results.iter().filter_map(|result| result.violation.as_ref());
    let scene = violations.map(|found| found.scene.clone().expect("a scene")).next().expect("a violation");
    (scene.waits.iter().map(|wait| format!("{}: {}", wait.reason, wait.text)).collect(), scene.lines())
}

fn decided(loaded: &Loaded) -> Document {
    let options = Options { engine: EngineChoice::Only(&explicit::REGISTRATION), both: false, ..Options::default() };
    let systems = Systems::new(&loaded.cluster, options.granularity).expect("it can be modelled");
    let findings = check(&loaded.cluster, systems, &options, &Cancel::default(), &Silent).expect("no fault");
    Document::new(loaded, &findings, 1, "none".into())
}

#[test]
fn each_node_is_counted_for_the_first_filter_that_refuses_it() {
    let scenario = "
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes:
  - {name: small, count: 2, template: {allocatable: {cpu: 500m, memory: 512Mi, pods: 10}}}
  - {name: full, count: 1, template: {allocatable: {cpu: \"4\", memory: 512Mi, pods: 10}}}
  - name: cordoned
    count: 1
    template: {allocatable: {cpu: \"4\", memory: 8Gi}, unschedulable: true}
  - name: tainted
    count: 1
    template: {allocatable: {cpu: 100m, memory: 8Gi}, taints: [{key: gpu, value: \"yes\", effect: NoSchedule}]}
  intents: [{schedulable: {target: web}}]
";
    let (waits, lines) = told("schedulerName: default-scheduler", scenario);
    // Both resources of a node are named, as `fitsRequest` does; memory is lacking on three nodes, CPU on two.
    let expected = "FailedScheduling: pods of default/web: 0/5 nodes are available: 1 node(s) were unschedulable, \
                    1 node(s) had untolerated taint {gpu: yes}, 2 Insufficient cpu, 3 Insufficient memory";
    assert_eq!(waits, [expected]);
    assert_eq!(lines[0], "no node: default/web 2 Pending");
}

#[test]
fn affinity_and_spread_are_told_apart() {
    let scenario = |intent: &str| {
        format!(
            "
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes: [{{name: worker, count: 1, template: {{allocatable: {{cpu: \"4\", memory: 8Gi}}, labels: {{zone: a}}}}}}]
  intents: [{intent}]
"
        )
    };
    let term = "labelSelector: {matchLabels: {app: web}}, topologyKey: kubernetes.io/hostname";
    let apart =
        format!("affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{{term}}}]}}}}");
    let (waits, _) = told(&apart, &scenario("{schedulable: {target: web}}"));
    let words = "1 node(s) didn't match pod anti-affinity rules";
    assert_eq!(waits, [format!("FailedScheduling: pods of default/web: 0/1 nodes are available: {words}")]);
    let near = "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: \
                {matchLabels: {app: other}}, topologyKey: zone}]}}";
    let (waits, _) = told(near, &scenario("{schedulable: {target: web}}"));
    let words = "1 node(s) didn't match pod affinity rules";
    assert_eq!(waits, [format!("FailedScheduling: pods of default/web: 0/1 nodes are available: {words}")]);
    let (waits, _) = told("nodeSelector: {zone: b}", &scenario("{schedulable: {target: web}}"));
    let words = "1 node(s) didn't match Pod's node affinity/selector";
    assert_eq!(waits, [format!("FailedScheduling: pods of default/web: 0/1 nodes are available: {words}")]);
}

#[test]
fn a_quota_says_what_is_requested_used_and_limited() {
    let rest = "
apiVersion: v1
kind: ResourceQuota
metadata: {name: team}
spec: {hard: {requests.cpu: 1500m, pods: \"5\"}}
---
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"4\", memory: 8Gi}}}]
  intents: [{converges: {target: web}}]
";
    let (waits, lines) = told("schedulerName: default-scheduler", rest);
    let said = "exceeded quota: team, requested: cpu=1000m, used: cpu=1000m, limited: cpu=1500m";
    assert_eq!(waits, [format!("FailedCreate: pods of default/web: {said}")]);
    assert_eq!(lines, ["worker-0: default/web 1 Running"]);
}

#[test]
fn a_drain_tells_the_budget_that_refuses_it() {
    let rest = "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
---
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"4\", memory: 8Gi}}}]
  events: [{drain: {}}]
  intents: [drainCompletes]
";
    let (waits, lines) = told("schedulerName: default-scheduler", rest);
    assert!(waits.contains(&DRAIN.to_owned()), "{waits:?}");
    assert!(lines.contains(&"worker-0 (SchedulingDisabled): default/web 2 Running".to_owned()), "{lines:?}");
}

/// What the eviction API says where 2 of 2 pods must be healthy.
const DRAIN: &str = "DisruptionBudget: the drain of worker-0 cannot evict pods of default/web: budget default/shop \
                     needs 2 healthy pods and has 2";

/// A chart for three nodes on two: one node is missing, and each workload tells so. What is too large is another matter.
#[test]
fn what_ends_alike_is_told_once() {
    let apart = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: \
                 [{labelSelector: {matchLabels: {app: web}}, topologyKey: kubernetes.io/hostname}]}}";
    let spread = |name: &str| deployment(apart).replace("web", name).replace("replicas: 2", "replicas: 3");
    let large = deployment("schedulerName: default-scheduler").replace("web", "large");
    let large = large.replace("cpu: \"1\"", "cpu: \"9\"");
    let scenario = "
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"8\", memory: 8Gi}}}]
  intents: [schedulable]
";
    let text = format!("{}{}{}{large}{scenario}", spread("api"), spread("cart"), spread("shop"));
    let loaded = load_with(&[], &[Text { name: "input".into(), text }]).expect("a readable input");
    let document = decided(&loaded);
    let alike: Vec<Option<&str>> = document.results.iter().map(|result| result.ends_like.as_deref()).collect();
    let like = "schedulable Deployment/default/api: FailedScheduling: node(s) didn't match pod anti-affinity rules";
    assert_eq!(alike, [None, Some(like), Some(like), None]);
    let text = human::render(&document, &human::Options::plain());
    assert_eq!(text.matches("steps 1-4 ").count(), 2, "{text}");
    assert!(text.contains("4 violated (2 of them like another)"), "{text}");
    let named = "schedulable Deployment/default/cart, schedulable";
    assert!(text.contains(named) && text.matches("error[schedulable]").count() == 2, "{text}");
    let quiet = human::render(&document, &human::Options { quiet: true, ..human::Options::plain() });
    assert_eq!(quiet.matches("error[schedulable]").count(), 4, "{quiet}");
    let verbose = human::render(&document, &human::Options { verbose: true, ..human::Options::plain() });
    assert_eq!(verbose.matches("step 1 ").count(), 4, "{verbose}");
}

/// One missing CPU breaks three intents: the one about what people do is told, whatever the order in the scenario, and clean
/// answers come before it.
#[test]
fn the_most_telling_violation_of_a_cause_comes_first() {
    let scenario = "
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]
  events: [{rollout: {target: web}}]
  intents: [converges, schedulable, {rolloutCompletes: {target: web}}, noOscillation]
";
    let text = deployment("schedulerName: default-scheduler") + scenario;
    let document = decided(&load_with(&[], &[Text { name: "input".into(), text }]).expect("a readable input"));
    let like: Vec<&str> =
        document.results.iter().filter_map(|one| one.ends_like.as_deref()?.split(':').next()).collect();
    assert_eq!(like, ["rolloutCompletes Deployment/default/web"; 2]);
    let text = human::render(&document, &human::Options::plain());
    let place = |word: &str| text.find(word).unwrap_or(usize::MAX);
    assert!(place("holds[noOscillation]") < place("error[rolloutCompletes]"), "{text}");
    assert!(place("error[converges]") == usize::MAX && place("error[schedulable]") == usize::MAX, "{text}");
    let named = "schedulable Deployment/default/web, converges";
    assert!(text.contains(named), "{text}");
}

/// The folders of the broken cases.
fn broken() -> Vec<PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(cases)
        .expect("the cases")
        .map(|entry| entry.expect("an entry").path().join("broken"))
        .collect();
    folders.sort();
    folders
}

/// Wherever it is said that pods find no node, every node is refused for a reason, and no rule binds these pods.
#[test]
fn waits_agree_with_what_the_rules_can_do() {
    let (mut told, mut bound) = (0, 0);
    for (seed, folder) in broken().iter().enumerate() {
        let loaded = load(std::slice::from_ref(folder), None).expect("a readable case");
        let (system, scene) = assemble_with_scene(&loaded.cluster, Granularity::Fine).expect("it can be modelled");
        let waits: Vec<_> = scene.waits.iter().filter(|wait| wait.reason == "FailedScheduling").collect();
        let mut random = fastrand::Rng::with_seed(seed as u64);
        for _ in 0..3 {
            let Some(initial) = simulate::initial(&system, &mut random) else { continue };
            let run = simulate::run(&system, initial, 40, &mut random).expect("a model without faults").trace;
            for index in 0..=run.steps.len() {
                let state = run.state(index);
                let value = |term| values(&system, &[term], state, &[])[0];
                for wait in &waits {
                    // Pods of DaemonSets are told about one by one, without the number of nodes.
                    let [_, Phrase::Value { term: nodes, .. }, _] = wait.says.as_slice() else {
                        continue;
                    };
                    let group = wait.subject.trim_start_matches("pods of ");
                    let binds = system.rules.iter().any(|rule| {
                        let is_bind = |write: &&kubound_encodings::system::Write| {
                            write.verb == Verb::Bind
                                && write.object.is_some_and(|id| system.names.object(id).label() == group)
                        };
                        rule.writes.iter().find(is_bind).is_some()
                            && value(kubound_encodings::term::Term::id(rule.enabled)) != 0
                    });
                    bound += usize::from(binds);
                    if value(wait.when) != 0 {
                        told += 1;
                        let refused: i64 = wait.counts.iter().map(|(count, _)| value(*count)).sum();
                        assert!(refused >= value(*nodes), "{folder:?}: {group}: {refused} of {} nodes", value(*nodes));
                        assert!(!binds, "{folder:?}: {group} waits and is bound");
                    }
                }
            }
        }
    }
    assert!(told > 20 && bound > 20, "{told} waits, {bound} bindings");
}
