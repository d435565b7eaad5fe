//! Gates: boolean functions of few inputs as clauses, without knowing who solves them.
//!
//! A [`Gates`] owns a [`ClauseSink`] and offers AND, XOR, MUX and majority. Every gate is normalised (signs, order of
//! inputs), folded if constants or equal inputs decide it, and hash-consed, so that the same function is never
//! written down twice. A gate is defined in both directions by its direct clauses; there is no intermediate graph of
//! ANDs, because XOR, MUX and majority as clauses are smaller than as ANDs and propagate better.
//!
//! The constants are literals of variable 0, which the sink never sees.

use super::{Check, Size, Stop};
use rustc_hash::FxHashMap;
use std::ops::Not;

/// A variable of a SAT solver or its negation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Literal(u32);

impl Literal {
    /// The true constant.
    pub const TRUE: Literal = Literal(0);
    /// The false constant.
    pub const FALSE: Literal = Literal(1);

    /// The positive literal of a variable; variable 0 is the true constant.
    pub fn positive(variable: u32) -> Self {
        Self(variable << 1)
    }

    /// A constant.
    pub fn constant(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }

    /// The value, if it is a constant.
    pub fn as_constant(self) -> Option<bool> {
        (self.0 < 2).then_some(self.0 == 0)
    }

    /// Its variable.
    pub fn variable(self) -> u32 {
        self.0 >> 1
    }

    /// Whether it is a negation.
    pub fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    /// Its negation if `flip`.
    fn flip(self, flip: bool) -> Self {
        Self(self.0 ^ u32::from(flip))
    }
}

impl Not for Literal {
    type Output = Literal;
    fn not(self) -> Literal {
        Literal(self.0 ^ 1)
    }
}

/// Takes variables and clauses.
pub trait ClauseSink {
    /// A new variable, numbered 1, 2, 3 and so on, as a positive literal.
    fn new_variable(&mut self) -> Literal;

    /// A disjunction that must hold; never contains constants.
    fn clause(&mut self, literals: &[Literal]);
}

/// A sink that also solves, incrementally. A second SAT solver is one implementation of this.
pub trait SatSolver: ClauseSink {
    /// Whether all clauses and assumptions (no constants) can hold at once.
    fn solve(&mut self, assumptions: &[Literal], stop: &Stop) -> Check;

    /// The value of a variable in the assignment found last.
    fn value(&self, variable: u32) -> bool;
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Gate {
    And(Box<[Literal]>),
    Xor(Literal, Literal),
    Mux(Literal, Literal, Literal),
    Majority(Literal, Literal, Literal),
}

/// Builds gates into a sink.
#[derive(Debug)]
pub struct Gates<S> {
    /// Where variables and clauses go.
    pub sink: S,
    known: FxHashMap<Gate, Literal>,
    size: Size,
}

impl<S: ClauseSink> Gates<S> {
    /// Without any gate yet.
    pub fn new(sink: S) -> Self {
        Self { sink, known: FxHashMap::default(), size: Size::default() }
    }

    /// Variables and clauses so far.
    pub fn size(&self) -> Size {
        self.size
    }

    /// A fresh unknown.
    pub fn fresh(&mut self) -> Literal {
        self.size.variables += 1;
        self.sink.new_variable()
    }

    /// Adds a clause, without constants, duplicates and tautologies.
    pub fn clause(&mut self, literals: &[Literal]) {
        let mut kept: Vec<Literal> = literals.iter().copied().filter(|&literal| literal != Literal::FALSE).collect();
        kept.sort_unstable();
        kept.dedup();
        let tautology = kept.windows(2).any(|pair| pair[0] == !pair[1]);
        if tautology || kept.first() == Some(&Literal::TRUE) {
            return;
        }
        self.size.clauses += 1;
        self.sink.clause(&kept);
    }

