//! The hash-consed graph of terms: data only. Building is in `build`, rewriting in `simplify`, meaning in `eval`.

use super::range::Range;
use crate::stop::tick;
use crate::subject::{Names, Subject};
use rustc_hash::FxHashMap;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// The dense index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(
    /// A term of a [`Dag`]; operands always have smaller ids than the terms that use them.
    TermId
);
index!(
    /// A state variable of a [`Dag`].
    VarId
);
index!(
    /// A choice: a value that the environment or a tie picks while a rule fires.
    ChoiceId
);

/// The sort of a term.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sort {
    /// Truth values; stored as 0 and 1 by the evaluators.
    Bool,
    /// Integers of a static range.
    Int(Range),
}

impl Sort {
    /// The range of values as the evaluators store them.
    pub fn range(self) -> Range {
        match self {
            Sort::Bool => Range { lo: 0, hi: 1 },
            Sort::Int(range) => range,
        }
    }
}

/// A node of the graph. `And`, `Or`, `Add` and `Count` have at least two operands.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// Truth constant.
    Bool(bool),
    /// Integer constant.
    Int(i64),
    /// Value of a state variable before the step.
    Var(VarId),
    /// Value of a state variable after the step; only in monitors and transition predicates.
    Primed(VarId),
    /// Value of a choice; only in constraints and updates of the rule that owns it.
    Choice(ChoiceId),
    /// Negation.
    Not(TermId),
    /// Conjunction.
    And(Box<[TermId]>),
    /// Disjunction.
    Or(Box<[TermId]>),
    /// Equality of two booleans.
    Iff(TermId, TermId),
    /// `if condition then a else b`, of either sort.
    Ite(TermId, TermId, TermId),
    /// Equality of two integers.
    Eq(TermId, TermId),
    /// `a <= b`.
    Le(TermId, TermId),
    /// Sum.
    Add(Box<[TermId]>),
    /// Product with a constant.
    Scale(i64, TermId),
    /// Product.
    Mul(TermId, TermId),
    /// Quotient rounded down of a non-negative dividend by a non-negative divisor; 0 where the divisor is 0.
    Div(TermId, TermId),
    /// `a - b * Div(a, b)`, hence `a` where the divisor is 0.
    Rem(TermId, TermId),
    /// Smaller of two integers.
    Min(TermId, TermId),
    /// Larger of two integers.
    Max(TermId, TermId),
    /// How many of the operands are true.
    Count(Box<[TermId]>),
    /// Entry of a constant table; the range of the index lies within the table.
    Table(TermId, Box<[i64]>),
}

impl Node {
    /// Calls `visit` on every operand, in order.
    pub fn for_each_operand(&self, mut visit: impl FnMut(TermId)) {
        match self {
            Node::Bool(_) | Node::Int(_) | Node::Var(_) | Node::Primed(_) | Node::Choice(_) => {}
            Node::Not(a) | Node::Scale(_, a) | Node::Table(a, _) => visit(*a),
            Node::And(list) | Node::Or(list) | Node::Add(list) | Node::Count(list) => {
                list.iter().copied().for_each(visit)
            }
            Node::Iff(a, b)
            | Node::Eq(a, b)
            | Node::Le(a, b)
            | Node::Mul(a, b)
            | Node::Div(a, b)
            | Node::Rem(a, b)
            | Node::Min(a, b)
            | Node::Max(a, b) => {
                visit(*a);
                visit(*b);
            }
            Node::Ite(c, a, b) => {
                visit(*c);
                visit(*a);
                visit(*b);
            }
        }
    }
}

impl Node {
    /// The same operation on other operands; leaves stay as they are.
    pub fn map(&self, mut to: impl FnMut(TermId) -> TermId) -> Node {
        let mut all = |list: &[TermId]| list.iter().map(|&id| to(id)).collect();
        match self {
            Node::Bool(_) | Node::Int(_) | Node::Var(_) | Node::Primed(_) | Node::Choice(_) => self.clone(),
            Node::And(list) => Node::And(all(list)),
            Node::Or(list) => Node::Or(all(list)),
            Node::Add(list) => Node::Add(all(list)),
            Node::Count(list) => Node::Count(all(list)),
            Node::Not(a) => Node::Not(to(*a)),
            Node::Iff(a, b) => Node::Iff(to(*a), to(*b)),
            Node::Ite(c, a, b) => Node::Ite(to(*c), to(*a), to(*b)),
            Node::Eq(a, b) => Node::Eq(to(*a), to(*b)),
            Node::Le(a, b) => Node::Le(to(*a), to(*b)),
            Node::Scale(factor, a) => Node::Scale(*factor, to(*a)),
            Node::Mul(a, b) => Node::Mul(to(*a), to(*b)),
            Node::Div(a, b) => Node::Div(to(*a), to(*b)),
            Node::Rem(a, b) => Node::Rem(to(*a), to(*b)),
            Node::Min(a, b) => Node::Min(to(*a), to(*b)),
            Node::Max(a, b) => Node::Max(to(*a), to(*b)),
            Node::Table(index, values) => Node::Table(to(*index), values.clone()),
        }
    }
}

