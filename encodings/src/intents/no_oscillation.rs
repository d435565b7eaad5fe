//! `noOscillation`: no fair loop without external events in which the cluster, or the target, changes. Jobs that a
//! CronJob starts come and go forever; that is no change.

use super::{IntentModel, Weight, property};
use crate::cluster::{Cluster, Intent, IntentKind};
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::state::Model;
use crate::subject::{ObjectId, Subject};
use crate::system::{Claim, Property, Role};
use crate::term::{Bool, Int, Sort, VarId, any, primed};
use crate::term::{Dag, Term};

/// See the module.
pub struct NoOscillation;

impl IntentModel for NoOscillation {
    fn names(&self) -> &'static [&'static str] {
        &["noOscillation"]
    }

    fn summary(&self) -> &'static str {
        "controllers do not undo each other's work forever"
    }

    fn explanation(&self) -> Explanation {
        Explanation {
            meaning: "Controllers must not undo each other's work forever. A descheduler that evicts what the scheduler puts back, or a controller that deletes what another one creates, never comes to rest: pods are restarted without end although nobody changes anything.",
            formal: "No fair run without external events ends in a loop in which a variable of the cluster (or of the target) changes, other than those of Jobs that a CronJob starts. Fair: every controller that could act again and again gets its turn.",
            failing: "case c8/broken",
            passing: "case c8/fixed",
            upstream: "https://github.com/kubernetes-sigs/descheduler#removepodsviolatingtopologyspreadconstraint",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Motion
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        Needs::default()
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::NoOscillation { target } = &intent.kind else { return vec![] };
        let group = target.as_ref().and_then(|target| model.cluster.workload(target));
        let changes = any(cluster_vars(model, group).into_iter().map(|(var, sort)| changes(var, sort)));
        let claim = Claim::NoFairLoop { within: true.into(), keep: true.into(), progress: changes, stay: false.into() };
        let headline = match (group, &model.groups[..model.cluster.workloads.len()]) {
            (Some(group), _) => {
                format!("pods of {} never settle: controllers undo each other's work", model.groups[group].object)
            }
            (None, [only]) => format!("pods of {} never settle: controllers undo each other's work", only.object),
            _ => "the cluster never settles: controllers undo each other's work".to_owned(),
        };
        vec![property(model, intent, group, headline, claim, true.into())]
    }
}

/// The variables whose change is a change of the cluster (or of the target).
fn cluster_vars(model: &Model, group: Option<usize>) -> Vec<(VarId, Sort)> {
    let target = group.map(|group| model.ids.workloads[model.groups[group].workload]);
    let recurring: Vec<ObjectId> = if target.is_none() { recurring(model).collect() } else { Vec::new() };
    let is_of = |subject: &Subject, object: ObjectId| subject.objects().any(|one| model.names.belongs(one, object));
    let decls = crate::term::current(|dag: &Dag| dag.vars().to_vec());
    let chosen = model.draft.vars.iter().zip(decls).enumerate().filter(|(_, (var, decl))| {
        var.role == Role::Cluster
            && !recurring.iter().any(|&job| is_of(&decl.subject, job))
            && target.is_none_or(|target| is_of(&decl.subject, target))
    });
    chosen.map(|(index, (_, decl))| (VarId(index as u32), decl.sort)).collect()
}

/// The Jobs of CronJobs.
fn recurring<'m>(model: &'m Model) -> impl Iterator<Item = ObjectId> + 'm {
    let jobs = model.cluster.cron_jobs.iter().flat_map(|cron| &cron.jobs);
    jobs.filter_map(|job| model.cluster.workload(job)).map(|index| model.ids.workloads[index])
}

fn changes(var: VarId, sort: Sort) -> Bool {
    match sort {
        Sort::Bool => !primed::<Bool>(var).iff(Bool::from_id(crate::term::variable(var))),
        Sort::Int(_) => primed::<Int>(var).is_not(Int::from_id(crate::term::variable(var))),
    }
}
