//! Fair loops: the shortest run that goes on forever without what it claims to reach.
//!
//! The run of k steps is guessed together with the state its loop starts in: a *start* literal per frame, at most one
//! of them true, copies the state of its frame into a set of variables that belong to no frame, and from then on the
//! run is *inside*: each state satisfies `within`, each step satisfies `keep` and is no external event. The query at
//! depth k then says: inside, the last state equals the copy, some step inside made `progress`, and every fairness
//! unit acted in some step inside, or was not due in some state inside (or enabled in none) and, if it is prompt, enabled
//! before no slow step inside. Guess and copy are shared by all depths, so
//! each depth adds a constant amount, and what the solver learns about one depth serves the next.
//!
//! A run may also end by staying forever in a state where no rule that has to act is enabled; the same query asks for
//! that, so the first answer is the shortest of both kinds.
//!
//! States are compared on the variables that are unrolled: those in the cone of a guard, a constraint, a choice or
//! the claim. Other variables, such as ever-growing counters that nobody reads, cannot hide a loop.
//!
//! Lemmas. After each answer "none" the negation of the query is kept. It follows from what is asserted (initial
//! states, steps, and the definition of the guess, which is satisfiable in every run by guessing nothing), and later
//! depths only add conjuncts, so it stays true. The cheap necessary condition comes first: as long as no step with
//! `progress` can be taken at all, no loop is asked for, and each refuted progress is kept as a lemma likewise.

use super::search::{Next, Search};
use super::witness::{self, Model};
use crate::engines::{Answer, EngineError, Outcome};
use crate::passes::compared;
use crate::smt::unroll::Unrolling;
use crate::trace::{Ending, Trace};
use kubound_encodings::system::{Claim, Pace, TransitionSystem, Unit};
use kubound_encodings::term::{Node, Sort, Term, TermId, VarId};

/// [`Claim::NoFairLoop`] as ids.
#[derive(Clone, Copy)]
struct LoopClaim {
    within: TermId,
    keep: TermId,
    progress: TermId,
    stay: TermId,
}

impl LoopClaim {
    fn of(claim: Claim) -> Result<Self, EngineError> {
        match claim {
            Claim::NoFairLoop { within, keep, progress, stay } => {
                Ok(Self { within: within.id(), keep: keep.id(), progress: progress.id(), stay: stay.id() })
            }
            Claim::Invariant(_) => Err(EngineError::Internal("an invariant is no claim about loops".to_owned())),
        }
    }
}

/// Unrolls up to `depth` without solving; returns the goal of every number of steps. `enter` is called before
/// anything is asserted about a further step.
pub(super) fn goals(
    unrolling: &mut Unrolling,
    claim: Claim,
    depth: usize,
    enter: impl Fn(),
) -> Result<Vec<TermId>, EngineError> {
    let claim = LoopClaim::of(claim)?;
    let mut guess = Guess::new(unrolling);
    let mut goals = vec![guess.goal(unrolling, claim, true)];
    for step in 0..depth {
        guess.start(unrolling, claim, step);
        enter();
        unrolling.extend();
        guess.follow(unrolling, claim, step);
        goals.push(guess.goal(unrolling, claim, true));
    }
    Ok(goals)
}

/// Looks for a run that goes on forever as the claim forbids.
pub(super) fn run(mut search: Search, claim: Claim) -> Result<Outcome, EngineError> {
    let claim = LoopClaim::of(claim)?;
    let mut guess = Guess::new(&mut search.unrolling);
    let mut progressed = false;
    loop {
        let depth = search.unrolling.depth();
        if depth > 0 {
            let step = guess.follow(&mut search.unrolling, claim, depth - 1);
            if !progressed {
                match search.ask(step) {
                    Next::Continue => {}
                    Next::Found => progressed = true,
                    Next::Finish(answer) => return Ok(search.outcome(answer)),
                }
            }
        }
        let goal = guess.goal(&mut search.unrolling, claim, progressed);
        match search.ask(goal) {
            Next::Continue => {}
            Next::Finish(answer) => return Ok(search.outcome(answer)),
            Next::Found => {
                let trace = guess.witness(&search, claim)?;
                return Ok(search.outcome(Answer::Violated(Box::new(trace))));
            }
        }
        guess.start(&mut search.unrolling, claim, depth);
        if let Next::Finish(answer) = search.deepen() {
            return Ok(search.outcome(answer));
        }
    }
}

/// The guessed start of the loop, and what happened since.
struct Guess {
    /// The variables to compare and their values where the loop starts.
    copy: Vec<(VarId, TermId)>,
    /// Whether the loop starts in each frame.
    starts: Vec<TermId>,
    /// Whether the run is inside the loop by the last frame.
    inside: TermId,
    /// Whether some step inside made progress.
    progress: TermId,
    /// Whether each fairness unit got its due inside: it acted, or was not due.
    met: Vec<TermId>,
    /// Whether each unit that is held back now and then was enabled inside.
    live: Vec<TermId>,
    /// Whether each prompt unit acted inside, and whether it was late.
    prompt: Vec<(TermId, TermId)>,
    /// The fairness units.
    units: Vec<Unit>,
}

