//! `kubound merge`: the reports of all parts of a run as one.

use super::args::ReportArgs;
use super::exit::{Exit, of_document};
use super::input::limited;
use super::{Failure, output};
use crate::limits::shards::MOST_REPORT;
use crate::report::document::Document;
use crate::shards::error::MergeError;
use crate::shards::{merge, read};
use anyhow::{Context, anyhow};
use clap::Args;
use std::path::{Path, PathBuf};

/// Flags of `merge`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// What `verify --shard I/N -o json=FILE` has written: the files, or folders with nothing else that ends in .json
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<PathBuf>,
    #[command(flatten)]
    report: ReportArgs,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let report = &arguments.report;
    output::check(&report.output, 1)?;
    let files = files(&arguments.reports)?;
    refuse_to_overwrite(&files, report)?;
    let refused = |error: MergeError| Failure::Usage(error.into());
    let mut reports = Vec::new();
    for file in &files {
        let name = file.display().to_string();
        let document = read(&name, &limited(file, "a report", MOST_REPORT)?).map_err(refused)?;
        reports.push((name, document));
    }
    let merged = merge::merge(reports).map_err(refused)?;
    let exit = of_document(&merged, &report.deny);
    output::write_again(&[Document { exit_code: exit.code(), ..merged }], &report.output, &report.voice)?;
    Ok(exit)
}

/// The files named, and those in folders named, in the order of their names.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let failed = || format!("cannot read the folder {}", path.display());
        let entries = std::fs::read_dir(path).with_context(failed).map_err(Failure::Usage)?;
        let mut found = Vec::new();
        for entry in entries {
            let file = entry.with_context(failed).map_err(Failure::Usage)?.path();
            if file.extension().is_some_and(|extension| extension == "json") {
                found.push(file);
            }
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

fn refuse_to_overwrite(files: &[PathBuf], report: &ReportArgs) -> Result<(), Failure> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    for output in report.output.iter().filter_map(|output| output.file.as_ref()) {
        if let Some(wanted) = real(output)
            && files.iter().any(|file| real(file).as_ref() == Some(&wanted))
        {
            let help = "help: name another file behind `=`";
            return Err(Failure::Usage(anyhow!("-o would overwrite {}, which is an input\n{help}", output.display())));
        }
    }
    Ok(())
}
