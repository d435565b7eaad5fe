//! Conditions of intents in words: a subset of CEL, checked for types, with places inside of the expression.
//!
//! `parse` turns the text into a tree, `check` gives it types and names. The only folder that names the CEL crate.

mod check;
mod custom;
mod words;

pub(super) use custom::{Rules, find as find_custom};
pub(super) use words::Type;

use super::ErrorKind;
use super::error::InputError;
use super::names::Names;
use super::places::Region;
use super::view::View;
use crate::limits::reader::MAX_CEL;
use crate::limits::reader::MAX_CEL_NESTING;
use cel::common::ast::SourceInfo;
use cel::parser::Parser;
use kubound_encodings::cluster::CustomController;
use kubound_encodings::cluster::formula::Formula;

/// What is wrong with an expression, at which characters of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    start: usize,
    end: usize,
    message: String,
    expected: String,
    help: String,
}

/// Names that expressions may use.
#[derive(Clone)]
pub(super) struct Known<'a> {
    /// Workloads and pools.
    pub(super) names: &'a Names,
    /// Autoscalers, `namespace/name`.
    pub(super) hpas: &'a [String],
    /// Custom controllers.
    pub(super) customs: &'a [&'a CustomController],
    /// The rules file that the expression is in: then it speaks of the words of that file alone.
    pub(super) rules: Option<Rules<'a>>,
}

/// Reads the expression of a view as a condition.
pub(super) fn read(view: &View, known: &Known) -> Result<Formula, InputError> {
    read_as(view, Type::Bool, known)
}

/// Reads the expression of a view as a condition or a number.
pub(super) fn read_as(view: &View, wanted: Type, known: &Known) -> Result<Formula, InputError> {
    let text = view.text()?;
    parse_as(text, wanted, known).map_err(|fault| {
        let column = fault.start + 1;
        let error = match region(view, text, &fault) {
            Some(region) => view.error(&fault.message).in_text(&view.context.source, region),
            None => view.error(format!("{} at column {column} of the expression", fault.message)),
        };
        error.kind(ErrorKind::Expression).expected(fault.expected).help(fault.help)
    })
}

/// Where a fault is in the file: known where the expression is written as it is, on one line.
fn region(view: &View, text: &str, fault: &Fault) -> Option<Region> {
    let whole = view.context.places.find(&view.path).value;
    let line: Vec<char> = view.context.source.lines().nth(whole.line.checked_sub(1)?)?.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let first = whole.column.checked_sub(1)?;
    let start = (first..=first + 1).find(|&start| line.get(start..start + text.len()) == Some(text.as_slice()))?;
    let length = fault.end.max(fault.start + 1) - fault.start;
    Some(Region { line: whole.line, column: start + fault.start + 1, length })
}

/// Parses and checks the text of a condition or a number.
fn parse_as(text: &str, wanted: Type, known: &Known) -> Result<Formula, Fault> {
    check_size(text)?;
    let parsed = Parser::new().max_recursion_depth(MAX_CEL_NESTING as u16).parse_with_source_info(text);
    let (tree, places) = parsed.map_err(|errors| syntax(text, &errors.errors))?;
    check::value(&tree, wanted, &Source { text, places }, known)
}

/// A text with the places of its parts.
struct Source<'t> {
    text: &'t str,
    places: SourceInfo,
}

impl Source<'_> {
    /// A fault at a part.
    fn fault(&self, id: u64, message: impl Into<String>) -> Fault {
        // The parser counts bytes, and to the last one.
        let (first, last) = self.places.offset_for(id).unwrap_or_default();
        let before = |byte: usize| self.text.char_indices().take_while(|(index, _)| *index < byte).count();
        Fault {
            start: before(first as usize),
            end: before(last as usize + 1),
            message: message.into(),
            expected: String::new(),
            help: String::new(),
        }
    }
}

impl Fault {
    fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// Refuses what would take the parser long or deep.
fn check_size(text: &str) -> Result<(), Fault> {
    let fault = |start: usize, message: String| Fault {
        start,
        end: start + 1,
        message,
        expected: String::new(),
        help: "split it into several intents".into(),
    };
    if text.trim().is_empty() {
        return Err(Fault {
            expected: "a condition".into(),
            help: String::new(),
            ..fault(0, "an empty expression".into())
        });
    }
    if text.len() > MAX_CEL {
        return Err(fault(0, format!("{} bytes; at most {MAX_CEL} are read", text.len())));
    }
    let mut depth = 0usize;
    let mut prefixes = 0usize;
    for (index, one) in text.chars().enumerate() {
        match one {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        prefixes = if matches!(one, '!' | '-') { prefixes + 1 } else { 0 };
        if depth > MAX_CEL_NESTING || prefixes > MAX_CEL_NESTING {
            return Err(fault(index, format!("nested more than {MAX_CEL_NESTING} deep")));
        }
    }
    Ok(())
}

fn syntax(text: &str, errors: &[cel::ParseError]) -> Fault {
    let (line, column, message) = errors.first().map_or((1, 1, "it cannot be read"), |error| {
        (error.pos.0.max(1) as usize, error.pos.1.max(1) as usize, error.msg.lines().next().unwrap_or_default())
    });
    let before: usize = text.split_inclusive('\n').take(line - 1).map(|line| line.chars().count()).sum();
    let start = (before + column - 1).min(text.chars().count());
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    Fault {
        start,
        end: start + 1,
        message: format!("no expression: {message}"),
        expected: "an expression".into(),
        help: String::new(),
    }
}

#[cfg(test)]
mod tests;
