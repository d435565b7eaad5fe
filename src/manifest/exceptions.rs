//! Exceptions: violations that somebody accepted, with a reason and a last day. They stand in the scenario, or on the
//! workload itself:
//!
//! ```yaml
//! metadata:
//!   annotations:
//!     kubound.dev/ignore: "converges until 2027-01-31: accepted until the quota is raised"
//! ```

use super::error::InputError;
use super::names::Names;
use super::suggest::nearest_or_list;
use super::view::{Fields, View};
use super::{Acceptance, Accepted, ErrorKind, Note, NoteKind, Severity, SourceMap};
use jiff::civil::Date;
use kubound_encodings::cluster::Intent;

/// The annotation of workloads.
pub(super) const ANNOTATION: &str = "kubound.dev/ignore";

/// The keys of an entry of `exceptions`.
pub(super) const EXCEPTION: &[&str] = &["intent", "target", "reason", "expires"];

/// What a line of the annotation looks like.
const LINE: &str = "`INTENT until YYYY-MM-DD: REASON`, one in each line";

/// Reads `spec.exceptions`.
pub(super) fn read(spec: &Fields, names: &Names) -> Result<Vec<Accepted>, InputError> {
    let mut exceptions = Vec::new();
    for view in spec.items("exceptions")? {
        let fields = view.strict_fields(EXCEPTION)?;
        let intent = fields.require("intent", "the id of an intent")?.name()?.to_owned();
        let target = fields.read("target", |view| names.any_workload(&view))?.map(|target| target.to_string());
        let reason = fields.require("reason", "why the violation is accepted")?;
        if reason.text()?.trim().is_empty() {
            return Err(reason.error("no reason").expected("why the violation is accepted"));
        }
        let expires = fields.require("expires", "the last day on which it holds, YYYY-MM-DD")?;
        let last = date(&expires, expires.text()?)?;
        exceptions.push(accepted(&view, intent, target, reason.text()?, last));
    }
    Ok(exceptions)
}

/// Reads the annotation of a workload.
pub(super) fn read_annotation(view: &View, target: &str) -> Result<Vec<Accepted>, InputError> {
    let mut exceptions = Vec::new();
    for line in view.text()?.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let malformed = || view.error(format!("`{line}` is no exception")).expected(LINE);
        let (intent, rest) = line.split_once(" until ").ok_or_else(malformed)?;
        let (last, reason) = rest.split_once(':').ok_or_else(malformed)?;
        if reason.trim().is_empty() || intent.trim().is_empty() {
            return Err(malformed());
        }
        let last = date(view, last.trim())?;
        exceptions.push(accepted(view, intent.trim().to_owned(), Some(target.to_owned()), reason.trim(), last));
    }
    if exceptions.is_empty() { Err(view.error("no exception").expected(LINE)) } else { Ok(exceptions) }
}

fn date(view: &View, text: &str) -> Result<Date, InputError> {
    let is_plain = text.len() == 10 && text.chars().all(|one| one.is_ascii_digit() || one == '-');
    let date = text.parse::<Date>().ok().filter(|_| is_plain);
    date.ok_or_else(|| view.error(format!("`{text}` is not a day")).expected("a day such as 2027-01-31"))
}

fn accepted(view: &View, intent: String, target: Option<String>, reason: &str, last: Date) -> Accepted {
    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
    Accepted {
        intent,
        target,
        by: Acceptance::Exception {
            reason: reason.split_whitespace().collect::<Vec<_>>().join(" "),
            expires: last.to_string(),
            expired: last < today,
            origin: view.origin(),
        },
    }
}

/// Refuses exceptions of intents that nobody asks about, and notes those that are over.
pub(super) fn check(
    exceptions: &[Accepted],
    intents: &[Intent],
    sources: &SourceMap,
    notes: &mut Vec<Note>,
) -> Result<(), InputError> {
    for exception in exceptions {
        let Acceptance::Exception { expires, expired, origin, reason } = &exception.by else { continue };
        let place = sources.locate(&origin.object);
        let region = place.map(|place| place.region(&origin.field));
        if !intents.iter().any(|intent| intent.id == exception.intent) {
            let known = intents.iter().map(|intent| intent.id.as_str());
            let mut error = InputError::new(format!("no intent `{}`", exception.intent))
                .kind(ErrorKind::UnknownName)
                .in_object(&origin.object)
                .at(&origin.field)
                .help(nearest_or_list(&exception.intent, known));
            if let (Some(place), Some(region)) = (place, region) {
                error = error.in_file(&place.file).in_document(place.document).in_text(place.source(), region);
            }
            return Err(error);
        }
        if *expired {
            notes.push(Note {
                kind: NoteKind::ExpiredException,
                severity: Severity::Warning,
                file: place.map_or(String::new(), |place| place.file.clone()),
                document: place.map_or(0, |place| place.document),
                object: origin.object.clone(),
                field: origin.field.clone(),
                message: format!(
                    "the exception of {} ended on {expires} and counts no more: {reason}",
                    exception.intent
                ),
                region,
                source: place.map(|place| place.source().clone()),
            });
        }
    }
    Ok(())
}
