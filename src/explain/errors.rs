//! What refuses an input.

use crate::manifest::ErrorKind;
use kubound_encodings::explanation::Explanation;

/// The line about a kind, and everything else.
pub(super) fn explain(kind: ErrorKind) -> (&'static str, Explanation) {
    match kind {
        ErrorKind::ApiVersion => (
            "the version of an object is not served",
            Explanation {
                meaning: "`apiVersion` names a version that no supported Kubernetes serves, or a version of the scenario format that does not exist. The fields of old versions mean other things, so they are not guessed at.",
                formal: "`apiVersion` is one of those that the model of the kind reads; the message lists them.",
                failing: "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: old}\n",
                passing: "apiVersion: v1\nkind: Service\nmetadata: {name: new}\n",
                upstream: "https://kubernetes.io/docs/reference/using-api/#api-versioning",
            },
        ),
        ErrorKind::Duplicate => (
            "something is there twice that may be there once",
            Explanation {
                meaning: "Two entries of a scenario or an object say the same thing, or two things about the same target. Only one can be meant.",
                formal: "Ids, names and targets that must differ do; of two keys that exclude each other at most one is written.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  intents: [converges, converges]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  intents: [converges]\n",
                upstream: "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
            },
        ),
        ErrorKind::Expression => (
            "a condition or a number cannot be read",
            Explanation {
                meaning: "An assumption or a limit of a scenario is not an expression. The message names the column.",
                formal: "Conditions join comparisons of numbers with &&, || and !; numbers are built from integers, the names in the reference, + - * /, min and max.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  assume: [\"nodes.present >\"]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  assume: [\"nodes.present >= 1\"]\n",
                upstream: "https://kubernetes.io/docs/reference/using-api/cel/",
            },
        ),
        ErrorKind::HiddenCharacter => (
            "a text holds a character that hides something",
            Explanation {
                meaning: "Control characters and marks that change the direction of text let a manifest look different from what programs read.",
                formal: "No text of the input holds a control character other than tab and line breaks, nor one of U+202A to U+202E and U+2066 to U+2069.",
                failing: "apiVersion: v1\nkind: Service\nmetadata: {name: \"a\\u202Eb\"}\n",
                passing: "apiVersion: v1\nkind: Service\nmetadata: {name: ab}\n",
                upstream: "https://www.unicode.org/reports/tr36/",
            },
        ),
        ErrorKind::InvalidValue => (
            "a value is not one of those accepted",
            Explanation {
                meaning: "A field has a value of another type, outside of its range, or one that excludes another field. The API server would refuse it, or the scenario means nothing.",
                formal: "The value is of the type, and in the range, that the message names.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  start: full\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  start: empty\n",
                upstream: "https://kubernetes.io/docs/reference/kubernetes-api/",
            },
        ),
        ErrorKind::Limits => (
            "a text is beyond the limits of size or nesting",
            Explanation {
                meaning: "Files come from anywhere; a text of a few lines can expand to billions of values. What is beyond the limits is refused before it costs time or memory.",
                formal: "At most 8 MiB a file, 64 levels, a million values a document with aliases written out, 16 MiB of text repeated by aliases, 1024 bytes a key.",
                failing: "a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
                passing: "a: [[[]]]\n",
                upstream: "https://yaml.org/spec/1.2.2/#71-alias-nodes",
            },
        ),
        ErrorKind::MissingField => (
            "a field that must be there is not",
            Explanation {
                meaning: "An object or an entry of a scenario lacks something without which it has no meaning.",
                formal: "The field that the message names is written, and not null.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  events: [{scale: {target: web}}]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  events: [{scale: {target: web, replicas: 3}}]\n",
                upstream: "https://kubernetes.io/docs/reference/kubernetes-api/",
            },
        ),
        ErrorKind::NoInput => (
            "there is nothing to check",
            Explanation {
                meaning: "There is no workload, or no node, or no file at all. Nothing can be said about an empty cluster.",
                formal: "The input has at least one Deployment or ReplicaSet, and at least one Node or pool that may have a node.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  timing: paced\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_get/",
            },
        ),
        ErrorKind::NotSupported => (
            "this version cannot do that",
            Explanation {
                meaning: "The input asks for something that is planned, or that belongs to a release of Kubernetes whose rules are not known.",
                formal: "The message lists what is supported.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  kubernetesVersion: \"1.20\"\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  kubernetesVersion: \"1.33\"\n",
                upstream: "https://kubernetes.io/releases/",
            },
        ),
        ErrorKind::OutsideFolder => (
            "a path leaves the folder of the scenario",
            Explanation {
                meaning: "A scenario may name files, and it may come from somebody else; so it may only name what is in its own folder.",
                formal: "Paths are relative, do not climb out of the folder with `..`, and no symbolic link on the way leaves it.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  resources: [../web.yaml]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  resources: [web.yaml]\n",
                upstream: "https://owasp.org/www-community/attacks/Path_Traversal",
            },
        ),
        ErrorKind::Quantity => (
            "an amount cannot be read",
            Explanation {
                meaning: "An amount of a resource is not a quantity of Kubernetes, is negative, or is beyond what the models count in.",
                formal: "A decimal number with an optional suffix n u m k M G T P E Ki Mi Gi Ti Pi Ei or exponent, from 0 to 2^50 units.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: 2 cores, memory: 8Gi}}}]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  timing: paced\n",
                upstream: "https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/",
            },
        ),
        ErrorKind::Range => (
            "a range has no values",
            Explanation {
                meaning: "A range `lo..hi/step` is empty, or one of its parts is no number.",
                formal: "lo <= hi, and step >= 1.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 6..1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1..6, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n",
                upstream: "https://kubernetes.io/docs/concepts/architecture/nodes/",
            },
        ),
        ErrorKind::Syntax => (
            "a text is not YAML",
            Explanation {
                meaning: "The text cannot be read as YAML (or JSON). The message names the line where reading stopped; the fault may be above it. A Helm template has to be rendered first.",
                formal: "The text follows YAML 1.2; scalars have the types that kubectl gives them, which are those of YAML 1.1: `yes` and `off` are booleans, `0755` is 493.",
                failing: "a: [1\nb: 2\n",
                passing: "a: [1]\nb: 2\n",
                upstream: "https://yaml.org/spec/1.2.2/",
            },
        ),
        ErrorKind::UnknownKey => (
            "a key means nothing",
            Explanation {
                meaning: "A scenario has a key that does not exist. It is refused because a misspelt assumption or bound would silently change what is checked.",
                formal: "Every key of a scenario is in the reference.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  intent: [converges]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  intents: [converges]\n",
                upstream: "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_apply/",
            },
        ),
        ErrorKind::UnknownName => (
            "nothing has that name",
            Explanation {
                meaning: "A scenario names a workload, a pool, a node, an event or an intent that is not there.",
                formal: "The name is that of exactly one thing of the input.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  intents: [{converges: {target: wbe}}]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  intents: [{converges: {target: web}}]\n",
                upstream: "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
            },
        ),
        ErrorKind::Unreadable => (
            "a file or folder cannot be read",
            Explanation {
                meaning: "The file is not there, the rights do not allow it, or it is not UTF-8 text.",
                formal: "The path names a file of UTF-8 text, or a folder, that may be read.",
                failing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  resources: [none.yaml]\n",
                passing: "apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\n  resources: [web.yaml]\n",
                upstream: "https://kubernetes.io/docs/concepts/configuration/overview/",
            },
        ),
    }
}
