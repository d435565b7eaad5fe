//! Proofs that no fair run goes on forever in the way a claim forbids: measures that loops cannot decrease.
//!
//! All states of a loop satisfy the invariants ([`super::invariants`]). A *measure* is a number computed from the state. If
//! no step of a loop increases it, then no step decreases it either, because the loop comes back to where it began; so
//! it stays the same, and from then on only such steps are looked at. Measures are found one after the other until no
//! step that is left makes progress: a lexicographic order which every step with progress decreases. Where steps with
//! progress remain, a fairness unit that would always be enabled and never acts rules the loop out as well.
//!
//! The search is guided by counterexamples: a step with progress that is still possible says which measures would help
//! against it (those that it changes). Where none does, the steps of other rules are looked at first: a loop that evicts
//! and re-creates pods has a measure that evictions decrease, and only where that stays does re-creation have one.

mod linear;

use super::candidates::table;
use super::invariants::{CLAUSES, Invariants, Obstacle, assert_all, expect_none, step_from};
use super::obligations::{Obligation, Recording};
use super::samples::Samples;
use super::words::words;
use crate::engines::symbolic::witness::Model;
use crate::limits::proof::MEASURE;
use crate::passes::simple_terms;
use crate::smt::unroll::Unrolling;
use crate::smt::{Check, Stop, open};
use kubound_encodings::plural::plural;
use kubound_encodings::system::{Claim, Pace, TransitionSystem};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{Bool, Node, Term, TermId};
use linear::Linear;

/// A measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measure {
    /// An integer over states.
    pub term: TermId,
    /// Whether no step increases it (else no step decreases it).
    pub falls: bool,
}

/// Measures that show that no fair loop exists.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The claim.
    pub claim: Claim,
    /// The measures, most significant first.
    pub measures: Vec<Measure>,
    /// The fairness unit that every loop left would treat unfairly, where progress is not excluded.
    pub unfair: Option<usize>,
}

impl Ranking {
    /// Looks for measures, given invariants.
    pub fn find(found: &Invariants, claim: Claim, stop: &Stop) -> Result<Self, Obstacle> {
        no_stay(found, claim, stop)?;
        let (measures, unfair) = rank(found, claim, stop)?;
        Ok(Self { claim, measures, unfair })
    }
}

/// Measures, given invariants, and the fairness unit that loops left would treat unfairly, if any are left.
fn rank(found: &Invariants, claim: Claim, stop: &Stop) -> Result<(Vec<Measure>, Option<usize>), Obstacle> {
    let Claim::NoFairLoop { within, keep, progress, .. } = claim else { return Ok(Default::default()) };
    let mut candidates = Candidates::new(found, within, keep);
    let mut step = step_from(&found.system, &claim.terms(), &found.list, CLAUSES);
    in_loop(&mut step, within, keep);
    let progresses = step.at(0, progress.id());
    let mut linear = Linear::new(found, claim);
    let mut measures = Vec::new();
    // Rules that go on for now: a measure may help against another rule first.
    let mut left: Vec<usize> = Vec::new();
    loop {
        let mut assumptions = vec![progresses];
        for &rule in &left {
            let fires = step.fires(0, rule);
            assumptions.push(step.not(fires));
        }
        match step.view.check(&step.dag, &assumptions, stop) {
            Check::Unsat if left.is_empty() => return Ok((measures, None)),
            Check::Unsat => break,
            Check::Unknown(reason) => return Err(Obstacle::Reason(reason)),
            Check::Sat => {}
        }
        let model = Model::read(&step);
        if let Some(measure) = candidates.against(found, &model, (&mut step, &mut linear), stop)? {
            log::info!("ranking: {}", words(&found.system.dag, measure.term));
            measures.push(measure);
            left.clear();
        } else if let Some(rule) = fired(&mut step, &model) {
            left.push(rule);
        } else {
            break;
        }
    }
    if let Some(unit) = unfair_unit(&mut step, stop) {
        return Ok((measures, Some(unit)));
    }
    let rule = left.first().map_or("some rule", |&rule| &found.system.rules[rule].name);
    Err(Obstacle::Reason(format!(
        "no measure was found that {rule} decreases ({}, {} so far)",
        plural(found.list.len() as i64, "invariant"),
        plural(measures.len() as i64, "measure")
    )))
}

/// Whether an external event fires in step 0.
fn events(step: &mut Unrolling) -> TermId {
    let system = step.system;
    let events = (0..system.rules.len()).filter(|&rule| system.rules[rule].pace == Pace::Event);
    let events = events.map(|rule| step.fires(0, rule)).collect();
    step.or(events)
}

/// Demands that step 0 may belong to a loop.
fn in_loop(step: &mut Unrolling, within: Bool, keep: Bool) {
    let event = events(step);
    let facts = [step.not(event), step.at(0, within.id()), step.at(1, within.id()), step.at(0, keep.id())];
    facts.into_iter().for_each(|fact| step.assert(fact));
}

