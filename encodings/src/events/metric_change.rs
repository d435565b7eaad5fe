//! `metricChange`: a metric that is no resource becomes another value, or its API has none any more.
//!
//! Without a value a metric is invalid for an autoscaler, which then does not scale down
//! (`computeReplicasForMetrics`, section 3.3). The next value ends that.

use super::{EventModel, Operation, plan};
use crate::cluster::event::EventKind;
use crate::cluster::metric_change::MetricChange as Change;
use crate::cluster::{Cluster, Event, Span};
use crate::needs::Needs;
use crate::state::{Model, RuleBuilder, text, words};
use crate::subject::Subject;
use crate::system::{Pace, Phrase};
use crate::term::{Int, Term, int_choice};

/// Values are in thousandths.
const THOUSAND: i64 = 1000;

/// See the module.
pub struct MetricChange;

/// What changes, if an event is of this kind.
fn change(event: &Event) -> Option<&Change> {
    match &event.kind {
        EventKind::Other(other) => other.get(),
        _ => None,
    }
}

/// Whether all values are whole numbers.
fn is_whole(span: &Span) -> bool {
    span.lo % THOUSAND == 0 && (span.lo == span.hi || span.step % THOUSAND == 0)
}

impl EventModel for MetricChange {
    fn names(&self) -> &'static [&'static str] {
        &["metricChange"]
    }

    fn summary(&self) -> &'static str {
        "a metric of type Pods, Object or External changes, or is no longer there"
    }

    fn needs(&self, _: &Cluster, event: &Event, _: &Needs) -> Needs {
        Needs { metric_changes: change(event).cloned().into_iter().collect(), ..Needs::default() }
    }

    fn operations(&self, model: &mut Model, event: &Event) -> Vec<Operation> {
        let Some(change) = change(event) else { return vec![] };
        let Some(group) = model.cluster.workload(&change.target) else { return vec![] };
        let Some(index) = model.workload(group).metrics.iter().position(|one| one.name == change.metric) else {
            return vec![];
        };
        let initial = model.workload(group).metrics[index].value;
        let metric = &model.uses(group).metrics[index];
        let (value, var, gone) = (metric.value, metric.var, metric.is_gone);
        let told = format!("metric {} of {}", change.metric, model.workload_name(group));
        let rule = |model: &mut Model, reason: &'static str| {
            plan::rule(model, event, "change", "load", reason, Pace::Event).happens()
        };
        let begins = match (change.to, var, gone) {
            (None, _, Some(gone)) => rule(model, "MetricGone")
                .when(!gone.value)
                .set_bool(gone, true)
                .says([text(format!("{told} has no value any more"))]),
            (Some(to), Some(var), _) => {
                let picked = Subject::new(words::USAGE).of(model.event_id(event));
                let (choice, index) = int_choice(picked, 0, to.len() - 1);
                let new = index * to.step.max(1) + to.lo;
                let differs = |new: Int| gone.map_or(new.is_not(value), |gone| gone.value | new.is_not(value));
                let is_whole = [to, initial].iter().all(is_whole);
                let shown = |term: Int| match is_whole {
                    true => Phrase::Value { term: (term / THOUSAND).id(), scale: 1, unit: "" },
                    false => Phrase::Value { term: term.id(), scale: 1, unit: "m" },
                };
                let rule: RuleBuilder = rule(model, "MetricChanged")
                    .when(if to.len() > 1 { true.into() } else { differs(to.lo.into()) })
                    .pick(choice)
                    .such_that(differs(new))
                    .set(var, new)
                    .says([text(format!("{told} ")), shown(value), text(" -> "), shown(new)]);
                gone.into_iter().fold(rule, |rule, gone| rule.set_bool(gone, false))
            }
            _ => return vec![],
        };
        vec![Operation::Begins(begins)]
    }
}
