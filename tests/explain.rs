//! Explanations: every id has one, and its examples do what they say. With `KUBOUND_WRITE_PAGES=1` the pages of the book that are
//! made of them are written.

use kubound::engines::Cancel;
use kubound::explain::{Class, Entry, FailureKind, book, entries, fields, page};
use kubound::manifest::{ErrorKind, InputError, Loaded, NoteKind, load_embedded};
use kubound::report::document::Document;
use kubound::search::{Options, Silent, verify};
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use kubound_encodings::intents;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src")
}

fn read(entry: &Entry, example: &str) -> Result<Loaded, InputError> {
    let text = match entry.class {
        Class::Intent => {
            let spec: String = example.lines().map(|line| format!("  {line}\n")).collect();
            format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n{spec}")
        }
        _ => example.to_owned(),
    };
    let files = [("web.yaml", EXAMPLE_WORKLOAD), ("example.yaml", &text)];
    load_embedded("example", &files.map(|(name, text)| (name.to_owned(), text.to_owned())))
}

#[test]
fn every_intent_error_warning_and_failure_has_an_explanation_of_its_own() {
    let entries = entries();
    let ids: BTreeSet<&str> = entries.iter().map(|entry| entry.id).collect();
    assert_eq!(ids.len(), entries.len(), "an id is used twice");
    let names = intents::REGISTRY.iter().flat_map(|intent| intent.names().iter().copied());
    let failures = FailureKind::ALL.iter().map(|kind| kind.id());
    let kinds = ErrorKind::ALL.iter().map(|kind| kind.id()).chain(NoteKind::ALL.iter().map(|kind| kind.id()));
    for id in names.chain(kinds).chain(failures) {
        assert!(ids.contains(id), "{id}");
    }
    for entry in &entries {
        let explanation = &entry.explanation;
        for part in [entry.summary, explanation.meaning, explanation.formal, explanation.failing, explanation.passing] {
            assert!(!part.trim().is_empty(), "{}", entry.id);
        }
        assert!(explanation.upstream.starts_with("https://"), "{}", entry.id);
        assert!(page(entry).lines().all(|line| line.chars().count() <= 240), "{}", entry.id);
    }
}

#[test]
fn examples_of_errors_are_refused_for_that_reason_and_their_repairs_accepted() {
    for entry in entries().iter().filter(|entry| entry.class == Class::Error) {
        match read(entry, entry.explanation.failing) {
            Err(error) => assert_eq!(error.kind.id(), entry.id, "{error}"),
            Ok(_) => panic!("{}: the example is accepted", entry.id),
        }
        match read(entry, entry.explanation.passing) {
            // Most say nothing of nodes.
            Err(error) => assert_eq!(error.message, "no nodes are given", "{}: {error}", entry.id),
            Ok(loaded) => assert!(!loaded.cluster.workloads.is_empty()),
        }
    }
}

#[test]
fn examples_of_warnings_have_that_warning_and_their_repairs_do_not() {
    for entry in entries().iter().filter(|entry| entry.class == Class::Warning) {
        let notes = |example: &str| -> Vec<&'static str> {
            let loaded = read(entry, example).unwrap_or_else(|error| panic!("{}: {error}", entry.id));
            let options = Options::default();
            let findings = verify(&loaded.cluster, &options, &Cancel::default(), &Silent).expect("supported");
            let findings = findings.expect("no fault");
            Document::new(&loaded, &findings, 0, "none".into()).notes.iter().map(|note| note.id).collect()
        };
        let (failing, passing) = (notes(entry.explanation.failing), notes(entry.explanation.passing));
        assert!(failing.contains(&entry.id), "{}: {failing:?}", entry.id);
        assert!(!passing.contains(&entry.id), "{}: {passing:?}", entry.id);
    }
}

