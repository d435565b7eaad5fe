//! Claims that are bound by hand to volumes of some nodes. Nothing is attached, so that no kubelet would wait for it.

use super::nodes::{HOSTNAME, ZONE};
use super::{Sketch, pod_of, push};
use crate::made::{kind, name};
use serde_json::{Value, json};

/// Claims of a StatefulSet that there are: its pods may have ordinals up to this one.
const LAST_ORDINAL: usize = 7;

/// Pods of some workload use a claim: all the same one, or those of a StatefulSet one each.
pub fn mount(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let workload = &sketch.made.workloads[one];
    let (app, kind) = (name(workload).to_owned(), kind(workload).to_owned());
    if kind == "Job" || sketch.made.rules.iter().any(|rule| name(rule).starts_with(&format!("data-{app}"))) {
        return;
    }
    let mode = sketch.one_of(&["ReadWriteOnce", "ReadWriteOnce", "ReadWriteMany", "ReadWriteOncePod"]);
    if kind == "StatefulSet" && sketch.percent(70) {
        for ordinal in 0..=LAST_ORDINAL {
            bind(sketch, &format!("data-{app}-{ordinal}"), mode);
        }
        let template = json!({"metadata": {"name": "data"}, "spec": claim(mode)});
        sketch.made.workloads[one]["spec"]["volumeClaimTemplates"] = json!([template]);
        return;
    }
    let called = format!("data-{app}");
    bind(sketch, &called, mode);
    let volume = json!({"name": "data", "persistentVolumeClaim": {"claimName": called}});
    push(&mut pod_of(&mut sketch.made.workloads[one])["volumes"], volume);
}

fn claim(mode: &str) -> Value {
    json!({"accessModes": [mode], "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}}})
}

/// A volume and a claim of the same name.
fn bind(sketch: &mut Sketch, called: &str, mode: &str) {
    let mut metadata = json!({"name": called});
    let mut spec = json!({
        "accessModes": [mode], "capacity": {"storage": "1Gi"}, "storageClassName": "", "hostPath": {"path": "/data"},
        "persistentVolumeReclaimPolicy": "Retain", "claimRef": {"namespace": "default", "name": called},
    });
    let nodes = [sketch.some_node(), sketch.some_node()];
    let on = |key: &str, values: &[String]| {
        let term = json!({"matchExpressions": [{"key": key, "operator": "In", "values": values}]});
        json!({"required": {"nodeSelectorTerms": [term]}})
    };
    match sketch.random.within(0, 5) {
        0 | 1 => spec["nodeAffinity"] = on(HOSTNAME, &nodes[..1]),
        2 => spec["nodeAffinity"] = on(HOSTNAME, &nodes),
        3 => spec["nodeAffinity"] = on(ZONE, &["a".to_owned()]),
        4 => metadata["labels"] = json!({ZONE: sketch.one_of(&["a", "b", "a__b"])}),
        _ => {}
    }
    let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec});
    let mut wanted = claim(mode);
    wanted["volumeName"] = called.into();
    let metadata = json!({"name": called, "namespace": "default"});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": wanted});
    sketch.made.rules.extend([volume, claim]);
}
