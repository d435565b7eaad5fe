//! What may stand in the place of a word on the command line, found when somebody asks for it.

use crate::cases;
use crate::explain::book::REFERENCES;
use crate::explain::{entries, fields};
use crate::manifest::edit::Texts;
use crate::manifest::{Input, KUBERNETES, Sort, judged};
use crate::report::formats::REGISTRY;
use clap::builder::StyledStr;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};
use kubound_encodings::{controllers, intents};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Something with a line about it.
fn candidate(value: impl Into<String>, help: &str) -> CompletionCandidate {
    CompletionCandidate::new(value.into()).help((!help.is_empty()).then(|| StyledStr::from(help.to_owned())))
}

/// Those that go on as the word begins.
fn beginning(current: &OsStr, all: impl IntoIterator<Item = CompletionCandidate>) -> Vec<CompletionCandidate> {
    let begin = current.to_string_lossy();
    all.into_iter().filter(|one| one.get_value().to_string_lossy().starts_with(&*begin)).collect()
}

/// `-o`: formats, and behind `=` files.
pub fn formats() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let word = current.to_string_lossy();
        match word.split_once('=') {
            Some((format, file)) => {
                let files = PathCompleter::any().complete(OsStr::new(file));
                files.into_iter().map(|file| file.add_prefix(format!("{format}="))).collect()
            }
            None => beginning(current, REGISTRY.iter().map(|format| candidate(format.name, format.summary))),
        }
    })
}

/// `--intent`: ids of the scenario that is named on the line, or every kind of intent.
pub fn intents() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let words: Vec<String> = words().collect();
        let paths: Vec<PathBuf> = words.iter().skip(2).map(PathBuf::from).filter(|path| path.exists()).collect();
        let paths = if paths.is_empty() { vec![PathBuf::from(".")] } else { paths };
        let known = of_scenario(&paths);
        let kinds = || {
            let named = |one: &&'static dyn intents::IntentModel| {
                one.names().iter().map(|name| candidate(*name, one.summary())).collect::<Vec<_>>()
            };
            intents::REGISTRY.iter().flat_map(named).collect()
        };
        beginning(current, if known.is_empty() { kinds() } else { known })
    })
}

/// The words of the line that is to be completed, which shells pass on behind `--`.
fn words() -> impl Iterator<Item = String> {
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    words.skip_while(|word| word != "--").skip(1)
}

/// The intents of an input; none where it cannot be read, or only by running programs of others.
fn of_scenario(paths: &[PathBuf]) -> Vec<CompletionCandidate> {
    if paths.iter().any(|path| Sort::of(path).is_some() || path == Path::new("-")) {
        return Vec::new();
    }
    let Ok((loaded, _)) = Input::of_repository(paths, &[]).read(&Texts::new()) else { return Vec::new() };
    let summary =
        |name: &str| intents::REGISTRY.iter().find(|one| one.names().contains(&name)).map(|one| one.summary());
    let mut known: Vec<(String, &str)> = Vec::new();
    for intent in &loaded.cluster.intents {
        if !known.iter().any(|(id, _)| *id == intent.id) {
            known.push((intent.id.clone(), summary(intent.kind.name()).unwrap_or_default()));
        }
    }
    known.into_iter().map(|(id, summary)| candidate(id, summary)).collect()
}

/// `explain`: ids; fields of a kind once the word has a dot.
pub fn explained() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        if current.to_string_lossy().contains('.') {
            return beginning(current, fields::paths().into_iter().map(|path| candidate(path, "")));
        }
        let ids = entries().into_iter().map(|entry| candidate(entry.id, entry.summary));
        let kinds = judged().into_iter().map(|kind| candidate(kind.name, ""));
        let writers = candidate("writers", "who may write which field of the objects of an input");
        let references = REFERENCES.iter().map(|(name, _)| candidate(*name, "the whole reference"));
        beginning(current, ids.chain(kinds).chain(references).chain([writers]))
    })
}

/// `cases show`: names of cases.
pub fn cases() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| beginning(current, named_cases()))
}

/// `cases list`: names of cases and controllers.
pub fn words_of_cases() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let controllers = controllers::REGISTRY.iter().map(|one| candidate(one.name(), one.summary()));
        beginning(current, named_cases().chain(controllers))
    })
}

/// `cases run`: cases, and their variants once the word has a slash.
pub fn variants() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        if !current.to_string_lossy().contains('/') {
            return beginning(current, named_cases());
        }
        let variants = |case: &'static cases::Case| {
            case.variants.iter().map(|variant| candidate(format!("{}/{}", case.name, variant.name), ""))
        };
        beginning(current, cases::all().iter().flat_map(variants))
    })
}

fn named_cases() -> impl Iterator<Item = CompletionCandidate> {
    cases::all().iter().map(|case| candidate(case.name, &case.about().title))
}

/// `--from`, `--to`: releases of Kubernetes.
pub fn releases() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        beginning(current, KUBERNETES.map(|minor| candidate(format!("1.{minor}"), "")))
    })
}
