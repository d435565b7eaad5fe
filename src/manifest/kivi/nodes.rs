//! `setup.nodes`: each is a pool of one, as Node manifests are.

use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::kinds::read_taints;
use super::super::value::Value;
use super::super::view::{Fields, Ignored, View};
use super::super::{ErrorKind, NoteKind};
use super::{MOST_UNITS, map, object_name, read_labels, read_name, text};
use kubound_encodings::cluster::node::{CPU, MEMORY};
use kubound_encodings::cluster::{NodePool, Span, TaintEffect};

/// Bytes of a unit of memory.
const GI: i64 = 1 << 30;

/// Pods that a node takes; the input does not say.
const PODS: i64 = 110;

const REST: &[Ignored] = &[
    ("id", Harmless, "names and positions tell nodes apart"),
    ("numPod", Harmless, "pods are counted"),
    ("score", Harmless, "a value of Kivi's own search"),
    ("curScore", Harmless, "a value of Kivi's own search"),
    ("curAffinity", Harmless, "a value of Kivi's own search"),
    ("curTaint", Harmless, "a value of Kivi's own search"),
    ("maintained", Harmless, "a value of Kivi's own search"),
];

/// The names of a node or of a type of nodes.
pub(super) struct Name {
    /// As it is called in the input.
    pub(super) written: String,
    /// Name of the pool.
    pub(super) pool: String,
    /// Name of the node; of a type, that of its first.
    pub(super) node: String,
}

/// The names of all nodes, or of all types of nodes if there are sizes.
pub(super) fn names(setup: &Fields, sizes: Option<&Fields>) -> Result<Vec<Name>, InputError> {
    let views = match sizes {
        Some(sizes) => sizes.require("nodesTypes", "a list of types of nodes")?.list()?,
        None => setup.require("nodes", "a list of nodes, or `userDefined` beside `setup`")?.list()?,
    };
    let mut names: Vec<Name> = Vec::new();
    for (index, view) in views.iter().enumerate() {
        let mut fields = view.fields()?;
        if sizes.is_some() {
            fields = fields.require("template", "what nodes of the type are like")?.fields()?;
        }
        let written = fields.read("name", |view| read_name(&view))?.unwrap_or_else(|| (index + 1).to_string());
        let pool = object_name("node", &written);
        if names.iter().any(|other| other.pool == pool) {
            return Err(view
                .error(format!("a second node `{written}`"))
                .kind(ErrorKind::Duplicate)
                .expected("names that differ"));
        }
        let node = if sizes.is_some() { format!("{pool}-0") } else { pool.clone() };
        names.push(Name { written, pool, node });
    }
    Ok(names)
}

/// Reads the nodes; `used` is what the pods listed on each request, in units of CPU and memory.
pub(super) fn read(setup: &Fields, names: &[Name], used: &[(i64, i64)]) -> Result<Vec<NodePool>, InputError> {
    let views = setup.items("nodes")?;
    let pools = views.iter().zip(names).zip(used).map(|((view, name), used)| {
        let mut pool = read_node(&view.fields()?, &name.pool, *used)?;
        pool.is_single_node = true;
        Ok(pool)
    });
    pools.collect()
}

/// Reads a node, or what nodes of a type are like.
pub(super) fn read_node(fields: &Fields, name: &str, used: (i64, i64)) -> Result<NodePool, InputError> {
    fields.get("name");
    let cpu = available(fields, ("cpu", "cpuLeft"), used.0)?;
    let memory = available(fields, ("memory", "memLeft"), used.1)?;
    let labels = fields.read("labels", |view| read_labels(&view))?.unwrap_or_default();
    if let Some(status) = fields.get("status")
        && status.integer(0..=100)? != 1
    {
        status.note(Risky, "the node was not ready; the model starts with all nodes ready");
    }
    let mut taints = Vec::new();
    for view in fields.items("taint")? {
        let written = taint(&view)?;
        taints.extend(read_taints(&View { value: &Value::List(vec![written]), ..view })?);
    }
    fields.note_rest(REST);
    Ok(NodePool {
        name: name.to_owned(),
        is_single_node: false,
        count: Span::exactly(1),
        autoscaling: None,
        labels: labels.into_iter().collect(),
        taints,
        startup_taints: Vec::new(),
        unschedulable: false,
        allocatable: [(CPU.to_owned(), Span::exactly(cpu * 1000)), (MEMORY.to_owned(), Span::exactly(memory * GI))]
            .into(),
        pods: Span::exactly(PODS),
        origin: fields.view.origin(),
    })
}

/// What pods may use, in units: all of it, or less if something that is not listed uses a part.
fn available(fields: &Fields, (total, left): (&str, &str), used: i64) -> Result<i64, InputError> {
    let limits = 0..=MOST_UNITS;
    let total = fields.require(total, "an amount in units")?.integer(limits.clone())?;
    let Some(view) = fields.get(left) else { return Ok(total) };
    let room = view.integer(limits)?.saturating_add(used);
    if room > total {
        let message = format!("with the pods listed, {room} of {total}; what the node has counts");
        view.context.note_kind(NoteKind::OddInput, Harmless, &view.path, message);
    } else if room < total {
        let message = format!("{} of {total} are used by nothing that is listed; they are left out", total - room);
        view.note(Risky, message);
    }
    Ok(room.min(total))
}

/// `key=value:Effect` or `key:Effect`, as a taint of a manifest.
fn taint(view: &View) -> Result<Value, InputError> {
    let written = view.text()?;
    let parts = written
        .rsplit_once(':')
        .filter(|(key, effect)| !key.is_empty() && TaintEffect::NAMES.iter().any(|(name, _)| name == effect));
    let Some((key, effect)) = parts else {
        return Err(view
            .error(format!("found {}", view.value.describe()))
            .expected("key=value:Effect, with the effect NoSchedule, PreferNoSchedule or NoExecute"));
    };
    let (key, value) = key.split_once('=').unwrap_or((key, ""));
    if key.is_empty() {
        return Err(view.error("a taint without a key").expected("key=value:Effect"));
    }
    Ok(map([("key", text(key)), ("value", text(value)), ("effect", text(effect))]))
}
