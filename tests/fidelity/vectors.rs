//! Reading recorded vectors: JSON lines, compressed; the first line says where they come from.

use flate2::read::GzDecoder;
use kubound_encodings::cluster::KubernetesVersion;
use serde_json::Value;
use std::fs::File as Disk;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// The vectors of a component.
pub struct File {
    /// Seed and versions.
    pub header: Value,
    /// One vector a line.
    pub lines: Vec<Value>,
}

impl File {
    /// The minor release of Kubernetes that was called.
    pub fn release(&self) -> KubernetesVersion {
        let minor = self.header["kubernetes"].as_str().and_then(|text| text.split('.').nth(1)?.parse().ok());
        KubernetesVersion(minor.unwrap_or_else(|| panic!("no release in {}", self.header)))
    }
}

/// Reads the vectors of a component. Panics, saying what is wrong, if they are not there or malformed.
pub fn read(component: &str) -> File {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fidelity/vectors").join(format!("{component}.jsonl.gz"));
    let disk = Disk::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = BufReader::new(GzDecoder::new(disk)).lines();
    let mut values = lines.map(|line| {
        let line = line.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str::<Value>(&line).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    });
    let header = values.next().unwrap_or_else(|| panic!("{}: empty", path.display()));
    File { header, lines: values.collect() }
}

/// A field that must be there.
pub fn field<T: serde::de::DeserializeOwned>(value: &Value, name: &str) -> T {
    serde_json::from_value(value[name].clone()).unwrap_or_else(|error| panic!("field {name} of {value}: {error}"))
}
