//! Jobs (section 8.1).

use super::super::Severity::{Harmless, Risky};
use super::super::draft::{Draft, DraftWorkload};
use super::super::error::InputError;
use super::super::judgements::{Table, depends, harmless, read as is_read, risky, table, within};
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::metadata::METADATA;
use super::pod_fields::TEMPLATE;
use super::workload::draft_of;
use super::{Object, pod_template};
use crate::limits::reader::MAX_REPLICAS;
use crate::limits::reader::MOST_FAILURES;
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::workload::{ByIndex, Control, Disruption, Job};

/// A Job.
pub(super) static JOB: Table = table(
    "io.k8s.api.batch.v1.Job",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC),
        depends("status", "a Job that has ended is left out; others start as the scenario says, whatever they were"),
    ],
);

/// `spec` of a Job.
pub(super) static SPEC: Table = table(
    "io.k8s.api.batch.v1.JobSpec",
    &[
        is_read("activeDeadlineSeconds"),
        is_read("backoffLimit"),
        is_read("backoffLimitPerIndex"),
        is_read("completionMode"),
        is_read("completions"),
        risky("managedBy", "another controller than Kubernetes' own is not modelled"),
        harmless("manualSelector", OWN_PODS, CONTROLLER),
        is_read("maxFailedIndexes"),
        is_read("parallelism"),
        within("podFailurePolicy", &POLICY),
        is_read("podReplacementPolicy"),
        risky("scheduling", "pods of a group wait for each other; here each is scheduled by itself"),
        harmless("selector", OWN_PODS, CONTROLLER),
        risky("successPolicy", "the Job is complete when all completions are there"),
        is_read("suspend"),
        within("template", &TEMPLATE),
        harmless(
            "ttlSecondsAfterFinished",
            "a Job that has ended takes no room",
            "pkg/controller/ttlafterfinished/ttlafterfinished_controller.go",
        ),
    ],
);

const OWN_PODS: &str = "a Job keeps the pods that it creates";
const CONTROLLER: &str = "pkg/controller/job/job_controller.go";

static POLICY: Table = table("io.k8s.api.batch.v1.PodFailurePolicy", &[within("rules", &RULE)]);

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

/// Reads a Job.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let context = object.context;
    if has_ended(object.fields.view.value) {
        context.note(Harmless, "status.conditions", "the Job has ended; it is left out");
        return Ok(());
    }
    if let Some((kind, owner)) = &object.metadata.owner {
        let message = format!("owned by {kind} {owner}, which may replace it; it is taken as it is");
        context.note(Risky, "metadata.ownerReferences", message);
    }
    let spec = object.fields.require("spec", "the specification of the Job")?.fields()?;
    object.fields.get("status").iter().for_each(|view| view.note(Harmless, "the scenario says where runs start"));
    object.judge_rest();
    let read = read_spec(object, &spec)?;
    draft.place(read);
    Ok(())
}

/// Reads what a Job does, of a Job or of the template of a CronJob.
pub(super) fn read_spec(object: &Object, spec: &Fields) -> Result<DraftWorkload, InputError> {
    let count = |key: &str| spec.read(key, |view| view.integer(0..=MAX_REPLICAS));
    let (parallelism, completions) = (count("parallelism")?, count("completions")?);
    let backoff_limit = spec.read("backoffLimit", |view| view.integer(0..=i64::from(i32::MAX)))?;
    let active_deadline = spec.read("activeDeadlineSeconds", |view| view.integer(0..=i64::from(i32::MAX)))?;
    let policy = spec.below("podFailurePolicy")?;
    let by_index = read_by_index(spec, completions)?;
    let policy = policy.as_ref().map(|policy| read_policy(policy, by_index.is_some())).transpose()?;
    let on_disruption = policy.map(|(disruption, _)| disruption);
    // With FailIndex the first failure is that of the index.
    let fails_index = policy.is_some_and(|(_, fails_index)| fails_index);
    let by_index = by_index.map(|one| if fails_index { ByIndex { limit: 0, ..one } } else { one });
    let policies = &[("TerminatingOrFailed", false), ("Failed", true)];
    let replaces_failed_only = spec.read("podReplacementPolicy", |view| view.one_of(policies))?;
    let job = Job {
        completions: completions.or((parallelism.is_none()).then_some(1)),
        backoff_limit: backoff_limit.unwrap_or(if by_index.is_some() { MOST_FAILURES } else { 6 }).min(MOST_FAILURES),
        by_index,
        active_deadline,
        is_suspended: spec.read("suspend", |view| view.boolean())?.unwrap_or(false),
        on_disruption: on_disruption.unwrap_or_default(),
        replaces_failed_only: replaces_failed_only.unwrap_or(on_disruption.is_some()),
        run_time: None,
    };
    let template_view = spec.require("template", "a pod template")?;
    let template = pod_template::read_with(&template_view, &["Never", "OnFailure"])?;
    let is_restarted =
        template_view.value.below(&["spec", "restartPolicy"]).and_then(Value::as_text) == Some("OnFailure");
    if let (true, Some(view)) = (is_restarted, spec.get("podFailurePolicy")) {
        return Err(view
            .error("podFailurePolicy with restartPolicy OnFailure")
            .expected("`restartPolicy: Never` in the template")
            .help("the API server refuses such a Job"));
    }
    if let (true, Some(view)) = (is_restarted && by_index.is_some(), spec.get("backoffLimitPerIndex")) {
        return Err(view
            .error("backoffLimitPerIndex with restartPolicy OnFailure")
            .expected("`restartPolicy: Never` in the template")
            .help("the API server refuses such a Job"));
    }
    spec.judge_rest(&SPEC);
    let mut read = draft_of(object, &template_view, template);
    read.workload.replicas = Span::exactly(parallelism.unwrap_or(1));
    read.workload.control = Control::Ends(job);
    Ok(read)
}

