//! Rules files that are read, and those that are not.

use super::super::{Loaded, load_embedded};
use super::*;

const RULES: &str = "apiVersion: kubound.dev/v1alpha1
kind: CustomController
metadata: {name: rabbitmq-operator}
spec:
  resource: {kind: RabbitmqCluster, name: rabbit, spec: {replicas: 1, storage: 1..2}, status: {ready: bool}}
  owns:
    sts: {kind: StatefulSet, fields: {replicas: 0..3, size: 0..2}}
    pvc: {kind: PersistentVolumeClaim, count: 3, exists: true, fields: {size: 1..2}}
  memory: {resizing: bool}
  reconcile:
  - {when: '!sts.exists', do: {create: sts, set: {replicas: cr.spec.replicas, size: cr.spec.storage}}}
  - {when: sts.size < cr.spec.storage, remember: {resizing: true}}
  - {when: memory.resizing, do: {update: pvc, which: each.size < cr.spec.storage, set: {size: cr.spec.storage}}}
  - {when: cr.spec.replicas < sts.replicas, stop: scaling down is not supported}
  - {do: {update: sts, set: {replicas: cr.spec.replicas}}}
  others:
  - {by: statefulset-controller, do: {create: pvc, which: each.ordinal < sts.replicas}}
";

const SCENARIO: &str = "apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  events: [{edit: {target: rabbit, set: {replicas: 1..5}}}]
  intents:
  - eventuallyAlways: \"custom['rabbit'].owns.sts.replicas == custom['RabbitmqCluster/default/rabbit'].spec.replicas\"
  - always: \"!custom['rabbit'].memory.resizing || custom['rabbit'].owns.pvc.all(p, p.size > 0)\"
";

fn read(rules: &str, scenario: &str) -> Result<Loaded, InputError> {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    load_embedded("rules", &[file("rules.yaml", rules), file("scenario.yaml", scenario)])
}

#[test]
fn a_rules_file_is_read_and_fits_the_schema() {
    let loaded = read(RULES, SCENARIO).expect("valid");
    let customs = kubound_encodings::cluster::custom::of(&loaded.cluster);
    assert_eq!((customs.len(), customs[0].reconcile.len(), customs[0].others.len()), (1, 5, 1));
    // The number of replicas is 1 in the file, and an event writes up to 5.
    let span = kubound_encodings::cluster::custom::span(&loaded.cluster, 0, 0, 0).expect("a number");
    assert_eq!((span.lo, span.hi), (1, 5));
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("rules.json", custom_controller_schema()).expect("a resource");
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("rules.json", &mut schemas).expect("a valid schema");
    let document = super::super::yaml::parse_documents(RULES).expect("YAML").remove(0);
    schemas.validate(&json(&document.root), index).expect("the schema takes what the reader takes");
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value as i64).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => text.clone().into(),
        Value::List(list) => list.iter().map(json).collect(),
        Value::Map(map) => serde_json::Value::Object(map.iter().map(|(key, one)| (key.clone(), json(one))).collect()),
    }
}

#[test]
fn the_file_to_start_from_is_read_without_a_scenario() {
    let text = custom_controller_template("app-operator").expect("a name");
    let files = [("app-operator.yaml".to_owned(), text)];
    let loaded = load_embedded("rules", &files).expect("valid");
    assert_eq!((loaded.notes.len(), loaded.cluster.intents.len()), (0, 1));
    for name in ["", "App", "-app", "app/../x"] {
        assert!(custom_controller_template(name).is_err(), "{name}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (from, to, field, told) in [
        ("!sts.exists", "!st.exists", "spec.reconcile[0].when", "nothing is called `st`"),
        ("!sts.exists", "sts.replicas", "spec.reconcile[0].when", "this is a number; expected a condition"),
        ("create: sts", "create: st", "spec.reconcile[0].do.create", "nothing is called `st`"),
        ("create: sts", "create: cr", "spec.reconcile[0].do.create", "the custom resource stays"),
        ("create: sts", "create: sts, delete: sts", "spec.reconcile[0].do", "several requests"),
        (
            "size: cr.spec.storage}}}\n  - {when: sts",
            "sizes: 1}}}\n  - {when: sts",
            "spec.reconcile[0].do.set.sizes",
            "no field `sizes`",
        ),
        ("resizing: true", "resizing: 1", "spec.reconcile[1].remember.resizing", "expected text"),
        ("{resizing: bool}", "{resizing: maybe}", "spec.memory.resizing", "`maybe` is not valid here"),
        (
            "kind: StatefulSet, fields: {replicas: 0..3, size: 0..2}",
            "kind: StatefulSet, name: rabbit",
            "spec.reconcile[0].do.create",
            "is among the manifests and stays",
        ),
        ("count: 3", "count: 300", "spec.owns.pvc.count", "from 1 to 16"),
        ("    sts:", "    cr:", "spec.owns.cr", "`cr` means something already"),
        ("by: statefulset-controller, ", "", "spec.others[0].by", "missing"),
        ("stop: scaling", "halt: scaling", "spec.reconcile[3].halt", "unknown key `halt`"),
        ("kubound.dev/v1alpha1", "kubound.dev/v2", "apiVersion", "not a known version"),
    ] {
        assert!(RULES.contains(from), "{from}");
        let read = read(&RULES.replacen(from, to, 1), SCENARIO);
        let error = read.expect_err(to);
        assert_eq!(error.field, field, "{error}");
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!((error.file.as_str(), error.document), ("rules.yaml", Some(1)), "{error}");
    }
}

#[test]
fn scenarios_name_what_rules_files_have() {
    for (from, to, told) in [
        ("target: rabbit", "target: rabbits", "no custom resource `rabbits`"),
        ("{replicas: 1..5}", "{replica: 2}", "no field `spec.replica`"),
        ("{replicas: 1..5}", "{}", "nothing is written"),
        ("owns.sts.replicas", "owns.set.replicas", "no field `owns.set.replicas`"),
        ("custom['rabbit']", "custom['other']", "no custom resource `other`"),
    ] {
        let error = read(RULES, &SCENARIO.replacen(from, to, 1)).expect_err(to);
        assert!(error.to_string().contains(told), "{error}");
    }
}
