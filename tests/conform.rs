//! Recordings that the models cannot follow, recordings with parts left out, and texts that are none.

use kubound::conform::actions::{Deed, Recording, actions};
use kubound::conform::events::{self, Event};
use kubound::conform::search::{Bounds, SearchError};
use kubound::conform::{Conformance, conform};
use kubound::limits::report::MOST_ACTIONS;
use kubound::manifest;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::{Cluster, Granularity, Timing};
use kubound_encodings::system::TransitionSystem;
use std::path::Path;

const BOUNDS: Bounds = Bounds { states: 200, kept: 50, initial: 1_000 };

/// A Deployment of three on the nodes `free-0` and `small-0`; the latter is too small for its pods.
struct Fixture {
    cluster: Cluster,
    system: TransitionSystem,
}

impl Fixture {
    fn new() -> Self {
        Self::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conform/misfit"))
    }

    fn of(folder: &Path) -> Self {
        let mut cluster = manifest::load(&[folder.to_owned()], None).expect("a readable scenario").cluster;
        cluster.timing = Timing::Interleaved;
        let system = assemble(&cluster, Granularity::Fine).expect("a cluster that can be modelled");
        Self { cluster, system }
    }

    fn answer(&self, lines: &[String]) -> Conformance {
        let (events, recording) = self.read(lines);
        conform(&self.cluster, &self.system, &events, &recording, BOUNDS).expect("an answer")
    }

    fn read(&self, lines: &[String]) -> (Vec<Event>, Recording) {
        let events = events::read(&lines.join("\n")).expect("events");
        let recording = actions(&self.cluster, &events, 0);
        (events, recording)
    }

    /// A recording of whole seconds, as clusters make them.
    fn follow(&self, text: &str) -> Conformance {
        self.follow_within(text, Bounds::default())
    }

    fn follow_within(&self, text: &str, bounds: Bounds) -> Conformance {
        let events = events::read(text).expect("events");
        let recording = actions(&self.cluster, &events, 1);
        conform(&self.cluster, &self.system, &events, &recording, bounds).expect("an answer")
    }
}

/// A recording of the referee, with its scenario.
fn refereed(name: &str) -> (Fixture, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conform/referee").join(name);
    let text = std::fs::read_to_string(folder.join("events.jsonl")).expect("a recording");
    (Fixture::of(&folder), text)
}

fn left_out(answer: &Conformance, why: &str) -> usize {
    answer.left_out.iter().filter(|(told, _)| told.contains(why)).map(|(_, times)| times).sum()
}

#[test]
fn recordings_of_the_referee_are_followed_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conform/referee");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("recordings")
        .map(|entry| entry.expect("a recording").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 30, "{names:?}");
    for name in names {
        let (fixture, text) = refereed(&name);
        let answer = fixture.follow_within(&text, Bounds { states: 20_000, ..Bounds::default() });
        assert!(answer.mismatches.is_empty() && answer.recorded > 5, "{name}: {answer:?}");
    }
}

/// Each ReplicaSet that a sync sizes is one action, with its size.
#[test]
fn sizes_of_rollouts_are_compared() {
    let (fixture, text) = refereed("rollouts-9104");
    let wrong = text.replacen("from 0 to ", "from 0 to 1", 1);
    assert_ne!(wrong, text);
    let answer = fixture.follow(&wrong);
    assert!(answer.mismatches.iter().any(|one| one.what.contains("ScalingReplicaSet")), "{answer:?}");
}

/// A pod of a StatefulSet has the name of the one before it; without UIDs the second one cannot be told from it.
#[test]
fn pods_of_one_name_are_told_apart_by_uid() {
    let (fixture, text) = refereed("same-name");
    assert_eq!(left_out(&fixture.follow(&text), "repeated"), 0);
    let nameless: String = text
        .lines()
        .map(|line| {
            let mut event: serde_json::Value = serde_json::from_str(line).expect("an event");
            event["uid"] = serde_json::Value::Null;
            format!("{event}\n")
        })
        .collect();
    assert!(left_out(&fixture.follow(&nameless), "repeated") > 0);
}

