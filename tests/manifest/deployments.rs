//! Deployments and their rollouts.

use super::{DEPLOYMENT, NODE, assert_says, embedded, has_note};
use kubound::manifest::{InputError, Loaded, Severity, load};
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::{EventKind, IntentKind, Strategy};

const ROLLED: &str = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  events: [{rollout: {target: web, times: 2}}, \
                     {rollback: {target: web}}]\n  intents: [{rolloutCompletes: {target: web}}]\n";

fn rolled_out(spec: &str) -> Result<Loaded, InputError> {
    let deployment = DEPLOYMENT.replacen("spec:\n", &format!("spec:\n  {spec}\n"), 1);
    embedded(&[("web.yaml", &deployment), ("n.yaml", NODE), ("scenario.yaml", ROLLED)])
}

#[test]
fn rollouts_and_the_strategy_are_read() {
    let loaded = rolled_out("strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 10%}}").expect("valid");
    let cluster = &loaded.cluster;
    assert!(matches!(cluster.events[0].kind, EventKind::Rollout { .. }) && cluster.events[0].times == 2);
    assert!(matches!(cluster.events[1].kind, EventKind::Rollback { .. }));
    assert!(matches!(cluster.intents[0].kind, IntentKind::RolloutCompletes { .. }));
    assert_eq!(cluster.revisions(&cluster.workloads[0]), 3);
    let strategy = Strategy::RollingUpdate { max_surge: Amount::Pods(1), max_unavailable: Amount::Percent(10) };
    assert_eq!(cluster.workloads[0].rollout.strategy, strategy);
    let recreated = rolled_out("strategy: {type: Recreate}").expect("valid").cluster;
    assert_eq!(recreated.workloads[0].rollout.strategy, Strategy::Recreate);
}

#[test]
fn what_the_api_server_refuses_of_a_strategy_is_refused() {
    let both = "strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}";
    assert_says(rolled_out(both), &["spec.strategy.rollingUpdate", "both 0"]);
    assert_says(rolled_out("strategy: {type: Recreate, rollingUpdate: {}}"), &["rollingUpdate with Recreate"]);
    assert_says(rolled_out("strategy: {rollingUpdate: {maxUnavailable: 101%}}"), &["maxUnavailable", "25%"]);
    assert_says(rolled_out("strategy: {type: Rolling}"), &["spec.strategy.type"]);
    assert_says(rolled_out("paused: true"), &["Deployment/default/web is paused"]);
}

#[test]
fn manifests_pause_and_resume_deployments() {
    let deploy = DEPLOYMENT.replace("  selector", "  paused: true\n  selector");
    let scenario = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  resources: [deploy.yaml, node.yaml]\n  \
                    events: [{apply: {file: applied.yaml}}]\n";
    let load = |deploy: &str, applied: &str| {
        let files =
            [("scenario.yaml", scenario), ("deploy.yaml", deploy), ("node.yaml", NODE), ("applied.yaml", applied)];
        embedded(&files).expect("valid")
    };
    let paused = |loaded: &Loaded| match &loaded.cluster.events[0].kind {
        EventKind::Apply { paused, .. } => (loaded.cluster.workloads[0].rollout.is_paused, *paused),
        other => panic!("{other:?}"),
    };
    let resumed = load(&deploy, DEPLOYMENT);
    assert_eq!(paused(&resumed), (true, false));
    assert!(has_note(&resumed, Severity::Warning, "spec.paused", "it gets no pods"));
    let applied = load(DEPLOYMENT, &deploy);
    assert_eq!(paused(&applied), (false, true));
    assert!(!applied.notes.iter().any(|note| note.field.contains("strategy")), "pausing is no other strategy");
}

#[test]
fn a_short_history_is_risky_where_something_is_rolled_back() {
    let loaded = rolled_out("revisionHistoryLimit: 1").expect("valid");
    assert!(has_note(&loaded, Severity::Risky, "spec.revisionHistoryLimit", "never cleaned up"));
}

proptest::proptest! {
    #[test]
    fn no_change_of_a_text_makes_it_panic(
        at in 0usize..4000,
        length in 0usize..12,
        other in "[-\\[\\]{}:,'\"*&!|>%@ \n0-9a-z/.é]{0,6}",
    ) {
        let scenario = include_str!("../fixtures/spread/scenario.yaml");
        let deployment = include_str!("../fixtures/spread/deploy.yaml");
        let text: Vec<char> = format!("{scenario}---\n{deployment}---\n{NODE}").chars().collect();
        let start = at.min(text.len());
        let end = (start + length).min(text.len());
        let changed: String = text[..start].iter().copied().chain(other.chars()).chain(text[end..].iter().copied()).collect();
        let _ = load(&[], Some(&changed));
        let _ = embedded(&[("scenario.yaml", &changed), ("second.yaml", DEPLOYMENT), ("applied.yaml", deployment)]);
    }
}
