//! Files that a scenario names.

use super::super::ErrorKind;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::kinds;
use super::super::load::{Loader, normal};
use super::super::source::Files;
use super::super::value::Value;
use super::super::view::{Entry, View};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The folder of a scenario.
pub(super) struct Folder<'a> {
    pub(super) folder: Option<&'a Path>,
    pub(super) loader: &'a Loader<'a>,
}

impl Folder<'_> {
    /// Reads the one workload of a file that an event names, into a draft of its own.
    pub(super) fn read_workload(&self, view: &View) -> Result<Draft, InputError> {
        let Some(folder) = self.folder else {
            return Err(view
                .error("a scenario on standard input cannot name files")
                .kind(ErrorKind::OutsideFolder)
                .help("put the scenario in a file beside the manifests"));
        };
        let path = inside(view, view.name()?, folder, self.loader.files)?;
        let entries = self.loader.read(&normal(&path))?;
        let is_workload = |entry: &Entry| {
            kinds::header(&entry.value)
                .is_some_and(|(_, kind)| ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"].contains(&kind))
        };
        if let Some(other) = entries.iter().find(|entry| !is_workload(entry)) {
            return Err(view
                .error(format!("{} is not supported in this file yet", other.context.object))
                .kind(ErrorKind::NotSupported)
                .expected("one Deployment, ReplicaSet, StatefulSet or DaemonSet, and nothing else"));
        }
        if entries.len() != 1 {
            return Err(view
                .error(format!("the file has {} workloads", entries.len()))
                .kind(ErrorKind::NotSupported)
                .expected("one workload")
                .help("several documents are not supported yet: write one event for each"));
        }
        let mut draft = Draft::new();
        draft.notes = self.loader.notes.clone();
        self.loader.read_objects(&entries, &mut draft)?;
        if draft.workloads.is_empty() {
            return Err(view
                .error("the workload in the file belongs to another object")
                .expected("a workload of its own"));
        }
        Ok(draft)
    }
}

fn inside(view: &View, relative: &str, folder: &Path, files: &dyn Files) -> Result<PathBuf, InputError> {
    files.inside(folder, relative).map_err(|(kind, message)| {
        view.error(message)
            .kind(kind)
            .expected("a path inside the folder of the scenario")
            .help("move or copy the file there")
    })
}

/// The files of `spec.resources`; `None` if the key is absent.
pub(in super::super) fn resources(
    entry: &Entry,
    folder: &Path,
    files: &dyn Files,
) -> Result<Option<Vec<PathBuf>>, InputError> {
    let Some(value) = entry.value.below(&["spec", "resources"]) else { return Ok(None) };
    let view = View { value, path: "spec.resources".into(), context: &entry.context };
    let mut found = Vec::new();
    for item in view.list()? {
        let relative = item.name()?;
        let (parent, name) = relative.rsplit_once('/').unwrap_or(("", relative));
        if name.contains(['*', '?']) {
            let parent = inside(&item, if parent.is_empty() { "." } else { parent }, folder, files)?;
            let listed = files.list(&parent)?;
            let is_match =
                |file: &&PathBuf| file.file_name().is_some_and(|file| matches(name, &file.to_string_lossy()));
            let matching: Vec<PathBuf> = listed.iter().filter(is_match).map(|file| normal(file)).collect();
            if matching.is_empty() {
                return Err(item
                    .error(format!("no file matches `{relative}`"))
                    .kind(ErrorKind::UnknownName)
                    .expected("at least one file"));
            }
            found.extend(matching);
            continue;
        }
        let path = inside(&item, relative, folder, files)?;
        if files.is_folder(&path) {
            found.extend(files.list(&path)?.iter().map(|file| normal(file)));
        } else {
            found.push(normal(&path));
        }
    }
    Ok(Some(found))
}

/// Whether a name matches a pattern of `*` and `?`.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // reached[i]: the pattern so far matches the first i characters of the name.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for &part in &pattern {
        let mut next = vec![false; name.len() + 1];
        for end in 0..=name.len() {
            next[end] = match part {
                '*' => reached[end] || (end > 0 && next[end - 1]),
                _ => end > 0 && reached[end - 1] && (part == '?' || part == name[end - 1]),
            };
        }
        reached = next;
    }
    reached[name.len()]
}

/// Files that events name, which therefore are not part of the cluster from the start.
pub(in super::super) fn event_files(entry: &Entry, folder: &Path) -> BTreeSet<PathBuf> {
    let listed = EVENT_LISTS.iter().filter_map(|list| match entry.value.below(&["spec", list])? {
        Value::List(events) => Some(events),
        _ => None,
    });
    listed.flatten().filter_map(event_file).map(|file| normal(&folder.join(file))).collect()
}

/// Lists of a scenario whose items are events.
pub(in super::super) const EVENT_LISTS: [&str; 2] = ["events", "operations"];

/// The file that an event applies or creates, as written, if it names one.
pub(in super::super) fn event_file(event: &Value) -> Option<&str> {
    ["apply", "createDeployment"].iter().find_map(|kind| event.below(&[kind, "file"])?.as_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("*.yaml", "a.yaml"));
        assert!(matches("a?c*", "abcdef"));
        assert!(matches("*", ""));
        assert!(!matches("*.yaml", "a.yml"));
        assert!(!matches("a?c", "ac"));
    }
}
