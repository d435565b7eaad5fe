//! Deployments and bare ReplicaSets.

use super::super::Severity::{Harmless, Risky};
use super::super::draft::{Draft, DraftWorkload};
use super::super::error::InputError;
use super::super::judgements::{Table, harmless, read, status, table, within};
use super::super::value::{Value, child};
use super::super::view::{Context, Fields, View, parse_duration};
use super::super::yaml;
use super::metadata::METADATA;
use super::pod_fields::TEMPLATE;
use super::pod_template::{self, Template};
use super::selector::{LABEL_SELECTOR, read_label_selector};
use super::{Object, rollout};
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::workload::{Control, Usage, Workload, WorkloadRef};
use kubound_encodings::cluster::{LabelSelector, Rollout, Span};

/// A Deployment.
pub(super) static DEPLOYMENT: Table = table(
    "io.k8s.api.apps.v1.Deployment",
    &[
        read("apiVersion"),
        read("kind"),
        within("metadata", &METADATA),
        within("spec", &DEPLOYMENT_SPEC),
        status("pkg/registry/apps/deployment/strategy.go"),
    ],
);

static DEPLOYMENT_SPEC: Table = table(
    "io.k8s.api.apps.v1.DeploymentSpec",
    &[
        read("minReadySeconds"),
        read("paused"),
        harmless(
            "progressDeadlineSeconds",
            "it only sets a condition, which no controller reads",
            "pkg/controller/deployment/progress.go",
        ),
        read("replicas"),
        read("revisionHistoryLimit"),
        within("selector", &LABEL_SELECTOR),
        within("strategy", &rollout::STRATEGY),
        within("template", &TEMPLATE),
    ],
);

/// A ReplicaSet.
pub(super) static REPLICA_SET: Table = table(
    "io.k8s.api.apps.v1.ReplicaSet",
    &[
        read("apiVersion"),
        read("kind"),
        within("metadata", &METADATA),
        within("spec", &REPLICA_SET_SPEC),
        status("pkg/registry/apps/replicaset/strategy.go"),
    ],
);

static REPLICA_SET_SPEC: Table = table(
    "io.k8s.api.apps.v1.ReplicaSetSpec",
    &[read("minReadySeconds"), read("replicas"), within("selector", &LABEL_SELECTOR), within("template", &TEMPLATE)],
);

/// Reads a Deployment or a ReplicaSet.
pub(super) fn read_workload(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let context = object.context;
    let kind = context.object.split('/').next().unwrap_or_default();
    if let Some((owner_kind, owner)) = &object.metadata.owner {
        let severity = if owner_kind == "Deployment" && kind == "ReplicaSet" { Harmless } else { Risky };
        context.note(severity, "metadata.ownerReferences", format!("owned by {owner_kind} {owner}; left out"));
        return Ok(());
    }
    let spec = object.fields.require("spec", "the specification of the workload")?.fields()?;
    object.judge_rest();
    let replicas_view = spec.get("replicas");
    let replicas = replicas_view.as_ref().map(|view| view.integer(0..=MAX_REPLICAS)).transpose()?;
    let template_view = spec.require("template", "a pod template")?;
    let template = pod_template::read(&template_view)?;
    let selector = read_selector(&spec.require("selector", "a label selector")?, &template.template)?;
    let min_ready_seconds = rollout::read_min_ready_seconds(&spec)?;
    let mut rollout = Rollout { min_ready_seconds, ..Rollout::default() };
    let mut history_limit = rollout::HISTORY;
    if kind == "Deployment" {
        rollout.strategy = rollout::read_strategy(&spec)?;
        rollout.is_paused = rollout::read_paused(&spec)?;
        history_limit = rollout::read_history(&spec)?;
    }
    let mut read = draft_of(object, &template_view, template);
    read.workload.replicas = Span::exactly(replicas.unwrap_or(1));
    read.workload.replicas_managed = replicas_managed(object, replicas.is_some());
    read.workload.rollout = rollout;
    read.selector = Some(selector);
    read.history_limit = history_limit;
    check_deadlines(&spec, min_ready_seconds, &template_view)?;
    spec.judge_rest(if kind == "Deployment" { &DEPLOYMENT_SPEC } else { &REPLICA_SET_SPEC });
    note_interval(context, template_view.value, draft);
    draft.place(read);
    Ok(())
}

/// Refuses what never gets ready in time, and pods that are to end.
fn check_deadlines(spec: &Fields, min_ready_seconds: i64, template: &View) -> Result<(), InputError> {
    let view = spec.view.value.below(&["progressDeadlineSeconds"]).filter(|value| **value != Value::Null);
    let deadline = match view {
        Some(value) => {
            let path = child(&spec.view.path, "progressDeadlineSeconds");
            View { value, path, context: spec.view.context }.integer(0..=i64::from(i32::MAX))?
        }
        None => PROGRESS_DEADLINE,
    };
    if deadline <= min_ready_seconds && spec.view.context.object.starts_with("Deployment/") {
        let at = child(&spec.view.path, "minReadySeconds");
        let error =
            spec.view.context.error(&at, format!("minReadySeconds {min_ready_seconds} is not below the deadline"));
        return Err(error
            .expected(format!("less than progressDeadlineSeconds, which is {deadline}"))
            .help("the API server refuses such a Deployment"));
    }
    refuse_deadline(template)
}

