//! Autoscalers of pods, by CPU.

use super::{Sketch, pod_of};
use crate::made::{Event, Usage, kind, name};
use serde_json::json;

/// A horizontal autoscaler, and what the pods of its target use.
pub fn scale_by_cpu(sketch: &mut Sketch) {
    let one = sketch.some_workload();
    let (kind, name) = (kind(&sketch.made.workloads[one]).to_owned(), name(&sketch.made.workloads[one]).to_owned());
    if sketch.made.usage.contains_key(&name) {
        return;
    }
    let target = sketch.one_of(&[
        json!({"type": "Utilization", "averageUtilization": 50}),
        json!({"type": "Utilization", "averageUtilization": 80}),
        json!({"type": "AverageValue", "averageValue": "200m"}),
    ]);
    let least = sketch.one_of(&[1, 1, 2]);
    let most = sketch.one_of(&[3, 4, 5]);
    sketch.made.rules.push(json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name},
            "minReplicas": least, "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }));
    // Of a pod without a request there is no utilization.
    let cpu = sketch.cpu();
    let requests = &mut pod_of(&mut sketch.made.workloads[one])["containers"][0]["resources"]["requests"]["cpu"];
    if requests.is_null() {
        *requests = cpu;
    }
    let usage = usage(sketch);
    sketch.made.usage.insert(name, usage);
}

fn usage(sketch: &mut Sketch) -> Usage {
    if sketch.percent(50) {
        Usage::Each(sketch.one_of(&[0, 50, 150, 250, 400, 600]))
    } else {
        Usage::Shared(sketch.one_of(&[100, 300, 500, 900, 1300]))
    }
}

/// Pods use something else than before.
pub fn use_more(sketch: &mut Sketch) {
    let fixed = sketch.made.usage.iter().find_map(|(name, usage)| match usage {
        Usage::Each(_) => Some(name.clone()),
        Usage::Shared(_) => None,
    });
    let Some(name) = fixed else { return super::events::scale(sketch) };
    let owner = sketch.made.workloads.iter().find(|one| crate::made::name(one) == name);
    let kind = owner.map(kind).unwrap_or_default().to_owned();
    let to = sketch.one_of(&[0, 100, 200, 500, 800]);
    sketch.made.events.push(Event::Use { kind, name, to });
}