#[test]
fn examples_of_intents_are_violated_and_hold() {
    for entry in entries().iter().filter(|entry| entry.class == Class::Intent) {
        let verdicts = |example: &str| -> Vec<&'static str> {
            let loaded = read(entry, example).unwrap_or_else(|error| panic!("{}: {error}", entry.id));
            let options = Options::default();
            let findings = verify(&loaded.cluster, &options, &Cancel::default(), &Silent).expect("supported");
            let findings = findings.expect("no fault");
            findings.results.iter().map(|result| result.verdict.word()).collect()
        };
        if let (Some(failing), Some(passing)) =
            (entry.explanation.failing.strip_prefix("case "), entry.explanation.passing.strip_prefix("case "))
        {
            // The verdicts of the cases are tested elsewhere; here, that they are about this intent.
            for (case, word) in [(failing, "violated"), (passing, "holds")] {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(case).join("scenario.yaml");
                let scenario = fs::read_to_string(&path).expect(case);
                assert!(scenario.contains(&format!("{}: {word}", entry.id)), "{case} is not about {}", entry.id);
            }
            continue;
        }
        assert_eq!(verdicts(entry.explanation.failing), ["violated"], "{}", entry.id);
        assert_eq!(verdicts(entry.explanation.passing), ["holds"], "{}", entry.id);
    }
}

#[test]
fn examples_of_failures_end_with_their_id_and_their_repairs_do_not() {
    let mut executed = 0;
    for entry in entries().iter().filter(|entry| entry.class == Class::Failure) {
        let run = |example: &str| {
            let arguments = example.strip_prefix("kubound ")?.split(' ');
            let output = Command::new(env!("CARGO_BIN_EXE_kubound")).args(arguments).output().expect("kubound runs");
            Some((output.status.success(), String::from_utf8(output.stderr).expect("UTF-8")))
        };
        if let Some((succeeds, said)) = run(entry.explanation.failing) {
            assert!(!succeeds && said.starts_with(&format!("error[{}]: ", entry.id)), "{}: {said}", entry.id);
            executed += 1;
        }
        let (succeeds, said) = run(entry.explanation.passing).expect("a command");
        assert!(succeeds, "{}: {said}", entry.id);
        assert!(!said.contains("error["), "{}: {said}", entry.id);
    }
    assert_eq!(executed, 3);
}

#[test]
fn pages_of_the_book_are_made() {
    let pages = book::pages();
    if std::env::var_os("KUBOUND_WRITE_PAGES").is_some() {
        let explained = folder().join("explain");
        let _ = fs::remove_dir_all(&explained);
        fs::create_dir_all(&explained).expect("the folder can be made");
        for (name, text) in &pages {
            fs::write(folder().join(name), text).expect("the page can be written");
        }
    }
    // Two are lists with commands of their own: `list ids` and `doctor --limits`.
    let is_explained = |(name, _): &&(String, String)| !["explain/index.md", "limits.md"].contains(&name.as_str());
    for (name, text) in pages.iter().filter(is_explained) {
        let shown = name.strip_prefix("explain/").unwrap_or(name).trim_end_matches(".md");
        let output = Command::new(env!("CARGO_BIN_EXE_kubound")).args(["explain", shown]).output().expect("it runs");
        let printed = String::from_utf8(output.stdout).expect("UTF-8");
        let title = text.lines().next().expect("a title");
        assert!(printed.starts_with(title), "{name}: {printed}");
    }
}

#[test]
fn fields_are_explained_by_their_paths() {
    let users = fields::explain("Pod.spec.hostUsers").expect("a field");
    assert!(users.starts_with("# Pod.spec.hostUsers\n\ndepends on the value.\n"), "{users}");
    let network = fields::explain("spec.template.spec.hostNetwork").expect("a field of several kinds");
    assert!(network.contains("Deployment.spec.template.spec.hostNetwork, "), "{network}");
    assert!(network.ends_with("modelled.\n"), "{network}");
    let indexed = fields::explain("Deployment.spec.template.spec.containers[0].stdin").expect("a field");
    assert!(indexed.contains("of k8s.io/kubernetes"), "{indexed}");
    let inner = fields::explain("Pod.spec.dnsConfig.nameservers").expect("what is judged as a whole");
    assert!(inner.contains("harmless"), "{inner}");
    assert_eq!(fields::explain("Pod.spec.oss"), None);
    assert!(fields::explain("Pod").is_some_and(|text| text.contains("apiVersion, kind, metadata, spec, status")));
    assert!(network.lines().all(|line| !line.contains("Namespace")), "judged as a whole: {network}");
    for path in fields::paths() {
        assert!(fields::explain(&path).is_some(), "{path}");
    }
}
