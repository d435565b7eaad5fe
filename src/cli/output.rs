//! Writing to standard output and files.

use super::Failure;
use super::args::{ColorArg, Output, VoiceArgs};
use crate::manifest::Loaded;
use crate::report::document::Document;
use crate::report::format::{Format, Style};
use crate::report::formats::REGISTRY;
use crate::report::{github, human, markdown};
use crate::text::Paint;
use anyhow::{Context, anyhow};
use std::collections::BTreeSet;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Prints to standard output. A reader that went away is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Usage(anyhow!(error).context("cannot write to standard output")))
        }
        _ => Ok(()),
    }
}

/// What `--color` says, once it was read.
static COLOR: OnceLock<ColorArg> = OnceLock::new();

/// Remembers what `--color` says, for messages on standard error.
pub fn choose_color(color: ColorArg) {
    COLOR.get_or_init(|| color);
}

/// Whether to colour what goes to standard error.
pub fn paint_errors() -> Paint {
    painted(COLOR.get().copied().unwrap_or(ColorArg::Auto), std::io::stderr().is_terminal())
}

/// Whether to colour what goes to standard output.
pub fn paint(color: ColorArg) -> Paint {
    painted(color, std::io::stdout().is_terminal())
}

fn painted(color: ColorArg, is_terminal: bool) -> Paint {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    let colours = match color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => !unwanted && is_terminal,
    };
    Paint { colours }
}

/// Refuses what cannot be written before any work is done: several reports for standard output, and formats for one
/// input where there are `inputs`.
pub fn check(outputs: &[Output], inputs: usize) -> Result<(), Failure> {
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        return Err(Failure::Usage(anyhow!("two reports cannot both go to standard output; write -o json=FILE")));
    }
    if let Some(output) = outputs.iter().find(|output| inputs > 1 && !output.format.takes_several) {
        let name = output.format.name;
        let help = format!("help: run one alone, or use -o {}", several().join(", -o "));
        return Err(Failure::Usage(anyhow!("-o {name} takes one input, and here are {inputs}\n{help}")));
    }
    Ok(())
}

/// Refuses to write a report into a file that was read.
pub fn keep_inputs<'a>(outputs: &[Output], loaded: impl IntoIterator<Item = &'a Loaded>) -> Result<(), Failure> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let read = |loaded: &'a Loaded| loaded.sources.files().map(|(file, _)| file);
    let inputs: BTreeSet<PathBuf> =
        loaded.into_iter().flat_map(read).filter_map(|file| real(Path::new(file))).collect();
    for file in outputs.iter().filter_map(|output| output.file.as_ref()) {
        if real(file).is_some_and(|file| inputs.contains(&file)) {
            let help = "help: name another file behind `=`";
            return Err(Failure::Usage(anyhow!("-o would overwrite {}, which is an input\n{help}", file.display())));
        }
    }
    Ok(())
}

/// Names of the formats that take several inputs.
fn several() -> Vec<&'static str> {
    REGISTRY.iter().filter(|format| format.takes_several).map(|format| format.name).collect()
}

/// Writes reports in every format asked for. What goes to standard output is `told`, or the report for people where
/// that is not given, unless another format is asked for there.
pub fn write(
    documents: &[Document],
    outputs: &[Output],
    voice: &VoiceArgs,
    told: Option<String>,
) -> Result<(), Failure> {
    let human = human::Options {
        paint: paint(voice.color),
        verbose: voice.verbose,
        quiet: voice.quiet,
        show_proof: voice.show_proof,
    };
    let style = Style { human, root: std::env::current_dir().ok() };
    let for_files = Style { human: human::Options { paint: Paint { colours: false }, ..human }, ..style.clone() };
    for output in outputs {
        match &output.file {
            None => print(&render(output.format, documents, &style)?)?,
            Some(file) => std::fs::write(file, render(output.format, documents, &for_files)?)
                .with_context(|| format!("cannot write {}", file.display()))
                .map_err(Failure::Usage)?,
        }
    }
    let asks_github = outputs.iter().any(|output| *output.format == github::FORMAT);
    if outputs.iter().all(|output| output.file.is_some()) {
        let told = told.map_or_else(|| render(&human::FORMAT, documents, &style), Ok)?;
        if is_github() {
            print(&quoted(&told))?;
            if !asks_github {
                print(&render(&github::FORMAT, documents, &style)?)?;
            }
        } else {
            print(&told)?;
        }
    }
    if asks_github || is_github() { append_summary(documents, &for_files) } else { Ok(()) }
}

fn render(format: &Format, documents: &[Document], style: &Style) -> Result<String, Failure> {
    (format.render)(documents, style).context("cannot write JSON").map_err(Failure::Internal)
}

/// Whether this is a step of GitHub Actions.
fn is_github() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Text that the runner of GitHub Actions shows and does not obey, whatever names are in it.
fn quoted(text: &str) -> String {
    let token: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
    format!("::stop-commands::{token}\n{text}::{token}::\n")
}

/// Appends the Markdown report to the summary of the step, where the runner wants one.
fn append_summary(documents: &[Document], style: &Style) -> Result<(), Failure> {
    let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) else { return Ok(()) };
    let text = render(&markdown::FORMAT, documents, style)?;
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(&file);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.context("cannot write to the file that GITHUB_STEP_SUMMARY names").map_err(Failure::Usage)
}
