//! A violation as a file that can be stepped through again: names instead of numbers, so that it outlives changes of
//! the models as long as the run itself is still one.

use super::narrate::tell;
use crate::trace::execute::{fire, values};
use crate::trace::replay::{ReplayError, check_step, replay};
use crate::trace::{Ending, Step, Trace};
use kubound_encodings::cluster::{Fault, FaultKind};
use kubound_encodings::system::{Initial, Property, TransitionSystem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A saved run of a fine system.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedTrace {
    /// `kubound.dev/v1alpha1`.
    pub api_version: String,
    /// `Trace`.
    pub kind: String,
    /// Version of the program that wrote it.
    pub kubound: String,
    /// Name of the scenario.
    pub name: String,
    /// Id of the intent that it violates.
    pub intent: String,
    /// The object that the intent speaks of.
    pub target: Option<String>,
    /// Which of the intents with this id and object it is, from 0.
    #[serde(default)]
    pub position: usize,
    /// Digest of the manifests that the run was found in.
    #[serde(default)]
    pub manifests: Option<String>,
    /// `paced`, `delayed` or `interleaved`.
    pub timing: String,
    /// The faults that might happen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<SavedFault>,
    /// Variables that are not zero initially.
    pub initial: BTreeMap<String, i64>,
    /// The steps.
    pub steps: Vec<SavedStep>,
    /// `bad`, `stays` or `loop`.
    pub ending: SavedEnding,
    /// First and last step of the loop, counted from 1.
    #[serde(rename = "loop", default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<(usize, usize)>,
}

/// What a run was found in.
#[derive(Clone, Copy, Debug)]
pub struct SavedOrigin<'a> {
    /// Name of the scenario.
    pub name: &'a str,
    /// Digest of the manifests.
    pub manifests: &'a str,
    /// The faults that may happen.
    pub faults: &'a [Fault],
}

/// A fault that might happen where a run was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SavedFault {
    /// Its kind, as scenarios call it.
    pub kind: String,
    /// How often.
    pub times: i64,
    /// To which controllers; none: to any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controllers: Vec<String>,
}

impl SavedFault {
    fn new(fault: &Fault) -> Self {
        Self { kind: fault.kind.name().to_owned(), times: fault.times, controllers: fault.controllers.clone() }
    }

    /// As the model has it; nothing if there is no such kind.
    pub fn fault(&self) -> Option<Fault> {
        Some(Fault::new(FaultKind::named(&self.kind)?, self.controllers.clone(), self.times))
    }
}

/// How a saved run ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SavedEnding {
    /// In a bad state.
    Bad,
    /// In a state that is never left.
    Stays,
    /// In a loop.
    Loop,
}

/// One step of a saved run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedStep {
    /// Counted from 1.
    pub number: usize,
    /// Who acts, as Kubernetes Events name it.
    pub actor: String,
    /// Why, as Kubernetes Events name it.
    pub reason: String,
    /// What happens, in words.
    pub text: String,
    /// Name of the rule.
    pub rule: String,
    /// What it picks.
    #[serde(default)]
    pub picks: BTreeMap<String, i64>,
    /// Variables that the step changes, with their new values.
    pub changes: BTreeMap<String, i64>,
    /// Why the rule allows more than the real controller does, if it does.
    #[serde(default)]
    pub over_approximates: Option<String>,
}

impl SavedTrace {
    /// Saves a run of `system` that violates the property of this index; `origin` tells where it comes from.
    pub fn new(origin: &SavedOrigin, timing: &str, system: &TransitionSystem, property: usize, trace: &Trace) -> Self {
        let index = property;
        let property = &system.properties[index];
        let is_same = |other: &&Property| other.intent == property.intent && other.target == property.target;
        let name_of = |index: usize| system.dag.vars()[index].name.clone();
        let initial = trace.initial.iter().enumerate().filter(|&(_, &value)| value != 0);
        let steps = tell(system, trace).into_iter().zip(&trace.steps).enumerate().map(|(index, (told, step))| {
            let changed = step.state.iter().zip(trace.state(index)).enumerate().filter(|(_, (new, old))| new != old);
            SavedStep {
                number: told.number,
                actor: told.actor,
                reason: told.reason,
                text: told.text,
                rule: told.rule,
                picks: told.picks,
                changes: changed.map(|(var, (&new, _))| (name_of(var), new)).collect(),
                over_approximates: told.over_approximates,
            }
        });
        let (ending, repeats) = match trace.ending {
            Ending::Bad => (SavedEnding::Bad, None),
            Ending::Stays => (SavedEnding::Stays, None),
            Ending::Loop { start } => (SavedEnding::Loop, Some((start + 1, trace.steps.len()))),
        };
        Self {
            api_version: super::API_VERSION.to_owned(),
            kind: "Trace".to_owned(),
            kubound: env!("CARGO_PKG_VERSION").to_owned(),
            name: origin.name.to_owned(),
            intent: property.intent.clone(),
            target: property.target.clone(),
            position: system.properties[..index].iter().filter(is_same).count(),
            manifests: Some(origin.manifests.to_owned()),
            timing: timing.to_owned(),
            faults: origin.faults.iter().map(SavedFault::new).collect(),
            initial: initial.map(|(var, &value)| (name_of(var), value)).collect(),
            steps: steps.collect(),
            ending,
            repeats,
        }
    }

