//! Every view of a term means the same: random graphs, built through the public handles, are computed by a naive
//! evaluation of the expression they were built from, by the evaluator of the graph, and by each solver encoding with
//! the variables pinned to random values. The first comparison holds the simplifier to account, the others the
//! lowerings. Random expressions cover every operator, negative ranges and divisors that may be 0.

use kubound::smt::clauses::ClauseView;
use kubound::smt::z3::SatCore;
use kubound::smt::{Check, Encoding, Stop, View, open};
use kubound_encodings::term::eval::{Assignment, evaluate};
use kubound_encodings::term::{
    Bool, Dag, Int, Node, Sort, Term, TermId, VarId, all, any, bool_var, count, int_var, ite, ite_bool, sum, within,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Ranges of the integer variables; the last three are booleans.
const RANGES: [(i64, i64); 6] = [(0, 1), (0, 5), (-3, 4), (2, 9), (-7, -2), (0, 20)];
const BOOLS: usize = 3;

/// An integer expression, as generated.
#[derive(Clone, Debug)]
enum IntExpr {
    Var(usize),
    Const(i64),
    Add(Vec<IntExpr>),
    Sub(Box<IntExpr>, Box<IntExpr>),
    Neg(Box<IntExpr>),
    Scale(i64, Box<IntExpr>),
    Mul(Box<IntExpr>, Box<IntExpr>),
    Div(Box<IntExpr>, Box<IntExpr>),
    Rem(Box<IntExpr>, Box<IntExpr>),
    CeilDiv(Box<IntExpr>, Box<IntExpr>),
    Min(Box<IntExpr>, Box<IntExpr>),
    Max(Box<IntExpr>, Box<IntExpr>),
    Ite(Box<BoolExpr>, Box<IntExpr>, Box<IntExpr>),
    Count(Vec<BoolExpr>),
    Table(Box<IntExpr>, Vec<i64>),
}

/// A boolean expression, as generated.
#[derive(Clone, Debug)]
enum BoolExpr {
    Var(usize),
    Const(bool),
    Not(Box<BoolExpr>),
    And(Vec<BoolExpr>),
    Or(Vec<BoolExpr>),
    Iff(Box<BoolExpr>, Box<BoolExpr>),
    Ite(Box<BoolExpr>, Box<BoolExpr>, Box<BoolExpr>),
    Eq(Box<IntExpr>, Box<IntExpr>),
    Le(Box<IntExpr>, Box<IntExpr>),
    Lt(Box<IntExpr>, Box<IntExpr>),
}

/// Larger magnitudes are clamped while building, so that products of products stay small.
const CLAMP: i64 = 300;

/// Keeps ranges small; clamps only where it must, so that other shapes stay visible to the simplifier.
fn tame(value: Int) -> Int {
    let range = value.range();
    if range.lo < -CLAMP || range.hi > CLAMP { value.max(-CLAMP).min(CLAMP) } else { value }
}

/// Terms with their naive values under one assignment.
struct Builder<'a> {
    ints: &'a [Int],
    bools: &'a [Bool],
    values: &'a [i64],
}

