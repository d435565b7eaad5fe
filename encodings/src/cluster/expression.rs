//! Small expressions over sizes: in `assume`, and as limits of intents. Parsed by the reader, given meaning by
//! `state`.

use crate::term::{Bool, Int};

/// An expression; sorts were checked by the reader (comparisons and connectives are conditions).
#[derive(Clone, PartialEq, Debug)]
pub enum Expression {
    /// An integer.
    Number(i64),
    /// `nodes.present`: number of nodes of all pools.
    NodesPresent,
    /// `nodes('POOL')`: number of nodes of a pool.
    NodesOfPool(String),
    /// `replicas('NAME')`: `spec.replicas` of a workload, by index into the cluster's workloads.
    Replicas(usize),
    /// `spec.replicas` of the intent's own target.
    SpecReplicas,
    /// `allocatable('POOL', 'RESOURCE')`, of the first node of a pool.
    Allocatable(String, String),
    /// `capacitySuffices`: the nodes have room for all wanted pods, each node counted for itself.
    CapacitySuffices,
    /// Sum.
    Add(Box<Expression>, Box<Expression>),
    /// Difference.
    Subtract(Box<Expression>, Box<Expression>),
    /// Product.
    Multiply(Box<Expression>, Box<Expression>),
    /// Quotient rounded down, of non-negative values.
    Divide(Box<Expression>, Box<Expression>),
    /// Smaller.
    Min(Box<Expression>, Box<Expression>),
    /// Larger.
    Max(Box<Expression>, Box<Expression>),
    /// A comparison.
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// Conjunction.
    And(Box<Expression>, Box<Expression>),
    /// Disjunction.
    Or(Box<Expression>, Box<Expression>),
    /// Negation.
    Not(Box<Expression>),
}

/// Comparison operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// The comparison of two terms.
    pub(crate) fn of(self, a: Int, b: Int) -> Bool {
        match self {
            Self::Equal => a.is(b),
            Self::NotEqual => a.is_not(b),
            Self::Less => a.below(b),
            Self::AtMost => a.at_most(b),
            Self::Greater => a.above(b),
            Self::AtLeast => a.at_least(b),
        }
    }
}

impl Expression {
    /// Whether it is a condition rather than a number.
    pub fn is_condition(&self) -> bool {
        matches!(self, Self::CapacitySuffices | Self::Compare(..) | Self::And(..) | Self::Or(..) | Self::Not(..))
    }
}
