//! `spec.template` of workloads.

use super::super::ErrorKind;
use super::super::Severity::{Harmless, Risky, Warning};
use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::value::{Value, child};
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
    read_with(view, &["Always"], Labels::new())
}

/// Reads a template of pods with one of these restart policies, `Always` being the default, to which labels are added.
pub(super) fn read_with(view: &View, policies: &[&'static str], added: Labels) -> Result<Template, InputError> {
    let fields = view.fields()?;
    let (mut labels, mut annotations) = Default::default();
    if let Some(metadata) = fields.below("metadata")? {
        labels = metadata.read("labels", |view| syntax::labels(&view))?.unwrap_or_default();
        if let Some(view) = metadata.get("annotations") {
            annotations = syntax::annotations(&view)?;
            if annotations.contains_key(DELETION_COST) {
                view.note(
                    Harmless,
                    "a ReplicaSet ranks its own pods only, and all of them have the same deletion cost",
                );
            }
        }
        metadata.judge_rest(&METADATA);
    }
    labels.extend(added);
    let spec = fields.require("spec", "the specification of the pod")?.fields()?;
    fields.judge_rest(&TEMPLATE);
    let policies: Vec<(&str, ())> = policies.iter().map(|&policy| (policy, ())).collect();
    match spec.get("restartPolicy").filter(|policy| policy.value.as_text() != Some("")) {
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
    check_rest(spec)?;
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
    if let Some(view) =
        spec.get("nodeName").filter(|_| template.node_name.as_ref().is_some_and(|name| !syntax::is_subdomain(name)))
    {
        return Err(view.error("no name of a node").expected("the name of a Node").help(REFUSED));
    }
    template.node_selector = spec.read("nodeSelector", |view| syntax::labels(&view))?.unwrap_or_default();
    if let Some(view) = spec.get("affinity") {
        affinity::read(&view, template)?;
    }
    if let Some(view) = spec.get("schedulingGates") {
        template.is_gated = read_gates(&view)?;
        if template.is_gated {
            view.note(Risky, "nothing that is modelled lifts a gate: the pods stay pending");
        }
        if let (true, Some(name)) = (template.is_gated, spec.get("nodeName").filter(|_| template.node_name.is_some())) {
            return Err(name.error("a node beside gates").expected("no nodeName, or no schedulingGates").help(REFUSED));
        }
    }
    if let Some(os) = spec.below("os")? {
        let name = os.require("name", "linux or windows")?;
        template.os = Some(name.one_of(&[("linux", "linux"), ("windows", "windows")])?.to_owned());
        os.judge_rest(&OS);
    }
    // Less than 0 becomes 1 (`SetDefaults_PodSpec`).
    let grace = spec.read("terminationGracePeriodSeconds", |view| view.integer(i64::MIN..=i64::MAX))?;
    template.goes_at_once = grace == Some(0);
    template.tolerations = tolerations::read(spec.get("tolerations"))?;
    template.spread = affinity::read_spread(&spec.items("topologySpreadConstraints")?, &template.labels)?;
    Ok(())
}

const REFUSED: &str = "the API server refuses such a pod";

/// What the API server asks of fields that the models leave out (`ValidatePodSpec`).
fn check_rest(spec: &Fields) -> Result<(), InputError> {
    let below = |keys: &[&str]| spec.view.value.below(keys).filter(|value| **value != Value::Null);
    let at = |key: &str| child(&spec.view.path, key);
    if let Some(value) = below(&["activeDeadlineSeconds"]) {
        let view = View { value, path: at("activeDeadlineSeconds"), context: spec.view.context };
        view.integer(1..=i64::from(i32::MAX))?;
    }
    let account = below(&["serviceAccountName"]).and_then(Value::as_text).unwrap_or_default();
    if !account.is_empty() && !syntax::is_subdomain(account) {
        let error = spec.view.context.error(&at("serviceAccountName"), format!("`{account}` is no name of an account"));
        return Err(error.expected("the name of a ServiceAccount").help(REFUSED));
    }
    let servers = below(&["dnsConfig", "nameservers"]);
    if below(&["dnsPolicy"]).and_then(Value::as_text) == Some("None") && servers.is_none() {
        let error = spec.view.context.error(&at("dnsConfig"), "no servers with `dnsPolicy: None`");
        return Err(error.kind(ErrorKind::MissingField).expected("at least one of nameservers").help(REFUSED));
    }
    let is = |key: &str, flag: bool| below(&[key]) == Some(&Value::Bool(flag));
    if is("hostNetwork", true) && is("hostUsers", false) {
        let message = "beside `hostUsers: false`: not every API server accepts such a pod";
        spec.view.context.note(Warning, &at("hostNetwork"), message);
    }
    if below(&["overhead"]).is_some() && below(&["runtimeClassName"]).is_none() {
        let message = "without a RuntimeClass the API server refuses the pods (admission plugin RuntimeClass)";
        spec.view.context.note(Warning, &at("overhead"), message);
    }
    Ok(())
}

/// Whether there are gates, each with a name of its own (`validateSchedulingGates`).
fn read_gates(view: &View) -> Result<bool, InputError> {
    let mut names = BTreeSet::new();
    for gate in view.list()? {
        let fields = gate.fields()?;
        let name = fields.require("name", "the name of the gate")?;
        syntax::check_key(&name, name.name()?)?;
        fields.judge_rest(&GATE);
        if !names.insert(name.name()?) {
            let error = name.error("a second gate of this name").kind(ErrorKind::Duplicate);
            return Err(error.expected("a name of its own for each gate").help(REFUSED));
        }
    }
    Ok(!names.is_empty())
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
                .help(REFUSED));
        }
        if !syntax::is_dns_label(name.name()?) {
            return Err(name
                .error(format!("`{}` is no name of a volume", name.name()?))
                .expected("lower-case letters, digits and `-`, at most 63, at both ends a letter or digit")
                .help(REFUSED));
        }
        check_local(&fields)?;
        let kinds: Vec<&str> = fields.entries().map(|(key, _)| key).filter(|key| *key != "name").collect();
        let known = kinds.iter().filter(|kind| VOLUME.field(kind).is_some()).count();
        if known > 1 {
            return Err(volume
                .error(format!("several kinds of volume ({})", kinds.join(", ")))
                .expected("one kind")
                .help(REFUSED));
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

/// What the API server asks of directories of nodes (`validateHostPathVolumeSource`, `validateEmptyDirVolumeSource`).
fn check_local(volume: &Fields) -> Result<(), InputError> {
    const TYPES: [&str; 8] =
        ["", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"];
    if let Some(host) = volume.below("hostPath")? {
        let path = host.require("path", "a path of the node")?;
        if path.name()?.split('/').any(|part| part == "..") {
            return Err(path.error("a path upwards").expected("a path without `..`").help(REFUSED));
        }
        host.read("type", |view| view.one_of(&TYPES.map(|name| (name, ()))))?;
    }
    if let Some(size) = volume.below("emptyDir")?.and_then(|directory| directory.get("sizeLimit")) {
        size.amount(Unit::Whole)?;
    }
    Ok(())
}
