//! `kubound simulate`: seeded random runs, to see what a cluster does and what never happens in it.

use super::exit::Exit;
use super::replay::filmed;
use super::{Failure, check, input, output};
use crate::manifest::Loaded;
use crate::report::human::{self, Film};
use crate::search::Systems;
use crate::text::{neutralise, plural};
use crate::trace::simulate::{self, Simulation};
use anyhow::anyhow;
use clap::Args;
use indexmap::IndexMap;
use itertools::Itertools;
use kubound_encodings::cluster::Granularity;
use kubound_encodings::system::TransitionSystem;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Flags of `simulate`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Files and folders of manifests
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Number of runs
    #[arg(long, value_name = "N", default_value_t = 10)]
    runs: usize,
    /// Most steps of a run
    #[arg(long, value_name = "N", default_value_t = 100)]
    steps: usize,
    /// Start of the random numbers; the same seed gives the same runs
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Show the steps of every run, with the cluster after each
    #[arg(short, long)]
    verbose: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let loaded = input::load(&arguments.paths)?;
    let systems = check::systems_with_intents(&loaded.cluster, Granularity::Fine)?;
    let system = &systems.fine;
    let mut random = fastrand::Rng::with_seed(arguments.seed);
    let mut fired: IndexMap<&str, usize> = system.rules.iter().map(|rule| (rule.name.as_str(), 0)).collect();
    let mut is_violated = false;
    for number in 1..=arguments.runs {
        let initial = simulate::initial(system, &mut random).ok_or_else(|| {
            Failure::Usage(anyhow!("no initial state was found by trying; narrow the ranges, or loosen `assume`"))
        })?;
        let simulation = simulate::run(system, initial, arguments.steps, &mut random)
            .map_err(|what| Failure::Internal(anyhow!("the model is faulty: {what}")))?;
        for step in &simulation.trace.steps {
            *fired.entry(system.rule(&step.rule).map_or("", |rule| rule.name.as_str())).or_default() += 1;
        }
        is_violated |= !simulation.violated.is_empty();
        output::print(&told((&loaded, &systems), number, &simulation, arguments.verbose))?;
    }
    output::print(&coverage(system, &fired))?;
    Ok(if is_violated { Exit::Violated } else { Exit::Fine })
}

fn told(of: (&Loaded, &Systems), number: usize, simulation: &Simulation, verbose: bool) -> String {
    let mut text = String::new();
    let end = if simulation.is_over { "nothing is left to do" } else { "stopped" };
    let length = plural(simulation.trace.steps.len() as i64, "step");
    let _ = writeln!(text, "run {number}: {length}, {end}");
    if verbose {
        let (steps, pictures) = filmed(of, &simulation.trace);
        let film = Film { steps: &steps, repeats: None, pictures: &pictures };
        text += &film.whole(&human::Options { paint: output::paint(), ..human::Options::plain() });
    }
    for &(property, steps) in &simulation.violated {
        let intent = &of.1.fine.properties[property].intent;
        let _ = writeln!(text, "  {} is violated after {}", neutralise(intent), plural(steps as i64, "step"));
    }
    text
}

/// How often each actor did what, and what never happened.
fn coverage(system: &TransitionSystem, fired: &IndexMap<&str, usize>) -> String {
    let mut counts: IndexMap<(&str, &str), usize> = IndexMap::new();
    for rule in &system.rules {
        *counts.entry((rule.actor.as_str(), rule.reason)).or_default() += fired.get(rule.name.as_str()).unwrap_or(&0);
    }
    let mut text = String::from("happened:\n");
    for ((actor, reason), count) in counts.iter().filter(|(_, count)| **count > 0) {
        let _ = writeln!(text, "  {count:>6}  {} {reason}", neutralise(actor));
    }
    let never = counts.iter().filter(|(_, count)| **count == 0);
    let never = never.map(|((actor, reason), _)| format!("{actor} {reason}")).join(", ");
    if !never.is_empty() {
        let _ = writeln!(text, "never: {}", neutralise(&never));
    }
    text.push_str("Loops are not judged here; `kubound verify` does.\n");
    text
}
