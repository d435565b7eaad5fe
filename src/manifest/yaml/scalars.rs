//! What plain text and keys are, as `sigs.k8s.io/yaml` reads them for kubectl and the API server: YAML 1.1.

use super::Refused;
use crate::limits::reader::MAX_KEY;
use crate::manifest::ids::ErrorKind;
use crate::manifest::value::Value;

/// A plain scalar: what it looks like to `resolve` of `go.yaml.in/yaml/v2`, which follows YAML 1.1.
pub(super) fn resolve(text: &str) -> Result<Value, Refused> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Ok(Value::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Ok(Value::Bool(false));
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf" | "-.Inf"
        | "-.INF" => return Err((ErrorKind::InvalidValue, format!("{text} is no number that JSON has"))),
        _ => {}
    }
    let float = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite()).map(Value::Float);
    let number = match text.as_bytes()[0] {
        b'.' if is_decimal(text) => float(text),
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            integer(&plain).map(Value::Integer).or_else(|| float(&plain).filter(|_| is_decimal(&plain)))
        }
        _ => None,
    };
    number.map_or_else(|| visible(text), Ok)
}

/// An integer of 64 bits: decimal, octal behind `0` or `0o`, behind `0x` or `0b` (`strconv.ParseInt` with base 0).
fn integer(text: &str) -> Option<i128> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (digits, radix) = match unsigned.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (&unsigned[2..], 16),
        Some("0o") => (&unsigned[2..], 8),
        Some("0b") => (&unsigned[2..], 2),
        _ if unsigned.len() > 1 && unsigned.starts_with('0') => (&unsigned[1..], 8),
        _ => (unsigned, 10),
    };
    if digits.is_empty() || !digits.chars().all(|one| one.is_digit(radix)) {
        return None;
    }
    let number = i128::from_str_radix(digits, radix).ok()?;
    let number = if text.starts_with('-') { -number } else { number };
    let most = if unsigned.len() == text.len() { i128::from(u64::MAX) } else { i128::from(i64::MAX) };
    (i128::from(i64::MIN)..=most).contains(&number).then_some(number)
}

/// Whether a text is a decimal number with a point or an exponent, or digits (`yamlStyleFloat`).
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|one| one.is_ascii_digit());
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    has_digits
        && are_digits(whole)
        && are_digits(fraction)
        && exponent.is_none_or(|one| !one.is_empty() && are_digits(one))
}

/// Text that a reader can see.
pub(super) fn visible(text: &str) -> Result<Value, Refused> {
    match text.chars().find(|&one| is_hidden(one)) {
        Some(hidden) => {
            let code = u32::from(hidden);
            Err((
                ErrorKind::HiddenCharacter,
                format!("a hidden control character (U+{code:04X}) in {text:?}; remove it"),
            ))
        }
        None => Ok(Value::Text(text.to_owned())),
    }
}

/// A key as text; numbers and booleans are written out as the API server does.
pub(super) fn key_text(key: Value) -> Result<String, Refused> {
    match key {
        Value::Text(text) if text.len() > MAX_KEY => {
            Err((ErrorKind::Limits, format!("a key of {} bytes; at most {MAX_KEY}", text.len())))
        }
        Value::Text(text) => Ok(text),
        Value::Integer(number) if i64::try_from(number).is_ok() => Ok(number.to_string()),
        Value::Float(number) => Ok(float_key(number)),
        Value::Bool(value) => Ok(value.to_string()),
        other => {
            let message = format!("the key of a mapping is {}; only text can be a key", other.describe());
            Err((ErrorKind::InvalidValue, message))
        }
    }
}

/// A number as the key that it becomes: `strconv.FormatFloat` of 32 bits.
fn float_key(number: f64) -> String {
    let short = number as f32;
    if short.is_infinite() {
        return if short > 0.0 { ".inf".to_owned() } else { "-.inf".to_owned() };
    }
    let scientific = format!("{short:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return short.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Characters that a reader cannot see but a program reads: control codes and direction overrides.
fn is_hidden(one: char) -> bool {
    (one.is_control() && !matches!(one, '\n' | '\r' | '\t'))
        || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether an integer is octal behind a mere `0`, or written with underscores.
pub(super) fn is_old_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_octal =
        digits.len() > 1 && digits.starts_with('0') && digits[1..].starts_with(|one: char| one.is_ascii_digit());
    is_octal || text.contains('_')
}
