//! What there is to know about an intent or a message, for `kubound explain` and the documentation.

/// The parts of an explanation; all of them are there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// What it means, in a few sentences.
    pub meaning: &'static str,
    /// The exact rule.
    pub formal: &'static str,
    /// An example that fails: `case NAME/VARIANT`, or YAML beside the workload of the examples, as `spec` of a
    /// scenario (intents) or as documents (messages).
    pub failing: &'static str,
    /// The same, repaired.
    pub passing: &'static str,
    /// Where the matter is documented upstream.
    pub upstream: &'static str,
}

/// The workload beside which examples are read.
pub const EXAMPLE_WORKLOAD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
        resources: {requests: {cpu: \"1\", memory: 1Gi}}
";
