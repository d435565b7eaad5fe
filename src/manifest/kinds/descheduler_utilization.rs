//! The arguments of LowNodeUtilization and HighNodeUtilization.

use super::super::error::InputError;
use super::super::view::{Fields, View};
use super::descheduler_fields::{LIMITS, NAMESPACES, OLD_HIGH, OLD_LOW};
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, Thresholds, Utilization};

/// Reads LowNodeUtilization; nothing without arguments, which the descheduler refuses.
pub(super) fn read_low(fields: Option<&Fields>, is_strategy: bool) -> Result<Option<DeschedulerPlugin>, InputError> {
    read(fields, is_strategy, true).map(|args| args.map(DeschedulerPlugin::LowNodeUtilization))
}

/// Likewise HighNodeUtilization.
pub(super) fn read_high(fields: Option<&Fields>, is_strategy: bool) -> Result<Option<DeschedulerPlugin>, InputError> {
    read(fields, is_strategy, false).map(|args| args.map(DeschedulerPlugin::HighNodeUtilization))
}

fn read(fields: Option<&Fields>, is_strategy: bool, is_low: bool) -> Result<Option<Utilization>, InputError> {
    let Some(fields) = fields else { return Ok(None) };
    let inner = if is_strategy { fields.below("nodeResourceUtilizationThresholds")? } else { None };
    let holder = match (&inner, is_strategy) {
        (None, true) => return Ok(None),
        (inner, _) => inner.as_ref().unwrap_or(fields),
    };
    let mut args = Utilization {
        thresholds: read_thresholds(&holder.require("thresholds", "percentages of resources")?)?,
        number_of_nodes: holder
            .read("numberOfNodes", |view| view.integer(i64::from(i32::MIN)..=i64::from(i32::MAX)))?
            .unwrap_or(0),
        excluded_namespaces: read_excluded(fields)?,
        ..Utilization::default()
    };
    if is_low {
        args.uses_deviations = holder.read("useDeviationThresholds", |view| view.boolean())?.unwrap_or(false);
        let targets = holder.require("targetThresholds", "percentages of the same resources")?;
        args.targets = read_thresholds(&targets)?;
        check(&args, &targets)?;
        if let Some(limits) = holder.below("evictionLimits")? {
            args.most_per_node = limits.read("node", |view| view.integer(0..=i64::from(u32::MAX)))?;
            limits.judge_rest(&LIMITS);
        }
    } else {
        let modes = holder.get("evictionModes").map(|view| view.list()).transpose()?.unwrap_or_default();
        for mode in modes {
            args.only_thresholding_resources = mode.one_of(&[("OnlyThresholdingResources", true)])?;
        }
    }
    if is_strategy {
        holder.judge_rest(if is_low { &OLD_LOW } else { &OLD_HIGH });
    }
    Ok(Some(args))
}

fn read_thresholds(view: &View) -> Result<Thresholds, InputError> {
    let fields = view.fields()?;
    let thresholds: Thresholds = fields
        .entries()
        .map(|(resource, percentage)| Ok((resource.to_owned(), percentage.percentage()?)))
        .collect::<Result<_, InputError>>()?;
    if thresholds.is_empty() {
        return Err(view.error("no resource").expected("a percentage of at least one resource, such as `cpu: 20`"));
    }
    Ok(thresholds)
}

/// Both thresholds name the same resources, and a target is not below its threshold.
fn check(args: &Utilization, targets: &View) -> Result<(), InputError> {
    if !args.thresholds.keys().eq(args.targets.keys()) {
        return Err(targets.error("`thresholds` names other resources").expected("the same resources in both"));
    }
    let turned = args.thresholds.iter().find(|(resource, low)| args.targets[*resource] < **low);
    match turned {
        Some((resource, low)) if !args.uses_deviations => Err(targets
            .error(format!("the target for {resource} is below its threshold"))
            .expected(format!("at least {low}"))),
        _ => Ok(()),
    }
}

/// Only `exclude` is allowed.
fn read_excluded(fields: &Fields) -> Result<Vec<String>, InputError> {
    let Some(namespaces) = fields.below("evictableNamespaces")? else { return Ok(Vec::new()) };
    if let Some(view) = namespaces.get("include")
        && !view.texts()?.is_empty()
    {
        return Err(view.error("`include` is not supported by this plugin").expected("`exclude` only"));
    }
    let excluded = namespaces.read("exclude", |view| view.texts())?.unwrap_or_default();
    namespaces.judge_rest(&NAMESPACES);
    Ok(excluded)
}
