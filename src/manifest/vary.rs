//! Fields with the values to try for them: `spec.vary` of a scenario, and the flag `--field`, which is read alike.

use super::error::InputError;
use super::suggest::nearest_or_list;
use super::value::{self, Value, word};
use super::view::{Fields, View};
use super::{ErrorKind, NoteKind, Severity, SourceMap};
use crate::limits::reader::MOST_VALUES;
use std::fmt;

/// The keys of an entry of `vary`.
pub(super) const VARIED: &[&str] = &["object", "field", "in"];

/// What the values of a field look like.
const LIST: &str = "a range such as 1..5, 0..10/2 or 100m..500m/100m, or a list such as [1, 2, \"50%\"]";

/// A field with the values to try.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Varied {
    /// `Kind/namespace/name`, `Kind//name`, `Kind`, or `Scenario`.
    pub object: String,
    /// The field: keys with dots, `[0]` or `[name=X]` for items of lists.
    pub field: String,
    /// The values, each once and at least one.
    pub values: Vec<Setting>,
}

/// One value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// What it is called.
    pub text: String,
    /// What it is in YAML.
    pub yaml: String,
    /// The number that it begins with and what stands behind it, if it is a number.
    pub number: Option<(i64, String)>,
}

impl Setting {
    /// A whole number with a unit, or without one.
    fn number(number: i64, unit: &str) -> Self {
        let text = format!("{number}{unit}");
        let yaml = if unit.is_empty() { text.clone() } else { word(&text) };
        Self { text, yaml, number: Some((number, unit.to_owned())) }
    }

    /// What a text means: a number, true, false or words.
    fn of_text(text: &str) -> Self {
        if let Ok(number) = text.parse::<i64>() {
            return Self::number(number, "");
        }
        let is_plain = ["true", "false"].contains(&text) || text.parse::<f64>().is_ok_and(f64::is_finite);
        Self { yaml: if is_plain { text.to_owned() } else { word(text) }, ..Self::words(text) }
    }

