//! The manifests of a folder and of the folders inside it, as a repository holds them: among much that is none.

use super::error::InputError;
use super::ids::ErrorKind;
use super::source::{is_manifest, shown};
use super::value::Value;
use super::yaml::parse_documents;
use super::{Note, NoteKind, Severity};
use ignore::WalkBuilder;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// What is found in a folder and the folders inside it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    /// YAML and JSON files, sorted, without those of the folders that are apart.
    pub(super) files: Vec<PathBuf>,
    /// Folders inside it whose files cannot be read one by one.
    pub(super) apart: Vec<Apart>,
}

/// A folder whose files make sense to one program only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Apart {
    /// The folder.
    pub folder: PathBuf,
    /// Whose it is.
    pub sort: Sort,
}

/// Which program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sort {
    /// Helm: `Chart.yaml`, with templates.
    Chart,
    /// Kustomize: a kustomization, with parts of objects.
    Kustomization,
    /// Kubound: a scenario of its own.
    Scenario,
}

impl Sort {
    /// Which program renders a folder, if one has to.
    pub fn of(folder: &Path) -> Option<Self> {
        MARKS.iter().find(|(mark, _)| folder.join(mark).is_file()).map(|(_, sort)| *sort)
    }

    /// Which program renders the folder that a file is in, if the file says so.
    pub fn marked_by(file: &Path) -> Option<Self> {
        MARKS.iter().find(|(mark, _)| file.file_name().is_some_and(|name| name == *mark)).map(|(_, sort)| *sort)
    }
}

impl Apart {
    /// What is to be known if it is left out.
    pub fn note(&self) -> Note {
        let folder = shown(&self.folder);
        let message = match self.sort {
            Sort::Chart => format!("a Helm chart, left out: helm template {folder} | kubound verify -"),
            Sort::Kustomization => format!("a kustomization, left out: kubectl kustomize {folder} | kubound verify -"),
            Sort::Scenario => format!("a folder with a scenario, left out: kubound verify {folder}"),
        };
        Note::of_file(NoteKind::OddInput, Severity::Warning, &folder, message)
    }
}

/// Files by which such a folder is known.
const MARKS: &[(&str, Sort)] = &[
    ("Chart.yaml", Sort::Chart),
    ("kustomization.yaml", Sort::Kustomization),
    ("kustomization.yml", Sort::Kustomization),
    ("Kustomization", Sort::Kustomization),
];

/// Searches a folder of the disk. Ignore files of the folder, of those inside it and of those around it are heeded, and
/// hidden files and folders left out; what the user ignores everywhere does not matter, so that all machines find the same.
pub(super) fn search(folder: &Path) -> Result<Found, InputError> {
    let mut walk = WalkBuilder::new(folder);
    walk.require_git(false).git_global(false).sort_by_file_path(Path::cmp);
    let mut files = Vec::new();
    let mut apart = BTreeSet::new();
    for entry in walk.build() {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let path = entry.path();
        let Some(parent) = path.parent().filter(|_| entry.depth() > 0 && path.is_file()) else { continue };
        let name = entry.file_name();
        if let Some((_, sort)) = MARKS.iter().find(|(mark, _)| name == *mark).filter(|_| entry.depth() > 1) {
            apart.insert(Apart { folder: parent.to_path_buf(), sort: *sort });
        }
        if is_manifest(path) {
            files.push(path.to_path_buf());
        }
    }
    let parts = parts(&apart);
    files.retain(|file| !apart.iter().any(|one| file.starts_with(&one.folder)));
    let mut apart = outermost(apart);
    apart.retain(|one| !parts.contains(&one.folder));
    Ok(Found { files, apart })
}

/// What is inside of a chart belongs to it.
fn outermost(apart: BTreeSet<Apart>) -> Vec<Apart> {
    let is_inside = |one: &Apart, other: &Apart| {
        other.sort == Sort::Chart && one.folder != other.folder && one.folder.starts_with(&other.folder)
    };
    apart.iter().filter(|one| !apart.iter().any(|other| is_inside(one, other))).cloned().collect()
}

/// Folders that kustomizations among these take in, such as their bases, and components, which are nothing by themselves.
fn parts(apart: &BTreeSet<Apart>) -> BTreeSet<PathBuf> {
    let mut parts = BTreeSet::new();
    for Apart { folder, .. } in apart.iter().filter(|one| one.sort == Sort::Kustomization) {
        let files = MARKS.iter().map(|(name, _)| folder.join(name));
        let Some(text) = files.filter_map(|file| fs::read_to_string(file).ok()).next() else { continue };
        // What cannot be read is told by the program that renders it.
        for document in parse_documents(&text).unwrap_or_default() {
            if document.root.below(&["kind"]).and_then(Value::as_text) == Some("Component") {
                parts.insert(folder.clone());
            }
            for key in ["resources", "bases", "components"] {
                let Some(Value::List(list)) = document.root.below(&[key]) else { continue };
                parts.extend(list.iter().filter_map(Value::as_text).map(|path| below(folder, path)));
            }
        }
    }
    parts
}

