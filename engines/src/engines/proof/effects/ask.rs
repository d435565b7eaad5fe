//! Small questions about single steps: copies of a few terms, handed to a solver.

use super::form::{Facts, Form, each_term, total};
use super::steps::Loops;
use crate::engines::proof::obligations::Obligation;
use crate::limits::proof::{FEW_NUMBERS, LARGEST_CONDITION, ONE_STEP};
use crate::passes::{Literal, conjuncts};
use crate::smt::{Check, Encoding, Stop};
use kubound_encodings::system::{Choice, Rule};
use kubound_encodings::term::{Dag, Node, Range, Sort, Term as _, TermId, VarDecl, VarId};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex};

/// A question under construction: whether some facts can hold at once. Terms are copied from the system; what no fact reads
/// is not there, so that the question is as small as what it is about.
pub struct Question<'a> {
    loops: &'a Loops,
    /// The graph of the facts.
    pub dag: Dag,
    vars: FxHashMap<(u8, Node), VarId>,
    facts: Vec<TermId>,
    /// By `VarId`: variables that have the same value in all states that the question is about.
    shared: &'a [bool],
}

/// One state of a question, and the choices of a rule in it.
#[derive(Default)]
pub struct Moment {
    number: u8,
    image: FxHashMap<TermId, TermId>,
}

impl<'a> Question<'a> {
    /// One without facts.
    pub fn new(loops: &'a Loops, shared: &'a [bool]) -> Self {
        Self { loops, dag: Dag::default(), vars: FxHashMap::default(), facts: Vec::new(), shared }
    }

    /// A state, by its number.
    pub fn moment(&self, number: u8) -> Moment {
        Moment { number, ..Moment::default() }
    }

    /// The copy of a term at a moment.
    pub fn term(&mut self, at: &mut Moment, root: TermId) -> TermId {
        let from = &self.loops.system.dag;
        let mut left = vec![root];
        while let Some(&id) = left.last() {
            if at.image.contains_key(&id) {
                left.pop();
                continue;
            }
            let before = left.len();
            from.node(id).for_each_operand(|operand| {
                if !at.image.contains_key(&operand) {
                    left.push(operand);
                }
            });
            if left.len() == before {
                let copy = self.copy(at, id);
                at.image.insert(id, copy);
                left.pop();
            }
        }
        at.image[&root]
    }

    /// The copy of a term whose operands are copied.
    fn copy(&mut self, at: &Moment, id: TermId) -> TermId {
        let from = &self.loops.system.dag;
        let node = from.node(id);
        let (number, decl) = match node {
            // Only steps that change nothing are asked about values after them.
            Node::Var(var) | Node::Primed(var) => {
                let number = if self.shared[var.index()] { 0 } else { at.number };
                (number, from.vars()[var.index()].clone())
            }
            Node::Choice(choice) => {
                let choice = &from.choices()[choice.index()];
                let decl = VarDecl { subject: choice.subject.clone(), name: choice.name.clone(), sort: choice.sort };
                (at.number, decl)
            }
            _ => return self.dag.make(node.map(|operand| at.image[&operand])),
        };
        let key = if let Node::Primed(var) = node { Node::Var(*var) } else { node.clone() };
        let (dag, vars) = (&mut self.dag, &mut self.vars);
        let var = *vars.entry((number, key)).or_insert_with(|| {
            let name = format!("{} at {number}", decl.name);
            dag.declare(VarDecl { name, ..decl })
        });
        self.dag.make(Node::Var(var))
    }

    /// Demands a fact of the question's graph.
    pub fn demand(&mut self, fact: TermId) {
        self.facts.push(fact);
    }

