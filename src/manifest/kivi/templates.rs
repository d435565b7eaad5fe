//! `setup.podTemplates`: each as the pod template of a manifest.

use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::value::Value;
use super::super::view::{Fields, Ignored, View};
use super::nodes::Name;
use super::{MOST_UNITS, gibibytes, label_key, label_map, map, read_counted, read_labels, read_name, text};
use crate::plural::plural;
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::workload::{Readiness, Startup, Usage};

/// Milli-cores of a unit of CPU.
pub(super) const CORE: i64 = 1000;

const REST: &[Ignored] = &[
    ("topoSpreadSystemDefaulted", Harmless, "defaults apply where no constraint is listed"),
    ("numNoScheduleNode", Harmless, "taints of nodes count"),
    ("numPreferNoScheduleNode", Harmless, "taints of nodes count"),
    ("noScheduleNode", Risky, "taints of nodes count, and pods tolerate none"),
    ("preferNoScheduleNode", Risky, "taints of nodes count, and pods tolerate none"),
];

/// A pod template.
pub(super) struct PodTemplate {
    pub(super) labels: Vec<(String, String)>,
    /// `spec` of the pods.
    pub(super) spec: Value,
    /// Requests in units.
    pub(super) cpu: i64,
    pub(super) memory: i64,
    /// CPU in use, where the template says.
    pub(super) usage: Option<Usage>,
    pub(super) startup: Option<Startup>,
}

/// Reads the templates.
pub(super) fn read(setup: &Fields, nodes: &[Name]) -> Result<Vec<PodTemplate>, InputError> {
    let views = setup.require("podTemplates", "a list of pod templates")?.list()?;
    views.iter().map(|view| read_one(&view.fields()?, nodes)).collect()
}

fn read_one(fields: &Fields, nodes: &[Name]) -> Result<PodTemplate, InputError> {
    let amount = |key: &str| Ok(fields.read(key, |view| view.integer(0..=MOST_UNITS))?.unwrap_or(0));
    let (cpu, memory) = (amount("cpuRequested")?, amount("memRequested")?);
    let labels = fields.read("labels", |view| read_labels(&view))?.unwrap_or_default();
    let requests = map([("cpu", text(cpu.to_string())), ("memory", gibibytes(memory))]);
    let container = map([("name", text("app")), ("image", text("app")), ("resources", map([("requests", requests)]))]);
    let mut spec = vec![("containers", Value::List(vec![container]))];
    let constraints = read_counted(fields, "topoSpreadConstraints", "numTopoSpreadConstraints")?;
    let constraints = constraints.iter().map(|view| read_constraint(view, &labels)).collect::<Result<Vec<_>, _>>()?;
    spec.push(("topologySpreadConstraints", Value::List(constraints)));
    let rules = read_counted(fields, "affinityRules", "numRules")?;
    spec.push(("affinity", map([("nodeAffinity", read_affinity(&rules)?)])));
    if let Some(view) = fields.get("nodeName").filter(|view| *view.value != Value::Integer(0)) {
        let written = read_name(&view)?;
        let node = nodes.iter().find(|node| node.written == written).ok_or_else(|| {
            let known: Vec<&str> = nodes.iter().map(|node| node.written.as_str()).collect();
            view.error(format!("no node `{written}`"))
                .kind(super::ErrorKind::UnknownName)
                .expected(format!("one of {}, or 0 for none", known.join(", ")))
        })?;
        spec.push(("nodeName", text(&node.node)));
    }
    let (usage, startup) = read_usage(fields)?;
    fields.note_rest(REST);
    Ok(PodTemplate { labels, spec: map(spec), cpu, memory, usage, startup })
}

