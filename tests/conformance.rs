//! The reader and real API servers: what these refuse, it refuses or tells; what they accept, it accepts; what they fill in,
//! it fills in. `scripts/referee conformance` asks the servers; the answers are in `tests/conformance`.

#[path = "conformance/corpus.rs"]
mod corpus;

use corpus::{Answer, Fields, Manifest, Said, answers_file, manifests, with, world};
use kubound::manifest::{InputError, Loaded, Note, Severity, load_embedded};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Releases that were asked.
const RELEASES: [&str; 2] = ["1.33", "1.36"];

/// The file that a manifest is read from.
const FILE: &str = "manifest.json";

/// What became of the manifests of a release.
#[derive(Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    /// Of those that the API server refuses, those that are refused here; others are told.
    refused_here: usize,
    /// What is not as it should be, by manifest.
    differences: BTreeMap<String, String>,
}

#[test]
fn answers_are_there_for_all_manifests() {
    let known: Vec<String> = manifests().into_iter().map(|one| one.id).collect();
    assert!(known.len() >= 300, "{} manifests", known.len());
    for release in RELEASES {
        let answered: Vec<String> = answers(release).into_iter().map(|one| one.manifest).collect();
        let missing: Vec<_> = known.iter().filter(|id| !answered.contains(id)).collect();
        let superfluous: Vec<_> = answered.iter().filter(|id| !known.contains(id)).collect();
        assert!(missing.is_empty(), "{release}: no answers: {missing:?}; run scripts/referee conformance");
        assert!(superfluous.is_empty(), "{release}: no manifests: {superfluous:?}");
        assert_eq!(answered, known, "{release}: answers are in another order, or twice");
    }
}

#[test]
fn manifests_are_refused_told_and_filled_in_as_by_api_servers() {
    let manifests = manifests();
    let tallies = std::thread::scope(|scope| {
        let all = &manifests;
        let run = |release| scope.spawn(move || compare_all(all, release));
        RELEASES.map(run).map(|thread| thread.join().expect("no panic"))
    });
    let mut found = BTreeSet::new();
    let mut unnamed = String::new();
    for (release, tally) in RELEASES.iter().zip(&tallies) {
        let (accepted, refused, here) = (tally.accepted, tally.refused, tally.refused_here);
        println!("{release}: {accepted} accepted; {refused} refused, {here} of them here, others told");
        for (id, difference) in &tally.differences {
            found.insert(id);
            let manifest = manifests.iter().find(|one| one.id == *id).expect("its own manifest");
            match &manifest.difference {
                Some(reason) => println!("{release}: {id}: {difference} ({reason})"),
                None => unnamed.push_str(&format!("{release}: {id}: {difference}\n")),
            }
        }
    }
    assert!(unnamed.is_empty(), "{unnamed}");
    for manifest in manifests.iter().filter(|one| one.difference.is_some()) {
        assert!(found.contains(&manifest.id), "{}: there is no difference any more", manifest.id);
    }
}

fn answers(release: &str) -> Vec<Answer> {
    let text = fs::read_to_string(answers_file(release)).expect("answers");
    text.lines().map(|line| serde_json::from_str(line).expect("an answer")).collect()
}

fn compare_all(manifests: &[Manifest], release: &str) -> Tally {
    let world = world().iter().map(|object| format!("---\n{object}\n")).collect::<String>();
    let reader = Reader { world, release };
    let answers: BTreeMap<String, Said> = answers(release).into_iter().map(|one| (one.manifest, one.said)).collect();
    let mut tally = Tally::default();
    for manifest in manifests {
        let Some(said) = answers.get(&manifest.id) else { continue };
        let read = reader.read(&manifest.object);
        let difference = match said {
            Said::Refused(_) | Said::RefusedWith(_) => {
                tally.refused += 1;
                tally.refused_here += usize::from(read.is_err());
                missed(said, &read)
            }
            Said::Accepted(fields) => {
                tally.accepted += 1;
                filled_in(&reader, manifest, &read, fields)
            }
            Said::AsBase(apart) => {
                tally.accepted += 1;
                match answers.get(&manifest.base()) {
                    Some(Said::Accepted(base)) => filled_in(&reader, manifest, &read, &on_base(base, apart)),
                    _ => Some("its base is not accepted".to_owned()),
                }
            }
        };
        tally.differences.extend(difference.map(|difference| (manifest.id.clone(), difference)));
    }
    tally
}

/// Reads manifests under the rules of a release.
struct Reader<'a> {
    world: String,
    release: &'a str,
}

impl Reader<'_> {
    fn read(&self, object: &Value) -> Result<Loaded, InputError> {
        let scenario = json!({
            "apiVersion": "kubound.dev/v1alpha1",
            "kind": "Scenario",
            "spec": {"kubernetesVersion": self.release},
        });
        let files = [("world.yaml", self.world.clone()), (FILE, object.to_string()), ("s.json", scenario.to_string())];
        load_embedded("cluster", &files.map(|(path, text)| (path.to_owned(), text)))
    }
}

