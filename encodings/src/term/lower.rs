//! Terms in another language: one walk over the graph, one memory of what was computed, for every view of it.
//!
//! A language is an [`Algebra`]: what truth values and numbers are in it, and what each operation makes of them. It gets
//! the static range with every operand and of every result, so that words can be as wide as needed and integers need
//! nothing of it. [`Lowering`] walks the graph and remembers. Copies of terms inside of this graph's own language go
//! through the same walk ([`complete`]) with [`Node::map`].
//!
//! The evaluator is no algebra, on purpose: it is what tests hold every view against.

use super::dag::{ChoiceId, Dag, Node, Sort, TermId, VarId};
use super::range::Range;
use crate::stop::tick;

/// A number with the static range of the term that it stands for.
#[derive(Debug)]
pub struct Ranged<'a, N> {
    /// The number.
    pub number: &'a N,
    /// Its range.
    pub range: Range,
}

impl<N> Clone for Ranged<'_, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N> Copy for Ranged<'_, N> {}

/// What a term became.
#[derive(Clone, Debug)]
pub enum Value<B, N> {
    /// A truth value.
    Bool(B),
    /// A number.
    Int(N),
}

/// A language that terms can be written in. `range` is always the range of the result.
pub trait Algebra {
    /// Its truth values.
    type Bool: Clone;
    /// Its numbers.
    type Int: Clone;

    /// Whether sums take a multiple by its factor, so that no value is made of the multiple itself.
    const SUMS_TAKE_FACTORS: bool = false;

    /// A state variable.
    fn variable(&mut self, var: VarId, sort: Sort) -> Value<Self::Bool, Self::Int>;

    /// A state variable after the step.
    fn primed(&mut self, var: VarId, _sort: Sort) -> Value<Self::Bool, Self::Int> {
        unreachable!("variable {} after a step, where there are no steps", var.0)
    }

    /// A choice.
    fn choice(&mut self, choice: ChoiceId, _sort: Sort) -> Value<Self::Bool, Self::Int> {
        unreachable!("choice {}, where there are no rules", choice.0)
    }

    /// A truth constant.
    fn truth(&mut self, value: bool) -> Self::Bool;
    /// Negation.
    fn not(&mut self, a: &Self::Bool) -> Self::Bool;
    /// Conjunction.
    fn and(&mut self, list: &[Self::Bool]) -> Self::Bool;
    /// Disjunction.
    fn or(&mut self, list: &[Self::Bool]) -> Self::Bool;
    /// Equality of truth values.
    fn iff(&mut self, a: &Self::Bool, b: &Self::Bool) -> Self::Bool;
    /// `if condition then a else b`, of truth values.
    fn choose_bool(&mut self, condition: &Self::Bool, a: &Self::Bool, b: &Self::Bool) -> Self::Bool;

    /// A constant.
    fn number(&mut self, value: i64, range: Range) -> Self::Int;
    /// `a = b`.
    fn equal(&mut self, a: Ranged<Self::Int>, b: Ranged<Self::Int>) -> Self::Bool;
    /// `a <= b`.
    fn at_most(&mut self, a: Ranged<Self::Int>, b: Ranged<Self::Int>) -> Self::Bool;
    /// `if condition then a else b`, of numbers.
    fn choose(&mut self, condition: &Self::Bool, a: Ranged<Self::Int>, b: Ranged<Self::Int>, range: Range)
    -> Self::Int;
    /// Sum of multiples.
    fn sum(&mut self, parts: &[(i64, Ranged<Self::Int>)], range: Range) -> Self::Int;
    /// How many are true.
    fn count(&mut self, list: &[Self::Bool], range: Range) -> Self::Int;
    /// Product.
    fn product(&mut self, a: Ranged<Self::Int>, b: Ranged<Self::Int>, range: Range) -> Self::Int;
    /// Quotient of non-negative numbers; 0 where the divisor is 0.
    fn quotient(&mut self, a: Ranged<Self::Int>, b: Ranged<Self::Int>, range: Range) -> Self::Int;
    /// Remainder of non-negative numbers; the dividend where the divisor is 0.
    fn remainder(&mut self, a: Ranged<Self::Int>, b: Ranged<Self::Int>, range: Range) -> Self::Int;
    /// Entry of a table, which holds every index of the index's range.
    fn entry(&mut self, index: Ranged<Self::Int>, table: &[i64], range: Range) -> Self::Int;
}

