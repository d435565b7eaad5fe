//! A kind of its own, as `docs/src/extending.md` walks through it: how a `Nap` and the event `wake` are read. What they do
//! is in `encodings/tests/toy/nap.rs`.

#[path = "../../../encodings/tests/toy/nap.rs"]
#[allow(dead_code)]
mod model;

use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::judgements::{Table, read as is_read, table, within};
use super::super::scenario::EventReader;
use super::Object;
use super::metadata::METADATA;
use kubound_encodings::cluster::{EventKind, Other, WorkloadRef};
use model::{NAP, Nap};

/// What becomes of the fields of a Nap.
pub(super) static NAP_TABLE: Table = table(
    "kubound.dev.v1.Nap",
    &[is_read("apiVersion"), is_read("kind"), within("metadata", &METADATA), is_read("spec")],
);

/// Reads a Nap.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec =
        object.fields.require("spec", "what rests, and when")?.strict_fields(&["target", "after", "replicas"])?;
    let target = spec.require("target", "the name of a Deployment")?.name()?.to_owned();
    let namespace = object.metadata.namespace.clone();
    let nap = Nap {
        name: object.metadata.name.clone(),
        target: WorkloadRef { kind: "Deployment".into(), namespace, name: target },
        after: spec.require("after", "a duration")?.seconds()?,
        replicas: spec.read("replicas", |view| view.integer(0..=100))?.unwrap_or(0),
    };
    object.judge_rest();
    draft.others.push(Other::new(NAP, nap));
    Ok(())
}

/// The event `wake`.
pub(in super::super) const WAKE: EventReader = EventReader {
    name: "wake",
    keys: &["nap"],
    required: &["nap"],
    about: "A workload that rests is woken.",
    read: |reading| {
        let nap = reading.body.require("nap", "the name of a Nap")?.name()?.to_owned();
        Ok(EventKind::Other(Other::new("wake", nap)))
    },
};

#[test]
fn a_kind_of_its_own_is_read_and_acts() {
    let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: web}]}\n";
    let nap = "apiVersion: kubound.dev/v1\nkind: Nap\nmetadata: {name: siesta}\nspec: {target: web, after: 1h}\n";
    let scenario = "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: n, count: 1, template: {allocatable: {cpu: \"4\"}}}]\n  events: [{wake: {nap: siesta}}]\n";
    let files = [file("web.yaml", web), file("nap.yaml", nap), file("scenario.yaml", scenario)];
    let cluster = crate::manifest::load_embedded("toy", &files).expect("valid").cluster;
    let system = kubound_encodings::assemble::assemble_of(&model::kinds(), &cluster, Default::default());
    let system = system.expect("a cluster that can be modelled");
    for rule in ["nap-controller/rest/siesta", "event/wake/wake"] {
        assert!(system.rule(rule).is_some(), "{rule}");
    }
}
