//! Repairs as people read them.

use super::super::diagnostic::headline;
use super::super::document::IntentDocument;
use super::{Options, origins};
use crate::limits::report::MOST_MENDED;
use crate::text::{Kind, neutralise, plural, wrap};
use std::fmt::Write as _;

/// What repairs an answer, for people: the fields to blame with their lines, and what to write.
pub fn text(result: &IntentDocument, options: &Options) -> String {
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
        let (first, rest) = repair.mends.split_at(repair.mends.len().min(MOST_MENDED));
        if !first.is_empty() {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            let told = format!("repairs as well: {}{more}", first.join(", "));
            let _ = writeln!(out, "          {}", wrap(&neutralise(&told), 10));
        }
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
