//! Scripts that follow saved runs on real clusters: what shellcheck says of them, and what they do where kubectl and
//! its like only record how they are called. `kubound verify cases/CASE/broken --save FOLDER` makes the runs anew.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Seconds; never waited for where all is well.
const PATIENT: &str = "120";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder of this name.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reproduce").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn kubound(tool: &str, case: &str, into: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kubound"))
        .current_dir(root())
        .args(["replay", "--script", tool, "--into"])
        .arg(into)
        .args([format!("tests/reproduce/{case}.json"), format!("cases/{case}/broken")])
        .output()
        .expect("kubound runs")
}

/// Writes a script, lets shellcheck read it, and returns its folder.
fn script(tool: &str, case: &str, name: &str) -> PathBuf {
    let into = folder(name).join("script");
    let output = kubound(tool, case, &into);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let checked = Command::new("shellcheck").arg(into.join("run.sh")).output();
    let checked = checked.expect("shellcheck runs; scripts/test installs it");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    into
}

/// What a stubbed cluster answers: Events, pods, replicas; and pods and replicas after a drain or a change of usage.
#[derive(Clone, Default)]
struct Answers {
    /// Reason, object, count, message.
    events: Vec<(&'static str, &'static str, u32, String)>,
    /// Node and phase.
    pods: Vec<(String, &'static str)>,
    replicas: u32,
    after: Option<(Vec<(String, &'static str)>, u32)>,
}

fn pods(list: &[(String, &'static str)]) -> String {
    let line = |(index, (node, phase)): (usize, &(String, &str))| format!("web-1-p{index}\t{node}\t{phase}\t\n");
    list.iter().enumerate().map(line).collect()
}

/// Runs a script on stubs; returns exit code, what it printed, and the calls that are no look-ups.
/// Where the answers let it pass, the deadline is generous: drains run in the background.
fn dry_run(script: &Path, answers: &Answers, deadline: &str) -> (Option<i32>, String, Vec<String>) {
    let home = script.parent().expect("a folder").to_owned();
    let (stubs, files, record) = (home.join("stubs"), home.join("answers"), home.join("record"));
    fs::create_dir_all(&stubs).expect("a folder");
    fs::create_dir_all(files.join("after")).expect("a folder");
    for name in ["kubectl", "kind", "kwokctl", "docker", "descheduler"] {
        let stub = stubs.join(name);
        fs::copy(root().join("tests/reproduce/stub.sh"), &stub).expect("a copy");
        fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    let event = |(reason, object, count, message): &(&str, &str, u32, String)| {
        format!("{reason}\t{object}\t{count}\t\t{message}\n")
    };
    let write = |name: &str, text: String| fs::write(files.join(name), text).expect("a file");
    write("events", answers.events.iter().map(event).collect());
    write("ready", "True\n".into());
    let (later, more) = answers.after.clone().unwrap_or_else(|| (answers.pods.clone(), answers.replicas));
    write("pods", pods(&answers.pods));
    // Enough pods have run on every node.
    let nodes: BTreeSet<&String> = answers.pods.iter().chain(&later).map(|(node, _)| node).collect();
    let ran = |node: &&String| {
        (0..9).map(|pod| format!("{node}-{pod}|default|web-1-p{pod}|{node}|Running\n")).collect::<String>()
    };
    write("watched", nodes.iter().map(ran).collect());
    write("replicas", answers.replicas.to_string());
    write("after/pods", pods(&later));
    write("after/replicas", more.to_string());
    let path = format!("{}:{}", stubs.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new(script.join("run.sh"))
        .env("PATH", path)
        .env("RECORD", &record)
        .env("ANSWERS", &files)
        .env("DEADLINE", deadline)
        .env("PAUSE", "0")
        .env("QUIET", "0")
        .output()
        .expect("the script runs");
    let calls = fs::read_to_string(&record).unwrap_or_default();
    // The descheduler starts in the background, so that its call may be recorded late, or not at all.
    let is_act =
        |call: &&str| !call.contains(" get ") && !call.starts_with("docker info") && !call.starts_with("descheduler");
    let mut calls: Vec<String> = calls.lines().filter(is_act).map(str::to_owned).collect();
    let home = script.display().to_string();
    calls.iter_mut().for_each(|call| *call = call.replace(&home, "HERE"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text, calls)
}

fn node(case: &str, number: usize) -> String {
    let name = match case {
        "c5" => "c5-duplicates-with-nowhere-to-go-broken",
        "c6" => "c6-failure-after-maintenance-broken",
        _ => "c8-spread-against-affinity-broken",
    };
    format!("{name}-worker{}", if number == 1 { String::new() } else { number.to_string() })
}

/// Events about a Deployment `web` with a ReplicaSet `web-1`, many of each.
fn many_events(nodes: &[String]) -> Vec<(&'static str, &'static str, u32, String)> {
    let mut events = vec![
        ("ScalingReplicaSet", "web", 9, "Scaled up replica set web-1 from 0 to 4".into()),
        ("SuccessfulCreate", "web-1", 90, "Created pod: web-1-p0".into()),
    ];
    events.extend(
        nodes
            .iter()
            .map(|node| ("Scheduled", "web-1-p0", 90, format!("Successfully assigned default/web-1-p0 to {node}"))),
    );
    events
}

fn c8() -> Answers {
    let nodes = [node("c8", 1), node("c8", 2)];
    let mut events = many_events(&nodes);
    let message = format!("pod eviction from {} node by sigs.k8s.io/descheduler", nodes[0]);
    events.push(("RemovePodsViolatingTopologySpreadConstraint", "web-1-p0", 3, message));
    let [first, second] = nodes;
    let pods = vec![(first.clone(), "Running"), (first.clone(), "Running"), (first, "Running"), (second, "Running")];
    Answers { events, pods, replicas: 4, after: None }
}

#[test]
fn a_loop_is_followed_three_times_round() {
    let script = script("kind", "c8", "c8-kind");
    let (code, text, calls) = dry_run(&script, &c8(), PATIENT);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("round 3 of 3") && text.ends_with("everything was seen\n"), "{text}");
    assert!(text.contains("expected at-least 3, seen 3"), "three evictions in three rounds: {text}");
    let verbs: Vec<String> = calls.iter().map(|call| call.split(' ').take(4).collect::<Vec<_>>().join(" ")).collect();
    let (context, cluster) = ("kind-c8-spread-against-affinity-broken", "c8-spread-against-affinity-broken");
    let kubectl = |verb: &str| format!("kubectl --context {context} {verb}");
    let expected = [
        "kind create cluster --name".into(),
        kubectl("label"),
        kubectl("wait"),
        kubectl("label"),
        kubectl("wait"),
        kubectl("apply"),
        "kubectl config view --raw".into(),
        "kind delete cluster --name".into(),
    ];
    assert_eq!(verbs, expected, "{cluster}");
    assert!(calls[5].ends_with("apply --filename HERE/objects/01-deployment-default-web.json"), "{calls:?}");
    let kind = fs::read_to_string(script.parent().expect("a folder").join("answers/kind.yaml")).expect("kind.yaml");
    assert!(kind.contains("system-reserved: \"cpu=12000m,memory=25769803776\""), "{kind}");
    assert_eq!(kind.matches("role: worker").count(), 2);
}

#[test]
fn a_cluster_that_does_nothing_differs_at_the_first_step_and_is_kept() {
    let script = script("kind", "c8", "c8-nothing");
    let (code, text, calls) = dry_run(&script, &Answers { events: Vec::new(), ..c8() }, "0");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("step 1    DIFFERS   default/web 0 -> 4 (events: expected at-least 1, seen 0)"), "{text}");
    assert!(!calls.iter().any(|call| call.starts_with("kind delete")), "{calls:?}");
}

#[test]
fn too_few_evictions_are_a_difference_in_the_round_that_lacks_one() {
    let script = script("kind", "c5", "c5-few");
    let nodes = [node("c5", 1), node("c5", 2)];
    let mut events = many_events(&nodes);
    let message = format!("pod eviction from {} node by sigs.k8s.io/descheduler", nodes[0]);
    events.push(("RemoveDuplicates", "web-1-p0", 1, message));
    let [first, second] = nodes;
    let pods = vec![(first.clone(), "Running"), (first.clone(), "Running"), (first, "Running"), (second, "Running")];
    let (code, text, _) = dry_run(&script, &Answers { events, pods, replicas: 4, after: None }, "0");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("round 2 of 3") && !text.contains("round 3 of 3"), "{text}");
    assert!(text.contains("DIFFERS   RemoveDuplicates evicts 1") && text.contains("at-least 2, seen 1"), "{text}");
}

/// What the model leaves open is no difference.
#[test]
fn too_few_evictions_are_none_where_the_order_of_a_cache_decides() {
    let script = script("kind", "c8", "c8-few");
    let mut answers = c8();
    answers.events.last_mut().expect("the evictions").2 = 1;
    let (code, text, _) = dry_run(&script, &answers, "0");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("step 11   could be") && text.contains("expected at-least 2, seen 1"), "{text}");
}

/// The script of a run with the fixed manifests: exit code 1 where the failure stays away.
#[test]
fn other_manifests_are_tried_in_the_place_of_those_of_the_run() {
    let into = folder("c8-instead").join("script");
    let output = Command::new(env!("CARGO_BIN_EXE_kubound"))
        .current_dir(root())
        .args(["replay", "--script", "kind", "--instead", "cases/c8/fixed", "--into"])
        .arg(&into)
        .args(["tests/reproduce/c8.json", "cases/c8/broken"])
        .output()
        .expect("kubound runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let fixed = fs::read_to_string(root().join("cases/c8/fixed/policy.yaml")).expect("the policy");
    let written = fs::read_to_string(into.join("policy.json")).expect("the policy");
    assert_eq!(fixed.contains("ScheduleAnyway"), written.contains("ScheduleAnyway"), "{written}");
    let (code, text, _) = dry_run(&into, &c8(), "0");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("the failure is seen with these manifests, too\n"), "{text}");
    let mut answers = c8();
    answers.events.pop();
    let (code, text, calls) = dry_run(&into, &answers, "0");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("the failure stays away: step 11 was not seen"), "{text}");
    assert!(calls.iter().any(|call| call.starts_with("kind delete")), "nothing is left to look at: {calls:?}");
}

fn c6() -> Answers {
    let nodes = [node("c6", 1), node("c6", 2)];
    let [first, second] = nodes.clone();
    Answers {
        events: many_events(&nodes),
        pods: vec![(first, "Running"), (second.clone(), "Running")],
        replicas: 2,
        after: Some((vec![(second.clone(), "Running"), (second, "Running")], 2)),
    }
}

#[test]
fn events_are_performed_in_their_places() {
    let script = script("kind", "c6", "c6-kind");
    let (code, text, calls) = dry_run(&script, &c6(), PATIENT);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("everything was seen\n"), "{text}");
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
    assert!(place("step 7    do        maintenance of worker-0 begins") < place("step 8    ok "));
    assert!(place("step 13   do        worker-0 is empty and put back") < place("step 14   do        worker-1 stops"));
    for call in [
        format!("drain {} --ignore-daemonsets --delete-emptydir-data --timeout 120s", node("c6", 1)),
        format!("uncordon {}", node("c6", 1)),
        format!("docker stop {}", node("c6", 2)),
    ] {
        assert_eq!(calls.iter().filter(|one| one.ends_with(&call)).count(), 1, "{call} in {calls:?}");
    }
}

#[test]
fn a_tie_that_goes_another_way_is_told_and_not_held_against_the_cluster() {
    let script = script("kind", "c6", "c6-tie");
    let answers = Answers { events: many_events(&[]), ..c6() };
    let (code, text, _) = dry_run(&script, &answers, "0");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("step 3    could be  a pod of default/web to worker-0"), "{text}");
    assert!(text.ends_with("a tie went another way at step 3: run this again\n"), "{text}");
    // Nodes that are alike have no names of their own; but the second pod has to be on another one.
    let answers = Answers { events: many_events(&[node("c6", 2)]), ..c6() };
    let (code, text, _) = dry_run(&script, &answers, "0");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("step 3    ok        a pod of default/web to worker-0"), "{text}");
    assert!(text.contains("step 5    DIFFERS   a pod of default/web to worker-1"), "{text}");
}

