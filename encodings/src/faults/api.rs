//! `apiFault`: a request is lost before it takes effect, or its answer after.
//!
//! * Lost: the controller sees an error and tries again. A sync of one request is only late, which fairness covers; one of
//!   several is left half done.
//! * Its answer lost: the request has taken effect, and the controller does not remember what it would have remembered. On a
//!   late view it does not expect to see the pod that it has created, unless that was not the first one: then it still expects
//!   those before, and does nothing until it sees them.

use super::interrupted::{UNANSWERED, after_the_first, as_event, partly};
use super::{FaultModel, Injection};
use crate::cluster::FaultKind;
use crate::state::{Model, RuleBuilder, text};
use crate::system::{Rule, Verb, Write};

/// See the module.
pub(super) struct ApiFault;

impl FaultModel for ApiFault {
    fn kind(&self) -> FaultKind {
        FaultKind::ApiFault
    }

    fn add_rules(&self, model: &mut Model, injection: &Injection) {
        for index in injection.divisible(model) {
            let Some(rule) = partly(model, index, (self.kind().name(), "RequestLost")) else { continue };
            let rule = injection.happens(model, rule);
            model.add_rule(rule.also_says([text("the next request is lost")]));
        }
        let own = |rule: &&Rule| rule.fault.is_none() && injection.concerns(rule);
        let unanswered = model.draft.rules.iter().filter(own).filter_map(unanswered).map(RuleBuilder::from);
        let mark = (self.kind().name(), "AnswerLost");
        let created =
            injection.divisible(model).into_iter().filter(|&index| creates_on_late_view(&model.draft.rules[index]));
        let on_late_views = created.filter_map(|index| after_the_first(model, index, mark));
        for rule in unanswered.chain(on_late_views).collect::<Vec<_>>() {
            let rule = injection.happens(model, rule);
            model.add_rule(rule.also_says([text("the answer is lost, and nothing is remembered of it")]));
        }
    }
}

/// Whether a rule creates pods on a late view. Of those that it deletes again nothing comes: it asks for the same ones.
fn creates_on_late_view(rule: &Rule) -> bool {
    rule.fault.is_some_and(|mark| !mark.happens) && rule.writes.iter().any(|write| write.verb == Verb::Create)
}

/// The rule without what is remembered after the last request; nothing where that makes no difference.
fn unanswered(rule: &Rule) -> Option<Rule> {
    let last = rule.writes.iter().rposition(|write| write.verb.is_request())?;
    let stays = |place: usize, write: &Write| place < last || write.verb != Verb::Memory;
    let forgets = rule.writes.iter().enumerate().any(|(place, write)| !stays(place, write));
    let mut event = as_event(rule, (FaultKind::ApiFault.name(), "AnswerLost"), stays);
    event.subject = event.subject.word(UNANSWERED);
    forgets.then_some(event)
}
