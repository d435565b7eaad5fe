//! Where fields are written, as the formats of tools want it: paths relative to a folder, as URIs where needed.

use crate::text::neutralise;
use std::fmt::Write as _;
use std::path::{Component, Path};

/// The path of a file relative to `root`, with slashes; the path itself where it lies elsewhere.
pub fn relative(file: &str, root: Option<&Path>) -> String {
    let path = Path::new(file);
    let inside = root.and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path);
    let mut parts = Vec::new();
    for component in inside.components() {
        match component {
            Component::CurDir => {}
            Component::RootDir => parts.push(String::new()),
            other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts.join("/")
}

/// The same as a URI reference.
pub fn uri(file: &str, root: Option<&Path>) -> String {
    let path = relative(file, root);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// Text for XML and HTML, in elements and attributes. Characters that XML cannot hold are written out.
pub fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            escaped.push('\n');
        }
        for c in neutralise(line).chars() {
            match c {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                '\u{fffe}' | '\u{ffff}' => {
                    let _ = write!(escaped, "\\u{{{:x}}}", c as u32);
                }
                c => escaped.push(c),
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_where_they_can_be() {
        let root = Some(Path::new("/home/me/repo"));
        assert_eq!(relative("./cases/./a.yaml", root), "cases/a.yaml");
        assert_eq!(relative("/home/me/repo/cases/a.yaml", root), "cases/a.yaml");
        assert_eq!(relative("/etc/a.yaml", root), "/etc/a.yaml");
        assert_eq!(uri("/etc/a b.yaml", root), "file:///etc/a%20b.yaml");
        assert_eq!(uri("<stdin>", root), "%3Cstdin%3E");
        assert_eq!(uri("größe.yaml", None), "gr%C3%B6%C3%9Fe.yaml");
    }

    #[test]
    fn markup_and_steering_characters_are_text() {
        assert_eq!(xml("<b>\"&'\u{1b}\n\u{ffff}"), "&lt;b&gt;&quot;&amp;&#39;\\u{1b}\n\\u{ffff}");
    }
}
