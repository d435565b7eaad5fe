//! The reader: manifests and a scenario, as text, become a [`Cluster`] and a list of everything that was ignored.
//!
//! `source` finds texts, `yaml` turns them into values, `kinds` reads Kubernetes objects into a `draft`, `scenario`
//! adds what manifests cannot say, and `resolve` ties references together; `kivi` does what `kinds` and `scenario` do for
//! inputs of Kivi. Manifests are read as leniently as the API server does it, the scenario strictly. No key is dropped
//! silently: it is modelled, or noted.

mod about;
mod assume;
mod container_metrics;
mod cron_jobs;
mod custom;
mod draft;
pub mod edit;
mod error;
mod exceptions;
mod expression;
mod formula;
mod ids;
mod judgements;
mod kinds;
mod kivi;
mod load;
mod named_metrics;
mod names;
mod objects;
mod overlaps;
mod own;
mod places;
mod quantity;
mod ranges;
mod repository;
mod resolve;
mod scenario;
mod search;
mod source;
mod span;
mod suggest;
mod value;
mod vary;
mod vertical;
mod view;
mod wanted;
mod written;
mod yaml;

pub use about::{About, Symptom};
pub use custom::{custom_controller_schema, custom_controller_template};
pub use error::{InputError, Problem};
pub use ids::{ErrorKind, NoteKind};
pub use judgements::{Field, Judgement, Table};
pub use kinds::{Judged, harmless_kinds, judged, risky_kinds};
pub use load::{Input, Text, load, load_embedded, load_with};
#[cfg(test)]
pub(crate) use objects::of_text;
pub use objects::{dump_files, objects};
pub use places::Region;
pub use repository::{Applications, First, applications, first_scenario, likely};
pub(crate) use scenario::contradicting_faults;
pub use scenario::{KUBERNETES, release, scenario_schema};
pub use search::{Apart, Sort, named_by_kustomization};
pub use suggest::{did_you_mean, nearest_or_list};
pub use vary::{Setting, Varied, resolve};
pub use wanted::Wanted;
pub use written::{Written, objects_of};

use kubound_encodings::cluster::{Cluster, Origin, Timing};
use places::Places;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A cluster and what the texts said beside it.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The input of the checker.
    pub cluster: Cluster,
    /// What was ignored, or is odd.
    pub notes: Vec<Note>,
    /// `spec.expect` of the scenario: the verdict by intent id.
    pub expect: BTreeMap<String, ExpectedVerdict>,
    /// Where objects are written.
    pub sources: SourceMap,
    /// `spec.bounds.timeout` of the scenario.
    pub timeout: Option<Duration>,
    /// Violations that somebody accepted.
    pub accepted: Vec<Accepted>,
    /// `spec.bounds.depth` of the scenario; `None`: automatic.
    pub depth: Option<usize>,
    /// `spec.vary` of the scenario.
    pub vary: Vec<Varied>,
    /// `spec.timing` of the scenario; that of the cluster is the first to look at.
    pub timing: AskedTiming,
}

/// The timings that somebody asks about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AskedTiming {
    /// Paced timing, and what changes if controllers are late.
    #[default]
    Both,
    /// One alone.
    Only(Timing),
}

impl AskedTiming {
    /// The timing to look at first.
    pub fn first(self) -> Timing {
        match self {
            Self::Both => Timing::Paced,
            Self::Only(timing) => timing,
        }
    }
}

/// A violation that somebody accepted: it is reported, and does not fail the command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// Id of the intent.
    pub intent: String,
    /// Object it speaks of; `None`: an intent without one, or of whatever object in an exception.
    pub target: Option<String>,
    /// Where that is said.
    pub by: Acceptance,
}

/// Where it is said that a violation is accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Acceptance {
    /// In a file of known violations.
    Baseline,
    /// In the scenario or on the object.
    Exception {
        /// Why.
        reason: String,
        /// The last day, `YYYY-MM-DD` (UTC).
        expires: String,
        /// Whether that day is over.
        expired: bool,
        /// Where it is written.
        origin: Origin,
    },
}

impl Accepted {
    /// Whether a violation of an intent counts as accepted.
    pub fn covers(&self, intent: &str, target: Option<&str>) -> bool {
        let same = self.target.as_deref() == target;
        self.intent == intent
            && match &self.by {
                Acceptance::Baseline => same,
                Acceptance::Exception { expired, .. } => !expired && (same || self.target.is_none()),
            }
    }
}

/// How much a note matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// A field that the models ignore, and that cannot change a verdict.
    Harmless,
    /// A field that the models ignore, and that could change a verdict.
    Risky,
    /// Something odd about the text, such as a key that occurs twice.
    Warning,
}

/// Something about the input that the user should be able to see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// How much it matters.
    pub severity: Severity,
    /// File; `<stdin>` for standard input.
    pub file: String,
    /// Index of the document in the file, from 1; 0 for the whole file.
    pub document: usize,
    /// `Kind/namespace/name`, or empty.
    pub object: String,
    /// Path of the field, or empty.
    pub field: String,
    /// What is to be known.
    pub message: String,
    /// Where in the file.
    pub region: Option<Region>,
    /// Text of the file.
    pub source: Option<Arc<str>>,
}

impl Note {
    /// One about a whole file or folder.
    fn of_file(kind: NoteKind, severity: Severity, file: &str, message: String) -> Self {
        Self {
            kind,
            severity,
            file: file.to_owned(),
            document: 0,
            object: String::new(),
            field: String::new(),
            message,
            region: None,
            source: None,
        }
    }
}

/// What a scenario expects of an intent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExpectedVerdict {
    /// A violation.
    Violated,
    /// None.
    Holds,
    /// A violation that only a late controller makes possible, and that passes.
    Race,
    /// Undecided.
    Unknown,
    /// Nothing relevant can happen.
    Vacuous,
}

/// Where an object is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourcePlace {
    /// File.
    pub file: String,
    /// Index of the document, from 1.
    pub document: usize,
    /// Line of the object.
    pub line: Option<usize>,
    /// Text of the file.
    source: Arc<str>,
    /// Where its values are written.
    places: Arc<Places>,
}

impl SourcePlace {
    /// Where a field is written, or what is around it if it is not written.
    pub fn region(&self, field: &str) -> Region {
        self.places.find(field).region()
    }

    /// Whether a field is written, and not left to its default.
    pub fn is_written(&self, field: &str) -> bool {
        self.places.is_written(field)
    }

    /// Text of the file.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }
}

/// Places of objects, by the name that origins use.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SourceMap(BTreeMap<String, SourcePlace>);

impl SourceMap {
    /// The place of an object such as `Deployment/default/nginx`, `Node//n1`, `DeschedulerPolicy` or `Scenario`.
    pub fn locate(&self, object: &str) -> Option<&SourcePlace> {
        self.0.get(object)
    }

    /// The files that objects are written in, with their texts.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.values().map(|place| (place.file.as_str(), &*place.source))
    }

    /// The names of all objects.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Remembers a place; a later one replaces an earlier one. Returns the earlier one.
    fn insert(&mut self, object: &str, place: SourcePlace) -> Option<SourcePlace> {
        self.0.insert(object.to_owned(), place)
    }
}

/// The place of a context.
fn source_map_place(context: &view::Context) -> SourcePlace {
    SourcePlace {
        file: context.file.clone(),
        document: context.document,
        line: Some(context.line),
        source: Arc::clone(&context.source),
        places: Arc::clone(&context.places),
    }
}
