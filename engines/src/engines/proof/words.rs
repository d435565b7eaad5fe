//! Terms in words: what a proof says, for people.

use kubound_encodings::term::{Dag, Node, TermId};

/// The text of a term, with the names of its variables.
pub fn words(dag: &Dag, term: TermId) -> String {
    spell(dag, term, 0)
}

/// Binding strength: 1 or, 2 and, 3 comparison, 4 sum, 5 product.
fn spell(dag: &Dag, term: TermId, outer: u8) -> String {
    let list = |ids: &[TermId], separator: &str, own: u8| {
        let parts: Vec<String> = ids.iter().map(|&id| spell(dag, id, own)).collect();
        (parts.join(separator), own)
    };
    let two = |a: &TermId, sign: &str, b: &TermId, own: u8| {
        (format!("{} {sign} {}", spell(dag, *a, own), spell(dag, *b, own)), own)
    };
    let call = |name: &str, ids: &[TermId]| {
        let parts: Vec<String> = ids.iter().map(|&id| spell(dag, id, 0)).collect();
        (format!("{name}({})", parts.join(", ")), 9)
    };
    let (text, own) = match dag.node(term) {
        Node::Bool(value) => (value.to_string(), 9),
        Node::Int(value) => (value.to_string(), 9),
        Node::Var(var) => (dag.vars()[var.index()].name.clone(), 9),
        Node::Primed(var) => (format!("{} afterwards", dag.vars()[var.index()].name), 9),
        Node::Choice(choice) => (dag.choices()[choice.index()].name.clone(), 9),
        Node::Not(a) => negated(dag, *a),
        Node::And(ids) => list(ids, " and ", 2),
        Node::Or(ids) => list(ids, " or ", 1),
        Node::Iff(a, b) => two(a, "exactly if", b, 3),
        Node::Ite(c, a, b) => {
            let (c, a, b) = (spell(dag, *c, 0), spell(dag, *a, 0), spell(dag, *b, 0));
            (format!("({a} if {c}, else {b})"), 9)
        }
        Node::Eq(a, b) => two(a, "=", b, 3),
        Node::Le(a, b) => two(a, "<=", b, 3),
        Node::Add(ids) => list(ids, " + ", 4),
        Node::Scale(-1, a) => (format!("-{}", spell(dag, *a, 5)), 5),
        Node::Scale(factor, a) => (format!("{factor} * {}", spell(dag, *a, 5)), 5),
        Node::Mul(a, b) => two(a, "*", b, 5),
        Node::Div(a, b) => two(a, "/", b, 6),
        Node::Rem(a, b) => two(a, "mod", b, 6),
        Node::Min(a, b) => call("min", &[*a, *b]),
        Node::Max(a, b) => call("max", &[*a, *b]),
        Node::Count(ids) => call("number of true ones of", ids),
        Node::Table(index, _) => call("table", &[*index]),
    };
    if own <= outer && own < 9 { format!("({text})") } else { text }
}

fn negated(dag: &Dag, term: TermId) -> (String, u8) {
    match dag.node(term) {
        Node::Eq(a, b) => (format!("{} differs from {}", spell(dag, *a, 3), spell(dag, *b, 3)), 3),
        Node::Le(a, b) => (format!("{} > {}", spell(dag, *a, 3), spell(dag, *b, 3)), 3),
        _ => (format!("not {}", spell(dag, term, 8)), 7),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubound_encodings::term::{Term, bool_var, int_var, within};

    #[test]
    fn terms_read_like_sentences() {
        let ((first, second), dag) = within(Dag::default(), || {
            let (a, b) = (int_var("pending", 0, 9).1, int_var("running", 0, 9).1);
            let up = bool_var("up").1;
            ((a + b * 2).at_most(7).id(), (!up | a.above(3)).id())
        });
        assert_eq!(words(&dag, first), "pending + 2 * running <= 7");
        let text = words(&dag, second);
        assert!(text.contains("not up") && text.contains(" or ") && text.contains("pending > 3"), "{text}");
    }
}
