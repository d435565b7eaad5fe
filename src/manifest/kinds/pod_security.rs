//! Pod Security (`k8s.io/pod-security-admission`, folder `policy`): which pods the level that a namespace enforces refuses. A
//! controller makes no pods of such a template, and tries forever. Checks are those of 1.33 at least, and later ones up to the
//! release and `enforce-version`; exemptions are configured outside of manifests, and are taken to be none.

use super::super::Severity::{Risky, Warning};
use super::super::draft::{Draft, DraftWorkload, PodSecurity};
use super::super::scenario::release;
use super::super::value::{Value, child};
use super::Object;
use super::security::{APP_ARMOR, SAFE_SYSCTLS};
use kubound_encodings::cluster::KubernetesVersion;

/// Capabilities that containers may add under `baseline`.
const CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Sysctls that `baseline` allows besides those that are always safe.
const SYSCTLS: &[&str] = &[
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

const SELINUX_TYPES: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/// Kinds of volumes that `restricted` allows.
const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Labels by which Pod Security refuses pods of a namespace, unless they allow all.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// The release whose checks are enforced; without it, or `latest`, that of the API server.
const VERSION: &str = "pod-security.kubernetes.io/enforce-version";

/// First release with `hostProbesAndHostLifecycle`.
const HOST_OF_PROBES: KubernetesVersion = KubernetesVersion(34);

/// First release that lets pods of a user namespace be root (`relaxPolicyForUserNamespacePod`).
const USER_NAMESPACES: KubernetesVersion = KubernetesVersion(35);

/// Reads what the labels of a namespace refuse.
pub(super) fn read_namespace(object: &Object, draft: &mut Draft) {
    let (namespace, context) = (object.metadata.name.clone(), object.context);
    let at = child("metadata.labels", ENFORCE);
    let level = object.metadata.labels.get(ENFORCE).map(String::as_str);
    draft.pod_security.retain(|other| other.namespace != namespace);
    let version = object.metadata.labels.get(VERSION).map(String::as_str);
    if version.is_some_and(|text| text != "latest" && release(text).is_none()) {
        let message = "no version, which is `latest` or such as v1.33: the API server refuses such a label";
        context.note(Warning, &child("metadata.labels", VERSION), message);
    }
    match level {
        Some("baseline" | "restricted") => {
            let is_restricted = level == Some("restricted");
            // What is no version is taken for the newest (`ParseVersion`).
            let version = object.metadata.labels.get(VERSION).and_then(|text| release(text));
            draft.pod_security.push(PodSecurity { namespace, is_restricted, version, origin: context.origin(&at) });
        }
        None | Some("privileged") => {}
        // An invalid level is taken for the strictest one (`ParseLevel`), where the API server lets it pass.
        Some(level) => {
            let message =
                format!("no level `{level}`: the API server refuses such a label, and nothing is enforced here");
            context.note(Risky, &at, message);
        }
    }
}

/// Marks the workloads whose pods their namespace refuses.
pub(in super::super) fn apply(draft: &mut Draft, version: KubernetesVersion) {
    let namespaces = std::mem::take(&mut draft.pod_security);
    for read in &mut draft.workloads {
        apply_to(&namespaces, read, version);
        read.later.iter_mut().for_each(|later| apply_to(&namespaces, later, version));
    }
    draft.pod_security = namespaces;
}

fn apply_to(namespaces: &[PodSecurity], read: &mut DraftWorkload, version: KubernetesVersion) {
    let Some(own) = namespaces.iter().find(|one| one.namespace == read.workload.reference.namespace) else { return };
    let version = own.version.map_or(version, |enforced| enforced.min(version));
    let Some(why) = refusal(&read.template, own.is_restricted, version) else { return };
    read.workload.template.refused_by = Some(own.origin.clone());
    let level = if own.is_restricted { "restricted" } else { "baseline" };
    let message = format!("Pod Security refuses the pods, whose namespace enforces {level}: {why}");
    read.context.note(Warning, "spec.template.spec", message);
}

/// Why a level refuses the pods of a template, if it does.
fn refusal(template: &Value, is_restricted: bool, version: KubernetesVersion) -> Option<String> {
    let pod = Pod { template, version };
    if is_restricted && version >= USER_NAMESPACES {
        // `restricted` keeps the check of `procMount` that `baseline` gives up for pods of a user namespace.
        return pod.mounted().or_else(|| pod.baseline()).or_else(|| pod.restricted());
    }
    pod.baseline().or_else(|| if is_restricted { pod.restricted() } else { None })
}

/// A pod template as written.
struct Pod<'v> {
    template: &'v Value,
    version: KubernetesVersion,
}

fn is_true(value: Option<&Value>) -> bool {
    value == Some(&Value::Bool(true))
}

