//! What speaks of a word that is no id: `kubound explain hpa`, `kubound explain hostNetwork`.

use super::{Class, entries, fields};
use crate::cases::{self, Case};
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

/// What a mention is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum What {
    /// A kind of objects.
    Kind,
    /// An id.
    Id(Class),
    /// A controller.
    Controller,
    /// An event.
    Event,
    /// A field of some kind.
    Field,
    /// A built-in case.
    Case,
}

impl What {
    /// What several of them are called, and the command that tells more of one.
    pub fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Kind => ("kinds", "kubound explain NAME"),
            Self::Id(Class::Intent) => ("intents", "kubound explain NAME"),
            Self::Id(Class::Error) => ("errors", "kubound explain NAME"),
            Self::Id(Class::Warning) => ("warnings", "kubound explain NAME"),
            Self::Id(Class::Failure) => ("failures", "kubound explain NAME"),
            Self::Controller => ("controllers", "kubound list controllers"),
            Self::Event => ("events", "kubound list events"),
            Self::Field => ("fields", "kubound explain NAME"),
            Self::Case => ("cases", "kubound cases show NAME"),
        }
    }
}

/// Something that speaks of a word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mention {
    /// What it is.
    pub what: What,
    /// Its name.
    pub name: String,
    /// What it does or says, in a line; may be empty.
    pub summary: String,
}

impl Mention {
    fn new(what: What, name: &str, summary: &str) -> Self {
        Self { what, name: name.to_owned(), summary: summary.to_owned() }
    }
}

/// Whether a text has a word, in capitals or not. The full name of a kind stands for its short one, and is also found with
/// hyphens, as controllers have it.
pub fn speaks_of(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    let has = |word: &str| text.contains(&word.to_lowercase());
    match full_name(word) {
        // Short names are too short to be looked for inside other words.
        Some(full) => {
            has(full)
                || text.replace('-', "").contains(&full.to_lowercase())
                || text.split(|one: char| !one.is_alphanumeric()).any(|part| part == word)
        }
        None => has(word),
    }
}

fn full_name(word: &str) -> Option<&'static str> {
    SHORT.iter().find(|(short, _)| short.eq_ignore_ascii_case(word)).map(|(_, full)| *full)
}

/// Whether a case is the one of that name, or what is told of it has the word; its arithmetic does not count.
pub fn is_about(case: &Case, word: &str) -> bool {
    let about = case.about();
    let told = [&about.title, &about.source, &about.mechanism, &about.fixed_by].map(String::as_str);
    let names = about.controllers.iter().copied();
    case.name.eq_ignore_ascii_case(word)
        || told.into_iter().chain([about.symptom.words()]).chain(names).any(|text| speaks_of(text, word))
}

/// Kinds, ids, controllers, events, fields and cases that a word is about.
pub fn mentions(word: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    let full = full_name(word).unwrap_or(word);
    if let Some(kind) = judged().iter().find(|kind| kind.name.eq_ignore_ascii_case(full)) {
        found.push(Mention::new(What::Kind, kind.name, "which of its fields are modelled"));
    }
    let entries = entries();
    let named = entries.iter().filter(|entry| speaks_of(entry.id, word) || speaks_of(entry.summary, word));
    found.extend(named.map(|entry| Mention::new(What::Id(entry.class), entry.id, entry.summary)));
    let acting = controllers::REGISTRY.iter().map(|one| (What::Controller, one.name(), one.summary()));
    let happening =
        events::REGISTRY.iter().flat_map(|one| one.names().iter().map(|name| (What::Event, *name, one.summary())));
    let spoken = acting.chain(happening).filter(|(_, name, summary)| speaks_of(name, word) || speaks_of(summary, word));
    found.extend(spoken.map(|(what, name, summary)| Mention::new(what, name, summary)));
    let paths = fields::paths();
    let ends = |path: &&String| path.rsplit('.').next().is_some_and(|key| key.eq_ignore_ascii_case(word));
    found.extend(paths.iter().filter(ends).take(MOST_PATHS).map(|path| Mention::new(What::Field, path, "")));
    let meant = cases::all().iter().filter(|case| is_about(case, word));
    found.extend(meant.map(|case| Mention::new(What::Case, case.name, &case.about().title)));
    found
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
        assert!(speaks_of("HorizontalPodAutoscaler of web", "hpa") && speaks_of("horizontal-pod-autoscaler", "hpa"));
        assert!(!speaks_of("pods come and go", "drain"));
    }

    #[test]
    fn a_word_leads_to_kinds_ids_fields_and_cases() {
        let whats = |word: &str| -> Vec<What> { mentions(word).iter().map(|one| one.what).collect() };
        assert_eq!(whats("pdb").first(), Some(&What::Kind));
        assert!(whats("drain").contains(&What::Id(Class::Intent)) && whats("drain").contains(&What::Event));
        assert!(whats("hostnetwork").iter().all(|what| *what == What::Field) && !whats("hostnetwork").is_empty());
        assert!(whats("xyzzy").is_empty());
        assert_eq!(mentions("C8").iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["c8"]);
    }

    #[test]
    fn cases_are_found_by_what_is_seen_by_who_acts_and_by_what_happens_but_not_by_their_arithmetic() {
        let found = |word: &str| -> Vec<&str> {
            cases::all().iter().filter(|case| is_about(case, word)).map(|case| case.name).collect()
        };
        assert!(found("stay pending").contains(&"c3") && found("custom-controller").contains(&"c81"));
        assert!(found("evict").contains(&"c8") && found("sts").contains(&"c31") && found("c8") == ["c8"]);
        assert!(found("arithmetic").is_empty());
    }
}
