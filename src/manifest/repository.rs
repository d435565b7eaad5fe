//! Folders as repositories have them: manifests among files of other programs, in folders inside of each other, without a
//! scenario.

use super::assume::{assume, for_running};
use super::draft::{ASSUMED, Assumed, Draft, Scenario};
use super::error::InputError;
use super::load::{Inputs, Loader, normal};
use super::search::{Apart, Found, Sort};
use super::source::{Disk, Embedded, shown};
use super::view::Entry;
use super::{ErrorKind, NoteKind, Severity, kinds, kivi, scenario};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a folder has instead of a scenario that somebody wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum First {
    /// A scenario, in this file.
    Written(String),
    /// No workload that one could be about.
    NoWorkload,
    /// None: this text is what is assumed, with the files that it is about.
    Assumed(String),
}

/// The scenario that is assumed for a folder.
pub fn first_scenario(folder: &Path) -> Result<First, InputError> {
    let loader = Loader::new(&Disk);
    let paths = [folder.to_path_buf()];
    let beside: Vec<PathBuf> = loader.files.list(folder)?.iter().map(|file| normal(file)).collect();
    if let Some(file) = beside.iter().find(|file| loader.has_scenario(file)) {
        return Ok(First::Written(shown(file)));
    }
    let mut inputs = Inputs::default();
    loader.search(&paths, &mut inputs)?;
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    for file in &inputs.searched {
        loader.read_found(file).map_or_else(|fault| faults.push(fault), |read| entries.extend(read));
    }
    let mut draft = Draft::new();
    faults.extend(loader.read_objects(&entries, &mut draft).err());
    InputError::none_of(faults)?;
    kinds::apply_limit_ranges(&mut draft);
    if draft.workloads.is_empty() {
        return Ok(First::NoWorkload);
    }
    let folder = normal(folder);
    let files: BTreeSet<&Path> = entries.iter().map(|entry| Path::new(&entry.context.file)).collect();
    // Without a list a scenario is about the files beside it.
    let is_listed = !files.iter().copied().eq(beside.iter().map(PathBuf::as_path));
    let inside = files.into_iter().filter_map(|file| file.strip_prefix(&folder).ok());
    let resources: Vec<String> = inside.filter(|_| is_listed).map(shown).collect();
    Ok(First::Assumed(assume(&draft, &resources, None).text))
}

/// The applications of a folder: what each is to be decided by itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Applications {
    /// Whether there are workloads beside those of the folders that are apart.
    pub has_own: bool,
    /// Folders inside it that are applications of their own.
    pub apart: Vec<Apart>,
}

/// Tells the applications of a folder apart; one with a scenario is one of its own, with all that is in it.
pub fn applications(folder: &Path) -> Result<Applications, InputError> {
    let loader = Loader::new(&Disk);
    if loader.files.list(folder)?.iter().any(|file| loader.has_scenario(file)) {
        return Ok(Applications { has_own: true, apart: Vec::new() });
    }
    let Found { files, apart } = loader.found(folder)?;
    // What cannot be read is told when it is read again.
    let has_workload = |file: &PathBuf| {
        loader.read_found(file).map_or(true, |entries| entries.iter().any(|entry| kinds::is_workload(&entry.value)))
    };
    Ok(Applications { has_own: apart.is_empty() || files.iter().any(has_workload), apart })
}

/// What is likely to happen to a cluster that runs, and what shall hold then, as keys of `spec` of a scenario. The manifests
/// are names and texts.
pub fn likely(files: &[(String, String)]) -> Result<String, InputError> {
    let texts = files.iter().map(|(path, text)| (normal(Path::new(path)), text.clone())).collect();
    let embedded = Embedded(texts);
    let loader = Loader::new(&embedded);
    let mut entries = Vec::new();
    for (path, _) in files {
        entries.extend(loader.read(&normal(Path::new(path)))?);
    }
    let mut draft = Draft::new();
    loader.read_objects(&entries, &mut draft)?;
    Ok(for_running(&draft))
}

