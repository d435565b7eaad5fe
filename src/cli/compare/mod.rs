//! `kubound compare`: the same questions to both engines on purpose, and beside another tool's answers.
//!
//! Each engine runs in a process of its own, so that its peak memory and its time are its own.

mod peer;
mod run;

use super::args::parse_duration;
use super::exit::Exit;
use super::{Failure, output};
use crate::text::neutralise;
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of `compare`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Folders of manifests with their scenario, or Kivi's own JSON files; each is a case
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Answers of another tool to set beside ours: CSV with the columns case, verdict, nodes, pods, states, seconds
    #[arg(long, value_name = "FILE", help_heading = "Search")]
    against: Option<PathBuf>,
    /// Solver of the symbolic engine
    #[arg(long, value_enum, value_name = "SOLVER", default_value = "z3", help_heading = "Search")]
    solver: super::args::SolverArg,
    /// Time for each engine and case, e.g. 90s, 10m, 1h30m
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "60s", help_heading = "Search")]
    timeout: Duration,
    /// How to print
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value = "human", help_heading = "Report")]
    output: FormatArg,
}

/// `--output`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum FormatArg {
    /// A table.
    Human,
    /// A list of rows.
    Json,
}

/// What one side says about one intent of one case.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The case: the folder as given, or the first column of the other tool's answers.
    case: String,
    /// `explicit`, `symbolic`, or the name of the file of the other tool's answers.
    side: String,
    /// The intent, with its target; empty for another tool.
    intent: String,
    /// `violated`, `race`, `holds`, `bounded`, `vacuous` or `unknown`; of another tool, its own word.
    verdict: String,
    /// The timing that the verdict is about; empty for another tool.
    timing: String,
    /// Nodes of the violation.
    nodes: Option<i64>,
    /// Pods of the violation.
    pods: Option<i64>,
    /// States stored.
    states: Option<u64>,
    /// Clauses of the last unrolling.
    clauses: Option<u64>,
    /// Depth of the search.
    depth: Option<u64>,
    /// Wall time.
    seconds: Option<f64>,
    /// Peak memory of the process, for all intents of the case together.
    mebibytes: Option<u64>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let peers = match &arguments.against {
        Some(file) => peer::read(file)?,
        None => Vec::new(),
    };
    let mut rows = Vec::new();
    for folder in &arguments.folders {
        let case = folder.display().to_string();
        for side in ["explicit", "symbolic"] {
            rows.extend(run::ask(folder, &case, side, arguments.solver, arguments.timeout)?);
        }
        rows.extend(peers.iter().filter(|row| peer::is_about(&row.case, folder)).cloned());
    }
    let unused: Vec<&str> = peers
        .iter()
        .filter(|row| !arguments.folders.iter().any(|folder| peer::is_about(&row.case, folder)))
        .map(|row| row.case.as_str())
        .collect();
    match arguments.output {
        FormatArg::Human => output::print(&table(&rows, &unused))?,
        FormatArg::Json => {
            let text = serde_json::to_string_pretty(&rows).map_err(|error| Failure::Internal(anyhow!(error)))?;
            output::print(&(text + "\n"))?;
        }
    }
    match contradiction(&rows) {
        Some(what) => Err(Failure::Internal(anyhow!("{what}"))),
        None if rows.iter().any(is_decided) => Ok(Exit::Fine),
        None => Ok(Exit::Undecided),
    }
}

fn is_decided(row: &Row) -> bool {
    matches!(row.verdict.as_str(), "violated" | "race" | "holds" | "vacuous")
}

