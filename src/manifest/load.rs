//! From paths to objects: which files count, and in which order they are read.

use super::custom;
use super::draft::{ASSUMED, Assumed, Draft};
use super::error::InputError;
use super::source::{Disk, Embedded, Files, Recorded, Texts, check_text, shown};
use super::value::{Value, child};
use super::view::{Context, Entry, Notes};
use super::wanted::Wanted;
use super::yaml::{self, Old};
use super::{ErrorKind, NoteKind};
use super::{Loaded, Note, Severity, kinds, kivi, resolve, scenario, source_map_place};
use kubound_encodings::cluster::KubernetesVersion;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Name of standard input in messages.
const STDIN: &str = "<stdin>";

/// A text that is in no file, such as the output of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// Name in messages.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Reads files, folders (every `.yaml`, `.yml` and `.json` in them) and the text of standard input.
pub fn load(paths: &[PathBuf], stdin: Option<&str>) -> Result<Loaded, InputError> {
    let paths: Vec<PathBuf> = paths.iter().filter(|path| path.as_os_str() != "-").cloned().collect();
    let texts: Vec<Text> = stdin.iter().map(|&text| Text { name: STDIN.into(), text: text.to_owned() }).collect();
    load_with(&paths, &texts)
}

/// Reads files, folders (every `.yaml`, `.yml` and `.json` in them) and texts.
pub fn load_with(paths: &[PathBuf], texts: &[Text]) -> Result<Loaded, InputError> {
    Ok(Input::new(paths, texts).read(&Texts::new())?.0)
}

/// Reads a folder that is inside the program, given as relative paths and texts.
pub fn load_embedded(name: &str, files: &[(String, String)]) -> Result<Loaded, InputError> {
    let texts = files.iter().map(|(path, text)| (normal(Path::new(path)), text.clone())).collect();
    Loader::new(&Embedded(texts)).load(name, &[PathBuf::new()], &[])
}

/// What the command line names, to be read more than once.
#[derive(Clone, Debug)]
pub struct Input {
    paths: Vec<PathBuf>,
    texts: Vec<Text>,
    release: Option<KubernetesVersion>,
    assumed: Option<OnceLock<Assumed>>,
    /// What assumed nodes must have room for as well.
    beside: Option<Wanted>,
}

impl Input {
    /// Files, folders and texts.
    pub fn new(paths: &[PathBuf], texts: &[Text]) -> Self {
        Self { paths: paths.to_vec(), texts: texts.to_vec(), release: None, assumed: None, beside: None }
    }

    /// The same under the rules of a release, whatever the scenario says.
    pub fn under(self, release: Option<KubernetesVersion>) -> Self {
        Self { release, ..self }
    }

    /// The same as a repository: without a scenario folders inside are searched, and one is assumed. What the first reading
    /// assumes holds for the others as well.
    pub fn of_repository(paths: &[PathBuf], texts: &[Text]) -> Self {
        Self { assumed: Some(OnceLock::new()), ..Self::new(paths, texts) }
    }

    /// What the nodes that were assumed must have room for, if any were.
    pub fn wanted(&self) -> Option<&Wanted> {
        self.assumed.as_ref()?.get()?.wanted.as_ref()
    }

    /// The same with nodes that serve another input as well; without a scenario it is as if nothing was read before.
    pub fn beside(self, other: &Wanted) -> Self {
        Self { assumed: self.assumed.map(|_| OnceLock::new()), beside: Some(other.clone()), ..self }
    }

    /// Reads everything, some files or texts with other words than they have; returns the texts of all that was read
    /// as well.
    pub fn read(&self, changed: &Texts) -> Result<(Loaded, Texts), InputError> {
        let other = |text: &Text| changed.get(&text.name).unwrap_or(&text.text).clone();
        let texts: Vec<Text> =
            self.texts.iter().map(|text| Text { name: text.name.clone(), text: other(text) }).collect();
        let stem = self.paths.first().and_then(|path| path.file_stem());
        let name = stem.map_or("cluster".into(), |stem| stem.to_string_lossy());
        let files = Recorded::new(&Disk, changed);
        let assumed = self.assumed.as_ref();
        let loader = Loader { release: self.release, assumed, beside: self.beside.as_ref(), ..Loader::new(&files) };
        let loaded = loader.load(&name, &self.paths, &texts)?;
        let mut read = files.read.into_inner();
        read.extend(texts.into_iter().map(|text| (text.name, text.text)));
        Ok((loaded, read))
    }

