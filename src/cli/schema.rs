//! `kubound schema`: the JSON Schemas of what Kubound reads and writes.

use super::exit::Exit;
use super::{Failure, output, settings};
use crate::{manifest, report};
use clap::{Args, ValueEnum};

/// Flags of `schema`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Of what
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum What {
    /// Scenario files.
    Scenario,
    /// Rules files of operators.
    CustomController,
    /// What `-o json` writes.
    Report,
    /// Settings, in kubound.toml.
    Settings,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments, command: &clap::Command) -> Result<Exit, Failure> {
    let schema = match arguments.what {
        What::Scenario => manifest::scenario_schema(),
        What::CustomController => manifest::custom_controller_schema(),
        What::Report => report::schema::report(),
        What::Settings => settings::schema(command),
    };
    let text = output::worded(serde_json::to_string_pretty(&schema))?;
    output::print(&(text + "\n"))?;
    Ok(Exit::Fine)
}
