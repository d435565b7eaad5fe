//! DaemonSets (section 8.4).

use super::super::Severity::Risky;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::judgements::{Table, harmless, read as is_read, status, table, within};
use super::super::view::Fields;
use super::metadata::METADATA;
use super::pod_fields::TEMPLATE;
use super::selector::LABEL_SELECTOR;
use super::workload::{draft_of, read_selector, refuse_deadline};
use super::{Object, pod_template, rollout};
use kubound_encodings::cluster::node::TaintEffect;
use kubound_encodings::cluster::pod::{PodTemplate, Toleration};
use kubound_encodings::cluster::workload::{Control, DaemonSet};

/// A DaemonSet.
pub(super) static DAEMON_SET: Table = table(
    "io.k8s.api.apps.v1.DaemonSet",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC),
        status("pkg/registry/apps/daemonset/strategy.go"),
    ],
);

static SPEC: Table = table(
    "io.k8s.api.apps.v1.DaemonSetSpec",
    &[
        is_read("minReadySeconds"),
        harmless("revisionHistoryLimit", "nothing rolls a DaemonSet back in a run", "pkg/controller/daemon/update.go"),
        within("selector", &LABEL_SELECTOR),
        within("template", &TEMPLATE),
        within("updateStrategy", &UPDATE),
    ],
);

static UPDATE: Table =
    table("io.k8s.api.apps.v1.DaemonSetUpdateStrategy", &[within("rollingUpdate", &ROLLING_UPDATE), is_read("type")]);

static ROLLING_UPDATE: Table =
    table("io.k8s.api.apps.v1.RollingUpdateDaemonSet", &[is_read("maxSurge"), is_read("maxUnavailable")]);

/// What its controller adds to the tolerations of its pods; the last one for those on the network of the node.
const TOLERATED: &[(&str, TaintEffect)] = &[
    ("node.kubernetes.io/not-ready", TaintEffect::NoExecute),
    ("node.kubernetes.io/unreachable", TaintEffect::NoExecute),
    ("node.kubernetes.io/disk-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/memory-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/pid-pressure", TaintEffect::NoSchedule),
    ("node.kubernetes.io/unschedulable", TaintEffect::NoSchedule),
    ("node.kubernetes.io/network-unavailable", TaintEffect::NoSchedule),
];

/// Reads a DaemonSet.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let context = object.context;
    let spec = object.fields.require("spec", "the specification of the workload")?.fields()?;
    object.judge_rest();
    let template_view = spec.require("template", "a pod template")?;
    let mut template = pod_template::read(&template_view)?;
    refuse_deadline(&template_view)?;
    let selector = read_selector(&spec.require("selector", "a label selector")?, &template.template)?;
    let update = read_update(&spec)?;
    let min_ready_seconds = rollout::read_min_ready_seconds(&spec)?;
    spec.judge_rest(&SPEC);
    if template.template.node_name.is_some() {
        context.note(Risky, "spec.template.spec.nodeName", "pods of a DaemonSet are on all nodes here");
        template.template.node_name = None;
    }
    let on_host = template_view.value.below(&["spec", "hostNetwork"]).is_some();
    tolerate(&mut template.template, on_host);
    let mut read = draft_of(object, &template_view, template);
    read.selector = Some(selector);
    read.workload.control = Control::EachNode(update);
    read.workload.rollout.min_ready_seconds = min_ready_seconds;
    draft.place(read);
    Ok(())
}

/// Reads `spec.updateStrategy`, with the defaults and checks of the API server.
fn read_update(spec: &Fields) -> Result<DaemonSet, InputError> {
    let mut read = DaemonSet::default();
    let Some(strategy) = spec.below("updateStrategy")? else { return Ok(read) };
    let types = &[("RollingUpdate", false), ("OnDelete", true)];
    read.updates_on_delete = strategy.choice("type", types, false)?;
    let rolling = strategy.below("rollingUpdate")?;
    strategy.judge_rest(&UPDATE);
    let Some(rolling) = rolling else { return Ok(read) };
    let amount = |key: &str| rolling.read(key, |view| rollout::read_amount(&view, 100));
    read.max_unavailable = amount("maxUnavailable")?.unwrap_or(read.max_unavailable);
    read.max_surge = amount("maxSurge")?.unwrap_or(read.max_surge);
    rolling.judge_rest(&ROLLING_UPDATE);
    if read.max_unavailable.is_positive() == read.max_surge.is_positive() && !read.updates_on_delete {
        let found = if read.max_surge.is_positive() { "both above 0" } else { "both 0" };
        return Err(rolling
            .view
            .error(format!("maxUnavailable and maxSurge are {found}"))
            .expected("one of them above 0; maxUnavailable is 1 unless it is written")
            .help("the API server refuses such a DaemonSet"));
    }
    Ok(read)
}

/// Puts the controller's tolerations in the place of the pair that admission adds otherwise.
fn tolerate(template: &mut PodTemplate, on_host: bool) {
    let added = if on_host { TOLERATED } else { &TOLERATED[..TOLERATED.len() - 1] };
    template.tolerations.retain(|one| {
        let is_added = added.iter().any(|(key, effect)| one.key == *key && one.effect == Some(*effect));
        !(is_added && one.exists && one.seconds.is_some())
    });
    template.tolerations.extend(added.iter().map(|(key, effect)| Toleration {
        key: (*key).to_owned(),
        exists: true,
        value: String::new(),
        effect: Some(*effect),
        seconds: None,
    }));
}