/// Terms of one growing graph in a language, each lowered once.
#[derive(Clone, Debug)]
pub struct Lowering<A: Algebra> {
    /// The language.
    pub algebra: A,
    known: Vec<Option<Value<A::Bool, A::Int>>>,
}

impl<A: Algebra> Lowering<A> {
    /// Nothing lowered yet.
    pub fn new(algebra: A) -> Self {
        Self { algebra, known: Vec::new() }
    }

    /// Lowers a term and what it depends on. The graph must be the one of the calls before, or one that it grew into.
    pub fn lower(&mut self, dag: &Dag, root: TermId) -> &Value<A::Bool, A::Int> {
        let algebra = &mut self.algebra;
        complete(dag, root, &mut self.known, needs::<A>, |id, known| Operands { dag, known }.apply(algebra, id));
        self.get(root).expect("just lowered")
    }

    /// Lowers a truth value.
    pub fn bool(&mut self, dag: &Dag, root: TermId) -> A::Bool {
        match self.lower(dag, root) {
            Value::Bool(value) => value.clone(),
            Value::Int(_) => unreachable!("a number as a truth value"),
        }
    }

    /// Lowers a number.
    pub fn int(&mut self, dag: &Dag, root: TermId) -> A::Int {
        match self.lower(dag, root) {
            Value::Int(value) => value.clone(),
            Value::Bool(_) => unreachable!("a truth value as a number"),
        }
    }

    /// What a term became, if it was lowered.
    pub fn get(&self, id: TermId) -> Option<&Value<A::Bool, A::Int>> {
        self.known.get(id.index())?.as_ref()
    }
}

/// Computes a value for `root`, operands first; `needs` says which terms a term is computed from.
pub fn complete<V>(
    dag: &Dag,
    root: TermId,
    known: &mut Vec<Option<V>>,
    needs: impl Fn(&Dag, TermId, &mut dyn FnMut(TermId)),
    mut compute: impl FnMut(TermId, &[Option<V>]) -> V,
) {
    if known.len() < dag.len() {
        known.resize_with(dag.len(), || None);
    }
    let mut stack = vec![root];
    while let Some(&id) = stack.last() {
        if known[id.index()].is_some() {
            stack.pop();
            continue;
        }
        let before = stack.len();
        needs(dag, id, &mut |operand| {
            if known[operand.index()].is_none() {
                stack.push(operand);
            }
        });
        if stack.len() == before {
            // A sum of many numbers becomes thousands of clauses.
            tick(8);
            let value = compute(id, known);
            known[id.index()] = Some(value);
            stack.pop();
        }
    }
}

/// All operands of a term.
pub fn operands(dag: &Dag, id: TermId, visit: &mut dyn FnMut(TermId)) {
    dag.node(id).for_each_operand(visit);
}

/// Operands, but of a sum's multiples what they are multiples of, where the language takes factors.
fn needs<A: Algebra>(dag: &Dag, id: TermId, visit: &mut dyn FnMut(TermId)) {
    let node = dag.node(id);
    let sum = A::SUMS_TAKE_FACTORS && matches!(node, Node::Add(_));
    node.for_each_operand(|operand| match dag.node(operand) {
        Node::Scale(_, inner) if sum => visit(*inner),
        _ => visit(operand),
    });
}

/// The values so far.
struct Operands<'a, B, N> {
    dag: &'a Dag,
    known: &'a [Option<Value<B, N>>],
}

