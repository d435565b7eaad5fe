//! Containers and the requests that they add up to (sections 0.3 and 1.8).

use super::super::ErrorKind;
use super::super::Severity::Harmless;
use super::super::draft::Limits;
use super::super::error::InputError;
use super::super::view::{Fields, View};
use super::container_fields::CONTAINER;
use super::syntax::is_dns_label;
use super::{ports, resources, security};
use kubound_encodings::cluster::node::{CPU, MEMORY};
use kubound_encodings::cluster::pod::{ContainerRequests, QosClass};
use kubound_encodings::cluster::vpa::Requests;
use kubound_encodings::cluster::{HostPort, PodTemplate, Resources};
use std::collections::BTreeSet;

/// What a container counts for in scores if it requests no CPU (milli-cores).
const SCORED_CPU: i64 = 100;
/// Likewise for memory (200 MiB).
const SCORED_MEMORY: i64 = 200 << 20;

/// The containers of a pod.
#[derive(Clone, Default)]
pub(in super::super) struct Containers {
    ordinary: Vec<Container>,
    initial: Vec<Container>,
    overhead: Resources<i64>,
    /// Whether host ports of sidecars count.
    sidecars_hold_ports: bool,
}

/// A container's part.
#[derive(Clone)]
struct Container {
    name: String,
    requests: Resources<i64>,
    limits: Resources<i64>,
    is_sidecar: bool,
    image: String,
    host_ports: Vec<HostPort>,
}

/// Reads `containers`, `initContainers` and `overhead` of a pod.
pub(super) fn read(pod: &Fields) -> Result<Containers, InputError> {
    let view = pod.require("containers", "at least one container")?;
    let items = view.list()?;
    if items.is_empty() {
        return Err(view.error("no containers").expected("at least one container"));
    }
    let on_host = pod.read("hostNetwork", |view| view.boolean())?.unwrap_or(false);
    let read = |item: &View, is_initial: bool| read_one(item, is_initial, on_host);
    let ordinary = items.iter().map(|item| read(item, false)).collect::<Result<Vec<_>, _>>()?;
    let initial: Result<Vec<_>, _> = pod.items("initContainers")?.iter().map(|item| read(item, true)).collect();
    let initial = initial?;
    check_names(ordinary.iter().chain(&initial), &view)?;
    ports::check_conflicts(ordinary.iter().flat_map(|one| &one.host_ports), &view)?;
    let overhead = pod.read("overhead", |view| resources::read_amounts(&view))?.unwrap_or_default();
    Ok(Containers { ordinary, initial, overhead, sidecars_hold_ports: false })
}

/// Takes over what is missing.
pub(super) fn fill(amounts: &mut Resources<i64>, others: &Resources<i64>) {
    for (resource, amount) in others {
        amounts.entry(resource.clone()).or_insert(*amount);
    }
}

/// Containers of a pod, initial ones included, have names of their own.
fn check_names<'c>(containers: impl Iterator<Item = &'c Container>, at: &View) -> Result<(), InputError> {
    let mut names = BTreeSet::new();
    for container in containers {
        if !container.name.is_empty() && !names.insert(&container.name) {
            return Err(at
                .error(format!("two containers are called `{}`", container.name))
                .kind(ErrorKind::Duplicate)
                .expected("a name of its own for each container, initial ones included")
                .help("the API server refuses such a pod"));
        }
    }
    Ok(())
}

impl Containers {
    fn all(&self) -> impl Iterator<Item = &Container> + Clone {
        self.ordinary.iter().chain(&self.initial)
    }

    /// Those that run as long as the pod.
    fn lasting(&self) -> impl Iterator<Item = &Container> {
        self.ordinary.iter().chain(self.initial.iter().filter(|one| one.is_sidecar))
    }

    /// Writes what they add up to into a template.
    pub(in super::super) fn give_totals(&self, template: &mut PodTemplate) {
        let scored = self.effective(Container::scored);
        let requested = |resource: &str| self.lasting().all(|one| one.requests.contains_key(resource));
        let limited = |resource: &str| self.all().all(|one| one.limits.contains_key(resource));
        (template.cpu_requested_everywhere, template.memory_requested_everywhere) = (requested(CPU), requested(MEMORY));
        (template.cpu_limited_everywhere, template.memory_limited_everywhere) = (limited(CPU), limited(MEMORY));
        template.nonzero_cpu = scored.get(CPU).copied().unwrap_or(0);
        template.nonzero_memory = scored.get(MEMORY).copied().unwrap_or(0);
        template.limits = self.effective(|one| one.limits.clone());
        template.qos = quality(self.all());
        let requests_of =
            |one: &Container| ContainerRequests { name: one.name.clone(), requests: one.requests.clone() };
        template.containers = self.lasting().map(requests_of).collect();
        template.images = self.ordinary.iter().map(|one| one.image.clone()).collect();
        template.images.sort();
        let holding = self.lasting().filter(|one| !one.is_sidecar || self.sidecars_hold_ports);
        template.host_ports = holding.flat_map(|one| one.host_ports.iter().cloned()).collect();
        template.host_ports.sort();
        template.requests = self.effective(|one| one.requests.clone());
    }