impl Builder<'_> {
    fn int(&self, expr: &IntExpr) -> (Int, i64) {
        let (term, value) = self.wild_int(expr);
        let tamed = tame(term);
        (tamed, if tamed == term { value } else { value.clamp(-CLAMP, CLAMP) })
    }

    /// A non-negative integer.
    fn natural(&self, expr: &IntExpr) -> (Int, i64) {
        let (term, value) = self.int(expr);
        (term.max(0), value.max(0))
    }

    fn wild_int(&self, expr: &IntExpr) -> (Int, i64) {
        match expr {
            IntExpr::Var(index) => (self.ints[*index], self.values[*index]),
            IntExpr::Const(value) => (Int::from(*value), *value),
            IntExpr::Add(list) => {
                let parts: Vec<_> = list.iter().map(|part| self.int(part)).collect();
                (sum(parts.iter().map(|part| part.0)), parts.iter().map(|part| part.1).sum())
            }
            IntExpr::Sub(a, b) => self.pair(a, b, |x, y| x - y, |x, y| x - y),
            IntExpr::Neg(a) => {
                let (term, value) = self.int(a);
                (-term, -value)
            }
            IntExpr::Scale(factor, a) => {
                let (term, value) = self.int(a);
                (term * *factor, value * factor)
            }
            IntExpr::Mul(a, b) => self.pair(a, b, |x, y| x * y, |x, y| x * y),
            IntExpr::Min(a, b) => self.pair(a, b, |x, y| x.min(y), |x, y| x.min(y)),
            IntExpr::Max(a, b) => self.pair(a, b, |x, y| x.max(y), |x, y| x.max(y)),
            IntExpr::Div(a, b) => {
                let ((x, first), (y, second)) = (self.natural(a), self.natural(b));
                (x / y, first.checked_div(second).unwrap_or(0))
            }
            IntExpr::Rem(a, b) => {
                let ((x, first), (y, second)) = (self.natural(a), self.natural(b));
                (x % y, first.checked_rem(second).unwrap_or(first))
            }
            IntExpr::CeilDiv(a, b) => {
                let ((x, first), (y, second)) = (self.natural(a), self.natural(b));
                (x.ceil_div(y), if second == 0 { 0 } else { (first + second - 1) / second })
            }
            IntExpr::Ite(c, a, b) => {
                let (condition, ((x, first), (y, second))) = (self.bool(c), (self.int(a), self.int(b)));
                (ite(condition.0, x, y), if condition.1 { first } else { second })
            }
            IntExpr::Count(list) => {
                let parts: Vec<_> = list.iter().map(|part| self.bool(part)).collect();
                (count(parts.iter().map(|part| part.0)), parts.iter().filter(|part| part.1).count() as i64)
            }
            IntExpr::Table(index, table) => {
                let (index, value) = self.natural(index);
                let last = table.len() as i64 - 1;
                (index.min(last).table(table), table[value.min(last) as usize])
            }
        }
    }

    fn pair(
        &self,
        a: &IntExpr,
        b: &IntExpr,
        term: impl Fn(Int, Int) -> Int,
        value: impl Fn(i64, i64) -> i64,
    ) -> (Int, i64) {
        let ((x, first), (y, second)) = (self.int(a), self.int(b));
        (term(x, y), value(first, second))
    }

    fn bool(&self, expr: &BoolExpr) -> (Bool, bool) {
        match expr {
            BoolExpr::Var(index) => (self.bools[*index], self.values[RANGES.len() + index] == 1),
            BoolExpr::Const(value) => (Bool::from(*value), *value),
            BoolExpr::Not(a) => {
                let (term, value) = self.bool(a);
                (!term, !value)
            }
            BoolExpr::And(list) => {
                let parts: Vec<_> = list.iter().map(|part| self.bool(part)).collect();
                (all(parts.iter().map(|part| part.0)), parts.iter().all(|part| part.1))
            }
            BoolExpr::Or(list) => {
                let parts: Vec<_> = list.iter().map(|part| self.bool(part)).collect();
                (any(parts.iter().map(|part| part.0)), parts.iter().any(|part| part.1))
            }
            BoolExpr::Iff(a, b) => {
                let ((x, first), (y, second)) = (self.bool(a), self.bool(b));
                (x.iff(y), first == second)
            }
            BoolExpr::Ite(c, a, b) => {
                let (condition, ((x, first), (y, second))) = (self.bool(c), (self.bool(a), self.bool(b)));
                (ite_bool(condition.0, x, y), if condition.1 { first } else { second })
            }
            BoolExpr::Eq(a, b) => self.compare(a, b, |x, y| x.is(y), |x, y| x == y),
            BoolExpr::Le(a, b) => self.compare(a, b, |x, y| x.at_most(y), |x, y| x <= y),
            BoolExpr::Lt(a, b) => self.compare(a, b, |x, y| x.below(y), |x, y| x < y),
        }
    }

    fn compare(
        &self,
        a: &IntExpr,
        b: &IntExpr,
        term: impl Fn(Int, Int) -> Bool,
        value: impl Fn(i64, i64) -> bool,
    ) -> (Bool, bool) {
        let ((x, first), (y, second)) = (self.int(a), self.int(b));
        (term(x, y), value(first, second))
    }
}

fn bool_leaf() -> BoxedStrategy<BoolExpr> {
    prop_oneof![
        8 => (0..BOOLS).prop_map(BoolExpr::Var),
        1 => prop_oneof![Just(true), Just(false)].prop_map(BoolExpr::Const),
    ]
    .boxed()
}