impl<B: Clone, N: Clone> Operands<'_, B, N> {
    fn bool(&self, id: TermId) -> &B {
        match &self.known[id.index()] {
            Some(Value::Bool(value)) => value,
            _ => unreachable!("operands come first and have the right sort"),
        }
    }

    fn bools(&self, list: &[TermId]) -> Vec<B> {
        list.iter().map(|&id| self.bool(id).clone()).collect()
    }

    fn int(&self, id: TermId) -> Ranged<'_, N> {
        match &self.known[id.index()] {
            Some(Value::Int(number)) => Ranged { number, range: self.dag.range(id) },
            _ => unreachable!("operands come first and have the right sort"),
        }
    }

    fn apply<A: Algebra<Bool = B, Int = N>>(&self, algebra: &mut A, id: TermId) -> Value<B, N> {
        let (node, sort) = (self.dag.node(id), self.dag.sort(id));
        match (node, sort) {
            (Node::Var(var), _) => algebra.variable(*var, sort),
            (Node::Primed(var), _) => algebra.primed(*var, sort),
            (Node::Choice(choice), _) => algebra.choice(*choice, sort),
            (_, Sort::Bool) => Value::Bool(self.apply_bool(algebra, node)),
            (_, Sort::Int(range)) => Value::Int(self.apply_int(algebra, node, range)),
        }
    }

    fn apply_bool<A: Algebra<Bool = B, Int = N>>(&self, algebra: &mut A, node: &Node) -> B {
        match node {
            Node::Bool(value) => algebra.truth(*value),
            Node::Not(a) => algebra.not(self.bool(*a)),
            Node::And(list) => algebra.and(&self.bools(list)),
            Node::Or(list) => algebra.or(&self.bools(list)),
            Node::Iff(a, b) => algebra.iff(self.bool(*a), self.bool(*b)),
            Node::Ite(c, a, b) => algebra.choose_bool(self.bool(*c), self.bool(*a), self.bool(*b)),
            Node::Eq(a, b) => algebra.equal(self.int(*a), self.int(*b)),
            Node::Le(a, b) => algebra.at_most(self.int(*a), self.int(*b)),
            _ => unreachable!("{node:?} is no truth value"),
        }
    }

    fn apply_int<A: Algebra<Bool = B, Int = N>>(&self, algebra: &mut A, node: &Node, range: Range) -> N {
        match node {
            Node::Int(value) => algebra.number(*value, range),
            Node::Ite(c, a, b) => algebra.choose(self.bool(*c), self.int(*a), self.int(*b), range),
            Node::Min(a, b) => {
                let ordered = algebra.at_most(self.int(*a), self.int(*b));
                algebra.choose(&ordered, self.int(*a), self.int(*b), range)
            }
            Node::Max(a, b) => {
                let ordered = algebra.at_most(self.int(*a), self.int(*b));
                algebra.choose(&ordered, self.int(*b), self.int(*a), range)
            }
            Node::Add(list) => algebra.sum(&list.iter().map(|&id| self.part::<A>(id)).collect::<Vec<_>>(), range),
            Node::Scale(factor, a) => algebra.sum(&[(*factor, self.int(*a))], range),
            Node::Count(list) => algebra.count(&self.bools(list), range),
            Node::Mul(a, b) => algebra.product(self.int(*a), self.int(*b), range),
            Node::Div(a, b) => algebra.quotient(self.int(*a), self.int(*b), range),
            Node::Rem(a, b) => algebra.remainder(self.int(*a), self.int(*b), range),
            Node::Table(index, table) => algebra.entry(self.int(*index), table, range),
            _ => unreachable!("{node:?} is no number"),
        }
    }

    /// A part of a sum with its factor.
    fn part<A: Algebra>(&self, id: TermId) -> (i64, Ranged<'_, N>) {
        match self.dag.node(id) {
            Node::Scale(factor, inner) if A::SUMS_TAKE_FACTORS => (*factor, self.int(*inner)),
            _ => (1, self.int(id)),
        }
    }
}
