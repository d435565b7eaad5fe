//! `spec.template` of workloads.

use super::super::ErrorKind;
use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::view::{Fields, View};
use super::pod_fields::{CLAIM, GATE, METADATA, OS, SPEC, TEMPLATE, VOLUME};
use super::{affinity, containers, security, syntax, tolerations};
use kubound_encodings::cluster::{Labels, PodTemplate};
use std::collections::BTreeSet;

/// A template and what is resolved later.
pub(super) struct Template {
    pub(super) template: PodTemplate,
    pub(super) priority_class: Option<String>,
    pub(super) never_preempts: bool,
    pub(super) containers: containers::Containers,
    /// Claims of volumes, by name.
    pub(super) claims: Vec<String>,
}

/// What an annotation of a pod adds to its rank on scale-down (criterion 4 of section 2.8).
pub(super) const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Reads the template of pods that run forever.
pub(super) fn read(view: &View) -> Result<Template, InputError> {
    read_with(view, &["Always"])
}

/// Reads a template of pods with one of these restart policies, `Always` being the default.
pub(super) fn read_with(view: &View, policies: &[&'static str]) -> Result<Template, InputError> {
    let fields = view.fields()?;
    let (mut labels, mut annotations) = Default::default();
    if let Some(metadata) = fields.below("metadata")? {
        labels = metadata.read("labels", |view| syntax::labels(&view))?.unwrap_or_default();
        if let Some(view) = metadata.get("annotations") {
            annotations = view.labels()?;
            if annotations.contains_key(DELETION_COST) {
                view.note(
                    Harmless,
                    "a ReplicaSet ranks its own pods only, and all of them have the same deletion cost",
                );
            }
        }
        metadata.judge_rest(&METADATA);
    }
    let spec = fields.require("spec", "the specification of the pod")?.fields()?;
    fields.judge_rest(&TEMPLATE);
    let policies: Vec<(&str, ())> = policies.iter().map(|&policy| (policy, ())).collect();
    match spec.get("restartPolicy") {
        Some(policy) => policy.one_of(&policies)?,
        None if policies.contains(&("Always", ())) => {}
        None => spec.require("restartPolicy", policies[0].0).map(|_| ())?,
    }
    read_spec(&spec, &labels, &annotations)
}

/// Reads the specification of a pod, of which `restartPolicy` is already taken.
pub(super) fn read_spec(spec: &Fields, labels: &Labels, annotations: &Labels) -> Result<Template, InputError> {
    let mut template =
        PodTemplate { labels: labels.clone(), annotations: annotations.clone(), ..PodTemplate::default() };
    read_scheduling(spec, &mut template)?;
    security::note_pod(spec, annotations, spec.view.path.strip_suffix("spec").unwrap_or_default())?;
    let containers = containers::read(spec)?;
    containers.give_totals(&mut template);
    let claims = read_volumes(spec, &mut template)?;
    let priority_class = spec.read("priorityClassName", |view| view.text().map(str::to_owned))?;
    let never_preempts = spec
        .read("preemptionPolicy", |view| view.one_of(&[("Never", true), ("PreemptLowerPriority", false)]))?
        .unwrap_or(false);
    if let Some(view) = spec.get("priority") {
        view.integer(i64::from(i32::MIN)..=i64::from(i32::MAX))?;
        view.note(Harmless, "the priority follows from priorityClassName");
    }
    spec.judge_rest(&SPEC);
    Ok(Template {
        template,
        priority_class: priority_class.filter(|name| !name.is_empty()),
        never_preempts,
        containers,
        claims,
    })
}

/// Fields that say where pods may go.
fn read_scheduling(spec: &Fields, template: &mut PodTemplate) -> Result<(), InputError> {
    let text = |key| spec.read(key, |view| view.text().map(str::to_owned));
    template.scheduler_name =
        text("schedulerName")?.filter(|name| !name.is_empty()).unwrap_or_else(|| "default-scheduler".into());
    template.node_name = text("nodeName")?.filter(|name| !name.is_empty());
    template.node_selector = spec.read("nodeSelector", |view| syntax::labels(&view))?.unwrap_or_default();
    if let Some(view) = spec.get("affinity") {
        affinity::read(&view, template)?;
    }
    if let Some(view) = spec.get("schedulingGates") {
        for gate in view.list()? {
            let fields = gate.fields()?;
            fields.require("name", "the name of the gate")?.name()?;
            fields.judge_rest(&GATE);
            template.is_gated = true;
        }
        if template.is_gated {
            view.note(Risky, "nothing that is modelled lifts a gate: the pods stay pending");
        }
    }
    if let Some(os) = spec.below("os")? {
        template.os = os.read("name", |view| view.text().map(str::to_owned))?;
        os.judge_rest(&OS);
    }
    let grace = spec.read("terminationGracePeriodSeconds", |view| view.integer(0..=i64::MAX))?;
    template.goes_at_once = grace == Some(0);
    template.tolerations = tolerations::read(spec.get("tolerations"))?;
    template.spread = affinity::read_spread(&spec.items("topologySpreadConstraints")?, &template.labels)?;
    Ok(())
}

/// Reads volumes; returns the names of claims.
fn read_volumes(spec: &Fields, template: &mut PodTemplate) -> Result<Vec<String>, InputError> {
    let mut claims = Vec::new();
    let mut names = BTreeSet::new();
    for volume in spec.items("volumes")? {
        let fields = volume.fields()?;
        let name = fields.require("name", "the name of the volume")?;
        if !names.insert(name.name()?) {
            return Err(name
                .error(format!("a second volume `{}`", name.name()?))
                .kind(ErrorKind::Duplicate)
                .expected("a name of its own for each volume")
                .help("the API server refuses such a pod"));
        }
        let kinds: Vec<&str> = fields.entries().map(|(key, _)| key).filter(|key| *key != "name").collect();
        let known = kinds.iter().filter(|kind| VOLUME.field(kind).is_some()).count();
        if known > 1 {
            return Err(volume
                .error(format!("several kinds of volume ({})", kinds.join(", ")))
                .expected("one kind")
                .help("the API server refuses such a pod"));
        }
        // The default (`SetDefaults_Volume`).
        template.has_local_storage |= kinds.is_empty();
        // An empty body (`emptyDir:`) still means a volume of that kind.
        template.has_local_storage |= fields.has("emptyDir") | fields.get("hostPath").is_some();
        if let Some(claim) = fields.below("persistentVolumeClaim")? {
            template.has_claims = true;
            claims.push(claim.require("claimName", "the name of a claim")?.name()?.to_owned());
            claim.judge_rest(&CLAIM);
        }
        fields.judge_rest(&VOLUME);
    }
    Ok(claims)
}