fn int_leaf() -> BoxedStrategy<IntExpr> {
    prop_oneof![
        6 => (0..RANGES.len()).prop_map(IntExpr::Var),
        1 => (-9_i64..=20).prop_map(IntExpr::Const),
    ]
    .boxed()
}

/// Expressions of both sorts up to a depth.
fn expressions(depth: u32) -> (BoxedStrategy<IntExpr>, BoxedStrategy<BoolExpr>) {
    if depth == 0 {
        return (int_leaf(), bool_leaf());
    }
    let (int, bool) = expressions(depth - 1);
    let boxed = int.clone().prop_map(Box::new).boxed();
    let truth = bool.clone().prop_map(Box::new).boxed();
    let two = (boxed.clone(), boxed.clone());
    let ints = prop::collection::vec(int, 2..5);
    let bools = prop::collection::vec(bool, 2..6);
    let table = prop::collection::vec(-12_i64..30, 1..12);
    let int = prop_oneof![
        2 => int_leaf(),
        2 => ints.prop_map(IntExpr::Add),
        1 => two.clone().prop_map(|(a, b)| IntExpr::Sub(a, b)),
        1 => boxed.clone().prop_map(IntExpr::Neg),
        1 => (-9_i64..=9, boxed.clone()).prop_map(|(factor, a)| IntExpr::Scale(factor, a)),
        1 => two.clone().prop_map(|(a, b)| IntExpr::Mul(a, b)),
        1 => two.clone().prop_map(|(a, b)| IntExpr::Div(a, b)),
        1 => two.clone().prop_map(|(a, b)| IntExpr::Rem(a, b)),
        1 => two.clone().prop_map(|(a, b)| IntExpr::CeilDiv(a, b)),
        1 => two.clone().prop_map(|(a, b)| IntExpr::Min(a, b)),
        1 => two.clone().prop_map(|(a, b)| IntExpr::Max(a, b)),
        1 => (truth.clone(), boxed.clone(), boxed.clone()).prop_map(|(c, a, b)| IntExpr::Ite(c, a, b)),
        1 => bools.clone().prop_map(IntExpr::Count),
        1 => (boxed, table).prop_map(|(index, table)| IntExpr::Table(index, table)),
    ];
    let bool = prop_oneof![
        2 => bool_leaf(),
        1 => truth.clone().prop_map(BoolExpr::Not),
        1 => bools.clone().prop_map(BoolExpr::And),
        1 => bools.prop_map(BoolExpr::Or),
        1 => (truth.clone(), truth.clone()).prop_map(|(a, b)| BoolExpr::Iff(a, b)),
        1 => (truth.clone(), truth.clone(), truth).prop_map(|(c, a, b)| BoolExpr::Ite(c, a, b)),
        2 => two.clone().prop_map(|(a, b)| BoolExpr::Eq(a, b)),
        1 => two.clone().prop_map(|(a, b)| BoolExpr::Le(a, b)),
        1 => two.prop_map(|(a, b)| BoolExpr::Lt(a, b)),
    ];
    (int.boxed(), bool.boxed())
}

fn assignment() -> BoxedStrategy<Vec<i64>> {
    let ints: Vec<_> = RANGES.iter().map(|&(lo, hi)| lo..=hi).collect();
    let bools = vec![0_i64..=1; BOOLS];
    ints.into_iter().chain(bools).collect::<Vec<_>>().boxed()
}

/// The roots with their naive values, and the graph.
fn build(ints: &[IntExpr], bools: &[BoolExpr], values: &[i64]) -> (Vec<(TermId, i64)>, Dag) {
    within(Dag::default(), || {
        let int_vars: Vec<Int> =
            RANGES.iter().enumerate().map(|(index, &(lo, hi))| int_var(format!("i{index}"), lo, hi).1).collect();
        let bool_vars: Vec<Bool> = (0..BOOLS).map(|index| bool_var(format!("b{index}")).1).collect();
        let builder = Builder { ints: &int_vars, bools: &bool_vars, values };
        let ints = ints.iter().map(|expr| builder.int(expr)).map(|(term, value)| (term.id(), value));
        let bools = bools.iter().map(|expr| builder.bool(expr)).map(|(term, value)| (term.id(), i64::from(value)));
        ints.chain(bools).collect()
    })
}

