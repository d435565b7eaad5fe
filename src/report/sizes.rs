//! The sizes of a run in the units of the input: nodes of each pool, and whatever else was a range.

use crate::search::scope::Size;
use crate::trace::{Trace, execute};
use kubound_encodings::cluster::workload::{Usage, Workload};
use kubound_encodings::cluster::{Cluster, NodePool, Span};
use kubound_encodings::state::words;
use kubound_encodings::subject::{POOL, Part, Subject};
use kubound_encodings::system::{Initial, Role, TransitionSystem};
use kubound_encodings::term::{Sort, VarId};

/// The nodes of each pool in the first state of a run that has the most nodes; pools without any are left out.
pub fn pools(cluster: &Cluster, system: &TransitionSystem, trace: &Trace) -> Vec<Size> {
    let nodes = |state: &[i64]| execute::values(system, &[system.nodes], state, &[])[0];
    let states = (0..=trace.steps.len()).map(|index| trace.state(index));
    let largest = states.rev().max_by_key(|state| nodes(state)).unwrap_or(&trace.initial);
    let sizes = cluster.pools.iter().map(|pool| (pool, size_now(pool, system, &trace.initial, largest)));
    sizes
        .filter(|&(_, count)| count > 0)
        .map(|(pool, count)| Size { name: pool.name.clone(), count: count.to_string() })
        .collect()
}

/// The nodes of a pool in a state of a run.
fn size_now(pool: &NodePool, system: &TransitionSystem, initial: &[i64], state: &[i64]) -> i64 {
    let names = (0..usize::try_from(pool.most_nodes()).unwrap_or(0)).map(|index| pool.slot_name(index));
    let exists: Vec<usize> = names
        .filter_map(|name| {
            let name = format!("exists[{name}]");
            system.dag.vars().iter().position(|decl| decl.name == name)
        })
        .collect();
    match exists.is_empty() {
        true => pool_size(pool, system, initial),
        false => exists.into_iter().map(|index| state[index]).sum(),
    }
}

/// The replicas that a workload is to have in an initial state.
pub fn replicas(workload: &Workload, system: &TransitionSystem, initial: &[i64]) -> Option<i64> {
    let own = &workload.reference;
    let drawn = || {
        let id = system.names.find(&own.kind, &own.namespace, &own.name)?;
        in_units(system.var(&Subject::new(words::INITIAL_REPLICAS).of(id))?, workload.replicas, system, initial)
    };
    workload.replicas.constant().or_else(drawn)
}

/// The nodes that a pool has in an initial state.
pub fn pool_size(pool: &NodePool, system: &TransitionSystem, initial: &[i64]) -> i64 {
    let size = || {
        let id = system.names.find(POOL, "", &pool.name)?;
        in_units(system.var(&Subject::new(words::NODES).of(id))?, pool.count, system, initial)
    };
    pool.count.constant().or_else(size).unwrap_or(0)
}

/// Every other value that was a range, with its value in an initial state.
pub fn values(cluster: &Cluster, system: &TransitionSystem, initial: &[i64]) -> Vec<Size> {
    let mut found = Vec::new();
    let vars = system.dag.vars().iter().zip(&system.vars).zip(initial);
    for (index, ((decl, var), &value)) in vars.enumerate() {
        if var.role != Role::Frozen || var.initial != Initial::Free || decl.subject.aspect.word == words::NODES {
            continue;
        }
        let Some((name, span, unit)) = meaning(cluster, system, initial, &decl.subject) else {
            found.push(Size { name: decl.name.clone(), count: value.to_string() });
            continue;
        };
        if let (Some(span), Some(unit)) = (span, unit) {
            let value = in_units(VarId(index as u32), span, system, initial).unwrap_or(value);
            found.push(Size { name, count: unit(value) });
        }
    }
    found
}

type Unit = fn(i64) -> String;

