//! Versions, timing, bounds: the plain keys of a scenario.

use super::super::AskedTiming;
use super::super::ErrorKind;
use super::super::draft::{Draft, Scenario};
use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::suggest::did_you_mean;
use super::super::value::Value;
use super::super::view::{Fields, View};
use crate::limits::reader::{MOST_STEPS, MOST_TOLERANCE};
use kubound_encodings::cluster::{Bounds, FeatureGate, GateState, KubernetesVersion, Start, Timing};
use std::ops::RangeInclusive;
use std::time::Duration;

/// Minor releases of Kubernetes 1 whose rules are known.
pub const KUBERNETES: RangeInclusive<u32> = 29..=36;

/// Where runs may start.
pub(super) const STARTS: &[(&str, Start)] = &[
    ("empty", Start::Empty),
    ("settled", Start::Settled),
    ("any", Start::Any),
    ("arbitrary", Start::Arbitrary),
    ("snapshot", Start::Snapshot),
];

/// How rules may interleave.
pub(super) const TIMINGS: &[(&str, AskedTiming)] = &[
    ("both", AskedTiming::Both),
    ("paced", AskedTiming::Only(Timing::Paced)),
    ("delayed", AskedTiming::Only(Timing::Delayed)),
    ("interleaved", AskedTiming::Only(Timing::Interleaved)),
];

/// The keys of `bounds`.
pub(super) const BOUNDS: &[&str] = &["nodesPerPool", "podsPerNode", "pods", "depth", "timeout"];

/// The keys of `hpa`.
pub(super) const HPA: &[&str] = &["syncPeriod", "downscaleStabilization", "tolerance", "configurableTolerance"];

/// Reads them; the rules are those of the release that is asked for, whatever the scenario says.
pub(super) fn read(spec: &Fields, asked: Option<KubernetesVersion>, scenario: &mut Scenario) -> Result<(), InputError> {
    if let Some(view) = spec.get("kubernetesVersion") {
        scenario.version = read_version(&view)?;
    }
    scenario.version = asked.unwrap_or(scenario.version);
    if let Some(view) = spec.get("featureGates") {
        read_gates(&view, scenario)?;
    }
    scenario.start = spec.read("start", |view| view.one_of(STARTS))?.unwrap_or_default();
    scenario.timing = spec.read("timing", |view| view.one_of(TIMINGS))?.unwrap_or_default();
    if let Some(view) = spec.get("bounds") {
        read_bounds(&view, scenario)?;
    }
    scenario.descheduler_interval = spec.read("deschedulerInterval", |view| read_period(&view))?;
    if let Some(view) = spec.get("hpa") {
        let flags = view.strict_fields(HPA)?;
        scenario.hpa_sync_period = flags.read("syncPeriod", |view| read_period(&view))?;
        scenario.hpa_tolerance = flags.read("tolerance", |view| read_tolerance(&view))?;
        if let Some(view) = flags.get("configurableTolerance") {
            let (gate, is_on) = (FeatureGate::HpaConfigurableTolerance, view.boolean()?);
            if scenario.gates.0.insert(gate, is_on).is_some_and(|set| set != is_on) {
                return Err(view.error(format!("the opposite of {} in featureGates", gate.name())));
            }
        }
        scenario.hpa_downscale_stabilization = flags.read("downscaleStabilization", |view| view.seconds())?;
    }
    Ok(())
}

/// A tolerance in thousandths; finer ones are not told apart.
fn read_tolerance(view: &View) -> Result<i64, InputError> {
    let thousandths = view.amount(Unit::Milli)?;
    if thousandths <= MOST_TOLERANCE { Ok(thousandths) } else { Err(view.error("too much").expected("0 to 10")) }
}

fn read_period(view: &View) -> Result<i64, InputError> {
    let seconds = view.seconds()?;
    if seconds == 0 { Err(view.error("a period of 0").expected("at least 1s")) } else { Ok(seconds) }
}

fn read_version(view: &View) -> Result<KubernetesVersion, InputError> {
    let expected = |message: String| view.error(message).expected(expected_releases());
    let text = match view.value {
        Value::Text(text) => text.clone(),
        // Unquoted 1.30 is the number 1.3, which would be another release.
        Value::Float(number) if number.to_string().len() == 4 => number.to_string(),
        other => return Err(expected(format!("found {}", other.describe()))),
    };
    match release(&text) {
        Some(version) if KUBERNETES.contains(&version.0) => Ok(version),
        Some(_) => Err(expected(format!("the rules of Kubernetes {text} are not known")).kind(ErrorKind::NotSupported)),
        None => Err(expected(format!("`{text}` is not a release of Kubernetes"))),
    }
}

