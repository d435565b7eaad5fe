//! One sync in all the ways it may see what is not known of pods: exactly as they are, or with metrics that lag behind.

use super::metric::Fresh;
use super::{NAME, Recall, Scaler, Sync, finish, propose, selected};
use crate::cluster::workload::Readiness;
use crate::state::{Model, RuleBuilder, text, value};
use crate::subject::Subject;
use crate::system::{Pace, Phrase, Verb};
use crate::term::{Bool, ChoiceId, Int, int_choice};

/// Why a sync may see starting pods otherwise than they are.
const UNSAMPLED: &str = "the time until a new pod's first sample is not bounded";
/// Why a sync may count fewer terminating pods than there are.
const LEAVING: &str = "which terminating pods are Ready is not known";

/// A sync that sees pods in one of these ways.
pub(super) struct Variant {
    verb: &'static str,
    pub(super) sync: Sync,
    /// Why pods may be seen so; `None` where they are seen as they are.
    reason: Option<&'static str>,
    part: Option<Part>,
}

/// A number of pods that a sync counts, of which only the most is known.
struct Part {
    choice: ChoiceId,
    /// What the number keeps to.
    bound: Bool,
    /// Whether some number may change the replicas.
    may_change: Bool,
}

impl Variant {
    /// The sync that sees pods as they are.
    pub(super) fn exact(sync: Sync) -> Self {
        Variant { verb: "sync", sync, reason: None, part: None }
    }

    /// Whether the sync may change `spec.replicas`.
    pub(super) fn may_change(&self, current: Int) -> Bool {
        self.part.as_ref().map_or(self.sync.desired.is_not(current), |part| part.may_change)
    }

    /// The sync as a rule.
    pub(super) fn rule(&self, model: &Model, (hpa, id): Scaler, group: usize, recall: &Recall) -> RuleBuilder {
        let spec = model.groups[group].spec;
        let rule = RuleBuilder::new(Subject::new(self.verb).of(id), NAME, "SuccessfulRescale", Pace::Periodic);
        // Recommendations are noted before the request, rescales once it is answered (`reconcileAutoscaler`).
        recall
            .note(rule.remembers(), &self.sync)
            .writes(Verb::Update, model.ids.workloads[model.groups[group].workload])
            .set(spec, self.sync.desired)
            .says([
                text(format!("{} replicas ", model.workload_name(group))),
                value(spec.value),
                text(" -> "),
                Phrase::After(spec.id),
                text(", metrics propose "),
                value(self.sync.proposal),
            ])
            .because_of(hpa.origin.clone())
            .carries_out(hpa.origin.clone(), "it never changes the replicas of its target")
    }

    /// How far the rule goes beyond what is known. Only the exact sync must happen: nothing forces metrics to lag behind.
    pub(super) fn qualify(&self, rule: RuleBuilder, current: Int, unit: usize) -> RuleBuilder {
        let Some(reason) = self.reason else { return rule.fair(unit) };
        let rule = match &self.part {
            Some(part) => rule.pick(part.choice).such_that(part.bound & self.sync.desired.is_not(current)),
            None => rule,
        };
        rule.over_approximates(reason)
    }
}

/// The syncs for which metrics lag behind the pods, where they differ from the exact one. `leaving`: the terminating
/// pods that may be Ready.
pub(super) fn lagging(model: &Model, (hpa, id): Scaler, group: usize, leaving: Int, recall: &Recall) -> Vec<Variant> {
    let current = model.groups[group].spec.value;
    let selected = selected::selected(model, hpa, group);
    let readiness: Vec<Readiness> =
        selected.iter().filter_map(|&one| model.startup(one)).map(|startup| startup.readiness).collect();
    let sync = |fresh, leaving| {
        let (proposal, proposes) = propose(model, hpa, group, (fresh, leaving));
        finish(hpa, current, proposal, proposes, recall)
    };
    let mut all = Vec::new();
    for (verb, fresh, differs) in [
        ("sync-before-readiness", Fresh::Unready, readiness.contains(&Readiness::AtOnce)),
        ("sync-before-first-sample", Fresh::Missing, !readiness.is_empty()),
    ] {
        if differs {
            all.push(Variant { verb, sync: sync(fresh, leaving), reason: Some(UNSAMPLED), part: None });
        }
    }
    if hpa.counts_ready_pods() {
        let (choice, some) = int_choice(Subject::new("terminating and Ready").of(id), 0, leaving.range().hi);
        // More pods never make for fewer replicas, so that some number changes them if the least or most does.
        let extremes = [0.into(), leaving.monus(1)].map(|some| sync(Fresh::Sampled, some).desired.is_not(current));
        let may_change = leaving.above(0) & (extremes[0] | extremes[1]);
        let part = Some(Part { choice, bound: some.below(leaving), may_change });
        let sync = sync(Fresh::Sampled, some);
        all.push(Variant { verb: "sync-while-terminating", sync, reason: Some(LEAVING), part });
    }
    all
}
