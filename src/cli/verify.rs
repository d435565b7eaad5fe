//! `kubound verify`: manifests and scenario files in, verdicts out.

use super::args::{ReportArgs, SearchArgs};
use super::exit::Exit;
use super::{Failure, check, interrupt, output, progress};
use crate::report::document::Document;
use crate::{manifest, smt};
use anyhow::{Context, anyhow};
use clap::Args;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Flags of `verify`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Files and folders of manifests, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Check only the intents of this id; may be repeated
    #[arg(long, value_name = "ID", help_heading = "Search")]
    intent: Vec<String>,
    #[command(flatten)]
    search: SearchArgs,
    #[command(flatten)]
    report: ReportArgs,
}

/// Most bytes that are taken from standard input; the reader refuses fewer than that.
const MOST_INPUT: u64 = 16 << 20;

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    output::check(&arguments.report.output)?;
    check::set_jobs(&arguments.search)?;
    let stdin = read_stdin(&arguments.paths)?;
    let mut loaded =
        manifest::load(&arguments.paths, stdin.as_deref()).context("cannot read the input").map_err(Failure::Usage)?;
    check::apply(&mut loaded, &arguments.search, &arguments.intent)?;
    let cancel = interrupt::install();
    let report = &arguments.report;
    let (findings, exit) = progress::with_progress(report.voice.quiet, |observer| {
        check::decide(&loaded, &arguments.search, &report.deny, &cancel, observer)
    })?;
    let document = Document::new(&loaded, &findings, exit.code(), smt::versions());
    output::write(&document, &report.output, &report.voice)?;
    Ok(exit)
}

fn read_stdin(paths: &[PathBuf]) -> Result<Option<String>, Failure> {
    if !paths.iter().any(|path| path == Path::new("-")) {
        return Ok(None);
    }
    let mut text = String::new();
    let mut limited = std::io::stdin().lock().take(MOST_INPUT);
    limited.read_to_string(&mut text).context("cannot read standard input").map_err(Failure::Usage)?;
    if text.trim().is_empty() {
        return Err(Failure::Usage(anyhow!("<stdin>: standard input is empty; pipe manifests into it")));
    }
    Ok(Some(text))
}