    /// Section 0.3: containers and sidecars together, or an init container with the sidecars started before it.
    fn effective(&self, of: impl Fn(&Container) -> Resources<i64>) -> Resources<i64> {
        let mut largest = Resources::new();
        let mut sidecars = Resources::new();
        for container in &self.initial {
            let own = of(container);
            if container.is_sidecar {
                add(&mut sidecars, &own);
                raise(&mut largest, &sidecars);
            } else {
                let mut together = sidecars.clone();
                add(&mut together, &own);
                raise(&mut largest, &together);
            }
        }
        let mut total = sidecars;
        self.ordinary.iter().for_each(|container| add(&mut total, &of(container)));
        raise(&mut total, &largest);
        add(&mut total, &self.overhead);
        total
    }

    /// Gives containers the defaults of a LimitRange.
    pub(super) fn add_defaults(&mut self, limits: &Limits) {
        for container in self.ordinary.iter_mut().chain(&mut self.initial) {
            fill(&mut container.limits, &limits.default);
            fill(&mut container.requests, &limits.default_request);
        }
    }

    /// Lets host ports of sidecars count; says whether there are any.
    pub(super) fn hold_ports_of_sidecars(&mut self, hold: bool) -> bool {
        self.sidecars_hold_ports = hold;
        self.initial.iter().any(|one| !one.host_ports.is_empty())
    }

    /// Images of all of them.
    pub(super) fn images(&self) -> impl Iterator<Item = &str> {
        self.all().map(|one| one.image.as_str())
    }

    /// Names of the containers that run as long as the pod.
    pub(in super::super) fn lasting_names(&self) -> Vec<&str> {
        self.lasting().map(|one| one.name.as_str()).collect()
    }

    /// Names and requests of ordinary containers.
    pub(in super::super) fn ordinary(&self) -> impl Iterator<Item = (&str, &Resources<i64>)> {
        self.ordinary.iter().map(|one| (one.name.as_str(), &one.requests))
    }

    /// With other requests of ordinary containers; limits keep their ratio to them where they follow
    /// (`getProportionalResourceLimit`).
    pub(in super::super) fn with_requests(&self, requests: &Requests, limits_follow: impl Fn(&str) -> bool) -> Self {
        let mut changed = self.clone();
        for container in &mut changed.ordinary {
            let follows = limits_follow(&container.name);
            for (resource, &wanted) in requests.get(&container.name).into_iter().flatten() {
                let before = container.requests.insert(resource.clone(), wanted);
                if let (Some(before @ 1..), Some(limit), true) = (before, container.limits.get_mut(resource), follows) {
                    let scaled = i128::from(*limit) * i128::from(wanted) / i128::from(before);
                    *limit = i64::try_from(scaled).unwrap_or(i64::MAX);
                }
            }
        }
        changed
    }

    /// Whether no container requests more than its limit, as the API server demands.
    pub(in super::super) fn are_within_limits(&self) -> bool {
        let is_within = |one: &Container| {
            one.limits.iter().all(|(resource, limit)| one.requests.get(resource).is_none_or(|request| request <= limit))
        };
        self.all().all(is_within)
    }

    /// Why a LimitRange refuses the pod (`PodValidateLimitFunc`), or makes the API server refuse it.
    pub(super) fn refusal(&self, container: &Limits, pod: &Limits) -> Option<String> {
        let one = |one: &Container| {
            violation(container, &one.requests, &one.limits, "a container").or_else(|| above_default(container, one))
        };
        self.all().find_map(one).or_else(|| {
            let totals = (self.effective(|one| one.requests.clone()), self.effective(|one| one.limits.clone()));
            violation(pod, &totals.0, &totals.1, "the pod")
        })
    }
}

impl Container {
    /// Requests, with what counts for missing ones in scores.
    fn scored(&self) -> Resources<i64> {
        let mut requests = self.requests.clone();
        requests.entry(CPU.into()).or_insert(SCORED_CPU);
        requests.entry(MEMORY.into()).or_insert(SCORED_MEMORY);
        requests
    }
}