/// The model forgets pods of Jobs that have ended; taints delete them all the same.
#[test]
fn evictions_of_ended_pods_are_left_out_and_no_others() {
    let (fixture, text) = refereed("ended-pods");
    let answer = fixture.follow(&text);
    assert_eq!(left_out(&answer, "ended by itself"), 3, "{answer:?}");
    let last = text.lines().rfind(|line| line.contains("TaintManagerEviction")).expect("an eviction");
    // One more than have ended.
    let more = last.replace("\"uid\":\"", "\"uid\":\"9");
    let answer = fixture.follow(&format!("{text}{more}\n"));
    assert_eq!(left_out(&answer, "ended by itself"), 3, "{answer:?}");
    assert!(answer.mismatches[0].what.starts_with("TaintManagerEviction"), "{answer:?}");
}

/// Where a kubelet has reported anything, its cordons are expected.
#[test]
fn what_no_kubelet_records_is_left_out() {
    let (fixture, text) = refereed("same-name");
    let answer = fixture.follow(&text);
    assert_eq!(left_out(&answer, "NodeNotSchedulable of the model's run"), 1, "{answer:?}");
    let kubelets = text.replace("kwok_controller", "kubelet");
    assert_ne!(kubelets, text);
    let answer = fixture.follow(&kubelets);
    assert!(answer.mismatches[0].what.contains("NodeNotSchedulable"), "{answer:?}");
}

/// An event at this second.
fn line(second: u32, reason: &str, kind: &str, name: &str, message: &str) -> String {
    let component = if reason == "Scheduled" { "default-scheduler" } else { "other" };
    serde_json::json!({
        "first": format!("2026-01-01T00:00:{second:02}Z"), "component": component, "reason": reason, "kind": kind,
        "namespace": "default", "name": name, "message": message,
    })
    .to_string()
}

fn scaled(second: u32) -> String {
    line(second, "ScalingReplicaSet", "Deployment", "php-apache", "Scaled up replica set php-apache-5d to 3 from 0")
}

fn created(second: u32, pod: &str) -> String {
    line(second, "SuccessfulCreate", "ReplicaSet", "php-apache-5d", &format!("Created pod: php-apache-5d-{pod}"))
}

fn scheduled(second: u32, pod: &str, node: &str) -> String {
    let message = format!("Successfully assigned default/php-apache-5d-{pod} to {node}");
    line(second, "Scheduled", "Pod", &format!("php-apache-5d-{pod}"), &message)
}

fn started(second: u32, pod: &str) -> String {
    line(second, "Started", "Pod", &format!("php-apache-5d-{pod}"), "Started container app")
}

/// What the models do.
fn possible() -> Vec<String> {
    let mut lines = vec![scaled(0), created(1, "a"), created(1, "b"), created(1, "c")];
    lines.extend(["a", "b", "c"].map(|pod| scheduled(2, pod, "free-0")));
    lines.extend(["a", "b", "c"].map(|pod| started(3, pod)));
    lines
}

#[test]
fn what_the_models_do_is_matched_whole() {
    let answer = Fixture::new().answer(&possible());
    assert_eq!((answer.recorded, answer.recorded_matched, answer.modelled_matched), (10, 10, 10));
    assert!((answer.rate - 100.0).abs() < 1e-9 && answer.mismatches.is_empty(), "{answer:?}");
    assert_eq!(answer.nodes, [("free-0".to_owned(), "free-0".to_owned())]);
}

#[test]
fn a_pod_that_starts_before_it_is_scheduled_is_named_with_why() {
    let mut lines = possible();
    lines.retain(|line| !line.contains("\"Started\""));
    lines.push(started(1, "a"));
    let answer = Fixture::new().answer(&lines);
    let first = answer.mismatches.first().expect("something that does not match");
    assert_eq!(first.side, "recorded");
    assert!(first.what.starts_with("Started Pod/php-apache-5d-a"), "{}", first.what);
    assert!(first.why[0].starts_with("kubelet/start/default/php-apache/free-0 needs"), "{:?}", first.why);
    assert!(first.why[0].contains("bound[default/php-apache][free-0] = 0"), "{:?}", first.why);
    assert!(answer.recorded_matched < answer.recorded && answer.rate < 100.0);
}