fn expected_releases() -> String {
    format!("\"1.{}\" to \"1.{}\", in quotes", KUBERNETES.start(), KUBERNETES.end())
}

/// The minor release of a text such as `1.36`, `v1.36` or `1.36.3`, known or not.
pub fn release(text: &str) -> Option<KubernetesVersion> {
    let mut parts = text.trim_start_matches('v').split('.');
    match (parts.next(), parts.next().map(str::parse::<u32>)) {
        (Some("1"), Some(Ok(minor))) => Some(KubernetesVersion(minor)),
        _ => None,
    }
}

/// Gates that can be set are those that change a rule of the models.
fn read_gates(view: &View, scenario: &mut Scenario) -> Result<(), InputError> {
    let minor = scenario.version.0;
    for (name, value) in view.fields()?.entries() {
        let known = || FeatureGate::all().map(FeatureGate::name);
        let Some(gate) = FeatureGate::named(name) else {
            return Err(value
                .error(format!("unknown key `{name}`: no gate of that name changes a rule of the models"))
                .kind(ErrorKind::UnknownKey)
                .expected(format!("one of {}", known().collect::<Vec<_>>().join(", ")))
                .help(did_you_mean(name, known())));
        };
        let is_on = value.boolean()?;
        match gate.state(scenario.version) {
            GateState::Default(_) => {
                scenario.gates.0.insert(gate, is_on);
            }
            GateState::Locked(always) if always == is_on => {}
            GateState::Locked(always) => {
                return Err(value
                    .error(format!("the gate {name} is locked in Kubernetes 1.{minor}"))
                    .kind(ErrorKind::NotSupported)
                    .expected(format!("{always}, or no such line")));
            }
            GateState::Missing => {
                return Err(value
                    .error(format!("Kubernetes 1.{minor} does not know the gate {name}"))
                    .kind(ErrorKind::NotSupported)
                    .help("leave it out, or ask for a later release by kubernetesVersion"));
            }
        }
    }
    Ok(())
}

/// Raises bounds that the scenario leaves to their defaults to what its ranges ask for.
pub(super) fn raise_bounds(spec: &Fields, draft: &Draft, bounds: &mut Bounds) -> Result<(), InputError> {
    let written = spec.below("bounds")?;
    let is_left = |key: &str| written.as_ref().is_none_or(|written| !written.has(key));
    if is_left("nodesPerPool") {
        let nodes = draft.pools.iter().map(|pool| pool.count.hi);
        bounds.nodes_per_pool = nodes.fold(bounds.nodes_per_pool, i64::max);
    }
    if ["nodesPerPool", "podsPerNode", "pods"].into_iter().all(is_left) {
        let replicas = draft.workloads.iter().map(|read| read.workload.replicas.hi);
        bounds.pods = bounds.pods.max(replicas.fold(0, i64::saturating_add));
    }
    Ok(())
}

fn read_bounds(view: &View, scenario: &mut Scenario) -> Result<(), InputError> {
    let fields = view.strict_fields(BOUNDS)?;
    let size = |key: &str| fields.read(key, |view| view.integer(1..=10_000));
    let default = Bounds::default();
    let nodes = size("nodesPerPool")?;
    let per_node = size("podsPerNode")?;
    let nodes_per_pool = nodes.unwrap_or(default.nodes_per_pool);
    let pods = match (size("pods")?, per_node) {
        (Some(pods), _) => pods,
        (None, Some(per_node)) => per_node * nodes_per_pool,
        (None, None) => default.pods,
    };
    scenario.bounds = Bounds { nodes_per_pool, pods };
    if let Some(depth) = fields.get("depth").filter(|depth| depth.value.as_text() != Some("auto")) {
        if depth.value.as_text().is_some() {
            return Err(depth
                .error(format!("found {}", depth.value.describe()))
                .expected("auto, or a number of steps"));
        }
        scenario.depth = usize::try_from(depth.integer(1..=MOST_STEPS)?).ok();
    }
    if let Some(timeout) = fields.get("timeout") {
        scenario.timeout = u64::try_from(read_period(&timeout)?).ok().map(Duration::from_secs);
    }
    Ok(())
}