impl Guess {
    fn new(unrolling: &mut Unrolling) -> Self {
        let system = unrolling.system;
        let units = system.fairness_units();
        let changing = compared(system, &unrolling.relevant);
        let copy = changing
            .into_iter()
            .map(|var| {
                let decl = &system.dag.vars()[var.index()];
                (var, unrolling.fresh(format!("{} in the loop", decl.name), decl.sort))
            })
            .collect();
        let no = unrolling.bool(false);
        let none = vec![no; units.len()];
        Self {
            copy,
            starts: Vec::new(),
            inside: no,
            progress: no,
            met: none,
            live: vec![no; units.len()],
            prompt: vec![(no, no); units.len()],
            units,
        }
    }

    /// Allows the loop to start in frame `frame`, the last one.
    fn start(&mut self, unrolling: &mut Unrolling, claim: LoopClaim, frame: usize) {
        let start = unrolling.fresh(format!("loop starts@{frame}"), Sort::Bool);
        let (outside, within) = (unrolling.not(self.inside), unrolling.at(frame, claim.within));
        let mut facts = vec![outside, within];
        facts.extend(self.equalities(unrolling, frame));
        for fact in facts {
            let clause = unrolling.implies(start, fact);
            unrolling.assert(clause);
        }
        // Inside is a name of its own: the chain of all starts so far would grow with the depth.
        let inside = unrolling.fresh(format!("inside@{frame}"), Sort::Bool);
        let entered = unrolling.or(vec![self.inside, start]);
        let same = unrolling.dag.make(Node::Iff(inside, entered));
        unrolling.assert(same);
        self.starts.push(start);
        self.inside = inside;
    }

    fn equalities(&self, unrolling: &mut Unrolling, frame: usize) -> Vec<TermId> {
        let mut equal = Vec::with_capacity(self.copy.len());
        for &(var, copy) in &self.copy {
            if let Some(value) = unrolling.variable(frame, var) {
                let node = match unrolling.dag.sort(copy) {
                    Sort::Bool => Node::Iff(value, copy),
                    Sort::Int(_) => Node::Eq(value, copy),
                };
                equal.push(unrolling.dag.make(node));
            }
        }
        equal
    }

    /// Accounts for step `step`, the last one; returns whether it can belong to a loop and makes progress.
    fn follow(&mut self, unrolling: &mut Unrolling, claim: LoopClaim, step: usize) -> TermId {
        let system = unrolling.system;
        let events: Vec<TermId> = (0..system.rules.len())
            .filter(|&rule| system.rules[rule].pace == Pace::Event)
            .map(|rule| unrolling.fires(step, rule))
            .collect();
        let event = unrolling.or(events);
        let no_event = unrolling.not(event);
        let kept = vec![
            no_event,
            unrolling.at(step, claim.keep),
            unrolling.at(step, claim.within),
            unrolling.at(step + 1, claim.within),
        ];
        for &fact in &kept {
            let clause = unrolling.implies(self.inside, fact);
            unrolling.assert(clause);
        }
        let progress = unrolling.at(step, claim.progress);
        let progress_inside = unrolling.and(vec![self.inside, progress]);
        self.progress = collect(unrolling, self.progress, progress_inside);
        let slow = (0..system.rules.len()).filter(|&rule| system.rules[rule].pace != Pace::Fast);
        let slow = slow.map(|rule| unrolling.fires(step, rule)).collect();
        let slow = unrolling.or(slow);
        for (unit, Unit { rules, prompt }) in self.units.iter().enumerate() {
            let enabled = rules.iter().map(|&rule| unrolling.at(step, system.rules[rule].enabled.id())).collect();
            let enabled = unrolling.or(enabled);
            let acts = rules.iter().map(|&rule| unrolling.fires(step, rule)).collect();
            let acts = unrolling.or(acts);
            let due = rules.iter().map(|&rule| unrolling.at(step, system.rules[rule].due().id())).collect();
            let due = unrolling.or(due);
            let idle = unrolling.not(due);
            let content = unrolling.or(vec![acts, idle]);
            let inside = unrolling.and(vec![self.inside, content]);
            self.met[unit] = collect(unrolling, self.met[unit], inside);
            if is_held_back(system, rules) {
                let live = unrolling.and(vec![self.inside, enabled]);
                self.live[unit] = collect(unrolling, self.live[unit], live);
            }
            if *prompt {
                let (acted, late) = self.prompt[unit];
                let acts = unrolling.and(vec![self.inside, acts]);
                let is_late = unrolling.and(vec![self.inside, slow, enabled]);
                self.prompt[unit] = (collect(unrolling, acted, acts), collect(unrolling, late, is_late));
            }
        }
        let mut possible = kept;
        possible.push(progress);
        unrolling.and(possible)
    }