/// Which request is above the limit that a container got by default: the API server refuses such a pod
/// (`validateResourceRequirements`).
fn above_default(bounds: &Limits, container: &Container) -> Option<String> {
    let is_above = |&(resource, request): &(&String, &i64)| {
        let limit = container.limits.get(resource);
        limit.is_some_and(|limit| limit < request) && limit == bounds.default.get(resource)
    };
    let (resource, _) = container.requests.iter().find(is_above)?;
    Some(format!("a container requests more {resource} than the limit that it gets by default"))
}

/// Which bound requests and limits break.
fn violation(bounds: &Limits, requests: &Resources<i64>, limits: &Resources<i64>, of: &str) -> Option<String> {
    let too_small = bounds.min.iter().find(|&(resource, &least)| {
        requests.get(resource).is_none_or(|&request| request < least)
            || limits.get(resource).is_some_and(|&limit| limit < least)
    });
    if let Some((resource, _)) = too_small {
        return Some(format!("{of} must request at least the minimum of {resource}"));
    }
    let too_large = bounds.max.iter().find(|&(resource, &most)| {
        limits.get(resource).is_none_or(|&limit| limit > most)
            || requests.get(resource).is_some_and(|&request| request > most)
    });
    if let Some((resource, _)) = too_large {
        return Some(format!("{of} must have a limit of at most the maximum of {resource}"));
    }
    let uneven =
        bounds.max_ratio.iter().find(|&(resource, &most)| match (requests.get(resource), limits.get(resource)) {
            (Some(&request), Some(&limit)) if request > 0 => {
                i128::from(limit) * 1000 > i128::from(most) * i128::from(request)
            }
            _ => true,
        });
    uneven.map(|(resource, _)| format!("the limit of {of} for {resource} is too far above its request"))
}

fn read_one(view: &View, is_initial: bool, on_host: bool) -> Result<Container, InputError> {
    let fields = view.fields()?;
    let name = match fields.get("name") {
        Some(view) if !is_dns_label(view.name()?) => {
            let error = view.error(format!("`{}` is no name of a container", view.name()?));
            return Err(
                error.expected("lower-case letters, digits and `-`, at most 63, at both ends a letter or digit")
            );
        }
        Some(view) => view.name()?.to_owned(),
        None => {
            fields.note_missing("name");
            String::new()
        }
    };
    let image = match fields.get("image") {
        Some(view) if view.value.as_text() != Some("") => view.text()?.to_owned(),
        _ => {
            fields.note_missing("image");
            String::new()
        }
    };
    let policy = fields.get("restartPolicy");
    let is_sidecar = match (&policy, is_initial) {
        (Some(policy), true) => {
            let is_sidecar = policy.one_of(&[("Always", true), ("Never", false), ("OnFailure", false)])?;
            if !is_sidecar {
                policy.note(Harmless, "init containers are taken to succeed");
            }
            is_sidecar
        }
        (Some(policy), false) => {
            policy.note(Harmless, "containers are taken to stay alive");
            false
        }
        (None, _) => false,
    };
    let host_ports = ports::read(&fields, is_initial, is_sidecar, on_host)?;
    let (requests, limits) = match fields.get("resources") {
        Some(view) => resources::read(&view)?,
        None => Default::default(),
    };
    security::note_container(&fields)?;
    fields.judge_rest(&CONTAINER);
    Ok(Container { name, requests, limits, is_sidecar, image, host_ports })
}

/// Section 0.6.
fn quality<'c>(containers: impl Iterator<Item = &'c Container> + Clone) -> QosClass {
    let amount = |list: &Resources<i64>, resource: &str| list.get(resource).copied().unwrap_or(0);
    let both = [CPU, MEMORY];
    let is_guaranteed = containers.clone().all(|one| {
        both.iter().all(|resource| {
            let limit = amount(&one.limits, resource);
            limit > 0 && limit == amount(&one.requests, resource)
        })
    });
    let asks_nothing = |one: &Container| {
        both.iter().all(|resource| amount(&one.requests, resource) == 0 && amount(&one.limits, resource) == 0)
    };
    match () {
        () if containers.clone().all(asks_nothing) => QosClass::BestEffort,
        () if is_guaranteed => QosClass::Guaranteed,
        () => QosClass::Burstable,
    }
}

fn add(total: &mut Resources<i64>, more: &Resources<i64>) {
    for (resource, amount) in more {
        let entry = total.entry(resource.clone()).or_insert(0);
        *entry = entry.saturating_add(*amount);
    }
}

