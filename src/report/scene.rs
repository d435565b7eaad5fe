//! The cluster where a violation ends: nodes with their pods, the numbers that the intent is about, and what everybody
//! waits for who cannot go on.

mod film;

pub use film::{CountDocument, Picture};

use super::narrate::{Values, terms, values_of, words};
use super::origin::OriginDocument;
use crate::limits::report::{MOST_ALIKE, MOST_PLACES, MOST_WAITS};
use crate::manifest::SourceMap;
use crate::search::Systems;
use crate::text::plural;
use crate::trace::places::Places;
use crate::trace::{Ending, Trace};
use indexmap::IndexMap;
use itertools::Itertools;
use kubound_encodings::scene::{NodeScene, Scene, Wait};
use kubound_encodings::system::{Origin, Phrase, TransitionSystem};
use kubound_encodings::term::TermId;
use kubound_encodings::term::eval::{Assignment, evaluate_each};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The cluster where a violation ends; of a loop, in its last state.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SceneDocument {
    /// The nodes that there are.
    pub nodes: Vec<NodeSceneDocument>,
    /// Pods without a node.
    pub unplaced: Vec<PodsDocument>,
    /// The numbers that the intent is about, beside their limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<String>,
    /// Who cannot go on, and why; of a loop, those who never can in it.
    pub waits: Vec<WaitDocument>,
    /// Why nothing of this is known, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

impl SceneDocument {
    /// Who cannot go on and need not wait for others to go on first.
    pub fn roots(&self) -> impl Iterator<Item = &WaitDocument> {
        self.waits.iter().filter(|wait| !wait.follows)
    }
}

/// A node and its pods.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NodeSceneDocument {
    /// Its name.
    pub name: String,
    /// What is told of it, as `kubectl get nodes` does where it can: `NotReady`, `SchedulingDisabled`.
    pub marks: Vec<String>,
    /// Its pods.
    pub pods: Vec<PodsDocument>,
}

/// Alike pods.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PodsDocument {
    /// What they are pods of.
    pub of: String,
    /// Their status, as `kubectl get pods` has it.
    pub status: String,
    /// How many there are.
    pub count: i64,
}

/// Somebody who cannot go on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WaitDocument {
    /// Who.
    pub actor: String,
    /// Why, as Events and conditions of Kubernetes name it.
    pub reason: String,
    /// For what, in words.
    pub text: String,
    /// The fields of the input that make it wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<OriginDocument>,
    /// Whether others have to go on first.
    #[serde(default)]
    pub follows: bool,
    /// The object whose pods are concerned, if it is a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// For what, without who waits and how many nodes that concerns.
    #[serde(skip)]
    pub what: String,
}

/// What a scene is made from.
pub struct Stage<'a> {
    /// The systems of the run.
    pub systems: &'a Systems,
    /// Where fields are written.
    pub sources: &'a SourceMap,
}