/// Two of our own answers that cannot both be right.
fn contradiction(rows: &[Row]) -> Option<String> {
    let about = |row: &Row| (row.case.clone(), row.intent.clone());
    let clean = |row: &&Row| matches!(row.verdict.as_str(), "holds" | "vacuous");
    // A clean verdict about one timing says nothing about runs that only a wider one has.
    let width = |row: &Row| ["paced", "delayed", "interleaved"].iter().position(|timing| *timing == row.timing);
    let found =
        rows.iter().filter(|row| ["violated", "race"].contains(&row.verdict.as_str()) && !row.intent.is_empty());
    found.clone().find_map(|violated| {
        let covers = |row: &&Row| about(row) == about(violated) && width(row) >= width(violated);
        let other = rows.iter().filter(clean).find(covers)?;
        Some(format!(
            "{}: {}: {} says {} and {} says {}",
            violated.case, violated.intent, violated.side, violated.verdict, other.side, other.verdict
        ))
    })
}

const HEADS: [&str; 10] =
    ["side", "intent", "verdict", "nodes", "pods", "states", "clauses", "depth", "seconds", "MiB"];

fn table(rows: &[Row], unused: &[&str]) -> String {
    let number = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    let cells = |row: &Row| -> [String; 10] {
        [
            neutralise(&row.side),
            neutralise(&row.intent),
            neutralise(&row.verdict),
            number(row.nodes.map(|value| value.to_string())),
            number(row.pods.map(|value| value.to_string())),
            number(row.states.map(|value| value.to_string())),
            number(row.clauses.map(|value| value.to_string())),
            number(row.depth.map(|value| value.to_string())),
            number(row.seconds.map(|value| format!("{value:.2}"))),
            number(row.mebibytes.map(|value| value.to_string())),
        ]
    };
    let lines: Vec<(&str, [String; 10])> = rows.iter().map(|row| (row.case.as_str(), cells(row))).collect();
    let width = |column: usize| {
        let cells = lines.iter().map(|(_, cells)| cells[column].chars().count());
        cells.chain([HEADS[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let line = |cells: &[String; 10]| {
        let text: Vec<String> = (0..HEADS.len())
            .map(|column| {
                let (cell, width) = (&cells[column], widths[column]);
                if column < 3 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            })
            .collect();
        format!("  {}\n", text.join("  ").trim_end())
    };
    let mut text = String::new();
    let mut last = None;
    for (case, cells) in &lines {
        if last != Some(case) {
            let gap = if last.is_some() { "\n" } else { "" };
            text += &format!("{gap}{}\n{}", neutralise(case), line(&HEADS.map(str::to_owned)));
            last = Some(case);
        }
        text += &line(cells);
    }
    for case in unused {
        text += &format!("\nnote: the other tool's answer about {} belongs to no folder given\n", neutralise(case));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(side: &str, verdict: &str) -> Row {
        Row {
            case: "c".into(),
            side: side.into(),
            intent: "noOscillation".into(),
            verdict: verdict.into(),
            timing: "paced".into(),
            nodes: Some(2),
            pods: None,
            states: Some(10),
            clauses: None,
            depth: Some(3),
            seconds: Some(0.5),
            mebibytes: None,
        }
    }

    #[test]
    fn only_what_cannot_both_be_right_contradicts() {
        let told = |a, b| contradiction(&[row("explicit", a), row("symbolic", b)]);
        assert_eq!(told("holds", "bounded"), None);
        assert_eq!(told("violated", "unknown"), None);
        assert_eq!(told("violated", "bounded"), None);
        assert!(told("violated", "holds").is_some_and(|what| what.contains("explicit says violated")));
        assert!(told("vacuous", "violated").is_some());
        let delayed = |verdict: &str| Row { timing: "delayed".into(), ..row("symbolic", verdict) };
        assert_eq!(contradiction(&[row("explicit", "holds"), delayed("violated")]), None);
        assert!(contradiction(&[row("explicit", "violated"), delayed("holds")]).is_some());
        assert!(contradiction(&[delayed("race"), delayed("holds")]).is_some());
    }

    #[test]
    fn rows_of_a_case_stand_together() {
        let text = table(&[row("explicit", "holds"), row("symbolic", "bounded")], &["x"]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "c");
        assert!(lines[1].trim_start().starts_with("side"));
        assert!(lines[2].contains("explicit") && lines[3].contains("bounded"));
        assert!(lines[5].ends_with("about x belongs to no folder given"));
    }
}
