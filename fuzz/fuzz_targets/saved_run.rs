//! Any text as a saved run, stepped through on a small cluster: it is a run, or it is refused.
#![no_main]

use kubound::manifest::load_embedded;
use kubound::report::saved::SavedTrace;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::Granularity;
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use kubound_encodings::system::TransitionSystem;
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

const SCENARIO: &str = "\
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes: [{name: worker, count: 1, template: {allocatable: {cpu: \"1\", memory: 8Gi}}}]
  intents: [{schedulable: {target: web}}]
";

fn system() -> &'static TransitionSystem {
    static SYSTEM: OnceLock<TransitionSystem> = OnceLock::new();
    SYSTEM.get_or_init(|| {
        let files = [("web.yaml", EXAMPLE_WORKLOAD), ("scenario.yaml", SCENARIO)];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let loaded = load_embedded("fuzz", &files).expect("valid");
        assemble(&loaded.cluster, Granularity::Fine).expect("supported")
    })
}

fuzz_target!(|text: &str| {
    if let Ok(saved) = serde_json::from_str::<SavedTrace>(text) {
        let _ = saved.replay(system(), 0, |_| {});
    }
});
