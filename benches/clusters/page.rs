//! The table of all clusters, the laws of their growth, and their part of the page about scaling.

use super::growth::power;
use super::measure::Measured;
use super::rows::Row;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::path::Path;

/// Where the part of this bench begins; the other one keeps what is from there on.
pub const HEADING: &str = "## Whole clusters\n";

/// What the curves are along, for readers.
const CURVES: [(&str, &str); 2] = [
    ("deployments", "n Deployments of three replicas that differ in their requests, on 50 nodes"),
    ("nodes", "three Deployments with zone spread, a budget and an autoscaler, on n nodes in three zones"),
];

/// A cluster with what came out, and beside it what came out of a former program.
pub type Line<'a> = (&'a Row, Measured, Option<Measured>);

/// The part of the page.
pub fn section(lines: &[Line], seconds: u64) -> String {
    let has_peer = lines.iter().any(|(_, _, peer)| peer.is_some());
    let mut text = format!(
        "{HEADING}\nClusters as people run them, made from a seed by `benches/clusters`; written by `cargo bench --bench clusters -- \
         --write docs/src/scaling.md`. Each is given to the release binary, with `--timeout {seconds}s`. `platform` is that of \
         a platform team: 50 nodes of seven pools in three zones, 20 Deployments with autoscalers, budgets, spread constraints, \
         priorities and preferences, two DaemonSets, a StatefulSet, a descheduler. `hidden-cN` is the same with the fault of \
         case N somewhere in it, `snapshot` the same with 300 pods in their places and a node that is drained.\n\n"
    );
    for (name, what) in CURVES {
        let _ = writeln!(text, "* `{name}-n`: {what}.");
    }
    text.push_str("\n| cluster | verdicts | s | MiB |");
    text.push_str(if has_peer { " before: verdicts | s | MiB |\n" } else { "\n" });
    text.push_str(if has_peer { "|---|---|---|---|---|---|---|\n" } else { "|---|---|---|---|\n" });
    for (row, measured, peer) in lines {
        let _ = write!(text, "| {} | {}", row.name, told(measured));
        text.push_str(" |");
        if let Some(peer) = peer {
            let _ = write!(text, " {} |", told(peer));
        }
        text.push('\n');
    }
    text.push('\n');
    for (name, _) in CURVES {
        let points = |value: fn(&Measured) -> f64| -> Vec<(f64, f64)> {
            let decided = lines.iter().filter(|(_, measured, _)| measured.is_decided);
            let along =
                decided.filter_map(|(row, measured, _)| Some((row.curve.filter(|one| one.0 == name)?.1, measured)));
            along.map(|(size, measured)| (f64::from(size), value(measured))).collect()
        };
        let (time, memory) = (points(|one| one.seconds), points(|one| one.mebibytes as f64));
        if lines.iter().any(|(row, ..)| row.curve.is_some_and(|one| one.0 == name)) {
            let _ = writeln!(
                text,
                "* `{name}-n`, of the {} that were decided: time {}, memory {}.",
                time.len(),
                law(&time),
                law(&memory)
            );
        }
    }
    text
}

fn told(measured: &Measured) -> String {
    format!("{} | {:.2} | {}", measured.verdicts.replace('|', "/"), measured.seconds, measured.mebibytes)
}

fn law(points: &[(f64, f64)]) -> String {
    match power(points) {
        Some(exponent) => format!("grows like the power {exponent:.2}"),
        None => "has too few points for a law".to_owned(),
    }
}

/// Puts the part into the page, in place of a former one.
pub fn write(file: &Path, lines: &[Line], seconds: u64) -> Result<()> {
    let page = std::fs::read_to_string(file).unwrap_or_default();
    let before = page.find(HEADING).map_or(page.as_str(), |at| &page[..at]);
    let text = format!("{}\n\n{}", before.trim_end(), section(lines, seconds));
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
