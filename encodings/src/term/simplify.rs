//! The one way into the graph: [`Dag::make`] simplifies a node locally, computes its sort and interns it.
//!
//! Rewrites only look at the operands, never deeper than two levels, and never need a fixpoint: operands are simple
//! already. Each keeps the value under every assignment within the declared ranges (held by a property test).

use super::dag::{Dag, Node, Sort, TermId};
use super::range::Range;
use crate::stop::tick;

impl Dag {
    /// Adds `node`, whose operands must be terms of this graph, and returns an equal, possibly simpler term.
    ///
    /// Panics when operands have the wrong sort or a dividend may be negative: errors of the caller.
    pub fn make(&mut self, node: Node) -> TermId {
        tick(1);
        match node {
            Node::Bool(_) => self.intern(node, Sort::Bool),
            Node::Int(value) => self.intern(node, Sort::Int(Range::point(value))),
            Node::Var(var) | Node::Primed(var) => {
                let sort = self.vars()[var.index()].sort;
                self.leaf(node, sort)
            }
            Node::Choice(choice) => {
                let sort = self.choices()[choice.index()].sort;
                self.leaf(node, sort)
            }
            Node::Not(a) => self.make_not(a),
            Node::And(list) => self.make_junction(list.into_vec(), true),
            Node::Or(list) => self.make_junction(list.into_vec(), false),
            Node::Iff(a, b) => self.make_iff(a, b),
            Node::Ite(c, a, b) => self.make_ite(c, a, b),
            Node::Eq(a, b) => self.make_eq(a, b),
            Node::Le(a, b) => self.make_le(a, b),
            Node::Add(list) => self.make_add(list.into_vec()),
            Node::Scale(factor, a) => self.make_scale(factor, a),
            Node::Mul(a, b) => self.make_mul(a, b),
            Node::Div(a, b) => self.make_div(a, b),
            Node::Rem(a, b) => self.make_rem(a, b),
            Node::Min(a, b) => self.make_extremum(a, b, true),
            Node::Max(a, b) => self.make_extremum(a, b, false),
            Node::Count(list) => self.make_count(list.into_vec()),
            Node::Table(index, values) => self.make_table(index, &values),
        }
    }

    /// A range of one value makes a leaf a constant.
    fn leaf(&mut self, node: Node, sort: Sort) -> TermId {
        match sort {
            Sort::Int(range) if range.constant().is_some() => self.int(range.lo),
            _ => self.intern(node, sort),
        }
    }

    fn bool(&mut self, value: bool) -> TermId {
        self.intern(Node::Bool(value), Sort::Bool)
    }

    fn int(&mut self, value: i64) -> TermId {
        self.intern(Node::Int(value), Sort::Int(Range::point(value)))
    }

    fn as_bool(&self, id: TermId) -> Option<bool> {
        if let Node::Bool(value) = self.node(id) { Some(*value) } else { None }
    }

    /// Range of an integer term; panics on a boolean.
    fn int_range(&self, id: TermId) -> Range {
        match self.sort(id) {
            Sort::Int(range) => range,
            Sort::Bool => panic!("integer expected, found a boolean term"),
        }
    }

    fn expect_bool(&self, id: TermId) {
        assert!(self.sort(id) == Sort::Bool, "boolean expected, found an integer term");
    }

    /// Interns an integer node; a range of one value makes it a constant, one beyond the limit marks the graph.
    fn int_node(&mut self, node: Node, lo: i128, hi: i128) -> TermId {
        match Range::checked(lo, hi) {
            Some(range) => match range.constant() {
                Some(value) => self.int(value),
                None => self.intern(node, Sort::Int(range)),
            },
            None => {
                self.report_overflow(format!("a value may reach {lo}..{hi}, beyond 2^60"));
                self.int(0)
            }
        }
    }

    fn make_not(&mut self, a: TermId) -> TermId {
        self.expect_bool(a);
        match *self.node(a) {
            Node::Bool(value) => self.bool(!value),
            Node::Not(inner) => inner,
            _ => self.intern(Node::Not(a), Sort::Bool),
        }
    }

    /// `And` (`conjunction`) or `Or`: flattened, sorted, without duplicates; complementary operands decide it.
    fn make_junction(&mut self, list: Vec<TermId>, conjunction: bool) -> TermId {
        let mut operands = Vec::with_capacity(list.len());
        for id in list {
            self.expect_bool(id);
            match self.node(id) {
                Node::Bool(value) if *value == conjunction => {}
                Node::Bool(_) => return self.bool(!conjunction),
                Node::And(inner) if conjunction => operands.extend_from_slice(inner),
                Node::Or(inner) if !conjunction => operands.extend_from_slice(inner),
                _ => operands.push(id),
            }
        }
        operands.sort_unstable();
        operands.dedup();
        let contradicts = operands.iter().any(|&id| match self.node(id) {
            Node::Not(inner) => operands.binary_search(inner).is_ok(),
            _ => false,
        });
        match operands.as_slice() {
            _ if contradicts => self.bool(!conjunction),
            [] => self.bool(conjunction),
            [single] => *single,
            _ if conjunction => self.intern(Node::And(operands.into()), Sort::Bool),
            _ => self.intern(Node::Or(operands.into()), Sort::Bool),
        }
    }

