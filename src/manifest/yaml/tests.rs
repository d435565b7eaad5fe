//! Texts that are read, and texts that are refused.

use super::*;

fn one(text: &str) -> Document {
    let mut documents = parse_documents(text).expect("valid");
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn fails(text: &str) -> Malformed {
    parse_documents(text).expect_err("invalid")
}

#[test]
fn documents_are_counted_without_the_empty_ones_and_know_their_lines() {
    let documents =
        parse_documents("\u{feff}# hello\r\n---\r\na: 1\r\n---\r\n---\r\n# only this\r\n---\r\nb: 2\r\n...\r\n");
    let places: Vec<_> = documents.expect("valid").iter().map(|one| (one.index, one.line)).collect();
    assert_eq!(places, [(1, 3), (2, 8)]);
}

#[test]
fn directives_and_content_on_the_marker_line_are_accepted() {
    assert_eq!(one("%YAML 1.1\n--- {a: 1}\n").root.below(&["a"]), Some(&Value::Integer(1)));
}

#[test]
fn the_last_of_two_equal_keys_wins_and_is_reported_with_its_path() {
    let document = one("spec:\n  list:\n  - a: 1\n    a: 2\n");
    let duplicate = Duplicate { path: "spec.list[0].a".into(), first: 3, last: 4 };
    assert_eq!(document.duplicates, [duplicate]);
    let Some(Value::List(list)) = document.root.below(&["spec", "list"]) else { panic!("a list") };
    assert_eq!(list[0].below(&["a"]), Some(&Value::Integer(2)));
    assert_eq!(one(r#"{"a": 1, "a": 2}"#).duplicates[0].path, "a");
}

#[test]
fn scalars_keep_their_type() {
    let document = one("a: 1\nb: 0.5\nc: '1'\nd: no\ne: true\nf: ~\ng: 1e9\nh: 012\n");
    let get = |key: &str| document.root.below(&[key]).expect("there").clone();
    assert_eq!(get("a"), Value::Integer(1));
    assert_eq!(get("b"), Value::Float(0.5));
    assert_eq!(get("c"), Value::Text("1".into()));
    assert_eq!(get("d"), Value::Bool(false));
    assert_eq!(get("e"), Value::Bool(true));
    assert_eq!(get("f"), Value::Null);
    assert_eq!(get("g"), Value::Float(1e9));
    assert_eq!(get("h"), Value::Integer(10));
}

#[test]
fn scalars_that_only_yaml_1_1_reads_so_are_told_with_their_paths() {
    let document = one("a: {b: yes}\nc: [012, 12, 0x1f, 0, true, \"no\", -017]\non: 1_000\n");
    let told: Vec<_> =
        document.old.iter().map(|old| (old.path.as_str(), old.text.as_str(), old.value.as_str())).collect();
    let expected = [
        ("a.b", "yes", "true"),
        ("c[0]", "012", "10"),
        ("c[6]", "-017", "-15"),
        ("", "on", "true"),
        ("true", "1_000", "1000"),
    ];
    assert_eq!(told, expected);
    assert!(one("apiVersion: kubound.dev/v1\na: on\n").old.is_empty(), "scenarios say words");
}

#[test]
fn words_of_scenarios_are_text() {
    let text = "apiVersion: kubound.dev/v1\na: [n, {b: on}, true, \"yes\", False]\n";
    let Some(Value::List(list)) = one(text).root.below(&["a"]).cloned() else { panic!("a list") };
    assert_eq!(list[0], Value::Text("n".into()));
    assert_eq!(list[1].below(&["b"]), Some(&Value::Text("on".into())));
    assert_eq!(list[2..], [Value::Bool(true), Value::Text("yes".into()), Value::Bool(false)]);
    let Some(Value::List(list)) = one(&text.replace("kubound.dev", "apps")).root.below(&["a"]).cloned() else {
        panic!("a list")
    };
    assert_eq!(list[0], Value::Bool(false));
}

#[test]
fn anchors_and_merge_keys_work() {
    let document = one("base: &base {a: 1, b: 2}\nmore:\n  <<: *base\n  b: 3\n");
    assert_eq!(document.root.below(&["more", "a"]), Some(&Value::Integer(1)));
    assert_eq!(document.root.below(&["more", "b"]), Some(&Value::Integer(3)));
    assert_eq!(one("\"<<\": 1\n").root.below(&["<<"]), Some(&Value::Integer(1)));
}

#[test]
fn hostile_texts_are_refused() {
    assert_eq!(fails(&"[".repeat(100)).document, 1);
    assert_eq!(fails(&"[".repeat(4 << 20)).message, "nested more than 64 levels deep");
    assert_eq!(fails(&"- ".repeat(100_000)).message, "nested more than 64 levels deep");
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(fails(&deep).message, "nested more than 64 levels deep");
    let deep_json = format!("{{\"a\": {deep}}}");
    assert_eq!(fails(&deep_json).message, "nested more than 64 levels deep");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", ")));
    }
    assert!(fails(&bomb).message.contains("aliases expand"), "{}", fails(&bomb).message);
    assert!(fails("a: \"x\\u0007y\"").message.contains("hidden control character (U+0007)"));
    assert!(fails("a: \"x\\u202Ey\"").message.contains("hidden control character (U+202E)"));
    assert!(fails("? {a: 1}\n: 2").message.contains("only text can be a key"));
    let broken = fails("ok: 1\n---\na: [1\nb: 2\n");
    assert_eq!(broken.document, 2);
    assert!(broken.region.line >= 3);
    assert!(fails("a: {{ .Values.x }}\nb: }").help.contains("helm template"));
}