/// Why the reader does not say what the API server says of a manifest that it refuses.
fn missed(said: &Said, read: &Result<Loaded, InputError>) -> Option<String> {
    let fields: Vec<String> = match said {
        Said::Refused(reasons) => reasons.keys().cloned().collect(),
        Said::RefusedWith(message) => fields_of(message),
        Said::Accepted(_) | Said::AsBase(_) => return None,
    };
    match read {
        Err(error) => {
            // Which of several faults is told first differs, and so do some paths.
            let is_told = std::iter::once(error).chain(&error.others).all(|one| one.file.ends_with(FILE));
            (!is_told).then(|| format!("refused because of {fields:?}, here with: {error}"))
        }
        Ok(loaded) => {
            let is_about = |note: &Note| match fields.is_empty() {
                true => note.severity != Severity::Harmless,
                false => fields.iter().any(|field| are_related(&note.field, field)),
            };
            let is_told = loaded.notes.iter().any(|note| note.file.ends_with(FILE) && is_about(note));
            (!is_told).then(|| format!("refused, here not even told: {said:?}"))
        }
    }
}

/// Fields that a message names in quotes.
fn fields_of(message: &str) -> Vec<String> {
    message.split('"').skip(1).step_by(2).filter(|word| word.starts_with("spec.")).map(str::to_owned).collect()
}

/// Whether one of two fields is the other or is inside of it. API servers leave out some indices, and call some fields as
/// their own code does.
fn are_related(one: &str, other: &str) -> bool {
    let parts = |field: &str| -> Vec<String> {
        let parts = field.split(['.', '[', ']', '/', '"']).filter(|part| part.parse::<usize>().is_err());
        parts.filter(|part| !part.is_empty() && *part != "securityContext").map(str::to_lowercase).collect()
    };
    let (one, other) = (parts(one), parts(other));
    one.iter().zip(&other).all(|(one, other)| one == other)
}

/// Why the reader does not fill in what the API server fills in.
fn filled_in(
    reader: &Reader,
    manifest: &Manifest,
    read: &Result<Loaded, InputError>,
    fields: &Fields,
) -> Option<String> {
    let mut filled = with(&manifest.object, fields);
    if fields.contains_key("spec.replicas") {
        // As `kubectl apply` does it: whether the manifest had replicas is told by what was applied last.
        let applied = json!({"kubectl.kubernetes.io/last-applied-configuration": manifest.object.to_string()});
        filled["metadata"]["annotations"] = applied;
    }
    if let Some(taints) = filled.pointer_mut("/spec/taints").and_then(Value::as_array_mut) {
        // The API server adds it to all new nodes; here nodes start ready.
        taints.retain(|taint| taint["key"] != "node.kubernetes.io/not-ready");
    }
    forget_uid(&mut filled);
    match (read, reader.read(&filled)) {
        (Err(error), _) => Some(format!("accepted, here refused: {error}")),
        (Ok(_), Err(error)) => Some(format!("accepted, and what it becomes is refused here: {error}")),
        (Ok(written), Ok(read)) if written.cluster != read.cluster => {
            let (one, other) = (format!("{:#?}", written.cluster), format!("{:#?}", read.cluster));
            let apart = one.lines().zip(other.lines()).find(|(one, other)| one != other);
            Some(format!("filled in otherwise: {apart:?}"))
        }
        (Ok(written), Ok(read)) => {
            let (one, other) = (told(written), told(&read));
            // What the API server drops is told where it is written.
            let is_dropped = |(field, _): &&(String, String)| !has(&filled, field);
            let apart: Vec<_> =
                one.difference(&other).filter(|told| !is_dropped(told)).chain(other.difference(&one)).collect();
            (!apart.is_empty()).then(|| format!("what it becomes is told otherwise: {apart:?}"))
        }
    }
}

/// Labels of pods of a Job that have its UID, which is made up when the Job is created.
fn forget_uid(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| *value != "UID");
            map.values_mut().for_each(forget_uid);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_uid),
        _ => {}
    }
}

/// Whether an object has a field.
fn has(object: &Value, field: &str) -> bool {
    let parts = field.split(['.', '[', ']']).filter(|part| !part.is_empty());
    let below = |value: &Value, part: &str| match value {
        Value::Array(items) => part.parse::<usize>().ok().and_then(|index| items.get(index).cloned()),
        other => other.get(part).cloned(),
    };
    parts.into_iter().try_fold(object.clone(), |value, part| below(&value, part)).is_some()
}

/// What could change a verdict.
fn told(loaded: &Loaded) -> BTreeSet<(String, String)> {
    let notes = loaded.notes.iter().filter(|note| note.severity != Severity::Harmless);
    notes.map(|note| (note.field.clone(), note.message.clone())).collect()
}

/// What is set in an accepted manifest, of which is told what is other than in the one that it is made of.
fn on_base(base: &Fields, apart: &Fields) -> Fields {
    let mut own = base.clone();
    for (path, value) in apart {
        if value.is_null() && base.contains_key(path) {
            own.remove(path);
        } else {
            own.insert(path.clone(), value.clone());
        }
    }
    own
}