    fn make_iff(&mut self, a: TermId, b: TermId) -> TermId {
        self.expect_bool(a);
        self.expect_bool(b);
        match (self.as_bool(a), self.as_bool(b)) {
            _ if a == b => self.bool(true),
            (Some(true), _) => b,
            (_, Some(true)) => a,
            (Some(false), _) => self.make_not(b),
            (_, Some(false)) => self.make_not(a),
            _ => self.intern(Node::Iff(a.min(b), a.max(b)), Sort::Bool),
        }
    }

    fn make_ite(&mut self, c: TermId, a: TermId, b: TermId) -> TermId {
        self.expect_bool(c);
        if a == b || self.as_bool(c) == Some(true) {
            return a;
        }
        if self.as_bool(c) == Some(false) {
            return b;
        }
        if let Node::Not(inner) = *self.node(c) {
            return self.make_ite(inner, b, a);
        }
        match (self.sort(a), self.sort(b)) {
            (Sort::Int(first), Sort::Int(second)) => {
                let hull = first.hull(second);
                self.intern(Node::Ite(c, a, b), Sort::Int(hull))
            }
            (Sort::Bool, Sort::Bool) => match (self.as_bool(a), self.as_bool(b)) {
                (Some(true), _) => self.make_junction(vec![c, b], false),
                (Some(false), _) => {
                    let negated = self.make_not(c);
                    self.make_junction(vec![negated, b], true)
                }
                (_, Some(true)) => {
                    let negated = self.make_not(c);
                    self.make_junction(vec![negated, a], false)
                }
                (_, Some(false)) => self.make_junction(vec![c, a], true),
                _ => self.intern(Node::Ite(c, a, b), Sort::Bool),
            },
            _ => panic!("branches of different sorts"),
        }
    }

    fn make_eq(&mut self, a: TermId, b: TermId) -> TermId {
        let (first, second) = (self.int_range(a), self.int_range(b));
        if a == b {
            return self.bool(true);
        }
        if first.hi < second.lo || second.hi < first.lo {
            return self.bool(false);
        }
        if let (Some(x), Some(y)) = (first.constant(), second.constant()) {
            return self.bool(x == y);
        }
        // Equality with a bound of the range is a comparison, which is cheaper in every view.
        for (term, range, other) in [(a, first, second), (b, second, first)] {
            if let Some(value) = other.constant() {
                if let Node::Scale(factor, inner) = *self.node(term) {
                    if value % factor != 0 {
                        return self.bool(false);
                    }
                    let quotient = self.int(value / factor);
                    return self.make_eq(inner, quotient);
                }
                let constant = self.int(value);
                if value == range.lo {
                    return self.make_le(term, constant);
                }
                if value == range.hi {
                    return self.make_le(constant, term);
                }
            }
        }
        self.intern(Node::Eq(a.min(b), a.max(b)), Sort::Bool)
    }

    fn make_le(&mut self, a: TermId, b: TermId) -> TermId {
        let (first, second) = (self.int_range(a), self.int_range(b));
        if a == b || first.hi <= second.lo {
            return self.bool(true);
        }
        if first.lo > second.hi {
            return self.bool(false);
        }
        if let Some(simpler) = second.constant().and_then(|value| self.le_constant(a, value)) {
            return simpler;
        }
        if let Some(simpler) = first.constant().and_then(|value| self.constant_le(value, b)) {
            return simpler;
        }
        self.intern(Node::Le(a, b), Sort::Bool)
    }

    /// `a <= value`, where constants and a positive factor can be moved to the right.
    fn le_constant(&mut self, a: TermId, value: i64) -> Option<TermId> {
        let (inner, bound) = match self.node(a).clone() {
            Node::Scale(factor, inner) if factor > 0 => (inner, value.div_euclid(factor)),
            Node::Scale(factor, inner) => {
                // -f·x <= v  ⇔  x >= ceil(-v / f)
                let least = -(value.div_euclid(-factor));
                let constant = self.int(least);
                return Some(self.make_le(constant, inner));
            }
            Node::Add(list) => {
                let (constant, rest) = self.split_constant(&list)?;
                (rest, value - constant)
            }
            // A constant among the two that decided it would have done so by its range.
            Node::Min(x, y) | Node::Max(x, y) => (self.beside_constant(x, y)?, value),
            _ => return None,
        };
        let bound = self.int(bound);
        Some(self.make_le(inner, bound))
    }

