//! Words: integers of a known range as literals, and arithmetic on them as gates.
//!
//! A [`Word`] holds just as many bits as its range needs, lowest first; it is read as two's complement if the range
//! has negative values, else as unsigned. Ranges are exact bounds, so the result of an operation is right as soon as
//! it is right modulo two to its own width: operands are cut or extended to that width and nothing can wrap.
//!
//! * Sums, products and counts collect weighted bits in columns ([`Columns`]) that full adders compress. A bit of
//!   negative weight is its complement plus a constant (`-x = (1 - x) - 1`), so signs, subtraction and factors need
//!   no extra logic, and all constants meet in one number.
//! * A comparison is one chain of majorities, which folds to ANDs and ORs against a constant.
//! * Division restores: a function of its operands for every input, so that a quotient nobody asks for can never
//!   contradict anything.
//! * A table is one tree of multiplexers per output bit, shared where subtables agree; entries outside the range of
//!   the index are free and take whatever makes the tree smaller.

use super::gates::{ClauseSink, Gates, Literal};
use kubound_encodings::term::Range;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// An integer as literals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    bits: Vec<Literal>,
    signed: bool,
}

impl Word {
    /// A constant.
    pub fn constant(value: i64) -> Self {
        let range = Range::point(value);
        let bits = (0..range.width()).map(|bit| Literal::constant(value >> bit & 1 == 1)).collect();
        Self { bits, signed: value < 0 }
    }

    /// Bits as computed, cut or extended to what `range` needs.
    fn fit(bits: Vec<Literal>, range: Range) -> Self {
        debug_assert_eq!(bits.len(), range.width() as usize);
        Self { bits, signed: range.lo < 0 }
    }

    /// One bit as 0 or 1.
    pub fn from_bit(bit: Literal) -> Self {
        Self { bits: vec![bit], signed: false }
    }

    /// The bit of this weight, beyond the top as well.
    pub fn bit(&self, index: usize) -> Literal {
        match self.bits.get(index) {
            Some(&bit) => bit,
            None if self.signed => *self.bits.last().expect("a word has a bit"),
            None => Literal::FALSE,
        }
    }

    /// The literals.
    pub fn bits(&self) -> &[Literal] {
        &self.bits
    }

    /// How many bits hold every value of both words, read in the same way.
    fn common_width(&self, other: &Self) -> usize {
        let width = |word: &Self, signed: bool| word.bits.len() + usize::from(signed && !word.signed);
        let signed = self.signed || other.signed;
        width(self, signed).max(width(other, signed))
    }

    /// The pairs of bits that must agree for the words to be equal.
    pub fn pairs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (Literal, Literal)> + 'a {
        (0..self.common_width(other)).map(|index| (self.bit(index), other.bit(index)))
    }

    /// The bits with their weights: the top one of a signed word counts negative.
    fn weighted(&self) -> impl Iterator<Item = (Literal, u32, bool)> + '_ {
        let top = self.bits.len() - 1;
        self.bits.iter().enumerate().map(move |(index, &bit)| (bit, index as u32, self.signed && index == top))
    }

    /// The number that the values of the literals stand for.
    pub fn value(&self, bit: impl Fn(Literal) -> bool) -> i64 {
        self.weighted().fold(0, |sum, (literal, weight, negative)| {
            let part = i64::from(bit(literal)) << weight;
            if negative { sum - part } else { sum + part }
        })
    }
}

/// Bits by weight, to be added up modulo two to the number of columns.
#[derive(Debug)]
pub struct Columns {
    columns: Vec<VecDeque<Literal>>,
    constant: i64,
}

impl Columns {
    /// For a result in `range`.
    pub fn new(range: Range) -> Self {
        Self { columns: vec![VecDeque::new(); range.width() as usize], constant: 0 }
    }

    /// Adds a number.
    pub fn add_constant(&mut self, value: i64) {
        self.constant = self.constant.wrapping_add(value);
    }