fn read_constraint(view: &View, own: &[(String, String)]) -> Result<Value, InputError> {
    let fields = view.fields()?;
    let max_skew = fields.require("maxSkew", "an integer of at least 1")?.integer(1..=i64::from(i32::MAX))?;
    let key = label_key(fields.require("topologyKey", "a label of nodes")?.name()?);
    let is_soft = fields.require("whenUnsatisfiable", "0 (hard) or 1 (soft)")?.integer(0..=1)? == 1;
    let labels = fields.read("labels", |view| read_labels(&view))?.unwrap_or_else(|| own.to_vec());
    let mut constraint = vec![
        ("maxSkew", Value::Integer(max_skew.into())),
        ("topologyKey", text(key)),
        ("whenUnsatisfiable", text(if is_soft { "ScheduleAnyway" } else { "DoNotSchedule" })),
        ("labelSelector", map([("matchLabels", label_map(&labels))])),
    ];
    if let Some(view) = fields.get("minDomains") {
        let domains = view.integer(1..=i64::from(i32::MAX))?;
        if is_soft {
            view.note(Harmless, "only a hard constraint has it");
        } else {
            constraint.push(("minDomains", Value::Integer(domains.into())));
        }
    }
    for key in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
        if let Some(view) = fields.get(key) {
            constraint.push((key, text(if view.integer(0..=1)? == 1 { "Honor" } else { "Ignore" })));
        }
    }
    fields.note_rest(&[("numMatchedLabel", Harmless, "labels are counted")]);
    Ok(map(constraint))
}

/// Rules as node affinity: required ones are alternatives, others have weights.
fn read_affinity(rules: &[View]) -> Result<Value, InputError> {
    let (mut required, mut preferred) = (Vec::new(), Vec::new());
    for view in rules {
        let fields = view.fields()?;
        let labels = read_labels(&fields.require("labels", "labels of nodes")?)?;
        let expressions = labels.iter().map(|(key, value)| {
            map([("key", text(key)), ("operator", text("In")), ("values", Value::List(vec![text(value)]))])
        });
        let term = map([("matchExpressions", Value::List(expressions.collect()))]);
        if fields.require("isRequired", "0 or 1")?.integer(0..=1)? == 1 {
            required.push(term);
            fields.get("weight");
        } else {
            let weight = fields.require("weight", "an integer from 1 to 100")?.integer(1..=100)?;
            preferred.push(map([("weight", Value::Integer(weight.into())), ("preference", term)]));
        }
        fields.note_rest(&[
            ("numMatchedNode", Harmless, "labels of nodes count"),
            ("matchedNode", Harmless, "labels of nodes count"),
        ]);
    }
    let mut affinity = vec![("preferredDuringSchedulingIgnoredDuringExecution", Value::List(preferred))];
    if !required.is_empty() {
        let terms = map([("nodeSelectorTerms", Value::List(required))]);
        affinity.push(("requiredDuringSchedulingIgnoredDuringExecution", terms));
    }
    Ok(map(affinity))
}

/// `curCpuRequest` from the seconds `timeCpuRequest` after the start on: the first value is that of starting pods.
fn read_usage(fields: &Fields) -> Result<(Option<Usage>, Option<Startup>), InputError> {
    let amounts = read_counted(fields, "curCpuRequest", "maxCpuChange")?;
    let times = fields.items("timeCpuRequest")?;
    let amounts = amounts.iter().map(|view| view.integer(0..=MOST_UNITS)).collect::<Result<Vec<_>, _>>()?;
    let Some((first, rest)) = amounts.split_first() else { return Ok((None, None)) };
    let last = rest.last().unwrap_or(first);
    let usage = Some(Usage::PerPod(Span::exactly(last * CORE)));
    if rest.is_empty() {
        return Ok((usage, None));
    }
    let Some(time) = times.get(amounts.len() - 1) else {
        return Err(fields
            .require("timeCpuRequest", "the seconds at which the usage changes")?
            .error(format!("{} for {}", plural(times.len() as i64, "time"), plural(amounts.len() as i64, "value")))
            .expected("a time for each value of curCpuRequest"));
    };
    let seconds = time.integer(0..=31_536_000)?;
    if let (Some(view), true) = (fields.get("curCpuRequest"), amounts.len() > 2) {
        view.note(Risky, "only the first and the last value are modelled");
    }
    Ok((usage, Some(Startup { cpu: first * CORE, seconds, readiness: Readiness::AtOnce })))
}
