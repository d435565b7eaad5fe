//! `always`, `eventually`, `eventuallyAlways`, `infinitelyOften` and `leadsTo`: intents in words, around conditions over
//! pods, nodes, workloads and autoscalers.
//!
//! As everywhere, runs are fair and loops hold no external events: `eventually` and its like speak of runs in which
//! users and machines have stopped acting. With such an intent no pod starts in the step that binds it, since a condition may tell the
//! states in between apart.

use super::{IntentModel, Weight, always, is_judged, monitor, property, watched};
use crate::cluster::formula::Word;
use crate::cluster::{Cluster, Intent, IntentKind};
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::state::{Model, holds};
use crate::system::{Claim, Property};
use crate::term::Bool;

/// See the module.
pub struct Formula(pub Word);

const UPSTREAM: &str = "https://kubernetes.io/docs/reference/using-api/cel/";

/// A node for both pods of the example, and an intent.
macro_rules! room {
    ($intent:literal) => {
        concat!(
            "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\nintents:\n",
            $intent
        )
    };
}

/// A node for one of them.
macro_rules! tight {
    ($intent:literal) => {
        concat!(
            "nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"1\", memory: 8Gi}}}]\nintents:\n",
            $intent
        )
    };
}

impl IntentModel for Formula {
    fn names(&self) -> &'static [&'static str] {
        match self.0 {
            Word::Always => &["always"],
            Word::Eventually => &["eventually"],
            Word::EventuallyAlways => &["eventuallyAlways"],
            Word::InfinitelyOften => &["infinitelyOften"],
            Word::LeadsTo => &["leadsTo"],
        }
    }

    fn summary(&self) -> &'static str {
        match self.0 {
            Word::Always => "a condition in words holds in every state",
            Word::Eventually => "a condition in words holds at some time",
            Word::EventuallyAlways => "a condition in words holds from some time on",
            Word::InfinitelyOften => "a condition in words holds again and again",
            Word::LeadsTo => "whenever one condition in words holds, another one does then or later",
        }
    }

    fn explanation(&self) -> Explanation {
        let (meaning, formal, failing, passing) = match self.0 {
            Word::Always => (
                "The condition, an expression over pods, nodes, workloads and autoscalers, holds in every state that the cluster can be in, from the first one on.",
                "In every reachable state the condition holds.",
                room!("- always: \"pods.filter(p, p.node == 'worker-0').size() <= 1\""),
                room!("- always: \"pods.filter(p, p.node == 'worker-0').size() <= 2\""),
            ),
            Word::Eventually => (
                "In every run the condition holds at some time; it need not hold any longer.",
                "No fair run ends in a loop, or stays in a state, without a state before or in it that satisfies the condition.",
                tight!("- eventually: \"workloads['web'].status.readyReplicas == 2\""),
                room!("- eventually: \"workloads['web'].status.readyReplicas == 2\""),
            ),
            Word::EventuallyAlways => (
                "In every run there is a time from which on the condition holds forever, unless users and machines act again.",
                "No fair run ends in a loop with a state that does not satisfy the condition, or stays in such a state.",
                tight!("- eventuallyAlways: \"pods.all(p, p.ready)\""),
                room!("- eventuallyAlways: \"pods.all(p, p.ready)\""),
            ),
            Word::InfinitelyOften => (
                "The condition never stays unsatisfied forever: however long a run goes on, it holds again.",
                "No fair run ends in a loop none of whose states satisfies the condition, or stays in a state that does not.",
                tight!("- infinitelyOften: \"!pods.exists(p, p.phase == 'pending')\""),
                room!("- infinitelyOften: \"!pods.exists(p, p.phase == 'pending')\""),
            ),
            Word::LeadsTo => (
                "Whenever the first condition holds, the second one holds then or at some later time.",
                "No fair run ends in a loop, or stays in a state, after a state that satisfies the first condition, with no state from there on that satisfies the second.",
                tight!(
                    "- leadsTo: [\"workloads['web'].spec.replicas == 2\", \"workloads['web'].status.readyReplicas == 2\"]"
                ),
                room!(
                    "- leadsTo: [\"workloads['web'].spec.replicas == 2\", \"workloads['web'].status.readyReplicas == 2\"]"
                ),
            ),
        };
        Explanation { meaning, formal, failing, passing, upstream: UPSTREAM }
    }

    fn weight(&self) -> Weight {
        Weight::Promise
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        // A condition may tell the states in between apart.
        Needs { sees_each_step: true, ..Needs::default() }
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let IntentKind::Formula { word, text, conditions } = &intent.kind else { return vec![] };
        if *word != self.0 {
            return vec![];
        }
        let mut values = conditions.iter().map(|condition| holds(model, condition)).collect::<Vec<_>>().into_iter();
        let (Some(first), second) = (values.next(), values.next()) else { return vec![] };
        let judged = is_judged(model);
        let (claim, headline, premise) = match word {
            Word::Always => {
                let (claim, premise) = always(model, first, true.into());
                (claim, format!("{text} becomes false"), premise)
            }
            Word::Eventually => {
                let counts = judged & first;
                let subject = watched(model, intent, "seen", None);
                let seen = monitor(model, subject, |seen| seen | counts);
                (never(judged & !(seen | first)), format!("a run never comes to {text}"), judged)
            }
            Word::EventuallyAlways => {
                let claim =
                    Claim::NoFairLoop { within: true.into(), keep: true.into(), progress: !first, stay: !first };
                (claim, format!("a run does not stay at {text}"), true.into())
            }
            Word::InfinitelyOften => (never(!first), format!("from some time on never again {text}"), true.into()),
            Word::LeadsTo => {
                let then = second.unwrap_or(first);
                // The monitor lags by a step: what the present state asks for is added here.
                let asked = judged & first;
                let subject = watched(model, intent, "owed", None);
                let owed = monitor(model, subject, |owed| (owed | asked) & !then);
                (never((owed | asked) & !then), format!("not always: {text}"), asked)
            }
        };
        vec![property(model, intent, None, headline, claim, premise)]
    }
}

/// No fair run satisfies this from some time on.
fn never(bad: Bool) -> Claim {
    Claim::NoFairLoop { within: bad, keep: true.into(), progress: true.into(), stay: true.into() }
}