    /// Adds (or subtracts) one bit times two to the `weight`.
    pub fn add_bit(&mut self, bit: Literal, weight: u32, negative: bool) {
        let Some(column) = self.columns.get_mut(weight as usize) else { return };
        let unit = 1_i64.wrapping_shl(weight);
        match bit.as_constant() {
            Some(false) => {}
            Some(true) if negative => self.add_constant(unit.wrapping_neg()),
            Some(true) => self.add_constant(unit),
            None if negative => {
                column.push_back(!bit);
                self.add_constant(unit.wrapping_neg());
            }
            None => column.push_back(bit),
        }
    }

    /// Adds `factor` times a word, by the signed digits of the factor.
    pub fn add_scaled(&mut self, factor: i64, word: &Word) {
        for (shift, negative) in signed_digits(factor) {
            for (bit, weight, top) in word.weighted() {
                self.add_bit(bit, weight + shift, negative != top);
            }
        }
    }

    /// Adds the product of two words.
    pub fn add_product<S: ClauseSink>(&mut self, gates: &mut Gates<S>, a: &Word, b: &Word) {
        for (first, first_weight, first_negative) in a.weighted() {
            for (second, second_weight, second_negative) in b.weighted() {
                let weight = first_weight + second_weight;
                if (weight as usize) < self.columns.len() {
                    let bit = gates.and(&[first, second]);
                    self.add_bit(bit, weight, first_negative != second_negative);
                }
            }
        }
    }

    /// The sum. `range` must be the one given at the start.
    pub fn sum<S: ClauseSink>(mut self, gates: &mut Gates<S>, range: Range) -> Word {
        let mut bits = Vec::with_capacity(self.columns.len());
        for index in 0..self.columns.len() {
            if self.constant >> index & 1 == 1 {
                // Last, so that it meets the carry chain and not the tree.
                self.columns[index].push_back(Literal::TRUE);
            }
            let mut column = std::mem::take(&mut self.columns[index]);
            while column.len() > 1 {
                let a = column.pop_front().expect("at least two");
                let b = column.pop_front().expect("at least two");
                let c = column.pop_front().unwrap_or(Literal::FALSE);
                let partial = gates.xor(a, b);
                column.push_back(gates.xor(partial, c));
                if index + 1 < self.columns.len() {
                    let carry = gates.majority(a, b, c);
                    match carry.as_constant() {
                        Some(false) => {}
                        _ => self.columns[index + 1].push_back(carry),
                    }
                }
            }
            bits.push(column.pop_front().unwrap_or(Literal::FALSE));
        }
        Word::fit(bits, range)
    }
}

/// The canonical signed digits of a number: shifts and whether they count negative; no two are adjacent.
fn signed_digits(factor: i64) -> Vec<(u32, bool)> {
    let mut rest = i128::from(factor);
    let mut digits = Vec::new();
    let mut shift = 0;
    while rest != 0 {
        if rest & 1 == 1 {
            let negative = rest & 3 == 3;
            digits.push((shift, negative));
            rest += if negative { 1 } else { -1 };
        }
        rest >>= 1;
        shift += 1;
    }
    digits
}

impl<S: ClauseSink> Gates<S> {
    /// A fresh number of this range.
    pub fn fresh_word(&mut self, range: Range) -> Word {
        if let Some(value) = range.constant() {
            return Word::constant(value);
        }
        let bits = (0..range.width()).map(|_| self.fresh()).collect();
        let word = Word::fit(bits, range);
        let lowest = self.at_most(&Word::constant(range.lo), &word);
        let highest = self.at_most(&word, &Word::constant(range.hi));
        self.clause(&[lowest]);
        self.clause(&[highest]);
        word
    }

    /// `a <= b`.
    pub fn at_most(&mut self, a: &Word, b: &Word) -> Literal {
        let width = a.common_width(b);
        let signed = a.signed || b.signed;
        let mut so_far = Literal::TRUE;
        for index in 0..width {
            let (mut low, mut high) = (a.bit(index), b.bit(index));
            if signed && index + 1 == width {
                (low, high) = (high, low);
            }
            so_far = self.majority(!low, high, so_far);
        }
        so_far
    }

    /// `a = b`.
    pub fn equal(&mut self, a: &Word, b: &Word) -> Literal {
        let pairs: Vec<_> = a.pairs(b).collect();
        let agree: Vec<Literal> = pairs.into_iter().map(|(first, second)| self.iff(first, second)).collect();
        self.and(&agree)
    }