    /// A loop closes in the last frame (if `loops`), or the run can stay there, or it left its ranges.
    fn goal(&self, unrolling: &mut Unrolling, claim: LoopClaim, loops: bool) -> TermId {
        let system = unrolling.system;
        let depth = unrolling.depth();
        let mut goals = vec![unrolling.overflow()];
        let mut must = Vec::new();
        for rule in system.rules.iter().filter(|rule| rule.fairness.is_some()) {
            must.push(unrolling.at(depth, rule.enabled.id()));
        }
        let must = unrolling.or(must);
        let stays = vec![unrolling.not(must), unrolling.at(depth, claim.within), unrolling.at(depth, claim.stay)];
        goals.push(unrolling.and(stays));
        if loops {
            let mut closes = self.equalities(unrolling, depth);
            closes.extend([self.inside, self.progress]);
            for (unit, Unit { rules, .. }) in self.units.iter().enumerate() {
                let met = self.met[unit];
                closes.push(if is_held_back(system, rules) { unrolling.implies(self.live[unit], met) } else { met });
            }
            for (&(acted, late), _) in self.prompt.iter().zip(&self.units).filter(|(_, unit)| unit.prompt) {
                closes.push(unrolling.implies(late, acted));
            }
            goals.push(unrolling.and(closes));
        }
        unrolling.or(goals)
    }

    /// The run found, with its ending, checked against the claim.
    fn witness(&self, search: &Search, claim: LoopClaim) -> Result<Trace, EngineError> {
        let unrolling = &search.unrolling;
        let system = unrolling.system;
        let mut trace = search.witness(Ending::Stays)?;
        let last = trace.steps.len();
        let must = |rule: &kubound_encodings::system::Rule| {
            rule.fairness.is_some() && witness::holds(system, &trace, last, rule.enabled.id())
        };
        let stays = !system.rules.iter().any(must);
        if stays && [claim.within, claim.stay].iter().all(|&term| witness::holds(system, &trace, last, term)) {
            return Ok(trace);
        }
        let model = Model::read(unrolling);
        let Some(start) = self.starts.iter().position(|&start| model.value(start) == 1) else {
            return Err(EngineError::Internal("the endless run found neither loops nor stays".to_owned()));
        };
        trace.ending = Ending::Loop { start };
        let closed =
            self.copy.iter().all(|&(var, _)| trace.state(start)[var.index()] == trace.state(last)[var.index()]);
        if !closed || !self.is_fair_loop(system, claim, &trace, start) {
            return Err(EngineError::Internal("the loop found is none, or is not fair".to_owned()));
        }
        Ok(trace)
    }

    fn is_fair_loop(&self, system: &TransitionSystem, claim: LoopClaim, trace: &Trace, start: usize) -> bool {
        let steps = start..trace.steps.len();
        let holds = |at: usize, term: TermId| witness::holds(system, trace, at, term);
        let fires = |at: usize, rule: &usize| system.rules[*rule].name == trace.steps[at].rule;
        let is_event = |at: usize| system.rule(&trace.steps[at].rule).is_none_or(|rule| rule.pace == Pace::Event);
        let acts = |at: usize, rules: &[usize]| rules.iter().any(|rule| fires(at, rule));
        let idle = |at: usize, rules: &[usize]| !rules.iter().any(|&rule| holds(at, system.rules[rule].enabled.id()));
        let is_slow = |at: usize| system.rule(&trace.steps[at].rule).is_some_and(|rule| rule.pace != Pace::Fast);
        let wants = |at: usize, rules: &[usize]| rules.iter().any(|&rule| holds(at, system.rules[rule].due().id()));
        let due = |Unit { rules, prompt }: &Unit| {
            let is_late = *prompt && steps.clone().any(|at| is_slow(at) && !idle(at, rules));
            let is_owed = steps.clone().all(|at| wants(at, rules)) && steps.clone().any(|at| !idle(at, rules));
            steps.clone().any(|at| acts(at, rules)) || (!is_late && !is_owed)
        };
        steps.clone().all(|at| holds(at, claim.within) && holds(at, claim.keep) && !is_event(at))
            && self.units.iter().all(due)
            && steps.clone().any(|at| holds(at, claim.progress))
    }
}

/// Whether a unit is due where it is not enabled.
fn is_held_back(system: &TransitionSystem, rules: &[usize]) -> bool {
    rules.iter().any(|&rule| system.rules[rule].waits.is_some())
}

/// "So far or now" as a name of its own, so that the disjunctions of deeper frames stay short.
fn collect(unrolling: &mut Unrolling, so_far: TermId, now: TermId) -> TermId {
    let either = unrolling.or(vec![so_far, now]);
    let name = unrolling.fresh("so far".to_owned(), Sort::Bool);
    let same = unrolling.dag.make(Node::Iff(name, either));
    unrolling.assert(same);
    name
}
