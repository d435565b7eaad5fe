//! `kubound completions`: what shells need to complete commands and flags.

use super::exit::Exit;
use super::{Failure, output};
use anyhow::Context;
use clap::{Args, Command};
use clap_complete::Shell;

/// Flags of `completions`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, mut command: Command) -> Result<Exit, Failure> {
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, name, &mut text);
    let text = String::from_utf8(text).context("completions are text").map_err(Failure::Internal)?;
    output::print(&text)?;
    Ok(Exit::Fine)
}
