//! Services, of which the scheduler reads the selector.

use super::super::ErrorKind;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::judgements::{Table, harmless, read as is_read, status, table, within};
use super::super::value::{Value, child};
use super::super::view::Fields;
use super::metadata::METADATA;
use super::{Object, syntax};
use kubound_encodings::cluster::Service;
use std::net::IpAddr;

const PROXY: &str = "only networks read it: of a Service the scheduler reads the selector";
const DEFAULT_SELECTOR: &str = "pkg/scheduler/framework/plugins/helper/spread.go";

/// A Service.
pub(super) static SERVICE: Table = table(
    "io.k8s.api.core.v1.Service",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SERVICE_SPEC),
        status("pkg/registry/core/service/strategy.go"),
    ],
);

static SERVICE_SPEC: Table = table(
    "io.k8s.api.core.v1.ServiceSpec",
    &[
        harmless("allocateLoadBalancerNodePorts", PROXY, DEFAULT_SELECTOR),
        harmless("clusterIP", PROXY, DEFAULT_SELECTOR),
        harmless("clusterIPs", PROXY, DEFAULT_SELECTOR),
        harmless("externalIPs", PROXY, DEFAULT_SELECTOR),
        harmless("externalName", PROXY, DEFAULT_SELECTOR),
        harmless("externalTrafficPolicy", PROXY, DEFAULT_SELECTOR),
        harmless("healthCheckNodePort", PROXY, DEFAULT_SELECTOR),
        harmless("internalTrafficPolicy", PROXY, DEFAULT_SELECTOR),
        harmless("ipFamilies", PROXY, DEFAULT_SELECTOR),
        harmless("ipFamilyPolicy", PROXY, DEFAULT_SELECTOR),
        harmless("loadBalancerClass", PROXY, DEFAULT_SELECTOR),
        harmless("loadBalancerIP", PROXY, DEFAULT_SELECTOR),
        harmless("loadBalancerSourceRanges", PROXY, DEFAULT_SELECTOR),
        harmless("ports", PROXY, DEFAULT_SELECTOR),
        harmless("publishNotReadyAddresses", PROXY, DEFAULT_SELECTOR),
        is_read("selector"),
        harmless("sessionAffinity", PROXY, DEFAULT_SELECTOR),
        harmless("sessionAffinityConfig", PROXY, DEFAULT_SELECTOR),
        harmless("trafficDistribution", PROXY, DEFAULT_SELECTOR),
        harmless("type", PROXY, DEFAULT_SELECTOR),
    ],
);

/// Only the selector of a Service matters: it takes part in the default topology spread.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.below("spec")?;
    object.judge_rest();
    let Some(spec) = spec else {
        object.fields.note_missing("spec");
        return Ok(());
    };
    let selector = spec.read("selector", |view| syntax::labels(&view))?;
    check(&spec)?;
    spec.judge_rest(&SERVICE_SPEC);
    let namespace = object.metadata.namespace.clone();
    let name = object.metadata.name.clone();
    draft.services.retain(|other| (&other.namespace, &other.name) != (&namespace, &name));
    draft.services.push(Service { namespace, name, selector: selector.unwrap_or_default() });
    Ok(())
}

/// What a Service of its type must have (`ValidateService`).
fn check(spec: &Fields) -> Result<(), InputError> {
    let text = |key: &str| spec.view.value.below(&[key]).and_then(Value::as_text).unwrap_or_default();
    let at = |key: &str| child(&spec.view.path, key);
    let error = |key: &str, message: &str| spec.view.context.error(&at(key), message);
    let address = text("clusterIP");
    if !["", "None"].contains(&address) && address.parse::<IpAddr>().is_err() {
        return Err(error("clusterIP", "no address").expected("an IP address, None or nothing").help(REFUSED));
    }
    if text("type") == "ExternalName" {
        let is_missing = text("externalName").is_empty();
        let missing = error("externalName", "missing").kind(ErrorKind::MissingField);
        return if is_missing { Err(missing.expected("the name that is meant").help(REFUSED)) } else { Ok(()) };
    }
    let has_ports = matches!(spec.view.value.below(&["ports"]), Some(Value::List(ports)) if !ports.is_empty());
    if has_ports || address == "None" {
        return Ok(());
    }
    spec.note_missing("ports");
    Ok(())
}

const REFUSED: &str = "the API server refuses such a Service";
