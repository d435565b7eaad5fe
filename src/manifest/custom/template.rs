//! A rules file to start from.

use super::super::ErrorKind;
use super::super::error::InputError;

/// The rules file of a controller of this name.
pub fn custom_controller_template(name: &str) -> Result<String, InputError> {
    let is_plain = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-';
    let ends = [name.chars().next(), name.chars().last()];
    if !name.chars().all(is_plain) || ends.iter().any(|end| end.is_none_or(|end| end == '-')) {
        return Err(InputError::new(format!("`{name}` is no name of a controller"))
            .kind(ErrorKind::InvalidValue)
            .expected("lower-case letters, digits and `-`, at both ends a letter or digit"));
    }
    Ok(TEMPLATE.replace("NAME", name))
}

const TEMPLATE: &str = "# What an operator does. Change the lines to what yours does; docs: custom-controllers.
apiVersion: kubound.dev/v1alpha1
kind: CustomController
metadata: {name: NAME}
spec:
  resource:
    kind: App                # CHANGE: the kind of the custom resource
    name: app
    spec: {replicas: 1..3}   # what users write; a range may be any of its values initially
    status: {ready: bool}    # what the controller writes
  owns:
    # An object of which only these fields are known. Of a workload among the manifests write kind and name alone.
    sts: {kind: StatefulSet, fields: {replicas: 0..3, ready: bool}}
  memory: {}                 # what a restart loses
  reconcile:                 # the first entry that applies acts: one request a step
  - do: {create: sts, set: {replicas: cr.spec.replicas}}
  - when: sts.replicas != cr.spec.replicas
    do: {update: sts, set: {replicas: cr.spec.replicas}}
  - do: {update: cr, set: {status.ready: sts.ready}}
  others:                    # what others do to the same objects
  - by: statefulset-controller
    do: {update: sts, set: {ready: true}}
";
