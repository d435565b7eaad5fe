//! A run as a Mermaid sequence diagram: who acts, and the loop as a loop.

use super::document::ViolationDocument;
use super::fold::{Line, fold, told_together};
use crate::limits::report::MOST_LEAD;
use crate::text::{neutralise, plural};
use std::fmt::Write as _;

/// A line of the diagram.
struct Entry {
    actor: String,
    text: String,
    in_loop: bool,
}

/// The diagram of a run, with at most `room` characters: what came first is left out if need be, then the middle of
/// the loop. None if nothing fits.
pub fn diagram(violation: &ViolationDocument, room: usize) -> Option<String> {
    let mut entries = entries(violation);
    let mut left_out = 0;
    let lead = |entries: &[Entry]| entries.iter().filter(|entry| !entry.in_loop).count();
    while lead(&entries) > MOST_LEAD {
        entries.remove(0);
        left_out += 1;
    }
    loop {
        let text = draw(&entries, left_out, violation);
        if text.chars().count() <= room {
            return Some(text);
        }
        if entries.len() <= 2 {
            return None;
        }
        let victim = if lead(&entries) > 0 { 0 } else { entries.len() / 2 };
        entries.remove(victim);
        left_out += 1;
    }
}

fn entries(violation: &ViolationDocument) -> Vec<Entry> {
    let first_of_loop = violation.repeats.map_or(usize::MAX, |(first, _)| first);
    let lines = fold(&violation.steps, violation.repeats.map(|(first, _)| first - 1));
    let entry = |line: &Line| match line {
        Line::One(step) => Entry {
            actor: step.actor.clone(),
            text: format!("{}. {}: {}{}", step.number, step.reason, step.told(), step.told_late()),
            in_loop: step.number >= first_of_loop,
        },
        Line::Many(run) => Entry {
            actor: run[0].actor.clone(),
            text: format!("{}-{}. {}: {}", run[0].number, run[run.len() - 1].number, run[0].reason, told_together(run)),
            in_loop: run[0].number >= first_of_loop,
        },
    };
    lines.iter().map(entry).collect()
}

fn draw(entries: &[Entry], left_out: usize, violation: &ViolationDocument) -> String {
    let mut actors: Vec<&str> = Vec::new();
    for entry in entries {
        if !actors.contains(&entry.actor.as_str()) {
            actors.push(&entry.actor);
        }
    }
    let mut out = String::from("sequenceDiagram\n");
    for (index, actor) in actors.iter().enumerate() {
        let _ = writeln!(out, "  participant a{index} as {}", label(actor));
    }
    out.push_str("  participant c as cluster\n");
    if left_out > 0 {
        let _ = writeln!(out, "  Note over c: {} left out", plural(left_out as i64, "line"));
    }
    let mut open = false;
    for entry in entries {
        if entry.in_loop && !open {
            let (first, last) = violation.repeats.unwrap_or_default();
            let _ = writeln!(out, "  loop steps {first} to {last} repeat forever");
            open = true;
        }
        let index = actors.iter().position(|actor| *actor == entry.actor).unwrap_or(0);
        let _ = writeln!(out, "  a{index}->>c: {}", label(&entry.text));
    }
    if open {
        out.push_str("  end\n");
    } else {
        let end = if violation.ending == "stays" { "stays like this forever" } else { "violates the intent" };
        let _ = writeln!(out, "  Note over c: {end}");
    }
    out
}

/// Text that Mermaid takes as it is.
fn label(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in neutralise(text).chars() {
        if c.is_alphanumeric() || " -_./,:()+=".contains(c) {
            escaped.push(c);
        } else if c == '>' {
            escaped.push_str("#gt;");
        } else {
            let _ = write!(escaped, "#{};", c as u32);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_hold_no_syntax() {
        assert_eq!(label("0 -> 4; <b>#"), "0 -#gt; 4#59; #60;b#gt;#35;");
        assert_eq!(label("%%{init"), "#37;#37;#123;init");
    }
}