impl Loader<'_> {
    /// Reads what is assumed in place of a scenario, if anything is.
    pub(super) fn read_assumed(&self, draft: &mut Draft) -> Result<Option<Scenario>, InputError> {
        let Some(assumed) = self.assumed.filter(|_| !draft.workloads.is_empty()) else { return Ok(None) };
        let Assumed { text, told, .. } = assumed.get_or_init(|| assume(draft, &[], self.beside));
        let entries = self.parse(&self.files.text(ASSUMED, text), ASSUMED)?;
        let Some(mut entry) = entries.into_iter().next() else {
            return Err(InputError::new("the assumed scenario is empty").in_file(ASSUMED));
        };
        entry.context.object = scenario::OBJECT.to_owned();
        let scenario = scenario::read(&entry, None, self, draft)?;
        Ok(Some(Scenario { assumed: Some(told.clone()), ..scenario }))
    }

    /// The files of the folders that are named and of those inside them, in place of those of the former alone.
    pub(super) fn search(&self, paths: &[PathBuf], inputs: &mut Inputs) -> Result<(), InputError> {
        inputs.in_folders.clear();
        for folder in paths.iter().filter(|path| self.files.is_folder(path)) {
            let Found { files, apart } = self.found(folder)?;
            if files.is_empty() && apart.is_empty() {
                return Err(InputError::new("the folder and those inside it have no .yaml, .yml or .json file")
                    .kind(ErrorKind::NoInput)
                    .in_file(shown(folder))
                    .help("name a folder of manifests; hidden files and those that .gitignore names are not read"));
            }
            inputs.searched.extend(files);
            self.notes.borrow_mut().extend(apart.iter().map(Apart::note));
        }
        Ok(())
    }

    /// What is found in a folder; folders inside it with a scenario are apart as well.
    fn found(&self, folder: &Path) -> Result<Found, InputError> {
        let found = self.files.search(folder)?;
        let mut files: Vec<PathBuf> = found.files.iter().map(|file| normal(file)).collect();
        let mut apart: Vec<Apart> =
            found.apart.into_iter().map(|one| Apart { folder: normal(&one.folder), ..one }).collect();
        for file in &files {
            let is_known = apart.iter().any(|one| file.starts_with(&one.folder));
            if !is_known && self.has_scenario(file) {
                let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
                apart.push(Apart { folder, sort: Sort::Scenario });
            }
        }
        files.retain(|file| !apart.iter().any(|one| file.starts_with(&one.folder)));
        Ok(Found { files, apart })
    }

    /// Whether a file holds a scenario; not so if it cannot be read.
    fn has_scenario(&self, file: &Path) -> bool {
        let Ok(text) = self.files.read(file) else { return false };
        let quiet = Loader::new(self.files);
        text.contains("kubound.dev/")
            && quiet
                .parse(&text, "")
                .is_ok_and(|entries| entries.iter().any(|entry| scenario::is_scenario(&entry.value)))
    }

    /// Reads the objects of a file that was found, and not named: it may be of another program.
    pub(super) fn read_found(&self, file: &Path) -> Result<Vec<Entry>, InputError> {
        let name = shown(file);
        let skip = |why: &str| {
            self.note_file(NoteKind::SkippedDocument, Severity::Harmless, &name, format!("skipped: {why}"));
            Ok(Vec::new())
        };
        let text = match self.files.read(file) {
            Ok(text) => text,
            Err(fault) => return skip(&fault.message),
        };
        if !text.contains("apiVersion") && !kivi::is_mentioned(&text) {
            return skip("it holds no Kubernetes objects");
        }
        self.parse(&text, &name).or_else(|fault| {
            let is_object = text.trim_start().starts_with('{')
                || ["apiVersion:", "kind:"].iter().all(|key| text.lines().any(|line| line.starts_with(key)));
            match (text.contains("{{"), is_object) {
                (true, _) => skip("it is a template; render it first"),
                (false, true) => Err(fault),
                (false, false) => skip("it is not valid YAML, and no Kubernetes object"),
            }
        })
    }
}
