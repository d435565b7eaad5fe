//! The tables of fields are complete: `tests/fields/fields.txt` has every field of every type that is read, as the newest
//! releases have them. A program writes it; see `tests/fields/generate`.

use kubound::manifest::{Judgement, Table, harmless_kinds, judged};
use std::collections::{BTreeMap, BTreeSet};

/// Types of which no release that is newest has any: v1alpha1 of the descheduler is gone.
const OLD: &str = "descheduler/v1alpha1.";

/// Keys that only older versions have, or that are written and mean nothing: they are read all the same.
const OLDER_KEYS: &[&str] = &["healthzBindAddress", "metricsBindAddress", "metadata", "preEvictionFilter"];

/// The fields of a type; the type that a field holds, if it has fields.
type Fields = BTreeMap<&'static str, Option<&'static str>>;

fn released() -> BTreeMap<&'static str, Fields> {
    let lines = include_str!("fields/fields.txt").lines().filter(|line| !line.starts_with('#'));
    let field = |text: &'static str| match text.split_once('>') {
        Some((key, holds)) => (key, Some(holds)),
        None => (text, None),
    };
    let parsed = lines.map(|line| {
        let (schema, fields) = line.split_once(": ").expect("a type and its fields");
        (schema, fields.split(' ').map(field).collect())
    });
    parsed.collect()
}

fn tables() -> Vec<&'static Table> {
    let mut tables: Vec<&'static Table> = Vec::new();
    let mut open: Vec<&'static Table> = judged().into_iter().map(|one| one.table).collect();
    while let Some(table) = open.pop() {
        if !tables.iter().any(|other| std::ptr::eq(*other, table)) {
            open.extend(table.fields.iter().filter_map(|field| field.holds));
            tables.push(table);
        }
    }
    tables
}

#[test]
fn every_field_of_the_newest_releases_is_judged() {
    let released = released();
    let mut missing = Vec::new();
    for table in tables() {
        if table.schema.starts_with(OLD) {
            continue;
        }
        let Some(fields) = released.get(table.schema) else {
            missing.push(format!("the type {}", table.schema));
            continue;
        };
        let lacks = fields.keys().filter(|key| table.field(key).is_none());
        missing.extend(lacks.map(|key| format!("{} of {}", key, table.title())));
        let gone = table.fields.iter().map(|field| field.key).filter(|key| !fields.contains_key(key));
        missing.extend(
            gone.filter(|key| !OLDER_KEYS.contains(key)).map(|key| format!("{key} is not in {}", table.title())),
        );
        for field in table.fields {
            if let (Some(inner), Some(Some(holds))) = (field.holds, fields.get(field.key)) {
                assert_eq!(inner.schema, *holds, "{} of {}", field.key, table.title());
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn harmless_fields_and_kinds_name_the_code_that_shows_it() {
    let fields = tables().into_iter().flat_map(|table| table.fields.iter().map(move |field| (table, field)));
    let named = fields.filter_map(|(table, field)| match field.judgement {
        Judgement::Harmless { why, shown_by } => Some((format!("{} of {}", field.key, table.title()), why, shown_by)),
        _ => None,
    });
    let kinds = harmless_kinds().iter().map(|(_, kind, why, shown_by)| ((*kind).to_owned(), *why, *shown_by));
    let mut count = 0;
    for (what, why, shown_by) in named.chain(kinds) {
        let file = shown_by.rsplit(": ").next().unwrap_or_default();
        assert!(file.ends_with(".go") && file.contains('/') && !file.contains(' '), "{what}: {shown_by}");
        assert!(!why.is_empty() && !why.ends_with('.'), "{what}: {why}");
        count += 1;
    }
    assert!(count > 100, "{count}");
}

#[test]
fn titles_of_tables_and_keys_are_unique() {
    let mut titles = BTreeSet::new();
    for table in tables() {
        assert!(titles.insert(table.title()), "{} is there twice", table.title());
        let keys: BTreeSet<&str> = table.fields.iter().map(|field| field.key).collect();
        assert_eq!(keys.len(), table.fields.len(), "{}", table.title());
    }
}