    /// Conjunction.
    pub fn and(&mut self, inputs: &[Literal]) -> Literal {
        let mut kept: Vec<Literal> = inputs.iter().copied().filter(|&literal| literal != Literal::TRUE).collect();
        kept.sort_unstable();
        kept.dedup();
        if kept.first() == Some(&Literal::FALSE) || kept.windows(2).any(|pair| pair[0] == !pair[1]) {
            return Literal::FALSE;
        }
        match kept.as_slice() {
            [] => return Literal::TRUE,
            [single] => return *single,
            _ => {}
        }
        let gate = Gate::And(kept.into());
        if let Some(&known) = self.known.get(&gate) {
            return known;
        }
        let output = self.fresh();
        let Gate::And(kept) = &gate else { unreachable!("just built") };
        let mut long: Vec<Literal> = kept.iter().map(|&input| !input).collect();
        long.push(output);
        for &input in kept.iter() {
            self.clause(&[!output, input]);
        }
        self.clause(&long);
        self.known.insert(gate, output);
        output
    }

    /// Disjunction.
    pub fn or(&mut self, inputs: &[Literal]) -> Literal {
        let negated: Vec<Literal> = inputs.iter().map(|&input| !input).collect();
        !self.and(&negated)
    }

    /// Exclusive disjunction.
    pub fn xor(&mut self, a: Literal, b: Literal) -> Literal {
        let flip = a.is_negated() != b.is_negated();
        let (a, b) = (a.flip(a.is_negated()), b.flip(b.is_negated()));
        let (a, b) = (a.min(b), a.max(b));
        if a == b {
            return Literal::FALSE.flip(flip);
        }
        if a == Literal::TRUE {
            return (!b).flip(flip);
        }
        let output = self.gate(Gate::Xor(a, b), |output| {
            [vec![!output, a, b], vec![!output, !a, !b], vec![output, !a, b], vec![output, a, !b]].into()
        });
        output.flip(flip)
    }

    /// Equality.
    pub fn iff(&mut self, a: Literal, b: Literal) -> Literal {
        !self.xor(a, b)
    }

    /// `if select then a else b`.
    pub fn mux(&mut self, select: Literal, a: Literal, b: Literal) -> Literal {
        if select.is_negated() {
            return self.mux(!select, b, a);
        }
        if select == Literal::TRUE || a == b {
            return a;
        }
        if a == !b {
            return self.iff(select, a);
        }
        if a == Literal::TRUE || a == select {
            return self.or(&[select, b]);
        }
        if a == Literal::FALSE || a == !select {
            return self.and(&[!select, b]);
        }
        if b == Literal::TRUE || b == !select {
            return self.or(&[!select, a]);
        }
        if b == Literal::FALSE || b == select {
            return self.and(&[select, a]);
        }
        let flip = a.is_negated();
        let (a, b) = (a.flip(flip), b.flip(flip));
        let output = self.gate(Gate::Mux(select, a, b), |output| {
            [
                vec![!select, !a, output],
                vec![!select, a, !output],
                vec![select, !b, output],
                vec![select, b, !output],
                // Implied, but they let the output follow from the branches alone.
                vec![!a, !b, output],
                vec![a, b, !output],
            ]
            .into()
        });
        output.flip(flip)
    }

    /// Whether at least two of three hold: the carry of an adder, the step of a comparison.
    pub fn majority(&mut self, a: Literal, b: Literal, c: Literal) -> Literal {
        let mut inputs = [a, b, c];
        inputs.sort_unstable();
        let [a, b, c] = inputs;
        if a == b || b == c {
            return b;
        }
        if a == !b {
            return c;
        }
        if b == !c {
            return a;
        }
        match a.as_constant() {
            Some(true) => return self.or(&[b, c]),
            Some(false) => return self.and(&[b, c]),
            None => {}
        }
        let flip = a.is_negated();
        let (a, b, c) = (a.flip(flip), b.flip(flip), c.flip(flip));
        let output = self.gate(Gate::Majority(a, b, c), |output| {
            [
                vec![!a, !b, output],
                vec![!a, !c, output],
                vec![!b, !c, output],
                vec![a, b, !output],
                vec![a, c, !output],
                vec![b, c, !output],
            ]
            .into()
        });
        output.flip(flip)
    }

    fn gate(&mut self, gate: Gate, clauses: impl FnOnce(Literal) -> Vec<Vec<Literal>>) -> Literal {
        if let Some(&known) = self.known.get(&gate) {
            return known;
        }
        let output = self.fresh();
        for clause in clauses(output) {
            self.clause(&clause);
        }
        self.known.insert(gate, output);
        output
    }
}