/// Pods of workloads that go on may not have a deadline.
pub(super) fn refuse_deadline(template: &View) -> Result<(), InputError> {
    match template.value.below(&["spec", "activeDeadlineSeconds"]) {
        None | Some(Value::Null) => Ok(()),
        Some(_) => {
            let at = format!("{}.spec.activeDeadlineSeconds", template.path);
            let error = template.context.error(&at, "a deadline for pods of a workload that goes on");
            Err(error.expected("no activeDeadlineSeconds").help("the API server allows it in Jobs and Pods only"))
        }
    }
}

/// `progressDeadlineSeconds` where it is not written.
const PROGRESS_DEADLINE: i64 = 600;

/// A workload with nothing but a pod template yet: no replicas, pods that use what they request.
pub(super) fn draft_of(object: &Object, template_view: &View, template: Template) -> DraftWorkload {
    let context = object.context;
    let workload = Workload {
        reference: WorkloadRef {
            kind: context.object.split('/').next().unwrap_or_default().to_owned(),
            namespace: object.metadata.namespace.clone(),
            name: object.metadata.name.clone(),
        },
        replicas: Span::exactly(0),
        replicas_managed: false,
        template: template.template,
        later_templates: Vec::new(),
        recommended: Vec::new(),
        container_usage: Vec::new(),
        metrics: Vec::new(),
        rollout: Rollout::default(),
        control: Control::default(),
        volume_nodes: Vec::new(),
        exclusive_claims: Vec::new(),
        cpu_usage: Usage::Request,
        memory_usage: Usage::Request,
        startup: None,
        crash_loop: None,
        exists: true,
        origin: context.origin(""),
    };
    DraftWorkload {
        workload,
        selector: None,
        template: template_view.value.clone(),
        priority_class: template.priority_class,
        never_preempts: template.never_preempts,
        claims: template.claims,
        claim_templates: Vec::new(),
        containers: template.containers,
        is_limited: false,
        refusal: None,
        later: Vec::new(),
        history_limit: rollout::HISTORY,
        cron: None,
        context: context.clone(),
    }
}

/// Reads a selector, which has to match the pods of its own template.
pub(super) fn read_selector(
    view: &View,
    template: &kubound_encodings::cluster::PodTemplate,
) -> Result<LabelSelector, InputError> {
    let selector = read_label_selector(view)?;
    if selector.is_empty() {
        return Err(view.error("an empty selector").expected("labels of the pod template"));
    }
    if !selector.matches(&template.labels) {
        return Err(view
            .error("the selector does not match the labels of the pod template")
            .expected("a selector that matches spec.template.metadata.labels")
            .help("the API server refuses such a workload"));
    }
    Ok(selector)
}

/// Whether the last applied manifest had `spec.replicas`. A dump of a live object always has the field, so that the
/// annotation of `kubectl apply` decides where it is there, and otherwise who owns the field.
pub(super) fn replicas_managed(object: &Object, is_written: bool) -> bool {
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    let applied = object.metadata.annotations.get(key).and_then(|text| yaml::parse_documents(text).ok());
    match applied.as_deref() {
        Some([document]) => document.root.below(&["spec", "replicas"]).is_some(),
        _ => object.metadata.replicas_owned.unwrap_or(is_written),
    }
}

/// Takes over the interval of a descheduler that is deployed by the manifests themselves.
fn note_interval(context: &Context, template: &Value, draft: &mut Draft) {
    let Some(Value::List(containers)) = template.below(&["spec", "containers"]) else { return };
    for container in containers {
        let image = container.below(&["image"]).and_then(Value::as_text).unwrap_or_default();
        if !image.contains("descheduler") {
            continue;
        }
        let words: Vec<&str> = ["command", "args"]
            .iter()
            .filter_map(|key| match container.below(&[key]) {
                Some(Value::List(list)) => Some(list.iter().filter_map(Value::as_text)),
                _ => None,
            })
            .flatten()
            .collect();
        let flag = "--descheduling-interval";
        let written = words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix(flag)? {
            "" => words.get(index + 1).copied(),
            rest => rest.strip_prefix('='),
        });
        if let Some(seconds) = written.and_then(parse_duration) {
            context.note(Harmless, "spec.template.spec.containers", format!("the descheduler runs every {seconds} s"));
            draft.descheduler_interval = Some(seconds);
        }
    }
}