/// Whatever a kustomization in a folder may name: each text in it as a path, and what stands behind `=` in it.
pub fn named_by_kustomization(folder: &Path, text: &str) -> BTreeSet<PathBuf> {
    fn collect<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
        match value {
            Value::Text(text) => texts.push(text),
            Value::List(list) => list.iter().for_each(|value| collect(value, texts)),
            Value::Map(map) => map.values().for_each(|value| collect(value, texts)),
            Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {}
        }
    }
    let documents = parse_documents(text).unwrap_or_default();
    let mut texts = Vec::new();
    documents.iter().for_each(|document| collect(&document.root, &mut texts));
    let files = texts.iter().filter_map(|text| text.split_once('=')).map(|(_, file)| file);
    texts.iter().copied().chain(files).filter(|path| !path.is_empty()).map(|path| below(folder, path)).collect()
}

/// A path relative to a folder, without steps upwards.
fn below(folder: &Path, relative: &str) -> PathBuf {
    let mut path = folder.to_path_buf();
    for component in Path::new(relative).components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(part) => path.push(part),
            _ => {}
        }
    }
    path
}

fn unreadable(folder: &Path, error: &ignore::Error) -> InputError {
    InputError::new(format!("the folder cannot be searched: {error}"))
        .kind(ErrorKind::Unreadable)
        .in_file(shown(folder))
        .help("name the folders of manifests themselves")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own with these files.
    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("kubound-search-{name}-{}", std::process::id()));
        for (file, text) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, text).expect("written");
        }
        folder
    }

    fn names(folder: &Path, found: &[PathBuf]) -> Vec<String> {
        found.iter().map(|file| file.strip_prefix(folder).expect("inside").display().to_string()).collect()
    }

    #[test]
    fn a_kustomization_names_folders_and_files_in_many_places() {
        let text = "resources: [../../base, web.yaml]\npatches:\n- path: fewer.yaml\nconfigMapGenerator:\n- name: c\n  \
                    files: [a.txt, key=sub/b.txt]\nreplicas: [{name: web, count: 2}]\n";
        let named = named_by_kustomization(Path::new("k/overlays/prod"), text);
        for path in ["k/base", "k/overlays/prod/web.yaml", "k/overlays/prod/fewer.yaml", "k/overlays/prod/sub/b.txt"] {
            assert!(named.contains(Path::new(path)), "{path}: {named:?}");
        }
        assert!(named_by_kustomization(Path::new(""), "a: [").is_empty());
    }

    #[test]
    fn ignored_and_hidden_files_are_left_out() {
        let folder = folder(
            "ignored",
            &[
                (".gitignore", "build/\n*.tmp.yaml\n"),
                ("apps/web/deploy.yaml", ""),
                ("apps/api/deploy.yml", ""),
                ("apps/.ignore", "secret.json\n"),
                ("apps/secret.json", ""),
                ("apps/x.tmp.yaml", ""),
                ("build/out.yaml", ""),
                (".github/workflows/ci.yaml", ""),
                ("README.md", ""),
            ],
        );
        let found = search(&folder).expect("a folder");
        assert_eq!(names(&folder, &found.files), ["apps/api/deploy.yml", "apps/web/deploy.yaml"]);
        assert!(found.apart.is_empty());
        fs::remove_dir_all(folder).expect("removed");
    }

    #[test]
    fn charts_and_kustomizations_inside_are_apart_with_all_that_they_take_in() {
        let folder = folder(
            "apart",
            &[
                ("a.yaml", ""),
                ("chart/Chart.yaml", ""),
                ("chart/templates/web.yaml", ""),
                ("chart/charts/inner/Chart.yaml", ""),
                ("overlay/Kustomization", "resources: [../base, web.yaml]\n"),
                ("overlay/patch.yaml", ""),
                ("base/kustomization.yaml", "resources: [web.yaml]\n"),
                ("base/web.yaml", ""),
                ("part/kustomization.yml", "kind: Component\n"),
            ],
        );
        let found = search(&folder).expect("a folder");
        assert_eq!(names(&folder, &found.files), ["a.yaml"]);
        let apart: Vec<_> = found.apart.iter().map(|one| (one.folder.clone(), one.sort)).collect();
        let expected = [("chart", Sort::Chart), ("overlay", Sort::Kustomization)];
        assert_eq!(apart, expected.map(|(name, sort)| (folder.join(name), sort)));
        fs::remove_dir_all(folder).expect("removed");
    }
}
