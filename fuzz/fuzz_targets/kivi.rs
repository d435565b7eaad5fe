//! Any text as the `setup` of an input of Kivi: no panic, and what is accepted assembles or is not supported.
#![no_main]

use kubound::manifest::load_embedded;
use kubound_encodings::assemble::assemble;
use kubound_encodings::cluster::Granularity;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let files = [("input.json".to_owned(), format!("{{\"setup\": {text}, \"controllers\": {{}}}}"))];
    let Ok(loaded) = load_embedded("fuzz", &files) else { return };
    let nodes: i64 = loaded.cluster.pools.iter().map(|pool| pool.count.hi).sum();
    let pods: i64 = loaded.cluster.workloads.iter().map(|workload| workload.replicas.hi).sum();
    // Large clusters assemble as well, but not many times a second.
    if nodes <= 8 && pods <= 20 && loaded.cluster.workloads.len() <= 4 {
        let _ = assemble(&loaded.cluster, Granularity::Fine);
    }
});
