use super::*;

const TEXT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2 # two
  template:
    spec:
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: zone

      # the only one
      containers:
      - name: a
        args: [x, \"]\"]
        resources: {requests: {cpu: 1, memory: 1Gi}}
";

fn changed(text: &str, edit: impl Fn(&Sheet) -> Option<Edit>) -> String {
    let texts = Texts::from([("a.yaml".to_owned(), text.to_owned())]);
    let sheet = sheets(&texts).pop().expect("an object");
    let edit = edit(&sheet).expect("possible");
    edited(&texts, &[edit]).expect("no overlap").remove("a.yaml").expect("changed")
}

fn check(edit: impl Fn(&Sheet) -> Option<Edit>, before: &str, after: &str) {
    assert!(TEXT.contains(before), "{before}");
    assert_eq!(changed(TEXT, edit), TEXT.replacen(before, after, 1));
}

#[test]
fn values_are_replaced_and_comments_stay() {
    check(|one| one.replace("spec.replicas", "3"), "2 # two", "3 # two");
    let args = "spec.template.spec.containers[0].args";
    check(|one| one.replace(args, "[y]"), "[x, \"]\"]", "[y]");
    let list = "spec.template.spec.topologySpreadConstraints";
    let lines = ":\n      - maxSkew: 1\n        topologyKey: zone";
    check(|one| one.replace(list, "[]"), lines, ": []");
    check(|one| one.reword("spec.replicas", "paused: true"), "replicas: 2 #", "paused: true #");
}

#[test]
fn fields_are_added_in_the_style_around_them() {
    check(|one| one.insert("spec", "paused: true"), "# two\n", "# two\n  paused: true\n");
    let constraint = "spec.template.spec.topologySpreadConstraints[0]";
    let lines = "labelSelector:\n  matchLabels: {}";
    let after = "topologyKey: zone\n        labelSelector:\n          matchLabels: {}";
    check(|one| one.insert(constraint, lines), "topologyKey: zone", after);
    check(|one| one.insert("metadata", "labels:\n  a: b"), "{name", "{labels: {a: \"b\"}, name");
    check(
        |one| one.push(&constraint[..constraint.len() - 3], "maxSkew: 2\ntopologyKey: host"),
        "zone\n",
        "zone\n      - maxSkew: 2\n        topologyKey: host\n",
    );
    check(|one| one.push("spec.template.spec.containers[0].args", "zone"), "\"]\"]", "\"]\", zone]");
}

#[test]
fn fields_are_taken_away_with_their_lines() {
    check(|one| one.remove("spec.replicas"), "  replicas: 2 # two\n", "");
    check(|one| one.remove("spec.template.spec.topologySpreadConstraints[0].maxSkew"), "maxSkew: 1\n        ", "");
    check(|one| one.remove("spec.template.spec.containers[0].resources.requests.cpu"), "cpu: 1, ", "");
    check(|one| one.remove("spec.template.spec.containers[0].resources.requests.memory"), ", memory: 1Gi", "");
    let list = "      topologySpreadConstraints:\n      - maxSkew: 1\n        topologyKey: zone\n";
    check(|one| one.remove("spec.template.spec.topologySpreadConstraints"), list, "");
}

#[test]
fn json_stays_json() {
    let text = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}, "spec": {"replicas": 2}}"#;
    let added = changed(text, |one| one.insert("spec", "strategy:\n  type: Recreate"));
    let value: serde_json::Value = serde_json::from_str(&added).expect("JSON");
    assert_eq!(value["spec"]["strategy"]["type"], "Recreate");
    let reworded = changed(text, |one| one.reword("spec.replicas", "paused: true"));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&reworded).expect("JSON")["spec"]["paused"], true);
}

#[test]
fn edits_do_not_overlap_and_keep_the_ends_of_lines() {
    let texts = Texts::from([("a.yaml".to_owned(), "\u{feff}a: 1\r\nb: 2\r\n".to_owned())]);
    let edit = |span, text: &str| Edit { file: "a.yaml".into(), span, text: text.into() };
    let both = edited(&texts, &[edit((9, 10), "3"), edit((3, 4), "0\nc: 5")]).expect("apart");
    assert_eq!(both["a.yaml"], "\u{feff}a: 0\r\nc: 5\r\nb: 3\r\n");
    assert_eq!(edited(&texts, &[edit((3, 6), "x"), edit((4, 5), "y")]), None);
    assert_eq!(edited(&texts, &[edit((3, 3), "x"), edit((3, 3), "y")]), None);
}

#[test]
fn objects_are_added_behind_the_others() {
    let after = changed("apiVersion: v1\nkind: Pod", |one| one.append("kind: X\n"));
    assert_eq!(after, "apiVersion: v1\nkind: Pod\n---\nkind: X\n");
}
