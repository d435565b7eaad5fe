//! Any text as a condition of an intent in words: no panic, errors that point into it, and models that can be built.
#![no_main]

use kubound::manifest::load_embedded;
use kubound::report::diagnostic::Diagnostic;
use kubound::text::Paint;
use kubound_encodings::assemble::{AssembleError, assemble};
use kubound_encodings::cluster::Granularity;
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use libfuzzer_sys::fuzz_target;

const NODE: &str = "\
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: 2, memory: 1Gi}}
";

fuzz_target!(|condition: &str| {
    let quoted = serde_json::to_string(condition).expect("any text can be quoted");
    let scenario =
        format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n  intents:\n  - always: {quoted}\n");
    let files = [("web.yaml", EXAMPLE_WORKLOAD), ("node.yaml", NODE), ("scenario.yaml", &scenario)];
    match load_embedded("fuzz", &files.map(|(name, text)| (name.to_owned(), text.to_owned()))) {
        Err(error) => {
            let said = Diagnostic::from(&error).render(Paint { colours: false });
            assert!(said.chars().all(|one| one == '\n' || !one.is_control()), "{said:?}");
        }
        Ok(loaded) => {
            let built = assemble(&loaded.cluster, Granularity::Fine);
            assert!(!matches!(built, Err(AssembleError::IllFormed(_) | AssembleError::Undeclared(_))), "{built:?}");
        }
    }
});