/// What a variable stands for: its name in words, the range of the input, the unit. No range for what is not there.
fn meaning(
    cluster: &Cluster,
    system: &TransitionSystem,
    initial: &[i64],
    subject: &Subject,
) -> Option<(String, Option<Span>, Option<Unit>)> {
    let word = subject.aspect.word.as_ref();
    if let (words::ALLOCATABLE, Some(slot), [Part::Field(resource)]) = (word, subject.slot, &subject.aspect.parts[..]) {
        let there = &system.names.slots[slot.index()];
        let pool = &cluster.pools[there.pool];
        let index = system.names.slots[..slot.index()].iter().filter(|other| other.pool == there.pool).count();
        if index as i64 >= pool_size(pool, system, initial) && pool.autoscaling.is_none() {
            return Some((String::new(), None, None));
        }
        let span = if resource == words::PODS { pool.pods } else { *pool.allocatable.get(resource.as_ref())? };
        return Some((format!("{resource} of {}", there.name), Some(span), Some(unit(resource))));
    }
    let object = system.names.object(subject.object?);
    let is_meant = |one: &&Workload| {
        let own = &one.reference;
        (&own.kind, &own.namespace, &own.name) == (&object.kind, &object.namespace, &object.name)
    };
    let workload = cluster.workloads.iter().find(is_meant)?;
    let name = &workload.reference.name;
    if let (words::METRIC, [Part::Word(metric)]) = (word, &subject.aspect.parts[..]) {
        let span = workload.metrics.iter().find(|one| one.name == *metric)?.value;
        return Some((format!("metric {metric} of {name}"), Some(span), Some(milli)));
    }
    if word == words::INITIAL_REPLICAS {
        return Some((format!("replicas of {name}"), Some(workload.replicas), Some(plain)));
    }
    let is_memory = word == words::MEMORY_USAGE;
    match if is_memory { workload.memory_usage } else { workload.cpu_usage } {
        Usage::PerPod(span) | Usage::Shared(span) => {
            let resource = if is_memory { "memory" } else { "cpu" };
            Some((format!("{resource} usage of {name}"), Some(span), Some(unit(resource))))
        }
        Usage::Request => None,
    }
}

/// The value of a variable that counts in other units or steps than the range of the input it stands for.
fn in_units(var: VarId, span: Span, system: &TransitionSystem, initial: &[i64]) -> Option<i64> {
    let Sort::Int(range) = system.dag.vars()[var.index()].sort else { return None };
    let (inner, outer) = (i128::from(range.hi - range.lo), i128::from(span.hi - span.lo));
    let offset = i128::from(initial[var.index()] - range.lo);
    if inner <= 0 || offset * outer % inner != 0 {
        return None;
    }
    i64::try_from(i128::from(span.lo) + offset * outer / inner).ok()
}

fn unit(resource: &str) -> Unit {
    match resource {
        "cpu" => milli,
        "memory" | "ephemeral-storage" => bytes,
        _ => plain,
    }
}

fn plain(value: i64) -> String {
    value.to_string()
}

fn milli(value: i64) -> String {
    if value % 1000 == 0 { (value / 1000).to_string() } else { format!("{value}m") }
}

fn bytes(value: i64) -> String {
    let units = [(1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
    let fits = units.iter().find(|&&(unit, _)| value != 0 && value % unit == 0);
    fits.map_or_else(|| value.to_string(), |&(unit, suffix)| format!("{}{suffix}", value / unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Ending;
    use kubound_encodings::assemble::assemble;
    use kubound_encodings::cluster::Granularity;

    #[test]
    fn amounts_read_as_in_manifests() {
        assert_eq!((milli(4000), milli(250)), ("4".to_owned(), "250m".to_owned()));
        assert_eq!((bytes(8 << 30), bytes(200 << 20), bytes(7)), ("8Gi".into(), "200Mi".into(), "7".to_owned()));
    }

    #[test]
    fn values_are_those_of_the_input_whatever_the_model_counts_in() {
        let span = |lo, hi, step| Span::new(lo, hi, step).expect("not empty");
        let pool = NodePool {
            name: "worker".into(),
            is_single_node: false,
            count: span(0, 2, 1),
            autoscaling: None,
            labels: Default::default(),
            taints: Vec::new(),
            startup_taints: Vec::new(),
            unschedulable: false,
            allocatable: [("cpu".to_owned(), span(1000, 4000, 500))].into_iter().collect(),
            pods: Span::exactly(110),
            origin: kubound_encodings::system::Origin { object: "Scenario".into(), field: String::new() },
        };
        let cluster = Cluster { pools: vec![pool], ..Cluster::default() };
        let system = assemble(&cluster, Granularity::Fine).expect("supported");
        let highest = |sort: Sort| if let Sort::Int(range) = sort { range.hi } else { 1 };
        let mut initial: Vec<i64> = system.dag.vars().iter().map(|decl| highest(decl.sort)).collect();
        let told =
            |sizes: Vec<Size>| sizes.iter().map(|size| format!("{} {}", size.name, size.count)).collect::<Vec<_>>();
        let run = |initial: &[i64]| Trace { initial: initial.to_vec(), steps: Vec::new(), ending: Ending::Bad };
        assert_eq!(told(pools(&cluster, &system, &run(&initial))), ["worker 2"]);
        assert_eq!(told(values(&cluster, &system, &initial)), ["cpu of worker-0 4", "cpu of worker-1 4"]);
        initial[0] = 1;
        assert_eq!(told(values(&cluster, &system, &initial)), ["cpu of worker-0 4"]);
    }
}
