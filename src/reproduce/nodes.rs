//! The nodes of a run, as a configuration of kind or as objects for KWOK.

use super::{File, Input, State, Tool, stops_nodes};
use kubound_encodings::cluster::node::{CPU, HOSTNAME, MEMORY};
use kubound_encodings::cluster::{EventKind, LabelChange, NodePool, Taint};
use kubound_encodings::state::words;
use kubound_encodings::subject::{POOL, Part, Subject};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Seconds after which a node without a sign of life counts as stopped; kwokctl makes that an hour.
const GRACE: i64 = 50;

/// A node of the run.
pub(super) struct Node<'a> {
    /// What the cluster calls it.
    pub(super) name: String,
    /// Its pool.
    pub(super) pool: &'a NodePool,
    /// Amounts of resources, pods among them.
    pub(super) allocatable: BTreeMap<String, i64>,
    index: usize,
}

/// All nodes of the run.
pub(super) struct Nodes<'a> {
    tool: Tool,
    /// Name of the cluster.
    pub(super) cluster: String,
    /// In the order of pools.
    pub(super) list: Vec<Node<'a>>,
    names: BTreeMap<String, String>,
    input: &'a Input<'a>,
}

impl<'a> Nodes<'a> {
    /// The nodes that are there in the run.
    pub(super) fn new(input: &'a Input<'a>, tool: Tool) -> Self {
        let state = State { system: input.system, values: &input.trace.initial };
        let cluster = cluster_name(input.name);
        let (mut list, mut names) = (Vec::new(), BTreeMap::new());
        for pool in &input.manifests.cluster.pools {
            let size = size(&state, pool).unwrap_or(pool.count.lo);
            for index in 0..usize::try_from(size).unwrap_or_default() {
                let slot = pool.slot_name(index);
                let name = match (tool, list.len()) {
                    (Tool::Kwok, _) => slot.clone(),
                    (Tool::Kind, 0) => format!("{cluster}-worker"),
                    (Tool::Kind, earlier) => format!("{cluster}-worker{}", earlier + 1),
                };
                names.insert(slot.clone(), name.clone());
                let allocatable = allocatable(&state, pool, &slot);
                list.push(Node { name, pool, allocatable, index });
            }
        }
        Self { tool, cluster, list, names, input }
    }

    /// What the cluster calls a node of the run.
    pub(super) fn name<'b>(&'b self, slot: &'b str) -> &'b str {
        self.names.get(slot).map_or(slot, String::as_str)
    }

    /// Names in the run and in the cluster.
    pub(super) fn slots(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().map(|(slot, name)| (slot.as_str(), name.as_str()))
    }

    /// The files that describe them; none for kind, where the script has to know the machine first.
    pub(super) fn files(&self) -> Vec<File> {
        match self.tool {
            Tool::Kind => Vec::new(),
            Tool::Kwok => {
                let own = stops_nodes(self.input);
                let items: Vec<Value> = self.list.iter().map(|node| node.object(own)).collect();
                let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
                vec![
                    File { path: "nodes.json".into(), text: super::objects::pretty(&list), is_program: false },
                    File { path: "kwok.yaml".into(), text: self.kwok(), is_program: false },
                ]
            }
        }
    }

    /// Options of the control plane.
    fn kwok(&self) -> String {
        let mut text = String::from("apiVersion: config.kwok.x-k8s.io/v1alpha1\nkind: KwokctlConfiguration\n");
        let mut flags = Vec::new();
        if let Some(hpa) = self.input.cluster.hpas.first() {
            flags.push(("horizontal-pod-autoscaler-sync-period", hpa.sync_period));
            flags.push(("horizontal-pod-autoscaler-downscale-stabilization", hpa.downscale_stabilization));
        }
        if stops_nodes(self.input) {
            flags.push(("node-monitor-grace-period", GRACE));
        }
        if !flags.is_empty() {
            text.push_str("componentsPatches:\n- name: kube-controller-manager\n  extraArgs:\n");
        }
        for (key, seconds) in flags {
            let _ = writeln!(text, "  - key: {key}\n    value: {seconds}s");
        }
        text
    }

