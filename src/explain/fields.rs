//! What becomes of each field of a manifest: one text for `kubound explain FIELD`, one page for all.

use crate::manifest::{Field, Judged, Judgement, Table, harmless_kinds, judged, risky_kinds};
use crate::text::wrap;
use std::fmt::Write as _;

/// What is said of the fields that a path names, such as `Pod.spec.os` or `spec.template.spec.hostNetwork`; nothing if
/// there are none. Without a kind those of all kinds are meant.
pub fn explain(path: &str) -> Option<String> {
    let path = without_indexes(path);
    let (first, rest) = path.split_once('.').unwrap_or((&path, ""));
    let kinds = judged();
    let named: Vec<&Judged> = kinds.iter().filter(|one| one.name == first).collect();
    let mut found: Vec<(String, &'static Field)> = Vec::new();
    let (kinds, keys) = if named.is_empty() { (kinds.iter().collect(), path.as_str()) } else { (named, rest) };
    if keys.is_empty() {
        return named_kinds(&kinds);
    }
    for one in kinds {
        found.extend(find(one.table, keys).map(|field| (format!("{}.{keys}", one.name), field)));
    }
    // A kind that is judged as a whole says nothing of a field that others are judged for by itself.
    let last = keys.rsplit('.').next();
    if found.iter().any(|(_, field)| Some(field.key) == last) {
        found.retain(|(_, field)| Some(field.key) == last);
    }
    if found.is_empty() {
        return None;
    }
    let mut text = String::new();
    while let Some((_, field)) = found.first().cloned() {
        let (same, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, other)| is_alike(field, other));
        found = others;
        let mut paths: Vec<String> = same.into_iter().map(|(path, _)| path).collect();
        paths.dedup();
        let separator = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{separator}# {}\n\n{}", paths.join(", "), told(field));
    }
    Some(text)
}

/// The fields of a kind, one text for each of its versions.
fn named_kinds(kinds: &[&Judged]) -> Option<String> {
    let told = |one: &&Judged| {
        let keys: Vec<&str> = one.table.fields.iter().map(|field| field.key).collect();
        format!("# {} ({})\n\n## Fields\n\n{}\n", one.name, one.version, wrap(&keys.join(", "), 0))
    };
    (!kinds.is_empty()).then(|| kinds.iter().map(told).collect::<Vec<_>>().join("\n"))
}

/// All paths of fields that are judged, for messages about one that is not.
pub fn paths() -> Vec<String> {
    let mut paths = Vec::new();
    for one in judged() {
        collect(one.name, one.table, &mut paths);
    }
    paths
}

fn collect(path: &str, table: &'static Table, paths: &mut Vec<String>) {
    for field in table.fields {
        let path = format!("{path}.{}", field.key);
        if let Some(inner) = field.holds {
            collect(&path, inner, paths);
        }
        paths.push(path);
    }
}

/// The path without places in lists.
fn without_indexes(path: &str) -> String {
    let mut inside = false;
    let outside = path.chars().filter(|one| {
        inside = (inside || *one == '[') && *one != ']';
        !inside && *one != ']'
    });
    outside.collect()
}

