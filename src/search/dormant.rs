//! Settings that do nothing in any run: autoscalers that never scale, plugins that never evict, times that never run out.
//!
//! Rules say which settings they carry out. Where every state was seen, it is known which rules never fire: if no rule of a
//! setting does, the setting might as well not be there. Nothing is concluded from searches that ended early, nor from rules
//! of which a search has left everything out.

use super::{Findings, IntentResult, Verdict};
use crate::engines::explicit;
use crate::passes::slice;
use kubound_encodings::cluster::Timing;
use kubound_encodings::system::Setting;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// A setting that does nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dormant {
    /// The setting.
    pub setting: Setting,
    /// The widest timing under which that was shown.
    pub timing: Timing,
}

/// The settings that do nothing in any run of the cluster; none unless the search for every intent has seen all states.
pub fn settings(findings: &Findings) -> Vec<Dormant> {
    if findings.interrupted || !findings.results.iter().all(saw_all_states) {
        return Vec::new();
    }
    let mut found: BTreeMap<Setting, Timing> = BTreeMap::new();
    let mut busy: FxHashSet<Setting> = FxHashSet::default();
    for result in findings.results.iter().filter(|result| result.same_as.is_none()) {
        for setting in idle(findings, result, &mut busy) {
            let widest = found.entry(setting).or_insert(result.timing);
            *widest = result.timing.max(*widest);
        }
    }
    let dormant = found.into_iter().filter(|(setting, _)| !busy.contains(setting));
    dormant.map(|(setting, timing)| Dormant { setting, timing }).collect()
}

/// Whether an answer stems from a look at every state; other engines do not know which rules fire.
fn saw_all_states(result: &IntentResult) -> bool {
    matches!(result.verdict, Verdict::Holds { .. } | Verdict::Vacuous { .. })
        && result.engine == explicit::REGISTRATION.name
        && !result.undrained
}

/// The settings of which the search has watched all rules, and none fired; those with a rule that fired are added to the busy
/// ones.
fn idle(findings: &Findings, result: &IntentResult, busy: &mut FxHashSet<Setting>) -> FxHashSet<Setting> {
    let system = findings.systems_of(result).searched();
    if system.rules.iter().all(|rule| rule.settings.is_empty()) {
        return FxHashSet::default();
    }
    let fired: FxHashSet<&str> = result.fired.iter().map(String::as_str).collect();
    let sliced = slice(system, result.property).system;
    let (mut seen, mut unseen) = (FxHashSet::default(), FxHashSet::default());
    for (rule, left) in system.rules.iter().zip(&sliced.rules) {
        let settings = rule.settings.iter().cloned();
        if fired.contains(rule.name.as_str()) {
            busy.extend(settings);
        } else if left.updates.is_empty() {
            unseen.extend(settings);
        } else {
            seen.extend(settings);
        }
    }
    seen.retain(|setting| !unseen.contains(setting));
    seen
}
