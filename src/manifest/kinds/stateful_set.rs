//! StatefulSets (section 8.3).

use super::super::Severity::{Harmless, Risky, Warning};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::judgements::{Table, depends, harmless, read as is_read, status, table, table_in, within};
use super::super::value::{Value, child};
use super::super::view::{Context, Fields, View};
use super::metadata::METADATA;
use super::pod_fields::TEMPLATE;
use super::selector::LABEL_SELECTOR;
use super::syntax::is_dns_label;
use super::workload::{draft_of, read_selector, refuse_deadline, replicas_managed};
use super::{Object, pod_template, rollout};
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::pod_affinity::RevisionMatch;
use kubound_encodings::cluster::rollout::Amount;
use kubound_encodings::cluster::workload::{Control, StatefulSet};
use kubound_encodings::cluster::{FeatureGate, PodTemplate, Span};

/// A StatefulSet.
pub(super) static STATEFUL_SET: Table = table(
    "io.k8s.api.apps.v1.StatefulSet",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC),
        status("pkg/registry/apps/statefulset/strategy.go"),
    ],
);

static SPEC: Table = table(
    "io.k8s.api.apps.v1.StatefulSetSpec",
    &[
        is_read("minReadySeconds"),
        within("ordinals", &ORDINALS),
        within("persistentVolumeClaimRetentionPolicy", &RETENTION),
        is_read("podManagementPolicy"),
        is_read("replicas"),
        harmless(
            "revisionHistoryLimit",
            "nothing rolls a StatefulSet back in a run",
            "pkg/controller/statefulset/stateful_set_control.go",
        ),
        within("selector", &LABEL_SELECTOR),
        harmless(
            "serviceName",
            "it only gives pods names in the network",
            "pkg/controller/statefulset/stateful_set_utils.go",
        ),
        within("template", &TEMPLATE),
        within("updateStrategy", &UPDATE),
        within("volumeClaimTemplates", &CLAIMS),
    ],
);

static ORDINALS: Table = table("io.k8s.api.apps.v1.StatefulSetOrdinals", &[is_read("start")]);

static RETENTION: Table = table(
    "io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
    &[
        harmless(
            "whenDeleted",
            "deletion of the StatefulSet is no part of a run",
            "pkg/controller/statefulset/stateful_set_utils.go",
        ),
        depends("whenScaled", "`Delete`: pods that come again get other volumes, maybe elsewhere; here claims stay"),
    ],
);

static UPDATE: Table =
    table("io.k8s.api.apps.v1.StatefulSetUpdateStrategy", &[within("rollingUpdate", &ROLLING_UPDATE), is_read("type")]);

static ROLLING_UPDATE: Table = table(
    "io.k8s.api.apps.v1.RollingUpdateStatefulSetStrategy",
    &[
        depends(
            "maxUnavailable",
            "counts with the gate MaxUnavailableStatefulSet (`featureGates` of scenarios), which is off up to 1.36",
        ),
        is_read("partition"),
    ],
);

const OWN_CLAIM: &str = "each pod has a claim of its own, which is told where no volume is bound to it";
const UTILS: &str = "pkg/controller/statefulset/stateful_set_utils.go";

static CLAIMS: Table = table_in(
    "io.k8s.api.core.v1.PersistentVolumeClaim",
    "of a StatefulSet",
    &[
        harmless("apiVersion", "the list only holds claims", UTILS),
        harmless("kind", "the list only holds claims", UTILS),
        within("metadata", &CLAIM_METADATA),
        harmless("spec", OWN_CLAIM, UTILS),
        harmless("status", OWN_CLAIM, UTILS),
    ],
);

static CLAIM_METADATA: Table = table_in(
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    "of claims of a StatefulSet",
    &[
        harmless("annotations", OWN_CLAIM, UTILS),
        harmless("creationTimestamp", OWN_CLAIM, UTILS),
        harmless("deletionGracePeriodSeconds", OWN_CLAIM, UTILS),
        harmless("deletionTimestamp", OWN_CLAIM, UTILS),
        harmless("finalizers", OWN_CLAIM, UTILS),
        harmless("generateName", OWN_CLAIM, UTILS),
        harmless("generation", OWN_CLAIM, UTILS),
        harmless("labels", OWN_CLAIM, UTILS),
        harmless("managedFields", OWN_CLAIM, UTILS),
        is_read("name"),
        harmless("namespace", OWN_CLAIM, UTILS),
        harmless("ownerReferences", OWN_CLAIM, UTILS),
        harmless("resourceVersion", OWN_CLAIM, UTILS),
        harmless("selfLink", OWN_CLAIM, UTILS),
        harmless("uid", OWN_CLAIM, UTILS),
    ],
);

/// Reads a StatefulSet.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let context = object.context;
    if let Some((owner_kind, owner)) = &object.metadata.owner {
        let message = format!("owned by {owner_kind} {owner}, which may change it; it is taken as it is");
        context.note(Risky, "metadata.ownerReferences", message);
    }
    let spec = object.fields.require("spec", "the specification of the workload")?.fields()?;
    object.judge_rest();
    let replicas = spec.read("replicas", |view| view.integer(0..=MAX_REPLICAS))?;
    let template_view = spec.require("template", "a pod template")?;
    let mut template = pod_template::read(&template_view)?;
    refuse_deadline(&template_view)?;
    let selector = read_selector(&spec.require("selector", "a label selector")?, &template.template)?;
    let control = Control::Ordinals(read_ordinals(&spec)?);
    check_service(&spec)?;
    let claim_templates = read_claim_templates(&spec)?;
    template.template.has_claims |= !claim_templates.is_empty();
    let min_ready_seconds = rollout::read_min_ready_seconds(&spec)?;
    note_retention(&spec)?;
    spec.judge_rest(&SPEC);
    forget_revisions(&mut template.template, template_view.value, context);
    let mut read = draft_of(object, &template_view, template);
    read.workload.replicas = Span::exactly(replicas.unwrap_or(1));
    read.workload.replicas_managed = replicas_managed(object, replicas.is_some());
    read.workload.control = control;
    read.selector = Some(selector);
    read.workload.rollout.min_ready_seconds = min_ready_seconds;
    read.claim_templates = claim_templates;
    draft.place(read);
    Ok(())
}

