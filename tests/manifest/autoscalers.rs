//! Autoscalers.

use super::{has_note, with_manifest};
use kubound::manifest::{Loaded, Severity};

#[test]
fn tolerances_and_metrics_of_the_only_container_are_read() {
    let hpa = |rest: &str, scenario: &str| {
        let head = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  \
                    scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  maxReplicas: 3\n";
        let tail = format!("---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  {scenario}\n");
        with_manifest(&format!("{head}  {rest}\n{tail}")).expect("valid")
    };
    let tolerance = |loaded: &Loaded| (loaded.cluster.hpas[0].tolerance.down, loaded.cluster.hpas[0].tolerance.up);
    let behavior = "behavior: {scaleDown: {tolerance: 50m}, scaleUp: {tolerance: 0}}";
    let off = hpa(behavior, "start: empty");
    assert_eq!(tolerance(&off), (100, 100));
    assert!(has_note(&off, Severity::Warning, "spec.behavior.scaleDown.tolerance", "HPAConfigurableTolerance"));
    assert_eq!(tolerance(&hpa(behavior, "hpa: {configurableTolerance: true}")), (50, 0));
    assert_eq!(tolerance(&hpa(behavior, "featureGates: {HPAConfigurableTolerance: true}")), (50, 0));
    assert_eq!(tolerance(&hpa(behavior, "kubernetesVersion: \"1.34\"")), (100, 100));
    assert_eq!(tolerance(&hpa(behavior, "kubernetesVersion: \"1.35\"")), (50, 0));
    let off = "{kubernetesVersion: \"1.36\", featureGates: {HPAConfigurableTolerance: false}}";
    assert_eq!(tolerance(&hpa(behavior, &off[1..off.len() - 1].replace("\", ", "\"\n  "))), (100, 100));
    assert_eq!(tolerance(&hpa("minReplicas: 1", "hpa: {tolerance: 0.2}")), (200, 200));
    let metric = |container: &str| {
        format!(
            "metrics: [{{type: ContainerResource, containerResource: {{container: {container}, name: cpu, target: \
             {{type: Utilization, averageUtilization: 60}}}}}}]"
        )
    };
    assert_eq!(hpa(&metric("web"), "start: empty").cluster.hpas[0].other_metrics.len(), 1);
    let other = hpa(&metric("other"), "start: empty");
    assert!(has_note(&other, Severity::Risky, "spec.metrics[0]", "no container `other`"));
}
