//! Jobs (section 8.1).

use super::super::ErrorKind;
use super::super::Severity::{Harmless, Risky};
use super::super::draft::{Draft, DraftWorkload};
use super::super::error::InputError;
use super::super::judgements::{Table, depends, harmless, read as is_read, risky, table, within};
use super::super::value::{Value, child};
use super::super::view::{Fields, View};
use super::metadata::METADATA;
use super::pod_fields::TEMPLATE;
use super::selector::read_label_selector;
use super::workload::draft_of;
use super::{Object, pod_failure_policy, pod_template};
use crate::limits::reader::MAX_REPLICAS;
use crate::limits::reader::MOST_FAILURES;
use kubound_encodings::cluster::workload::{ByIndex, Control, Job};
use kubound_encodings::cluster::{Labels, Span};

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
        within("podFailurePolicy", &pod_failure_policy::POLICY),
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
    // The default (`SetDefaults_Job`), which templates of CronJobs do not get before they are checked.
    let written = completions;
    let completions = completions.or((parallelism.is_none()).then_some(1));
    let is_template = object.context.object.starts_with("CronJob/");
    let by_index = read_by_index(spec, if is_template { written } else { completions })?;
    let policy =
        policy.as_ref().map(|policy| pod_failure_policy::read(policy, spec, by_index.is_some())).transpose()?;
    let on_disruption = policy.map(|(disruption, _)| disruption);
    // With FailIndex the first failure is that of the index.
    let fails_index = policy.is_some_and(|(_, fails_index)| fails_index);
    let by_index = by_index.map(|one| if fails_index { ByIndex { limit: 0, ..one } } else { one });
    let policies = &[("TerminatingOrFailed", false), ("Failed", true)];
    let replaces_failed_only = spec.read("podReplacementPolicy", |view| view.one_of(policies))?;
    if let (Some(_), Some(false), Some(view)) = (on_disruption, replaces_failed_only, spec.get("podReplacementPolicy"))
    {
        let error = view.error("TerminatingOrFailed with podFailurePolicy");
        return Err(error.expected("Failed, or no podReplacementPolicy").help(REFUSED));
    }
    let job = Job {
        completions,
        backoff_limit: backoff_limit.unwrap_or(if by_index.is_some() { MOST_FAILURES } else { 6 }).min(MOST_FAILURES),
        by_index,
        active_deadline,
        is_suspended: spec.read("suspend", |view| view.boolean())?.unwrap_or(false),
        on_disruption: on_disruption.unwrap_or_default(),
        replaces_failed_only: replaces_failed_only.unwrap_or(on_disruption.is_some()),
        run_time: None,
    };
    let template_view = spec.require("template", "a pod template")?;
    let added = if is_template { Labels::new() } else { labels_of(object, spec) };
    let template = pod_template::read_with(&template_view, &["Never", "OnFailure"], added)?;
    check_selector(spec, &template.template.labels)?;
    let is_restarted =
        template_view.value.below(&["spec", "restartPolicy"]).and_then(Value::as_text) == Some("OnFailure");
    if let (true, Some(view)) = (is_restarted, spec.get("podFailurePolicy")) {
        return Err(view
            .error("podFailurePolicy with restartPolicy OnFailure")
            .expected("`restartPolicy: Never` in the template")
            .help(REFUSED));
    }
    spec.judge_rest(&SPEC);
    let mut read = draft_of(object, &template_view, template);
    read.workload.replicas = Span::exactly(parallelism.unwrap_or(1));
    read.workload.control = Control::Ends(job);
    Ok(read)
}

/// Labels with which the API server marks the pods of a Job whose selector it makes (`generateSelector`). Those with the UID
/// of the Job are left out, which nobody can know before.
fn labels_of(object: &Object, spec: &Fields) -> Labels {
    if spec.view.value.below(&["manualSelector"]) == Some(&Value::Bool(true)) {
        return Labels::new();
    }
    let name = &object.metadata.name;
    ["batch.kubernetes.io/job-name", "job-name"].map(|key| (key.to_owned(), name.clone())).into()
}

/// A selector that somebody else than the API server makes has to match the pods (`ValidateJobSpec`).
fn check_selector(spec: &Fields, labels: &Labels) -> Result<(), InputError> {
    let below = |key: &str| {
        let value = spec.view.value.below(&[key]).filter(|value| **value != Value::Null)?;
        Some(View { value, path: child(&spec.view.path, key), context: spec.view.context })
    };
    let Some(manual) = below("manualSelector") else { return Ok(()) };
    if !manual.boolean()? {
        return Ok(());
    }
    let Some(selector) = below("selector") else {
        let error = manual.error("manualSelector without a selector").kind(ErrorKind::MissingField);
        return Err(error.expected("a selector of the pods, or no manualSelector").help(REFUSED));
    };
    if read_label_selector(&selector)?.matches(labels) {
        return Ok(());
    }
    let error = selector.error("the selector does not match the labels of the pod template");
    Err(error.expected("a selector that matches spec.template.metadata.labels").help(REFUSED))
}

const REFUSED: &str = "the API server refuses such a Job";

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
            .help(REFUSED));
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
            .help(REFUSED));
    }
    let max_failed = max_failed.map(|view| view.integer(0..=completions.unwrap_or_default())).transpose()?;
    let limit = limit.integer(0..=i64::from(i32::MAX))?.min(MOST_FAILURES);
    Ok(Some(ByIndex { limit, max_failed }))
}
