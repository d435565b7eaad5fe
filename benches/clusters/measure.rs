//! One program on one cluster, as a user would run it.

use anyhow::{Context, Result};
use kubound::memory::peak_kibibytes;
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Verdicts with how often they came out, or why there are none.
    pub verdicts: String,
    /// Whether every intent has its answer.
    pub is_decided: bool,
    /// Wall time.
    pub seconds: f64,
    /// Peak of its resident memory.
    pub mebibytes: u64,
}

/// Runs `program verify` on a folder.
pub fn measure(program: &Path, folder: &Path, seconds: u64) -> Result<Measured> {
    let report = folder.with_extension("json");
    let told = folder.with_extension("log");
    let _ = std::fs::remove_file(&report);
    let begin = Instant::now();
    let mut child = Command::new(program)
        .arg("verify")
        .arg(folder)
        .args(["--timeout", &format!("{seconds}s"), "-q", "-o", &format!("json={}", report.display())])
        // Not as a flag: former programs know none.
        .env("KUBOUND_NO_REPAIRS", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&told)?)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let mut peak = 0;
    // The system keeps the peak, so only growth in the last moment goes unseen.
    let status = loop {
        peak = peak_kibibytes(child.id()).unwrap_or_default().max(peak);
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let seconds = begin.elapsed().as_secs_f64();
    let measured = Measured { seconds, mebibytes: peak.div_ceil(1024), ..Measured::default() };
    let Ok(text) = std::fs::read_to_string(&report) else {
        let told = std::fs::read_to_string(&told).unwrap_or_default();
        let first = told.lines().find(|line| line.starts_with("error")).unwrap_or("no report").to_owned();
        return Ok(Measured { verdicts: format!("{first} (exit code {:?})", status.code()), ..measured });
    };
    let report: Value = serde_json::from_str(&text).context("a report")?;
    let results = report["results"].as_array().cloned().unwrap_or_default();
    let of = |word: &str| results.iter().filter(|result| result["verdict"] == word).count();
    let known = ["violated", "race", "vacuous", "bounded", "holds", "unknown"];
    let told: Vec<String> =
        known.iter().filter(|word| of(word) > 0).map(|word| format!("{} {word}", of(word))).collect();
    let is_decided = results.iter().all(|result| result["decided"] == true);
    Ok(Measured { verdicts: told.join(", "), is_decided, ..measured })
}
