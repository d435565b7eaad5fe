//! Terms with other terms in place of some that occur in them, in the current graph. A sum that is part of a larger sum does
//! not occur in it: sums are flat.

use super::build::make;
use super::{TermId, current};
use rustc_hash::FxHashMap;

/// What to put in place of what, and the images of terms met so far.
#[derive(Clone, Debug, Default)]
pub struct Substitution(FxHashMap<TermId, TermId>);

impl Substitution {
    /// Puts terms in place of others of the same sort.
    pub fn new(pairs: impl IntoIterator<Item = (TermId, TermId)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// Whether a term has another image than itself.
    pub fn changes(&mut self, term: TermId) -> bool {
        self.apply(term) != term
    }

    /// The image of a term.
    pub fn apply(&mut self, root: TermId) -> TermId {
        let mut open = vec![root];
        while let Some(&term) = open.last() {
            if self.0.contains_key(&term) {
                open.pop();
                continue;
            }
            let node = current(|dag| dag.node(term).clone());
            let before = open.len();
            node.for_each_operand(|operand| {
                if !self.0.contains_key(&operand) {
                    open.push(operand);
                }
            });
            if open.len() == before {
                let mut is_same = true;
                let image = node.map(|operand| {
                    let image = self.0[&operand];
                    is_same &= image == operand;
                    image
                });
                self.0.insert(term, if is_same { term } else { make(image) });
                open.pop();
            }
        }
        self.0[&root]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Dag, Int, Term, int_var, ite, within};

    #[test]
    fn a_term_is_replaced_wherever_it_occurs() {
        let ((), _) = within(Dag::default(), || {
            let (_, pods) = int_var("pods", 0, 5);
            let (_, seen) = int_var("seen", 0, 5);
            let missing = Int::from(5) - pods;
            let term = ite(pods.above(2), missing, missing.min(1));
            let mut substitution = Substitution::new([(pods.id(), seen.id())]);
            let expected = ite(seen.above(2), Int::from(5) - seen, (Int::from(5) - seen).min(1));
            assert_eq!(substitution.apply(term.id()), expected.id());
            assert!(!substitution.changes(seen.id()), "what was put in is not replaced again");
            let mut whole = Substitution::new([(missing.id(), Int::from(1).id())]);
            assert_eq!(whole.apply(term.id()), Int::from(1).id());
        });
    }
}