    /// `value <= b`, likewise.
    fn constant_le(&mut self, value: i64, b: TermId) -> Option<TermId> {
        let (inner, bound) = match self.node(b).clone() {
            Node::Scale(factor, inner) if factor > 0 => (inner, -((-value).div_euclid(factor))),
            Node::Scale(factor, inner) => {
                // v <= -f·x  ⇔  x <= floor(-v / f)
                let most = (-value).div_euclid(-factor);
                let constant = self.int(most);
                return Some(self.make_le(inner, constant));
            }
            Node::Add(list) => {
                let (constant, rest) = self.split_constant(&list)?;
                (rest, value - constant)
            }
            Node::Min(x, y) | Node::Max(x, y) => (self.beside_constant(x, y)?, value),
            _ => return None,
        };
        let bound = self.int(bound);
        Some(self.make_le(bound, inner))
    }

    /// The one of two terms beside a constant.
    fn beside_constant(&self, a: TermId, b: TermId) -> Option<TermId> {
        match (self.node(a), self.node(b)) {
            (Node::Int(_), _) => Some(b),
            (_, Node::Int(_)) => Some(a),
            _ => None,
        }
    }

    /// Splits a sum into its constant operand and the sum of the others.
    fn split_constant(&mut self, list: &[TermId]) -> Option<(i64, TermId)> {
        let position = list.iter().position(|&id| matches!(self.node(id), Node::Int(_)))?;
        let Node::Int(constant) = *self.node(list[position]) else { unreachable!("just matched") };
        let rest = list.iter().enumerate().filter(|&(index, _)| index != position).map(|(_, &id)| id).collect();
        Some((constant, self.make_add(rest)))
    }

    /// Sums are flattened; equal operands are collected into one `Scale`; one constant at most.
    fn make_add(&mut self, list: Vec<TermId>) -> TermId {
        let mut constant: i128 = 0;
        let mut parts: Vec<(TermId, i64)> = Vec::with_capacity(list.len());
        let mut stack: Vec<(TermId, i64)> = list.into_iter().rev().map(|id| (id, 1)).collect();
        while let Some((id, factor)) = stack.pop() {
            match self.node(id) {
                Node::Int(value) => constant += i128::from(*value) * i128::from(factor),
                Node::Add(inner) => stack.extend(inner.iter().rev().map(|&operand| (operand, factor))),
                Node::Scale(inner_factor, inner) => match factor.checked_mul(*inner_factor) {
                    Some(product) if matches!(self.node(*inner), Node::Add(_)) => stack.push((*inner, product)),
                    Some(product) => parts.push((*inner, product)),
                    None => parts.push((id, factor)),
                },
                _ => parts.push((id, factor)),
            }
        }
        parts.sort_unstable();
        let mut merged: Vec<(TermId, i64)> = Vec::with_capacity(parts.len());
        for (id, factor) in parts {
            match merged.last_mut() {
                Some((last, total)) if *last == id => *total = total.saturating_add(factor),
                _ => merged.push((id, factor)),
            }
        }
        let mut operands: Vec<TermId> = Vec::with_capacity(merged.len() + 1);
        let (mut lo, mut hi) = (constant, constant);
        for (id, factor) in merged {
            if factor != 0 {
                let scaled = self.make_scale(factor, id);
                let range = self.int_range(scaled);
                lo += i128::from(range.lo);
                hi += i128::from(range.hi);
                operands.push(scaled);
            }
        }
        if operands.is_empty() || constant != 0 {
            let Some(range) = Range::checked(constant, constant) else {
                self.report_overflow(format!("a constant sum of {constant}, beyond 2^60"));
                return self.int(0);
            };
            let constant = self.int(range.lo);
            operands.push(constant);
        }
        if let [single] = operands.as_slice() {
            return *single;
        }
        operands.sort_unstable();
        self.int_node(Node::Add(operands.into()), lo, hi)
    }

    fn make_scale(&mut self, factor: i64, a: TermId) -> TermId {
        let range = self.int_range(a);
        match (factor, self.node(a).clone()) {
            (0, _) => return self.int(0),
            (1, _) => return a,
            (_, Node::Scale(inner_factor, inner)) => {
                if let Some(product) = factor.checked_mul(inner_factor) {
                    return self.make_scale(product, inner);
                }
            }
            _ => {}
        }
        let ends = [i128::from(range.lo) * i128::from(factor), i128::from(range.hi) * i128::from(factor)];
        self.int_node(Node::Scale(factor, a), ends[0].min(ends[1]), ends[0].max(ends[1]))
    }

