//! Numbers of things in words.

/// `1 node`, `2 nodes`.
pub fn plural(count: i64, noun: &str) -> String {
    plural_of(&count.to_string(), noun)
}

/// The same for a number or a range that is written: `1 node`, `1..3 nodes`.
pub fn plural_of(count: &str, noun: &str) -> String {
    if count == "1" { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_told_as_one() {
        assert_eq!([plural(1, "node"), plural(0, "node"), plural(2, "pod")], ["1 node", "0 nodes", "2 pods"]);
        assert_eq!([plural_of("1", "node"), plural_of("1..3", "node")], ["1 node", "1..3 nodes"]);
    }
}