/// Whether a value is that of JSON: integers exactly, other numbers as floats.
fn is_json(value: &Value, json: &serde_json::Value) -> bool {
    match (value, json) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(one), serde_json::Value::Bool(other)) => one == other,
        (Value::Integer(one), serde_json::Value::Number(other)) => one.to_string() == other.to_string(),
        (Value::Float(one), serde_json::Value::Number(other)) => Some(*one) == other.as_f64(),
        (Value::Text(one), serde_json::Value::String(other)) => one == other,
        (Value::Map(one), serde_json::Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_json(value, other)))
        }
        _ => false,
    }
}

#[test]
fn scalars_are_what_kubectl_makes_of_them() {
    let mut count = 0;
    for line in include_str!("../../../tests/yaml/scalars.txt").lines() {
        let mut values = serde_json::Deserializer::from_str(line).into_iter::<serde_json::Value>();
        let written = values.next().expect("a text").expect("JSON");
        let text = written.as_str().expect("a text");
        let read = parse_documents(text);
        match values.next() {
            Some(expected) => {
                let root = &read.expect(text).remove(0).root;
                assert!(is_json(root, &expected.expect("JSON")), "{text:?}: {root:?}");
            }
            None => assert!(read.is_err(), "{text:?}: {read:?}"),
        }
        count += 1;
    }
    assert!(count > 200, "{count}");
}

#[test]
fn the_earlier_values_win_when_mappings_are_merged() {
    let document = one("a: &a {p: 1, q: 1}\nb: &b {q: 2, r: 2}\nc: {<<: [*a, *b], p: 0}\n");
    let get = |key: &str| document.root.below(&["c", key]).cloned();
    let expected = [0, 1, 2].map(|number| Some(Value::Integer(number)));
    assert_eq!([get("p"), get("q"), get("r")], expected);
    assert_eq!(document.places.find("c.r").region().line, 2, "where it is written");
    assert!(document.duplicates.is_empty());
    assert!(fails("a: &a [*a]").message.contains("inside of the value that it names"));
    assert!(fails("a: {<<: 5}").message.contains("needs a mapping"));
}

#[test]
fn json_values_in_a_row_know_their_places() {
    let documents = parse_documents("{\"a\": 1} {\"b\": 2}\n\n{\"c\":\n 3}{\"d\": 4}").expect("valid");
    let at = |index: usize, key: &str| {
        let region = documents[index].places.find(key).region();
        (region.line, region.column)
    };
    assert_eq!([at(0, "a"), at(1, "b"), at(2, "c"), at(3, "d")], [(1, 7), (1, 16), (4, 2), (4, 10)]);
}

#[test]
fn repeated_text_and_long_keys_are_limited() {
    let long = "x".repeat(1 << 20);
    let repeated = format!("a: &a {long}\nb: [{}]", vec!["*a"; 40].join(", "));
    assert!(fails(&repeated).message.contains("aliases expand"));
    assert!(fails(&format!("? {long}\n: 1")).message.contains("a key of 1048576 bytes"));
}
