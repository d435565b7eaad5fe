//! Terms as bit-vectors of any language: what the formats of exports share.
//!
//! A truth value is a bit-vector of width 1. Sums and products are computed in the width of their exact range, where
//! they are right modulo two to that width, hence right; comparisons and quotients in a width that holds both
//! operands. Division by 0 has the value that [`Node::Div`] and [`Node::Rem`] give it, whatever the language says.

use kubound_encodings::term::{ChoiceId, Dag, Node, Range, Sort, TermId, VarId};

/// An operation of a language of bit-vectors. Operands of two-place operations have equal widths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Complement.
    Not,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Equality, of width 1.
    Equal,
    /// Unsigned comparison, of width 1.
    AtMost,
    /// Signed comparison, of width 1.
    AtMostSigned,
    /// Sum.
    Add,
    /// Product.
    Multiply,
    /// Unsigned quotient; the divisor is not 0.
    Divide,
    /// Unsigned remainder; the divisor is not 0.
    Remainder,
    /// `if first then second else third`; the first has width 1.
    Choose,
    /// Extended by zeros to the width of the result.
    ZeroExtend,
    /// Extended by the highest bit to the width of the result.
    SignExtend,
    /// The lowest bits, as many as the width of the result.
    Low,
}

/// A value of the text under construction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Value {
    /// Its number in the text.
    pub number: usize,
    /// Bits.
    pub width: u32,
}

/// Writes down values.
pub trait Language {
    /// A constant, given modulo two to the width.
    fn constant(&mut self, width: u32, value: u64) -> Value;
    /// The result of an operation.
    fn apply(&mut self, operation: Operation, width: u32, operands: &[Value]) -> Value;
}

/// What the leaves of terms stand for.
#[derive(Clone, Copy, Debug)]
pub struct Leaves<'a> {
    /// Variables, by id.
    pub vars: &'a [Option<Value>],
    /// Variables after the step, by id.
    pub primed: &'a [Option<Value>],
    /// Choices, by id.
    pub choices: &'a [Option<Value>],
}

/// Lowers terms of one graph, each once as long as the leaves stay the same.
pub struct Lowering<L> {
    /// The text.
    pub language: L,
    known: Vec<Option<Value>>,
}

/// A value with the range of the numbers it stands for.
#[derive(Clone, Copy)]
struct Ranged {
    value: Value,
    range: Range,
}

impl<L: Language> Lowering<L> {
    /// In front of a language.
    pub fn new(language: L) -> Self {
        Self { language, known: Vec::new() }
    }

    /// A number of this range.
    pub fn number(&mut self, value: i64, range: Range) -> Value {
        let width = range.width();
        self.language.constant(width, value as u64 & (u64::MAX >> (64 - width)))
    }

    /// A truth constant.
    pub fn truth(&mut self, value: bool) -> Value {
        self.language.constant(1, u64::from(value))
    }

    /// Complement.
    pub fn not(&mut self, a: Value) -> Value {
        self.language.apply(Operation::Not, a.width, &[a])
    }

    /// Conjunction of any number of truth values.
    pub fn and(&mut self, list: &[Value]) -> Value {
        self.fold(Operation::And, list, true)
    }

    /// Disjunction of any number of truth values.
    pub fn or(&mut self, list: &[Value]) -> Value {
        self.fold(Operation::Or, list, false)
    }

    fn fold(&mut self, operation: Operation, list: &[Value], unit: bool) -> Value {
        let Some((&first, rest)) = list.split_first() else { return self.truth(unit) };
        rest.iter().fold(first, |so_far, &next| self.language.apply(operation, 1, &[so_far, next]))
    }

    /// Equality of values of equal width.
    pub fn equal(&mut self, a: Value, b: Value) -> Value {
        self.language.apply(Operation::Equal, 1, &[a, b])
    }

    /// `if condition then a else b`, of equal widths.
    pub fn choose(&mut self, condition: Value, a: Value, b: Value) -> Value {
        self.language.apply(Operation::Choose, a.width, &[condition, a, b])
    }

