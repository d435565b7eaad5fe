//! Deployments: replicas, and how they are replaced.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site, shown, word};

pub(super) const ROOM: Room = Room {
    kinds: &["Deployment", "ReplicaSet"],
    telling: &["rolloutCompletes", "replicas"],
    entries: &[
        Entry { path: "spec.paused", does: Does::Remove, why: "a paused Deployment does not replace its pods" },
        Entry {
            path: "spec.strategy.rollingUpdate.maxUnavailable",
            does: Does::Number(0, 1000),
            why: "with 0 a new pod has to fit in before an old one goes",
        },
        Entry {
            path: "spec.strategy.rollingUpdate.maxSurge",
            does: Does::Number(0, 1000),
            why: "so many more pods may exist during a rollout",
        },
        Entry {
            path: "spec.strategy.rollingUpdate",
            does: Does::Made(in_place),
            why: "whether pods come before others go during a rollout",
        },
        Entry {
            path: "spec.replicas",
            does: Does::Made(left_to_autoscaler),
            why: "an autoscaler decides this number as well",
        },
        Entry { path: "spec.replicas", does: Does::Number(1, 10_000), why: "how many pods are wanted" },
        Entry {
            path: "spec.selector.matchLabels",
            does: Does::Made(own_labels),
            why: "pods of other workloads have these labels, too",
        },
        Entry { path: "spec", does: Does::Made(strategy), why: "whether pods come before others go during a rollout" },
    ],
};

/// One pod goes before its successor comes.
fn in_place(site: &Site) -> Vec<Made> {
    let set = |key: &str, value: &str| -> Option<Vec<crate::manifest::edit::Edit>> {
        let path = format!("{}.{key}", site.path);
        match site.value.get(key) {
            Some(_) => Some(vec![site.sheet.replace(&path, value)?]),
            None => Some(vec![site.sheet.insert(&site.path, &format!("{key}: {value}"))?]),
        }
    };
    let is_both = ["maxSurge", "maxUnavailable"].iter().all(|key| site.value.get(*key).is_some());
    let edits = || Some([set("maxSurge", "0")?, set("maxUnavailable", "1")?].concat());
    let made = |edits| Made {
        path: site.path.clone(),
        way: Way::Moved,
        before: shown(site.value),
        after: "{maxSurge: 0, maxUnavailable: 1}".to_owned(),
        edits,
        number: None,
    };
    is_both.then(edits).flatten().map(made).into_iter().collect()
}

/// The same where nothing is said about it.
fn strategy(site: &Site) -> Vec<Made> {
    if site.value.get("strategy").is_some() || site.sheet.kind() != "Deployment" {
        return Vec::new();
    }
    let lines = "strategy:\n  rollingUpdate:\n    maxSurge: 0\n    maxUnavailable: 1";
    site.add(lines).into_iter().collect()
}

/// A label that the pods have and the selector does not ask for.
fn own_labels(site: &Site) -> Vec<Made> {
    let pods = site.sheet.value.pointer("/spec/template/metadata/labels").and_then(serde_json::Value::as_object);
    let others = pods.into_iter().flatten().filter(|(key, _)| site.value.get(key.as_str()).is_none());
    others.filter_map(|(key, value)| site.add(&format!("{}: {}", word(key), word(&shown(value))))).collect()
}

/// Without a number where a horizontal autoscaler has this workload as its target.
fn left_to_autoscaler(site: &Site) -> Vec<Made> {
    let name = site.sheet.value.pointer("/metadata/name");
    let is_scaled = site
        .sheets
        .iter()
        .any(|one| one.kind() == "HorizontalPodAutoscaler" && one.value.pointer("/spec/scaleTargetRef/name") == name);
    if is_scaled { site.remove().into_iter().collect() } else { Vec::new() }
}