#[test]
fn a_pod_on_a_node_that_is_too_small_is_named_with_why() {
    let mut lines = possible();
    lines[5] = scheduled(2, "b", "small-0");
    let answer = Fixture::new().answer(&lines);
    let first = answer.mismatches.first().expect("something that does not match");
    assert!(first.what.contains("php-apache-5d-b") && first.what.contains("small-0"), "{}", first.what);
    assert_eq!(first.why, ["no rule of the model does this in this cluster"]);
}

#[test]
fn of_several_impossible_actions_the_earliest_is_the_first() {
    let mut lines = possible();
    lines.insert(0, scheduled(0, "b", "small-0"));
    lines.push(line(4, "NodeReady", "Node", "elsewhere", "Node elsewhere status is now: NodeReady"));
    let answer = Fixture::new().answer(&lines);
    assert!(answer.mismatches[0].what.contains("small-0"), "{:?}", answer.mismatches);
    assert!(answer.mismatches.last().expect("two").what.contains("elsewhere"), "{:?}", answer.mismatches);
    assert!(answer.mismatches.iter().all(|one| one.side == "modelled" || one.at.is_some()));
}

/// Leaving out an event can make others impossible, but never gives more than there is; the counts stay consistent.
#[test]
fn leaving_out_any_event_never_matches_more_than_there_is() {
    let fixture = Fixture::new();
    let all = possible();
    let whole = fixture.answer(&all);
    for left_out in 0..all.len() {
        let mut lines = all.clone();
        lines.remove(left_out);
        let answer = fixture.answer(&lines);
        assert_eq!(answer.recorded, whole.recorded - 1, "without {left_out}");
        assert!(answer.recorded_matched <= answer.recorded, "without {left_out}: {answer:?}");
        assert!(answer.modelled_matched <= answer.modelled, "without {left_out}: {answer:?}");
        assert_eq!(answer.recorded_matched, answer.modelled_matched, "one to one, without {left_out}");
        assert!(answer.recorded_matched <= whole.recorded_matched, "without {left_out}: {answer:?}");
        let skipped = answer.mismatches.iter().filter(|one| one.side == "recorded").count();
        assert_eq!(answer.recorded_matched + skipped, answer.recorded, "without {left_out}");
        let expected = 100.0 * (answer.recorded_matched + answer.modelled_matched) as f64
            / (answer.recorded + answer.modelled) as f64;
        assert!((answer.rate - expected).abs() < 1e-9, "without {left_out}");
    }
}

#[test]
fn events_become_actions_of_their_objects() {
    let fixture = Fixture::new();
    let mut lines = possible();
    lines.push(started(5, "a"));
    lines.push(line(6, "Scheduled", "Pod", "other-5d-a", "Successfully assigned default/other-5d-a to free-0"));
    lines.push(line(6, "BackOff", "Pod", "php-apache-5d-a", "Back-off"));
    lines.push(line(7, "SuccessfulRescale", "HorizontalPodAutoscaler", "none", "New size: 3; reason: x"));
    for verb in ["create", "Create"] {
        let message = format!("{verb} Claim data-php-apache-0 Pod php-apache-0 in StatefulSet php-apache success");
        lines.push(line(8, "SuccessfulCreate", "StatefulSet", "php-apache", &message));
    }
    let (_, recording) = fixture.read(&lines);
    assert_eq!(recording.actions.len(), 10);
    assert_eq!(recording.left_out["SuccessfulCreate is no action of the model"], 2);
    let of = |deed: Deed| {
        let classes = recording.actions.iter().map(|action| &recording.classes[action.class]);
        classes.filter(|class| class.deed == deed).collect::<Vec<_>>()
    };
    assert_eq!((of(Deed::Created).len(), of(Deed::Scheduled).len(), of(Deed::Started).len()), (3, 3, 3));
    assert_eq!(of(Deed::ScaledReplicaSet)[0].number, Some(3));
    assert!(of(Deed::Started).iter().all(|class| class.workload == Some(0) && class.node == Some(0)));
    assert_eq!(recording.left_out["repeated for the same pod"], 1);
    assert_eq!(recording.left_out["object of another workload"], 2);
    assert_eq!(recording.left_out["BackOff is no action of the model"], 1);
}

