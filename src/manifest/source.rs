//! Where texts come from: a disk or a folder inside the program.

use super::ErrorKind;
use super::error::InputError;
use super::search::{Found, search};
use crate::limits::reader::MAX_BYTES;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Texts of files by their names in messages.
pub type Texts = BTreeMap<String, String>;

/// Access to files; paths are as the user wrote them.
pub(super) trait Files {
    /// The text of a file.
    fn read(&self, path: &Path) -> Result<String, InputError>;
    /// The YAML and JSON files of a folder, sorted.
    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, InputError>;
    /// The YAML and JSON files of a folder and of those inside it, without what somebody ignores.
    fn search(&self, folder: &Path) -> Result<Found, InputError>;
    /// A text that is in no file, by its name in messages.
    fn text(&self, _name: &str, text: &str) -> String {
        text.to_owned()
    }
    /// Whether it is a folder.
    fn is_folder(&self, path: &Path) -> bool;
    /// A path inside a folder; the error says why it is not acceptable.
    fn inside(&self, folder: &Path, relative: &str) -> Result<PathBuf, Refused>;
}

/// Why a path is not acceptable.
type Refused = (ErrorKind, String);

fn outside(message: String) -> Refused {
    (ErrorKind::OutsideFolder, message)
}

/// Name of a path in messages.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Whether a file can hold manifests, by its name.
pub(super) fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase);
    matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
}

/// Refuses absolute paths and paths that climb out, before anything is looked up.
fn check_relative(relative: &str) -> Result<(), Refused> {
    let path = Path::new(relative);
    let mut depth = 0i32;
    for component in path.components() {
        depth += match component {
            Component::Normal(_) => 1,
            Component::CurDir => 0,
            Component::ParentDir => -1,
            Component::RootDir | Component::Prefix(_) => {
                return Err(outside(format!("`{relative}` is an absolute path")));
            }
        };
        if depth < 0 {
            return Err(outside(format!("`{relative}` leaves the folder of the scenario")));
        }
    }
    Ok(())
}

/// Text of bytes, with the limits that hold for every source.
fn decode(bytes: Vec<u8>, file: &str) -> Result<String, InputError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(InputError::new("the file is too large")
            .kind(ErrorKind::Limits)
            .in_file(file)
            .expected(format!("at most {} MiB", MAX_BYTES >> 20))
            .help("split it, or give only the manifests that matter"));
    }
    String::from_utf8(bytes).map_err(|error| {
        InputError::new(format!("not UTF-8 text (byte {})", error.utf8_error().valid_up_to()))
            .kind(ErrorKind::Unreadable)
            .in_file(file)
            .help("save the file as UTF-8")
    })
}

/// Checks a text that did not come from a file.
pub(super) fn check_text(text: &str, file: &str) -> Result<(), InputError> {
    if text.len() as u64 > MAX_BYTES { decode(text.as_bytes().to_vec(), file).map(|_| ()) } else { Ok(()) }
}

