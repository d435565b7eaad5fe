//! `kubound completions`: what a shell needs to complete commands, flags and their values. What a word may be is found by
//! the command itself whenever somebody asks, so that ids of cases and of the scenario at hand are among it.

pub mod values;

use super::exit::Exit;
use super::{Failure, output};
use anyhow::{Context, anyhow};
use clap::{Args, Command};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};

/// Flags of `completions`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// The variable by which shells ask.
const VARIABLE: &str = "COMPLETE";

/// Answers a shell that asks what may come next, and ends the process then.
pub fn answer(command: fn() -> Command) {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, command: &Command) -> Result<Exit, Failure> {
    let (name, shells) = (command.get_name(), Shells::builtins());
    let shell = shells.completer(&arguments.shell.to_string());
    let shell = shell.ok_or_else(|| Failure::Internal(anyhow!("{} is not known", arguments.shell)))?;
    let mut text = Vec::new();
    let written = shell.write_registration(VARIABLE, name, name, name, &mut text);
    written.context("cannot write completions").map_err(Failure::Internal)?;
    let text = String::from_utf8(text).context("completions are text").map_err(Failure::Internal)?;
    output::print(&text)?;
    Ok(Exit::Fine)
}
