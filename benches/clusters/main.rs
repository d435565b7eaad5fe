//! Whole clusters: `cargo bench --bench clusters`, or `cargo bench --bench clusters -- hidden deployments-20 --seconds 60` for
//! those whose names contain a word. `--write docs/src/scaling.md` writes them into the page, `--keep` only writes their
//! manifests, to `target/clusters`. With `KUBOUND_PEER=path` another binary is timed beside, in turn.
//!
//! `--folder FOLDER` takes manifests from the folders in FOLDER instead, which are given so many nodes by `--nodes N`,
//! and something that happens by `--event 'drain: {node: node-0}'`.
//!
//! Each run is one of the release binary, as a user would start it. Numbers of a loaded machine mean little; this is no test.

mod faults;
#[path = "../scale/growth.rs"]
mod growth;
mod measure;
mod page;
mod platform;
mod rows;

use anyhow::{Context, Result};
use measure::measure;
use rows::{Row, rows};
use std::path::{Path, PathBuf};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(()); // started by a test runner
    }
    let value = |flag: &str| {
        let index = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(index + 1).map(String::as_str)
    };
    let seconds: u64 = value("--seconds").unwrap_or("60").parse().context("--seconds")?;
    let flags = ["--seconds", "--write", "--folder", "--nodes", "--event"];
    let is_value = |index: usize| index > 0 && flags.contains(&arguments[index - 1].as_str());
    let words: Vec<&String> = arguments
        .iter()
        .enumerate()
        .filter(|(index, argument)| !argument.starts_with("--") && !is_value(*index))
        .map(|(_, argument)| argument)
        .collect();
    let all = match value("--folder") {
        Some(folder) => {
            let nodes = value("--nodes").unwrap_or("3").parse().context("--nodes")?;
            rows::of_folder(Path::new(folder), nodes, value("--event").unwrap_or_default())?
        }
        None => rows(),
    };
    let is_wanted = |row: &&Row| words.is_empty() || words.iter().any(|word| row.name.contains(word.as_str()));
    let peer = std::env::var_os("KUBOUND_PEER").map(PathBuf::from);
    let own = PathBuf::from(env!("CARGO_BIN_EXE_kubound"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clusters");
    let mut lines = Vec::new();
    for row in all.iter().filter(is_wanted) {
        let own_folder = folder.join(&row.name);
        write(&own_folder, row)?;
        if arguments.iter().any(|argument| argument == "--keep") {
            continue;
        }
        let measured = measure(&own, &own_folder, seconds)?;
        println!("{:<16} {:>8.2} s {:>6} MiB  {}", row.name, measured.seconds, measured.mebibytes, measured.verdicts);
        let beside = peer.as_deref().map(|peer| measure(peer, &own_folder, seconds)).transpose()?;
        if let Some(peer) = &beside {
            println!("{:<16} {:>8.2} s {:>6} MiB  {}", "  before", peer.seconds, peer.mebibytes, peer.verdicts);
        }
        lines.push((row, measured, beside));
    }
    if lines.is_empty() {
        return Ok(());
    }
    println!("\n{}", page::section(&lines, seconds));
    value("--write").map_or(Ok(()), |file| page::write(Path::new(file), &lines, seconds))
}

/// Writes the files of a cluster into an empty folder.
fn write(folder: &Path, row: &Row) -> Result<()> {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder)?;
    for (name, text) in &row.files {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
