//! The meaning of terms: a direct interpreter, slow and obvious, against which every other view is tested.

use super::dag::{Dag, Node, TermId};
use crate::stop::tick;

/// Values of variables before and after a step, and of choices; booleans are 0 and 1.
#[derive(Clone, Copy, Debug)]
pub struct Assignment<'a> {
    /// By `VarId`.
    pub vars: &'a [i64],
    /// By `VarId`; may be empty where no primed variable is read.
    pub primed: &'a [i64],
    /// By `ChoiceId`; may be empty where no choice is read.
    pub choices: &'a [i64],
}

/// Values of `roots` under `assignment`; booleans are 0 and 1.
///
/// Panics if a value leaves the static range of its term, or an input is missing: both are errors of the caller.
pub fn evaluate(dag: &Dag, roots: &[TermId], assignment: Assignment) -> Vec<i64> {
    evaluate_each(dag, roots, [assignment]).pop().unwrap_or_default()
}

/// The same under several assignments: what the values are made of is looked up once.
pub fn evaluate_each<'a>(
    dag: &Dag,
    roots: &[TermId],
    assignments: impl IntoIterator<Item = Assignment<'a>>,
) -> Vec<Vec<i64>> {
    let cone = dag.cone(roots.iter().copied());
    tick(1 + dag.len() / 16);
    let needed: Vec<usize> = (0..dag.len()).filter(|&index| cone[index]).collect();
    let mut values = vec![0_i64; dag.len()];
    let under = |assignment: Assignment| {
        tick(1 + needed.len() / 16);
        for &index in &needed {
            let id = TermId(index as u32);
            let value = apply(dag.node(id), &values, assignment);
            let range = dag.range(id);
            assert!(range.contains(value), "term {index} = {value} outside {range:?}: {:?}", dag.node(id));
            values[index] = value;
        }
        roots.iter().map(|root| values[root.index()]).collect()
    };
    assignments.into_iter().map(under).collect()
}

/// The value of one node, given the values of its operands by term index.
fn apply(node: &Node, values: &[i64], assignment: Assignment) -> i64 {
    let value = |id: &TermId| values[id.index()];
    match node {
        Node::Bool(constant) => i64::from(*constant),
        Node::Int(constant) => *constant,
        Node::Var(var) => assignment.vars[var.index()],
        Node::Primed(var) => assignment.primed[var.index()],
        Node::Choice(choice) => assignment.choices[choice.index()],
        Node::Not(a) => 1 - value(a),
        Node::And(list) => i64::from(list.iter().all(|id| value(id) == 1)),
        Node::Or(list) => i64::from(list.iter().any(|id| value(id) == 1)),
        Node::Iff(a, b) | Node::Eq(a, b) => i64::from(value(a) == value(b)),
        Node::Ite(c, a, b) => value(if value(c) == 1 { a } else { b }),
        Node::Le(a, b) => i64::from(value(a) <= value(b)),
        Node::Add(list) => list.iter().map(value).sum(),
        Node::Scale(factor, a) => factor * value(a),
        Node::Mul(a, b) => value(a) * value(b),
        Node::Div(a, b) => divide(value(a), value(b)),
        Node::Rem(a, b) => value(a) - value(b) * divide(value(a), value(b)),
        Node::Min(a, b) => value(a).min(value(b)),
        Node::Max(a, b) => value(a).max(value(b)),
        Node::Count(list) => list.iter().map(value).sum(),
        Node::Table(index, table) => table[value(index) as usize],
    }
}

/// Division as the IR defines it: 0 where the divisor is 0.
pub fn divide(dividend: i64, divisor: i64) -> i64 {
    if divisor == 0 { 0 } else { dividend / divisor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Term, int_var, within};

    #[test]
    fn each_assignment_is_evaluated_by_itself() {
        let (roots, dag) = within(Dag::default(), || {
            let ((_, a), (_, b)) = (int_var("a", 0, 9), int_var("b", 0, 9));
            [(a + b).id(), a.min(b).id()]
        });
        let states = [[3, 4], [9, 0], [3, 4]];
        let assignments = states.iter().map(|vars| Assignment { vars, primed: &[], choices: &[] });
        assert_eq!(evaluate_each(&dag, &roots, assignments), [[7, 3], [9, 0], [7, 3]]);
    }
}