fn find(table: &'static Table, keys: &str) -> Option<&'static Field> {
    let (key, rest) = keys.split_once('.').unwrap_or((keys, ""));
    let field = table.field(key)?;
    match (rest, field.holds) {
        ("", _) => Some(field),
        (rest, Some(inner)) => find(inner, rest),
        // What is below a field that is judged as a whole is judged with it.
        (_, None) => (field.judgement != Judgement::Modelled).then_some(field),
    }
}

fn is_alike(one: &Field, other: &Field) -> bool {
    one.key == other.key
        && one.judgement == other.judgement
        && one.holds.map(Table::title) == other.holds.map(Table::title)
}

fn told(field: &Field) -> String {
    let (word, why, shown_by) = words(field.judgement);
    let mut text = format!("{word}.\n");
    if !why.is_empty() {
        let _ = writeln!(text, "\n{}", wrap(&sentence(why), 0));
    }
    if !shown_by.is_empty() {
        let _ = write!(text, "\n## Upstream\n\n{}\n", upstream(shown_by));
    }
    if let Some(inner) = field.holds {
        let keys: Vec<&str> = inner.fields.iter().map(|field| field.key).collect();
        let _ = write!(text, "\n## Fields\n\n{}\n", wrap(&keys.join(", "), 0));
    }
    text
}

/// The word for a judgement, why, and the upstream code that shows it.
fn words(judgement: Judgement) -> (&'static str, &'static str, &'static str) {
    match judgement {
        Judgement::Modelled => ("modelled", "", ""),
        Judgement::Depends { on } => ("depends on the value", on, ""),
        Judgement::Harmless { why, shown_by } => ("harmless", why, shown_by),
        Judgement::Risky { why } => ("risky", why, ""),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// Module and file of a place upstream.
fn upstream(place: &str) -> String {
    match place.split_once(": ") {
        Some((module, file)) => format!("`{file}` of {module}"),
        None => format!("`{place}` of k8s.io/kubernetes"),
    }
}

const PAGE: &str = "# Fields

What becomes of each field of the objects that are read. `kubound explain Pod.spec.os` tells one of them.

* *modelled*: the models read it.
* *depends*: some values matter, and are reported as risky; the others are harmless.
* *harmless*: it cannot change a verdict; the upstream code named shows that. `-v` lists such fields.
* *risky*: it could change a verdict. Each is reported with the verdicts, and `--deny risky` makes clean ones fail.

A field that is not listed is reported as unknown. A test compares the lists with the newest releases of Kubernetes, its
scheduler, the descheduler and the vertical autoscaler, so that no field of theirs is missing.

## Kinds
";

/// The page of all fields.
pub fn page() -> String {
    let mut page = PAGE.to_owned();
    page.push_str("\n| kind, or plugin | group and version | fields |\n|---|---|---|\n");
    let mut tables: Vec<&'static Table> = Vec::new();
    for one in judged() {
        let _ = writeln!(page, "| {} | {} | {} |", one.name, one.version, link(one.table));
        gather(one.table, &mut tables);
    }
    page.push_str(
        "\nOther kinds are not modelled. One that is not listed is risky: its controller may act on pods or nodes.\n",
    );
    page.push_str("\n| kind | judgement | why | shown by |\n|---|---|---|---|\n");
    for (kind, why) in risky_kinds() {
        let _ = writeln!(page, "| {kind} | risky | {why} | |");
    }
    for (group, kind, why, shown_by) in harmless_kinds() {
        let group = if group.is_empty() { String::new() } else { format!(" ({group})") };
        let _ = writeln!(page, "| {kind}{group} | harmless | {why} | {} |", upstream(shown_by));
    }
    for table in tables {
        let _ = write!(page, "\n## {}\n\n", table.title());
        page.push_str("| field | judgement | why | shown by |\n|---|---|---|---|\n");
        for field in table.fields {
            let (word, why, shown_by) = words(field.judgement);
            let word = if word.starts_with("depends") { "depends" } else { word };
            let why = field.holds.map_or_else(|| why.to_owned(), |inner| format!("{} {why}", link(inner)));
            let shown_by = if shown_by.is_empty() { String::new() } else { upstream(shown_by) };
            let _ = writeln!(page, "| `{}` | {word} | {} | {shown_by} |", field.key, why.trim());
        }
    }
    page
}

fn link(table: &Table) -> String {
    let title = table.title();
    format!("[{title}](#{})", title.to_lowercase().replace(' ', "-"))
}

/// A table and those inside of it, each once.
fn gather(table: &'static Table, tables: &mut Vec<&'static Table>) {
    if tables.iter().any(|other| std::ptr::eq(*other, table)) {
        return;
    }
    tables.push(table);
    table.fields.iter().filter_map(|field| field.holds).for_each(|inner| gather(inner, tables));
}