fn has_ended(value: &Value) -> bool {
    let Some(Value::List(conditions)) = value.below(&["status", "conditions"]) else { return false };
    conditions.iter().any(|condition| {
        let text = |key: &str| condition.below(&[key]).and_then(Value::as_text).unwrap_or_default();
        ["Complete", "Failed"].contains(&text("type")) && text("status") == "True"
    })
}

/// Reads `completionMode`, `backoffLimitPerIndex` and `maxFailedIndexes`, with the checks of the API server.
fn read_by_index(spec: &Fields, completions: Option<i64>) -> Result<Option<ByIndex>, InputError> {
    let modes = &[("NonIndexed", false), ("Indexed", true)];
    let is_indexed = spec.read("completionMode", |view| view.one_of(modes))?.unwrap_or(false);
    if is_indexed && completions.is_none() {
        return Err(spec
            .view
            .error("indexes without completions")
            .expected("`completions` beside `completionMode: Indexed`")
            .help("the API server refuses such a Job"));
    }
    let (limit, max_failed) = (spec.get("backoffLimitPerIndex"), spec.get("maxFailedIndexes"));
    let Some(limit) = limit else {
        let alone = max_failed.map(|view| view.error("maxFailedIndexes without backoffLimitPerIndex"));
        return alone.map_or(Ok(None), |error| Err(error.expected("both of them, or none")));
    };
    if !is_indexed || completions.is_none() {
        return Err(limit
            .error("backoffLimitPerIndex without indexes")
            .expected("`completionMode: Indexed` and `completions` beside it")
            .help("the API server refuses such a Job"));
    }
    let max_failed = max_failed.map(|view| view.integer(0..=completions.unwrap_or_default())).transpose()?;
    let limit = limit.integer(0..=i64::from(i32::MAX))?.min(MOST_FAILURES);
    Ok(Some(ByIndex { limit, max_failed }))
}

/// What the first rule about disruptions does, and whether it makes the index fail.
fn read_policy(policy: &Fields, by_index: bool) -> Result<(Disruption, bool), InputError> {
    let mut fails_index = false;
    let mut found = None;
    for rule in policy.require("rules", "a list of rules")?.list()? {
        let fields = rule.fields()?;
        let actions = &[
            ("Count", Some(Disruption::Count)),
            ("Ignore", Some(Disruption::Ignore)),
            ("FailJob", Some(Disruption::FailJob)),
            ("FailIndex", None),
        ];
        let action = fields.require("action", "what to do")?;
        let disruption = action.one_of(actions)?;
        let mut is_meant = false;
        for condition in fields.items("onPodConditions")? {
            is_meant |= is_disruption(&condition)?;
        }
        fields.judge_rest(&RULE);
        if is_meant && found.is_none() {
            if disruption.is_none() && !by_index {
                return Err(action.error("FailIndex without indexes").expected("`backoffLimitPerIndex` in the Job"));
            }
            fails_index = disruption.is_none();
            found = Some(disruption.unwrap_or_default());
        }
    }
    policy.judge_rest(&POLICY);
    Ok((found.unwrap_or_default(), fails_index))
}

/// Whether a condition is that of a disrupted pod.
fn is_disruption(condition: &View) -> Result<bool, InputError> {
    let fields = condition.fields()?;
    let kind = fields.require("type", "the type of a condition")?;
    let is_disruption = kind.text()? == "DisruptionTarget";
    let is_true = fields.read("status", |view| view.text().map(|text| text == "True"))?.unwrap_or(true);
    fields.judge_rest(&CONDITION);
    if !is_disruption {
        kind.note(Risky, "no pod has such a condition here");
    }
    Ok(is_disruption && is_true)
}
