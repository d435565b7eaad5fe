//! `spec.clusterAutoscaler` and `spec.karpenter`: what adds and removes nodes, with the flags and fields that decide when.

use super::super::ErrorKind;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::view::{Fields, View};
use crate::limits::reader::MAX_NODES;
use kubound_encodings::cluster::{NodeAutoscaler, NodeAutoscalerKind, NodeGroup, NodePool};

/// The keys of `autoscaling` of a pool.
pub(super) const AUTOSCALING: &[&str] = &["min", "max", "limits"];

/// The keys of `limits` of `autoscaling`.
pub(super) const LIMITS: &[&str] = &["cpu", "memory"];

/// The keys of `clusterAutoscaler`.
pub(super) const CLUSTER_AUTOSCALER: &[&str] = &["scaleDownUtilizationThreshold", "scaleDownUnneededTime"];

/// The keys of `karpenter`.
pub(super) const KARPENTER: &[&str] = &["consolidationPolicy", "consolidateAfter", "preferencePolicy"];

/// `consolidationPolicy`: whether only empty nodes go.
pub(super) const POLICIES: &[(&str, bool)] = &[("WhenEmptyOrUnderutilized", false), ("WhenEmpty", true)];

/// `--preference-policy`: whether preferences count.
pub(super) const PREFERENCE_POLICIES: &[(&str, bool)] = &[("Respect", true), ("Ignore", false)];

/// `--scale-down-utilization-threshold` in thousandths.
const THRESHOLD: i64 = 500;
/// `--scale-down-unneeded-time` in seconds.
const UNNEEDED: i64 = 600;

/// Reads the autoscaler of nodes, if there is one; pools have been read.
pub(super) fn read(spec: &Fields, draft: &Draft) -> Result<Option<NodeAutoscaler>, InputError> {
    let settings = match (spec.get("clusterAutoscaler"), spec.get("karpenter")) {
        (Some(_), Some(view)) => {
            let error = view.error("both clusterAutoscaler and karpenter").kind(ErrorKind::Duplicate);
            return Err(error.expected("one of the two"));
        }
        (Some(view), None) => Some((read_cluster_autoscaler(&view)?, view)),
        (None, Some(view)) => Some((read_karpenter(&view)?, view)),
        (None, None) => None,
    };
    let scaled = draft.pools.iter().find(|pool| pool.autoscaling.is_some());
    match (settings, scaled) {
        (Some((settings, view)), Some(_)) => {
            let is_limited = |pool: &&NodePool| {
                pool.autoscaling.is_some_and(|group| group.cpu_limit.is_some() || group.memory_limit.is_some())
            };
            let is_karpenter = settings.kind == NodeAutoscalerKind::Karpenter;
            match draft.pools.iter().find(is_limited).filter(|_| !is_karpenter) {
                Some(pool) => Err(view
                    .error(format!("pool {} has `limits`", pool.name))
                    .kind(ErrorKind::NotSupported)
                    .expected("`karpenter`, or no `limits`")),
                None => Ok(Some(settings)),
            }
        }
        (Some((_, view)), None) => Err(view
            .error("no pool has `autoscaling`")
            .expected("`autoscaling: {min: 0, max: 3}` in an entry of `nodes`")),
        (None, Some(pool)) => Err(spec
            .view
            .error(format!("pool {} has `autoscaling`, and nothing scales it", pool.name))
            .expected("`clusterAutoscaler: {}` or `karpenter: {}`")),
        (None, None) => Ok(None),
    }
}

fn read_cluster_autoscaler(view: &View) -> Result<NodeAutoscaler, InputError> {
    let fields = view.strict_fields(CLUSTER_AUTOSCALER)?;
    let threshold = fields.read("scaleDownUtilizationThreshold", |view| {
        let thousandths = view.amount(Unit::Milli)?;
        if (0..=1000).contains(&thousandths) { Ok(thousandths) } else { Err(view.error("too much").expected("0 to 1")) }
    })?;
    let unneeded = fields.read("scaleDownUnneededTime", |view| view.seconds())?;
    Ok(NodeAutoscaler {
        kind: NodeAutoscalerKind::ClusterAutoscaler,
        threshold: Some(threshold.unwrap_or(THRESHOLD)),
        only_empty: false,
        unneeded: Some(unneeded.unwrap_or(UNNEEDED)),
        respects_preferences: false,
        origin: view.origin(),
    })
}

fn read_karpenter(view: &View) -> Result<NodeAutoscaler, InputError> {
    let fields = view.strict_fields(KARPENTER)?;
    let only_empty = fields.read("consolidationPolicy", |view| view.one_of(POLICIES))?.unwrap_or(false);
    let respects = fields.read("preferencePolicy", |view| view.one_of(PREFERENCE_POLICIES))?;
    let respects_preferences = respects.unwrap_or(true);
    let after = fields.get("consolidateAfter");
    let unneeded = match &after {
        Some(view) if view.value.as_text() == Some("Never") => None,
        Some(view) => Some(view.seconds()?),
        None => Some(0),
    };
    let kind = NodeAutoscalerKind::Karpenter;
    Ok(NodeAutoscaler { kind, threshold: None, only_empty, unneeded, respects_preferences, origin: view.origin() })
}

/// Reads `autoscaling` of a pool.
pub(super) fn read_group(view: &View, pool: &NodePool) -> Result<NodeGroup, InputError> {
    let fields = view.strict_fields(AUTOSCALING)?;
    let min = fields.read("min", |view| view.integer(0..=MAX_NODES))?.unwrap_or(0);
    let max = fields.require("max", "the most nodes that the pool may have")?.integer(0..=MAX_NODES)?;
    if min > pool.count.lo || pool.count.hi > max {
        let message = format!("min {min} and max {max}, and a `count` from {} to {}", pool.count.lo, pool.count.hi);
        return Err(view.error(message).expected("a `count` within them"));
    }
    let limits = fields.get("limits").map(|view| view.strict_fields(LIMITS)).transpose()?;
    let limit = |key: &str, unit: Unit| match &limits {
        Some(limits) => limits.read(key, |view| view.amount(unit)),
        None => Ok(None),
    };
    let (cpu_limit, memory_limit) = (limit("cpu", Unit::Milli)?, limit("memory", Unit::Whole)?);
    Ok(NodeGroup { min, max, cpu_limit, memory_limit })
}
