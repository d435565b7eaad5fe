//! `selfHeal`: what applies manifests again and again (GitOps) puts back `spec.replicas` whenever it differs from the
//! manifest. A manifest without the field leaves it to others, and nothing happens.
//!
//! A controller of the scenario with a period: fair, and part of loops.

use super::Controller;
use crate::cluster::{Cluster, ScenarioController, ScenarioControllerKind};
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::state::{Model, Ownership, RuleBuilder, text, value};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Verb};

/// See the module.
pub struct SelfHeal;

impl Controller for SelfHeal {
    fn name(&self) -> &'static str {
        "gitops"
    }

    fn summary(&self) -> &'static str {
        "puts spec.replicas back to what the manifest says, again and again, where the scenario names selfHeal"
    }

    fn needs(&self, cluster: &Cluster, others: &Needs) -> Needs {
        let of = |one: &ScenarioController| {
            let ScenarioControllerKind::SelfHeal { target, interval } = &one.kind else { return Needs::default() };
            // It writes what was there at first, which is news only where others write something else.
            let own = cluster.workload(target).filter(|_| others.writes_replicas(target));
            let written = own.map(|index| (target.clone(), cluster.workloads[index].replicas));
            Needs { replicas: written.into_iter().collect(), ..Needs::durations([*interval]) }
        };
        cluster.scenario_controllers.iter().map(of).fold(Needs::default(), Needs::and)
    }

    fn footprint(&self) -> Footprint {
        Footprint { runs_in: "gitops", watches: &["Deployment"], reads_live: &["manifests"], forgets: &[] }
    }

    fn add_rules(&self, model: &mut Model) {
        for (number, one) in model.cluster.scenario_controllers.iter().enumerate() {
            self.heal(model, number, one);
        }
    }
}

impl SelfHeal {
    fn heal(&self, model: &mut Model, number: usize, own: &ScenarioController) {
        let ScenarioControllerKind::SelfHeal { target, interval } = &own.kind else { return };
        // What nobody writes never differs.
        let is_watched = |&group: &usize| model.workload(group).replicas_managed && model.needs.writes_replicas(target);
        let Some(group) = model.cluster.workload(target).filter(is_watched) else { return };
        let id = model.ids.scenario_controllers[number];
        let state = &model.groups[group];
        let (spec, name) = (state.spec, state.name.clone());
        let written = model.initial_of(spec);
        let exists = state.exists.map_or(true.into(), |exists| exists.value);
        let ownership = model.ownership(group).copied();
        let wants = exists & spec.value.is_not(written);
        let periodic = model.periodic(Subject::new("self-heal period").of(id), *interval, wants);
        let unit = model.fairness_unit(Subject::new("event").of(id));
        let mut rule = RuleBuilder::new(Subject::new("heal").of(id), self.name(), "Synced", Pace::Periodic)
            .when(wants & periodic.may_act)
            .fair(unit)
            .writes(Verb::Patch, model.ids.workloads[group])
            .set(spec, written)
            .says([
                text(format!("{name} is put back to its manifest: replicas ")),
                value(spec.value),
                text(" -> "),
                Phrase::After(spec.id),
            ])
            .because_of(own.origin.clone())
            .because_of(model.origin(group, "spec.replicas"));
        if let Some(Ownership { applied, by_other }) = ownership {
            rule = rule.set_bool(applied, true);
            rule = by_other.into_iter().fold(rule, |rule, owned| rule.set_bool(owned, false));
        }
        model.add_rule(periodic.restart(rule));
    }
}