    /// Demands that a rule can fire at a moment, as far as that can be said in few terms that read something of some forms;
    /// the rest of its guard is left out, which allows more.
    pub fn fires(&mut self, at: &mut Moment, rule: &Rule, forms: &[&Form]) {
        let dag = &self.loops.system.dag;
        let mut about = vec![false; self.loops.vars.len()];
        let atoms = forms.iter().flat_map(|form| form.parts.keys());
        atoms.filter_map(|&atom| reads(dag, atom)).flatten().for_each(|var| about[var.index()] = true);
        for condition in [rule.enabled.id(), rule.constraint.id()] {
            for (literal, negated) in conjuncts(dag, (condition, false)) {
                // What reads only what all moments share may tell which rules exclude each other.
                let is_about = |vars: Vec<VarId>| {
                    vars.iter().any(|var| about[var.index()]) || vars.iter().all(|var| self.shared[var.index()])
                };
                if reads(dag, literal).is_some_and(is_about) && is_linear(dag, literal) {
                    let fact = self.term(at, literal);
                    let fact = if negated { self.dag.make(Node::Not(fact)) } else { fact };
                    self.demand(fact);
                }
            }
        }
        for choice in &rule.choices {
            let Choice::Split { parts, low, high, total } = choice else { continue };
            let parts: Vec<Option<TermId>> = parts.iter().map(|part| self.loops.choice(*part)).collect();
            let Some(parts) = parts.into_iter().collect::<Option<Vec<TermId>>>() else { continue };
            if !parts.iter().any(|part| forms.iter().any(|form| form.parts.contains_key(part))) {
                continue;
            }
            let parts: Vec<TermId> = parts.into_iter().map(|part| self.term(at, part)).collect();
            for (index, &part) in parts.iter().enumerate() {
                let (low, high) = (self.term(at, low[index]), self.term(at, high[index]));
                let bounds = [self.dag.make(Node::Le(low, part)), self.dag.make(Node::Le(part, high))];
                self.facts.extend(bounds);
            }
            let (sum, total) = (self.dag.make(Node::Add(parts.into())), self.term(at, *total));
            let adds_up = self.dag.make(Node::Eq(sum, total));
            self.demand(adds_up);
        }
    }

    /// A step of a rule and what it does to a form: the value before and after.
    pub fn step(&mut self, number: u8, rule: usize, form: &Form) -> Option<(TermId, TermId)> {
        self.step_where(number, rule, form, &[])
    }

    /// The same where some forms are at most 0 before.
    pub fn step_where(&mut self, number: u8, rule: usize, form: &Form, known: &[&Form]) -> Option<(TermId, TermId)> {
        let change = self.loops.change(rule, form)?;
        let mut at = self.moment(number);
        let about: Vec<&Form> = [form, &change].into_iter().chain(known.iter().copied()).collect();
        self.fires(&mut at, &self.loops.system.rules[rule], &about);
        self.demand_at_most_zero(&mut at, known.iter().copied());
        let (before, change) = (self.form(&mut at, form), self.form(&mut at, &change));
        let after = self.dag.make(Node::Add([before, change].into()));
        Some((before, after))
    }

    /// The value of a form at a moment.
    pub fn form(&mut self, at: &mut Moment, form: &Form) -> TermId {
        let multiples: Vec<(TermId, i64)> =
            form.parts.iter().map(|(&atom, &factor)| (self.number(at, atom), factor)).collect();
        total(&mut self.dag, form.constant, multiples)
    }

    /// A term as a number: a condition counts as 0 or 1.
    fn number(&mut self, at: &mut Moment, term: TermId) -> TermId {
        let copy = self.term(at, term);
        if self.dag.sort(copy) != Sort::Bool {
            return copy;
        }
        let (one, zero) = (self.dag.make(Node::Int(1)), self.dag.make(Node::Int(0)));
        self.dag.make(Node::Ite(copy, one, zero))
    }

    /// That a number lies within bounds.
    pub fn within(&mut self, number: TermId, bounds: Range) -> TermId {
        let [lo, hi] = [bounds.lo, bounds.hi].map(|end| self.dag.make(Node::Int(end)));
        let ends = [self.dag.make(Node::Le(lo, number)), self.dag.make(Node::Le(number, hi))];
        self.dag.make(Node::And(ends.into()))
    }

    /// That a number is at most 0.
    pub fn at_most_zero(&mut self, number: TermId) -> TermId {
        let zero = self.dag.make(Node::Int(0));
        self.dag.make(Node::Le(number, zero))
    }

