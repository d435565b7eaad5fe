//! Fields with several values: which of them violate what, and which are safe.
//!
//! [`place`] writes a value into the text of the input, as a repair would; [`search`] has every combination of values decided,
//! whole ranges at once where the model has ranges; [`told`] words what came out.

pub mod place;
pub mod search;
pub mod told;

use crate::limits::reader::MAX_REPLICAS;
use crate::limits::vary::MOST_COMBINATIONS;
use crate::manifest::edit::Texts;
use crate::manifest::{Setting, SourceMap, Varied};
use kubound_encodings::cluster::{Cluster, Span, WorkloadRef};

/// How the model may have several values of a field at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// It has one value at a time.
    Each,
    /// The replicas of this workload are a range.
    Replicas(WorkloadRef),
    /// The nodes of the pool of this name are a range.
    Nodes(String),
    /// The scenario has a range of amounts, of which each node or workload may take another one: what holds for the range
    /// holds for each of its values, and a violation may need several of them.
    Amounts,
}

/// A field with its values.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The field.
    pub varied: Varied,
    /// How the model may have several of its values at once.
    pub way: Way,
    /// The object that has it in the text: the scenario, where that says something else than the manifest.
    pub object: String,
    /// Its path there without patterns.
    pub path: String,
    /// The file in which that is.
    file: String,
}

/// Values of every field: the first and the last place in its list.
pub type Part = Vec<(usize, usize)>;

/// A value of every field, by its place in the list.
pub type Point = Vec<usize>;

/// The fields to vary, or why they cannot be.
pub fn axes(wanted: &[Varied], cluster: &Cluster, sources: &SourceMap, texts: &Texts) -> Result<Vec<Axis>, String> {
    let combinations = wanted.iter().fold(1_usize, |all, one| all.saturating_mul(one.values.len()));
    if combinations > MOST_COMBINATIONS {
        let help = "help: give fewer values, or vary fewer fields at once";
        return Err(format!("{combinations} combinations of values; at most {MOST_COMBINATIONS} are tried\n{help}"));
    }
    wanted.iter().map(|varied| axis(varied, cluster, sources, texts)).collect()
}

fn axis(varied: &Varied, cluster: &Cluster, sources: &SourceMap, texts: &Texts) -> Result<Axis, String> {
    let (object, field) = (&varied.object, &varied.field);
    let known = |why: String| format!("{field} of {object}: {why}");
    let (file, text) = written(object, sources, texts)?;
    let path = place::path(file, text, object, field).map_err(known)?;
    let mut axis = Axis { varied: varied.clone(), way: Way::Each, object: object.clone(), path, file: file.to_owned() };
    axis.way = way(&axis, cluster);
    if let Some((file, path)) = scaled(&axis, cluster).and_then(|target| instead(target, sources, texts)) {
        // What the scenario says counts in place of the manifest.
        (axis.object, axis.path, axis.file) = (SCENARIO.to_owned(), path, file);
    }
    // What cannot be written for one value cannot be written for the others.
    changed(std::slice::from_ref(&axis), &vec![(0, 0)], texts).map_err(known)?;
    Ok(axis)
}

/// How the scenario is called.
const SCENARIO: &str = "Scenario";

/// The file of an object, and its text.
fn written<'a>(object: &str, sources: &'a SourceMap, texts: &'a Texts) -> Result<(&'a str, &'a str), String> {
    let file = sources.locate(object).map(|place| place.file.as_str()).ok_or(format!("{object} is in no file"))?;
    let text = texts.get(file).ok_or_else(|| format!("{file} cannot be changed, so that {object} cannot be varied"))?;
    Ok((file, text))
}

/// The items of a list of the scenario with this path.
fn item<'a>(path: &'a str, list: &str) -> Option<(&'a str, &'a str)> {
    let at = path.strip_prefix(list)?.find(']')? + list.len() + 1;
    Some(path.split_at(at))
}

/// Where the scenario says how many replicas a workload has, if it does: the file and the path.
fn instead(target: &WorkloadRef, sources: &SourceMap, texts: &Texts) -> Option<(String, String)> {
    let (file, text) = written(SCENARIO, sources, texts).ok()?;
    let (path, _) = place::entries(file, text, "spec.workloads[*].replicas").into_iter().find(|(path, _)| {
        let entry = path.strip_suffix(".replicas").unwrap_or(path);
        let targets = place::entries(file, text, &format!("{entry}.target"));
        targets.iter().any(|(_, name)| target.is_called(name))
    })?;
    Some((file.to_owned(), path))
}

