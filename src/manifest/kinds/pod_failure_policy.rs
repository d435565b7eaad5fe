//! `podFailurePolicy` of Jobs, with the checks of the API server (`validatePodFailurePolicy`).

use super::super::ErrorKind;
use super::super::Severity::Risky;
use super::super::error::InputError;
use super::super::judgements::{Table, read as is_read, risky, table, within};
use super::super::value::{Value, child};
use super::super::view::{Fields, View};
use super::syntax::check_key;
use kubound_encodings::cluster::workload::Disruption;

/// `podFailurePolicy` of a Job.
pub(super) static POLICY: Table = table("io.k8s.api.batch.v1.PodFailurePolicy", &[within("rules", &RULE)]);

static RULE: Table = table(
    "io.k8s.api.batch.v1.PodFailurePolicyRule",
    &[
        is_read("action"),
        risky("onExitCodes", "containers that fail, and how those of evicted pods end, are not modelled"),
        within("onPodConditions", &CONDITION),
    ],
);

static CONDITION: Table =
    table("io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern", &[is_read("status"), is_read("type")]);

const REFUSED: &str = "the API server refuses such a Job";

/// What the first rule about disruptions does, and whether it makes the index fail.
pub(super) fn read(policy: &Fields, job: &Fields, by_index: bool) -> Result<(Disruption, bool), InputError> {
    let mut found: Option<Option<Disruption>> = None;
    for rule in policy.items("rules")? {
        let fields = rule.fields()?;
        let actions = &[
            ("Count", Some(Disruption::Count)),
            ("Ignore", Some(Disruption::Ignore)),
            ("FailJob", Some(Disruption::FailJob)),
            ("FailIndex", None),
        ];
        let action = fields.require("action", "what to do")?;
        let disruption = action.one_of(actions)?;
        if disruption.is_none() && !by_index {
            let error = action.error("FailIndex without indexes");
            return Err(error.expected("`backoffLimitPerIndex` in the Job").help(REFUSED));
        }
        let mut is_meant = false;
        for condition in fields.items("onPodConditions")? {
            is_meant |= is_disruption(&condition)?;
        }
        check_exit_codes(&rule, job)?;
        fields.judge_rest(&RULE);
        if is_meant && found.is_none() {
            found = Some(disruption);
        }
    }
    policy.judge_rest(&POLICY);
    Ok((found.flatten().unwrap_or_default(), found == Some(None)))
}

/// Whether a condition is that of a disrupted pod.
fn is_disruption(condition: &View) -> Result<bool, InputError> {
    let fields = condition.fields()?;
    let kind = fields.require("type", "the type of a condition")?;
    check_key(&kind, kind.text()?)?;
    let is_disruption = kind.text()? == "DisruptionTarget";
    let statuses = &[("True", true), ("False", false), ("Unknown", false)];
    let is_true = match fields.get("status") {
        Some(view) if view.value.as_text() != Some("") => view.one_of(statuses)?,
        _ => true,
    };
    fields.judge_rest(&CONDITION);
    if !is_disruption {
        kind.note(Risky, "no pod has such a condition here");
    }
    Ok(is_disruption && is_true)
}

/// A rule is about exit codes or about conditions, and codes are in order.
fn check_exit_codes(rule: &View, job: &Fields) -> Result<(), InputError> {
    let below = |key: &str| rule.value.below(&[key]).filter(|value| **value != Value::Null);
    let has_conditions = matches!(below("onPodConditions"), Some(Value::List(list)) if !list.is_empty());
    let Some(value) = below("onExitCodes") else {
        let error = rule.error("a rule about nothing").kind(ErrorKind::MissingField);
        let error = error.expected("one of onExitCodes and onPodConditions").help(REFUSED);
        return if has_conditions { Ok(()) } else { Err(error) };
    };
    let codes = View { value, path: child(&rule.path, "onExitCodes"), context: rule.context };
    if has_conditions {
        return Err(codes.error("onExitCodes and onPodConditions").expected("one of the two in a rule").help(REFUSED));
    }
    let fields = codes.fields()?;
    let is_in = fields.require("operator", "In or NotIn")?.one_of(&[("In", true), ("NotIn", false)])?;
    if let Some(name) = fields.get("containerName") {
        check_container(&name, job)?;
    }
    let values = fields.require("values", "at least one exit code")?;
    let list = values.list()?;
    let limits = if is_in { 1..=i64::from(i32::MAX) } else { 0..=i64::from(i32::MAX) };
    let numbers = list.iter().map(|one| one.integer(limits.clone())).collect::<Result<Vec<_>, _>>()?;
    if numbers.is_empty() {
        return Err(values.error("no exit codes").expected("at least one").help(REFUSED));
    }
    if numbers.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(values
            .error("exit codes out of order, or twice")
            .expected("each above the one before")
            .help(REFUSED));
    }
    Ok(())
}

/// A rule names a container of the template.
fn check_container(name: &View, job: &Fields) -> Result<(), InputError> {
    let text = name.text()?;
    let spec = job.view.value.below(&["template", "spec"]);
    let lists = ["containers", "initContainers"].map(|key| spec.and_then(|spec| spec.below(&[key])));
    let mut containers = lists.into_iter().flatten().filter_map(|list| match list {
        Value::List(items) => Some(items),
        _ => None,
    });
    if containers.any(|items| items.iter().any(|one| one.below(&["name"]).and_then(Value::as_text) == Some(text))) {
        return Ok(());
    }
    Err(name.error(format!("no container `{text}`")).expected("the name of a container of the template").help(REFUSED))
}
