//! A folder as the user names it: one that is there, or one of a git revision.

use super::Failure;
use crate::limits::files::MOST_REVISION;
use crate::manifest::{Sort, named_by_kustomization};
use anyhow::{Context, anyhow};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder or file to read, and what keeps it there.
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// A copy that lasts as long as this.
    pub copy: Option<Copy>,
    /// The revision.
    revision: String,
}

impl Folder {
    /// One that is there.
    pub fn here(path: &str) -> Self {
        Self { path: PathBuf::from(path), copy: None, revision: String::new() }
    }

    /// A text with names of files as people know them, who never saw the copy.
    pub fn shown(&self, file: &str) -> String {
        let Some(Copy(copy)) = &self.copy else { return file.to_owned() };
        let copy = copy.display().to_string();
        let shown = |separator: &str| format!("{}:{separator}", self.revision);
        file.replace(&format!("{copy}/"), &shown("")).replace(&copy, &shown("."))
    }
}

/// A temporary folder, removed when dropped.
pub struct Copy(PathBuf);

impl Drop for Copy {
    fn drop(&mut self) {
        // Nothing is lost but room on a disk.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The folder of `PATH`, or of `REVISION:PATH`. What exists is never taken for a revision.
pub fn folder(text: &str) -> Result<Folder, Failure> {
    let path = PathBuf::from(text);
    match text.split_once(':') {
        Some((revision, inside)) if !path.exists() && !revision.is_empty() => of_revision(revision, inside),
        _ => Ok(Folder::here(text)),
    }
}

/// What a path of the working folder was in a revision; none if it has no manifests there.
pub fn at(revision: &str, path: &Path) -> Result<Option<Folder>, Failure> {
    let top = top()?;
    let top = std::fs::canonicalize(&top).unwrap_or_else(|_| PathBuf::from(&top));
    let here = std::env::current_dir().context("cannot find the working folder").map_err(Failure::Usage)?;
    // What a change removed is still where it was.
    let full = std::fs::canonicalize(path).unwrap_or_else(|_| here.join(path));
    let Ok(inside) = full.strip_prefix(&top) else {
        let (path, top) = (path.display(), top.display());
        return Err(Failure::Usage(anyhow!("{path} is not in the repository {top}, so no revision has it")));
    };
    let inside = if inside.as_os_str().is_empty() { Path::new(".") } else { inside };
    copied(revision, &inside.to_string_lossy())
}

/// Copies what is below a path of a revision, which must have manifests there.
fn of_revision(revision: &str, inside: &str) -> Result<Folder, Failure> {
    let help = "help: paths are those inside the repository; only .yaml, .yml and .json files count";
    copied(revision, inside)?.ok_or_else(|| Failure::Usage(anyhow!("{revision}:{inside} has no manifests\n{help}")))
}

/// The top folder of the repository.
fn top() -> Result<String, Failure> {
    let top = git(&["rev-parse", "--show-toplevel"])?;
    Ok(String::from_utf8_lossy(&top).trim_end().to_owned())
}

/// The files of a revision, each with what Git calls its content. Symbolic links and submodules are left out.
struct Tree {
    top: String,
    files: BTreeMap<PathBuf, String>,
}

impl Tree {
    fn of(revision: &str, inside: &str) -> Result<Self, Failure> {
        let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
            .map_err(|_| Failure::Usage(anyhow!("{revision}:{inside}: git knows no revision `{revision}` here")))?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let top = top()?;
        let listed = git(&["-C", &top, "ls-tree", "-r", "-z", "--full-tree", &commit])?;
        let mut files = BTreeMap::new();
        for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let entry = String::from_utf8_lossy(entry);
            let Some((about, file)) = entry.split_once('\t') else { continue };
            let about: Vec<&str> = about.split(' ').collect();
            if let (["100644" | "100755", "blob", id], true) = (about.as_slice(), is_below(file)) {
                files.insert(PathBuf::from(file), (*id).to_owned());
            }
        }
        Ok(Self { top, files })
    }

    fn text(&self, file: &Path) -> Result<Vec<u8>, Failure> {
        git(&["-C", &self.top, "cat-file", "blob", &self.files[file]])
    }

    /// The files that it takes to read what is below a path: manifests; of charts and kustomizations everything, and
    /// what kustomizations name elsewhere.
    fn needed(&self, inside: &Path) -> Result<BTreeSet<PathBuf>, Failure> {
        let (mut needed, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![(inside.to_path_buf(), false)];
        while let Some((place, is_whole)) = open.pop() {
            if !seen.insert((place.clone(), is_whole)) {
                continue;
            }
            for file in self.files.keys().filter(|file| file.starts_with(&place)) {
                if is_whole || is_manifest(file) {
                    needed.insert(file.clone());
                }
                let Some(sort) = Sort::marked_by(file) else { continue };
                let folder = file.parent().unwrap_or(Path::new(""));
                open.push((folder.to_path_buf(), true));
                if sort == Sort::Kustomization && seen.insert((file.clone(), true)) {
                    let text = self.text(file)?;
                    let named = named_by_kustomization(folder, &String::from_utf8_lossy(&text));
                    // A name that leads to the top is none of a part.
                    open.extend(named.into_iter().filter(|path| !path.as_os_str().is_empty()).map(|path| (path, true)));
                }
            }
        }
        Ok(needed)
    }
}

/// Copies what it takes to read a path of a revision.
fn copied(revision: &str, inside: &str) -> Result<Option<Folder>, Failure> {
    let tree = Tree::of(revision, inside)?;
    // Git resolves paths from the top of the repository unless they begin with a dot.
    if Path::new(inside).components().any(|part| matches!(part, Component::ParentDir | Component::RootDir)) {
        return Ok(None);
    }
    let parts = Path::new(inside).components().filter(|part| matches!(part, Component::Normal(_)));
    let inside: PathBuf = parts.collect();
    let needed = tree.needed(&inside)?;
    if needed.len() > MOST_REVISION {
        let place = inside.display();
        return Err(Failure::Usage(anyhow!("{revision}:{place} needs more than {MOST_REVISION} files")));
    }
    let copy = Copy(fresh_folder()?);
    for file in &needed {
        write(&copy.0.join(file), &tree.text(file)?)?;
    }
    let path = copy.0.join(&inside);
    if needed.is_empty() || !path.exists() {
        return Ok(None);
    }
    Ok(Some(Folder { path, copy: Some(copy), revision: revision.to_owned() }))
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known))
}

/// Git stores no other paths, but a tampered repository might.
fn is_below(file: &str) -> bool {
    Path::new(file).components().all(|part| matches!(part, Component::Normal(_)))
}

fn write(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, text)
    };
    write().with_context(|| format!("cannot write {}", path.display())).map_err(Failure::Usage)
}

/// A new folder that only this user can read.
fn fresh_folder() -> Result<PathBuf, Failure> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut last = None;
    for _ in 0..100 {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kubound-{}-{number}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // It fails if somebody else made the folder first.
        match builder.create(&path) {
            Ok(()) => return Ok(path),
            Err(error) => last = Some(error),
        }
    }
    Err(Failure::Usage(anyhow!("cannot make a temporary folder: {last:?}")))
}

/// The output of the user's git; a failure carries what git says.
fn git(arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let run = Command::new("git").args(arguments).output();
    let Output { status, stdout, stderr } =
        run.context("cannot run git, which revisions need").map_err(Failure::Usage)?;
    if status.success() {
        return Ok(stdout);
    }
    let said = String::from_utf8_lossy(&stderr).trim().to_owned();
    Err(Failure::Usage(anyhow!("git: {}", if said.is_empty() { "it failed".to_owned() } else { said })))
}
