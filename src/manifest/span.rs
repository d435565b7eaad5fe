//! Ranges `lo..hi[/step]`.

use super::ErrorKind;
use super::error::InputError;
use super::quantity::{Quantity, Unit};
use super::view::View;
use kubound_encodings::cluster::Span;
use std::ops::RangeInclusive;

/// What the numbers of a range count.
#[derive(Clone, Debug)]
pub(super) enum Count {
    /// Quantities of a resource.
    Amount(Unit),
    /// Plain integers within limits.
    Plain(RangeInclusive<i64>),
}

/// Reads a number or a range; the step is by default one unit of the smaller suffix written.
pub(super) fn read_span(view: &View, count: &Count) -> Result<Span, InputError> {
    match view.scalar_text() {
        Some(text) if text.contains("..") => read_range(view, &text, count),
        Some(_) => Ok(Span::exactly(single(view, count)?)),
        None => Err(view.error(format!("found {}", view.value.describe())).expected(expected(count))),
    }
}

fn expected(count: &Count) -> String {
    match count {
        Count::Amount(_) => "a quantity such as 500m or 2Gi, or a range such as 100m..900m/100m".into(),
        Count::Plain(limits) => {
            format!("a number or a range lo..hi[/step], from {} to {}", limits.start(), limits.end())
        }
    }
}

fn single(view: &View, count: &Count) -> Result<i64, InputError> {
    match count {
        Count::Amount(unit) => view.amount(*unit),
        Count::Plain(limits) => match view.value.as_text() {
            Some(text) => plain(view, text, count, limits),
            None => view.integer(limits.clone()),
        },
    }
}

fn plain(view: &View, text: &str, count: &Count, limits: &RangeInclusive<i64>) -> Result<i64, InputError> {
    let number = text.trim().parse().ok().filter(|number| limits.contains(number));
    number.ok_or_else(|| {
        view.error(format!("`{text}` is not valid here")).kind(ErrorKind::Range).expected(expected(count))
    })
}

fn read_range(view: &View, text: &str, count: &Count) -> Result<Span, InputError> {
    let (bounds, step) = match text.split_once('/') {
        Some((bounds, step)) => (bounds, Some(step.trim())),
        None => (text, None),
    };
    let (lo, hi) = bounds.split_once("..").unwrap_or((bounds, ""));
    let (lo, hi) = (lo.trim(), hi.trim());
    let value = |part: &str| match count {
        Count::Amount(unit) => view.amount_of(part, *unit),
        Count::Plain(limits) => plain(view, part, count, limits),
    };
    let step_value = match (step, count) {
        (Some(step), Count::Amount(unit)) => view.amount_of(step, *unit)?,
        (Some(step), Count::Plain(_)) => plain(view, step, count, &(1..=i64::MAX))?,
        (None, Count::Plain(_)) => 1,
        (None, Count::Amount(unit)) => {
            let one = |part: &str| Quantity::parse(part).map_or(1, |quantity| quantity.step(*unit));
            one(lo).min(one(hi))
        }
    };
    let (lo_value, hi_value) = (value(lo)?, value(hi)?);
    Span::new(lo_value, hi_value, step_value).ok_or_else(|| {
        view.error(format!("the range `{text}` is empty"))
            .kind(ErrorKind::Range)
            .expected("a lower end that is at most the upper end, and a step above 0")
    })
}