    /// Demands that forms are at most 0 at a moment.
    pub fn demand_at_most_zero<'f>(&mut self, at: &mut Moment, forms: impl IntoIterator<Item = &'f Form>) {
        for form in forms {
            let value = self.form(at, form);
            let below = self.at_most_zero(value);
            self.demand(below);
        }
    }

    /// The conjunction of some literals of the system, at a moment.
    fn all(&mut self, at: &mut Moment, literals: &[Literal]) -> TermId {
        let fact = |&(term, negated): &Literal| {
            let fact = self.term(at, term);
            if negated { self.dag.make(Node::Not(fact)) } else { fact }
        };
        let facts: Vec<TermId> = literals.iter().map(fact).collect();
        self.dag.make(Node::And(facts.into()))
    }

    /// Demands that some literals of the system hold at a moment.
    pub fn demand_all(&mut self, at: &mut Moment, literals: &[Literal]) {
        let all = self.all(at, literals);
        self.demand(all);
    }

    /// Demands that not all of some literals hold.
    pub fn refuse_all(&mut self, at: &mut Moment, literals: &[Literal]) {
        let all = self.all(at, literals);
        let fact = self.not(all);
        self.demand(fact);
    }

    /// The negation of a fact.
    pub fn not(&mut self, fact: TermId) -> TermId {
        self.dag.make(Node::Not(fact))
    }

    /// Demands what is known of values that all moments share and that the facts read.
    fn recall(&mut self) {
        let shared = self.vars.keys().filter_map(|(number, node)| match node {
            Node::Var(var) if *number == 0 && self.shared[var.index()] => Some(*var),
            _ => None,
        });
        let loops = self.loops;
        let known = loops.recalled(&shared.collect());
        let mut at = self.moment(0);
        self.demand_at_most_zero(&mut at, known);
    }

    /// Whether the facts exclude each other; if so the question is an obligation.
    pub fn refuted(mut self, name: impl FnOnce() -> String, stop: &Stop) -> Option<Obligation> {
        self.recall();
        if self.dag.overflow().is_some() {
            return None;
        }
        let answers = &self.loops.answers;
        let shape = Shape::of(&self.dag, &self.facts);
        let contradictory = Facts::new(&self.dag, &self.facts, &[]).contradictory();
        let obligation = Obligation { name: name(), dag: Arc::new(self.dag), facts: self.facts };
        let is_refuted = match answers.get(&shape) {
            Some(known) => known,
            None => {
                let found = contradictory || is_refuted(&obligation, stop);
                // Whoever ran out of time may be asked again.
                if found || stop.reason().is_none() {
                    answers.keep(shape, found);
                }
                found
            }
        };
        is_refuted.then_some(obligation)
    }

    /// The question as an obligation, and what one encoding says of it in the time given, where the facts are many.
    pub fn answered_by(self, encoding: Encoding, name: &str, stop: &Stop) -> Option<(Obligation, Check)> {
        if self.dag.overflow().is_some() {
            return None;
        }
        let obligation = Obligation { name: name.to_owned(), dag: Arc::new(self.dag), facts: self.facts };
        let answer = obligation.check(encoding, stop);
        Some((obligation, answer))
    }
}

/// A question without the names of what it is about. Workloads and nodes that are alike have the same questions.
#[derive(PartialEq, Eq, Hash, Debug)]
struct Shape {
    nodes: Vec<Node>,
    sorts: Vec<Sort>,
    facts: Vec<TermId>,
}

impl Shape {
    fn of(dag: &Dag, facts: &[TermId]) -> Self {
        Self {
            nodes: (0..dag.len() as u32).map(|index| dag.node(TermId(index)).clone()).collect(),
            sorts: dag.vars().iter().map(|var| var.sort).collect(),
            facts: facts.to_vec(),
        }
    }
}

/// What became of questions that were asked before: whether they were refuted.
#[derive(Clone, Default, Debug)]
pub struct Answers(Arc<Mutex<FxHashMap<Shape, bool>>>);

impl Answers {
    fn get(&self, shape: &Shape) -> Option<bool> {
        self.0.lock().expect("nobody panics here").get(shape).copied()
    }

    fn keep(&self, shape: Shape, refuted: bool) {
        self.0.lock().expect("nobody panics here").insert(shape, refuted);
    }
}

/// Whether a solver refutes a question. Of a few numbers clauses are made in a fraction of the time that a session for
/// integers takes; sums of many are what integers are good at, and of some that are few.
fn is_refuted(obligation: &Obligation, stop: &Stop) -> bool {
    let few = obligation.dag.vars().len() <= FEW_NUMBERS;
    let by_clauses = if few {
        obligation.check(Encoding::CadicalClauses, &stop.at_most(ONE_STEP))
    } else {
        Check::Unknown(String::new())
    };
    match by_clauses {
        Check::Unknown(_) => obligation.check(Encoding::Integers, &stop.at_most(ONE_STEP)) == Check::Unsat,
        known => known == Check::Unsat,
    }
}

/// The variables that a term reads; `None` if it is made of many terms, sums not counted.
pub fn reads(dag: &Dag, term: TermId) -> Option<Vec<VarId>> {
    let (mut vars, mut budget) = (Vec::new(), LARGEST_CONDITION);
    let is_small = each_term(dag, term, |node| match node {
        Node::Var(var) | Node::Primed(var) => {
            vars.push(*var);
            true
        }
        Node::Add(_) | Node::Scale(..) | Node::Int(_) | Node::Bool(_) => true,
        _ => {
            let left = budget.checked_sub(1);
            budget = left.unwrap_or(0);
            left.is_some()
        }
    });
    is_small.then_some(vars)
}

/// Whether a term needs no product of unknowns, quotient or table.
fn is_linear(dag: &Dag, term: TermId) -> bool {
    each_term(dag, term, |node| !matches!(node, Node::Mul(..) | Node::Div(..) | Node::Rem(..) | Node::Table(..)))
}
