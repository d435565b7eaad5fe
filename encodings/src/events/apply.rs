//! `apply`: a manifest of an existing workload is applied with `kubectl apply` (section 2.9).
//!
//! Client-side: `spec.replicas` in the manifest is written; missing, but in the last-applied configuration, it is
//! removed and defaults to 1; in neither, it is left alone. Server-side: a value that the HPA or `kubectl scale` has
//! overwritten is a conflict and nothing is written; a removed field falls back to 1 unless they own it too.
//!
//! `spec.paused` becomes what the manifest says, false where it says nothing.
//!
//! Another template begins a rollout (section 2.5); that of an earlier revision goes back to it.

use super::rollout::shown;
use super::{EventModel, Operation, plan};
use crate::cluster::event::{ApplyMode, EventKind};
use crate::cluster::{Cluster, Event, Span};
use crate::controllers::paused;
use crate::needs::Needs;
use crate::state::{Model, Ownership, text, value};
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Bool, Int, ite};

/// See the module.
pub struct Apply;

impl EventModel for Apply {
    fn names(&self) -> &'static [&'static str] {
        &["apply"]
    }

    fn summary(&self) -> &'static str {
        "a manifest of an existing workload is applied"
    }

    fn needs(&self, cluster: &Cluster, event: &Event, _: &Needs) -> Needs {
        let EventKind::Apply { target, replicas, mode, paused, .. } = &event.kind else { return Needs::default() };
        let needs = Needs {
            replicas: vec![(target.clone(), Span::exactly(replicas.unwrap_or(1)))],
            paused: vec![(target.clone(), *paused)],
            applied: vec![(target.clone(), *mode)],
            ..Needs::default()
        };
        needs.with_template(cluster, target)
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let EventKind::Apply { target, replicas, template, mode, paused } = &event.kind else {
            return vec![];
        };
        let Some(group) = model.cluster.workload(target) else { return vec![] };
        let replicas = replicas.map(Int::from);
        applied(model, event, group, Manifest { replicas, template: *template, mode: *mode, is_paused: *paused })
    }
}

/// What an applied manifest says.
pub(super) struct Manifest {
    /// `spec.replicas`, if it has the field.
    pub(super) replicas: Option<Int>,
    /// The number of its template.
    pub(super) template: usize,
    /// How it is applied.
    pub(super) mode: ApplyMode,
    /// `spec.paused`.
    pub(super) is_paused: bool,
}

/// A manifest of a workload is applied.
pub(super) fn applied(model: &mut Model, event: &Event, group: usize, manifest: Manifest) -> Vec<Operation> {
    let rule = plan::rule(model, event, "apply", "kubectl", "Applied", Pace::Event);
    let Some(Ownership { applied, by_other }) = model.ownership(group).copied() else { return vec![] };
    let owned = by_other.map_or(Bool::from(false), |owned| owned.value);
    let spec = model.groups[group].spec;
    let (to, conflicts): (Int, Bool) = match (manifest.replicas, manifest.mode) {
        (Some(wanted), ApplyMode::ClientSide) => (wanted, false.into()),
        (Some(wanted), ApplyMode::ServerSide) => (wanted, owned & spec.value.is_not(wanted)),
        (None, ApplyMode::ClientSide) => (ite(applied.value, 1, spec.value), false.into()),
        (None, ApplyMode::ServerSide) => (ite(applied.value & !owned, 1, spec.value), false.into()),
    };
    let is_daemon = model.workload(group).is_daemon();
    let mut said = vec![text(format!("{} applied", model.workload_name(group)))];
    if !is_daemon {
        said.extend([text(", replicas "), value(spec.value), text(" -> "), Phrase::After(spec.id)]);
    }
    let rule = rule
        .when(!conflicts)
        .writes(Verb::Patch, model.ids.workloads[group])
        .set(spec, to)
        .set_bool(applied, manifest.replicas.is_some())
        .says(said)
        .because_of(model.origin(group, if is_daemon { "spec.template" } else { "spec.replicas" }));
    let rule = match paused(model, group) {
        Some(var) => {
            let word = if manifest.is_paused { ", paused" } else { ", not paused" };
            rule.set_bool(var, manifest.is_paused).and_says(text(word))
        }
        None => rule,
    };
    let rule = match model.revision_wanted(group) {
        None => rule,
        Some(wanted) => {
            let restarts = model.cluster.restarts(&model.workload(group).reference);
            // The annotation of a restart belongs to `kubectl rollout` and stays.
            let to = wanted.value % (restarts + 1) + manifest.template as i64 * (restarts + 1);
            rule.set(wanted, to.min(wanted.value.range().hi))
                .and_says(text(", template of revision "))
                .and_says(shown(to))
        }
    };
    vec![Operation::Begins(rule)]
}
