//! Building terms: copyable handles with overloaded operators over the current graph of the thread.

use super::dag::{ChoiceId, Dag, Node, Sort, TermId, VarId};
use super::range::Range;
use crate::subject::Subject;
use std::cell::RefCell;
use std::ops::{Add, BitAnd, BitOr, Div, Mul, Neg, Not, Rem, Sub};

thread_local! {
    static CURRENT: RefCell<Dag> = RefCell::new(Dag::default());
}

/// Runs `build` with `dag` as the current graph and returns its result with the grown graph.
///
/// Calls may nest; handles must only be used with the graph they were built in. If `build` unwinds, the graph that
/// was current before is put back.
pub fn within<R>(dag: Dag, build: impl FnOnce() -> R) -> (R, Dag) {
    struct Restore(Option<Dag>);
    impl Drop for Restore {
        fn drop(&mut self) {
            if let Some(previous) = self.0.take() {
                CURRENT.set(previous);
            }
        }
    }
    let mut restore = Restore(Some(CURRENT.replace(dag)));
    let result = build();
    let previous = restore.0.take().expect("set above");
    (result, CURRENT.replace(previous))
}

pub(super) fn make(node: Node) -> TermId {
    CURRENT.with_borrow_mut(|dag| dag.make(node))
}

/// A handle to a term of the current graph.
pub trait Term: Copy {
    /// The id of the term.
    fn id(self) -> TermId;
    /// A handle for an id of the same sort.
    fn from_id(id: TermId) -> Self;
}

/// A truth value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Bool(TermId);

/// An integer with a static range.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Int(TermId);

impl Term for Bool {
    fn id(self) -> TermId {
        self.0
    }
    fn from_id(id: TermId) -> Self {
        Self(id)
    }
}

impl Term for Int {
    fn id(self) -> TermId {
        self.0
    }
    fn from_id(id: TermId) -> Self {
        Self(id)
    }
}

impl From<bool> for Bool {
    fn from(value: bool) -> Self {
        Self(make(Node::Bool(value)))
    }
}

impl From<i64> for Int {
    fn from(value: i64) -> Self {
        Self(make(Node::Int(value)))
    }
}

/// Declares a boolean state variable.
pub fn bool_var(subject: impl Into<Subject>) -> (VarId, Bool) {
    let var = CURRENT.with_borrow_mut(|dag| dag.declare_var(subject.into(), Sort::Bool));
    (var, Bool(make(Node::Var(var))))
}

/// Declares an integer state variable of the range `lo..=hi`.
pub fn int_var(subject: impl Into<Subject>, lo: i64, hi: i64) -> (VarId, Int) {
    let sort = Sort::Int(Range::new(lo, hi));
    let var = CURRENT.with_borrow_mut(|dag| dag.declare_var(subject.into(), sort));
    (var, Int(make(Node::Var(var))))
}

/// What a state variable is about, and its value where it is a number.
pub(crate) fn subject_of(var: VarId) -> (Subject, Option<Int>) {
    let (subject, sort) = CURRENT.with_borrow(|dag| {
        let declared = &dag.vars()[var.index()];
        (declared.subject.clone(), declared.sort)
    });
    (subject, matches!(sort, Sort::Int(_)).then(|| Int(make(Node::Var(var)))))
}

/// Declares an integer choice of the range `lo..=hi`.
pub fn int_choice(subject: impl Into<Subject>, lo: i64, hi: i64) -> (ChoiceId, Int) {
    let sort = Sort::Int(Range::new(lo, hi));
    let choice = CURRENT.with_borrow_mut(|dag| dag.declare_choice(subject.into(), sort));
    (choice, Int(make(Node::Choice(choice))))
}

/// Declares a boolean choice.
pub fn bool_choice(subject: impl Into<Subject>) -> (ChoiceId, Bool) {
    let choice = CURRENT.with_borrow_mut(|dag| dag.declare_choice(subject.into(), Sort::Bool));
    (choice, Bool(make(Node::Choice(choice))))
}

/// Conjunction of all.
pub fn all(list: impl IntoIterator<Item = Bool>) -> Bool {
    Bool(make(Node::And(list.into_iter().map(Term::id).collect())))
}

/// Disjunction of all.
pub fn any(list: impl IntoIterator<Item = Bool>) -> Bool {
    Bool(make(Node::Or(list.into_iter().map(Term::id).collect())))
}

