//! `kubound man`: manual pages.

use super::exit::Exit;
use super::{Failure, output};
use anyhow::{Context, anyhow};
use clap::{Args, Command};
use clap_mangen::Man;
use std::path::PathBuf;

/// Flags of `man`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// The subcommand to print the page of [default: that of kubound]
    command: Option<String>,
    /// Write the pages of all subcommands to this folder instead
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    all: Option<PathBuf>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, mut command: Command) -> Result<Exit, Failure> {
    command.build();
    if let Some(folder) = &arguments.all {
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(command, folder)
        };
        write().with_context(|| format!("cannot write to {}", folder.display())).map_err(Failure::Usage)?;
        return Ok(Exit::Fine);
    }
    let chosen = match &arguments.command {
        None => command,
        Some(name) => find(&command, name)?,
    };
    let mut text = Vec::new();
    Man::new(chosen).render(&mut text).context("cannot write a page").map_err(Failure::Internal)?;
    let text = String::from_utf8(text).context("pages are text").map_err(Failure::Internal)?;
    output::print(&text)?;
    Ok(Exit::Fine)
}

fn find(command: &Command, name: &str) -> Result<Command, Failure> {
    command.find_subcommand(name).cloned().ok_or_else(|| {
        let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        Failure::Usage(anyhow!("no subcommand is called `{name}`; there are: {}", known.join(", ")))
    })
}