    /// A value of `from`, as the bits of `to`; right if it lies in both.
    pub fn convert(&mut self, value: Value, from: Range, to: Range) -> Value {
        let width = to.width();
        let operation = match width.cmp(&value.width) {
            std::cmp::Ordering::Equal => return value,
            std::cmp::Ordering::Less => Operation::Low,
            std::cmp::Ordering::Greater if from.lo < 0 => Operation::SignExtend,
            std::cmp::Ordering::Greater => Operation::ZeroExtend,
        };
        self.language.apply(operation, width, &[value])
    }

    /// Whether a value of `from` lies in `inside`.
    pub fn is_inside(&mut self, value: Value, from: Range, inside: Range) -> Value {
        let number = Ranged { value, range: from };
        let mut facts = Vec::new();
        for (bound, lowest) in [(inside.lo, true), (inside.hi, false)] {
            let excluded = if lowest { from.lo < bound } else { from.hi > bound };
            if excluded {
                let range = Range::point(bound);
                let bound = Ranged { value: self.number(bound, range), range };
                facts.push(if lowest { self.at_most(bound, number) } else { self.at_most(number, bound) });
            }
        }
        self.and(&facts)
    }

    /// Whether the bits of a value that may hold anything are those of a number of `range`.
    pub fn is_proper(&mut self, value: Value, range: Range) -> Value {
        let all = if range.lo < 0 {
            Range::new(-(1 << (value.width - 1)), (1 << (value.width - 1)) - 1)
        } else {
            Range::new(0, (1 << value.width) - 1)
        };
        self.is_inside(value, all, range)
    }

    fn align(&mut self, a: Ranged, b: Ranged) -> (Value, Value, Range) {
        let hull = a.range.hull(b.range);
        (self.convert(a.value, a.range, hull), self.convert(b.value, b.range, hull), hull)
    }

    fn at_most(&mut self, a: Ranged, b: Ranged) -> Value {
        let (first, second, hull) = self.align(a, b);
        let operation = if hull.lo < 0 { Operation::AtMostSigned } else { Operation::AtMost };
        self.language.apply(operation, 1, &[first, second])
    }

    /// The value of a term. The leaves must be the same in every call, except that primed ones may be added.
    pub fn lower(&mut self, dag: &Dag, root: TermId, leaves: &Leaves) -> Value {
        self.known.resize(dag.len(), None);
        let mut stack = vec![root];
        while let Some(&id) = stack.last() {
            if self.known[id.index()].is_some() {
                stack.pop();
                continue;
            }
            let before = stack.len();
            dag.node(id).for_each_operand(|operand| {
                if self.known[operand.index()].is_none() {
                    stack.push(operand);
                }
            });
            if stack.len() == before {
                let value = self.lower_node(dag, id, leaves);
                self.known[id.index()] = Some(value);
                stack.pop();
            }
        }
        self.get(root)
    }

    fn get(&self, id: TermId) -> Value {
        self.known[id.index()].expect("operands come first")
    }

    fn list(&self, ids: &[TermId]) -> Vec<Value> {
        ids.iter().map(|&id| self.get(id)).collect()
    }

    fn ranged(&self, dag: &Dag, id: TermId) -> Ranged {
        Ranged { value: self.get(id), range: dag.range(id) }
    }

    fn lower_node(&mut self, dag: &Dag, id: TermId, leaves: &Leaves) -> Value {
        let leaf = |list: &[Option<Value>], index: usize| list[index].expect("every leaf that is read has a value");
        match dag.node(id) {
            Node::Var(VarId(index)) => leaf(leaves.vars, *index as usize),
            Node::Primed(VarId(index)) => leaf(leaves.primed, *index as usize),
            Node::Choice(ChoiceId(index)) => leaf(leaves.choices, *index as usize),
            Node::Ite(c, a, b) => {
                let range = dag.range(id);
                let (then, otherwise) = (self.ranged(dag, *a), self.ranged(dag, *b));
                let then = self.convert(then.value, then.range, range);
                let otherwise = self.convert(otherwise.value, otherwise.range, range);
                self.choose(self.get(*c), then, otherwise)
            }
            node => match dag.sort(id) {
                Sort::Bool => self.lower_bool(dag, node),
                Sort::Int(range) => self.lower_int(dag, node, range),
            },
        }
    }