    /// Nodes of the cluster that may stand for each other: of one pool and size, and named nowhere.
    pub(super) fn alike(&self) -> Vec<Vec<&str>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, node) in self.list.iter().enumerate() {
            let is_such = |group: &&mut Vec<usize>| {
                let first = &self.list[group[0]];
                first.pool.name == node.pool.name
                    && first.allocatable == node.allocatable
                    && !self.is_named(first)
                    && !self.is_named(node)
            };
            match groups.iter_mut().find(is_such) {
                Some(group) => group.push(index),
                None => groups.push(vec![index]),
            }
        }
        groups.iter().map(|group| group.iter().map(|&index| self.list[index].name.as_str()).collect()).collect()
    }

    /// Whether an object or an event speaks of this node.
    fn is_named(&self, node: &Node) -> bool {
        let slot = node.pool.slot_name(node.index);
        let written = self.input.manifests.objects.iter().chain(self.input.manifests.applied.values().flatten());
        let in_objects = written.filter(|one| !one.name.starts_with("Node//")).any(|one| speaks_of(&one.value, &slot));
        let in_events = self.input.cluster.events.iter().any(|event| match &event.kind {
            EventKind::Drain { node, .. } | EventKind::Cordon { node } | EventKind::Uncordon { node } => {
                node.as_ref() == Some(&slot)
            }
            EventKind::NodeFailure { pool: nodes, .. } | EventKind::Relabel(LabelChange { nodes, .. }) => {
                nodes.as_ref() == Some(&slot)
            }
            _ => false,
        });
        in_objects || in_events
    }

    /// The shell function that prints kind's configuration for a machine of so much CPU and memory.
    pub(super) fn kind_configuration(&self) -> String {
        let mut text =
            String::from("# configure CPU MEMORY: prints the nodes for a machine of this size.\nconfigure() {\n");
        let reserves = self.list.iter().enumerate().flat_map(|(index, node)| {
            let of = |resource| node.allocatable.get(resource).copied();
            let cpu =
                of(CPU).map(|wanted| format!("    cpu_{index}=$(reserve \"$1\" {wanted} 'milli-cores of CPU')\n"));
            let memory =
                of(MEMORY).map(|wanted| format!("    memory_{index}=$(reserve \"$2\" {wanted} 'bytes of memory')\n"));
            [cpu, memory]
        });
        text.extend(reserves.flatten());
        text.push_str(
            "    cat <<EOF\nkind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- role: control-plane\n",
        );
        for (index, node) in self.list.iter().enumerate() {
            let has = |resource| node.allocatable.contains_key(resource);
            let mut reserved = Vec::new();
            if has(CPU) {
                reserved.push(format!("cpu=${{cpu_{index}}}m"));
            }
            if has(MEMORY) {
                reserved.push(format!("memory=${{memory_{index}}}"));
            }
            text.push_str("- role: worker\n  kubeadmConfigPatches:\n  - |\n    kind: JoinConfiguration\n");
            text.push_str("    nodeRegistration:\n      kubeletExtraArgs:\n");
            if !reserved.is_empty() {
                let _ = writeln!(text, "        system-reserved: \"{}\"", reserved.join(","));
            }
            let pods = node.allocatable.get("pods").copied().unwrap_or(110);
            let _ = writeln!(text, "        max-pods: \"{pods}\"");
        }
        text.push_str("EOF\n}\n");
        text
    }
}

impl Node<'_> {
    /// Labels beside those that the cluster sets itself, as `key=value`.
    pub(super) fn labels(&self) -> Vec<String> {
        let own = self.pool.labels.iter().filter(|(key, _)| *key != HOSTNAME);
        own.map(|(key, value)| format!("{key}={value}")).collect()
    }

    /// Taints, as `key=value:effect`.
    pub(super) fn taints(&self) -> Vec<String> {
        let text = |taint: &Taint| format!("{}={}:{}", taint.key, taint.value, taint.effect.name());
        self.pool.taints.iter().map(text).collect()
    }

    /// As an object for KWOK; one that may stop has a process of its own.
    fn object(&self, is_on_its_own: bool) -> Value {
        let keeper = if is_on_its_own { "alone" } else { "fake" };
        let amount = |name: &str, amount: i64| match name {
            CPU => format!("{amount}m"),
            _ => amount.to_string(),
        };
        let amounts: serde_json::Map<String, Value> =
            self.allocatable.iter().map(|(name, value)| (name.clone(), amount(name, *value).into())).collect();
        let taints: Vec<Value> = (self.pool.taints.iter())
            .map(|taint| json!({"key": taint.key, "value": taint.value, "effect": taint.effect.name()}))
            .collect();
        json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": self.name,
                "labels": self.pool.slot_labels(self.index),
                "annotations": {"kwok.x-k8s.io/node": keeper},
            },
            "spec": {"taints": taints, "unschedulable": self.pool.unschedulable},
            "status": {"allocatable": amounts, "capacity": amounts, "phase": "Running"},
        })
    }
}

/// Whether a text somewhere in an object is this one.
fn speaks_of(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::Array(items) => items.iter().any(|item| speaks_of(item, text)),
        Value::Object(fields) => fields.values().any(|field| speaks_of(field, text)),
        _ => false,
    }
}

/// How many nodes a pool has in the run, if that was a range.
fn size(state: &State, pool: &NodePool) -> Option<i64> {
    let id = state.system.names.find(POOL, "", &pool.name)?;
    state.get(&Subject::new(words::NODES).of(id))
}

/// The values of ranges are those of the run.
fn allocatable(state: &State, pool: &NodePool, slot: &str) -> BTreeMap<String, i64> {
    let pods = [("pods".to_owned(), pool.pods)];
    let all = pool.allocatable.iter().map(|(name, span)| (name.clone(), *span)).chain(pods);
    all.map(|(name, span)| {
        let slots = &state.system.names.slots;
        let slot = slots.iter().position(|one| one.name == slot);
        let subject = Subject::new(words::ALLOCATABLE).with(Part::Field(name.clone().into()));
        let free = slot.and_then(|slot| state.get(&subject.on(slot)));
        // The variable of a range with a step counts its values; other ranges hold amounts in units of the model.
        let value = match (span.constant(), free) {
            (Some(value), _) => value,
            (None, Some(index)) if span.step > 1 && name != "pods" => span.lo + index * span.step,
            (None, Some(value)) => value,
            (None, None) => span.hi,
        };
        (name, value)
    })
    .collect()
}

/// A name that clusters may have.
fn cluster_name(scenario: &str) -> String {
    let clean: String =
        scenario.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    let clean = clean.trim_matches('-');
    if clean.is_empty() { "kubound".into() } else { clean.to_owned() }
}