/// How the model may have several values of a field at once.
fn way(axis: &Axis, cluster: &Cluster) -> Way {
    let (varied, path) = (&axis.varied, axis.path.as_str());
    let last = varied.values.len() - 1;
    let Some((lo, hi, _)) = varied.range(0, last) else { return Way::Each };
    let is_plain = varied.values[0].number.as_ref().is_some_and(|(_, unit)| unit.is_empty());
    let counts = is_plain && lo >= 0 && hi <= MAX_REPLICAS;
    if axis.object == SCENARIO {
        return match (item(path, "spec.nodes["), item(path, "spec.workloads[")) {
            (Some((entry, ".count")), _) if counts => {
                let pool = cluster.pools.iter().find(|pool| pool.origin.field == entry);
                pool.map_or(Way::Each, |pool| Way::Nodes(pool.name.clone()))
            }
            (Some((_, key)), _) if key.starts_with(".template.allocatable") => Way::Amounts,
            (_, Some((_, ".replicas" | ".cpuUsage" | ".memoryUsage" | ".load.cpu" | ".load.memory"))) => Way::Amounts,
            _ => Way::Each,
        };
    }
    scaled(axis, cluster).filter(|_| counts).map_or(Way::Each, |target| Way::Replicas(target.clone()))
}

/// The workload whose replicas a field is.
fn scaled<'a>(axis: &Axis, cluster: &'a Cluster) -> Option<&'a WorkloadRef> {
    let mut workloads = cluster.workloads.iter().map(|one| &one.reference);
    let target = workloads.find(|target| target.to_string() == axis.object)?;
    let scales = ["Deployment", "ReplicaSet", "StatefulSet"].contains(&target.kind.as_str());
    Some(target).filter(|_| scales && axis.path == "spec.replicas")
}

impl Axis {
    /// The values from one to another place as the model has them.
    pub fn span(&self, (first, last): (usize, usize)) -> Option<Span> {
        let (lo, hi, step) = self.varied.range(first, last)?;
        Span::new(lo, hi, step)
    }

    /// The place of a number in the list.
    pub fn place_of(&self, number: i64) -> Option<usize> {
        let is_it = |one: &Setting| one.number.as_ref().is_some_and(|(own, _)| *own == number);
        self.varied.values.iter().position(is_it)
    }

    /// What stands in the text for values. Manifests have no ranges: there the largest number of replicas stands for all,
    /// which is what the reader makes room for, and [`set`] says the others.
    fn text(&self, (first, last): (usize, usize)) -> String {
        let values = &self.varied.values;
        let range = self.varied.range(first, last).filter(|_| first < last && self.object == SCENARIO);
        let unit = values[first].number.as_ref().map_or("", |(_, unit)| unit);
        let range = range.map(|(_, _, step)| format!("{}..{}/{step}{unit}", values[first], values[last]));
        range.unwrap_or_else(|| values[last].yaml.clone())
    }
}

/// The texts that change where fields have values; or why they cannot be written.
pub fn changed(axes: &[Axis], part: &Part, texts: &Texts) -> Result<Texts, String> {
    let mut changed = Texts::new();
    for (axis, places) in axes.iter().zip(part) {
        let yaml = axis.text(*places);
        let before = changed.get(&axis.file).or(texts.get(&axis.file)).cloned().unwrap_or_default();
        let after = place::written(&axis.file, &before, (&axis.object, &axis.path), &yaml)?;
        changed.insert(axis.file.clone(), after);
    }
    Ok(changed)
}

/// Sets the ranges of the model that no text has.
pub fn set(axes: &[Axis], part: &Part, cluster: &mut Cluster) {
    for (axis, places) in axes.iter().zip(part) {
        let Way::Replicas(target) = &axis.way else { continue };
        let workload = cluster.workloads.iter_mut().find(|one| one.reference == *target);
        if let (Some(workload), Some(span)) = (workload, axis.span(*places)) {
            workload.replicas = span;
        }
    }
}
