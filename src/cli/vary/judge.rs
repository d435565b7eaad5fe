//! Decides parts of the values: the texts are changed, the input is read and decided anew.

use super::super::again::Again;
use super::super::args::Form;
use super::super::{Failure, check, progress};
use crate::limits::vary::FIRST_SHARE;
use crate::manifest::edit::Texts;
use crate::manifest::{InputError, Loaded, NoteKind};
use crate::report::document::IntentDocument;
use crate::report::sizes;
use crate::search::start::require_initial_state;
use crate::search::{Fault, Findings, IntentResult, Verdict};
use crate::shards::is_bounded;
use crate::vary::search::{Answer, Claim, Judge, Judged, Sort, Told, points};
use crate::vary::{Axis, Part, Point, Way, changed, set};
use kubound_encodings::cluster::Granularity;
use kubound_encodings::term::{Node, Term};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A violation with the input that it is one of.
struct Example {
    at: Point,
    of: Rc<(Loaded, Findings)>,
    property: usize,
}

/// Decides parts, and remembers a violation of the smallest values of each intent.
pub struct Asked<'a> {
    /// The fields.
    pub axes: &'a [Axis],
    /// The texts as they are.
    pub texts: &'a Texts,
    /// Decides.
    pub again: Again<'a>,
    /// The intents asked for; none: all.
    pub intents: &'a [String],
    /// When the time is over.
    pub end: Instant,
    /// Who is told.
    pub form: Form,
    /// What the reader says of the fields.
    pub notes: BTreeSet<String>,
    examples: BTreeMap<Claim, Example>,
    /// Parts of which every value has an initial state.
    possible: Vec<Part>,
}

/// What was read, or why it is refused.
type Read = Result<Loaded, String>;

impl<'a> Asked<'a> {
    /// Nothing was decided yet.
    pub fn new(axes: &'a [Axis], texts: &'a Texts, again: Again<'a>, intents: &'a [String], end: Instant) -> Self {
        let (notes, examples, possible) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        Self { axes, texts, again, intents, end, form: Form::Json, notes, examples, possible }
    }

