//! `spread`: the skew of ready pods over the domains of a topology key stays small. Domains are the values of the
//! key on present nodes that the workload's node affinity admits.

use super::{IntentModel, Weight, bounded, called, property, targets};
use crate::cluster::{Cluster, Intent, IntentKind, When};
use crate::controllers::Domains;
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::scene::Numbers;
use crate::state::{Model, text, value};
use crate::system::Property;
use crate::term::{Int, any, ite, max_of, min_of, sum};

/// See the module.
pub struct Spread;

impl IntentModel for Spread {
    fn names(&self) -> &'static [&'static str] {
        &["spread"]
    }

    fn summary(&self) -> &'static str {
        "ready pods are spread over the domains of a topology key"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "Ready pods are spread evenly over the values of a node label.",
            formal: "Always (or as `when` says), the numbers of ready pods of the target in any two domains of `topologyKey` differ by at most `maxSkew`. Domains are the values of the key on present nodes that the node affinity of the workload admits.",
            failing: "nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nintents: [{spread: {target: web, topologyKey: kubernetes.io/hostname, maxSkew: 0, when: always}}]",
            passing: "nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nintents: [{spread: {target: web, topologyKey: kubernetes.io/hostname, maxSkew: 2, when: always}}]",
            upstream: "https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Limit
    }

    fn needs(&self, _: &Cluster, intent: &Intent, _: &Needs) -> Needs {
        let IntentKind::Spread { when, .. } = &intent.kind else { return Needs::default() };
        // The order in which pods become ready matters.
        Needs { sees_admission: *when != When::Settled, ..Needs::default() }
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::Spread { target, topology_key, max_skew, when } = &intent.kind else { return vec![] };
        let groups = targets(model, Some(target));
        let make = |group: usize| {
            let skew = skew(model, group, topology_key);
            let object = model.groups[group].object.clone();
            let (claim, premise) = bounded(model, intent, group, skew.at_most(*max_skew), *when);
            let headline = format!("ready pods of {object} are unevenly spread over {topology_key}");
            property(model, intent, Some(group), headline, claim, premise)
        };
        groups.into_iter().map(make).collect()
    }

    fn numbers(&self, model: &Model, intent: &Intent) -> Vec<Numbers> {
        let IntentKind::Spread { target, topology_key, max_skew, .. } = &intent.kind else { return vec![] };
        let numbers = |group: usize| {
            let object = called(model, group);
            let says = vec![
                text(format!("skew of {object} over {topology_key}: ")),
                value(skew(model, group, topology_key)),
                text(format!(", at most {max_skew}")),
            ];
            Numbers::new(intent, Some(object), says)
        };
        targets(model, Some(target)).into_iter().map(numbers).collect()
    }
}

/// Largest minus smallest number of ready pods in a domain.
fn skew(model: &Model, group: usize, key: &str) -> Int {
    let template = model.template(group);
    let domains = Domains::new(model, key, |slot| model.slots[slot].matches_affinity(template));
    let counts: Vec<(Int, crate::term::Bool)> = domains
        .by_value
        .values()
        .map(|members| {
            let ready = sum(members.iter().map(|&(slot, is_member)| ite(is_member, model.ready_on(group, slot), 0)));
            (ready, any(members.iter().map(|&(slot, is_member)| is_member & model.slots[slot].present)))
        })
        .collect();
    if counts.is_empty() {
        return 0.into();
    }
    let beyond = counts.iter().map(|(ready, _)| ready.range().hi).max().unwrap_or(0);
    let most = max_of(&counts.iter().map(|&(ready, there)| ite(there, ready, 0)).collect::<Vec<_>>());
    let least = min_of(&counts.iter().map(|&(ready, there)| ite(there, ready, beyond)).collect::<Vec<_>>());
    most.monus(least)
}
