//! What is said about an input that is accepted.

use crate::manifest::NoteKind;
use kubound_encodings::explanation::Explanation;

/// The line about a kind, and everything else.
pub(super) fn explain(kind: NoteKind) -> (&'static str, Explanation) {
    match kind {
        NoteKind::DanglingReference => (
            "something refers to an object that is not there",
            Explanation {
                meaning: "An autoscaler has a target, or a workload a priority class, that is not among the manifests. The reference is left out of the model, and the verdict is for the rest.",
                formal: "Objects that others refer to are among the manifests.",
                failing: "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: gone}, maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/",
            },
        ),
        NoteKind::DormantSetting => (
            "a setting does nothing in any run",
            Explanation {
                meaning: "Every state of the cluster was seen, and what the setting is for never happens: an autoscaler never scales, a plugin of the descheduler never evicts, a time never runs out. It is useless, or the scenario lacks the load or the event that it is meant for. Told where the search for every intent has seen all states.",
                formal: "For every such setting that is written, some reachable state enables a step that carries it out.",
                failing: "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 100}}}]}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 200}}}]}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/",
            },
        ),
        NoteKind::DuplicateKey => (
            "a key occurs twice",
            Explanation {
                meaning: "A mapping has the same key twice. The API server keeps the last one, and so does Kubound; the first one is lost without a trace, which is rarely meant.",
                formal: "No mapping has two equal keys.",
                failing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: old}\n  selector: {app: web}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://yaml.org/spec/1.2.2/#3213-node-comparison",
            },
        ),
        NoteKind::DuplicateObject => (
            "an object occurs twice",
            Explanation {
                meaning: "Two documents describe an object of the same kind, namespace and name. The one that is read last counts.",
                formal: "Every kind, namespace and name occurs once.",
                failing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
            },
        ),
        NoteKind::ExpiredException => (
            "an exception is over",
            Explanation {
                meaning: "A violation was accepted until a day that has passed. It fails the command again: fix what is wrong, or accept it anew with a later day and a reason that still holds.",
                formal: "The last day of every exception, in the scenario or in the annotation kubound.dev/ignore of a workload, is today (UTC) or later.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  intents: [converges]\n  exceptions: [{intent: converges, reason: the quota is raised in spring, expires: \"2001-03-01\"}]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  intents: [converges]\n  exceptions: [{intent: converges, reason: the quota is raised in spring, expires: \"9999-03-01\"}]\n",
                upstream: "https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/",
            },
        ),
        NoteKind::IgnoredField => (
            "a field that cannot change a verdict is left out",
            Explanation {
                meaning: "The models do not read the field, and nothing in it could make a verdict another one. `-v` lists such fields; `kubound explain Pod.spec.dnsPolicy` tells why one of them is harmless.",
                formal: "The field is in the list of harmless fields of its kind.",
                failing: "apiVersion: v1\nkind: Service\nmetadata: {name: web, uid: 1234-5678}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/",
            },
        ),
        NoteKind::ManagedObject => (
            "a tool outside of the model rewrites the object",
            Explanation {
                meaning: "Labels or annotations say that Helm, Argo CD, Flux or another tool manages the object. It may change or revert fields, which is not modelled.",
                formal: "No label or annotation names such a manager.",
                failing: "apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {app.kubernetes.io/managed-by: Helm}}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/",
            },
        ),
        NoteKind::OddInput => (
            "something about the input is odd",
            Explanation {
                meaning: "The input can be read, but part of it has no effect or is probably not what was meant. The message says what.",
                formal: "Nothing is written that another part of the input makes void.",
                failing: "apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\nprofiles: [{name: a, plugins: {balance: {enabled: [RemoveDuplicates]}}}]\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\nprofiles:\n- name: a\n  pluginConfig: [{name: RemoveDuplicates, args: {}}]\n  plugins: {balance: {enabled: [RemoveDuplicates]}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://github.com/kubernetes-sigs/descheduler#policy-default-evictor-and-strategy-plugins",
            },
        ),
        NoteKind::SkippedDocument => (
            "a document is no Kubernetes object",
            Explanation {
                meaning: "The document has no `apiVersion` and `kind`: values of a chart, a configuration of something else. It is skipped and counted.",
                formal: "Every document has `apiVersion` and `kind`.",
                failing: "just: text\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/concepts/overview/working-with-objects/",
            },
        ),
        NoteKind::UnknownField => (
            "nobody knows the field",
            Explanation {
                meaning: "The field is not part of the object as the models know it. It may be misspelt, or newer than they are; the verdict is for the rest.",
                formal: "Every field of a modelled kind is one that its model reads or lists.",
                failing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\nreplica: 3\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation",
            },
        ),
        NoteKind::UnmodelledField => (
            "a field that could change a verdict is not modelled",
            Explanation {
                meaning: "The real controllers read the field and the models do not. A clean verdict is for a cluster in which the field has no effect; `--deny risky` makes such verdicts fail.",
                formal: "The field is one that the models read, or that cannot change a verdict.",
                failing: "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nextenders: [{urlPrefix: \"http://extender\"}]\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/reference/scheduling/config/",
            },
        ),
        NoteKind::UnmodelledKind => (
            "objects of this kind are not modelled",
            Explanation {
                meaning: "A controller of this kind may act on pods or nodes, and no model of it exists. The verdict is for a cluster without it.",
                formal: "The kind is one that is modelled, or one that does not act on pods or nodes.",
                failing: "apiVersion: v1\nkind: ReplicationController\nmetadata: {name: old}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                passing: "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n---\napiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/concepts/workloads/controllers/",
            },
        ),
        NoteKind::VariedField => (
            "other values of the field are tried by another command",
            Explanation {
                meaning: "The scenario asks what becomes of other values of the field. `kubound vary` tells that; every other command takes the field as it is written.",
                formal: "The scenario has no `vary`, or the command is `kubound vary`.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n  vary: [{object: Scenario, field: \"spec.nodes[0].count\", in: 1..2}]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/concepts/overview/working-with-objects/",
            },
        ),
    }
}