/// A state that is complained about and where nothing has to happen.
fn stays(unrolling: &mut Unrolling, within: Bool, stay: Bool) -> TermId {
    let system = unrolling.system;
    let must = system.rules.iter().filter(|rule| rule.fairness.is_some());
    let must: Vec<TermId> = must.map(|rule| unrolling.at(0, rule.enabled.id())).collect();
    let must = unrolling.or(must);
    let goal = vec![unrolling.not(must), unrolling.at(0, within.id()), unrolling.at(0, stay.id())];
    unrolling.and(goal)
}

/// Shows that no run may stay forever in a state that is complained about.
fn no_stay(found: &Invariants, claim: Claim, stop: &Stop) -> Result<(), Obstacle> {
    let Claim::NoFairLoop { within, stay, .. } = claim else { return Ok(()) };
    let roots: Vec<TermId> = claim.terms().into_iter().chain(found.list.iter().map(|one| one.term)).collect();
    let mut unrolling = Unrolling::anywhere(&found.system, &roots, open(CLAUSES));
    assert_all(&mut unrolling, 0, &found.list);
    let goal = stays(&mut unrolling, within, stay);
    expect_none(&mut unrolling, goal, stop, "runs may stay in a bad state, as far as the invariants tell")
}

/// The measures that may still help.
struct Candidates {
    /// Measure and its values before and after each sampled step.
    list: Vec<(TermId, Vec<(i64, i64)>)>,
    /// Sampled steps on which all measures found so far stay the same.
    live: Vec<bool>,
    /// For each term whether linear arithmetic can say it.
    simple: Vec<bool>,
}

impl Candidates {
    fn new(found: &Invariants, within: Bool, keep: Bool) -> Self {
        let system = &found.system;
        let samples = &found.samples;
        let values = table(&system.dag, samples, &found.measures);
        let list = found
            .measures
            .iter()
            .map(|term| {
                let column = &values[term];
                (*term, samples.steps.iter().map(|&(before, _, after)| (column[before], column[after])).collect())
            })
            .collect();
        let live = (0..samples.steps.len()).map(|step| may_loop(system, samples, step, within, keep)).collect();
        Self { list, live, simple: simple_terms(&system.dag) }
    }

    /// A measure that a step with progress (the model) changes and that loops cannot change; asserted.
    fn against(
        &mut self,
        found: &Invariants,
        model: &Model,
        (step, linear): (&mut Unrolling, &mut Linear),
        stop: &Stop,
    ) -> Result<Option<Measure>, Obstacle> {
        // All candidates may be mentioned only now: their values follow from the states of the model.
        let state = |frame: usize| -> Vec<i64> {
            (0..found.system.vars.len() as u32)
                .map(|var| {
                    step.variable(frame, kubound_encodings::term::VarId(var)).map_or(0, |term| model.value(term))
                })
                .collect()
        };
        let terms: Vec<TermId> = self.list.iter().map(|&(term, _)| term).collect();
        let read =
            |state: &[i64]| evaluate(&found.system.dag, &terms, Assignment { vars: state, primed: &[], choices: &[] });
        let (before, after) = (read(&state(0)), read(&state(1)));
        for index in 0..self.list.len() {
            if before[index] == after[index] {
                continue;
            }
            let falls = before[index] > after[index];
            let (term, values) = &self.list[index];
            let contradicted = values
                .iter()
                .zip(&self.live)
                .any(|(&(before, after), &live)| live && if falls { after > before } else { after < before });
            let measure = Measure { term: *term, falls };
            let is_simple = self.simple[term.index()];
            let is_kept = !contradicted && is_kept(step, is_simple.then_some(&mut *linear), measure, stop)?;
            if !is_kept {
                continue;
            }
            for (live, (before, after)) in self.live.iter_mut().zip(values) {
                *live &= before == after;
            }
            return Ok(Some(measure));
        }
        Ok(None)
    }
}

fn may_loop(system: &TransitionSystem, samples: &Samples, step: usize, within: Bool, keep: Bool) -> bool {
    let (before, rule, after) = samples.steps[step];
    let (vars, primed) = (&samples.states[before], &samples.states[after]);
    let here = evaluate(&system.dag, &[within.id(), keep.id()], Assignment { vars, primed, choices: &[] });
    let there = evaluate(&system.dag, &[within.id()], Assignment { vars: primed, primed: &[], choices: &[] });
    system.rules[rule].pace != Pace::Event && here == [1, 1] && there == [1]
}