/// A state variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VarDecl {
    /// What it is about.
    pub subject: Subject,
    /// Name in Kubernetes' words, e.g. `running[default/web][spot-0]`; unique, printed from the subject.
    pub name: String,
    /// Sort, with the range of an integer.
    pub sort: Sort,
}

impl VarDecl {
    /// A variable of a sort.
    pub fn new(subject: impl Into<Subject>, sort: Sort) -> Self {
        let subject = subject.into();
        Self { name: Names::default().variable(&subject), subject, sort }
    }
}

/// A choice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChoiceDecl {
    /// What is chosen.
    pub subject: Subject,
    /// Name, for traces; unique within a rule, printed from the subject.
    pub name: String,
    /// Sort, with the range of an integer.
    pub sort: Sort,
}

/// A graph of terms with the variables and choices they mention.
#[derive(Clone, Default, Debug)]
pub struct Dag {
    nodes: Vec<Node>,
    sorts: Vec<Sort>,
    interned: FxHashMap<Node, TermId>,
    vars: Vec<VarDecl>,
    choices: Vec<ChoiceDecl>,
    overflow: Option<String>,
}

impl Dag {
    /// A graph without terms that has these variables and choices.
    pub fn declaring(vars: Vec<VarDecl>, choices: Vec<ChoiceDecl>) -> Self {
        Self { vars, choices, ..Self::default() }
    }

    /// The node of a term.
    pub fn node(&self, id: TermId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The sort of a term.
    pub fn sort(&self, id: TermId) -> Sort {
        self.sorts[id.index()]
    }

    /// The range of a term as the evaluators store it (0..1 for booleans).
    pub fn range(&self, id: TermId) -> Range {
        self.sort(id).range()
    }

    /// Number of terms; ids are `0..len`.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the graph has no term.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The state variables, by [`VarId`].
    pub fn vars(&self) -> &[VarDecl] {
        &self.vars
    }

    /// The choices, by [`ChoiceId`].
    pub fn choices(&self) -> &[ChoiceDecl] {
        &self.choices
    }

    /// The term whose range left ±2^60, if any did: the system must then be refused.
    pub fn overflow(&self) -> Option<&str> {
        self.overflow.as_deref()
    }

    pub(crate) fn intern(&mut self, node: Node, sort: Sort) -> TermId {
        if let Some(&id) = self.interned.get(&node) {
            return id;
        }
        let id = TermId(u32::try_from(self.nodes.len()).expect("more than 2^32 terms"));
        self.nodes.push(node.clone());
        self.sorts.push(sort);
        self.interned.insert(node, id);
        id
    }

    pub(crate) fn declare_var(&mut self, subject: Subject, sort: Sort) -> VarId {
        self.declare(VarDecl::new(subject, sort))
    }

    /// Declares one more variable.
    pub fn declare(&mut self, decl: VarDecl) -> VarId {
        self.vars.push(decl);
        VarId(self.vars.len() as u32 - 1)
    }

    pub(crate) fn declare_choice(&mut self, subject: Subject, sort: Sort) -> ChoiceId {
        let name = Names::default().variable(&subject);
        self.choices.push(ChoiceDecl { subject, name, sort });
        ChoiceId(self.choices.len() as u32 - 1)
    }

    /// Names variables and choices after the objects and nodes that their subjects speak of.
    pub fn print_names(&mut self, names: &Names) {
        for var in &mut self.vars {
            var.name = names.variable(&var.subject);
        }
        for choice in &mut self.choices {
            choice.name = names.variable(&choice.subject);
        }
    }

    pub(crate) fn report_overflow(&mut self, what: String) {
        self.overflow.get_or_insert(what);
    }

    /// Marks every term that `roots` depend on.
    pub fn cone(&self, roots: impl IntoIterator<Item = TermId>) -> Vec<bool> {
        tick(1 + self.len() / 64);
        let mut seen = vec![false; self.len()];
        let mut stack: Vec<TermId> = roots.into_iter().collect();
        while let Some(id) = stack.pop() {
            if !std::mem::replace(&mut seen[id.index()], true) {
                self.node(id).for_each_operand(|operand| stack.push(operand));
            }
        }
        seen
    }

    /// The state variables that `roots` read, before or after the step, in order.
    pub fn support(&self, roots: impl IntoIterator<Item = TermId>) -> Vec<VarId> {
        let cone = self.cone(roots);
        let mut vars: Vec<VarId> = (0..self.len())
            .filter(|&index| cone[index])
            .filter_map(|index| match self.nodes[index] {
                Node::Var(var) | Node::Primed(var) => Some(var),
                _ => None,
            })
            .collect();
        vars.sort_unstable();
        vars.dedup();
        vars
    }
}