    fn lower_bool(&mut self, dag: &Dag, node: &Node) -> Value {
        match node {
            Node::Bool(value) => self.truth(*value),
            Node::Not(a) => self.not(self.get(*a)),
            Node::And(list) => self.and(&self.list(list)),
            Node::Or(list) => self.or(&self.list(list)),
            Node::Iff(a, b) => self.equal(self.get(*a), self.get(*b)),
            Node::Eq(a, b) => {
                let (first, second, _) = self.align(self.ranged(dag, *a), self.ranged(dag, *b));
                self.equal(first, second)
            }
            Node::Le(a, b) => self.at_most(self.ranged(dag, *a), self.ranged(dag, *b)),
            _ => unreachable!("{node:?} is no boolean term"),
        }
    }

    fn lower_int(&mut self, dag: &Dag, node: &Node, range: Range) -> Value {
        match node {
            Node::Int(value) => self.number(*value, range),
            Node::Add(list) => {
                let parts: Vec<Ranged> = list.iter().map(|&id| self.ranged(dag, id)).collect();
                self.sum(&parts, range)
            }
            Node::Count(list) => {
                let bit = Range::new(0, 1);
                let parts: Vec<Ranged> =
                    self.list(list).into_iter().map(|value| Ranged { value, range: bit }).collect();
                self.sum(&parts, range)
            }
            Node::Scale(factor, a) => {
                let a = self.ranged(dag, *a);
                let (number, factor) = (self.convert(a.value, a.range, range), self.number(*factor, range));
                self.language.apply(Operation::Multiply, range.width(), &[number, factor])
            }
            Node::Mul(a, b) => {
                let (a, b) = (self.ranged(dag, *a), self.ranged(dag, *b));
                let (a, b) = (self.convert(a.value, a.range, range), self.convert(b.value, b.range, range));
                self.language.apply(Operation::Multiply, range.width(), &[a, b])
            }
            Node::Div(a, b) | Node::Rem(a, b) => {
                let (dividend, divisor) = (self.ranged(dag, *a), self.ranged(dag, *b));
                self.quotient(dividend, divisor, range, matches!(node, Node::Div(..)))
            }
            Node::Min(a, b) | Node::Max(a, b) => {
                let (a, b) = (self.ranged(dag, *a), self.ranged(dag, *b));
                let ordered = self.at_most(a, b);
                let (first, second) = (self.convert(a.value, a.range, range), self.convert(b.value, b.range, range));
                match node {
                    Node::Min(..) => self.choose(ordered, first, second),
                    _ => self.choose(ordered, second, first),
                }
            }
            Node::Table(index, table) => self.look_up(self.ranged(dag, *index), table, range),
            _ => unreachable!("{node:?} is no integer term"),
        }
    }

    fn sum(&mut self, parts: &[Ranged], range: Range) -> Value {
        let parts: Vec<Value> = parts.iter().map(|part| self.convert(part.value, part.range, range)).collect();
        let (&first, rest) = parts.split_first().expect("a sum has operands");
        rest.iter().fold(first, |sum, &next| self.language.apply(Operation::Add, range.width(), &[sum, next]))
    }

    fn quotient(&mut self, a: Ranged, b: Ranged, range: Range, quotient: bool) -> Value {
        let (first, second, hull) = self.align(a, b);
        let operation = if quotient { Operation::Divide } else { Operation::Remainder };
        let result = self.language.apply(operation, hull.width(), &[first, second]);
        let zero = self.number(0, hull);
        let is_zero = self.equal(second, zero);
        let result = self.choose(is_zero, if quotient { zero } else { first }, result);
        self.convert(result, hull, range)
    }

    fn look_up(&mut self, index: Ranged, table: &[i64], range: Range) -> Value {
        let Range { lo, hi } = index.range;
        let last = self.number(table[hi as usize], range);
        (lo..hi).rev().fold(last, |rest, at| {
            let position = self.number(at, index.range);
            let here = self.equal(index.value, position);
            let entry = self.number(table[at as usize], range);
            self.choose(here, entry, rest)
        })
    }
}

/// The width of a sort.
pub fn width(sort: Sort) -> u32 {
    match sort {
        Sort::Bool => 1,
        Sort::Int(range) => range.width(),
    }
}
