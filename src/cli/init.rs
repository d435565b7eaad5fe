//! `kubound init`: a scenario file to start from, with what `kubound verify` assumes for the manifests of a folder.

use super::exit::Exit;
use super::{Failure, output};
use crate::manifest::{self, First};
use crate::text::neutralise;
use anyhow::{Context, anyhow};
use clap::Args;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Flags of `init`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Folder of manifests
    #[arg(default_value = ".")]
    folder: PathBuf,

    /// Write a rules file for the operator of this name instead, NAME.yaml in the folder
    #[arg(long, value_name = "NAME")]
    custom_controller: Option<String>,
}

/// Name of the file that is written.
const FILE: &str = "scenario.yaml";

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let folder = &arguments.folder;
    if let Some(name) = &arguments.custom_controller {
        let text = manifest::custom_controller_template(name).map_err(|error| Failure::Usage(error.into()))?;
        return write(folder, &format!("{name}.yaml"), &text);
    }
    let first = manifest::first_scenario(folder).context("cannot read the manifests").map_err(Failure::Usage)?;
    let text = match first {
        First::Assumed(text) => text,
        First::Written(file) => {
            return Err(Failure::Usage(anyhow!(
                "there is a scenario already: {file}\nhelp: change it, or move it away"
            )));
        }
        First::NoWorkload => {
            let help = "help: name a folder with at least one Deployment, StatefulSet, Job or other workload";
            return Err(Failure::Usage(anyhow!("{}: no workload among the manifests\n{help}", folder.display())));
        }
    };
    write(folder, FILE, &text)
}

/// Writes a file into a folder, and says what to do with it.
fn write(folder: &Path, file: &str, text: &str) -> Result<Exit, Failure> {
    let path = folder.join(file);
    write_new(&path, text).with_context(|| format!("cannot write {}", path.display())).map_err(Failure::Usage)?;
    let shown = neutralise(&path.display().to_string());
    let folder = neutralise(&folder.display().to_string());
    output::print(&format!("wrote {shown}\nlook at the lines marked CHANGE, then: kubound verify {folder}\n"))?;
    Ok(Exit::Fine)
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    File::create_new(path)?.write_all(text.as_bytes())
}
