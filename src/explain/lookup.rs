//! What speaks of a word that is no id: `kubound explain hpa`, `kubound explain hostNetwork`.

use super::{entries, fields};
use crate::limits::report::MOST_PATHS;
use crate::manifest::judged;
use kubound_encodings::{controllers, events};

/// Short names of kinds, as kubectl knows them.
const SHORT: &[(&str, &str)] = &[
    ("cj", "CronJob"),
    ("cm", "ConfigMap"),
    ("deploy", "Deployment"),
    ("ds", "DaemonSet"),
    ("hpa", "HorizontalPodAutoscaler"),
    ("limits", "LimitRange"),
    ("no", "Node"),
    ("ns", "Namespace"),
    ("pc", "PriorityClass"),
    ("pdb", "PodDisruptionBudget"),
    ("po", "Pod"),
    ("pv", "PersistentVolume"),
    ("pvc", "PersistentVolumeClaim"),
    ("quota", "ResourceQuota"),
    ("rs", "ReplicaSet"),
    ("sts", "StatefulSet"),
    ("svc", "Service"),
    ("vpa", "VerticalPodAutoscaler"),
];

/// Something that speaks of a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mention {
    /// `intent`, `kind`, `case` and the like.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub summary: String,
    /// The command that tells more.
    pub command: String,
}

/// Whether a text has a word, in capitals or not. The full name of a kind stands for its short one.
pub fn speaks_of(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    let has = |word: &str| text.contains(&word.to_lowercase());
    match full_name(word) {
        // Short names are too short to be looked for inside other words.
        Some(full) => has(full) || text.split(|one: char| !one.is_alphanumeric()).any(|part| part == word),
        None => has(word),
    }
}

fn full_name(word: &str) -> Option<&'static str> {
    SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(word)).map(|(_, full)| *full)
}

/// Kinds, ids, controllers, events and fields that a word is about.
pub fn mentions(word: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    let full = full_name(word).unwrap_or(word);
    if let Some(kind) = judged().iter().find(|kind| kind.name.eq_ignore_ascii_case(full)) {
        let summary = "which of its fields are modelled".to_owned();
        found.push(Mention { what: "kind", name: kind.name.to_owned(), summary, command: explain(kind.name) });
    }
    let entries = entries();
    let named = entries.iter().filter(|entry| speaks_of(entry.id, word) || speaks_of(entry.summary, word));
    found.extend(named.map(|entry| Mention {
        what: entry.class.word(),
        name: entry.id.to_owned(),
        summary: entry.summary.to_owned(),
        command: explain(entry.id),
    }));
    let acting = controllers::REGISTRY.iter().map(|one| ("controller", one.name(), one.summary()));
    let happening =
        events::REGISTRY.iter().flat_map(|one| one.names().iter().map(|name| ("event", *name, one.summary())));
    for (what, name, summary) in acting.chain(happening) {
        if speaks_of(name, word) || speaks_of(summary, word) {
            let command = format!("kubound list {what}s");
            found.push(Mention { what, name: name.to_owned(), summary: summary.to_owned(), command });
        }
    }
    let paths = fields::paths();
    let ends = |path: &&String| path.rsplit('.').next().is_some_and(|key| key.eq_ignore_ascii_case(word));
    found.extend(paths.iter().filter(ends).take(MOST_PATHS).map(|path| Mention {
        what: "field",
        name: path.clone(),
        summary: String::new(),
        command: explain(path),
    }));
    found
}

fn explain(id: &str) -> String {
    format!("kubound explain {id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_those_of_kinds_that_are_read() {
        for (_, full) in SHORT {
            assert!(judged().iter().any(|kind| kind.name == *full), "{full}");
        }
    }

    #[test]
    fn words_are_found_in_capitals_or_not_and_short_ones_only_whole() {
        assert!(speaks_of("The Descheduler evicts", "descheduler"));
        assert!(speaks_of("two HPAs: one hpa", "hpa") && !speaks_of("alphabet", "hpa"));
        assert!(speaks_of("HorizontalPodAutoscaler of web", "hpa"));
        assert!(!speaks_of("pods come and go", "drain"));
    }

    #[test]
    fn a_word_leads_to_kinds_ids_and_fields() {
        let whats = |word: &str| -> Vec<&str> { mentions(word).iter().map(|one| one.what).collect() };
        assert_eq!(whats("pdb").first(), Some(&"kind"));
        assert!(whats("drain").contains(&"intent") && whats("drain").contains(&"event"));
        assert!(whats("hostnetwork").iter().all(|what| *what == "field") && !whats("hostnetwork").is_empty());
        assert!(whats("xyzzy").is_empty());
    }
}
