//! Times of all cases: `cargo bench`, or `cargo bench -- c8 --seconds 60` for some of them.
//!
//! Each row runs in a process of its own, so that peak memory is that of the row. Numbers of a loaded machine mean
//! little; this is no test.

use anyhow::{Context, Result, bail};
use kubound::engines::Cancel;
use kubound::engines::explicit;
use kubound::engines::symbolic;
use kubound::manifest;
use kubound::memory::peak_kibibytes;
use kubound::search::{EngineChoice, Options, Silent, Verdict, verify};
use kubound_encodings::cluster::{Cluster, Granularity, Span};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What is compared. Large: one topology of 100 nodes in equal pools, and 200 pods.
const CONFIGURATIONS: [(&str, EngineChoice, Granularity, bool); 5] = [
    ("portfolio fused", EngineChoice::Portfolio, Granularity::Fused, false),
    ("symbolic fused", EngineChoice::Only(&symbolic::REGISTRATION), Granularity::Fused, false),
    ("portfolio fine", EngineChoice::Portfolio, Granularity::Fine, false),
    ("symbolic fine", EngineChoice::Only(&symbolic::REGISTRATION), Granularity::Fine, false),
    ("100 nodes", EngineChoice::Only(&explicit::REGISTRATION), Granularity::Fused, true),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |flag: &str| {
        let index = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(index + 1)
    };
    let seconds: u64 = value("--seconds").map_or(Ok(120), |text| text.parse()).context("--seconds")?;
    if let (Some(folder), Some(configuration)) = (value("--folder"), value("--configuration")) {
        return row(Path::new(folder), configuration.parse()?, Duration::from_secs(seconds));
    }
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(()); // compiled and started by `cargo test`
    }
    let is_name = |argument: &&String| !argument.starts_with("--") && argument.parse::<u64>().is_err();
    table(&arguments.iter().filter(is_name).collect::<Vec<_>>(), seconds)
}

/// Prints the table, one process a row.
fn table(names: &[&String], seconds: u64) -> Result<()> {
    println!(
        "{:<10}  {:<15}  {:<16}  {:<24}  {:>7}  {:>5}  {:>9}  {:>9}  {:>8}  {:>7}",
        "case", "search", "intent", "verdict", "size", "depth", "states", "clauses", "seconds", "MiB"
    );
    for folder in folders(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases")))? {
        let text = folder.display().to_string();
        if !names.is_empty() && !names.iter().any(|name| text.contains(name.as_str())) {
            continue;
        }
        for (index, (name, ..)) in CONFIGURATIONS.iter().enumerate() {
            let status = Command::new(std::env::current_exe()?)
                .arg("--folder")
                .arg(&folder)
                .args(["--configuration", &index.to_string(), "--seconds", &seconds.to_string()])
                .status()?;
            if !status.success() {
                println!("{text}  {name}  failed");
            }
        }
    }
    Ok(())
}

/// The variants of all cases.
fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for case in std::fs::read_dir(root)? {
        let case = case?.path();
        folders.extend(["broken", "fixed"].map(|variant| case.join(variant)).into_iter().filter(|path| path.is_dir()));
    }
    folders.sort();
    Ok(folders)
}

/// Decides one variant with one configuration.
fn row(folder: &Path, configuration: usize, timeout: Duration) -> Result<()> {
    let Some(&(name, engine, granularity, is_large)) = CONFIGURATIONS.get(configuration) else {
        bail!("no such configuration")
    };
    let begin = Instant::now();
    let mut loaded = manifest::load(&[folder.to_owned()], None)?;
    if is_large {
        enlarge(&mut loaded.cluster);
    }
    let options = Options { engine, granularity, depth: loaded.depth, timeout, ..Options::default() };
    let findings = verify(&loaded.cluster, &options, &Cancel::default(), &Silent)??;
    let components: Vec<_> = folder.components().rev().take(2).collect();
    let case = components.iter().rev().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    for result in &findings.results {
        let size = match &result.verdict {
            Verdict::Violated(found) => format!("{}n {}p", found.nodes, found.pods),
            _ => "-".to_owned(),
        };
        let (statistics, seconds) = (&result.statistics, begin.elapsed().as_secs_f64());
        println!(
            "{case:<10}  {name:<15}  {:<16}  {:<24}  {size:>7}  {:>5}  {:>9}  {:>9}  {seconds:>8.2}  {:>7}",
            result.intent,
            result.verdict.word(),
            statistics.depth,
            statistics.states,
            statistics.clauses,
            peak_kibibytes("self").map_or("-".to_owned(), |peak| (peak / 1024).to_string()),
        );
    }
    Ok(())
}

/// One topology of 100 nodes and 200 pods; an autoscaler starts from one pod and may go that far.
fn enlarge(cluster: &mut Cluster) {
    let nodes = 100 / cluster.pools.len().max(1) as i64;
    cluster.pools.iter_mut().for_each(|pool| pool.count = Span::exactly(nodes));
    cluster.hpas.iter_mut().for_each(|autoscaler| autoscaler.max = 200);
    let replicas = if cluster.hpas.is_empty() { 200 } else { 1 };
    cluster.workloads.iter_mut().for_each(|workload| workload.replicas = Span::exactly(replicas));
}