/// A step on which the measure moves against its direction, and one on which it stays.
fn moves(step: &mut Unrolling, measure: Measure) -> (TermId, TermId) {
    let (before, after) = (step.at(0, measure.term), step.at(1, measure.term));
    let monotone = if measure.falls { Node::Le(after, before) } else { Node::Le(before, after) };
    let monotone = step.dag.make(monotone);
    (step.not(monotone), step.dag.make(Node::Eq(before, after)))
}

/// Whether no step moves the measure against its direction; if so, loops keep it, which is demanded from now on. `linear`
/// has more steps and is asked first.
fn is_kept(step: &mut Unrolling, linear: Option<&mut Linear>, measure: Measure, stop: &Stop) -> Result<bool, Obstacle> {
    let shown = linear.is_some_and(|linear| linear.is_kept(measure, stop));
    let (against, same) = moves(step, measure);
    let answer = if shown { Check::Unsat } else { step.view.check(&step.dag, &[against], &stop.at_most(MEASURE)) };
    match answer {
        Check::Unsat => {
            step.assert(same);
            Ok(true)
        }
        Check::Sat => Ok(false),
        Check::Unknown(_) => match stop.reason() {
            Some(reason) => Err(Obstacle::Reason(reason.to_owned())),
            None => Ok(false),
        },
    }
}

/// The rule that fires in step 0 of a model.
fn fired(step: &mut Unrolling, model: &Model) -> Option<usize> {
    (0..step.system.rules.len()).find(|&rule| model.value(step.fires(0, rule)) == 1)
}

/// A step that gives a fairness unit its due.
fn due(step: &mut Unrolling, unit: usize) -> Option<TermId> {
    let system = step.system;
    let rules: Vec<usize> = (0..system.rules.len()).filter(|&rule| system.rules[rule].fairness == Some(unit)).collect();
    if rules.is_empty() {
        return None;
    }
    let enabled = rules.iter().map(|&rule| step.at(0, system.rules[rule].enabled.id())).collect();
    let enabled = step.or(enabled);
    let mut content: Vec<TermId> = rules.iter().map(|&rule| step.fires(0, rule)).collect();
    content.push(step.not(enabled));
    Some(step.or(content))
}

/// A fairness unit that no step left gives its due: always enabled, it never acts.
fn unfair_unit(step: &mut Unrolling, stop: &Stop) -> Option<usize> {
    (0..step.system.fairness.len()).find(|&unit| {
        due(step, unit).is_some_and(|content| step.view.check(&step.dag, &[content], stop) == Check::Unsat)
    })
}

impl Ranking {
    /// The measures in words.
    pub fn in_words(&self, found: &Invariants) -> Vec<String> {
        if self.measures.is_empty() && self.unfair.is_none() {
            return vec!["no step of a loop can make progress, given the invariants below".to_owned()];
        }
        let mut lines = vec!["between external events, no loop changes any of these, in this order:".to_owned()];
        for measure in &self.measures {
            let word = if measure.falls { "never rises" } else { "never falls" };
            lines.push(format!("measure ({word}): {}", words(&found.system.dag, measure.term)));
        }
        lines.push(match self.unfair {
            None => "and no step that leaves all of them as they are makes progress".to_owned(),
            Some(unit) => format!(
                "and as long as all of them stay, `{}` could act and never does, which is not fair",
                found.system.fairness[unit].name
            ),
        });
        lines
    }

    /// What it rests on beside the invariants.
    pub fn obligations(&self, found: &Invariants) -> Vec<Obligation> {
        let mut obligations = Vec::new();
        let Claim::NoFairLoop { within, keep, progress, stay } = self.claim else { return obligations };
        let mut roots = self.claim.terms();
        roots.extend(found.list.iter().map(|one| one.term));
        let mut rest = Recording::anywhere(&found.system, &roots);
        assert_all(&mut rest.unrolling, 0, &found.list);
        let goal = stays(&mut rest.unrolling, within, stay);
        obligations.extend(rest.exclude(vec![("no bad state where nothing has to happen".to_owned(), goal)]));
        for count in 0..=self.measures.len() {
            let mut recording = Recording::anywhere(&found.system, &roots);
            let step = &mut recording.unrolling;
            assert_all(step, 0, &found.list);
            step.extend();
            assert_all(step, 1, &found.list);
            in_loop(step, within, keep);
            for &measure in &self.measures[..count] {
                let (_, same) = moves(step, measure);
                step.assert(same);
            }
            let goal = match (self.measures.get(count), self.unfair) {
                (Some(&measure), _) => {
                    let name = words(&found.system.dag, measure.term);
                    (format!("measure {}: {name}", count + 1), moves(step, measure).0)
                }
                (None, None) => ("no progress is left".to_owned(), step.at(0, progress.id())),
                (None, Some(unit)) => {
                    let never = step.bool(false);
                    ("no fair loop is left".to_owned(), due(step, unit).unwrap_or(never))
                }
            };
            obligations.extend(recording.exclude(vec![goal]));
        }
        obligations
    }
}
