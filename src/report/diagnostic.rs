//! Messages about the input in the shape of rustc's: what is wrong, the lines it is written on, notes and help. Lines
//! are drawn by `annotate-snippets`; they are plain ASCII, coloured or not.

use crate::limits::report::LONGEST_LINE;
use crate::manifest::{InputError, Region};
use crate::text::{Kind, Paint, columns, is_steering, neutralise, wrap};
use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use std::ops::Range;
use std::sync::Arc;

/// Columns that a snippet needs beside the line itself.
const GUTTER: usize = 8;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// The input is refused, or an intent violated.
    Error,
    /// Something to look at.
    Warning,
    /// Something to know.
    Note,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Error => Kind::Error,
            Self::Warning => Kind::Warning,
            Self::Note => Kind::Label,
        }
    }

    fn level(self) -> Level<'static> {
        match self {
            Self::Error => Level::ERROR,
            Self::Warning => Level::WARNING,
            Self::Note => Level::NOTE,
        }
    }
}

/// A place with what is to be said about it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Label {
    /// File as the user named it.
    pub file: String,
    /// Its text, where known.
    pub source: Option<Arc<str>>,
    /// Where in it, where known.
    pub region: Option<Region>,
    /// What is to be said; may be empty.
    pub text: String,
}

/// A message about the input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Its stable id; `kubound explain` knows it.
    pub id: String,
    /// What it is about, in a sentence.
    pub message: String,
    /// Where; the first is the primary one.
    pub labels: Vec<Label>,
    /// What else is to be known.
    pub notes: Vec<String>,
    /// What to do.
    pub help: String,
}

impl From<&InputError> for Diagnostic {
    fn from(error: &InputError) -> Self {
        let label = Label {
            file: error.file.clone(),
            source: error.source.clone(),
            region: error.region,
            text: if error.expected.is_empty() { String::new() } else { format!("expected {}", error.expected) },
        };
        let document = error.document.filter(|_| error.object.is_empty()).map(|index| format!("document {index}"));
        let place = [error.field.as_str(), error.object.as_str(), &document.unwrap_or_default()];
        let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
        let mut notes = Vec::new();
        if !place.is_empty() {
            notes.push(format!("in {}", place.join(" of ")));
        }
        if label.file.is_empty() && !label.text.is_empty() {
            notes.push(label.text.clone());
        }
        Self {
            severity: Severity::Error,
            id: error.kind.id().to_owned(),
            message: error.message.clone(),
            labels: if label.file.is_empty() { Vec::new() } else { vec![label] },
            notes,
            help: error.help.clone(),
        }
    }
}

impl Diagnostic {
    /// The text of the message.
    pub fn render(&self, paint: Paint) -> String {
        let mut notes = self.notes.clone();
        let snippets = snippets(self.severity, &self.labels, &mut notes, &self.help, paint);
        format!("{}\n{snippets}", headline(self.severity.kind(), self.severity.word(), &self.id, &self.message, paint))
    }
}

/// `error[id]: message`, wrapped.
pub fn headline(kind: Kind, word: &str, id: &str, message: &str, paint: Paint) -> String {
    let label = format!("{word}[{}]", neutralise(id));
    let wrapped = wrap(&format!("{}: {}", label.replace(' ', "_"), neutralise(message)), 2);
    let message = wrapped[label.len() + 2..].to_owned();
    format!("{}: {}", paint.paint(kind, &label), paint.paint(Kind::Strong, &message))
}

