//! Recorded cluster events: `kubectl get events -o json`, or one JSON object a line.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// One recorded event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// First time, in seconds since 1970, rounded down.
    pub first: i64,
    /// Last time, likewise.
    pub last: i64,
    /// How often it was seen; at least 1.
    pub count: u32,
    /// Who reported it.
    pub component: String,
    /// The reason.
    pub reason: String,
    /// Kind of the object.
    pub kind: String,
    /// Namespace of the object; empty for nodes.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// UID of the object; empty if it was not recorded.
    pub uid: String,
    /// The message.
    pub message: String,
}

/// What client-go's recorder puts before the message of an event that stands for several of different messages
/// (`EventAggregatorByReasonMessageFunc`): the last one's follows.
const COMBINED: &str = "(combined from similar events): ";

impl Event {
    /// The message, of the last time.
    pub fn said(&self) -> &str {
        self.message.strip_prefix(COMBINED).unwrap_or(&self.message)
    }

    /// Whether another message was given each time.
    pub fn is_combined(&self) -> bool {
        self.message.starts_with(COMBINED)
    }
}

/// Why a recording cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EventError {
    /// Text that is no JSON of the two forms.
    #[error("{place}: {what}; expected the output of `kubectl get events -A -o json`, or one event a line")]
    Form {
        /// `line 3`, `items[2]`.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// A field is missing or wrong.
    #[error("{place}: {field}: {what}")]
    Field {
        /// `line 3`, `items[2]`.
        place: String,
        /// The field.
        field: &'static str,
        /// What was expected.
        what: String,
    },
}

/// The short form of an event, one a line.
#[derive(Deserialize)]
struct Short {
    first: String,
    last: Option<String>,
    count: Option<u32>,
    component: Option<String>,
    reason: String,
    kind: String,
    name: String,
    namespace: Option<String>,
    uid: Option<String>,
    message: Option<String>,
}

/// Reads a recording. Events are ordered by their first time; equal ones keep their order.
///
/// # Errors
/// The place and field that cannot be read.
pub fn read(text: &str) -> Result<Vec<Event>, EventError> {
    let mut events = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(list)) if list.contains_key("items") => {
            let form = |what: &str| EventError::Form { place: "items".into(), what: what.into() };
            let items = list["items"].as_array().ok_or_else(|| form("is no list"))?;
            items.iter().enumerate().map(|(index, item)| full(item, &format!("items[{index}]"))).collect()
        }
        _ => lines(text),
    }?;
    events.sort_by_key(|event| event.first);
    Ok(events)
}

fn lines(text: &str) -> Result<Vec<Event>, EventError> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            let place = format!("line {}", index + 1);
            let form = |error: serde_json::Error| EventError::Form { place: place.clone(), what: error.to_string() };
            let value: Value = serde_json::from_str(line).map_err(form)?;
            if value.get("involvedObject").is_some() {
                return full(&value, &place);
            }
            let short: Short = serde_json::from_value(value).map_err(form)?;
            let first = second(&short.first, &place, "first")?;
            let last = short.last.as_deref().map_or(Ok(first), |last| second(last, &place, "last"))?;
            Ok(Event {
                first,
                last: last.max(first),
                count: short.count.unwrap_or(1).max(1),
                component: short.component.unwrap_or_default(),
                reason: short.reason,
                kind: short.kind,
                namespace: short.namespace.unwrap_or_default(),
                name: short.name,
                uid: short.uid.unwrap_or_default(),
                message: short.message.unwrap_or_default(),
            })
        })
        .collect()
}

/// An event as the API server has it: of `v1` with `firstTimestamp` and `count`, or with `eventTime` and `series`.
fn full(value: &Value, place: &str) -> Result<Event, EventError> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let or_empty = |pointer: &str| text(pointer).unwrap_or_default().to_owned();
    let required = |pointer: &str, field: &'static str| {
        let missing = || EventError::Field { place: place.into(), field, what: "is missing".into() };
        text(pointer).map(str::to_owned).ok_or_else(missing)
    };
    let start = text("/firstTimestamp").or(text("/eventTime")).or(text("/metadata/creationTimestamp"));
    let missing =
        || EventError::Field { place: place.into(), field: "firstTimestamp", what: "neither it nor eventTime".into() };
    let first = second(start.ok_or_else(missing)?, place, "firstTimestamp")?;
    let last = text("/series/lastObservedTime").or(text("/lastTimestamp"));
    let last = last.map_or(Ok(first), |last| second(last, place, "lastTimestamp"))?;
    let count = value.pointer("/series/count").or(value.pointer("/count")).and_then(Value::as_u64).unwrap_or(1);
    let component = text("/source/component").or(text("/reportingComponent")).or(text("/reportingController"));
    Ok(Event {
        first,
        last: last.max(first),
        count: u32::try_from(count).unwrap_or(u32::MAX).max(1),
        component: component.unwrap_or_default().to_owned(),
        reason: required("/reason", "reason")?,
        kind: required("/involvedObject/kind", "involvedObject.kind")?,
        namespace: or_empty("/involvedObject/namespace"),
        name: required("/involvedObject/name", "involvedObject.name")?,
        uid: or_empty("/involvedObject/uid"),
        message: or_empty("/message"),
    })
}

fn second(text: &str, place: &str, field: &'static str) -> Result<i64, EventError> {
    instant(text).map_err(|what| EventError::Field { place: place.into(), field, what })
}

/// Seconds since 1970 of an RFC 3339 time, rounded down; what is wrong with it otherwise.
pub fn instant(text: &str) -> Result<i64, String> {
    let time: Timestamp = text.parse().map_err(|_| format!("`{text}` is no time like 2024-01-13T21:46:22Z"))?;
    Ok(time.as_millisecond().div_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_lines_give_the_same_events() {
        let line = r#"{"first":"2024-01-13T21:28:18.378Z","last":"2024-01-13T21:28:20Z","count":2,
            "component":"c","reason":"r","kind":"Pod","name":"n","namespace":"s","message":"m"}"#
            .replace('\n', " ");
        let list = r#"{"items":[{"firstTimestamp":"2024-01-13T21:28:18Z","lastTimestamp":"2024-01-13T21:28:20Z",
            "count":2,"source":{"component":"c"},"reason":"r","message":"m",
            "involvedObject":{"kind":"Pod","name":"n","namespace":"s"}}]}"#;
        let events = read(&line).expect("a line");
        assert_eq!(events, read(list).expect("a list"));
        assert_eq!((events[0].last - events[0].first, events[0].count), (2, 2));
        let newer = r#"{"items":[{"firstTimestamp":null,"eventTime":"1970-01-01T00:01:00.5Z","reason":"r",
            "reportingComponent":"c","involvedObject":{"kind":"Node","name":"n"}}]}"#;
        assert_eq!(read(newer).expect("eventTime").first().map(|event| event.first), Some(60));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, expected) in [
            ("{", "line 1: "),
            (r#"{"first":"x","reason":"r","kind":"Pod","name":"n"}"#, "line 1: first: `x` is no time"),
            (r#"{"items":[{"eventTime":"1970-01-01T00:00:00Z"}]}"#, "items[0]: reason: is missing"),
            (r#"{"items":[{"reason":"r"}]}"#, "items[0]: firstTimestamp: neither"),
        ] {
            let error = read(text).expect_err("no event").to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
