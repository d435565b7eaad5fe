//! `kubound list`: what can be asked for.
//!
//! Intents and events are those that scenario files can name; controllers join here once the encodings have a
//! registry of them.

use super::exit::Exit;
use super::{Failure, output};
use clap::{Args, ValueEnum};
use std::fmt::Write as _;

/// Flags of `list`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// What to list
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum What {
    /// What shall hold.
    Intents,
    /// What users and machines may do.
    Events,
    /// How questions are decided.
    Engines,
}

type Entry = (&'static str, &'static str);

const INTENTS: &[Entry] = &[
    ("noOscillation", "no fair loop without external events in which the cluster changes"),
    ("noOvershoot", "desired replicas never rise and then fall with no event in between"),
    ("schedulable", "no workload has a pending pod for ever"),
    ("replicas", "ready pods on ready nodes stay within limits"),
    ("spread", "the skew of ready pods over the domains of a topology key stays small"),
    ("available", "ready pods stay above a minimum through voluntary actions"),
    ("converges", "eventually everything is as desired and stays so"),
    ("boundedPods", "pod objects of a workload, failed ones included, stay few"),
    ("noNodePanicLoop", "no fair loop in which nodes stop and come back"),
    ("placement", "pods are only on nodes of the given pools"),
];

const EVENTS: &[Entry] = &[
    ("cpuChange", "the CPU usage of each pod of a workload becomes another"),
    ("nodeFailure", "a node stops, and may come back"),
    ("maintenance", "nodes are drained and put back, a few at a time"),
    ("drain", "kubectl drain: cordon, then evict until nothing is left"),
    ("cordon", "spec.unschedulable is set"),
    ("uncordon", "spec.unschedulable is cleared"),
    ("apply", "a manifest is applied, client-side or server-side"),
    ("scale", "kubectl scale"),
    ("createDeployment", "a workload is created"),
    ("kernelPanic", "an assumption: nodes with hardly any free CPU stop, and come back when they have some"),
];

const ENGINES: &[Entry] = &[
    ("portfolio", "explicit beside symbolic; the first sound answer wins (default)"),
    ("explicit", "walks all states; decides every depth, for what it can enumerate"),
    ("bmc", "bounded model checking with a solver, for intents that are invariants"),
    ("lasso", "bounded search for fair loops with a solver, for the other intents"),
    ("symbolic", "bmc or lasso, as the intent needs"),
];

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let entries = match arguments.what {
        What::Intents => INTENTS,
        What::Events => EVENTS,
        What::Engines => ENGINES,
    };
    let width = entries.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, meaning) in entries {
        let _ = writeln!(text, "{name:<width$}  {meaning}");
    }
    output::print(&text)?;
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::EngineArg;

    #[test]
    fn every_engine_of_the_command_line_is_listed() {
        let listed: Vec<String> = ENGINES.iter().map(|(name, _)| (*name).to_owned()).collect();
        let known: Vec<String> = EngineArg::value_variants()
            .iter()
            .filter_map(|engine| engine.to_possible_value())
            .map(|value| value.get_name().to_owned())
            .collect();
        assert_eq!(listed, known);
    }
}
