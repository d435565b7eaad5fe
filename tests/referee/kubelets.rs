//! Kubelets without machines: nodes are ready, pods start and end at once.

use crate::http::Server;
use crate::made::name;
use crate::observe::{controller, has_ended, is_terminating, node_of};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// Time between two signs of life of a node: four of them fit into the grace period of nodes that may stop.
const HEARTBEAT: Duration = Duration::from_secs(4);

/// Who reports; not a kubelet, which would report cordons, too.
const COMPONENT: &str = "referee";

/// Whose kubelets are played.
pub enum Kept {
    /// Those of all nodes.
    All,
    /// Those of nodes that KWOK's own program would look after.
    Annotated,
    /// That of one node.
    One(String),
}

impl Kept {
    fn is_meant(&self, node: &Value) -> bool {
        match self {
            Self::All => true,
            Self::Annotated => node["metadata"]["annotations"]["kwok.x-k8s.io/node"] == "fake",
            Self::One(one) => name(node) == one,
        }
    }
}

/// The kubelets of a control plane, until they are dropped.
pub struct Kubelets {
    stopped: Arc<Mutex<BTreeSet<String>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Kubelets {
    /// Starts those of all nodes that are there, now or later.
    pub fn start(server: Server) -> Self {
        Self::of(server, Kept::All)
    }

    /// Starts those of some nodes.
    pub fn of(server: Server, kept: Kept) -> Self {
        let (stopped, ends) = (Arc::<Mutex<BTreeSet<String>>>::default(), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (stopped, ends) = (stopped.clone(), ends.clone());
            move || work(&server, &kept, &stopped, &ends)
        });
        Self { stopped, ends, thread: Some(thread) }
    }

    /// From now on that of a node does nothing.
    pub fn stop(&self, node: &str) {
        self.stopped.lock().expect("no panic").insert(node.to_owned());
    }

    /// All of them work again.
    pub fn go_on(&self) {
        self.stopped.lock().expect("no panic").clear();
    }
}

impl Drop for Kubelets {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            eprintln!("the kubelets ended before their time");
        }
    }
}

fn work(server: &Server, kept: &Kept, stopped: &Mutex<BTreeSet<String>>, ends: &AtomicBool) {
    let mut beat = None;
    while !ends.load(Ordering::Relaxed) {
        let stopped = stopped.lock().expect("no panic").clone();
        let is_due = beat.is_none_or(|last: Instant| last.elapsed() > HEARTBEAT);
        // What fails, since something else changed the object, is done at the next look.
        let seen = look_at_nodes(server, kept, &stopped, is_due).and_then(|nodes| look_at_pods(server, &nodes));
        if is_due && seen.is_ok() {
            beat = Some(Instant::now());
        }
        std::thread::sleep(PAUSE);
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Nodes say that they live, new ones at once; returns their names.
fn look_at_nodes(server: &Server, kept: &Kept, stopped: &BTreeSet<String>, is_due: bool) -> Result<BTreeSet<String>> {
    let mut nodes = server.list("/api/v1/nodes")?;
    nodes.retain(|node| kept.is_meant(node) && !stopped.contains(name(node)));
    for node in &nodes {
        let is_new = node["status"]["conditions"].is_null();
        if is_due || is_new {
            let mut ready =
                json!({"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now()});
            if is_new {
                ready["lastTransitionTime"] = now().into();
            }
            server
                .patch(&format!("/api/v1/nodes/{}/status", name(node)), &json!({"status": {"conditions": [ready]}}))?;
        }
    }
    Ok(nodes.iter().map(|node| name(node).to_owned()).collect())
}

fn look_at_pods(server: &Server, nodes: &BTreeSet<String>) -> Result<()> {
    let pods = server.list("/api/v1/namespaces/default/pods")?;
    for pod in pods.iter().filter(|pod| nodes.contains(node_of(pod))) {
        let path = format!("/api/v1/namespaces/default/pods/{}", name(pod));
        let status = format!("{path}/status");
        // While a pod of a Job can end at any moment, no state of the model is settled.
        let ends = controller(pod).is_some_and(|(_, kind)| kind == "Job");
        if is_terminating(pod) {
            if !has_ended(pod) {
                server.patch(&status, &json!({"status": ended(pod, "Failed", 137)}))?;
                record(server, pod, "Killing", "Stopping container app")?;
            }
            let options = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0});
            server.delete(&path, &options)?;
        } else if pod["status"]["phase"] == "Pending" {
            server.patch(&status, &json!({"status": started(pod)}))?;
            record(server, pod, "Started", "Started container app")?;
        } else if ends && pod["status"]["phase"] == "Running" {
            server.patch(&status, &json!({"status": ended(pod, "Succeeded", 0)}))?;
        }
    }
    Ok(())
}

/// Writes the Event that a kubelet writes when it has done something.
fn record(server: &Server, pod: &Value, reason: &str, message: &str) -> Result<()> {
    let metadata = &pod["metadata"];
    let event = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"namespace": metadata["namespace"], "generateName": format!("{}.", name(pod))},
        "involvedObject": {
            "apiVersion": "v1", "kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"],
            "uid": metadata["uid"],
        },
        "reason": reason, "message": message, "type": "Normal", "count": 1,
        "source": {"component": COMPONENT}, "firstTimestamp": now(), "lastTimestamp": now(),
    });
    server.create("/api/v1/namespaces/default/events", &event)
}

fn containers<'a>(pod: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    pod["spec"][key].as_array().into_iter().flatten()
}

fn conditions(names: &[&str], status: &str) -> Vec<Value> {
    names.iter().map(|name| json!({"type": name, "status": status, "lastTransitionTime": now()})).collect()
}

fn container(one: &Value, exit: Option<i64>) -> Value {
    let state = match exit {
        None => json!({"running": {"startedAt": now()}}),
        Some(code) => json!({"terminated": {"exitCode": code, "startedAt": now(), "finishedAt": now()}}),
    };
    let runs = exit.is_none();
    json!({
        "name": one["name"], "image": one["image"], "imageID": "", "restartCount": 0,
        "ready": runs, "started": runs, "state": state,
    })
}

/// The status of a pod whose containers run.
fn started(pod: &Value) -> Value {
    let first = containers(pod, "initContainers").map(|one| {
        let is_sidecar = one["restartPolicy"] == "Always";
        container(one, (!is_sidecar).then_some(0))
    });
    json!({
        "phase": "Running", "startTime": now(), "hostIP": "127.0.0.1", "podIP": "10.0.0.1",
        "conditions": conditions(&["Initialized", "ContainersReady", "Ready"], "True"),
        "initContainerStatuses": first.collect::<Vec<_>>(),
        "containerStatuses": containers(pod, "containers").map(|one| container(one, None)).collect::<Vec<_>>(),
    })
}

/// The status of a pod whose containers have ended.
fn ended(pod: &Value, phase: &str, code: i64) -> Value {
    json!({
        "phase": phase,
        "conditions": conditions(&["ContainersReady", "Ready"], "False"),
        "containerStatuses": containers(pod, "containers").map(|one| container(one, Some(code))).collect::<Vec<_>>(),
    })
}