impl Stage<'_> {
    /// The cluster at the end of a run that violates an intent; nothing where the states of the run are not those of the
    /// cluster.
    pub fn at_the_end(&self, trace: &Trace, intent: &str, target: Option<&str>) -> Option<SceneDocument> {
        match self.systems.scene()? {
            Ok((system, scene)) => self.in_scene((system, scene), trace, intent, target),
            Err(why) => Some(SceneDocument { unknown: Some(why.to_owned()), ..SceneDocument::default() }),
        }
    }

    fn in_scene(
        &self,
        (system, scene): (&TransitionSystem, &Scene),
        trace: &Trace,
        intent: &str,
        target: Option<&str>,
    ) -> Option<SceneDocument> {
        let last = trace.steps.len();
        let first = match trace.ending {
            Ending::Loop { start } => start + 1,
            Ending::Bad | Ending::Stays => last,
        };
        let places = Places::of(&self.systems.fine, system)?;
        let needed: Vec<TermId> = scene.waits.iter().map(|wait| wait.when).collect();
        let mut lasting = vec![true; needed.len()];
        let states: Vec<Vec<i64>> = (first.min(last)..last).map(|index| places.state(trace, index)).collect();
        for held in evaluate_each(&system.dag, &needed, states.iter().map(at)) {
            lasting.iter_mut().zip(held).for_each(|(lasting, held)| *lasting &= held != 0);
        }
        let look = Look::new(system, scene, places.state(trace, last));
        let lasting = scene.waits.iter().zip(lasting).filter(|(wait, lasting)| *lasting && look.value(wait.when) != 0);
        let waits = lasting.map(|(wait, _)| WaitDocument {
            actor: wait.actor.clone(),
            reason: wait.reason.to_owned(),
            text: look.text(wait),
            what: match wait.counts.is_empty() {
                true => look.told(&wait.says),
                false => look.counted(&wait.counts).map(|(_, name)| name).join(", "),
            },
            follows: wait.follows,
            object: wait.object.map(|object| system.names.workload(object)),
            origins: look
                .origins(wait)
                .map(|origin| OriginDocument::new(origin, None, self.sources).excerpted())
                .collect(),
        });
        let mut waits: Vec<WaitDocument> = waits.unique_by(|wait| (wait.actor.clone(), wait.text.clone())).collect();
        waits.sort_by_key(|wait| (wait.object.as_deref() != target, wait.follows));
        let meant = scene.numbers.iter().filter(|one| one.intent == intent && one.target.as_deref() == target);
        let meant = meant.filter(|one| look.value(one.when) != 0);
        let numbers = meant.map(|one| look.told(&one.says)).collect();
        let (nodes, unplaced) = look.places(scene);
        Some(SceneDocument { nodes, unplaced, numbers, waits, unknown: None })
    }
}

/// What [`Look::places`] looks at.
fn terms_of_places(scene: &Scene) -> impl Iterator<Item = TermId> {
    let nodes = scene.nodes.iter().flat_map(|node| node.marks.iter().map(|mark| mark.0).chain([node.present]));
    nodes.chain(scene.pods.iter().map(|pods| pods.count))
}

/// A state, to evaluate terms in.
pub(super) fn at(vars: &Vec<i64>) -> Assignment<'_> {
    Assignment { vars, primed: &[], choices: &[] }
}

/// A state that is looked at.
struct Look<'a> {
    system: &'a TransitionSystem,
    state: Vec<i64>,
    values: Values,
}

impl<'a> Look<'a> {
    /// All that a scene may tell of a state, computed at once: each time costs a walk of the whole graph.
    fn new(system: &'a TransitionSystem, scene: &Scene, state: Vec<i64>) -> Self {
        let waits = scene.waits.iter().flat_map(|wait| {
            let counts = wait.counts.iter().map(|(count, _)| *count);
            let origins = wait.origins.iter().map(|(when, _)| *when);
            counts.chain(origins).chain(wait.says.iter().flat_map(terms)).chain([wait.when])
        });
        let numbers = scene.numbers.iter().flat_map(|one| one.says.iter().flat_map(terms).chain([one.when]));
        let all: Vec<TermId> = terms_of_places(scene).chain(waits).chain(numbers).collect();
        let values = values_of(system, &all, at(&state));
        Self { system, state, values }
    }

    fn value(&self, term: TermId) -> i64 {
        self.values[&term]
    }

    fn told(&self, phrases: &[Phrase]) -> String {
        words(self.system, phrases, &self.values, &self.state)
    }

    fn text(&self, wait: &Wait) -> String {
        let colon = if wait.subject.is_empty() { "" } else { ": " };
        format!("{}{colon}{}{}", wait.subject, self.told(&wait.says), self.told_counts(&wait.counts))
    }

