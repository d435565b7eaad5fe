//! One engine on one folder, in a process of its own.

use super::Row;
use crate::cli::Failure;
use crate::cli::args::SolverArg;
use crate::limits::report::GLANCE;
use crate::memory::peak_kibibytes;
use anyhow::{Context, anyhow};
use clap::ValueEnum;
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The answers of an engine about every intent of a folder.
pub fn ask(folder: &Path, case: &str, side: &str, solver: SolverArg, timeout: Duration) -> Result<Vec<Row>, Failure> {
    let solver = solver.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let own = std::env::current_exe().context("cannot find this program").map_err(Failure::Internal)?;
    let mut child = Command::new(own)
        .arg("verify")
        .arg(folder)
        .args(["--engine", side, "--solver", &solver, "--timeout", &format!("{}s", timeout.as_secs().max(1))])
        .args(["-q", "-o", "json", "--no-repairs", "--color", "never"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start the engine")
        .map_err(Failure::Internal)?;
    let told = child.stderr.take().map(collect);
    let report = child.stdout.take().map(collect);
    let peak = watch(&mut child)?;
    let text = |reader: Option<std::thread::JoinHandle<String>>| {
        reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
    };
    let (report, told) = (text(report), text(told));
    let report: Value = serde_json::from_str(&report).map_err(|_| {
        // Without a report the process has said why.
        let told = told.trim_end();
        let told = told.strip_prefix("error: ").unwrap_or(told);
        Failure::Usage(anyhow!("{case}: the {side} engine gave no report\n{told}"))
    })?;
    let results = report["results"].as_array().cloned().unwrap_or_default();
    Ok(results.iter().map(|result| row(case, side, result, peak)).collect())
}

fn row(case: &str, side: &str, result: &Value, mebibytes: Option<u64>) -> Row {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let target = result["target"].as_str().map_or(String::new(), |target| format!(" {target}"));
    let statistics = &result["statistics"];
    let positive = |value: &Value| value.as_u64().filter(|&value| value > 0);
    Row {
        case: case.to_owned(),
        side: side.to_owned(),
        intent: word(&result["intent"]) + &target,
        verdict: word(&result["verdict"]),
        timing: word(&result["timing"]),
        nodes: result["violation"]["nodes"].as_i64(),
        pods: result["violation"]["pods"].as_i64(),
        states: positive(&statistics["states"]),
        clauses: positive(&statistics["clauses"]),
        depth: statistics["depth"].as_u64(),
        seconds: result["seconds"].as_f64(),
        mebibytes,
    }
}

/// Reads a pipe to its end beside everything else.
fn collect(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before a fault is still worth showing.
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for a process; its peak memory, where the system tells.
fn watch(child: &mut Child) -> Result<Option<u64>, Failure> {
    let mut peak = None;
    loop {
        peak = peak_kibibytes(child.id()).max(peak);
        match child.try_wait() {
            Ok(Some(_)) => return Ok(peak.map(|kibibytes| kibibytes.div_ceil(1024))),
            Ok(None) => std::thread::sleep(GLANCE),
            Err(error) => return Err(Failure::Internal(anyhow!(error).context("cannot wait for the engine"))),
        }
    }
}
