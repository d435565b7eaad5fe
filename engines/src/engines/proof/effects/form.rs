//! Integer terms as linear forms, and what a guard says about them.

use crate::passes::{Literal, conjuncts};
use kubound_encodings::stop::tick;
use kubound_encodings::term::{Dag, Node, Range, Sort, TermId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `sum of factor * atom, plus constant`; atoms are terms that are not sums themselves. A condition counts as 0 or 1.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Form {
    /// The factor of each atom, none of them 0. Forms are copied often, and rarely changed.
    pub parts: Arc<BTreeMap<TermId, i64>>,
    /// The constant.
    pub constant: i64,
}

impl Form {
    /// The form of a term; `None` if factors grow out of bounds.
    pub fn of(dag: &Dag, term: TermId) -> Option<Self> {
        let mut form = Self::default();
        form.add(dag, term, 1)?;
        Some(form)
    }

    /// Adds a multiple of a term.
    pub fn add(&mut self, dag: &Dag, term: TermId, factor: i64) -> Option<()> {
        let mut left = vec![(term, factor)];
        while let Some((term, factor)) = left.pop() {
            match dag.node(term) {
                Node::Int(value) => self.constant = self.constant.checked_add(value.checked_mul(factor)?)?,
                Node::Bool(value) => self.constant = self.constant.checked_add(i64::from(*value) * factor)?,
                Node::Add(list) => left.extend(list.iter().map(|&one| (one, factor))),
                Node::Scale(by, inner) => left.push((*inner, factor.checked_mul(*by)?)),
                Node::Not(inner) => {
                    self.constant = self.constant.checked_add(factor)?;
                    left.push((*inner, -factor));
                }
                _ => self.add_atom(term, factor)?,
            }
        }
        Some(())
    }

    /// Adds a multiple of an atom.
    pub fn add_atom(&mut self, atom: TermId, factor: i64) -> Option<()> {
        let parts = Arc::make_mut(&mut self.parts);
        let sum = parts.entry(atom).or_default();
        *sum = sum.checked_add(factor)?;
        if *sum == 0 {
            parts.remove(&atom);
        }
        Some(())
    }

    /// The same with every factor and the constant multiplied.
    pub fn times(&self, factor: i64) -> Option<Self> {
        let parts = self.parts.iter().map(|(&atom, &one)| Some((atom, one.checked_mul(factor)?)));
        Some(Self { parts: Arc::new(parts.collect::<Option<_>>()?), constant: self.constant.checked_mul(factor)? })
    }

    /// The sum of two forms.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let mut sum = self.clone();
        sum.add_form(other)?;
        Some(sum)
    }

    /// Adds a form.
    pub fn add_form(&mut self, other: &Self) -> Option<()> {
        other.parts.iter().try_for_each(|(&atom, &factor)| self.add_atom(atom, factor))?;
        self.constant = self.constant.checked_add(other.constant)?;
        Some(())
    }
}

/// Calls `visit` on each term that a term is made of, each once, until it refuses one; whether it refused none.
pub fn each_term(dag: &Dag, root: TermId, mut visit: impl FnMut(&Node) -> bool) -> bool {
    let (mut seen, mut left) = (FxHashSet::default(), vec![root]);
    while let Some(id) = left.pop() {
        if seen.insert(id) {
            let node = dag.node(id);
            if !visit(node) {
                return false;
            }
            node.for_each_operand(|operand| left.push(operand));
        }
    }
    true
}

/// The term of a constant and some multiples of terms.
pub fn total(dag: &mut Dag, constant: i64, multiples: impl IntoIterator<Item = (TermId, i64)>) -> TermId {
    // A sum has at least two operands.
    let mut parts = vec![dag.make(Node::Int(constant)), dag.make(Node::Int(0))];
    parts.extend(multiples.into_iter().map(|(term, factor)| dag.make(Node::Scale(factor, term))));
    dag.make(Node::Add(parts.into()))
}