/// Sum of all.
pub fn sum(list: impl IntoIterator<Item = Int>) -> Int {
    Int(make(Node::Add(list.into_iter().map(Term::id).collect())))
}

/// How many are true.
pub fn count(list: impl IntoIterator<Item = Bool>) -> Int {
    Int(make(Node::Count(list.into_iter().map(Term::id).collect())))
}

/// `if condition then a else b`, of integers.
pub fn ite(condition: Bool, a: impl Into<Int>, b: impl Into<Int>) -> Int {
    Int(make(Node::Ite(condition.0, a.into().0, b.into().0)))
}

/// `if condition then a else b`, of truth values.
pub fn ite_bool(condition: Bool, a: impl Into<Bool>, b: impl Into<Bool>) -> Bool {
    Bool(make(Node::Ite(condition.0, a.into().0, b.into().0)))
}

/// Smallest of a non-empty list, as a balanced tree.
pub fn min_of(list: &[Int]) -> Int {
    fold_balanced(list, |a, b| a.min(b))
}

/// Largest of a non-empty list, as a balanced tree.
pub fn max_of(list: &[Int]) -> Int {
    fold_balanced(list, |a, b| a.max(b))
}

fn fold_balanced(list: &[Int], combine: impl Fn(Int, Int) -> Int + Copy) -> Int {
    match list {
        [] => panic!("extremum of nothing"),
        [single] => *single,
        _ => {
            let (left, right) = list.split_at(list.len() / 2);
            combine(fold_balanced(left, combine), fold_balanced(right, combine))
        }
    }
}

impl Bool {
    /// Implication.
    pub fn implies(self, other: Bool) -> Bool {
        !self | other
    }

    /// Equality of truth values.
    pub fn iff(self, other: Bool) -> Bool {
        Self(make(Node::Iff(self.0, other.0)))
    }

    /// 1 if true, else 0.
    pub fn as_int(self) -> Int {
        ite(self, 1, 0)
    }

    /// The value, if it is known statically.
    pub fn constant(self) -> Option<bool> {
        CURRENT.with_borrow(|dag| match dag.node(self.0) {
            Node::Bool(value) => Some(*value),
            _ => None,
        })
    }
}

impl Int {
    /// The static range.
    pub fn range(self) -> Range {
        CURRENT.with_borrow(|dag| dag.range(self.0))
    }

    /// The value, if it is known statically.
    pub fn constant(self) -> Option<i64> {
        self.range().constant()
    }

    /// `self = other`.
    pub fn is(self, other: impl Into<Int>) -> Bool {
        Bool(make(Node::Eq(self.0, other.into().0)))
    }

    /// `self ≠ other`.
    pub fn is_not(self, other: impl Into<Int>) -> Bool {
        !self.is(other)
    }

    /// `self <= other`.
    pub fn at_most(self, other: impl Into<Int>) -> Bool {
        Bool(make(Node::Le(self.0, other.into().0)))
    }

    /// `self >= other`.
    pub fn at_least(self, other: impl Into<Int>) -> Bool {
        other.into().at_most(self)
    }

    /// `self < other`.
    pub fn below(self, other: impl Into<Int>) -> Bool {
        !self.at_least(other)
    }

    /// `self > other`.
    pub fn above(self, other: impl Into<Int>) -> Bool {
        !self.at_most(other)
    }

    /// The smaller of the two.
    pub fn min(self, other: impl Into<Int>) -> Int {
        Self(make(Node::Min(self.0, other.into().0)))
    }

    /// The larger of the two.
    pub fn max(self, other: impl Into<Int>) -> Int {
        Self(make(Node::Max(self.0, other.into().0)))
    }

    /// `max(self - other, 0)`.
    pub fn monus(self, other: impl Into<Int>) -> Int {
        (self - other.into()).max(0)
    }

    /// Quotient rounded up; 0 where the divisor is 0. The operands must be non-negative.
    pub fn ceil_div(self, divisor: impl Into<Int>) -> Int {
        let divisor = divisor.into();
        (self + (divisor - 1).max(0)) / divisor
    }

    /// The entry at this index of a constant table; the static range must lie within it.
    pub fn table(self, values: &[i64]) -> Int {
        Self(make(Node::Table(self.0, values.into())))
    }

    /// A table of `f` over the static range, which must start at 0 or above and hold no more than 2^16 values.
    pub fn tabulate(self, f: impl Fn(i64) -> i64) -> Int {
        let range = self.range();
        assert!(range.lo >= 0 && range.size() <= 1 << 16, "{range:?} is no index");
        let values: Vec<i64> = (0..=range.hi).map(|value| f(value.max(range.lo))).collect();
        self.table(&values)
    }

