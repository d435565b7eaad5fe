//! Pods that no controller owns. Those of a controller come into being in the model itself, or not at all.

use super::super::Severity::{Harmless, Risky};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::value::Value;
use super::super::view::View;
use super::workload::draft_of;
use super::{Object, pod_template};
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::workload::Control;

/// Whether an object is a pod that some controller owns.
pub(super) fn is_of_another(api_version: &str, kind: &str, value: &Value) -> bool {
    let Some(Value::List(owners)) = value.below(&["metadata", "ownerReferences"]) else { return false };
    let is_controller = |owner: &Value| owner.below(&["controller"]).is_none_or(|flag| *flag == Value::Bool(true));
    (api_version, kind) == ("v1", "Pod") && owners.iter().any(is_controller)
}

/// Images of pods, unlike those of templates, do not begin or end with blanks (`validateContainersOnlyForPod`).
fn check_images(root: &Value, object: &Object) -> Result<(), InputError> {
    for list in ["containers", "initContainers"] {
        let Some(Value::List(containers)) = root.below(&["spec", list]) else { continue };
        for (index, container) in containers.iter().enumerate() {
            let image = container.below(&["image"]).and_then(Value::as_text).unwrap_or_default();
            if image.trim() != image {
                let error = object.context.error(&format!("spec.{list}[{index}].image"), "blanks around the image");
                return Err(error.expected("the image alone").help("the API server refuses such a pod"));
            }
        }
    }
    Ok(())
}

/// Reads a pod that nobody owns.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let root = object.fields.view.value;
    let phase = root.below(&["status", "phase"]).and_then(Value::as_text).unwrap_or_default();
    if ["Succeeded", "Failed"].contains(&phase) {
        object.context.note(Harmless, "status.phase", "the pod has ended and takes no room; it is left out");
        return Ok(());
    }
    let spec = object.fields.require("spec", "the specification of the pod")?.fields()?;
    object.fields.get("status").iter().for_each(|view| view.note(Harmless, "the scenario says where runs start"));
    object.judge_rest();
    let policies = [("Always", true), ("OnFailure", false), ("Never", false)];
    if !spec.choice("restartPolicy", &policies, true)? {
        spec.get("restartPolicy").iter().for_each(|view| view.note(Risky, "the pod is taken to run forever"));
    }
    check_images(root, object)?;
    let template = pod_template::read_spec(&spec, &object.metadata.labels, &object.metadata.annotations)?;
    let mut read = draft_of(object, &View::root(root, object.context), template);
    read.workload.replicas = Span::exactly(1);
    read.workload.control = Control::Bare;
    draft.place(read);
    Ok(())
}
