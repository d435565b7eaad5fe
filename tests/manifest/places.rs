//! Where messages say that fields are.

use super::{DEPLOYMENT, NODE, assert_says, fixture, with_manifest};
use kubound::manifest::{Loaded, load};
use kubound_encodings::cluster::Span;
use std::fs;

/// Line and column of the note about a field.
#[track_caller]
fn noted_at(loaded: &Loaded, field: &str) -> (usize, usize) {
    let note = loaded.notes.iter().find(|note| note.field == field).expect(field);
    note.region.map(|region| (region.line, region.column)).expect("a place")
}

#[test]
fn fields_have_lines_and_columns() {
    let loaded = load(&[fixture("spread")], None).expect("valid");
    let duplicate = "spec.template.spec.containers[0].resources";
    let text = fs::read_to_string(fixture("spread/deploy.yaml")).expect("there");
    let lines: Vec<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with("resources:"))
        .map(|(index, _)| index + 1)
        .collect();
    let (first, last) = (lines[lines.len() - 2], lines[lines.len() - 1]);
    let note = loaded.notes.iter().find(|note| note.field == duplicate).expect("noted");
    assert!(note.message.contains(&format!("lines {first} and {last}")), "{} {lines:?}", note.message);
    assert_eq!(noted_at(&loaded, duplicate).0, last);
    let place = loaded.sources.locate("Scenario").expect("known");
    let region = place.region("spec.intents[0]");
    let line = place.source().lines().nth(region.line - 1).expect("a line");
    assert!(line[region.column - 1..].starts_with("noOscillation"), "{line}");
}

#[test]
fn json_is_read_with_places_like_yaml() {
    let deployment = "{\n\t\"apiVersion\": \"apps/v1\",\n\t\"kind\":\"Deployment\", \"metadata\": {\"name\": \"web\", \"annotations\": \
                      {\"a\": \"\\ud83d\\ude00 \\u2028 \\/ \\\\\"}},\n\"spec\": {\"replicas\": 1e1, \"selector\": \
                      {\"matchLabels\": {\"app\": \"web\"}}, \"template\": {\"metadata\": {\"labels\": {\"app\": \"web\"}}, \
                      \"spec\": {\"containers\": [{\"name\": \"w\", \"image\": \"w\"}], \"odd\": 1}}}}";
    let node = "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"n\"},\"status\":{\"allocatable\":{\"cpu\":\"2\"}}}";
    let loaded = load(&[], Some(&format!("{deployment} {node}\n"))).expect("valid");
    assert_eq!(loaded.cluster.workloads[0].replicas, Span::exactly(10));
    assert_eq!(loaded.cluster.pools[0].allocatable["cpu"], Span::exactly(2000));
    assert_eq!(noted_at(&loaded, "spec.template.spec.odd").0, 4);
    let node = loaded.sources.locate("Node//n").expect("known");
    assert_eq!((node.document, node.line), (2, Some(4)));
    assert_eq!(node.region("status.allocatable.cpu").line, 4);
}

#[test]
fn a_policy_inside_a_config_map_is_shown_where_it_is_written() {
    let map = "apiVersion: v1
kind: ConfigMap
metadata: {name: policy}
data:
  policy.yaml: |
    apiVersion: descheduler/v1alpha2
    kind: DeschedulerPolicy
    profiles:
    - name: one
      plugins:
        balance:
          enabled: [LowNodeUtilization]
";
    let start = NODE.lines().count() + DEPLOYMENT.lines().count() + 2;
    let loaded = with_manifest(map).expect("valid");
    let note = loaded.notes.iter().find(|note| note.message.contains("no entry in `pluginConfig`")).expect("noted");
    assert_eq!(note.region.map(|region| (region.line, region.column)), Some((start + 12, 21)));
    let broken = map.replace("[LowNodeUtilization]", "7");
    assert_says(with_manifest(&broken), &[&format!("<stdin>:{}:20: document 3", start + 12), "found the integer 7"]);
}
