//! What the API server refuses.

use super::{DEPLOYMENT, NODE, assert_says, has_note, message, with_manifest, with_pod};
use kubound::manifest::{Severity, load};

#[test]
fn types_of_modelled_fields_are_checked() {
    let replicas = DEPLOYMENT.replace("spec:\n  selector", "spec:\n  replicas: \"3\"\n  selector");
    let result = load(&[], Some(&format!("{NODE}---\n{replicas}")));
    let expected = "<stdin>:10:13: document 2: Deployment/default/web: spec.replicas: found the text \"3\"; \
                    expected an integer from 0 to 10000";
    assert_eq!(message(result), expected);
    for (field, parts) in [
        ("nodeSelector: [a]", &["spec.template.spec.nodeSelector: found a list; expected a mapping"][..]),
        ("nodeSelector: {disk: true}", &["nodeSelector.disk: found the boolean true; expected text", "in quotes"]),
        ("nodeName: 5", &["nodeName: found the integer 5"]),
        ("tolerations: [{operator: Exist}]", &["one of Exists, Equal", "did you mean `Exists`?"]),
        ("tolerations: [{key: a, tolerationSeconds: 5}]", &["tolerationSeconds without effect NoExecute"]),
        ("tolerations: [{value: a}]", &["a toleration without a key"]),
        ("topologySpreadConstraints: [{topologyKey: a, whenUnsatisfiable: DoNotSchedule}]", &["maxSkew: missing"]),
        ("topologySpreadConstraints: [{maxSkew: 0}]", &["maxSkew: found the integer 0"]),
        ("restartPolicy: Never", &["one of Always"]),
        (
            "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 101}]}}",
            &["weight: found the integer 101; expected an integer from 1 to 100"],
        ),
        (
            "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: \
             [{matchExpressions: [{key: a, operator: Inn, values: [b]}]}]}}}",
            &["operator: found the text \"Inn\"", "did you mean `In`?"],
        ),
        ("overhead: {cpu: -1}", &["overhead.cpu: `-1` is negative"]),
        ("overhead: {memory: 2Pi}", &["overhead.memory: `2Pi` is too large; expected at most 1125899906842624 (2^50)"]),
        ("overhead: {memory: 2gb}", &["`2gb` is not a quantity"]),
        ("overhead: {memory: .inf}", &["no number that JSON has"]),
    ] {
        assert_says(with_pod(field), parts);
    }
}

#[test]
fn objects_that_the_api_server_refuses_are_refused() {
    let other = DEPLOYMENT.replace("{labels: {app: web}}", "{labels: {app: other}}");
    assert_says(load(&[], Some(&format!("{NODE}---\n{other}"))), &["selector does not match the labels"]);
    let old = DEPLOYMENT.replace("apps/v1", "extensions/v1beta1");
    assert_says(load(&[], Some(&format!("{NODE}---\n{old}"))), &["no", "expected apps/v1", "convert"]);
    let hpa = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: \
               {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 5, maxReplicas: 2}";
    assert_says(with_manifest(hpa), &["HorizontalPodAutoscaler/default/a", "maxReplicas 2 is below minReplicas 5"]);
    let policy = "apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\nprofiles: \
                  [{name: a, plugins: {deschedule: {enabled: [RemoveDuplicates]}}}]";
    assert_says(with_manifest(policy), &["RemoveDuplicates under `balance`"]);
    assert_says(with_manifest("apiVersion: v1\nkind: Service\n"), &["metadata: missing"]);
    assert_says(with_manifest("apiVersion: v1\nkind: Deployment\n"), &["apiVersion: `v1`", "expected apps/v1"]);
    let foreign = with_manifest("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n");
    assert!(has_note(&foreign.expect("valid"), Severity::Risky, "", "serving.knative.dev/v1"));
}