/// The Service of its pods has a name of the right form.
fn check_service(spec: &Fields) -> Result<(), InputError> {
    let name = spec.view.value.below(&["serviceName"]).and_then(Value::as_text).unwrap_or_default();
    if name.is_empty() || is_dns_label(name) {
        return Ok(());
    }
    let error =
        spec.view.context.error(&child(&spec.view.path, "serviceName"), format!("`{name}` is no name of a Service"));
    Err(error.expected("lower-case letters, digits and `-`, at both ends a letter or digit"))
}

/// Claims that go with their pods free these from the nodes of their volumes.
fn note_retention(spec: &Fields) -> Result<(), InputError> {
    let Some(policy) = spec.below("persistentVolumeClaimRetentionPolicy")? else { return Ok(()) };
    let policies = &[("Retain", false), ("Delete", true)];
    policy.read("whenDeleted", |view| view.one_of(policies))?;
    if let Some(view) = policy.get("whenScaled") {
        if view.one_of(policies)? {
            view.note(
                Risky,
                "claims of pods that are scaled away are deleted, so that later pods get other volumes, maybe \
                 elsewhere; here claims stay",
            );
        } else {
            view.note(Harmless, "claims stay as they are when pods go");
        }
    }
    policy.judge_rest(&RETENTION);
    Ok(())
}

/// Names of `volumeClaimTemplates`; the claims themselves are objects of their own.
fn read_claim_templates(spec: &Fields) -> Result<Vec<String>, InputError> {
    let mut names = Vec::new();
    for item in spec.items("volumeClaimTemplates")? {
        let fields = item.fields()?;
        let metadata = fields.below("metadata")?;
        match metadata.as_ref().and_then(|metadata| metadata.get("name")) {
            Some(name) => names.push(name.name()?.to_owned()),
            None => item.note(Warning, "a claim without a name, which the API server refuses from 1.36 on"),
        }
        metadata.iter().for_each(|metadata| metadata.judge_rest(&CLAIM_METADATA));
        fields.judge_rest(&CLAIMS);
    }
    Ok(names)
}

/// Reads what a StatefulSet says about its ordinals.
fn read_ordinals(spec: &Fields) -> Result<StatefulSet, InputError> {
    let mut read = StatefulSet::default();
    let policies = &[("OrderedReady", true), ("Parallel", false)];
    read.is_ordered = spec.choice("podManagementPolicy", policies, true)?;
    if let Some(strategy) = spec.below("updateStrategy")? {
        let types = &[("RollingUpdate", false), ("OnDelete", true)];
        read.updates_on_delete = strategy.choice("type", types, false)?;
        if let Some(rolling) = strategy.below("rollingUpdate")? {
            if read.updates_on_delete {
                let error = rolling.view.error("rollingUpdate with OnDelete");
                return Err(error.expected("no rollingUpdate beside `type: OnDelete`"));
            }
            read.partition = rolling.read("partition", |view| view.integer(0..=MAX_REPLICAS))?.unwrap_or(0);
            if let Some(view) = rolling.get("maxUnavailable") {
                read.max_unavailable = read_max_unavailable(&view)?;
            }
            rolling.judge_rest(&ROLLING_UPDATE);
        }
        strategy.judge_rest(&UPDATE);
    }
    if let Some(ordinals) = spec.below("ordinals")? {
        read.start = ordinals.read("start", |view| view.integer(0..=i64::from(i32::MAX)))?.unwrap_or(0);
        ordinals.judge_rest(&ORDINALS);
    }
    Ok(read)
}

/// At least one pod, or one percent. Without its gate the API server drops the field unread.
fn read_max_unavailable(view: &View) -> Result<Amount, InputError> {
    let amount = rollout::read_amount(view, i64::from(i32::MAX))?;
    if amount.is_positive() && !matches!(amount, Amount::Percent(101..)) {
        return Ok(amount);
    }
    let gate = FeatureGate::MaxUnavailableStatefulSet.name();
    let message = format!("not from 1 to 100%: the API server refuses it with the gate {gate}, and drops it otherwise");
    view.note(Warning, message);
    Ok(Amount::Pods(1))
}

/// Its pods have no label `pod-template-hash`, so that keys of that name mean nothing.
fn forget_revisions(template: &mut PodTemplate, written: &Value, context: &Context) {
    for constraint in &mut template.spread {
        constraint.own_revision = false;
    }
    for affinity in [&mut template.pod_affinity, &mut template.pod_anti_affinity] {
        let preferred = affinity.preferred.iter_mut().map(|one| &mut one.term);
        for term in affinity.required.iter_mut().chain(preferred) {
            term.revision = RevisionMatch::Any;
        }
    }
    if mentions(written, "controller-revision-hash") {
        let message = "the label controller-revision-hash, which the controller adds, is not modelled";
        context.note(Risky, "spec.template.spec", message);
    }
}

/// Whether a text occurs as a value.
fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::List(list) => list.iter().any(|one| mentions(one, text)),
        Value::Map(map) => map.iter().any(|(_, one)| mentions(one, text)),
        other => other.as_text() == Some(text),
    }
}
