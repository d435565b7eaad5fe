//! Another tool's answers: CSV with a head line that names the columns `case`, `verdict`, `nodes`, `pods`, `states` and
//! `seconds`, in any order; all but the first two may be empty or left out.

use super::Row;
use crate::cli::Failure;
use anyhow::{Context, anyhow};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    case: String,
    verdict: String,
    #[serde(default)]
    nodes: Option<i64>,
    #[serde(default)]
    pods: Option<i64>,
    #[serde(default)]
    states: Option<u64>,
    #[serde(default)]
    seconds: Option<f64>,
}

/// Reads the answers of a file.
pub fn read(file: &Path) -> Result<Vec<Row>, Failure> {
    let place = || format!("cannot read {}", file.display());
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(file).with_context(place).map_err(Failure::Usage)?;
    let side = file.file_stem().map_or_else(|| "other".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let row = |answer: Result<Answer, csv::Error>| {
        let help = "help: the columns are case, verdict, nodes, pods, states, seconds";
        let answer = answer.map_err(|error| Failure::Usage(anyhow!("{error}\n{help}").context(place())))?;
        Ok(Row {
            case: answer.case,
            side: side.clone(),
            intent: String::new(),
            verdict: answer.verdict,
            timing: String::new(),
            nodes: answer.nodes,
            pods: answer.pods,
            states: answer.states,
            clauses: None,
            depth: None,
            seconds: answer.seconds,
            mebibytes: None,
        })
    };
    reader.deserialize().map(row).collect()
}

/// Whether an answer is about a folder: the case is the end of its path, by whole names.
pub fn is_about(case: &str, folder: &Path) -> bool {
    !case.is_empty() && folder.ends_with(Path::new(case))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_ends_of_paths() {
        assert!(is_about("c8/broken", Path::new("cases/c8/broken")));
        assert!(is_about("broken", Path::new("cases/c8/broken")));
        assert!(!is_about("8/broken", Path::new("cases/c8/broken")));
        assert!(!is_about("", Path::new("cases")));
    }
}