/// `variable = value` as a term.
fn pin(dag: &mut Dag, var: usize, value: i64) -> TermId {
    let variable = dag.make(Node::Var(VarId(var as u32)));
    match dag.sort(variable) {
        Sort::Bool if value == 1 => variable,
        Sort::Bool => dag.make(Node::Not(variable)),
        Sort::Int(_) => {
            let constant = dag.make(Node::Int(value));
            dag.make(Node::Eq(variable, constant))
        }
    }
}

/// Pins the variables by assumptions and compares every root; then asks whether any root could differ.
fn compare(encoding: Encoding, mut view: Box<dyn View>, dag: &mut Dag, roots: &[(TermId, i64)], values: &[i64]) {
    let pins: Vec<TermId> = values.iter().enumerate().map(|(var, &value)| pin(dag, var, value)).collect();
    roots.iter().for_each(|&(root, _)| view.mention(dag, root));
    assert_eq!(view.check(dag, &pins, &Stop::default()), Check::Sat, "{encoding:?}: the pins contradict each other");
    for (var, &value) in values.iter().enumerate() {
        assert_eq!(view.value(dag, VarId(var as u32)), value, "{encoding:?}: variable {var}");
    }
    for &(root, value) in roots {
        assert_eq!(view.term_value(dag, root), value, "{encoding:?}: {:?}", dag.node(root));
    }
    let wrong: Vec<TermId> = roots
        .iter()
        .map(|&(root, value)| {
            let constant =
                dag.make(if dag.sort(root) == Sort::Bool { Node::Bool(value == 1) } else { Node::Int(value) });
            let same = match dag.sort(root) {
                Sort::Bool => dag.make(Node::Iff(root, constant)),
                Sort::Int(_) => dag.make(Node::Eq(root, constant)),
            };
            dag.make(Node::Not(same))
        })
        .collect();
    let differs = dag.make(Node::Or(wrong.into()));
    // Asserted as a fact, so that the short cuts for facts are tried as well.
    view.assert(dag, differs);
    assert_eq!(view.check(dag, &pins, &Stop::default()), Check::Unsat, "{encoding:?}: some root may differ");
}

fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]))
}

#[test]
fn simplified_terms_mean_what_was_written() {
    let (int, bool) = expressions(4);
    let input = (prop::collection::vec(int, 1..4), prop::collection::vec(bool, 1..4), assignment());
    runner(600)
        .run(&input, |(ints, bools, values)| {
            let (roots, dag) = build(&ints, &bools, &values);
            let ids: Vec<TermId> = roots.iter().map(|root| root.0).collect();
            let evaluated = evaluate(&dag, &ids, Assignment { vars: &values, primed: &[], choices: &[] });
            prop_assert_eq!(evaluated, roots.iter().map(|root| root.1).collect::<Vec<_>>());
            Ok(())
        })
        .unwrap();
}

fn views_agree(encoding: Encoding, open: impl Fn() -> Box<dyn View>, cases: u32) {
    let (int, bool) = expressions(3);
    let input = (prop::collection::vec(int, 1..4), prop::collection::vec(bool, 1..4), assignment());
    runner(cases)
        .run(&input, |(ints, bools, values)| {
            let (roots, mut dag) = build(&ints, &bools, &values);
            compare(encoding, open(), &mut dag, &roots, &values);
            Ok(())
        })
        .unwrap();
}

#[test]
fn clauses_mean_what_was_written() {
    views_agree(Encoding::Clauses, || open(Encoding::Clauses), 150);
}

#[test]
fn bit_vectors_mean_what_was_written() {
    views_agree(Encoding::BitVectors, || open(Encoding::BitVectors), 80);
}

#[test]
fn integers_mean_what_was_written() {
    views_agree(Encoding::Integers, || open(Encoding::Integers), 60);
}

#[test]
fn clauses_for_cadical_mean_what_was_written() {
    views_agree(Encoding::CadicalClauses, || open(Encoding::CadicalClauses), 150);
}

#[test]
fn clauses_given_as_terms_mean_the_same() {
    views_agree(Encoding::Clauses, || Box::new(ClauseView::new(SatCore::fed_with_terms())), 40);
}
