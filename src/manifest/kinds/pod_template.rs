//! `spec.template` of workloads.

use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::value::Value;
use super::super::view::{Fields, Ignored, View};
use super::{affinity, containers, security, tolerations};
use kubound_encodings::cluster::{Labels, PodTemplate};

/// A template and what is resolved later.
pub(super) struct Template {
    pub(super) template: PodTemplate,
    pub(super) priority_class: Option<String>,
    pub(super) never_preempts: bool,
    pub(super) request_beyond_containers: bool,
    pub(super) containers: containers::Containers,
    /// Claims of volumes, by name.
    pub(super) claims: Vec<String>,
}

const METADATA: &[Ignored] = &[
    ("creationTimestamp", Harmless, "always null in a template"),
    ("name", Harmless, "pods get generated names"),
    ("namespace", Harmless, "pods are in the namespace of their workload"),
    ("finalizers", Risky, "pods may stay in Terminating"),
];

const SPEC: &[Ignored] = &[
    ("activeDeadlineSeconds", Risky, "pods that fail after a time are not modelled"),
    ("automountServiceAccountToken", Harmless, "not read by a modelled controller"),
    ("dnsConfig", Harmless, "networks are not modelled"),
    ("dnsPolicy", Harmless, "networks are not modelled"),
    ("enableServiceLinks", Harmless, "networks are not modelled"),
    ("ephemeralContainers", Harmless, "not allowed in templates"),
    ("hostAliases", Harmless, "networks are not modelled"),
    ("hostIPC", Harmless, "not read by a modelled controller"),
    ("hostPID", Harmless, "not read by a modelled controller"),
    ("hostUsers", Harmless, "not read by a modelled controller"),
    ("hostname", Harmless, "networks are not modelled"),
    ("imagePullSecrets", Harmless, "images are taken to be there"),
    ("readinessGates", Risky, "readiness follows `startup` of the scenario only"),
    ("resourceClaims", Risky, "claims of devices are not modelled"),
    ("resources", Risky, "resources of the pod as a whole are not modelled; requests of its containers are"),
    ("runtimeClassName", Risky, "it may add overhead and node selectors; write them out"),
    ("serviceAccount", Harmless, "not read by a modelled controller"),
    ("serviceAccountName", Harmless, "not read by a modelled controller"),
    ("setHostnameAsFQDN", Harmless, "networks are not modelled"),
    ("shareProcessNamespace", Harmless, "not read by a modelled controller"),
    ("subdomain", Harmless, "networks are not modelled"),
    ("terminationGracePeriodSeconds", Harmless, "termination takes any time"),
];

/// What an annotation of a pod adds to its rank on scale-down (criterion 4 of section 2.8).
pub(super) const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// Reads the template of pods that run for ever.
pub(super) fn read(view: &View) -> Result<Template, InputError> {
    read_with(view, &["Always"])
}

/// Reads a template of pods with one of these restart policies, `Always` being the default.
pub(super) fn read_with(view: &View, policies: &[&'static str]) -> Result<Template, InputError> {
    let fields = view.fields()?;
    let (mut labels, mut annotations) = Default::default();
    if let Some(metadata) = fields.below("metadata")? {
        labels = metadata.read("labels", |view| view.labels())?.unwrap_or_default();
        if let Some(view) = metadata.get("annotations") {
            annotations = view.labels()?;
            if annotations.contains_key(DELETION_COST) {
                view.note(
                    Harmless,
                    "a ReplicaSet ranks its own pods only, and all of them have the same deletion cost",
                );
            }
        }
        metadata.note_rest(METADATA);
    }
    let spec = fields.require("spec", "the specification of the pod")?.fields()?;
    fields.note_rest(&[]);
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
    let request_beyond_containers = containers.give_totals(&mut template);
    let claims = read_volumes(spec, &mut template)?;
    let priority_class = spec.read("priorityClassName", |view| view.text().map(str::to_owned))?;
    let never_preempts = spec
        .read("preemptionPolicy", |view| view.one_of(&[("Never", true), ("PreemptLowerPriority", false)]))?
        .unwrap_or(false);
    if let Some(view) = spec.get("priority") {
        view.integer(i64::from(i32::MIN)..=i64::from(i32::MAX))?;
        view.note(Harmless, "the priority follows from priorityClassName");
    }
    spec.note_rest(SPEC);
    Ok(Template {
        template,
        priority_class: priority_class.filter(|name| !name.is_empty()),
        never_preempts,
        request_beyond_containers,
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
    template.node_selector = spec.read("nodeSelector", |view| view.labels())?.unwrap_or_default();
    if let Some(view) = spec.get("affinity") {
        affinity::read(&view, template)?;
    }
    if let Some(view) = spec.get("schedulingGates") {
        for gate in view.list()? {
            let fields = gate.fields()?;
            fields.require("name", "the name of the gate")?.name()?;
            fields.note_rest(&[]);
            template.is_gated = true;
        }
        if template.is_gated {
            view.note(Risky, "nothing that is modelled lifts a gate: the pods stay pending");
        }
    }
    template.tolerations = tolerations::read(spec.get("tolerations"))?;
    template.spread = affinity::read_spread(&spec.items("topologySpreadConstraints")?, &template.labels)?;
    Ok(())
}

/// Volumes that never tie a pod to a node.
const FREE_VOLUMES: &[&str] = &["configMap", "secret", "projected", "downwardAPI", "nfs", "image"];

/// Reads volumes; returns the names of claims.
fn read_volumes(spec: &Fields, template: &mut PodTemplate) -> Result<Vec<String>, InputError> {
    let mut claims = Vec::new();
    for volume in spec.items("volumes")? {
        let fields = volume.fields()?;
        fields.get("name");
        let mut is_local = false;
        let mut has_claim = false;
        for (kind, view) in fields.entries().filter(|(kind, _)| *kind != "name") {
            match kind {
                // An empty body (`emptyDir:`) still means a volume of that kind.
                "emptyDir" => is_local = true,
                "hostPath" => is_local |= *view.value != Value::Null,
                "persistentVolumeClaim" => {
                    has_claim = true;
                    let fields = view.fields()?;
                    claims.push(fields.require("claimName", "the name of a claim")?.name()?.to_owned());
                    fields.note_rest(&[("readOnly", Harmless, "not read by a scheduler")]);
                }
                kind if FREE_VOLUMES.contains(&kind) => view.note(Harmless, "such a volume is there on every node"),
                _ => view.note(Risky, "a volume of this kind may tie pods to nodes; that is not modelled"),
            }
        }
        template.has_local_storage |= is_local;
        template.has_claims |= has_claim;
    }
    Ok(claims)
}
