//! Names and labels, with the checks of the API server (`k8s.io/apimachinery/pkg/util/validation`).

use super::super::error::InputError;
use super::super::value::child;
use super::super::view::View;
use kubound_encodings::cluster::Labels;

/// Longest name of a label, and longest value.
const LABEL: usize = 63;
/// Longest name of an object, and longest prefix of a label.
const SUBDOMAIN: usize = 253;

/// Longest name of a port.
const PORT: usize = 15;

/// Letters and digits, with some others inside.
fn is_word(text: &str, most: usize, is_end: fn(char) -> bool, inside: &str) -> bool {
    text.len() <= most
        && text.starts_with(is_end)
        && text.ends_with(is_end)
        && text.chars().all(|one| is_end(one) || inside.contains(one))
}

fn is_lower(one: char) -> bool {
    one.is_ascii_lowercase() || one.is_ascii_digit()
}

/// Whether a text is a label of DNS (`IsDNS1123Label`).
pub(super) fn is_dns_label(text: &str) -> bool {
    is_word(text, LABEL, is_lower, "-")
}

/// Whether a text is a subdomain of DNS (`IsDNS1123Subdomain`).
pub(super) fn is_subdomain(text: &str) -> bool {
    text.len() <= SUBDOMAIN && text.split('.').all(|part| is_word(part, SUBDOMAIN, is_lower, "-"))
}

/// Whether a text is the key of a label (`IsQualifiedName`).
pub(super) fn is_key(text: &str) -> bool {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    prefix.is_none_or(is_subdomain) && is_word(name, LABEL, |one| one.is_ascii_alphanumeric(), "-_.")
}

/// Whether a text is the value of a label (`IsValidLabelValue`).
fn is_value(text: &str) -> bool {
    text.is_empty() || is_word(text, LABEL, |one| one.is_ascii_alphanumeric(), "-_.")
}

/// Whether a text is the name of a port (`IsValidPortName`).
pub(super) fn is_port_name(text: &str) -> bool {
    is_word(text, PORT, is_lower, "-") && text.contains(|one: char| one.is_ascii_lowercase()) && !text.contains("--")
}

/// Whether a text can be a part of a path (`IsValidPathSegmentName`).
pub(super) fn is_path_segment(text: &str) -> bool {
    ![".", ".."].contains(&text) && !text.contains(['/', '%'])
}

/// Refuses what is no key of a label.
pub(super) fn check_key(view: &View, key: &str) -> Result<(), InputError> {
    if is_key(key) {
        return Ok(());
    }
    Err(view
        .error(format!("`{key}` is no key of a label"))
        .expected("at most 63 letters, digits, `-`, `_` and `.`, behind a domain and `/` if there is one")
        .help("the API server refuses it"))
}

/// Refuses what is no value of a label.
pub(super) fn check_value(view: &View, value: &str) -> Result<(), InputError> {
    if is_value(value) {
        return Ok(());
    }
    Err(view
        .error(format!("`{value}` is no value of a label"))
        .expected("nothing, or at most 63 letters, digits, `-`, `_` and `.`, at both ends a letter or digit")
        .help("the API server refuses it"))
}

/// Reads labels, whose keys and values are checked.
pub(super) fn labels(view: &View) -> Result<Labels, InputError> {
    let labels = view.labels()?;
    for (key, value) in &labels {
        let at = View { path: child(&view.path, key), ..view.clone() };
        check_key(&at, key)?;
        check_value(&at, value)?;
    }
    Ok(labels)
}

/// Reads annotations, whose keys are checked (`ValidateAnnotations`); case does not matter there.
pub(super) fn annotations(view: &View) -> Result<Labels, InputError> {
    let annotations = view.labels()?;
    for key in annotations.keys() {
        check_key(&View { path: child(&view.path, key), ..view.clone() }, &key.to_ascii_lowercase())?;
    }
    Ok(annotations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_those_of_the_api_server() {
        for key in ["app", "a.b_c-D", "kubernetes.io/hostname", "x.y/1", &"a".repeat(63)] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", "-a", "a-", "a b", "a/b/c", "/a", "A.b/c", "a/", &"a".repeat(64)] {
            assert!(!is_key(key), "{key}");
        }
        assert!(is_value("") && is_value("v1.2_3") && !is_value("-") && !is_value("a=b") && !is_value("ä"));
    }

    #[test]
    fn names_are_those_of_dns() {
        assert!(is_subdomain("a") && is_subdomain("a-1.b") && is_subdomain("0"));
        assert!(!is_subdomain("a..b") && !is_subdomain("-a") && !is_subdomain("A") && !is_subdomain("a_b"));
        assert!(is_port_name("web-1") && !is_port_name("80") && !is_port_name("a--b") && !is_port_name("Web"));
        assert!(is_path_segment("a b") && !is_path_segment("a/b") && !is_path_segment(".."));
        assert!(is_dns_label("a-1") && !is_dns_label("a.b") && !is_dns_label(""));
    }
}
