//! Text to a cluster: manifests, configurations, scenario files.