    /// The property of a system that the run violates.
    pub fn property(&self, system: &TransitionSystem) -> Option<usize> {
        let mut same = system
            .properties
            .iter()
            .enumerate()
            .filter(|(_, property)| property.intent == self.intent && property.target == self.target);
        same.nth(self.position).map(|(index, _)| index)
    }

    /// Steps through the run on a system of the same cluster: the steps that are some, and what is wrong with the next one,
    /// or with all of them, which must violate `property`.
    ///
    /// # Errors
    /// Why it is no run from the start on.
    pub fn replay(
        &self,
        system: &TransitionSystem,
        property: usize,
    ) -> Result<(Trace, Option<ReplayError>), ReplayError> {
        let ending = match (self.ending, self.repeats) {
            (SavedEnding::Bad, _) => Ending::Bad,
            (SavedEnding::Stays, _) => Ending::Stays,
            (SavedEnding::Loop, Some((first, last))) if first >= 1 && first <= last && last == self.steps.len() => {
                Ending::Loop { start: first - 1 }
            }
            (SavedEnding::Loop, _) => {
                return Err(ReplayError::Ending("`loop` must name its first and last step".into()));
            }
        };
        let mut trace = Trace { initial: self.initial(system)?, steps: Vec::new(), ending };
        for (index, saved) in self.steps.iter().enumerate() {
            match next(system, trace.state(index), saved) {
                Ok(step) => trace.steps.push(step),
                Err(what) => {
                    let fault = ReplayError::Step { index, rule: saved.rule.clone(), what };
                    return Ok((trace, Some(fault)));
                }
            }
        }
        let fault = replay(system, &trace, property).err();
        Ok((trace, fault))
    }

    fn initial(&self, system: &TransitionSystem) -> Result<Vec<i64>, ReplayError> {
        let vars = system.dag.vars();
        if let Some(unknown) = self.initial.keys().find(|name| !vars.iter().any(|var| var.name == **name)) {
            return Err(ReplayError::Initial(format!("there is no `{unknown}` in this cluster")));
        }
        let mut initial: Vec<i64> = vars.iter().map(|var| var.sort.range().lo).collect();
        for (index, var) in vars.iter().enumerate() {
            let range = var.sort.range();
            initial[index] = match (self.initial.get(&var.name), system.vars[index].initial) {
                (Some(&value), _) if range.contains(value) => value,
                (Some(value), _) => {
                    return Err(ReplayError::Initial(format!("{} = {value}, outside its range", var.name)));
                }
                (None, Initial::Term(term)) => values(system, &[term], &initial, &[])[0],
                (None, Initial::Free) => {
                    if range.contains(0) {
                        0
                    } else {
                        range.lo
                    }
                }
            };
        }
        Ok(initial)
    }
}

/// The step that a saved one describes, from a state; why it is none otherwise.
fn next(system: &TransitionSystem, before: &[i64], saved: &SavedStep) -> Result<Step, String> {
    let rule = system.rule(&saved.rule).ok_or("this cluster has no such rule")?;
    let mut picks = Vec::new();
    for &choice in rule.choices.iter().flat_map(|choice| choice.ids()) {
        let decl = &system.dag.choices()[choice.index()];
        let value = *saved.picks.get(&decl.name).ok_or_else(|| format!("`{}` is not picked", decl.name))?;
        if !decl.sort.range().contains(value) {
            return Err(format!("`{}` = {value} is out of range", decl.name));
        }
        picks.push((choice, value));
    }
    picks.sort_unstable();
    let state = fire(system, rule, &picks, before).map_err(|(var, value)| format!("it sets {var} to {value}"))?;
    let step = Step { rule: saved.rule.clone(), picks, state };
    check_step(system, before, &step)?;
    let changes = step.state.iter().zip(before).enumerate().filter(|(_, (new, old))| new != old);
    let changes: BTreeMap<&str, i64> =
        changes.map(|(var, (&new, _))| (system.dag.vars()[var].name.as_str(), new)).collect();
    let expected: BTreeMap<&str, i64> = saved.changes.iter().map(|(name, &value)| (name.as_str(), value)).collect();
    if changes != expected {
        return Err(format!("it now does {changes:?}, and did {expected:?} when it was saved"));
    }
    Ok(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;
    use crate::trace::testing::tiny_run;

    #[test]
    fn intents_that_differ_by_position_only_are_told_apart() {
        let (mut system, first) = tiny();
        let twin = system.properties[first].clone();
        system.properties.push(twin);
        let second = system.properties.len() - 1;
        let origin = SavedOrigin { name: "tiny", manifests: "0", faults: &[] };
        for index in [first, second] {
            let saved = SavedTrace::new(&origin, "paced", &system, index, &tiny_run(3, Ending::Bad));
            assert_eq!(saved.property(&system), Some(index));
        }
        let saved = SavedTrace::new(&origin, "paced", &system, second, &tiny_run(3, Ending::Bad));
        system.properties.pop();
        assert_eq!(saved.property(&system), None, "the second of one");
    }
}