#[test]
fn usage_of_pods_is_set_where_nodes_only_say_that_they_run_them() {
    let script = script("kwok", "c3", "c3-kwok");
    let nodes = ["zone-a-0", "zone-b-0", "zone-b-1"].map(str::to_owned);
    let mut events = many_events(&nodes);
    events.push(("SuccessfulRescale", "web", 1, "New size: 6; reason: cpu resource utilization above target".into()));
    let placed: Vec<(String, &str)> = [0, 0, 1, 1, 2].map(|node: usize| (nodes[node].clone(), "Running")).to_vec();
    let mut later = placed.clone();
    later.push((String::new(), "Pending"));
    let answers = Answers { events, pods: placed, replicas: 5, after: Some((later, 6)) };
    let (code, text, calls) = dry_run(&script, &answers, PATIENT);
    assert_eq!(code, Some(0), "{text}");
    for usage in ["100m", "120m"] {
        let call = format!("annotate pod web-1-p0 --namespace default --overwrite kwok.x-k8s.io/usage-cpu={usage}");
        assert!(calls.iter().any(|one| one.contains(&call)), "{calls:?}");
    }
    assert!(
        calls[0].starts_with("kwokctl create cluster") && calls[0].contains("--enable-metrics-server"),
        "{calls:?}"
    );
    let deployment = fs::read_to_string(script.join("objects/01-deployment-default-web.json")).expect("the Deployment");
    assert!(!deployment.contains("usage-cpu"), "an apply without it would be another template: {deployment}");
    assert!(deployment.contains(r#""replicas": 5"#), "{deployment}");
    let list = fs::read_to_string(script.join("nodes.json")).expect("the nodes");
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(list["items"][0]["status"]["allocatable"]["cpu"], "4000m");
}

#[test]
fn names_of_nodes_are_those_of_the_cluster() {
    let script = script("kind", "c7", "c7-kind");
    let deployment = fs::read_to_string(script.join("objects/01-deployment-default-pinned.json")).expect("a file");
    assert!(deployment.contains(r#""nodeName": "c7-pinned-to-a-tainted-node-broken-worker""#), "{deployment}");
    let text = fs::read_to_string(script.join("run.sh")).expect("the script");
    assert!(
        text.contains("kube taint node c7-pinned-to-a-tainted-node-broken-worker dedicated=batch:NoExecute"),
        "{text}"
    );
}

#[test]
fn what_a_tool_cannot_do_is_refused() {
    for (tool, case, why) in [
        ("kwok", "c7", "in step 3 a kubelet rejects a pod, and KWOK has no kubelets; use --script kind"),
        ("kind", "c3", "kind cannot set that; use --script kwok"),
    ] {
        let into = folder(&format!("{case}-{tool}-refused")).join("script");
        let output = kubound(tool, case, &into);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(why), "{told}");
        assert!(!into.exists());
    }
    let there = folder("there-already");
    let output = kubound("kind", "c8", &there);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is there already"));
}

/// Copies a case, changing the text of its Deployment.
fn changed_case(name: &str, from: &str, to: &str) -> PathBuf {
    let folder = folder(name);
    for file in ["deploy.yaml", "scenario.yaml"] {
        let text = fs::read_to_string(root().join("cases/c7/broken").join(file)).expect("a file of the case");
        let text = if file == "deploy.yaml" { text.replacen(from, to, 1) } else { text };
        fs::write(folder.join(file), text).expect("a file");
    }
    folder
}

fn replayed(trace: &Path, case: &Path, flags: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_kubound"))
        .arg("replay")
        .args(flags)
        .arg(trace)
        .arg(case)
        .output()
        .expect("kubound");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_run_of_other_manifests_is_refused_unless_told_otherwise() {
    let digest = |folder: &Path| {
        let loaded = kubound::manifest::load(&[folder.to_owned()], None).expect("a case");
        loaded.digest().expect("a digest")
    };
    let original = digest(&root().join("cases/c7/broken"));
    let commented = changed_case("c7-commented", "kind: Deployment", "kind: Deployment # as before");
    let larger = changed_case("c7-larger", "memory: 64Mi", "memory: 65Mi");
    assert_eq!(digest(&commented), original);
    assert_ne!(digest(&larger), original);

    let text = fs::read_to_string(root().join("tests/reproduce/c7.json")).expect("a saved run");
    let mut saved: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    saved["manifests"] = original.into();
    let trace = folder("c7-saved").join("run.json");
    fs::write(&trace, saved.to_string()).expect("a file");
    assert_eq!(replayed(&trace, &commented, &[]).0, Some(0));
    let (code, told) = replayed(&trace, &larger, &[]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("the run was found in other manifests"), "{told}");
    assert!(told.contains("help: verify them again with --save, or replay with --despite-changes"), "{told}");
    assert_eq!(replayed(&trace, &larger, &["--despite-changes"]).0, Some(0));
}

#[test]
fn no_script_is_written_for_runs_with_recommended_requests() {
    let folder = std::env::temp_dir().join(format!("kubound-reproduce-vpa-{}", std::process::id()));
    let run =
        |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_kubound")).args(arguments).output().expect("it runs");
    run(&["verify", "cases/c61/broken", "--save", folder.to_str().expect("a path")]);
    let saved = fs::read_dir(&folder).expect("a folder").next().expect("a run").expect("an entry").path();
    let refused = run(&["replay", "--script", "kwok", saved.to_str().expect("a path"), "cases/c61/broken"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("leave VerticalPodAutoscalers out"), "{said}");
    std::fs::remove_dir_all(&folder).expect("removed");
}
