//! Horizontal autoscalers.

use super::super::Way;
use super::super::catalogue::{Does, Entry, Made, Room, Site, word};
use serde_json::Value;

const FORGETS: &str = "up to so many seconds old proposals hold the autoscaler back";
const TARGET: &str = "at which use or value the autoscaler is content";

pub(super) const ROOM: Room = Room {
    kinds: &["HorizontalPodAutoscaler"],
    telling: &["replicas", "noOvershoot", "noOscillation", "drainCompletes"],
    entries: &[
        Entry {
            path: "spec.metrics[type=Resource]",
            does: Does::Made(of_container),
            why: "sums up all containers, busy and idle ones alike",
        },
        Entry {
            path: "spec.metrics[type=External].external.target",
            does: Does::Made(average),
            why: "does not fall when there are more pods",
        },
        Entry {
            path: "spec.minReplicas",
            does: Does::Number(1, 1000),
            why: "the autoscaler goes down to so many pods",
        },
        Entry { path: "spec.metrics[*].resource.target.averageUtilization", does: Does::Number(1, 1000), why: TARGET },
        Entry { path: "spec.maxReplicas", does: Does::Number(1, 1000), why: "the autoscaler goes up to so many pods" },
        Entry { path: "spec.metrics[*].external.target.value", does: Does::Number(1, 1_000_000), why: TARGET },
        Entry {
            path: "spec",
            does: Does::Add(
                "behavior",
                &[
                    "\n  scaleUp:\n    stabilizationWindowSeconds: 60",
                    "\n  scaleUp:\n    stabilizationWindowSeconds: 300",
                ],
            ),
            why: "nothing holds the autoscaler back from going up",
        },
        Entry {
            path: "spec.behavior.scaleUp",
            does: Does::Add("stabilizationWindowSeconds", &["60", "300"]),
            why: FORGETS,
        },
        Entry {
            path: "spec.behavior",
            does: Does::Add("scaleUp", &["\n  stabilizationWindowSeconds: 60", "\n  stabilizationWindowSeconds: 300"]),
            why: FORGETS,
        },
        Entry {
            path: "spec.behavior.scaleDown",
            does: Does::Add("stabilizationWindowSeconds", &["300", "600"]),
            why: FORGETS,
        },
        Entry { path: "spec.behavior.*.stabilizationWindowSeconds", does: Does::Number(0, 3600), why: FORGETS },
    ],
};

/// The same metric of the first container alone.
fn of_container(site: &Site) -> Vec<Made> {
    let target = site.sheet.value.pointer("/spec/scaleTargetRef/name");
    let scaled = |one: &&crate::manifest::edit::Sheet| {
        one.value.pointer("/metadata/name") == target && one.value.pointer("/spec/template").is_some()
    };
    let containers = |one: &crate::manifest::edit::Sheet| one.value.pointer("/spec/template/spec/containers").cloned();
    let Some(Value::Array(containers)) = site.sheets.iter().find(scaled).and_then(containers) else {
        return Vec::new();
    };
    let (Some(name), Some(resource)) =
        (containers.first().and_then(|one| one.get("name")?.as_str()), site.value.get("resource"))
    else {
        return Vec::new();
    };
    let (Some(Value::String(metric)), Some(target)) = (resource.get("name"), resource.get("target")) else {
        return Vec::new();
    };
    let Ok(target) = serde_json::to_string(target) else { return Vec::new() };
    let after = format!(
        "{{type: ContainerResource, containerResource: {{container: {}, name: {}, target: {target}}}}}",
        word(name),
        word(metric)
    );
    let shorter = |made: Made| Made {
        before: format!("Resource {metric}"),
        after: format!("ContainerResource {metric} of {name}"),
        ..made
    };
    site.set(Way::Switched, &after, None).map(shorter).into_iter().collect()
}

fn average(site: &Site) -> Vec<Made> {
    let value = match site.value.get("value") {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => format!("{text:?}"),
        _ => return Vec::new(),
    };
    site.set(Way::Switched, &format!("{{type: AverageValue, averageValue: {value}}}"), None).into_iter().collect()
}
