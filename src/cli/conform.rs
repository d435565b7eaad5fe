//! `kubound conform`: whether the model can do what a real cluster was recorded doing.

use super::args::Form;
use super::exit::Exit;
use super::{Failure, check, output};
use crate::conform::actions::actions;
use crate::conform::events::{self, instant};
use crate::conform::search::{Bounds, SearchError};
use crate::conform::{Conformance, conform};
use crate::limits::files::MOST_RECORDING;
use crate::limits::report::MOST_MISMATCHES;
use crate::manifest;
use crate::report::human;
use crate::text::{neutralise, plural};
use anyhow::{Context, anyhow};
use clap::Args;
use itertools::Itertools;
use kubound_encodings::cluster::{Granularity, Timing};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// Flags of `conform`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Recorded events: kubectl get events -A -o json, or one event a line
    #[arg(value_name = "EVENTS")]
    events: PathBuf,
    /// Scenario and manifests of the cluster [default: the folder of EVENTS]
    #[arg(long, value_name = "FILE|FOLDER")]
    scenario: Vec<PathBuf>,
    /// Leave out events before this time, e.g. 2024-01-13T21:46:17Z
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since: Option<i64>,
    /// Leave out events after this time
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<i64>,
    /// How late an event may be stamped
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=60))]
    slack: u16,
    /// Most states explored between two recorded instants
    #[arg(long, value_name = "N", default_value_t = Bounds::default().states)]
    states: usize,
    /// Print the run that follows the recording
    #[arg(short, long)]
    verbose: bool,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Form,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut events = read(arguments)?;
    let here = arguments.events.parent().filter(|folder| !folder.as_os_str().is_empty());
    let here = here.map_or_else(|| PathBuf::from("."), PathBuf::from);
    let paths = if arguments.scenario.is_empty() { vec![here] } else { arguments.scenario.clone() };
    let mut loaded = manifest::load(&paths, None).context("cannot read the scenario").map_err(Failure::Usage)?;
    // Nobody waits for a real cluster to come to rest.
    loaded.cluster.timing = Timing::Interleaved;
    let system = check::systems(&loaded.cluster, Granularity::Fine)?.fine;
    let all = events.len();
    events.retain(|event| {
        arguments.since.is_none_or(|since| event.first >= since)
            && arguments.until.is_none_or(|until| event.first <= until)
    });
    let mut recording = actions(&loaded.cluster, &events, i64::from(arguments.slack));
    if events.len() < all {
        recording.left_out.insert("outside --since and --until".into(), all - events.len());
    }
    let bounds = Bounds { states: arguments.states, ..Bounds::default() };
    let answer = conform(&loaded.cluster, &system, &events, &recording, bounds).map_err(|error| match error {
        SearchError::Engine(_) => Failure::Internal(error.into()),
        SearchError::TooLarge(_) => Failure::Usage(error.into()),
    })?;
    let told_to = human::Options { paint: output::paint(), verbose: arguments.verbose, ..human::Options::plain() };
    let notes = human::told_notes(&loaded.notes, &told_to);
    match arguments.output {
        Form::Human => output::print(&(told(&answer, all, arguments.verbose) + &notes))?,
        Form::Json => {
            let text = output::worded(serde_json::to_string_pretty(&answer))?;
            output::print(&(text + "\n"))?;
            // Standard output is for programs here.
            let _ = std::io::stderr().write_all(notes.as_bytes());
        }
    }
    Ok(exit(&answer))
}

fn exit(answer: &Conformance) -> Exit {
    match (answer.recorded, answer.mismatches.is_empty(), answer.limited) {
        (0, _, _) => Exit::NothingChecked,
        (_, true, _) => Exit::Fine,
        (_, false, true) => Exit::Undecided,
        (_, false, false) => Exit::Violated,
    }
}

fn read(arguments: &Arguments) -> Result<Vec<events::Event>, Failure> {
    let place = arguments.events.display();
    let read = || -> anyhow::Result<Vec<events::Event>> {
        let size = std::fs::metadata(&arguments.events)?.len();
        if size > MOST_RECORDING {
            return Err(anyhow!("has {size} bytes; a recording has at most {MOST_RECORDING}"));
        }
        Ok(events::read(&std::fs::read_to_string(&arguments.events)?)?)
    };
    read().with_context(|| format!("cannot read {place}")).map_err(Failure::Usage)
}

fn told(answer: &Conformance, events: usize, verbose: bool) -> String {
    let mut text = String::new();
    let mut line = |what: String| {
        let _ = writeln!(text, "{}", neutralise(&what));
    };
    if verbose {
        for step in &answer.run {
            line(format!("{}  {}  {}", step.actor, step.reason, step.text));
            step.performs.iter().for_each(|event| line(format!("    = {event}")));
        }
    }
    let shown = if verbose { answer.mismatches.len() } else { MOST_MISMATCHES };
    for (index, mismatch) in answer.mismatches.iter().take(shown).enumerate() {
        line(format!("{} only: {}", mismatch.side, mismatch.what));
        if index == 0 || verbose {
            mismatch.why.iter().for_each(|why| line(format!("    {why}")));
        }
    }
    if answer.mismatches.len() > shown {
        line(format!("... and {} more; -v shows them", answer.mismatches.len() - shown));
    }
    if answer.recorded == 0 {
        line("no recorded event is an action of a workload or node of the scenario".into());
    }
    if !answer.nodes.is_empty() {
        line(format!("nodes: {}", answer.nodes.iter().map(|(node, slot)| format!("{node} = {slot}")).join(", ")));
    }
    line(format!(
        "{}, of which {} recorded: {} of them performed by the model in this order",
        plural(events as i64, "event"),
        plural(answer.recorded as i64, "action"),
        answer.recorded_matched
    ));
    line(format!(
        "{} of the model's run: {} of them recorded",
        plural(answer.modelled as i64, "action"),
        answer.modelled_matched
    ));
    let bound = if answer.limited && !answer.mismatches.is_empty() { "at least " } else { "" };
    line(format!("matching rate {bound}{:.1} %", answer.rate));
    for (why, count) in &answer.left_out {
        line(format!("left out: {count} x {why}"));
    }
    text
}