/// The forms that are at most 0 where a literal holds.
pub fn inequalities(dag: &Dag, (term, negated): Literal) -> Vec<Form> {
    let difference = |a: TermId, b: TermId| {
        let mut form = Form::of(dag, a)?;
        form.add(dag, b, -1)?;
        Some(form)
    };
    let found = match (dag.node(term), negated) {
        (Node::Le(a, b), false) => vec![difference(*a, *b)],
        (Node::Le(a, b), true) => {
            vec![difference(*b, *a).map(|form| Form { constant: form.constant.saturating_add(1), ..form })]
        }
        (Node::Eq(a, b), false) => vec![difference(*a, *b), difference(*b, *a)],
        _ if dag.sort(term) == Sort::Bool => {
            let mut form = Form::default();
            let wanted = if negated { form.add_atom(term, 1) } else { form.add_atom(term, -1) };
            form.constant = i64::from(!negated);
            vec![wanted.map(|()| form)]
        }
        _ => Vec::new(),
    };
    found.into_iter().flatten().collect()
}

/// Two numbers differ where one of these is at most 0: the first is less, or the second is.
pub fn apart(dag: &Dag, a: TermId, b: TermId) -> Option<[Form; 2]> {
    let less = |a: TermId, b: TermId| {
        let mut form = Form::of(dag, a)?;
        form.add(dag, b, -1)?;
        Some(Form { constant: form.constant.checked_add(1)?, ..form })
    };
    Some([less(a, b)?, less(b, a)?])
}

/// What is known of atoms and forms where some conditions hold.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    dag: &'a Dag,
    /// Forms that are at most 0.
    below: Vec<Form>,
    /// What forms of one atom say.
    alone: FxHashMap<TermId, Range>,
    /// What all of them say, as far as somebody has asked.
    known: RefCell<FxHashMap<TermId, Range>>,
    /// Of several atoms: which forms speak of an atom, once somebody has asked.
    about: OnceCell<FxHashMap<TermId, Vec<u32>>>,
}

impl<'a> Facts<'a> {
    /// Those of the conjuncts of conditions, and further forms that are at most 0.
    pub fn new(dag: &'a Dag, conditions: &[TermId], more: &[Form]) -> Self {
        let literals = conditions.iter().flat_map(|&one| conjuncts(dag, (one, false)));
        let mut below: Vec<Form> = literals.flat_map(|literal| inequalities(dag, literal)).collect();
        below.extend(more.iter().cloned());
        tick(1 + below.len() / 8);
        let mut facts =
            Self { dag, below, alone: FxHashMap::default(), known: RefCell::default(), about: OnceCell::new() };
        for form in &facts.below {
            if let Some((&atom, &factor)) = form.parts.first_key_value().filter(|_| form.parts.len() == 1) {
                let known = facts.alone.get(&atom).copied().unwrap_or_else(|| dag.sort(atom).range());
                facts.alone.insert(atom, narrowed(known, factor, i128::from(form.constant)));
            }
        }
        facts
    }

    /// The range of an atom as forms of this atom alone bound it.
    fn alone(&self, atom: TermId) -> Range {
        self.alone.get(&atom).copied().unwrap_or_else(|| self.dag.sort(atom).range())
    }

    fn least(factor: i64, range: Range) -> i128 {
        i128::from(if factor > 0 { range.lo } else { range.hi }) * i128::from(factor)
    }

    /// The forms of several atoms that speak of an atom.
    fn about(&self, atom: TermId) -> impl Iterator<Item = &Form> {
        let about = self.about.get_or_init(|| {
            let mut about: FxHashMap<TermId, Vec<u32>> = FxHashMap::default();
            for (index, form) in self.below.iter().enumerate().filter(|(_, form)| form.parts.len() > 1) {
                tick(1 + form.parts.len() / 8);
                form.parts.keys().for_each(|&atom| about.entry(atom).or_default().push(index as u32));
            }
            about
        });
        about.get(&atom).into_iter().flatten().map(|&index| &self.below[index as usize])
    }

    /// The range of an atom.
    pub fn atom(&self, atom: TermId) -> Range {
        if let Some(&known) = self.known.borrow().get(&atom) {
            return known;
        }
        let mut range = self.alone(atom);
        for form in self.about(atom) {
            let factor = form.parts[&atom];
            let others = form.parts.iter().filter(|&(&other, _)| other != atom);
            let others: i128 = others.map(|(&other, &factor)| Self::least(factor, self.alone(other))).sum();
            range = narrowed(range, factor, others + i128::from(form.constant));
        }
        let range = self.by_operands(atom, range);
        self.known.borrow_mut().insert(atom, range);
        range
    }

