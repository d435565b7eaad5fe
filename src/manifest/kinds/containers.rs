//! Containers and the requests that they add up to (sections 0.3 and 1.8).

use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::quantity::Unit;
use super::super::view::{Fields, Ignored, View};
use kubound_encodings::cluster::node::{CPU, MEMORY};
use kubound_encodings::cluster::pod::QosClass;
use kubound_encodings::cluster::{HostPort, Resources};

/// What a container counts for in scores if it requests no CPU (milli-cores).
const SCORED_CPU: i64 = 100;
/// Likewise for memory (200 MiB).
const SCORED_MEMORY: i64 = 200 << 20;

/// What a pod template says about containers.
pub(super) struct Totals {
    /// Effective request.
    pub(super) requests: Resources<i64>,
    /// Effective request with the defaults for scoring.
    pub(super) scored: Resources<i64>,
    /// Whether every container and sidecar requests CPU, and memory.
    pub(super) requested_everywhere: (bool, bool),
    /// Whether the effective request is above the sum of containers and sidecars.
    pub(super) is_beyond_containers: bool,
    /// Quality of service.
    pub(super) qos: QosClass,
    /// Images of the ordinary containers, sorted.
    pub(super) images: Vec<String>,
    /// Ports of the node that ordinary containers bind, sorted.
    pub(super) host_ports: Vec<HostPort>,
}

/// A container's part.
struct Container {
    requests: Resources<i64>,
    limits: Resources<i64>,
    is_sidecar: bool,
    image: String,
    host_ports: Vec<HostPort>,
}

const CONTAINER: &[Ignored] = &[
    ("args", Harmless, "what a container does is not modelled; give its usage in the scenario"),
    ("command", Harmless, "what a container does is not modelled; give its usage in the scenario"),
    ("env", Harmless, "what a container does is not modelled"),
    ("envFrom", Harmless, "what a container does is not modelled"),
    ("imagePullPolicy", Harmless, "images are taken to be there"),
    ("lifecycle", Harmless, "hooks are part of starting and terminating"),
    ("livenessProbe", Harmless, "containers are taken to stay alive"),
    ("readinessProbe", Harmless, "readiness comes from `startup` of the scenario"),
    ("resizePolicy", Harmless, "requests do not change"),
    ("restartPolicyRules", Harmless, "containers are taken to stay alive"),
    ("securityContext", Harmless, "not read by a modelled controller"),
    ("startupProbe", Harmless, "readiness comes from `startup` of the scenario"),
    ("stdin", Harmless, "not read by a controller"),
    ("stdinOnce", Harmless, "not read by a controller"),
    ("terminationMessagePath", Harmless, "not read by a controller"),
    ("terminationMessagePolicy", Harmless, "not read by a controller"),
    ("tty", Harmless, "not read by a controller"),
    ("volumeDevices", Harmless, "the volumes of the pod count"),
    ("volumeMounts", Harmless, "the volumes of the pod count"),
    ("workingDir", Harmless, "what a container does is not modelled"),
];

/// Reads `containers`, `initContainers` and `overhead` of a pod.
pub(super) fn read(pod: &Fields) -> Result<Totals, InputError> {
    let view = pod.require("containers", "at least one container")?;
    let items = view.list()?;
    if items.is_empty() {
        return Err(view.error("no containers").expected("at least one container"));
    }
    let on_host = pod.read("hostNetwork", |view| view.boolean())?.unwrap_or(false);
    let read = |item: &View, is_initial: bool| read_one(item, is_initial, on_host);
    let containers = items.iter().map(|item| read(item, false)).collect::<Result<Vec<_>, _>>()?;
    let initial: Result<Vec<_>, _> = pod.items("initContainers")?.iter().map(|item| read(item, true)).collect();
    let initial = initial?;
    let overhead = pod.read("overhead", |view| read_amounts(&view))?.unwrap_or_default();
    let requests = effective(&containers, &initial, &overhead, false);
    let scored = effective(&containers, &initial, &overhead, true);
    let mut lasting = Resources::new();
    for container in containers.iter().chain(initial.iter().filter(|one| one.is_sidecar)) {
        add(&mut lasting, &container.requests);
    }
    let everywhere = |resource: &str| {
        let has = |one: &Container| one.requests.contains_key(resource);
        containers.iter().all(has) && initial.iter().filter(|one| one.is_sidecar).all(has)
    };
    let mut images: Vec<_> = containers.iter().map(|one| one.image.clone()).collect();
    images.sort();
    let mut host_ports: Vec<_> = containers.iter().flat_map(|one| one.host_ports.iter().cloned()).collect();
    host_ports.sort();
    Ok(Totals {
        requested_everywhere: (everywhere(CPU), everywhere(MEMORY)),
        qos: quality(containers.iter().chain(&initial)),
        is_beyond_containers: [CPU, MEMORY].iter().any(|one| requests.get(*one) > lasting.get(*one)),
        requests,
        scored,
        images,
        host_ports,
    })
}

