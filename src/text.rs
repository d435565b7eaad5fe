//! Text for terminals: neutral characters, colours, wrapping.

pub use crate::plural::{plural, plural_of};

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Columns that lines should not exceed, wherever nobody knows better: in files, pipes and tests.
pub const COLUMNS: usize = 98;

/// Columns of what is written now.
static WIDTH: AtomicUsize = AtomicUsize::new(COLUMNS);

/// Columns that lines should not exceed now.
pub fn columns() -> usize {
    #[cfg(test)]
    if let Some(columns) = testing::columns() {
        return columns;
    }
    WIDTH.load(Ordering::Relaxed)
}

/// From now on lines should not exceed so many columns.
pub fn set_columns(columns: usize) {
    WIDTH.store(columns, Ordering::Relaxed);
}

/// Replaces characters that could steer a terminal or reorder text by their escapes. Names in manifests and scenario
/// files come from anywhere.
pub fn neutralise(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if is_steering(c) {
            let _ = write!(clean, "\\u{{{:x}}}", c as u32);
        } else {
            clean.push(c);
        }
    }
    clean
}

/// The same for each line, which stays one.
pub fn neutralise_lines(text: &str) -> String {
    text.split('\n').map(neutralise).collect::<Vec<_>>().join("\n")
}

/// Escapes the same characters in a line of JSON, where they can only be inside of strings.
pub fn escape(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    for c in line.chars() {
        if is_steering(c) {
            let _ = write!(escaped, "\\u{:04x}", c as u32);
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Whether a character could steer a terminal or reorder text.
pub fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{61c}')
}

/// Whether and how to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paint {
    /// Whether to colour at all.
    pub colours: bool,
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A violation.
    Error,
    /// Something to look at.
    Warning,
    /// Good news.
    Good,
    /// Arrows and labels.
    Label,
    /// Emphasis.
    Strong,
}

impl Paint {
    /// The text, coloured if colours are on. The text must be neutral already.
    pub fn paint(self, kind: Kind, text: &str) -> String {
        let code = match kind {
            Kind::Error => "1;31",
            Kind::Warning => "1;33",
            Kind::Good => "1;32",
            Kind::Label => "34",
            Kind::Strong => "1",
        };
        if self.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Breaks `text` at spaces so that it fits the columns behind an indent of `indent`; lines after the first start
/// with the indent. Words are never broken.
pub fn wrap(text: &str, indent: usize) -> String {
    wrap_after(text, indent, indent)
}

/// The same where the first line has `taken` columns already.
pub fn wrap_after(text: &str, taken: usize, indent: usize) -> String {
    let room = |taken: usize| columns().saturating_sub(taken).max(20);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let width = room(if lines.len() == 1 { taken } else { indent });
        let line = lines.last_mut().expect("never empty");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join(&format!("\n{:indent$}", ""))
}

#[cfg(test)]
pub mod testing {
    //! Other widths for tests that run side by side.

    use std::cell::Cell;

    thread_local!(static COLUMNS: Cell<Option<usize>> = const { Cell::new(None) });

    /// The columns of this thread, if it has its own.
    pub(super) fn columns() -> Option<usize> {
        COLUMNS.get()
    }

    /// Does something where lines should not exceed so many columns.
    pub fn at_columns<R>(columns: usize, work: impl FnOnce() -> R) -> R {
        COLUMNS.set(Some(columns));
        let done = work();
        COLUMNS.set(None);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_reordering_marks_are_escaped() {
        assert_eq!(neutralise("a\u{1b}[31mb\rc\nd"), "a\\u{1b}[31mb\\u{d}c\\u{a}d");
        assert_eq!(neutralise("x\u{202e}y\u{9b}z"), "x\\u{202e}y\\u{9b}z");
        assert_eq!(neutralise("größe-7"), "größe-7");
    }

    #[test]
    fn wrapping_keeps_words_and_the_indent() {
        let text = "word ".repeat(40);
        let wrapped = wrap(text.trim_end(), 10);
        assert!(wrapped.lines().count() > 1);
        assert!(wrapped.lines().skip(1).all(|line| line.starts_with("          word")));
        assert!(wrapped.lines().all(|line| line.len() <= COLUMNS));
    }

    #[test]
    fn what_stands_before_a_text_takes_room_of_its_first_line_only() {
        let wrapped = testing::at_columns(40, || wrap_after(&"word ".repeat(20), 22, 2));
        let lengths: Vec<usize> = wrapped.lines().map(str::len).collect();
        assert_eq!((lengths[0], lengths[1]), (19, 36), "{wrapped}");
    }

    #[test]
    fn no_colour_means_no_escape() {
        assert_eq!(Paint { colours: false }.paint(Kind::Error, "x"), "x");
    }
}
