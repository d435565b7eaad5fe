//! The manifests of a folder and of the folders inside it, as a repository holds them: among much that is none.

use super::error::InputError;
use super::ids::ErrorKind;
use super::source::{is_manifest, shown};
use ignore::WalkBuilder;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
pub(super) struct Apart {
    pub(super) folder: PathBuf,
    pub(super) sort: Sort,
}

/// Which program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Sort {
    /// Helm: `Chart.yaml`, with templates.
    Chart,
    /// Kustomize: a kustomization, with parts of objects.
    Kustomization,
    /// Kubound: a scenario of its own.
    Scenario,
}

impl Sort {
    /// What is to be known about such a folder that is left out.
    pub(super) fn told(self, folder: &str) -> String {
        let what = match self {
            Self::Chart => "a Helm chart",
            Self::Kustomization => "a kustomization",
            Self::Scenario => "a folder with a scenario",
        };
        format!("{what}, left out here: kubound verify {folder}")
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
    files.retain(|file| !apart.iter().any(|one| file.starts_with(&one.folder)));
    Ok(Found { files, apart: outermost(apart) })
}

/// Charts inside of charts, and kustomizations inside of others, belong to those around them.
fn outermost(apart: BTreeSet<Apart>) -> Vec<Apart> {
    let is_inside = |one: &Apart, other: &Apart| one.folder != other.folder && one.folder.starts_with(&other.folder);
    apart.iter().filter(|one| !apart.iter().any(|other| is_inside(one, other))).cloned().collect()
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
    use std::fs;

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
    fn charts_and_kustomizations_inside_are_apart_with_all_that_is_in_them() {
        let folder = folder(
            "apart",
            &[
                ("a.yaml", ""),
                ("chart/Chart.yaml", ""),
                ("chart/templates/web.yaml", ""),
                ("chart/charts/inner/Chart.yaml", ""),
                ("overlay/Kustomization", ""),
                ("overlay/patch.yaml", ""),
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
