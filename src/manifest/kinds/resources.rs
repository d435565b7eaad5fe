//! `resources` of containers, with the checks of the API server (`validateResourceRequirements`).

use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::suggest::did_you_mean;
use super::super::value::Value;
use super::super::view::View;
use super::container_fields::RESOURCES;
use super::syntax::is_key;
use kubound_encodings::cluster::Resources;
use kubound_encodings::cluster::node::{CPU, EPHEMERAL_STORAGE, MEMORY};

const HUGE_PAGES: &str = "hugepages-";

/// Requests and limits; a request that is missing is the limit.
pub(super) fn read(view: &View) -> Result<(Resources<i64>, Resources<i64>), InputError> {
    let fields = view.fields()?;
    let requests_view = fields.get("requests");
    let mut requests = requests_view.as_ref().map(read_amounts).transpose()?.unwrap_or_default();
    let limits = fields.read("limits", |view| read_amounts(&view))?.unwrap_or_default();
    fields.judge_rest(&RESOURCES);
    let at = requests_view.as_ref().unwrap_or(view);
    for (resource, request) in requests.iter().filter(|(resource, _)| !may_be_overcommitted(resource)) {
        if limits.get(resource) != Some(request) {
            return Err(at
                .error(format!("the request for {resource} is not its limit"))
                .expected(format!("a limit of {resource} that equals the request"))
                .help("nodes cannot promise more of such a resource than they have; the API server refuses the pod"));
        }
    }
    for (resource, &limit) in &limits {
        let request = *requests.entry(resource.clone()).or_insert(limit);
        if request > limit {
            return Err(at
                .error(format!("the request for {resource} is above its limit"))
                .expected("a request that is at most the limit"));
        }
    }
    let asks = |is_meant: fn(&str) -> bool| requests.keys().any(|resource| is_meant(resource));
    if asks(|name| name.starts_with(HUGE_PAGES)) && !asks(|name| [CPU, MEMORY].contains(&name)) {
        return Err(view
            .error("huge pages without CPU and memory")
            .expected("a request or limit of cpu or memory beside them")
            .help("the API server refuses such a pod"));
    }
    Ok((requests, limits))
}

/// Whether nodes may promise more of a resource than they have (`IsOvercommitAllowed`).
pub(super) fn may_be_overcommitted(resource: &str) -> bool {
    is_native(resource) && !resource.starts_with(HUGE_PAGES)
}

/// Whether it is a resource of Kubernetes itself (`IsNativeResource`).
fn is_native(resource: &str) -> bool {
    !resource.contains('/') || resource.contains("kubernetes.io/")
}

/// Whether it is a resource of somebody else, of which there are whole pieces only (`IsExtendedResourceName`).
pub(super) fn is_extended(resource: &str) -> bool {
    !is_native(resource) && !resource.starts_with("requests.") && is_key(&format!("requests.{resource}"))
}

/// Whether containers have such a resource (`validateContainerResourceName`).
pub(super) fn is_of_containers(resource: &str) -> bool {
    if !resource.contains('/') {
        return [CPU, MEMORY, EPHEMERAL_STORAGE].contains(&resource) || resource.starts_with(HUGE_PAGES);
    }
    is_key(resource) && (is_native(resource) || is_extended(resource))
}

/// Reads amounts of resources of containers.
pub(super) fn read_amounts(view: &View) -> Result<Resources<i64>, InputError> {
    let read = |(resource, amount): (&str, View)| {
        if !is_of_containers(resource) {
            return Err(amount
                .error(format!("`{resource}` is no resource of containers"))
                .expected("cpu, memory, ephemeral-storage, hugepages-SIZE, or a name such as example.com/gpu")
                .help(did_you_mean(resource, [CPU, MEMORY, EPHEMERAL_STORAGE])));
        }
        Ok((resource.to_owned(), read_amount(resource, &amount)?))
    };
    view.fields()?.entries().map(read).collect()
}

/// Reads an amount of a resource; nothing is 0.
fn read_amount(resource: &str, view: &View) -> Result<i64, InputError> {
    if *view.value == Value::Null {
        return Ok(0);
    }
    if let Some(size) = resource.strip_prefix(HUGE_PAGES) {
        let page = view.amount_of(size, Unit::Whole).ok().filter(|&page| page > 0);
        let amount = view.amount(Unit::of(resource))?;
        return match page {
            Some(page) if amount % page == 0 => Ok(amount),
            _ => Err(view
                .error(format!("no whole number of pages of {size}"))
                .expected("a multiple of the size of a page, such as 4Mi of hugepages-2Mi")),
        };
    }
    if is_extended(resource) {
        check_whole(resource, view)?;
    }
    view.amount(Unit::of(resource))
}

/// Refuses parts of what there are whole pieces only of (`IsIntegerResourceName`).
pub(super) fn check_whole(resource: &str, view: &View) -> Result<(), InputError> {
    if view.amount(Unit::Milli)? % 1000 == 0 {
        return Ok(());
    }
    Err(view
        .error(format!("no whole number of {resource}"))
        .expected("an integer")
        .help("the API server refuses parts of such a resource"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_of_containers_are_those_of_the_api_server() {
        for name in ["cpu", "hugepages-2Mi", "example.com/gpu", "kubernetes.io/a", "a/b"] {
            assert!(is_of_containers(name), "{name}");
        }
        for name in ["gpu", "pods", "requests.example.com/gpu", "Example.com/gpu", "a/b/c", "/gpu"] {
            assert!(!is_of_containers(name), "{name}");
        }
        assert!(is_extended("example.com/gpu") && !is_extended("kubernetes.io/a") && !is_extended("cpu"));
    }
}