    /// Whether a text is in a file, and neither the output of a program nor assumed.
    pub fn is_file(&self, name: &str) -> bool {
        name != ASSUMED && self.texts.iter().all(|text| text.name != name)
    }
}

/// Reads files and turns them into objects.
pub(super) struct Loader<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) notes: Notes,
    /// The release whose rules apply, whatever the scenario says.
    pub(super) release: Option<KubernetesVersion>,
    /// What is assumed without a scenario, once that is known; none: nothing ever is.
    pub(super) assumed: Option<&'a OnceLock<Assumed>>,
    /// What assumed nodes must have room for as well.
    pub(super) beside: Option<&'a Wanted>,
}

/// What the command line names.
#[derive(Default)]
pub(super) struct Inputs {
    named: Vec<PathBuf>,
    pub(super) in_folders: Vec<PathBuf>,
    /// Files of folders that were searched: many of them may hold no objects.
    pub(super) searched: Vec<PathBuf>,
}

impl<'a> Loader<'a> {
    /// A reader that has read nothing yet, under the release that the scenario says, and assumes nothing.
    pub(super) fn new(files: &'a dyn Files) -> Self {
        Self { files, notes: Notes::default(), release: None, assumed: None, beside: None }
    }

    fn load(&self, name: &str, paths: &[PathBuf], texts: &[Text]) -> Result<Loaded, InputError> {
        if paths.is_empty() && texts.is_empty() {
            return Err(InputError::new("no input")
                .kind(ErrorKind::NoInput)
                .help("name files or folders, or pipe manifests to `-`"));
        }
        let mut inputs = self.collect(paths)?;
        let mut faults = Vec::new();
        let mut piped = Vec::new();
        for Text { name, text } in texts {
            check_text(text, name)?;
            self.parse(text, name).map_or_else(|fault| faults.push(fault), |entries| piped.extend(entries));
        }
        let scenario = self.find_scenario(&inputs, &mut piped)?;
        if scenario.is_none() && self.assumed.is_some() {
            self.search(paths, &mut inputs)?;
        }
        let mut entries = piped;
        for file in self.files_to_read(&inputs, scenario.as_ref(), !texts.is_empty())? {
            let read = if inputs.searched.contains(&file) { self.read_found(&file) } else { self.read(&file) };
            read.map_or_else(|fault| faults.push(fault), |read| entries.extend(read));
        }
        let mut draft = Draft::new();
        draft.notes = self.notes.clone();
        let foreign = kivi::find(&entries, scenario.is_some())?;
        faults.extend(self.read_objects(&entries, &mut draft).err());
        InputError::none_of(faults)?;
        kinds::apply_limit_ranges(&mut draft);
        custom::tie(&mut draft)?;
        let name = name.trim_start_matches('/').to_owned();
        let scenario = match (&scenario, foreign) {
            (Some((folder, entry)), _) => Some(scenario::read(entry, folder.as_deref(), self, &mut draft)?),
            (None, Some(entry)) => Some(kivi::read(entry, &mut draft)?),
            (None, None) => self.read_assumed(&mut draft)?,
        };
        let mut scenario = scenario.unwrap_or_default();
        scenario.version = self.release.unwrap_or(scenario.version);
        resolve::finish(name, draft, scenario)
    }

    /// The files that are named, and those in the folders that are.
    pub(super) fn files_of(&self, paths: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
        let inputs = self.collect(paths)?;
        Ok(inputs.named.into_iter().chain(inputs.in_folders).collect())
    }