    /// A text, whatever it looks like.
    fn words(text: &str) -> Self {
        Self { text: text.to_owned(), yaml: as_text(text), number: split(text) }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A text that is to stay one, even where it looks like a number.
fn as_text(text: &str) -> String {
    if text.parse::<f64>().is_ok() { value::quoted(text) } else { word(text) }
}

/// `100m` as 100 and `m`.
fn split(text: &str) -> Option<(i64, String)> {
    let unit = text.trim_start_matches(|one: char| one.is_ascii_digit());
    let number = text[..text.len() - unit.len()].parse().ok()?;
    unit.chars().all(|one| one.is_ascii_alphabetic() || one == '%').then(|| (number, unit.to_owned()))
}

impl Varied {
    /// The values from one to another place in the list as a range of the scenario, if they are one.
    pub fn range(&self, first: usize, last: usize) -> Option<(i64, i64, i64)> {
        let numbers: Option<Vec<(i64, &str)>> = self.values[first..=last]
            .iter()
            .map(|value| value.number.as_ref().map(|(number, unit)| (*number, unit.as_str())))
            .collect();
        let numbers = numbers?;
        let step = numbers.get(1).map_or(1, |second| second.0 - numbers[0].0);
        let is_even = |pair: &[(i64, &str)]| pair[1].0 - pair[0].0 == step && pair[0].1 == pair[1].1;
        (step > 0 && numbers.windows(2).all(is_even)).then(|| (numbers[0].0, numbers[numbers.len() - 1].0, step))
    }

    /// Values of consecutive places, shortly: `1..3`, `2`, `a, b`.
    pub fn told(&self, first: usize, last: usize) -> String {
        match self.range(first, last) {
            Some(_) if first == last => self.values[first].to_string(),
            Some((_, _, 1)) => format!("{}..{}", self.values[first], self.values[last]),
            Some((_, _, step)) if last - first > 1 => {
                let unit = self.values[first].number.as_ref().map_or("", |(_, unit)| unit);
                format!("{}..{}/{step}{unit}", self.values[first], self.values[last])
            }
            _ => self.values[first..=last].iter().map(Setting::to_string).collect::<Vec<_>>().join(", "),
        }
    }

    /// `OBJECT FIELD=VALUES`, as a flag has it; the object is looked up later.
    pub fn of_flag(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` names no field with values; write 'Deployment/default/web spec.replicas=1..5'");
        let (object, rest) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
        let mut depth = 0_usize;
        let is_end = |one: char| {
            depth = match one {
                '[' => depth + 1,
                ']' => depth.saturating_sub(1),
                _ => depth,
            };
            one == '=' && depth == 0
        };
        let (field, values) = rest.trim().split_at(rest.trim().find(is_end).ok_or_else(wrong)?);
        let values = match range(&values[1..]) {
            Some(range) => range?,
            None => values[1..].split(',').map(|one| Setting::of_text(one.trim())).collect(),
        };
        let varied = Self { object: object.to_owned(), field: field.trim().to_owned(), values };
        if varied.field.is_empty() {
            return Err(wrong());
        }
        varied.fault().map_or(Ok(varied), Err)
    }

    /// What is wrong with the values by themselves.
    fn fault(&self) -> Option<String> {
        let values = &self.values;
        let again = values.iter().enumerate().find(|(index, value)| values[..*index].contains(value));
        match again {
            _ if values.is_empty() || values.iter().any(|value| value.text.is_empty()) => {
                Some(format!("{} has no value to try", self.field))
            }
            Some((_, value)) => Some(format!("{} has the value {value} twice", self.field)),
            None => None,
        }
    }
}

/// The values of `lo..hi[/step]`; none where the text is no range.
fn range(text: &str) -> Option<Result<Vec<Setting>, String>> {
    let (ends, step) = text.split_once('/').map_or((text, None), |(ends, step)| (ends, Some(step)));
    let (lo, hi) = ends.split_once("..")?;
    let step = step.map_or_else(|| split(lo.trim()).map(|(_, unit)| (1, unit)), |step| split(step.trim()));
    Some(match (split(lo.trim()), split(hi.trim()), step) {
        (Some(lo), Some(hi), Some((step, unit))) if lo.1 == hi.1 && unit == lo.1 && step > 0 && lo.0 <= hi.0 => {
            if (hi.0 - lo.0) / step >= MOST_VALUES {
                return Some(Err(format!("`{text}` has more than {MOST_VALUES} values")));
            }
            Ok((0..=(hi.0 - lo.0) / step).map(|index| Setting::number(lo.0 + index * step, &lo.1)).collect())
        }
        _ => Err(format!("the range `{text}` has no values: its ends rise and have one unit, and its step is above 0")),
    })
}

/// Reads `spec.vary`; `sources` knows the objects.
pub(super) fn read(spec: &Fields, sources: &SourceMap) -> Result<Vec<Varied>, InputError> {
    let mut all: Vec<Varied> = Vec::new();
    for view in spec.items("vary")? {
        let fields = view.strict_fields(VARIED)?;
        let object = fields.require("object", "Kind/namespace/name of an object, or Scenario")?;
        let known = resolve(object.text()?, sources);
        let known = known.map_err(|(message, help)| object.error(message).kind(ErrorKind::UnknownName).help(help))?;
        let field = fields.require("field", "the path of a field, such as spec.replicas")?.name()?.to_owned();
        let values = fields.require("in", LIST)?;
        let varied = Varied { object: known, field, values: read_values(&values)? };
        if let Some(fault) = varied.fault() {
            return Err(values.error(fault).kind(ErrorKind::Range).expected(LIST));
        }
        if all.iter().any(|other| (&other.object, &other.field) == (&varied.object, &varied.field)) {
            let error = view.error(format!("{} of {} occurs twice", varied.field, varied.object));
            return Err(error.kind(ErrorKind::Duplicate).expected("one entry for each field"));
        }
        let message = format!(
            "{} of {} is decided as it is written; `kubound vary` tries {} in its place",
            varied.field,
            varied.object,
            varied.told(0, varied.values.len() - 1)
        );
        view.context.note_kind(NoteKind::VariedField, Severity::Warning, &view.path, message);
        all.push(varied);
    }
    Ok(all)
}

fn read_values(view: &View) -> Result<Vec<Setting>, InputError> {
    let Value::List(_) = view.value else {
        let found = || view.error(format!("found {}", view.value.describe())).expected(LIST);
        let text = view.value.as_text().ok_or_else(found)?;
        let values = range(text).ok_or_else(found)?;
        return values.map_err(|message| view.error(message).kind(ErrorKind::Range).expected(LIST));
    };
    let items = view.list()?;
    if i64::try_from(items.len()).is_ok_and(|count| count > MOST_VALUES) {
        return Err(view.error(format!("{} values", items.len())).kind(ErrorKind::Limits).expected(LIST));
    }
    items.iter().map(read_value).collect()
}

fn read_value(view: &View) -> Result<Setting, InputError> {
    match view.value {
        Value::Text(text) if !text.contains('\n') => Ok(Setting::words(text)),
        Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {
            let text = view.scalar_text().unwrap_or_else(|| (*view.value == Value::Bool(true)).to_string());
            Ok(Setting::of_text(&text))
        }
        other => Err(view.error(format!("found {}", other.describe())).expected("a number, a word, true or false")),
    }
}

/// The object that a name or a shorter form of it means; otherwise what is wrong, and what to do.
pub fn resolve(text: &str, sources: &SourceMap) -> Result<String, (String, String)> {
    let names = || sources.objects();
    let is_meant = |name: &&str| {
        let parts: Vec<&str> = name.split('/').collect();
        match (parts.as_slice(), text.split_once('/')) {
            ([kind, _, own], Some((wanted, rest))) => *kind == wanted && *own == rest,
            ([_, _, own], None) => *own == text,
            _ => false,
        }
    };
    let found: Vec<&str> = match names().find(|name| *name == text) {
        Some(exact) => vec![exact],
        None => names().filter(is_meant).collect(),
    };
    match found.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => Err((format!("no object is called `{text}`"), nearest_or_list(text, names().collect::<Vec<_>>()))),
        several => Err((format!("`{text}` may be one of several objects"), format!("write {}", several.join(" or ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<(String, String, Vec<String>), String> {
        let varied = Varied::of_flag(text)?;
        let yaml = varied.values.iter().map(|value| value.yaml.clone()).collect();
        Ok((varied.object, varied.field, yaml))
    }

    #[test]
    fn flags_name_an_object_a_field_and_values() {
        let field = "spec.containers[name=app].resources.requests.cpu";
        let (object, path, values) = told(&format!("Pod/default/web {field}=100m..300m/100m")).expect("a field");
        assert_eq!((object.as_str(), path.as_str()), ("Pod/default/web", field));
        assert_eq!(values, ["\"100m\"", "\"200m\"", "\"300m\""]);
        assert_eq!(
            told("web spec.x=1, 50%, true").map(|(_, _, values)| values),
            Ok(vec!["1".into(), "\"50%\"".into(), "true".into()])
        );
        for wrong in [
            "web",
            "web spec.x",
            "web =1",
            "web spec.x=",
            "web spec.x=5..1",
            "web spec.x=1,1",
            "web spec.x=1..5m",
            "web spec.x=-1..5",
            "web spec.x=1..9000000",
        ] {
            assert!(told(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn consecutive_values_are_told_as_a_range() {
        let of = |values: &str| Varied::of_flag(&format!("web spec.x={values}")).expect("a field");
        assert_eq!(of("1..5").told(1, 3), "2..4");
        assert_eq!(of("0..8/2").told(0, 4), "0..8/2");
        assert_eq!(of("0..8/2").told(0, 1), "0, 2");
        assert_eq!(of("10%..30%/10%").told(0, 2), "10%..30%/10%");
        assert_eq!(of("1,2,50%").told(0, 2), "1, 2, 50%");
        assert_eq!((of("1,2,3").range(0, 2), of("1,2,4").range(0, 2)), (Some((1, 3, 1)), None));
        assert_eq!(of("1,2,50%").told(2, 2), "50%");
    }
}