    /// A predicate of `f` over the static range, likewise.
    pub fn holds_at(self, f: impl Fn(i64) -> bool) -> Bool {
        self.tabulate(|value| i64::from(f(value))).is(1)
    }
}

impl Not for Bool {
    type Output = Bool;
    fn not(self) -> Bool {
        Self(make(Node::Not(self.0)))
    }
}

impl BitAnd for Bool {
    type Output = Bool;
    fn bitand(self, other: Bool) -> Bool {
        all([self, other])
    }
}

impl BitOr for Bool {
    type Output = Bool;
    fn bitor(self, other: Bool) -> Bool {
        any([self, other])
    }
}

impl Neg for Int {
    type Output = Int;
    fn neg(self) -> Int {
        self * -1
    }
}

impl<R: Into<Int>> Add<R> for Int {
    type Output = Int;
    fn add(self, other: R) -> Int {
        sum([self, other.into()])
    }
}

impl<R: Into<Int>> Sub<R> for Int {
    type Output = Int;
    fn sub(self, other: R) -> Int {
        sum([self, -other.into()])
    }
}

impl<R: Into<Int>> Mul<R> for Int {
    type Output = Int;
    fn mul(self, other: R) -> Int {
        Self(make(Node::Mul(self.0, other.into().0)))
    }
}

impl<R: Into<Int>> Div<R> for Int {
    type Output = Int;
    fn div(self, other: R) -> Int {
        Self(make(Node::Div(self.0, other.into().0)))
    }
}

impl<R: Into<Int>> Rem<R> for Int {
    type Output = Int;
    fn rem(self, other: R) -> Int {
        Self(make(Node::Rem(self.0, other.into().0)))
    }
}

/// The value after the step of a state variable; only for monitors and transition predicates.
pub fn primed<T: Term>(var: VarId) -> T {
    T::from_id(make(Node::Primed(var)))
}

impl Int {
    /// Whether a non-negative value is a multiple of a positive constant.
    pub fn is_multiple(self, of: i64) -> Bool {
        (self % of).is(0)
    }
}

/// Whether two terms of the same sort, whichever it is, have different values.
pub fn differ(one: TermId, other: TermId) -> Bool {
    match current(|dag| dag.sort(one)) {
        Sort::Bool => !Bool(one).iff(Bool(other)),
        Sort::Int(_) => Int(one).is_not(Int(other)),
    }
}

/// One of two terms of the same sort, whichever it is.
pub fn choose(condition: Bool, then: TermId, otherwise: TermId) -> TermId {
    make(Node::Ite(condition.0, then, otherwise))
}

/// The value of a choice.
pub fn choice_of(choice: ChoiceId) -> TermId {
    make(Node::Choice(choice))
}

/// The value before the step of a declared state variable, as a term of either sort.
pub fn variable(var: VarId) -> TermId {
    make(Node::Var(var))
}

/// Reads the current graph.
pub fn current<R>(read: impl FnOnce(&Dag) -> R) -> R {
    CURRENT.with_borrow(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::{Stopped, heeding};
    use crate::term::eval::{Assignment, evaluate};

    /// Stops at the second question.
    fn soon() -> impl Fn() -> Option<&'static str> {
        let asked = std::cell::Cell::new(0);
        move || {
            asked.set(asked.get() + 1);
            (asked.get() > 1).then_some("enough")
        }
    }

    #[test]
    fn building_and_evaluating_stop_and_leave_the_graph_before() {
        let outside = || current(|dag| dag.len());
        let before = outside();
        let build = || loop {
            within(Dag::default(), || (0..100).fold(Int::from(1), |sum, next| sum * next + 1).id());
        };
        assert_eq!(heeding(soon(), build), Err::<(), Stopped>(Stopped("enough")));
        assert_eq!(outside(), before);
        let ((_, sum), dag) = within(Dag::default(), || {
            let (var, value) = int_var("a", 0, 9);
            (var, value + 1)
        });
        let state = Assignment { vars: &[3], primed: &[], choices: &[] };
        let read = || loop {
            (0..100).for_each(|_| drop(evaluate(&dag, &[sum.id()], state)));
        };
        assert_eq!(heeding(soon(), read), Err::<(), Stopped>(Stopped("enough")));
    }
}