fn raise(total: &mut Resources<i64>, other: &Resources<i64>) {
    for (resource, amount) in other {
        let entry = total.entry(resource.clone()).or_insert(0);
        *entry = (*entry).max(*amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(cpu: Option<i64>, is_sidecar: bool) -> Container {
        let requests = cpu.map(|cpu| (CPU.to_owned(), cpu)).into_iter().collect();
        let (name, image) = Default::default();
        Container { name, requests, limits: Resources::new(), is_sidecar, image, host_ports: Vec::new() }
    }

    fn cpu(containers: &[Container], initial: &[Container], is_scored: bool) -> i64 {
        let all = Containers { ordinary: containers.to_vec(), initial: initial.to_vec(), ..Containers::default() };
        let total =
            if is_scored { all.effective(Container::scored) } else { all.effective(|one| one.requests.clone()) };
        total.get(CPU).copied().unwrap_or(0)
    }

    #[test]
    fn init_containers_and_sidecars_follow_section_0_3() {
        let two = [container(Some(100), false), container(Some(200), false)];
        assert_eq!(cpu(&two, &[], false), 300);
        assert_eq!(cpu(&two, &[container(Some(500), false)], false), 500);
        assert_eq!(cpu(&two, &[container(Some(50), true), container(Some(500), false)], false), 550);
        assert_eq!(cpu(&two, &[container(Some(500), false), container(Some(50), true)], false), 500);
        assert_eq!(cpu(&two, &[container(Some(50), true)], false), 350);
    }

    #[test]
    fn quality_of_service_follows_section_0_6() {
        let amounts = |cpu, memory| Resources::from([(CPU.to_owned(), cpu), (MEMORY.to_owned(), memory)]);
        let with =
            |requests: Resources<i64>, limits: Resources<i64>| Container { requests, limits, ..container(None, false) };
        let (equal, open) = (with(amounts(1, 1), amounts(1, 1)), with(amounts(1, 1), Resources::new()));
        assert_eq!(quality([&container(None, false)].into_iter()), QosClass::BestEffort);
        assert_eq!(quality([&equal, &equal].into_iter()), QosClass::Guaranteed);
        assert_eq!(quality([&equal, &open].into_iter()), QosClass::Burstable);
        assert_eq!(quality([&equal, &container(None, false)].into_iter()), QosClass::Burstable);
    }

    #[test]
    fn limit_ranges_give_defaults_and_refuse() {
        let cpu = |amount: i64| Resources::from([(CPU.to_owned(), amount)]);
        let with = |requests: Option<i64>, limits: Option<i64>| {
            let amounts = |amount: Option<i64>| amount.map(cpu).unwrap_or_default();
            let one = Container { requests: amounts(requests), limits: amounts(limits), ..container(None, false) };
            Containers { ordinary: vec![one], ..Containers::default() }
        };
        let defaults = Limits { default: cpu(500), default_request: cpu(200), ..Limits::default() };
        let filled = |requests: Option<i64>, limits: Option<i64>| {
            let mut containers = with(requests, limits);
            containers.add_defaults(&defaults);
            (containers.ordinary[0].requests[CPU], containers.ordinary[0].limits[CPU])
        };
        assert_eq!(filled(None, None), (200, 500));
        assert_eq!(filled(Some(100), None), (100, 500));
        assert_eq!(filled(Some(300), Some(300)), (300, 300), "the request was the limit before");
        let range = Limits { min: cpu(100), max: cpu(400), max_ratio: cpu(2000), ..Limits::default() };
        let refused = |requests: Option<i64>, limits: Option<i64>| {
            with(requests, limits).refusal(&range, &Limits::default()).is_some()
        };
        assert!(!refused(Some(100), Some(200)));
        assert!(refused(Some(99), Some(150)), "below the minimum");
        assert!(refused(Some(300), Some(401)), "above the maximum");
        assert!(refused(Some(100), Some(201)), "more than twice the request");
        assert!(refused(Some(100), None), "a maximum needs a limit");
        assert!(refused(None, Some(200)), "a minimum needs a request");
        let two = Containers {
            ordinary: [with(Some(100), Some(200)).ordinary, with(Some(200), Some(300)).ordinary].concat(),
            ..Containers::default()
        };
        assert!(two.refusal(&range, &Limits::default()).is_none());
        assert!(two.refusal(&range, &Limits { max: cpu(400), ..Limits::default() }).is_some(), "500 in all");
    }

    #[test]
    fn only_missing_requests_get_the_scoring_default() {
        assert_eq!(cpu(&[container(None, false), container(Some(0), false)], &[], true), 100);
        assert_eq!(cpu(&[container(None, false)], &[], false), 0);
    }
}