    pub(super) fn collect(&self, paths: &[PathBuf]) -> Result<Inputs, InputError> {
        let mut inputs = Inputs::default();
        for path in paths {
            if !self.files.is_folder(path) {
                inputs.named.push(normal(path));
                continue;
            }
            let files = self.files.list(path)?;
            if files.is_empty() && self.assumed.is_none() {
                return Err(InputError::new("the folder has no .yaml, .yml or .json file")
                    .kind(ErrorKind::NoInput)
                    .in_file(shown(path))
                    .help("name a folder of manifests; folders inside it are not searched here"));
            }
            inputs.in_folders.extend(files.iter().map(|file| normal(file)));
        }
        Ok(inputs)
    }

    /// Finds the scenario and the folder to which its paths are relative.
    fn find_scenario(
        &self,
        inputs: &Inputs,
        piped: &mut Vec<Entry>,
    ) -> Result<Option<(Option<PathBuf>, Entry)>, InputError> {
        let mut found: Vec<(Option<PathBuf>, Entry)> = Vec::new();
        for position in (0..piped.len()).rev() {
            if scenario::is_scenario(&piped[position].value) {
                let mut entry = piped.remove(position);
                entry.context.object = scenario::OBJECT.to_owned();
                found.push((None, entry));
            }
        }
        for file in inputs.named.iter().chain(&inputs.in_folders) {
            let text = self.files.read(file)?;
            if !text.contains("kubound.dev/") {
                continue;
            }
            // Notes of this file are made when it is read with the others, or not at all.
            let quiet = Loader::new(self.files);
            let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
            let entries = match quiet.parse(&text, &shown(file)) {
                // It may be of another program; if not, it is told when all files are read.
                Err(_) if self.assumed.is_some() && !inputs.named.contains(file) => continue,
                entries => entries?,
            };
            for entry in entries {
                if scenario::is_scenario(&entry.value) {
                    let object = scenario::OBJECT.to_owned();
                    let context = Context { notes: self.notes.clone(), object, ..entry.context };
                    found.push((Some(folder.clone()), Entry { value: entry.value, context }));
                }
            }
        }
        if let [(_, first), (_, second), ..] = found.as_slice() {
            return Err(second
                .context
                .error("", "a second scenario")
                .kind(ErrorKind::Duplicate)
                .expected(format!("one; the first is in {}", first.context.file))
                .help("check scenarios one at a time"));
        }
        Ok(found.pop())
    }

    /// The files with objects, in order.
    fn files_to_read(
        &self,
        inputs: &Inputs,
        scenario: Option<&(Option<PathBuf>, Entry)>,
        has_texts: bool,
    ) -> Result<Vec<PathBuf>, InputError> {
        let mut files = inputs.named.clone();
        if let Some((Some(folder), entry)) = scenario {
            let listed = scenario::resources(entry, folder, self.files)?;
            let own = PathBuf::from(&entry.context.file);
            let is_alone = !has_texts && inputs.in_folders.is_empty() && inputs.named.iter().all(|file| *file == own);
            files.push(own);
            match listed {
                Some(listed) => files.extend(listed),
                None if is_alone => files.extend(self.files.list(folder)?.iter().map(|file| normal(file))),
                None => files.extend(inputs.in_folders.iter().cloned()),
            }
            let events = scenario::event_files(entry, folder);
            files.retain(|file| !events.contains(file) || inputs.named.contains(file));
        } else {
            files.extend(inputs.in_folders.iter().chain(&inputs.searched).cloned());
        }
        let mut seen = BTreeSet::new();
        files.retain(|file| seen.insert(file.clone()));
        Ok(files)
    }

    /// Remembers something about a whole file.
    pub(super) fn note_file(&self, kind: NoteKind, severity: Severity, file: &str, message: String) {
        self.notes.borrow_mut().push(Note::of_file(kind, severity, file, message));
    }

    /// Reads the objects of a file.
    pub(super) fn read(&self, file: &Path) -> Result<Vec<Entry>, InputError> {
        let text = self.files.read(file)?;
        self.parse(&text, &shown(file))
    }

