//! Who may write which field, and who relies on what others write: read off the rules of a system.
//!
//! A controller that is right by itself counts on what it looks at: what it has reached stays reached unless somebody else
//! writes it. So each field is told with everybody who writes it and every controller whose rules look at it.

use itertools::Itertools;
use kubound_encodings::subject::{Object, ObjectId, Subject};
use kubound_encodings::system::{Pace, Role, Rule, TransitionSystem};
use kubound_encodings::term::{Term, VarId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A field of an object, or of all nodes of a pool.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// `Kind/namespace/name`, or the pool of the node.
    pub object: String,
    /// What of it, in the words of the model.
    pub field: String,
}

/// Somebody who writes a field.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Writer {
    /// Its name.
    pub actor: String,
    /// The kind of request, or of change.
    pub verb: &'static str,
    /// The reasons of Events that it gives.
    pub reasons: BTreeSet<&'static str>,
    /// Whether it acts only so many times: a user, a machine, a fault.
    pub is_budgeted: bool,
}

/// A field with everybody who writes it and everybody who looks at it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Writers {
    /// The field.
    #[serde(flatten)]
    pub field: Field,
    /// Who writes it.
    pub writers: Vec<Writer>,
    /// Controllers whose rules look at it.
    pub readers: BTreeSet<String>,
}

impl Writers {
    /// Whether several actors write it.
    pub fn is_shared(&self) -> bool {
        self.writers.iter().map(|writer| &writer.actor).unique().count() > 1
    }

    /// Adds what a rule writes.
    fn add(&mut self, rule: &Rule, verb: &'static str) {
        let is_same = |writer: &&mut Writer| writer.actor == rule.actor && writer.verb == verb;
        match self.writers.iter_mut().find(is_same) {
            Some(writer) => {
                writer.reasons.insert(rule.reason);
                writer.is_budgeted &= is_budgeted(rule);
            }
            None => {
                let (actor, reasons) = (rule.actor.clone(), BTreeSet::from([rule.reason]));
                self.writers.push(Writer { actor, verb, reasons, is_budgeted: is_budgeted(rule) });
                self.writers.sort();
            }
        }
    }
}

/// Everybody who writes something of the cluster, by field.
pub fn writers(system: &TransitionSystem) -> Vec<Writers> {
    let mut found: BTreeMap<&Field, Writers> = BTreeMap::new();
    let fields: Vec<Field> = (0..system.vars.len()).map(|var| field(system, VarId(var as u32))).collect();
    let is_told = |var: VarId| system.vars[var.index()].role == Role::Cluster;
    for rule in &system.rules {
        for write in &rule.writes {
            for &(var, _) in write.effects.iter().filter(|&&(var, _)| is_told(var)) {
                let field = &fields[var.index()];
                let new = || Writers { field: field.clone(), writers: Vec::new(), readers: BTreeSet::new() };
                found.entry(field).or_insert_with(new).add(rule, write.verb.name());
            }
        }
    }
    // Time and the scenario look at what they wait for, and ask nothing of the API server.
    let asks = |rule: &&Rule| !is_budgeted(rule) && rule.writes.iter().any(|write| write.verb.is_request());
    for rule in system.rules.iter().filter(asks) {
        for var in system.dag.support([rule.enabled.id()]).into_iter().filter(|&var| is_told(var)) {
            if let Some(own) = found.get_mut(&fields[var.index()]) {
                own.readers.insert(rule.actor.clone());
            }
        }
    }
    found.into_values().collect()
}

fn is_budgeted(rule: &Rule) -> bool {
    rule.pace == Pace::Event || rule.fault.is_some()
}

/// What a variable is about; nodes of a pool and pods of a workload are told together.
fn field(system: &TransitionSystem, var: VarId) -> Field {
    let subject = &system.dag.vars()[var.index()].subject;
    let pool = || {
        let slot = subject.slot.and_then(|slot| system.names.slots.get(slot.index()));
        slot.map_or("the cluster".to_owned(), |slot| format!("nodes like {}", slot.name))
    };
    let object = subject.object.map_or_else(pool, |id| called(system, id));
    let aspect = Subject { object: None, slot: None, aspect: subject.aspect.clone() };
    Field { object, field: system.names.variable(&aspect) }
}

/// An object, or the one that it is a part of.
fn called(system: &TransitionSystem, id: ObjectId) -> String {
    Object { ordinal: None, ..system.names.object(system.names.root(id)).clone() }.to_string()
}

/// For people: fields with several writers first.
pub fn human(all: &[Writers]) -> String {
    let mut text = String::new();
    let (shared, single): (Vec<&Writers>, Vec<&Writers>) = all.iter().partition(|one| one.is_shared());
    for one in &shared {
        let _ = writeln!(text, "{} of {}", one.field.field, one.field.object);
        for writer in &one.writers {
            let times = if writer.is_budgeted { " (an event)" } else { "" };
            let _ = writeln!(text, "  {} {}: {}{times}", writer.actor, writer.verb, writer.reasons.iter().join(", "));
        }
        let _ = writeln!(text, "  read by {}", one.readers.iter().join(", "));
        text.push('\n');
    }
    if !single.is_empty() {
        let _ = writeln!(text, "with one writer each:");
        for one in single {
            let actors = one.writers.iter().map(|writer| writer.actor.as_str()).unique().join(", ");
            let _ = writeln!(text, "  {} of {}: {actors}", one.field.field, one.field.object);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::load_embedded;
    use kubound_encodings::assemble::assemble;
    use kubound_encodings::cluster::Granularity;
    use kubound_encodings::explanation::EXAMPLE_WORKLOAD;

    fn of(scenario: &str) -> Vec<Writers> {
        let hpa = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  \
                   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  maxReplicas: 3\n  \
                   metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]\n";
        let scenario = format!(
            "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{{name: worker, count: 2, template: \
             {{allocatable: {{cpu: \"4\", memory: 8Gi}}}}}}]\n{scenario}"
        );
        let files = [("web.yaml", EXAMPLE_WORKLOAD.to_owned()), ("hpa.yaml", hpa.to_owned()), ("s.yaml", scenario)];
        let files = files.map(|(name, text)| (name.to_owned(), text));
        let cluster = load_embedded("test", &files).expect("readable").cluster;
        writers(&assemble(&cluster, Granularity::Fine).expect("it can be modelled"))
    }

    fn replicas(all: &[Writers]) -> &Writers {
        let is_meant =
            |one: &&Writers| one.field.field == "spec.replicas" && one.field.object.starts_with("Deployment/");
        all.iter().find(is_meant).expect("somebody writes it")
    }

    #[test]
    fn a_field_with_two_writers_is_told_with_who_looks_at_it() {
        let all = of("  events: [{scale: {target: web, replicas: 3}}]\n");
        let one = replicas(&all);
        let actors: Vec<(&str, bool)> =
            one.writers.iter().map(|writer| (writer.actor.as_str(), writer.is_budgeted)).collect();
        assert_eq!(actors, [("horizontal-pod-autoscaler", false), ("kubectl", true)]);
        assert!(one.is_shared());
        assert!(one.readers.contains("deployment-controller") && !one.readers.contains("kubelet"));
    }

    #[test]
    fn without_an_event_the_autoscaler_alone_writes_replicas() {
        let all = of("");
        assert!(!replicas(&all).is_shared());
        // All nodes of the pool are told together.
        assert!(all.iter().all(|one| !one.field.field.contains("worker-")));
    }
}