    /// The fields that make somebody wait.
    fn origins<'w>(&self, wait: &'w Wait) -> impl Iterator<Item = &'w Origin> {
        wait.origins.iter().filter(|(when, _)| self.value(*when) != 0).map(|(_, origin)| origin)
    }

    /// The numbers that are not 0, with their words.
    fn counted<'n>(&self, counts: &'n [(TermId, String)]) -> impl Iterator<Item = (i64, &'n String)> {
        counts.iter().map(|(term, name)| (self.value(*term), name)).filter(|(count, _)| *count != 0)
    }

    /// `2 Insufficient cpu, 1 Too many pods`.
    fn told_counts(&self, counts: &[(TermId, String)]) -> String {
        self.counted(counts).map(|(count, name)| format!("{count} {name}")).join(", ")
    }

    fn places(&self, scene: &Scene) -> (Vec<NodeSceneDocument>, Vec<PodsDocument>) {
        let on = |slot: Option<usize>| {
            let there = scene.pods.iter().filter(|pods| pods.slot.map(|slot| slot.index()) == slot);
            let counted = there.map(|pods| (pods, self.value(pods.count))).filter(|(_, count)| *count != 0);
            let mut all: IndexMap<(String, String), i64> = IndexMap::new();
            for (pods, count) in counted {
                *all.entry((pods.of.clone(), pods.status.to_owned())).or_default() += count;
            }
            all.into_iter().map(|((of, status), count)| PodsDocument { of, status, count }).collect::<Vec<_>>()
        };
        let node = |(slot, node): (usize, &NodeScene)| {
            let marks = node.marks.iter().filter(|(when, _)| self.value(*when) != 0);
            NodeSceneDocument {
                name: node.name.clone(),
                marks: marks.map(|(_, mark)| (*mark).to_owned()).collect(),
                pods: on(Some(slot)),
            }
        };
        let present = scene.nodes.iter().enumerate().filter(|(_, node)| self.value(node.present) != 0);
        (present.map(node).collect(), on(None))
    }
}

impl WaitDocument {
    /// What it waits for, without those who wait and how many nodes that concerns.
    pub fn kind(&self) -> String {
        format!("{}: {}", self.reason, self.what)
    }

    /// Who waits for what, and where the field is that makes it wait.
    pub fn told(&self) -> String {
        let written = self.origins.iter().filter(|origin| origin.written);
        let place = written.filter_map(|origin| Some(format!("{}:{}", origin.file.as_ref()?, origin.line?)));
        match place.unique().join(", ") {
            place if place.is_empty() => self.text.clone(),
            place => format!("{} ({place})", self.text),
        }
    }
}

impl SceneDocument {
    /// A line for each place with pods: nodes that hold the same come together, those without pods last.
    pub fn lines(&self) -> Vec<String> {
        let mut alike: IndexMap<(&[String], &[PodsDocument]), Vec<&str>> = IndexMap::new();
        for node in &self.nodes {
            alike.entry((&node.marks, &node.pods)).or_default().push(&node.name);
        }
        let told = |((marks, pods), names): ((&[String], &[PodsDocument]), Vec<&str>)| {
            let more = names.len().saturating_sub(MOST_ALIKE);
            let names = names[..names.len() - more].join(", ");
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
            (pods.is_empty(), format!("{names}{more}{marks}: {}", told_pods(pods)))
        };
        let mut lines: Vec<(bool, String)> = alike.into_iter().map(told).collect();
        if !self.unplaced.is_empty() {
            lines.push((false, format!("no node: {}", told_pods(&self.unplaced))));
        }
        lines.sort_by_key(|(is_empty, _)| *is_empty);
        cut(lines.into_iter().map(|(_, line)| line).collect(), MOST_PLACES, "place")
    }

    /// Who waits, each with actor, reason and words.
    pub fn told_waits(&self) -> Vec<String> {
        let told = self.waits.iter().map(|wait| format!("{} {}: {}", wait.actor, wait.reason, wait.told()));
        let unknown = self.unknown.iter().map(|why| format!("not known: {why} while working it out"));
        cut(told.chain(unknown).collect(), MOST_WAITS, "wait")
    }
}

/// The first lines, and how many more there are.
fn cut(mut lines: Vec<String>, most: usize, noun: &str) -> Vec<String> {
    let more = lines.len().saturating_sub(most);
    if more > 0 {
        lines.truncate(most);
        lines.push(format!("and {}", plural(more as i64, &format!("more {noun}"))));
    }
    lines
}

/// `default/web 2 Running, 1 Terminating; default/db 1 Running`.
fn told_pods(pods: &[PodsDocument]) -> String {
    let mut by: IndexMap<&str, Vec<String>> = IndexMap::new();
    for one in pods {
        by.entry(&one.of).or_default().push(format!("{} {}", one.count, one.status));
    }
    match by.is_empty() {
        true => "no pods".to_owned(),
        false => by.into_iter().map(|(of, counts)| format!("{of} {}", counts.join(", "))).join("; "),
    }
}
