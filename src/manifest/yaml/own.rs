//! Documents in Kubound's own formats, where words such as `on` are text.

use super::scalars::resolve;
use crate::manifest::places::{Below, Places, Region};
use crate::manifest::value::Value;

/// Whether a document is in a format of Kubound, which kubectl does not read.
pub(super) fn is_own(root: &Value) -> bool {
    root.below(&["apiVersion"]).and_then(Value::as_text).is_some_and(|version| version.starts_with("kubound.dev/"))
}

/// Takes words such as `n` and `on` as they are written: who calls a pool `n` in a scenario means no boolean.
pub(super) fn spell_words(value: &mut Value, places: &Places, lines: &[&str]) {
    match (value, &places.below) {
        (Value::Map(map), Below::Map(places)) => {
            for (key, value) in map {
                places.get(key).into_iter().for_each(|places| spell_words(value, places, lines));
            }
        }
        (Value::List(list), Below::List(places)) => {
            list.iter_mut().zip(places).for_each(|(value, places)| spell_words(value, places, lines));
        }
        (value @ Value::Bool(_), _) => {
            let Region { line, column, length } = places.value;
            let line = line.checked_sub(1).and_then(|line| lines.get(line)).copied().unwrap_or_default();
            let written: String = line.chars().skip(column.saturating_sub(1)).take(length).collect();
            if !matches!(written.to_ascii_lowercase().as_str(), "true" | "false")
                && resolve(&written) == Ok(value.clone())
            {
                *value = Value::Text(written);
            }
        }
        _ => {}
    }
}
