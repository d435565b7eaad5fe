//! Which fields of the input a violation stems from, the most telling one first.

use crate::limits::report::MOST_FIELDS;
use crate::trace::{Ending, Trace};
use kubound_encodings::cluster::{Cluster, PodTemplate};
use kubound_encodings::system::{Origin, TransitionSystem};

/// A field, and who acts on it and why in the run that is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ToldOrigin {
    /// The field.
    pub origin: Origin,
    /// Actors and reasons; none for the intent itself.
    pub acts: Vec<(String, String)>,
}

impl From<Origin> for ToldOrigin {
    fn from(origin: Origin) -> Self {
        Self { origin, acts: Vec::new() }
    }
}

impl ToldOrigin {
    /// Who acts on the field, in words.
    pub fn told(&self) -> Option<String> {
        let (actor, _) = self.acts.first()?;
        let reasons: Vec<&str> =
            self.acts.iter().filter(|(other, _)| other == actor).map(|(_, reason)| reason.as_str()).collect();
        Some(format!("{actor}: {}", reasons.join(", ")))
    }
}

/// The fields of the rules that act in a violation (in its loop, if it has one), most telling first; then those of
/// the intent. Fields that every run touches are left out where better ones are known.
pub fn origins(cluster: &Cluster, system: &TransitionSystem, trace: &Trace, intent: &[Origin]) -> Vec<ToldOrigin> {
    let from = match trace.ending {
        Ending::Loop { start } => start,
        Ending::Bad | Ending::Stays => 0,
    };
    let mut ranked: Vec<(u8, ToldOrigin)> = Vec::new();
    let acting = trace.steps[from..].iter().filter_map(|step| system.rule(&step.rule));
    for rule in acting {
        for origin in rule.origins.iter().flat_map(|origin| refined(cluster, origin)) {
            let act = (rule.actor.clone(), rule.reason.to_owned());
            match ranked.iter_mut().find(|(_, other)| other.origin == origin) {
                Some((_, other)) if other.acts.contains(&act) => {}
                Some((_, other)) => other.acts.push(act),
                None => ranked.push((rank(&origin), ToldOrigin { origin, acts: vec![act] })),
            }
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let best = ranked.first().map_or(u8::MAX, |(rank, _)| *rank);
    ranked.retain(|(rank, _)| *rank < COMMON || best >= COMMON);
    ranked.truncate(MOST_FIELDS);
    let mut origins: Vec<ToldOrigin> = ranked.into_iter().map(|(_, origin)| origin).collect();
    let is_new = |origin: &&Origin| !origins.iter().any(|other| other.origin == **origin);
    let asked: Vec<Origin> = intent.iter().filter(is_new).cloned().collect();
    origins.extend(asked.into_iter().map(ToldOrigin::from));
    origins
}

/// Every field that a rule of the run names, and those of the intent.
pub fn all_origins(cluster: &Cluster, system: &TransitionSystem, trace: &Trace, intent: &[Origin]) -> Vec<Origin> {
    let acting = trace.steps.iter().filter_map(|step| system.rule(&step.rule));
    let mut origins: Vec<Origin> = Vec::new();
    for origin in
        acting.flat_map(|rule| &rule.origins).flat_map(|origin| refined(cluster, origin)).chain(intent.iter().cloned())
    {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    origins
}

/// From here on a field says little: every run touches it.
const COMMON: u8 = 7;

fn rank(origin: &Origin) -> u8 {
    let field = origin.field.as_str();
    let ends = |end: &str| field.ends_with(end);
    match origin.object.split('/').next().unwrap_or_default() {
        "DeschedulerPolicy" | "ConfigMap" => 0,
        "HorizontalPodAutoscaler" | "PodDisruptionBudget" => 1,
        "Scenario"
            if field.starts_with("spec.events")
                || field.starts_with("spec.operations")
                || field.starts_with("spec.controllers") =>
        {
            2
        }
        _ if ends("nodeName") || ends("tolerations") => 3,
        _ if ends("topologySpreadConstraints") => 3,
        _ if ends("affinity") || ends("nodeSelector") => 4,
        "Scenario" | "Node" => 5,
        _ if ends("containers") => 6,
        _ => COMMON,
    }
}

/// The parts of a pod template that decide where its pods go, where a rule names the whole of it.
fn refined(cluster: &Cluster, origin: &Origin) -> Vec<Origin> {
    let is_it = |one: &&kubound_encodings::cluster::Workload| one.origin.object == origin.object;
    if origin.object.starts_with("HorizontalPodAutoscaler/") && origin.field.is_empty() {
        return vec![Origin { object: origin.object.clone(), field: "spec.metrics".into() }];
    }
    let Some(workload) = cluster.workloads.iter().find(is_it) else { return vec![origin.clone()] };
    let field = |name: &str| Origin { object: origin.object.clone(), field: format!("spec.template.spec.{name}") };
    match origin.field.as_str() {
        "spec.template.spec" => placing(&workload.template).into_iter().map(field).collect(),
        "spec.template.spec.nodeName" if workload.template.node_name.is_none() => Vec::new(),
        _ => vec![origin.clone()],
    }
}

fn placing(template: &PodTemplate) -> Vec<&'static str> {
    let mut fields = Vec::new();
    if !template.spread.is_empty() {
        fields.push("topologySpreadConstraints");
    }
    if template.required_affinity.is_some() || !template.preferred_affinity.is_empty() {
        fields.push("affinity");
    }
    for (field, affinity) in
        [("affinity.podAffinity", &template.pod_affinity), ("affinity.podAntiAffinity", &template.pod_anti_affinity)]
    {
        if !affinity.required.is_empty() || !affinity.preferred.is_empty() {
            fields.push(field);
        }
    }
    if !template.node_selector.is_empty() {
        fields.push("nodeSelector");
    }
    if fields.is_empty() {
        fields.push("containers");
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;
    use crate::trace::testing::tiny_run;
    use kubound_encodings::cluster::PodAffinityTerm;

    fn origin(object: &str, field: &str) -> Origin {
        Origin { object: object.into(), field: field.into() }
    }

    #[test]
    fn placing_names_affinity_between_pods() {
        let mut template = PodTemplate::default();
        assert_eq!(placing(&template), ["containers"]);
        template.pod_anti_affinity.required.push(PodAffinityTerm::default());
        assert_eq!(placing(&template), ["affinity.podAntiAffinity"]);
        template.required_affinity = Some(Vec::new());
        assert_eq!(placing(&template), ["affinity", "affinity.podAntiAffinity"]);
    }

    #[test]
    fn a_policy_tells_more_than_a_count_and_the_intent_comes_last() {
        let (mut system, _) = tiny();
        let policy = origin("DeschedulerPolicy", "profiles[0].plugins");
        system.rules[0].origins = vec![origin("Deployment/default/web", "spec.replicas"), policy.clone()];
        let intent = origin("Scenario", "spec.intents[0]");
        let trace = tiny_run(3, Ending::Loop { start: 1 });
        let told = origins(&Cluster::default(), &system, &trace, std::slice::from_ref(&intent));
        assert_eq!(told.iter().map(|told| told.origin.clone()).collect::<Vec<_>>(), [policy, intent]);
        let told: Vec<_> = told.iter().map(ToldOrigin::told).collect();
        assert_eq!(told, [Some("default-scheduler: Scheduled".to_owned()), None]);
    }

    #[test]
    fn what_every_run_touches_is_told_where_nothing_else_is_known() {
        let (mut system, _) = tiny();
        let count = origin("Deployment/default/web", "spec.replicas");
        system.rules[0].origins = vec![count.clone()];
        let told = origins(&Cluster::default(), &system, &tiny_run(1, Ending::Bad), &[]);
        assert_eq!(told.iter().map(|told| &told.origin).collect::<Vec<_>>(), [&count]);
    }
}
