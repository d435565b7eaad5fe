//! Baselines: violations that are known and shall not fail a pipeline, kept in a file.

use super::input::limited;
use super::{Failure, output};
use crate::limits::files::MOST_BASELINE;
use crate::manifest::{Acceptance, Accepted, Loaded};
use crate::report::API_VERSION;
use crate::search::{Findings, IntentResult};
use crate::text::{neutralise, plural};
use anyhow::{Context, anyhow};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Flags about baselines.
#[derive(Args, Debug)]
pub struct BaselineArgs {
    /// File of known violations, which do not fail the command; new ones do
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    baseline: Option<PathBuf>,
    /// Write the violations that are found to the file of --baseline, instead of comparing with it
    #[arg(long, requires = "baseline", help_heading = "Report")]
    write_baseline: bool,
}

/// The file.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Baseline {
    api_version: String,
    kind: String,
    violations: Vec<Known>,
}

/// A known violation.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
struct Known {
    intent: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

impl Known {
    fn of(result: &IntentResult) -> Self {
        Self { intent: result.intent.clone(), target: result.target.clone() }
    }
}

impl BaselineArgs {
    /// Whether there is one, by flag or by setting.
    pub fn is_given(&self) -> bool {
        self.baseline.is_some()
    }

    /// Lets known violations count as accepted.
    pub fn apply(&self, loaded: &mut Loaded) -> Result<(), Failure> {
        let Some(file) = self.baseline.as_deref().filter(|_| !self.write_baseline) else { return Ok(()) };
        let known = read(file)?.violations;
        let accepted = |Known { intent, target }| Accepted { intent, target, by: Acceptance::Baseline };
        loaded.accepted.extend(known.into_iter().map(accepted));
        Ok(())
    }

    /// Writes the file if asked to, and tells how findings and the baseline differ.
    pub fn finish(&self, loaded: &Loaded, findings: &Findings) -> Result<String, Failure> {
        let Some(file) = self.baseline.as_deref() else { return Ok(String::new()) };
        let violated = findings.results.iter().filter(|result| result.verdict.violation().is_some());
        let violated: Vec<Known> = violated.map(Known::of).collect();
        let shown = neutralise(&file.display().to_string());
        if self.write_baseline {
            if findings.interrupted {
                return Err(Failure::Usage(anyhow!("{shown} is not written: the search was interrupted")));
            }
            let count = plural(violated.len() as i64, "violation");
            write(file, violated)?;
            return Ok(format!("baseline {shown}: wrote {count}\n"));
        }
        let is_found = |accepted: &Accepted| {
            violated.iter().any(|known| known.intent == accepted.intent && known.target == accepted.target)
        };
        let listed = loaded.accepted.iter().filter(|one| one.by == Acceptance::Baseline);
        let (found, gone): (Vec<&Accepted>, Vec<&Accepted>) = listed.partition(|one| is_found(one));
        let (found, new) = (found.len(), violated.len().saturating_sub(found.len()));
        let mut text = format!("baseline {shown}: {} known, {new} new\n", plural(found as i64, "violation"));
        for accepted in gone {
            let target = accepted.target.as_ref().map(|target| format!(" of {target}")).unwrap_or_default();
            let line = neutralise(&format!("{}{target} is not violated any more; remove it", accepted.intent));
            let _ = writeln!(text, "baseline {shown}: {line}");
        }
        Ok(text)
    }
}

fn read(file: &Path) -> Result<Baseline, Failure> {
    let place = file.display();
    let text = limited(file, "a baseline", MOST_BASELINE)?;
    let baseline: Baseline = serde_json::from_str(&text)
        .with_context(|| format!("{place} is no baseline; write one with --write-baseline"))
        .map_err(Failure::Usage)?;
    if baseline.api_version != API_VERSION || baseline.kind != "Baseline" {
        return Err(Failure::Usage(anyhow!("{place} is not {API_VERSION} Baseline")));
    }
    Ok(baseline)
}

fn write(file: &Path, violations: Vec<Known>) -> Result<(), Failure> {
    let baseline = Baseline { api_version: API_VERSION.to_owned(), kind: "Baseline".to_owned(), violations };
    let text = output::worded(serde_json::to_string_pretty(&baseline))?;
    std::fs::write(file, text + "\n")
        .with_context(|| format!("cannot write {}", file.display()))
        .map_err(Failure::Usage)
}