/// The folder itself; the parent of a file in the working folder is written as nothing.
fn working(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Files of the computer.
pub(super) struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<String, InputError> {
        let failed = |error: std::io::Error| {
            InputError::new(format!("cannot be read: {error}"))
                .kind(ErrorKind::Unreadable)
                .in_file(shown(path))
                .help("check the path and its rights")
        };
        let file = File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        decode(bytes, &shown(path))
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, InputError> {
        let failed = |error: std::io::Error| {
            InputError::new(format!("the folder cannot be read: {error}"))
                .kind(ErrorKind::Unreadable)
                .in_file(shown(folder))
        };
        let root = fs::canonicalize(working(folder)).map_err(failed)?;
        let mut files = Vec::new();
        for entry in fs::read_dir(working(folder)).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if !is_manifest(&path) {
                continue;
            }
            if path.is_symlink() && !path.exists() {
                return Err(InputError::new("a symbolic link to a file that is not there")
                    .kind(ErrorKind::Unreadable)
                    .in_file(shown(&path))
                    .help("remove it, or put the file there"));
            }
            if !path.is_file() {
                continue;
            }
            if !fs::canonicalize(&path).map_err(failed)?.starts_with(&root) {
                return Err(InputError::new("a symbolic link that leaves its folder")
                    .kind(ErrorKind::OutsideFolder)
                    .in_file(shown(&path))
                    .help("copy the file, or name it on the command line"));
            }
            files.push(path);
        }
        files.sort();
        Ok(files)
    }

    fn search(&self, folder: &Path) -> Result<Found, InputError> {
        search(working(folder))
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn inside(&self, folder: &Path, relative: &str) -> Result<PathBuf, Refused> {
        check_relative(relative)?;
        let path = folder.join(relative);
        let root = fs::canonicalize(working(folder)).map_err(|error| (ErrorKind::Unreadable, error.to_string()))?;
        let real = fs::canonicalize(&path).map_err(|error| {
            let message = format!("`{relative}` cannot be read: {error}");
            (ErrorKind::Unreadable, message)
        })?;
        if real.starts_with(root) {
            Ok(path)
        } else {
            Err(outside(format!("`{relative}` leaves the folder of the scenario by a symbolic link")))
        }
    }
}

/// Other files, some with other texts, and what was read of them.
pub(super) struct Recorded<'a> {
    files: &'a dyn Files,
    changed: &'a Texts,
    /// What was read, by its name in messages.
    pub(super) read: RefCell<Texts>,
}

impl<'a> Recorded<'a> {
    /// Nothing was read yet.
    pub(super) fn new(files: &'a dyn Files, changed: &'a Texts) -> Self {
        Self { files, changed, read: RefCell::default() }
    }
}

impl Files for Recorded<'_> {
    fn read(&self, path: &Path) -> Result<String, InputError> {
        let name = shown(path);
        let known = self.changed.get(&name).or(self.read.borrow().get(&name)).cloned();
        let text = known.map_or_else(|| self.files.read(path), Ok)?;
        self.read.borrow_mut().insert(name, text.clone());
        Ok(text)
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, InputError> {
        self.files.list(folder)
    }

    fn search(&self, folder: &Path) -> Result<Found, InputError> {
        self.files.search(folder)
    }

    fn text(&self, name: &str, text: &str) -> String {
        let text = self.changed.get(name).map_or(text, String::as_str).to_owned();
        self.read.borrow_mut().insert(name.to_owned(), text.clone());
        text
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.files.is_folder(path)
    }

    fn inside(&self, folder: &Path, relative: &str) -> Result<PathBuf, Refused> {
        self.files.inside(folder, relative)
    }
}

/// A folder inside the program.
pub(super) struct Embedded(pub(super) BTreeMap<PathBuf, String>);

impl Files for Embedded {
    fn read(&self, path: &Path) -> Result<String, InputError> {
        let text = self
            .0
            .get(path)
            .ok_or_else(|| InputError::new("no such file").kind(ErrorKind::Unreadable).in_file(shown(path)))?;
        check_text(text, &shown(path))?;
        Ok(text.clone())
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, InputError> {
        let is_here = |path: &&PathBuf| path.parent() == Some(folder) && is_manifest(path);
        Ok(self.0.keys().filter(is_here).cloned().collect())
    }

    fn search(&self, folder: &Path) -> Result<Found, InputError> {
        let files = self.0.keys().filter(|path| path.starts_with(folder) && is_manifest(path)).cloned().collect();
        Ok(Found { files, apart: Vec::new() })
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.as_os_str().is_empty() || self.0.keys().any(|file| file != path && file.starts_with(path))
    }

    fn inside(&self, folder: &Path, relative: &str) -> Result<PathBuf, Refused> {
        check_relative(relative)?;
        let mut path = PathBuf::new();
        for component in folder.join(relative).components() {
            match component {
                Component::ParentDir => {
                    path.pop();
                }
                Component::CurDir => {}
                other => path.push(other),
            }
        }
        if self.0.contains_key(&path) || self.is_folder(&path) {
            Ok(path)
        } else {
            Err((ErrorKind::Unreadable, format!("`{relative}` does not exist")))
        }
    }
}
