//! Any text as the `spec` of a scenario beside a workload and a node: no panic, places that exist, and models that can
//! be built or are refused.
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

fuzz_target!(|spec: &str| {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    let scenario = format!("apiVersion: kubound.dev/v1alpha1\nkind: Scenario\nspec:\n{spec}");
    let files = [("web.yaml", EXAMPLE_WORKLOAD), ("node.yaml", NODE), ("scenario.yaml", &scenario)];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    match load_embedded("fuzz", &files) {
        Err(error) => {
            let said = Diagnostic::from(&error).render(Paint { colours: false });
            assert!(said.chars().all(|one| one == '\n' || !one.is_control()), "{said:?}");
        }
        Ok(loaded) => {
            let cluster = &loaded.cluster;
            let nodes: i64 = cluster.pools.iter().map(|pool| pool.count.hi).sum();
            // Large clusters take long to build, which is not what is looked for.
            if nodes <= 4 && cluster.workloads.iter().all(|workload| workload.replicas.hi <= 8) {
                let built = assemble(cluster, Granularity::Fine);
                assert!(!matches!(built, Err(AssembleError::IllFormed(_) | AssembleError::Undeclared(_))), "{built:?}");
            }
        }
    }
});