    /// `if select then a else b`, of this range.
    pub fn choose(&mut self, select: Literal, a: &Word, b: &Word, range: Range) -> Word {
        let bits = (0..range.width() as usize).map(|index| self.mux(select, a.bit(index), b.bit(index))).collect();
        Word::fit(bits, range)
    }

    /// Quotient and remainder of unsigned words; 0 and `a` where `b` is 0.
    pub fn divide(&mut self, a: &Word, b: &Word) -> (Vec<Literal>, Vec<Literal>) {
        let width = b.bits.len();
        let mut rest = vec![Literal::FALSE; width];
        let mut quotient = vec![Literal::FALSE; a.bits.len()];
        for index in (0..a.bits.len()).rev() {
            rest.insert(0, a.bits[index]);
            let (difference, fits) = self.subtract(&rest, b);
            quotient[index] = fits;
            rest = (0..width).map(|bit| self.mux(fits, difference[bit], rest[bit])).collect();
        }
        let non_zero = self.or(&b.bits);
        let quotient = quotient.into_iter().map(|bit| self.and(&[non_zero, bit])).collect();
        let rest = (0..a.bits.len().max(width))
            .map(|bit| {
                let inside = rest.get(bit).copied().unwrap_or(Literal::FALSE);
                self.mux(non_zero, inside, a.bit(bit))
            })
            .collect();
        (quotient, rest)
    }

    /// `a - b` modulo the width of `a`, and whether `a >= b`.
    fn subtract(&mut self, a: &[Literal], b: &Word) -> (Vec<Literal>, Literal) {
        let mut carry = Literal::TRUE;
        let mut difference = Vec::with_capacity(a.len());
        for (index, &bit) in a.iter().enumerate() {
            let other = !b.bit(index);
            let partial = self.xor(bit, other);
            difference.push(self.xor(partial, carry));
            carry = self.majority(bit, other, carry);
        }
        (difference, carry)
    }

    /// A word of `range` from bits that hold its value in their lowest places.
    pub fn resize(&self, bits: &[Literal], range: Range) -> Word {
        let width = range.width() as usize;
        Word::fit((0..width).map(|index| bits.get(index).copied().unwrap_or(Literal::FALSE)).collect(), range)
    }

    /// The entry of a table at an index of the range `inside`.
    pub fn look_up(&mut self, index: &Word, inside: Range, table: &[i64], range: Range) -> Word {
        let bits = (0..range.width())
            .map(|bit| {
                let column: Vec<Option<bool>> = (0..1_usize << index.bits.len())
                    .map(|at| inside.contains(at as i64).then(|| table[at] >> bit & 1 == 1))
                    .collect();
                self.decide(index, &column, &mut FxHashMap::default()).unwrap_or(Literal::FALSE)
            })
            .collect();
        Word::fit(bits, range)
    }

    /// One output bit of a table as multiplexers over the highest index bit; `None` if nothing is demanded.
    fn decide(
        &mut self,
        index: &Word,
        column: &[Option<bool>],
        known: &mut FxHashMap<Vec<Option<bool>>, Option<Literal>>,
    ) -> Option<Literal> {
        let demanded = |value| column.contains(&Some(value));
        match (demanded(false), demanded(true)) {
            (false, false) => return None,
            (true, false) => return Some(Literal::FALSE),
            (false, true) => return Some(Literal::TRUE),
            (true, true) => {}
        }
        if let Some(&literal) = known.get(column) {
            return literal;
        }
        let (low, high) = column.split_at(column.len() / 2);
        let select = index.bits[low.len().trailing_zeros() as usize];
        let compatible = low.iter().zip(high).all(|(a, b)| a.is_none() || b.is_none() || a == b);
        let result = if compatible {
            let merged: Vec<Option<bool>> = low.iter().zip(high).map(|(a, b)| a.or(*b)).collect();
            self.decide(index, &merged, known)
        } else {
            match (self.decide(index, high, known), self.decide(index, low, known)) {
                (Some(then), Some(otherwise)) => Some(self.mux(select, then, otherwise)),
                (one, other) => one.or(other),
            }
        };
        known.insert(column.to_vec(), result);
        result
    }
}
