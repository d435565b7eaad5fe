//! Status of a PodDisruptionBudget.

use crate::clusters::{cluster, deployment, event, node, origin};
use crate::evaluator::Evaluator;
use crate::tally::Tally;
use crate::vectors::{File, field};
use kubound::trace::execute::values;
use kubound_encodings::cluster::disruption::Demand;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::selector::{LabelSelector, Operator, Requirement};
use kubound_encodings::cluster::workload::{Readiness, Startup};
use kubound_encodings::cluster::{EventKind, PodDisruptionBudget, Workload};
use kubound_encodings::system::Detail;
use kubound_encodings::term::TermId;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most replicas of a workload, and most pods in a phase.
const MOST: i64 = 20;

/// `minAvailable`, `maxUnavailable`, number of workloads.
type Kind = (Option<String>, Option<String>, usize);

/// Replays the vectors.
pub fn check(file: &File) -> Tally {
    let mut tally = Tally::default();
    let mut systems: BTreeMap<Kind, Evaluator> = BTreeMap::new();
    for (number, vector) in file.lines.iter().enumerate() {
        let pods: Vec<Value> = field(vector, "workloads");
        // Without pods a workload is unknown to the controller, so one without pods stands for none.
        let kind = (field(vector, "minAvailable"), field(vector, "maxUnavailable"), pods.len().max(1));
        let evaluator = systems.entry(kind.clone()).or_insert_with(|| system(&kind));
        let found = status(evaluator, &pods, number % 2 == 0);
        let real: Vec<i64> = FIELDS.iter().map(|name| field(vector, name)).collect();
        tally.count((found != real).then(|| format!("{vector}\n  model: {found:?}")));
    }
    tally
}

const FIELDS: [&str; 4] = ["currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed"];

fn amount(text: &str) -> Amount {
    let number = |text: &str| text.parse().expect("a number");
    text.strip_suffix('%').map_or_else(|| Amount::Pods(number(text)), |percent| Amount::Percent(number(percent)))
}

fn labelled(name: &str) -> Workload {
    let mut workload = deployment(name, MOST);
    workload.template.labels.insert("app".into(), "web".into());
    // So that there are pods that run and are not ready.
    workload.startup = Some(Startup { cpu: 0, seconds: 60, readiness: Readiness::Never });
    workload
}

fn system((min_available, max_unavailable, workloads): &Kind) -> Evaluator {
    let requirement = Requirement { key: "app".into(), operator: Operator::In(vec!["web".into()]) };
    let demand = match (min_available, max_unavailable) {
        (Some(text), _) => Demand::MinAvailable(amount(text)),
        (_, Some(text)) => Demand::MaxUnavailable(amount(text)),
        _ => Demand::Nothing,
    };
    let budget = PodDisruptionBudget {
        namespace: "default".into(),
        name: "budget".into(),
        selector: Some(LabelSelector { requirements: vec![requirement] }),
        demand,
        always_allows_unhealthy: false,
        origin: origin(),
    };
    let workloads = (0..*workloads).map(|number| labelled(&format!("web-{number}"))).collect();
    let mut cluster = cluster(vec![node("node")], workloads);
    cluster.disruption_budgets.push(budget);
    cluster.events.push(event("drain", EventKind::Drain { node: None, uncordon: false }));
    Evaluator::new(&cluster)
}

/// The status that a rule that evicts tells. Unready pods have no node, or run.
fn status(evaluator: &Evaluator, workloads: &[Value], unready_run: bool) -> Vec<i64> {
    let mut state = evaluator.blank();
    for (number, pods) in workloads.iter().enumerate() {
        let name = format!("default/web-{number}");
        let count = |what: &str| field::<i64>(pods, what);
        let mut set = |variable: String, value: i64| evaluator.set(&mut state, &variable, value);
        set(format!("spec.replicas[{name}]"), count("replicas"));
        set(format!("running[{name}][node]"), count("ready") + count("staleDisrupted"));
        // A pod whose eviction was granted terminates at once in the model.
        set(format!("terminating[{name}][node]"), count("terminating") + count("disrupted"));
        let unready = if unready_run { format!("starting[{name}][node]") } else { format!("pending[{name}]") };
        set(unready, count("unready"));
    }
    let rule = evaluator.rule("event/drain/evict/running/default/web-0/node").expect("a rule that evicts");
    let told = |name: &&str| -> TermId {
        let names = &evaluator.system.names;
        let is_meant = |one: &&Detail| names.detail(&one.subject) == format!("{name} of default/budget");
        rule.details.iter().find(is_meant).unwrap_or_else(|| panic!("no {name} in {:?}", rule.details)).term
    };
    let terms: Vec<TermId> = FIELDS.iter().map(told).collect();
    values(&evaluator.system, &terms, &state, &[])
}
