//! Pods that another profile of the scheduler places.

use super::Sketch;
use serde_json::Value;

/// The configuration of the scheduler that has these profiles.
pub fn configuration() -> Value {
    serde_json::from_str(include_str!("../plane/schedulers.json")).expect("the configuration is JSON")
}

/// Pods of some workload name a profile.
pub fn choose(sketch: &mut Sketch) {
    let configuration = configuration();
    let profiles = configuration["profiles"].as_array().map(Vec::as_slice).unwrap_or_default();
    let profile = sketch.one_of(profiles);
    sketch.some_pod()["schedulerName"] = profile["schedulerName"].clone();
}
