//! `spec.nodes`: pools of equal nodes.

use super::super::ErrorKind;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::kinds::{note_missing, read_pods, read_resources, read_taints};
use super::super::span::{Count, read_span};
use super::super::view::{Fields, View};
use super::autoscalers::read_group;
use crate::limits::reader::MAX_NODES;
use kubound_encodings::cluster::node::HOSTNAME;
use kubound_encodings::cluster::{NodePool, Span, Taint, TaintEffect};
use std::collections::BTreeSet;

/// Pods that a node takes unless it says otherwise.
const DEFAULT_PODS: i64 = 110;

/// The keys of a pool.
pub(super) const POOL: &[&str] = &["name", "count", "template", "autoscaling"];

/// The keys of `template`.
pub(super) const TEMPLATE: &[&str] = &["labels", "taints", "startupTaints", "allocatable", "unschedulable"];

/// Adds the pools to the draft.
pub(super) fn read(spec: &Fields, draft: &mut Draft) -> Result<(), InputError> {
    for view in spec.items("nodes")? {
        let pool = read_pool(&view)?;
        if draft.pools.iter().any(|other| other.name == pool.name) {
            return Err(view
                .error(format!("a second pool or Node `{}`", pool.name))
                .kind(ErrorKind::Duplicate)
                .expected("names that differ from each other and from Node manifests"));
        }
        if let Some((node, other)) = same_node(&pool, &draft.pools) {
            return Err(view
                .error(format!(
                    "pool `{}` would have a node `{node}`, which {} has already",
                    pool.name, other.origin.object
                ))
                .kind(ErrorKind::Duplicate)
                .expected("nodes whose names differ from those of Node manifests")
                .help("give the pool another name, or leave the Node manifest out and count its node in the pool"));
        }
        draft.pools.push(pool);
    }
    Ok(())
}

/// A node of a pool with the name of a node of another one.
fn same_node<'a>(pool: &NodePool, others: &'a [NodePool]) -> Option<(String, &'a NodePool)> {
    let names: BTreeSet<String> = node_names(pool).collect();
    others.iter().find_map(|other| node_names(other).find(|name| names.contains(name)).map(|name| (name, other)))
}

/// The names of all nodes that a pool may have.
fn node_names(pool: &NodePool) -> impl Iterator<Item = String> {
    (0..usize::try_from(pool.most_nodes()).unwrap_or(0)).map(|index| pool.slot_name(index))
}

/// Taints that only new nodes have.
fn read_startup_taints(view: &View, pool: &NodePool) -> Result<Vec<Taint>, InputError> {
    if pool.autoscaling.is_none() {
        let error = view.error(format!("nothing adds nodes to pool {}", pool.name)).kind(ErrorKind::NotSupported);
        return Err(error.expected("`autoscaling` in the pool, or no startupTaints"));
    }
    let taints = read_taints(view)?;
    if taints.iter().any(|taint| taint.effect == TaintEffect::PreferNoSchedule) {
        let error = view.error("a startup taint that only asks").kind(ErrorKind::NotSupported);
        return Err(error.expected("effect NoSchedule or NoExecute"));
    }
    Ok(taints)
}

fn read_pool(view: &View) -> Result<NodePool, InputError> {
    let fields = view.strict_fields(POOL)?;
    let name = fields.require("name", "the name of the pool")?;
    let text = name.name()?;
    if !text.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-' || one == '.') {
        return Err(name.error(format!("`{text}` is not a name")).expected("lower-case letters, digits, `-` and `.`"));
    }
    let count_view = fields.require("count", "a number or a range such as 0..6")?;
    let count = read_span(&count_view, &Count::Plain(0..=MAX_NODES))?;
    let mut pool = NodePool {
        name: text.to_owned(),
        is_single_node: false,
        count,
        autoscaling: None,
        labels: Default::default(),
        taints: Vec::new(),
        startup_taints: Vec::new(),
        unschedulable: false,
        allocatable: Default::default(),
        pods: Span::exactly(DEFAULT_PODS),
        origin: view.origin(),
    };
    if let Some(view) = fields.get("autoscaling") {
        pool.autoscaling = Some(read_group(&view, &pool)?);
    }
    let Some(template) = fields.get("template") else {
        note_missing(view.context, &format!("{}.template.allocatable", view.path), &pool.allocatable);
        return Ok(pool);
    };
    let template_fields = template.strict_fields(TEMPLATE)?;
    pool.labels = template_fields.read("labels", |view| view.labels())?.unwrap_or_default();
    if pool.labels.contains_key(HOSTNAME) {
        return Err(template
            .error(format!("the label {HOSTNAME} is set by itself for each node"))
            .expected("labels that all nodes of the pool share"));
    }
    pool.taints = template_fields.read("taints", |view| read_taints(&view))?.unwrap_or_default();
    pool.startup_taints =
        template_fields.read("startupTaints", |view| read_startup_taints(&view, &pool))?.unwrap_or_default();
    pool.unschedulable = template_fields.read("unschedulable", |view| view.boolean())?.unwrap_or(false);
    if let Some(allocatable) = template_fields.get("allocatable") {
        pool.allocatable = read_resources(&allocatable)?;
        pool.pods = read_pods(&allocatable)?.unwrap_or(pool.pods);
    }
    note_missing(view.context, &format!("{}.template.allocatable", view.path), &pool.allocatable);
    Ok(pool)
}