/// The lines of the labels, then notes and help; ends with a line break, or is empty. Labels that do not fit their line
/// become notes.
pub fn snippets(severity: Severity, labels: &[Label], notes: &mut Vec<String>, help: &str, paint: Paint) -> String {
    let labels: Vec<Shown> = labels.iter().enumerate().map(|(index, label)| Shown::new(index, label, notes)).collect();
    let mut files: Vec<&str> = Vec::new();
    for label in &labels {
        if !files.contains(&label.file.as_str()) {
            files.push(&label.file);
        }
    }
    let mut elements: Vec<Element> = Vec::new();
    for file in files {
        elements.extend(of_file(file, labels.iter().filter(|label| label.file == file).collect()));
    }
    let text = |text: &str, indent: usize| wrap(&neutralise(text), indent).replace(&format!("\n{:indent$}", ""), "\n");
    elements.extend(notes.iter().map(|note| Level::NOTE.message(text(note, 12)).into()));
    if !help.is_empty() {
        elements.push(Level::HELP.message(text(help, 12)).into());
    }
    if elements.is_empty() {
        return String::new();
    }
    let group = Group::with_level(severity.level()).elements(elements);
    let renderer = if paint.colours { Renderer::styled().hyperlink(false) } else { Renderer::plain() };
    let rendered = renderer.term_width(columns()).render(&[group]);
    rendered.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A line with every character that could steer a terminal replaced, one by one, so that columns stay.
fn harmless(line: &str) -> String {
    line.chars().map(|one| if is_steering(one) && one != '\t' { '\u{fffd}' } else { one }).collect()
}

/// A label with the line it is on.
struct Shown {
    file: String,
    kind: AnnotationKind,
    at: Option<At>,
    text: String,
}

/// A stretch of a line.
struct At {
    region: Region,
    /// The text from the line on; `None` if the line is too long to be shown.
    source: Option<Arc<str>>,
    /// The stretch in the line, in bytes.
    stretch: Range<usize>,
}

impl Shown {
    fn new(index: usize, label: &Label, notes: &mut Vec<String>) -> Self {
        let at = label.region.map(|region| At::new(region, label.source.as_ref()));
        let mut text = neutralise(&label.text);
        let fits = at.as_ref().is_some_and(|at| at.fits(&text));
        if !fits && !text.is_empty() {
            let text = std::mem::take(&mut text);
            if !notes.contains(&text) {
                notes.push(text);
            }
        }
        let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        Self { file: neutralise(&label.file), kind, at, text }
    }
}

impl At {
    fn new(region: Region, source: Option<&Arc<str>>) -> Self {
        let region = Region { line: region.line.max(1), ..region };
        let line = source.and_then(|source| source.lines().nth(region.line - 1));
        let Some(line) = line.filter(|line| line.len() <= LONGEST_LINE) else {
            return Self { region, source: None, stretch: 0..0 };
        };
        let line = harmless(line);
        let byte = |column: usize| line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte);
        let start = byte(region.column.saturating_sub(1));
        let end = match region.length {
            0 => line.trim_end().len().max(start),
            length => byte(region.column.saturating_sub(1) + length),
        };
        Self { region, source: source.cloned(), stretch: start..end }
    }

    fn fits(&self, text: &str) -> bool {
        let end = self.region.column + self.stretch.len();
        self.source.is_some() && GUTTER + end + text.chars().count() <= columns()
    }
}