    fn make_mul(&mut self, a: TermId, b: TermId) -> TermId {
        let (first, second) = (self.int_range(a), self.int_range(b));
        if let Some(factor) = first.constant() {
            return self.make_scale(factor, b);
        }
        if let Some(factor) = second.constant() {
            return self.make_scale(factor, a);
        }
        let products = [first.lo, first.hi].map(|x| [second.lo, second.hi].map(|y| i128::from(x) * i128::from(y)));
        let flat = [products[0][0], products[0][1], products[1][0], products[1][1]];
        let (lo, hi) = (*flat.iter().min().expect("four"), *flat.iter().max().expect("four"));
        self.int_node(Node::Mul(a.min(b), a.max(b)), lo, hi)
    }

    /// Ranges of a division; panics unless both operands are statically non-negative.
    fn division_ranges(&self, a: TermId, b: TermId) -> (Range, Range) {
        let (dividend, divisor) = (self.int_range(a), self.int_range(b));
        assert!(dividend.lo >= 0 && divisor.lo >= 0, "division of possibly negative values");
        (dividend, divisor)
    }

    fn make_div(&mut self, a: TermId, b: TermId) -> TermId {
        let (dividend, divisor) = self.division_ranges(a, b);
        match (dividend.constant(), divisor.constant()) {
            (_, Some(1)) => return a,
            (_, Some(0)) | (Some(0), _) => return self.int(0),
            (Some(x), Some(y)) => return self.int(x / y),
            _ => {}
        }
        let lo = if divisor.lo == 0 { 0 } else { dividend.lo / divisor.hi };
        let hi = dividend.hi / divisor.lo.max(1);
        self.int_node(Node::Div(a, b), lo.into(), hi.into())
    }

    fn make_rem(&mut self, a: TermId, b: TermId) -> TermId {
        let (dividend, divisor) = self.division_ranges(a, b);
        match (dividend.constant(), divisor.constant()) {
            (_, Some(1)) => return self.int(0),
            (_, Some(0)) => return a,
            (Some(x), Some(y)) => return self.int(x % y),
            _ if divisor.lo > dividend.hi => return a,
            _ => {}
        }
        // Where the divisor may be 0 the remainder may be the whole dividend.
        let hi = if divisor.lo == 0 { dividend.hi } else { dividend.hi.min(divisor.hi - 1) };
        self.int_node(Node::Rem(a, b), 0, hi.into())
    }

    fn make_extremum(&mut self, a: TermId, b: TermId, smaller: bool) -> TermId {
        let (first, second) = (self.int_range(a), self.int_range(b));
        if a == b || (if smaller { first.hi <= second.lo } else { first.lo >= second.hi }) {
            return a;
        }
        if if smaller { second.hi <= first.lo } else { second.lo >= first.hi } {
            return b;
        }
        let (x, y) = (a.min(b), a.max(b));
        if smaller {
            self.int_node(Node::Min(x, y), first.lo.min(second.lo).into(), first.hi.min(second.hi).into())
        } else {
            self.int_node(Node::Max(x, y), first.lo.max(second.lo).into(), first.hi.max(second.hi).into())
        }
    }

    fn make_count(&mut self, list: Vec<TermId>) -> TermId {
        let mut constant = 0;
        let mut operands = Vec::with_capacity(list.len());
        for id in list {
            self.expect_bool(id);
            match self.node(id) {
                Node::Bool(value) => constant += i64::from(*value),
                _ => operands.push(id),
            }
        }
        operands.sort_unstable();
        let counted = match operands.as_slice() {
            [] => return self.int(constant),
            [single] => {
                let (one, zero) = (self.int(1), self.int(0));
                self.make_ite(*single, one, zero)
            }
            _ => {
                let most = operands.len() as i128;
                self.int_node(Node::Count(operands.into()), 0, most)
            }
        };
        let constant = self.int(constant);
        self.make_add(vec![counted, constant])
    }

    fn make_table(&mut self, index: TermId, values: &[i64]) -> TermId {
        let range = self.int_range(index);
        assert!(
            range.lo >= 0 && (range.hi as u64) < values.len() as u64,
            "index {}..{} outside a table of {}",
            range.lo,
            range.hi,
            values.len()
        );
        if let Some(value) = range.constant() {
            return self.int(values[value as usize]);
        }
        let used = &values[range.lo as usize..=range.hi as usize];
        let (lo, hi) = (used.iter().min().expect("not empty"), used.iter().max().expect("not empty"));
        let step = used[1] - used[0];
        if used.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(step)) {
            // A linear table is arithmetic.
            let scaled = self.make_scale(step, index);
            let offset = self.int(used[0] - step * range.lo);
            return self.make_add(vec![scaled, offset]);
        }
        let (lo, hi) = (i128::from(*lo), i128::from(*hi));
        self.int_node(Node::Table(index, values[..=range.hi as usize].into()), lo, hi)
    }
}