fn read_one(view: &View, is_initial: bool, on_host: bool) -> Result<Container, InputError> {
    let fields = view.fields()?;
    fields.read("name", |view| view.name())?;
    let image = fields.read("image", |view| view.text().map(str::to_owned))?.unwrap_or_default();
    let policy = fields.get("restartPolicy");
    let is_sidecar = match (&policy, is_initial) {
        (Some(policy), true) => policy.one_of(&[("Always", true), ("Never", false), ("OnFailure", false)])?,
        (Some(policy), false) => {
            policy.note(Harmless, "containers are taken to stay alive");
            false
        }
        (None, _) => false,
    };
    let host_ports = read_host_ports(&fields, is_initial, on_host)?;
    let (requests, limits) = match fields.get("resources") {
        Some(resources) => read_requests(&resources)?,
        None => Default::default(),
    };
    fields.note_rest(CONTAINER);
    Ok(Container { requests, limits, is_sidecar, image, host_ports })
}

/// Ports matter only where they bind a port of the node; on the network of the node all do.
fn read_host_ports(fields: &Fields, is_initial: bool, on_host: bool) -> Result<Vec<HostPort>, InputError> {
    let mut ports = Vec::new();
    for item in fields.items("ports")? {
        let fields = item.fields()?;
        let inside = fields.read("containerPort", |view| view.integer(1..=65535))?.unwrap_or(0);
        let given = fields.read("hostPort", |view| view.integer(0..=65535))?.unwrap_or(0);
        let protocol = fields.read("protocol", |view| view.text().map(str::to_owned))?;
        let ip = fields.read("hostIP", |view| view.text().map(str::to_owned))?.unwrap_or_default();
        let port = if on_host && given == 0 { inside } else { given };
        if port == 0 {
            continue;
        }
        if is_initial {
            item.note(Harmless, "the scheduler of these releases looks at the ports of ordinary containers only");
        } else {
            let protocol = protocol.filter(|name| !name.is_empty()).unwrap_or_else(|| "TCP".into());
            ports.push(HostPort { ip, protocol, port });
        }
    }
    Ok(ports)
}

/// Requests and limits; a request that is missing is the limit.
fn read_requests(view: &View) -> Result<(Resources<i64>, Resources<i64>), InputError> {
    let fields = view.fields()?;
    let requests_view = fields.get("requests");
    let mut requests = requests_view.as_ref().map(read_amounts).transpose()?.unwrap_or_default();
    let limits = fields.read("limits", |view| read_amounts(&view))?.unwrap_or_default();
    fields.note_rest(&[("claims", Risky, "claims of devices are not modelled")]);
    for (resource, &limit) in &limits {
        let request = *requests.entry(resource.clone()).or_insert(limit);
        if request > limit {
            let at = requests_view.as_ref().unwrap_or(view);
            return Err(at
                .error(format!("the request for {resource} is above its limit"))
                .expected("a request that is at most the limit"));
        }
    }
    Ok((requests, limits))
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

fn read_amounts(view: &View) -> Result<Resources<i64>, InputError> {
    let fields = view.fields()?;
    fields.entries().map(|(resource, amount)| Ok((resource.to_owned(), amount.amount(Unit::of(resource))?))).collect()
}

/// Section 0.3: containers and sidecars together, or an init container with the sidecars started before it.
fn effective(
    containers: &[Container],
    initial: &[Container],
    overhead: &Resources<i64>,
    is_scored: bool,
) -> Resources<i64> {
    let requests = |container: &Container| {
        let mut requests = container.requests.clone();
        if is_scored {
            requests.entry(CPU.into()).or_insert(SCORED_CPU);
            requests.entry(MEMORY.into()).or_insert(SCORED_MEMORY);
        }
        requests
    };
    let mut largest = Resources::new();
    let mut sidecars = Resources::new();
    for container in initial {
        let own = requests(container);
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
    containers.iter().for_each(|container| add(&mut total, &requests(container)));
    raise(&mut total, &largest);
    add(&mut total, overhead);
    total
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
        Container { requests, limits: Resources::new(), is_sidecar, image: String::new(), host_ports: Vec::new() }
    }

    fn cpu(containers: &[Container], initial: &[Container], is_scored: bool) -> i64 {
        effective(containers, initial, &Resources::new(), is_scored).get(CPU).copied().unwrap_or(0)
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
    fn only_missing_requests_get_the_scoring_default() {
        assert_eq!(cpu(&[container(None, false), container(Some(0), false)], &[], true), 100);
        assert_eq!(cpu(&[container(None, false)], &[], false), 0);
    }
}
