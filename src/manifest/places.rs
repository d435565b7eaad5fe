//! Where values are written: for every value of a document, the line and column of its key and of itself.

use super::value::child;
use indexmap::IndexMap;
use std::sync::Arc;

/// A stretch of one line of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Region {
    /// Line, from 1.
    pub line: usize,
    /// Column of the first character, in characters, from 1.
    pub column: usize,
    /// Number of characters; 0 for the rest of the line.
    pub length: usize,
}

/// The places of a value and of everything below it; parts that are written once and used often are shared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Places {
    /// The key that it belongs to; none for roots and items of lists.
    pub(super) key: Option<Region>,
    /// The value itself; of lists and mappings only the start is meaningful.
    pub(super) value: Region,
    /// What is below.
    pub(super) below: Below,
}

/// What is below a value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Below {
    /// Nothing: it is a scalar.
    #[default]
    Nothing,
    /// The items of a list.
    List(Vec<Arc<Places>>),
    /// The values of a mapping.
    Map(IndexMap<String, Arc<Places>>),
}

impl Places {
    /// The stretch that shows the value best: a scalar itself, of other values the key, or the line they start on.
    pub(super) fn region(&self) -> Region {
        match (&self.below, self.key) {
            (Below::Nothing, _) if self.value.length > 0 => self.value,
            (_, Some(key)) => key,
            _ => Region { length: 0, ..self.value },
        }
    }

    /// The places of the field at a path as [`child`] writes them; those of the nearest value around it where the
    /// field is not written.
    pub(super) fn find(&self, path: &str) -> &Self {
        self.walk(path).0
    }

    /// Whether the field at a path is written.
    pub(super) fn is_written(&self, path: &str) -> bool {
        self.walk(path).1.is_empty()
    }

    /// As far as a path leads, with what is left of it.
    fn walk<'a>(&self, path: &'a str) -> (&Self, &'a str) {
        let mut found = self;
        let mut rest = path;
        while let Some((next, after)) = found.step(rest) {
            (found, rest) = (next, after);
        }
        (found, rest)
    }

    /// The shared places of the items of `items`, for lists of objects.
    pub(super) fn item(&self, key: &str, index: usize) -> Option<&Arc<Self>> {
        let Below::Map(map) = &self.below else { return None };
        match &map.get(key)?.below {
            Below::List(list) => list.get(index),
            _ => None,
        }
    }

    /// Goes down by the first part of a path.
    fn step<'a>(&self, path: &'a str) -> Option<(&Self, &'a str)> {
        let path = path.strip_prefix('.').unwrap_or(path);
        match &self.below {
            Below::Nothing => None,
            Below::List(list) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                Some((list.get(index.parse::<usize>().ok()?)?, rest))
            }
            Below::Map(map) if path.starts_with('[') => map.iter().find_map(|(key, value)| {
                let rest = path.strip_prefix(child("", key).as_str())?;
                Some((&**value, rest))
            }),
            Below::Map(map) => {
                let (key, rest) = path.split_at(path.find(['.', '[', ' ']).unwrap_or(path.len()));
                Some((map.get(key)?, rest))
            }
        }
    }

    /// The same places, `lines` further down and `columns` further to the right.
    pub(super) fn moved(&self, lines: usize, columns: usize) -> Self {
        let region = |region: Region| Region { line: region.line + lines, column: region.column + columns, ..region };
        let one = |one: &Arc<Self>| Arc::new(one.moved(lines, columns));
        Self {
            key: self.key.map(region),
            value: region(self.value),
            below: match &self.below {
                Below::Nothing => Below::Nothing,
                Below::List(list) => Below::List(list.iter().map(one).collect()),
                Below::Map(map) => Below::Map(map.iter().map(|(key, value)| (key.clone(), one(value))).collect()),
            },
        }
    }
}

/// How far a text that is written as a literal block (`|`) is away from where it would be if it were a file: lines and
/// columns; `None` where `source` does not hold the text line by line.
pub(super) fn block_offset(source: &str, start: Region, text: &str) -> Option<(usize, usize)> {
    let mut written = source.lines().skip(start.line);
    let first = text.lines().next()?;
    let columns = source.lines().nth(start.line)?.strip_suffix(first)?;
    if first.trim().is_empty() || !columns.bytes().all(|one| one == b' ') {
        return None;
    }
    let is_same = |(written, line): (&str, &str)| written == line || written.strip_prefix(columns) == Some(line);
    let all = text.lines().all(|line| written.next().is_some_and(|written| is_same((written, line))));
    all.then_some((start.line, columns.len()))
}

#[cfg(test)]
mod tests {
    use super::super::yaml::parse_documents;
    use super::*;

    fn region(text: &str, path: &str) -> (usize, usize, usize) {
        let documents = parse_documents(text).expect("valid");
        let Region { line, column, length } = documents[0].places.find(path).region();
        (line, column, length)
    }

    const TEXT: &str = "\
# a comment
spec:
  replicas: \"3\"
  list:
  - name: a
    args: {cpu: 1, 'a.b/c': [x, y]}
  - |
    text
";

    #[test]
    fn scalars_are_shown_themselves_and_others_by_their_key() {
        assert_eq!(region(TEXT, "spec.replicas"), (3, 13, 3));
        assert_eq!(region(TEXT, "spec"), (2, 1, 4));
        assert_eq!(region(TEXT, "spec.list[0].name"), (5, 11, 1));
        assert_eq!(region(TEXT, "spec.list[0].args.cpu"), (6, 17, 1));
        assert_eq!(region(TEXT, "spec.list[0].args[\"a.b/c\"][1]"), (6, 33, 1));
        assert_eq!(region(TEXT, "spec.list[0]"), (5, 5, 0));
        assert_eq!(region(TEXT, ""), (2, 1, 0));
    }

    #[test]
    fn what_is_not_written_is_shown_by_what_is_around_it() {
        assert_eq!(region(TEXT, "spec.template.spec"), (2, 1, 4));
        assert_eq!(region(TEXT, "spec.list[7].x"), (4, 3, 4));
        assert_eq!(region(TEXT, "spec.replicas.deeper > and.more"), (3, 13, 3));
        let places = &parse_documents(TEXT).expect("valid")[0].places;
        assert!(places.is_written("spec.list[0].args[\"a.b/c\"]") && places.is_written(""));
        assert!(!places.is_written("spec.template") && !places.is_written("spec.list[2]"));
    }

    #[test]
    fn texts_in_blocks_are_found_in_their_file() {
        let source = "data:\n  policy.yaml: |\n    a: 1\n\n    b: 2\n";
        let start = Region { line: 2, column: 16, length: 0 };
        assert_eq!(block_offset(source, start, "a: 1\n\nb: 2\n"), Some((2, 4)));
        assert_eq!(block_offset(source, start, "a: 1\nb: 2\n"), None);
        assert_eq!(block_offset(source, start, ""), None);
    }
}
