//! What the numbers of expressions can come to, so that one that no engine can count to, and a quotient of 0, is an error of
//! the input.

use super::names::{Names, Pool};
use crate::limits::reader::{MAX_AMOUNT, MAX_NODES, MAX_REPLICAS, MOST_COUNTED, MOST_COUNTED_PODS};
use kubound_encodings::cluster::Expression;
use kubound_encodings::cluster::formula::{Field, Formula};

/// Least and largest value.
type Range = (i128, i128);

/// Why an expression cannot be evaluated, and what to do.
pub(super) type Unfit = (String, &'static str);

/// The values of a number, or why it has none that can be counted.
pub(super) fn of(expression: &Expression, names: &Names) -> Result<Range, Unfit> {
    let both = |a: &Expression, b: &Expression| Ok::<_, Unfit>((of(a, names)?, of(b, names)?));
    let pool = |name: &String| names.pools.iter().find(|pool| pool.name == *name);
    let range = match expression {
        Expression::Number(value) => (i128::from(*value), i128::from(*value)),
        Expression::NodesPresent => {
            let sum = |of: fn(&Pool) -> i64| names.pools.iter().map(|pool| i128::from(of(pool))).sum::<i128>();
            (sum(|pool| pool.least).max(names.least_nodes.into()), sum(|pool| pool.most).min(i128::from(MAX_NODES)))
        }
        Expression::NodesOfPool(name) => {
            pool(name).map_or((0, i128::from(MAX_NODES)), |pool| (pool.least.into(), pool.most.into()))
        }
        Expression::Replicas(_) | Expression::SpecReplicas => (0, i128::from(MAX_REPLICAS)),
        Expression::Allocatable(name, resource) => {
            let amount = pool(name).and_then(|pool| pool.allocatable.get(resource));
            amount.map_or((0, i128::from(MAX_AMOUNT)), |amount| (amount.lo.into(), amount.hi.into()))
        }
        Expression::Add(a, b) => add(both(a, b)?),
        Expression::Subtract(a, b) => subtract(both(a, b)?),
        Expression::Multiply(a, b) => multiply(both(a, b)?),
        Expression::Divide(a, b) => {
            let (a, b) = both(a, b)?;
            if b.0 <= 0 {
                let found = if b.1 <= 0 { "is" } else { "may be" };
                return Err((format!("the divisor {found} 0"), "write `max(1, ...)` around the divisor"));
            }
            (a.0.max(0) / b.1, a.1.max(0) / b.0)
        }
        Expression::Min(a, b) => {
            let (a, b) = both(a, b)?;
            (a.0.min(b.0), a.1.min(b.1))
        }
        Expression::Max(a, b) => {
            let (a, b) = both(a, b)?;
            (a.0.max(b.0), a.1.max(b.1))
        }
        // Conditions were checked where their numbers were read.
        _ => (0, 1),
    };
    within(range)
}

/// The values of a number of an intent in words, or why it has none that can be counted.
pub(super) fn of_formula(formula: &Formula) -> Result<Range, Unfit> {
    let both = |a: &Formula, b: &Formula| Ok::<_, Unfit>((of_formula(a)?, of_formula(b)?));
    let range = match formula {
        Formula::Number(value) => (i128::from(*value), i128::from(*value)),
        Formula::Add(a, b) => add(both(a, b)?),
        Formula::Subtract(a, b) => subtract(both(a, b)?),
        Formula::Multiply(a, b) => multiply(both(a, b)?),
        Formula::If(_, a, b) => {
            let (a, b) = both(a, b)?;
            (a.0.min(b.0), a.1.max(b.1))
        }
        Formula::Field(_, Field::SpecReplicas | Field::MinReplicas | Field::MaxReplicas | Field::DesiredReplicas) => {
            (0, i128::from(MAX_REPLICAS))
        }
        _ => (0, i128::from(MOST_COUNTED_PODS)),
    };
    within(range)
}

fn within(range: Range) -> Result<Range, Unfit> {
    let most = i128::from(MOST_COUNTED);
    if range.0 >= -most && range.1 <= most {
        return Ok(range);
    }
    let largest = if range.1 > most { range.1 } else { range.0 };
    Err((format!("the number may come to {largest}; beyond 2^58 nothing is counted"), "use smaller factors"))
}

fn add((a, b): (Range, Range)) -> Range {
    (a.0 + b.0, a.1 + b.1)
}

fn subtract((a, b): (Range, Range)) -> Range {
    (a.0 - b.1, a.1 - b.0)
}

fn multiply((a, b): (Range, Range)) -> Range {
    let products = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
    let [first, rest @ ..] = products;
    rest.into_iter().fold((first, first), |(lo, hi), one| (lo.min(one), hi.max(one)))
}
