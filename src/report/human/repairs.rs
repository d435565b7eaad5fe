//! Repairs as people read them.

use super::super::cause;
use super::super::diagnostic::headline;
use super::super::document::IntentDocument;
use super::super::repairs::{FieldChangeDocument, RepairDocument, RepairsDocument};
use super::{Options, first_few, origins};
use crate::text::{Kind, neutralise, plural, wrap};
use itertools::Itertools;
use std::fmt::Write as _;

/// What repairs answers, for people. Where the same change to another object repairs a violation of the same cause, it is
/// told once.
pub fn texts(results: &[&IntentDocument], options: &Options) -> String {
    let mut out = String::new();
    for (place, result) in results.iter().enumerate() {
        if !results[..place].iter().any(|earlier| is_like(earlier, result, options)) {
            let later = results[place + 1..].iter().copied().filter(|later| is_like(result, later, options));
            out += &text(result, &later.collect::<Vec<_>>(), options);
        }
    }
    out
}

/// Whether two violations have one cause, and the same is to be done about it in one object as in the other.
fn is_like(one: &IntentDocument, other: &IntentDocument, options: &Options) -> bool {
    let (Some(own), Some(others)) = (&one.repairs, &other.repairs) else { return false };
    let is_plain = |one: &RepairsDocument| one.same_as.is_none() && one.trades.is_empty();
    let is_short = is_plain(own) && is_plain(others) && !options.verbose;
    is_short && one.rule == other.rule && cause::is_alike(one, other) && advice(own) == advice(others)
}

/// What is told of repairs, without the names of objects.
fn advice(repairs: &RepairsDocument) -> (String, Vec<String>) {
    let change = |change: &FieldChangeDocument| format!("{} {}", change.field, change.told());
    let repair = |repair: &RepairDocument| repair.changes.iter().map(change).join("; ");
    (repairs.told(), repairs.found.iter().map(repair).collect())
}

/// What repairs an answer, for people: the fields to blame with their lines, and what to write; and for which others of the
/// same cause the same does.
fn text(result: &IntentDocument, alike: &[&IntentDocument], options: &Options) -> String {
    let Some(repairs) = &result.repairs else { return String::new() };
    // It is named by the violation that it has its repair from.
    if repairs.same_as.is_some() {
        return String::new();
    }
    let mut out = String::new();
    let shown = if repairs.found.is_empty() { "" } else { ", shown for everything under `checked`" };
    let told = format!("{}{shown}", repairs.told());
    let _ = writeln!(out, "{}", headline(Kind::Good, "help", &result.title(), &told, options.paint));
    if result.repairs_follow || !repairs.found.is_empty() {
        origins(&mut out, result, options);
    }
    for (index, repair) in repairs.found.iter().enumerate() {
        let label = options.paint.paint(Kind::Label, if index == 0 { "change" } else { "or    " });
        let told = format!("{}  {}", repair.place(str::to_owned), repair.told());
        let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(&told), 10));
        if !repair.mends.is_empty() {
            let told = format!("repairs as well: {}", first_few(&repair.mends));
            let _ = writeln!(out, "          {}", wrap(&neutralise(&told), 10));
        }
    }
    if !alike.is_empty() {
        let label = options.paint.paint(Kind::Label, "also  ");
        let places: Vec<String> = alike.iter().map(|other| place(other)).collect();
        let told = format!("the same for {}", first_few(&places));
        let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(&told), 10));
    }
    for trade in &repairs.trades {
        let label = options.paint.paint(Kind::Label, "but   ");
        let (change, breaks) = (&trade.change, trade.breaks.join(", "));
        let told = format!("{}:{}  {}; repairs it and violates {breaks}", change.file, change.line, change.told());
        let _ = writeln!(out, "  {label}  {}", wrap(&neutralise(&told), 10));
    }
    if !repairs.found.is_empty() && options.verbose {
        let known = repairs.known.max(repairs.tried);
        let told = format!("{} of {} tried", repairs.tried, plural(known as i64, "known change"));
        let _ = writeln!(out, "  {told}");
    }
    out
}

/// A violation with the place of its best repair.
fn place(result: &IntentDocument) -> String {
    let best = result.repairs.iter().flat_map(|repairs| &repairs.found).next();
    let at = best.map(|repair| format!(" ({})", repair.place(str::to_owned))).unwrap_or_default();
    format!("{}{at}", result.title())
}