fn texts<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v str> {
    match value.below(path) {
        Some(Value::List(items)) => items.iter().filter_map(Value::as_text).collect(),
        _ => Vec::new(),
    }
}

/// The text below keys, and empty text where there is none.
fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    value.below(path).and_then(Value::as_text).unwrap_or_default()
}

fn items<'v>(value: &'v Value, path: &[&str]) -> &'v [Value] {
    match value.below(path) {
        Some(Value::List(items)) => items,
        _ => &[],
    }
}

impl<'v> Pod<'v> {
    fn containers(&self) -> impl Iterator<Item = &'v Value> {
        let template = self.template;
        ["initContainers", "containers", "ephemeralContainers"]
            .into_iter()
            .flat_map(|key| items(template, &["spec", key]))
    }

    /// The security contexts of the pod and of its containers.
    fn contexts(&self) -> impl Iterator<Item = &'v Value> {
        let of_containers = self.containers().filter_map(|one| one.below(&["securityContext"]));
        self.template.below(&["spec", "securityContext"]).into_iter().chain(of_containers)
    }

    fn container(&self, is_bad: impl Fn(&Value) -> bool) -> Option<&'v str> {
        self.containers().find(|one| is_bad(one)).map(|one| text(one, &["name"]))
    }

    /// Whether it is in a user namespace of its own, where the release relaxes checks for such pods.
    fn is_relaxed(&self) -> bool {
        self.version >= USER_NAMESPACES && self.template.below(&["spec", "hostUsers"]) == Some(&Value::Bool(false))
    }

    fn mounted(&self) -> Option<String> {
        let mounts = |one: &Value| !["", "Default"].contains(&text(one, &["securityContext", "procMount"]));
        self.container(mounts).map(|name| format!("container {name} sets procMount"))
    }

    /// Whether a probe or a handler of the life cycle names a host.
    fn names_host(&self, container: &Value) -> bool {
        let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|probe| vec![probe]);
        let handlers = ["postStart", "preStop"].map(|handler| vec!["lifecycle", handler]);
        let asks = |at: &Vec<&str>, how: &str| !text(container, &[at.as_slice(), &[how, "host"]].concat()).is_empty();
        probes.iter().chain(&handlers).any(|at| asks(at, "httpGet") || asks(at, "tcpSocket"))
    }

    fn baseline(&self) -> Option<String> {
        let spec = |key: &str| self.template.below(&["spec", key]);
        if let Some(key) = ["hostNetwork", "hostPID", "hostIPC"].into_iter().find(|key| is_true(spec(key))) {
            return Some(format!("{key} is true"));
        }
        let volumes = items(self.template, &["spec", "volumes"]);
        if let Some(volume) = volumes.iter().find(|one| one.below(&["hostPath"]).is_some()) {
            return Some(format!("volume {} is a hostPath", text(volume, &["name"])));
        }
        let binds = |port: &Value| port.below(&["hostPort"]).is_some_and(|port| *port != Value::Integer(0));
        if let Some(name) = self.container(|one| items(one, &["ports"]).iter().any(binds)) {
            return Some(format!("container {name} binds a hostPort"));
        }
        if let Some(name) = self.container(|one| is_true(one.below(&["securityContext", "privileged"]))) {
            return Some(format!("container {name} is privileged"));
        }
        let added = |one: &Value| {
            texts(one, &["securityContext", "capabilities", "add"]).iter().any(|name| !CAPABILITIES.contains(name))
        };
        if let Some(name) = self.container(added) {
            return Some(format!("container {name} adds capabilities"));
        }
        if let Some(why) = self.mounted().filter(|_| !self.is_relaxed()) {
            return Some(why);
        }
        let names_host = |one: &Value| self.version >= HOST_OF_PROBES && self.names_host(one);
        if let Some(name) = self.container(names_host) {
            return Some(format!("a probe or lifecycle handler of container {name} names a host"));
        }
        let sysctls = items(self.template, &["spec", "securityContext", "sysctls"]).iter();
        let mut sysctls = sysctls.map(|one| text(one, &["name"]));
        if let Some(name) = sysctls.find(|name| !SAFE_SYSCTLS.contains(name) && !SYSCTLS.contains(name)) {
            return Some(format!("sysctl {name} is not allowed"));
        }
        self.bad_context().or_else(|| self.bad_annotation())
    }

    /// What no security context may set: profiles, SELinux options, processes of a Windows host.
    fn bad_context(&self) -> Option<String> {
        self.contexts().find_map(|context| {
            let seccomp = context.below(&["seccompProfile"]).map(|_| text(context, &["seccompProfile", "type"]));
            let app_armor = context.below(&["appArmorProfile"]).map(|_| text(context, &["appArmorProfile", "type"]));
            let is_confined =
                |kind: Option<&str>| kind.is_none_or(|kind| ["RuntimeDefault", "Localhost"].contains(&kind));
            let options = |key: &str| text(context, &["seLinuxOptions", key]);
            if !is_confined(seccomp) {
                return Some("seccompProfile is not RuntimeDefault or Localhost".to_owned());
            }
            if !is_confined(app_armor) {
                return Some("appArmorProfile is not RuntimeDefault or Localhost".to_owned());
            }
            if !SELINUX_TYPES.contains(&options("type")) || !options("user").is_empty() || !options("role").is_empty() {
                return Some("seLinuxOptions are set".to_owned());
            }
            is_true(context.below(&["windowsOptions", "hostProcess"])).then(|| "hostProcess is true".to_owned())
        })
    }

    fn bad_annotation(&self) -> Option<String> {
        let annotations = self.template.below(&["metadata", "annotations"])?.as_map()?;
        let is_allowed =
            |profile: &str| profile.is_empty() || profile == "runtime/default" || profile.starts_with("localhost/");
        let mut profiles = annotations.iter().filter(|(key, _)| key.starts_with(APP_ARMOR));
        let bad = profiles.find(|(_, profile)| !is_allowed(profile.as_text().unwrap_or_default()))?;
        Some(format!("annotation {} is not runtime/default or localhost", bad.0))
    }

    fn restricted(&self) -> Option<String> {
        let volumes = items(self.template, &["spec", "volumes"]);
        let is_allowed = |volume: &Value| {
            let kinds = volume.as_map().map(|map| map.keys().filter(|key| *key != "name").collect::<Vec<_>>());
            // The default is an emptyDir.
            kinds.is_none_or(|kinds| kinds.iter().all(|kind| VOLUMES.contains(&kind.as_str())))
        };
        if let Some(volume) = volumes.iter().find(|one| !is_allowed(one)) {
            return Some(format!("volume {} is of a kind that is not allowed", text(volume, &["name"])));
        }
        let of_pod = |path: &[&str]| self.template.below(&[&["spec", "securityContext"], path].concat());
        if let Some(why) = self.as_root().filter(|_| !self.is_relaxed()) {
            return Some(why);
        }
        if text(self.template, &["spec", "os", "name"]) == "windows" {
            return None;
        }
        let escalates =
            |one: &Value| one.below(&["securityContext", "allowPrivilegeEscalation"]) != Some(&Value::Bool(false));
        if let Some(name) = self.container(escalates) {
            return Some(format!("container {name} does not set allowPrivilegeEscalation to false"));
        }
        let keeps = |one: &Value| {
            let list = |key: &str| texts(one, &["securityContext", "capabilities", key]);
            !list("drop").contains(&"ALL") || list("add").iter().any(|name| *name != "NET_BIND_SERVICE")
        };
        if let Some(name) = self.container(keeps) {
            return Some(format!("container {name} does not drop ALL capabilities"));
        }
        let of_all = of_pod(&["seccompProfile"]).is_some();
        let name = self.container(|one| !of_all && one.below(&["securityContext", "seccompProfile"]).is_none())?;
        Some(format!("container {name} sets no seccompProfile"))
    }

    /// What lets the pod run as root.
    fn as_root(&self) -> Option<String> {
        let of_pod = |path: &[&str]| self.template.below(&[&["spec", "securityContext"], path].concat());
        if of_pod(&["runAsNonRoot"]) == Some(&Value::Bool(false)) {
            return Some("runAsNonRoot is false".to_owned());
        }
        let as_root = |one: &Value| match one.below(&["securityContext", "runAsNonRoot"]) {
            Some(value) if *value != Value::Null => !is_true(Some(value)),
            _ => !is_true(of_pod(&["runAsNonRoot"])),
        };
        if let Some(name) = self.container(as_root) {
            return Some(format!("container {name} does not set runAsNonRoot"));
        }
        let is_root = self.contexts().any(|context| context.below(&["runAsUser"]) == Some(&Value::Integer(0)));
        is_root.then(|| "runAsUser is 0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(spec: &str, is_restricted: bool) -> Option<String> {
        refused_by(33, spec, is_restricted)
    }

    fn refused_by(minor: u32, spec: &str, is_restricted: bool) -> Option<String> {
        let documents = crate::manifest::yaml::parse_documents(&format!("spec: {spec}")).expect("YAML");
        refusal(&documents[0].root, is_restricted, KubernetesVersion(minor))
    }

    #[test]
    fn hosts_of_probes_are_refused_from_1_34_on() {
        for at in [
            "livenessProbe: {httpGet: {host: 10.0.0.1, port: 80}}",
            "readinessProbe: {tcpSocket: {host: 10.0.0.1, port: 80}}",
            "startupProbe: {httpGet: {host: a, port: 80}}",
            "lifecycle: {preStop: {httpGet: {host: a, port: 80}}}",
        ] {
            let spec = format!("{{containers: [{{name: a, {at}}}]}}");
            assert_eq!(refused_by(33, &spec, false), None, "{at}");
            let why = "a probe or lifecycle handler of container a names a host";
            assert_eq!(refused_by(34, &spec, false).as_deref(), Some(why), "{at}");
        }
        assert_eq!(refused_by(36, "{containers: [{name: a, livenessProbe: {httpGet: {port: 80}}}]}", false), None);
    }

    #[test]
    fn pods_of_a_user_namespace_may_be_root_from_1_35_on() {
        let seccomp = "securityContext: {seccompProfile: {type: RuntimeDefault}, runAsUser: 0}";
        let spec = format!("{{hostUsers: false, {seccomp}, containers: [{CONTAINER}]}}");
        let why = "container a does not set runAsNonRoot";
        assert_eq!(refused_by(34, &spec, true).as_deref(), Some(why));
        assert_eq!(refused_by(35, &spec, true), None);
        assert_eq!(refused_by(35, &spec.replace("false,", "true,"), true).as_deref(), Some(why));
        let mounts = "{hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked}}]}";
        let why = "container a sets procMount";
        assert_eq!(refused_by(34, mounts, false).as_deref(), Some(why));
        assert_eq!(refused_by(35, mounts, false), None);
        assert_eq!(refused_by(35, mounts, true).as_deref(), Some(why), "restricted keeps it");
    }

    const HARDENED: &str = "securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}";
    const CONTAINER: &str =
        "{name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}";

    #[test]
    fn an_ordinary_pod_breaks_restricted_only() {
        let plain = "{containers: [{name: a, image: a}]}";
        assert_eq!(refused(plain, false), None);
        assert_eq!(refused(plain, true).as_deref(), Some("container a does not set runAsNonRoot"));
        assert_eq!(refused(&format!("{{{HARDENED}, containers: [{CONTAINER}]}}"), true), None);
    }

    #[test]
    fn each_check_of_baseline_refuses() {
        for (spec, why) in [
            ("hostNetwork: true", "hostNetwork is true"),
            ("volumes: [{name: v, hostPath: {path: /}}]", "volume v is a hostPath"),
            ("containers: [{name: a, ports: [{hostPort: 80}]}]", "container a binds a hostPort"),
            ("initContainers: [{name: i, securityContext: {privileged: true}}]", "container i is privileged"),
            (
                "containers: [{name: a, securityContext: {capabilities: {add: [SYS_ADMIN]}}}]",
                "container a adds capabilities",
            ),
            ("containers: [{name: a, securityContext: {procMount: Unmasked}}]", "container a sets procMount"),
            ("securityContext: {sysctls: [{name: kernel.msgmax}]}", "sysctl kernel.msgmax is not allowed"),
            (
                "securityContext: {seccompProfile: {type: Unconfined}}",
                "seccompProfile is not RuntimeDefault or Localhost",
            ),
            ("securityContext: {seLinuxOptions: {type: spc_t}}", "seLinuxOptions are set"),
            ("securityContext: {windowsOptions: {hostProcess: true}}", "hostProcess is true"),
        ] {
            assert_eq!(refused(&format!("{{{spec}}}"), false).as_deref(), Some(why), "{spec}");
        }
        assert_eq!(refused("{securityContext: {sysctls: [{name: net.ipv4.tcp_rmem}]}}", false), None);
    }

    #[test]
    fn each_check_of_restricted_refuses() {
        for (spec, why) in [
            (format!("{HARDENED}, volumes: [{{name: v, nfs: {{}}}}]"), "volume v is of a kind that is not allowed"),
            ("securityContext: {runAsNonRoot: false}".to_owned(), "runAsNonRoot is false"),
            ("securityContext: {runAsUser: 0}".to_owned(), "runAsUser is 0"),
            (
                format!("{HARDENED}, containers: [{{name: a}}]"),
                "container a does not set allowPrivilegeEscalation to false",
            ),
            (
                format!("{HARDENED}, containers: [{{name: a, securityContext: {{allowPrivilegeEscalation: false}}}}]"),
                "container a does not drop ALL capabilities",
            ),
            (
                format!("securityContext: {{runAsNonRoot: true}}, containers: [{CONTAINER}]"),
                "container a sets no seccompProfile",
            ),
        ] {
            assert_eq!(refused(&format!("{{{spec}}}"), true).as_deref(), Some(why), "{spec}");
        }
    }
}