/// The descheduler names the plugin; what it could not evict is no action.
#[test]
fn evictions_of_the_descheduler_are_told_by_who_records_them() {
    let fixture = Fixture::new();
    let lines = ["RemoveDuplicates", "EvictionFailed"].map(|reason| {
        line(5, reason, "Pod", "php-apache-5d-a", "pod eviction from free-0 node by sigs.k8s.io/descheduler")
            .replace("\"other\"", "\"sigs.k8s.io.descheduler\"")
    });
    let (_, recording) = fixture.read(&lines);
    assert_eq!(recording.actions.len(), 1);
    assert_eq!(recording.classes[recording.actions[0].class].deed, Deed::Descheduled);
    assert_eq!(recording.left_out["EvictionFailed is no action of the model"], 1);
}

/// The recorder keeps the last message of several that it combines.
#[test]
fn of_combined_sizes_the_last_is_known() {
    let mut event: serde_json::Value = serde_json::from_str(&scaled(0)).expect("an event");
    event["count"] = 3.into();
    event["last"] = "2026-01-01T00:00:04Z".into();
    let sizes = |event: &serde_json::Value| {
        let (_, recording) = Fixture::new().read(&[event.to_string()]);
        recording.actions.iter().map(|action| recording.classes[action.class].number).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&event), [Some(3), Some(3), Some(3)]);
    let message = event["message"].as_str().expect("a message").to_owned();
    event["message"] = format!("(combined from similar events): {message}").into();
    // By latest time: the first, then those between and the last one.
    let mut known = sizes(&event);
    known.sort();
    assert_eq!(known, [None, None, Some(3)]);
}

#[test]
fn counts_of_events_are_limited() {
    let fixture = Fixture::new();
    let hostile = r#"{"first":"2026-01-01T00:00:00Z","count":4294967295,"reason":"SuccessfulCreate","kind":"ReplicaSet","namespace":"default","name":"php-apache-5d"}"#;
    let lines = vec![hostile.to_owned(), hostile.to_owned()];
    let (events, recording) = fixture.read(&lines);
    assert_eq!(recording.actions.len(), MOST_ACTIONS + 1);
    let refused = conform(&fixture.cluster, &fixture.system, &events, &recording, BOUNDS);
    assert!(matches!(refused, Err(SearchError::TooLarge(what)) if what.contains("--since")));
}

#[test]
fn odd_names_and_messages_are_read_without_fault() {
    let fixture = Fixture::new();
    let odd = [
        "",
        "-",
        "--",
        ": ",
        " to ",
        "New size: ",
        "New size: 99999999999999999999; x",
        "\u{202e}x",
        " to  to ",
        "é: é",
    ];
    let mut lines = Vec::new();
    for text in odd {
        for (reason, kind) in [
            ("Scheduled", "Pod"),
            ("Started", "Pod"),
            ("SuccessfulDelete", "ReplicaSet"),
            ("ScalingReplicaSet", "Deployment"),
            ("SuccessfulRescale", "HorizontalPodAutoscaler"),
            ("NodeReady", "Node"),
        ] {
            lines.push(line(1, reason, kind, text, text));
        }
        lines.push(line(2, "ScalingReplicaSet", "Deployment", "php-apache", text));
    }
    let answer = fixture.answer(&lines);
    assert_eq!(
        answer.recorded_matched + answer.mismatches.iter().filter(|one| one.side == "recorded").count(),
        answer.recorded
    );
    assert!(answer.left_out.iter().any(|(why, _)| why == "object of another workload"), "{answer:?}");
}

#[test]
fn texts_that_are_no_recordings_are_refused_and_never_panic() {
    for text in ["[1]", "{\"items\": 3}", "{\"items\": [{}]}", "\u{0}", "{\"first\": \"yesterday\"}", "null", "{}\n{"] {
        assert!(events::read(text).is_err(), "{text:?}");
    }
    let whole = possible().join("\n");
    for end in (0..whole.len()).step_by(7).filter(|&end| whole.is_char_boundary(end)) {
        let _ = events::read(&whole[..end]);
    }
    assert_eq!(events::read("").expect("nothing"), []);
}