/// The lines of one file.
fn of_file<'a>(file: &str, labels: Vec<&Shown>) -> Vec<Element<'a>> {
    let shown: Vec<(&Shown, &At, &Arc<str>)> = labels
        .iter()
        .filter_map(|label| {
            let at = label.at.as_ref()?;
            Some((*label, at, at.source.as_ref()?))
        })
        .collect();
    let Some((_, _, source)) = shown.first() else {
        let at = labels.first().and_then(|label| label.at.as_ref());
        let origin = Origin::path(file.to_owned());
        let origin = match at {
            Some(at) => origin.line(at.region.line).char_column(at.region.column),
            None => origin,
        };
        return vec![origin.into()];
    };
    let first = shown.iter().map(|(_, at, _)| at.region.line).min().unwrap_or(1);
    let last = shown.iter().map(|(_, at, _)| at.region.line).max().unwrap_or(1);
    let mut text = String::new();
    let mut starts = Vec::new();
    for line in source.lines().skip(first - 1).take(last + 1 - first) {
        starts.push(text.len());
        // Lines between those shown are folded away, however long they are.
        text.push_str(&if line.len() <= LONGEST_LINE { harmless(line) } else { String::new() });
        text.push('\n');
    }
    let annotations: Vec<Annotation<'a>> = shown
        .iter()
        .map(|(label, at, _)| {
            let start = starts.get(at.region.line - first).copied().unwrap_or_default();
            let annotation = label.kind.span(start + at.stretch.start..start + at.stretch.end);
            if label.text.is_empty() { annotation } else { annotation.label(label.text.clone()) }
        })
        .collect();
    vec![Snippet::source(text).line_start(first).path(file.to_owned()).annotations(annotations).into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paint = Paint { colours: false };

    fn label(source: &str, line: usize, column: usize, length: usize, text: &str) -> Label {
        Label {
            file: "a.yaml".into(),
            source: Some(source.into()),
            region: Some(Region { line, column, length }),
            text: text.into(),
        }
    }

    fn diagnostic(labels: Vec<Label>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            id: "invalid-value".into(),
            message: "found the text \"3\"".into(),
            labels,
            notes: vec!["in spec.replicas of Deployment/default/web".into()],
            help: "remove the quotes".into(),
        }
    }

    #[test]
    fn it_has_the_shape_of_rustc() {
        let source = "spec:\n  replicas: \"3\"\n  a: 1\n  b: 2\n  c: 3\n  selector: {}\n";
        let labels = vec![label(source, 2, 13, 3, "expected an integer"), label(source, 6, 3, 8, "beside this")];
        let expected = "\
error[invalid-value]: found the text \"3\"
 --> a.yaml:2:13
  |
2 |   replicas: \"3\"
  |             ^^^ expected an integer
...
6 |   selector: {}
  |   -------- beside this
  |
  = note: in spec.replicas of Deployment/default/web
  = help: remove the quotes
";
        assert_eq!(diagnostic(labels).render(PLAIN), expected);
    }

    #[test]
    fn nothing_is_wider_than_the_columns_and_nothing_is_lost() {
        let wide = format!("key: {}\n", "word ".repeat(70));
        let long = format!("key: {}\n", "x".repeat(1000));
        let text = "a label that is told in a note where it does not fit into what is left of its line";
        for source in [wide, long] {
            let mut diagnostic = diagnostic(vec![label(&source, 1, 6, 60, text)]);
            diagnostic.message = "a long sentence ".repeat(20);
            diagnostic.notes.push("another long sentence ".repeat(20));
            let rendered = diagnostic.render(PLAIN);
            assert!(rendered.lines().all(|line| line.chars().count() <= columns()), "{rendered}");
            assert!(rendered.contains(&text[..40]) && rendered.contains("a.yaml:1:6"), "{rendered}");
        }
    }

    #[test]
    fn plain_text_has_neither_colours_nor_box_characters() {
        let labels = || vec![label("a: größe\n", 1, 4, 5, "here")];
        let plain = diagnostic(labels()).render(PLAIN);
        assert!(plain.chars().all(|one| one.is_ascii() || "öß".contains(one)), "{plain}");
        let coloured = diagnostic(labels()).render(Paint { colours: true });
        assert!(coloured.contains("\u{1b}[") && !coloured.contains("\u{1b}]"), "{coloured:?}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_can_steer_the_terminal(
            source in "(?s).{0,60}\u{1b}\\[2J.{0,20}",
            text in "(?s).{0,20}",
            line in 0usize..6,
            column in 0usize..90,
            length in 0usize..90,
        ) {
            let mut label = label(&source, line, column, length, &text);
            label.file = text.clone();
            let rendered = diagnostic(vec![label]).render(PLAIN);
            let steers = |one: char| one != '\n' && (one.is_control() || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
            proptest::prop_assert!(!rendered.contains(steers), "{:?}", rendered);
        }
    }
}
