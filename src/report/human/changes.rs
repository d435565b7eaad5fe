//! What a change breaks and fixes, for people: answers that are the same on both sides are only counted.

use super::{Options, one as answer, repairs};
use crate::report::cause;
use crate::report::document::{Document, IntentDocument};
use crate::text::{Kind, neutralise, wrap, wrap_after};
use std::fmt::Write as _;

/// What became of an answer; none where it is compared with nothing.
pub(super) fn one(result: &IntentDocument, options: &Options) -> Option<String> {
    let before = result.before.as_ref()?;
    let (kind, label) = match before.change {
        "broken" => (Kind::Error, "broken"),
        "fixed" => (Kind::Good, "fixed"),
        "changed" => (Kind::Warning, "changed"),
        _ => return Some(String::new()),
    };
    let target = result.target.as_ref().map(|target| format!(" of {target}")).unwrap_or_default();
    let told = format!("{}{target}: {}", result.intent, result.told_change()?);
    let told = wrap_after(&neutralise(&told), label.len() + 2, 2);
    let mut text = format!("{}: {told}\n", options.paint.paint(kind, label));
    if before.change == "broken" && !options.quiet {
        text += &answer(result, options);
    }
    Some(text)
}

/// What is left to say of a comparison.
pub(super) fn rest(document: &Document, options: &Options) -> Option<String> {
    let comparison = document.comparison.as_ref()?;
    let mut text = String::new();
    for gone in &comparison.gone {
        let told = format!("{}: {} -> not there", gone.title(), gone.verdict);
        let label = options.paint.paint(Kind::Warning, "changed");
        let _ = writeln!(text, "{label}: {}", wrap_after(&neutralise(&told), 9, 2));
    }
    if !options.quiet {
        let repairs = repairs::texts(&cause::in_order(&document.results), options);
        if !repairs.is_empty() {
            let _ = writeln!(text, "{repairs}");
        }
    }
    let counts = document.counts();
    let _ = writeln!(text, "{}\n{}", counts.told_same(), counts.told());
    if options.quiet {
        return Some(text);
    }
    let mut line = |told: String| {
        let _ = writeln!(text, "{}", wrap(&neutralise(&told), 2));
    };
    line(format!("new side checked: {}", document.scope.sizes()));
    for assumed in &document.scope.assumptions {
        line(format!("assuming: {assumed}"));
    }
    Some(text)
}