    /// The range of the larger or smaller of two numbers, from what is known of them.
    fn by_operands(&self, atom: TermId, known: Range) -> Range {
        let (a, b, is_max) = match *self.dag.node(atom) {
            Node::Max(a, b) => (a, b, true),
            Node::Min(a, b) => (a, b, false),
            _ => return known,
        };
        let (Some(a), Some(b)) = (Form::of(self.dag, a), Form::of(self.dag, b)) else { return known };
        let (a, b) = (self.form(&a), self.form(&b));
        let (lo, hi) = if is_max { (a.0.max(b.0), a.1.max(b.1)) } else { (a.0.min(b.0), a.1.min(b.1)) };
        let lo = i64::try_from(lo).map_or(known.lo, |lo| lo.max(known.lo));
        let hi = i64::try_from(hi).map_or(known.hi, |hi| hi.min(known.hi));
        if lo <= hi { Range { lo, hi } } else { known }
    }

    /// Whether ranges alone show that the facts exclude each other.
    pub fn contradictory(&self) -> bool {
        self.below.iter().any(|form| self.form(form).0 > 0)
    }

    /// Smallest and largest value of a form.
    pub fn form(&self, form: &Form) -> (i128, i128) {
        let constant = i128::from(form.constant);
        let (mut lo, mut hi) = (constant, constant);
        for (&atom, &factor) in form.parts.iter() {
            let range = self.atom(atom);
            lo += Self::least(factor, range);
            hi -= Self::least(-factor, range);
        }
        tick(1 + form.parts.len() / 8);
        let first = form.parts.keys().next().filter(|_| form.parts.len() > 1);
        for known in first.into_iter().flat_map(|&atom| self.about(atom)) {
            // known <= 0, and this form is known, or its opposite, plus a constant.
            let between = constant - i128::from(known.constant);
            if known.parts == form.parts {
                hi = hi.min(between);
            }
            let opposite = known.parts.len() == form.parts.len()
                && known.parts.iter().all(|(atom, &factor)| form.parts.get(atom) == Some(&-factor));
            if opposite {
                lo = lo.max(constant + i128::from(known.constant));
            }
        }
        (lo, hi)
    }
}

/// A range of which `factor * atom + others` is at most 0 as well; the same if that leaves nothing.
fn narrowed(mut range: Range, factor: i64, others: i128) -> Range {
    let (before, factor) = (range, i128::from(factor));
    let limit = if factor > 0 { (-others).div_euclid(factor) } else { -(-others).div_euclid(-factor) };
    match i64::try_from(limit) {
        Ok(limit) if factor > 0 => range.hi = range.hi.min(limit),
        Ok(limit) => range.lo = range.lo.max(limit),
        Err(_) => {}
    }
    if range.lo <= range.hi { range } else { before }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubound_encodings::term::{Term, int_var, within};

    #[test]
    fn sums_become_forms_and_what_cancels_is_gone() {
        let ((term, a), dag) = within(Dag::default(), || {
            let ((_, a), (_, b)) = (int_var("a", 0, 9), int_var("b", 0, 9));
            (((a + b) * 3 - b * 3 + 2).id(), a.id())
        });
        let form = Form::of(&dag, term).expect("small factors");
        assert_eq!((&*form.parts, form.constant), (&BTreeMap::from([(a, 3)]), 2));
    }

    #[test]
    fn a_guard_bounds_atoms_and_what_it_compares() {
        let ((guard, amount, sum), dag) = within(Dag::default(), || {
            let ((_, wanted), (_, a), (_, b)) = (int_var("wanted", 0, 9), int_var("a", 0, 9), int_var("b", 0, 9));
            let amount = (wanted - a - b).max(0);
            (((a + b).below(wanted) & a.at_least(2)).id(), amount.id(), (a + b).id())
        });
        let facts = Facts::new(&dag, &[guard], &[]);
        assert_eq!(facts.atom(amount), Range::new(1, 9 - 2));
        let sum = Form::of(&dag, sum).expect("small factors");
        assert_eq!(facts.form(&sum), (2, 14), "each is at most what the guard leaves beside the other");
    }

    #[test]
    fn contradictory_guards_leave_a_range() {
        let ((guards, a), dag) = within(Dag::default(), || {
            let (_, a) = int_var("a", 0, 9);
            ([a.at_least(5).id(), a.at_most(3).id()], a.id())
        });
        let range = Facts::new(&dag, &guards, &[]).atom(a);
        assert!(range.lo <= range.hi, "{range:?}");
    }
}
