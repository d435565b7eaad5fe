//! Terms as bit-vectors of any language: what the formats of exports share.
//!
//! A truth value is a bit-vector of width 1. Sums and products are computed in the width of their exact range, where
//! they are right modulo two to that width, hence right; comparisons and quotients in a width that holds both
//! operands. Division by 0 has the value that `Node::Div` and `Node::Rem` give it, whatever the language says.

use kubound_encodings::term::lower::{Algebra, Ranged, Value as Lowered};
use kubound_encodings::term::{ChoiceId, Range, Sort, VarId};

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

/// A language of bit-vectors, and what stands for the leaves of terms.
pub struct Bits<L> {
    /// The text.
    pub language: L,
    /// Variables, by id.
    pub vars: Vec<Option<Value>>,
    /// Variables after the step, by id.
    pub primed: Vec<Option<Value>>,
    /// Choices, by id.
    pub choices: Vec<Option<Value>>,
}

impl<L: Language> Bits<L> {
    /// Without any leaf.
    pub fn new(language: L) -> Self {
        Self { language, vars: Vec::new(), primed: Vec::new(), choices: Vec::new() }
    }

    fn fold(&mut self, operation: Operation, list: &[Value], unit: bool) -> Value {
        let Some((&first, rest)) = list.split_first() else { return self.truth(unit) };
        rest.iter().fold(first, |so_far, &next| self.language.apply(operation, 1, &[so_far, next]))
    }

    /// Equality of values of equal width.
    pub fn same(&mut self, a: Value, b: Value) -> Value {
        self.language.apply(Operation::Equal, 1, &[a, b])
    }

    /// `if condition then a else b`, of equal widths.
    pub fn pick(&mut self, condition: Value, a: Value, b: Value) -> Value {
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

    fn converted(&mut self, a: Ranged<Value>, to: Range) -> Value {
        self.convert(*a.number, a.range, to)
    }

    /// Whether a value of `from` lies in `inside`.
    pub fn is_inside(&mut self, value: Value, from: Range, inside: Range) -> Value {
        let number = Ranged { number: &value, range: from };
        let mut facts = Vec::new();
        for (bound, lowest) in [(inside.lo, true), (inside.hi, false)] {
            let excluded = if lowest { from.lo < bound } else { from.hi > bound };
            if excluded {
                let range = Range::point(bound);
                let constant = self.number(bound, range);
                let bound = Ranged { number: &constant, range };
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

    fn align(&mut self, a: Ranged<Value>, b: Ranged<Value>) -> (Value, Value, Range) {
        let hull = a.range.hull(b.range);
        (self.converted(a, hull), self.converted(b, hull), hull)
    }

    fn divide(&mut self, a: Ranged<Value>, b: Ranged<Value>, range: Range, quotient: bool) -> Value {
        let (first, second, hull) = self.align(a, b);
        let operation = if quotient { Operation::Divide } else { Operation::Remainder };
        let result = self.language.apply(operation, hull.width(), &[first, second]);
        let zero = self.number(0, hull);
        let is_zero = self.same(second, zero);
        let result = self.pick(is_zero, if quotient { zero } else { first }, result);
        self.convert(result, hull, range)
    }

    fn leaf(list: &[Option<Value>], index: usize, sort: Sort) -> Lowered<Value, Value> {
        let value = list[index].expect("every leaf that is read has a value");
        match sort {
            Sort::Bool => Lowered::Bool(value),
            Sort::Int(_) => Lowered::Int(value),
        }
    }
}

impl<L: Language> Algebra for Bits<L> {
    type Bool = Value;
    type Int = Value;

    fn variable(&mut self, var: VarId, sort: Sort) -> Lowered<Value, Value> {
        Self::leaf(&self.vars, var.index(), sort)
    }

    fn primed(&mut self, var: VarId, sort: Sort) -> Lowered<Value, Value> {
        Self::leaf(&self.primed, var.index(), sort)
    }

    fn choice(&mut self, choice: ChoiceId, sort: Sort) -> Lowered<Value, Value> {
        Self::leaf(&self.choices, choice.index(), sort)
    }

    fn truth(&mut self, value: bool) -> Value {
        self.language.constant(1, u64::from(value))
    }

    fn not(&mut self, a: &Value) -> Value {
        self.language.apply(Operation::Not, a.width, &[*a])
    }

    fn and(&mut self, list: &[Value]) -> Value {
        self.fold(Operation::And, list, true)
    }

    fn or(&mut self, list: &[Value]) -> Value {
        self.fold(Operation::Or, list, false)
    }

    fn iff(&mut self, a: &Value, b: &Value) -> Value {
        self.same(*a, *b)
    }

    fn choose_bool(&mut self, condition: &Value, a: &Value, b: &Value) -> Value {
        self.pick(*condition, *a, *b)
    }

    fn number(&mut self, value: i64, range: Range) -> Value {
        let width = range.width();
        self.language.constant(width, value as u64 & (u64::MAX >> (64 - width)))
    }

    fn equal(&mut self, a: Ranged<Value>, b: Ranged<Value>) -> Value {
        let (first, second, _) = self.align(a, b);
        self.same(first, second)
    }

    fn at_most(&mut self, a: Ranged<Value>, b: Ranged<Value>) -> Value {
        let (first, second, hull) = self.align(a, b);
        let operation = if hull.lo < 0 { Operation::AtMostSigned } else { Operation::AtMost };
        self.language.apply(operation, 1, &[first, second])
    }

    fn choose(&mut self, condition: &Value, a: Ranged<Value>, b: Ranged<Value>, range: Range) -> Value {
        let (then, otherwise) = (self.converted(a, range), self.converted(b, range));
        self.pick(*condition, then, otherwise)
    }

    fn sum(&mut self, parts: &[(i64, Ranged<Value>)], range: Range) -> Value {
        let mut values = Vec::with_capacity(parts.len());
        for &(factor, part) in parts {
            let value = self.converted(part, range);
            values.push(match factor {
                1 => value,
                _ => {
                    let factor = self.number(factor, range);
                    self.language.apply(Operation::Multiply, range.width(), &[value, factor])
                }
            });
        }
        let (&first, rest) = values.split_first().expect("a sum has operands");
        rest.iter().fold(first, |sum, &next| self.language.apply(Operation::Add, range.width(), &[sum, next]))
    }

    fn count(&mut self, list: &[Value], range: Range) -> Value {
        let bit = Range::new(0, 1);
        self.sum(&list.iter().map(|number| (1, Ranged { number, range: bit })).collect::<Vec<_>>(), range)
    }

    fn product(&mut self, a: Ranged<Value>, b: Ranged<Value>, range: Range) -> Value {
        let (a, b) = (self.converted(a, range), self.converted(b, range));
        self.language.apply(Operation::Multiply, range.width(), &[a, b])
    }

    fn quotient(&mut self, a: Ranged<Value>, b: Ranged<Value>, range: Range) -> Value {
        self.divide(a, b, range, true)
    }

    fn remainder(&mut self, a: Ranged<Value>, b: Ranged<Value>, range: Range) -> Value {
        self.divide(a, b, range, false)
    }

    fn entry(&mut self, index: Ranged<Value>, table: &[i64], range: Range) -> Value {
        let Range { lo, hi } = index.range;
        let last = self.number(table[hi as usize], range);
        (lo..hi).rev().fold(last, |rest, at| {
            let position = self.number(at, index.range);
            let here = self.same(*index.number, position);
            let entry = self.number(table[at as usize], range);
            self.pick(here, entry, rest)
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
