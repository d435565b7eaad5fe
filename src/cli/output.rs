//! Writing to standard output and files.

use super::Failure;
use super::args::{ColorArg, Format, Output, VoiceArgs};
use crate::report::document::Document;
use crate::report::text::Paint;
use crate::report::{human, json};
use anyhow::{Context, anyhow};
use std::io::{ErrorKind, IsTerminal, Write};
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

/// Refuses several reports for standard output before any work is done.
pub fn check(outputs: &[Output]) -> Result<(), Failure> {
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        return Err(Failure::Usage(anyhow!("two reports cannot both go to standard output; write -o json=FILE")));
    }
    Ok(())
}

/// Writes a report in every format asked for, and one for people to standard output if nothing else goes there.
pub fn write(document: &Document, outputs: &[Output], voice: &VoiceArgs) -> Result<(), Failure> {
    let for_people = Output { format: Format::Human, file: None };
    let added = outputs.iter().all(|output| output.file.is_some()).then_some(&for_people);
    for output in outputs.iter().chain(added) {
        let paint = if output.file.is_some() { Paint { colours: false } } else { paint(voice.color) };
        let text = match output.format {
            Format::Human => {
                let VoiceArgs { verbose, quiet, show_proof, .. } = *voice;
                human::render(document, &human::Options { paint, verbose, quiet, show_proof })
            }
            Format::Json => json::render(document).context("cannot write JSON").map_err(Failure::Internal)?,
        };
        match &output.file {
            None => print(&text)?,
            Some(file) => std::fs::write(file, text)
                .with_context(|| format!("cannot write {}", file.display()))
                .map_err(Failure::Usage)?,
        }
    }
    Ok(())
}
