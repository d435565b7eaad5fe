//! The command line: one file a subcommand, the flags they share, exit codes and the terminal.

mod again;
pub mod args;
mod baseline;
mod cases;
mod check;
mod compare;
mod completions;
mod conform;
mod diff;
mod doctor;
mod dump;
pub mod exit;
mod explain;
mod export;
mod failure;
mod faults;
mod init;
mod input;
mod interrupt;
mod list;
mod man;
mod merge;
mod output;
mod progress;
mod proof;
mod repair;
mod replay;
mod revision;
mod schema;
mod settings;
mod shard;
mod simulate;
mod snapshot;
mod terminal;
mod vary;
mod verify;

use crate::smt;
use crate::text::set_columns;
use anyhow::anyhow;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
pub use failure::Failure;
use std::ffi::OsStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::LazyLock;
use terminal::ColorArg;

/// Finds runs of a Kubernetes cluster in which controllers fight, overshoot or get stuck.
#[derive(Parser, Debug)]
#[command(name = "kubound", disable_help_subcommand = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to colour: auto (on a terminal), always or never; NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE are respected
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", global = true, hide_possible_values = true)]
    color: ColorArg,
}

const AFTER_HELP: &str = "\
Examples:
  kubound verify manifests/            check a folder of manifests, with or without a scenario.yaml
  kubectl get deploy,nodes -o yaml | kubound verify -
  kubound cases run c8                 a built-in case: scheduler against descheduler

Exit codes: 0 all intents hold, 1 some intent is violated, 2 bad usage or input, 3 undecided,
4 no intent applied to anything, 70 internal error, 130 interrupted. The most important one wins:
70, 130, 2, 1, 3, 4, 0. With `expect:` in a scenario, 0 and 1 say whether the verdicts are the expected ones.";

#[derive(Subcommand, Debug)]
enum Command {
    /// Check manifests and scenario files
    Verify(Box<verify::Arguments>),
    /// Tell which intents a change breaks or fixes
    Diff(Box<diff::Arguments>),
    /// Tell which fault of which controller breaks which intent
    Faults(Box<faults::Arguments>),
    /// Tell which values of fields violate which intent, and which are safe
    Vary(Box<vary::Arguments>),
    /// Put the reports of all parts of a run together
    Merge(merge::Arguments),
    /// List, show or run the built-in cases
    Cases(cases::Arguments),
    /// Write the question about an intent for other tools
    Export(Box<export::Arguments>),
    /// Ask whether the model can do what a real cluster was recorded doing
    Conform(conform::Arguments),
    /// Step through a saved violation
    Replay(replay::Arguments),
    /// Ask both engines the same questions, and set another tool's answers beside theirs
    Compare(compare::Arguments),
    /// Run a cluster at random
    Simulate(simulate::Arguments),
    /// Explain an intent, an error, a warning or a failure
    Explain(explain::Arguments),
    /// List what can be asked for
    List(list::Arguments),
    /// Write a running cluster, or dumps of one, to a folder that can be checked
    Snapshot(snapshot::Arguments),
    /// Write a scenario file to start from
    Init(init::Arguments),
    /// Print a JSON Schema
    Schema(schema::Arguments),
    /// Tell whether this installation works, and what it can use
    Doctor(doctor::Arguments),
    /// Print what a shell needs to complete commands, flags and their values
    Completions(completions::Arguments),
    /// Print manual pages
    Man(man::Arguments),
}

/// The command line with all subcommands.
fn command_line() -> clap::Command {
    let command = Cli::command().version(VERSION.as_str());
    if is_plugin(std::env::args_os().next().as_deref()) { command.bin_name("kubectl kubound") } else { command }
}

/// Whether kubectl runs this as a plugin, which it tells by the name of the file only.
fn is_plugin(program: Option<&OsStr>) -> bool {
    let file = program.and_then(|program| Path::new(program).file_name()).and_then(OsStr::to_str);
    file.is_some_and(|file| file.starts_with("kubectl-"))
}

/// What the arguments and the settings come to: something to do, or an exit code.
fn parse() -> Result<Cli, Result<exit::Exit, Failure>> {
    let told = |error: clap::Error| {
        terminal::choose_color(terminal::asked_color(std::env::args_os()));
        Ok(failure::report_parser(&error))
    };
    let refused = |failure: Failure| {
        terminal::choose_color(terminal::asked_color(std::env::args_os()));
        Err(failure)
    };
    let line = command_line();
    let matches = line.clone().try_get_matches().map_err(told)?;
    let Some(settings) = settings::resolve(&line, &matches).map_err(refused)? else {
        return Cli::from_arg_matches(&matches).map_err(told);
    };
    let matches = settings.apply(line.clone()).try_get_matches().map_err(told)?;
    if let Some(shown) = settings.shown(&line, &matches) {
        return Err(output::print(&shown).map(|()| exit::Exit::Fine));
    }
    Cli::from_arg_matches(&matches).map_err(told)
}

/// Parses the arguments, does what they say and returns the exit code.
pub fn run() -> ExitCode {
    completions::answer(command_line);
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error")).init();
    let code =
        |result: Result<exit::Exit, Failure>| ExitCode::from(result.unwrap_or_else(|failure| failure.report()).code());
    let cli = match parse() {
        Ok(cli) => cli,
        Err(ended) => return code(ended),
    };
    terminal::choose_color(cli.color);
    if let Some(width) = terminal::width() {
        set_columns(width);
    }
    let command = AssertUnwindSafe(|| match &cli.command {
        Command::Verify(arguments) => verify::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Faults(arguments) => faults::run(arguments),
        Command::Vary(arguments) => vary::run(arguments),
        Command::Merge(arguments) => merge::run(arguments),
        Command::Cases(arguments) => cases::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Conform(arguments) => conform::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Simulate(arguments) => simulate::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Snapshot(arguments) => snapshot::run(arguments),
        Command::Init(arguments) => init::run(arguments),
        Command::Schema(arguments) => schema::run(arguments, &command_line()),
        Command::Doctor(arguments) => doctor::run(arguments),
        Command::Completions(arguments) => completions::run(arguments, &command_line()),
        Command::Man(arguments) => man::run(arguments, command_line()),
    });
    let result = catch_unwind(command).unwrap_or_else(|_| Err(Failure::Internal(anyhow!("the message is above"))));
    code(result)
}

/// The version of Kubound and of its solver.
static VERSION: LazyLock<String> = LazyLock::new(|| format!("{} ({})", env!("CARGO_PKG_VERSION"), smt::versions()));
