//! `kubound list`: what can be asked for, from the registries of the encodings.

use super::args::engine_values;
use super::exit::Exit;
use super::{Failure, output};
use crate::explain;
use crate::report::formats::REGISTRY;
use clap::{Args, ValueEnum};
use kubound_encodings::{controllers, events, intents};
use std::fmt::Write as _;

/// Flags of `list`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// What to list
    #[arg(value_enum)]
    what: What,
    /// Tell also what controllers watch, read live, and forget when they are restarted
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum What {
    /// Who acts by itself.
    Controllers,
    /// What users and machines may do.
    Events,
    /// What shall hold.
    Intents,
    /// How questions are decided.
    Engines,
    /// What `kubound explain` explains.
    Ids,
    /// How reports are written.
    Formats,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let entries = entries(arguments.what);
    let width = entries.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, meaning) in entries {
        let _ = writeln!(text, "{name:<width$}  {meaning}");
    }
    if arguments.verbose && arguments.what == What::Controllers {
        text.push_str(&footprints());
    }
    output::print(&text)?;
    Ok(Exit::Fine)
}

/// What the real controllers watch, read live and forget.
fn footprints() -> String {
    let mut text = String::new();
    for controller in controllers::REGISTRY {
        let footprint = controller.footprint();
        let _ = write!(text, "\n{}\n", controller.name());
        let parts =
            [("watches", footprint.watches), ("reads live", footprint.reads_live), ("forgets", footprint.forgets)];
        for (what, list) in parts.into_iter().filter(|(_, list)| !list.is_empty()) {
            let _ = writeln!(text, "  {what:<10}  {}", list.join(", "));
        }
    }
    text
}

/// Names and meanings.
fn entries(what: What) -> Vec<(String, String)> {
    let named = |names: &[&str], summary: &str| (names.join(", "), summary.to_owned());
    match what {
        What::Controllers => controllers::REGISTRY.iter().map(|one| named(&[one.name()], one.summary())).collect(),
        What::Events => events::REGISTRY.iter().map(|one| named(one.names(), one.summary())).collect(),
        What::Intents => intents::REGISTRY.iter().map(|one| named(one.names(), one.summary())).collect(),
        What::Ids => explain::entries().iter().map(|entry| named(&[entry.id], entry.summary)).collect(),
        What::Formats => REGISTRY.iter().map(|format| named(&[format.name], format.summary)).collect(),
        What::Engines => engine_values()
            .into_iter()
            .map(|value| {
                let help = value.get_help().map(ToString::to_string).unwrap_or_default();
                named(&[value.get_name()], help.trim_end_matches('.'))
            })
            .collect(),
    }
}