    /// The violation of an intent by the smallest values, in words.
    pub fn example(&self, claim: &Claim) -> Option<(&Point, IntentDocument)> {
        let Example { at, of, property } = self.examples.get(claim)?;
        let (loaded, findings) = &**of;
        let result = findings.results.iter().find(|result| result.property == *property)?;
        Some((at, IntentDocument::new(loaded, findings.systems_of(result), result)))
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Reads the input with the values of a part.
    fn read(&mut self, part: &Part) -> Result<Read, Failure> {
        let texts = match changed(self.axes, part, self.texts) {
            Ok(texts) => texts,
            Err(why) => return Ok(Err(why)),
        };
        let mut loaded = match self.again.read(&texts) {
            Ok(loaded) => loaded,
            Err(Failure::Usage(why)) => return Ok(Err(reason(&why))),
            Err(fault) => return Err(fault),
        };
        set(self.axes, part, &mut loaded.cluster);
        for axis in self.axes {
            let is_about = |field: &str| {
                let rest = axis.path.strip_prefix(field);
                !field.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            let notes = loaded.notes.iter().filter(|note| note.kind != NoteKind::VariedField);
            let own = notes.filter(|note| note.object == axis.object && is_about(&note.field));
            self.notes.extend(own.map(|note| format!("{} of {}: {}", axis.varied.field, note.object, note.message)));
        }
        Ok(Ok(loaded))
    }

    /// Whether a clean answer for a range is one for each of its values: the search leaves none of them out.
    fn is_whole(&mut self, part: &Part, loaded: &Loaded) -> Result<bool, Failure> {
        let contains = |whole: &Part| whole.iter().zip(part).all(|(all, own)| all.0 <= own.0 && own.1 <= all.1);
        if self.possible.iter().any(contains) {
            return Ok(true);
        }
        let (cluster, model) = (&loaded.cluster, &self.again.search.model);
        let most = cluster.bounds.nodes_per_pool;
        let is_cut = cluster.pools.iter().any(|pool| pool.count.constant().is_none() && pool.count.hi > most);
        if is_bounded(cluster) || is_cut || model.nodes.is_some() || model.pods.is_some() {
            return Ok(false);
        }
        let Ok(systems) = check::systems(cluster, Granularity::Fine) else { return Ok(false) };
        let fine = systems.fine;
        let is_free = fine.constraints.iter().all(|one| matches!(fine.dag.node(one.holds.id()), Node::Bool(true)));
        let is_whole = is_free || self.has_initial_states(part)?;
        if is_whole {
            self.possible.push(part.clone());
        }
        Ok(is_whole)
    }

    /// Whether each value by itself has a cluster to speak of.
    fn has_initial_states(&mut self, part: &Part) -> Result<bool, Failure> {
        for point in points(part) {
            let single = point.iter().map(|place| (*place, *place)).collect();
            let Ok(loaded) = self.read(&single)? else { return Ok(false) };
            let Ok(systems) = check::systems(&loaded.cluster, Granularity::Fine) else { return Ok(false) };
            if require_initial_state(&systems.fine, self.end, self.again.cancel).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the findings say of each intent.
    fn answers(&mut self, part: &Part, loaded: Loaded, findings: Findings) -> Judged {
        let all = Rc::new((loaded, findings));
        let mut answers = BTreeMap::new();
        for result in &all.1.results {
            let claim: Claim = (result.intent.clone(), result.target.clone());
            let at = self.at(part, &all, result);
            if let Some(at) = at.clone().filter(|at| self.examples.get(&claim).is_none_or(|known| *at < known.at)) {
                let example = Example { at, of: Rc::clone(&all), property: result.property };
                self.examples.insert(claim.clone(), example);
            }
            answers.insert(claim, Told { answer: answer(&result.verdict), at });
        }
        Judged::Answers(answers)
    }

    /// The values of the run that violates an intent, where they are known. A range may have a race where another of its values
    /// has a violation that lasts.
    fn at(&self, part: &Part, (loaded, findings): &(Loaded, Findings), result: &IntentResult) -> Option<Point> {
        let violation = result.verdict.violation()?;
        let is_range = part.iter().any(|(first, last)| first < last);
        if is_range && matches!(result.verdict, Verdict::Race(_)) {
            return None;
        }
        let system = &findings.systems_of(result).fine;
        let initial = &violation.trace.initial;
        let place = |(axis, &(first, last)): (&Axis, &(usize, usize))| {
            let drawn = match &axis.way {
                _ if first == last => return Some(first),
                Way::Replicas(target) => {
                    let workload = loaded.cluster.workloads.iter().find(|one| one.reference == *target)?;
                    sizes::replicas(workload, system, initial)?
                }
                Way::Nodes(name) => {
                    let pool = loaded.cluster.pools.iter().find(|pool| pool.name == *name)?;
                    sizes::pool_size(pool, system, initial)
                }
                Way::Amounts | Way::Each => return None,
            };
            axis.place_of(drawn)
        };
        self.axes.iter().zip(part).map(place).collect()
    }
}

impl Judge for Asked<'_> {
    type Fault = Failure;

    fn judge(&mut self, part: &Part, about: Option<&BTreeSet<String>>, share: f64) -> Result<Judged, Failure> {
        let mut loaded = match self.read(part)? {
            Ok(loaded) => loaded,
            Err(why) => return Ok(Judged::Refused(why)),
        };
        let is_range = part.iter().any(|(first, last)| first < last);
        if is_range && !self.is_whole(part, &loaded)? {
            return Ok(Judged::OnlyInParts);
        }
        let ids: Vec<String> = about.map_or_else(|| self.intents.to_vec(), |about| about.iter().cloned().collect());
        let own = self.left().mul_f64(share);
        let time = if is_range { own * FIRST_SHARE / 100 } else { own };
        let found = progress::with_progress(self.form != Form::Human, time, &|_| (), |observer| {
            self.again.decide(&mut loaded, &ids, time, observer)
        });
        match found {
            Ok(Ok(findings)) => Ok(self.answers(part, loaded, findings)),
            Ok(Err(fault @ Fault::NothingToCheck { .. })) => Ok(Judged::Refused(reason(&fault.into()))),
            Ok(Err(fault)) => Err(check::dumped(&loaded, fault)),
            Err(Failure::Usage(why)) => Ok(Judged::Refused(reason(&why))),
            Err(fault) => Err(fault),
        }
    }

    fn is_over(&self) -> bool {
        self.again.cancel.is_cancelled() || Instant::now() >= self.end
    }
}

/// Why a value is refused, in one line: without file and advice.
fn reason(why: &anyhow::Error) -> String {
    if let Some(fault) = why.downcast_ref::<InputError>() {
        let expected = if fault.expected.is_empty() { String::new() } else { format!("; expected {}", fault.expected) };
        let place = format!("{} of {}: ", fault.field, fault.object);
        let place = if fault.field.is_empty() { String::new() } else { place };
        return format!("{place}{}{expected}", fault.message).replace('\n', " ");
    }
    let told = why.root_cause().to_string();
    told.split("\nhelp: ").next().unwrap_or_default().replace('\n', " ")
}

fn answer(verdict: &Verdict) -> Answer {
    let (sort, why) = match verdict {
        Verdict::Violated(_) | Verdict::Race(_) => (Sort::Violated, String::new()),
        Verdict::Unknown { why } => (Sort::Open, why.clone()),
        Verdict::BoundedClean { depth, asked: false } => (Sort::Open, format!("no violation up to depth {depth}")),
        Verdict::Holds { .. } | Verdict::Vacuous { .. } | Verdict::BoundedClean { .. } => (Sort::Safe, String::new()),
    };
    let word = if sort == Sort::Open { "unknown" } else { verdict.word() };
    Answer { word, why, sort }
}