    pub(super) fn parse(&self, text: &str, file: &str) -> Result<Vec<Entry>, InputError> {
        let source: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(text).into();
        let documents = yaml::parse_documents(text).map_err(|malformed| malformed.in_file(file, &source))?;
        let mut entries = Vec::new();
        let mut skipped = 0;
        for document in documents {
            let context = Context {
                file: file.to_owned(),
                document: document.index,
                line: document.line,
                source: Arc::clone(&source),
                places: document.places,
                object: kinds::object_name(&document.root),
                notes: self.notes.clone(),
            };
            for duplicate in &document.duplicates {
                let (first, last) = (duplicate.first, duplicate.last);
                let message = format!("the key occurs more than once (lines {first} and {last}); the last one counts");
                context.note_kind(NoteKind::DuplicateKey, Severity::Warning, &duplicate.path, message);
            }
            for Old { path, text, value } in document.old.iter().filter(|_| kinds::header(&document.root).is_some()) {
                let message =
                    format!("`{text}` is {value} to YAML 1.1 and so to kubectl; write {value}, or quotes for a text");
                context.note_kind(NoteKind::OddInput, Severity::Warning, path, message);
            }
            skipped += usize::from(!unpack(document.root, context, &mut entries));
        }
        if skipped > 0 {
            let message = format!("skipped {skipped} document(s) without apiVersion and kind");
            self.note_file(NoteKind::SkippedDocument, Severity::Harmless, file, message);
        }
        Ok(entries)
    }

    /// Reads objects into the draft; priority classes first, because policies name them.
    pub(super) fn read_objects(&self, entries: &[Entry], draft: &mut Draft) -> Result<(), InputError> {
        let is_class = |entry: &&Entry| kinds::header(&entry.value).is_some_and(|(_, kind)| kind == "PriorityClass");
        let is_other = |entry: &&Entry| {
            !is_class(entry) && !scenario::is_scenario(&entry.value) && entry.context.object != kivi::OBJECT
        };
        let mut faults = Vec::new();
        for entry in entries.iter().filter(is_class).chain(entries.iter().filter(is_other)) {
            let context = &entry.context;
            if let Some(earlier) = draft.sources.insert(&context.object, source_map_place(context)) {
                let place = format!("{}, document {}", earlier.file, earlier.document);
                let message = format!("also in {place}; the one read last counts");
                context.note_kind(NoteKind::DuplicateObject, Severity::Warning, "", message);
            }
            faults.extend(kinds::read_object(&entry.value, context, draft).err());
        }
        InputError::none_of(faults)
    }
}

/// Takes objects out of lists; false if the value is no Kubernetes object.
fn unpack(value: Value, context: Context, entries: &mut Vec<Entry>) -> bool {
    let is_list = kinds::header(&value).is_some_and(|(_, kind)| kind.ends_with("List"));
    let items = match value {
        Value::Map(mut map) if is_list && matches!(map.get("items"), Some(Value::List(_))) => map.shift_remove("items"),
        value if kivi::is_input(&value) => {
            entries.push(Entry { value, context: Context { object: kivi::OBJECT.to_owned(), ..context } });
            return true;
        }
        value => {
            let is_object = kinds::header(&value).is_some();
            if is_object {
                entries.push(Entry { value, context });
            }
            return is_object;
        }
    };
    let Some(Value::List(items)) = items else { return true };
    for (index, item) in items.into_iter().enumerate() {
        let places = context.places.item("items", index).map_or_else(|| Arc::clone(&context.places), Arc::clone);
        let line = places.value.line;
        let inner = Context { object: kinds::object_name(&item), line, places, ..context.clone() };
        if !unpack(item, inner, entries) {
            let field = format!("{}[{index}]", child("", "items"));
            let message = "skipped: it has no apiVersion and kind";
            context.note_kind(NoteKind::SkippedDocument, Severity::Harmless, &field, message);
        }
    }
    true
}

/// A path without `.` components, so that equal paths compare equal.
pub(super) fn normal(path: &Path) -> PathBuf {
    let parts: PathBuf = path.components().filter(|component| *component != Component::CurDir).collect();
    parts
}
