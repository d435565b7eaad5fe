//! `kubound faults`: which fault of which controller breaks which intent, one site after the other.

use super::args::{ColorArg, SearchArgs};
use super::exit::Exit;
use super::{Failure, check, input, interrupt, output, progress};
use crate::engines::Cancel;
use crate::limits::reader::MOST_FAULTS;
use crate::manifest::Loaded;
use crate::search::{Findings, IntentResult, Options, Verdict};
use crate::text::{neutralise, plural};
use anyhow::anyhow;
use clap::builder::RangedI64ValueParser;
use clap::{Args, ValueEnum};
use itertools::Itertools;
use kubound_encodings::cluster::fault::Fault;
use kubound_encodings::cluster::{FaultKind, Granularity, Origin};
use kubound_encodings::controllers::{Controller, REGISTRY};
use kubound_encodings::system::TransitionSystem;
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Flags of `faults`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Files and folders of manifests and a scenario [default: this folder]
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Try up to N faults of a kind, fewer first
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = RangedI64ValueParser::<i64>::new().range(1..=MOST_FAULTS))]
    most: i64,
    /// Check only the intents of this id; may be repeated
    #[arg(long, value_name = "ID", help_heading = "Search")]
    intent: Vec<String>,
    #[command(flatten)]
    search: SearchArgs,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Form,
    /// When to colour; NO_COLOR is respected
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    color: ColorArg,
}

/// Forms of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Form {
    /// For people.
    Human,
    /// For machines.
    Json,
}

/// What is known of an intent at a site.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cell {
    /// Id of the intent.
    intent: String,
    /// Object that it speaks of.
    target: Option<String>,
    /// The word for the verdict.
    verdict: &'static str,
    /// The fewest faults that violate it, where some do.
    faults: Option<i64>,
}

/// A kind of fault at a controller or a process, with what it does to each intent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Site {
    /// The kind of fault; none: nothing goes wrong.
    fault: Option<&'static str>,
    /// The controller or process.
    controller: String,
    /// How many faults were tried.
    times: i64,
    /// One for each intent; empty where there is no site.
    cells: Vec<Cell>,
    /// Why there is no site, where there is none.
    #[serde(rename = "noSite", skip_serializing_if = "Option::is_none")]
    no_site: Option<&'static str>,
}

/// Runs the subcommand. Exit code 1 says that some fault, or none, violates an intent.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    output::choose_color(arguments.color);
    arguments.search.check()?;
    check::set_up(&arguments.search)?;
    let cancel = interrupt::install();
    let mut loaded = input::load(&arguments.paths)?;
    check::apply(&mut loaded, &arguments.search.model, &arguments.intent)?;
    loaded.cluster.faults.clear();
    let places = places(&loaded)?;
    let end = Instant::now() + arguments.search.options(&loaded).timeout;
    let mut sites = Vec::new();
    let open = places.iter().filter(|(_, _, no_site)| no_site.is_none()).count() + 1;
    let share = |done: usize| end.saturating_duration_since(Instant::now()) / u32::try_from(open - done).unwrap_or(1);
    let human = arguments.output == Form::Human;
    let mut tell = |site: Site| -> Result<(), Failure> {
        if human && site.no_site.is_none() {
            output::print(&line(&site))?;
        }
        sites.push(site);
        Ok(())
    };
    let none = decide(&loaded, None, 0, arguments, (share(0), &cancel))?;
    let mut done = 1;
    tell(none)?;
    for (kind, controller, no_site) in places {
        if let Some(why) = no_site {
            let site = Site { fault: Some(kind.name()), controller, times: 0, cells: Vec::new(), no_site: Some(why) };
            tell(site)?;
            continue;
        }
        tell(fewest(&loaded, (kind, &controller), arguments, (share(done), &cancel))?)?;
        done += 1;
    }
    match arguments.output {
        Form::Json => {
            let report = serde_json::json!({"kind": "FaultSites", "name": loaded.cluster.name, "sites": sites});
            output::print(&format!("{report:#}\n"))?;
        }
        Form::Human => output::print(&ending(&sites))?,
    }
    Ok(exit(&sites, cancel.is_cancelled()))
}

/// A kind of fault at a controller or process, with why there is no site, where there is none.
type Place = (FaultKind, String, Option<&'static str>);

/// Every kind of fault at every controller or process that acts in the cluster, with why there is no site.
fn places(loaded: &Loaded) -> Result<Vec<Place>, Failure> {
    let plain = check::systems(&loaded.cluster, Granularity::Fine)?.fine;
    let acts = |one: &&&dyn Controller| plain.rules.iter().any(|rule| rule.actor == one.name());
    let mut acting: Vec<&&dyn Controller> = REGISTRY.iter().filter(acts).collect();
    // Operators act under names of their own: whoever forgets something in a restart is there, too.
    for one in REGISTRY {
        let process = one.footprint().runs_in;
        let forgets = |crashing: &Loaded| Ok(happens(&check::systems(&crashing.cluster, Granularity::Fine)?.fine));
        let is_known = acting.iter().any(|other| other.footprint().runs_in == process);
        if !is_known && with(loaded, FaultKind::Crash, one.name(), 1, forgets)? {
            acting.push(one);
        }
    }
    let mut places = Vec::new();
    for kind in FaultKind::ALL {
        let names =
            acting.iter().map(|one| if kind == FaultKind::Crash { one.footprint().runs_in } else { one.name() });
        for name in names.sorted().dedup() {
            let own: Vec<&dyn Controller> = acting
                .iter()
                .map(|one| **one)
                .filter(|one| [one.name(), one.footprint().runs_in].contains(&name))
                .collect();
            let system = with(loaded, kind, name, 1, |one| Ok(check::systems(&one.cluster, Granularity::Fine)?.fine))?;
            places.push((kind, name.to_owned(), no_site(kind, &system, &own)));
        }
    }
    Ok(places)
}

/// Whether some rule of a system is a fault.
fn happens(system: &TransitionSystem) -> bool {
    system.rules.iter().any(|rule| rule.fault.is_some_and(|mark| mark.happens))
}

/// Why a fault has no site in a system that has it.
fn no_site(kind: FaultKind, system: &TransitionSystem, own: &[&dyn Controller]) -> Option<&'static str> {
    if happens(system) {
        return None;
    }
    let watches_pods = own.iter().any(|one| one.footprint().watches.contains(&"Pod"));
    Some(match kind {
        FaultKind::Crash => "nothing that the model has is kept in memory only, and no sync has several requests",
        FaultKind::Stale | FaultKind::Stall if watches_pods => "not modelled: what it does on pods that it sees late",
        FaultKind::Stale | FaultKind::Stall => "it watches no pods",
        FaultKind::Conflict => "no sync has several requests: one that is refused is only late",
        FaultKind::ApiFault => "no sync has several requests or remembers an answer: one that is lost is only late",
    })
}

/// Does something with the input that has a fault.
fn with<R>(
    loaded: &Loaded,
    kind: FaultKind,
    controller: &str,
    times: i64,
    act: impl FnOnce(&Loaded) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let mut one = loaded.clone();
    let origin = Origin { object: "Scenario".into(), field: "spec.faults".into() };
    one.cluster.faults = vec![Fault { kind, controllers: vec![controller.to_owned()], times, origin }];
    act(&one)
}

/// A site under one fault, then more, until every intent is violated.
fn fewest(
    loaded: &Loaded,
    (kind, controller): (FaultKind, &str),
    arguments: &Arguments,
    (time, cancel): (Duration, &Cancel),
) -> Result<Site, Failure> {
    let end = Instant::now() + time;
    let mut known: Option<Site> = None;
    for times in 1..=arguments.most {
        let left = end.saturating_duration_since(Instant::now());
        let site = with(loaded, kind, controller, times, |one| {
            decide(one, Some((kind, controller)), times, arguments, (left, cancel))
        })?;
        let merged = match known {
            None => site,
            Some(before) => {
                let cells = before.cells.iter().zip(site.cells);
                let cells = cells.map(|(old, new)| if old.faults.is_some() { old.clone() } else { new }).collect();
                Site { cells, times, ..before }
            }
        };
        let all = merged.cells.iter().all(|cell| cell.faults.is_some());
        known = Some(merged);
        if all || cancel.is_cancelled() {
            break;
        }
    }
    known.ok_or_else(|| Failure::Internal(anyhow!("no number of faults was tried")))
}

fn decide(
    loaded: &Loaded,
    place: Option<(FaultKind, &str)>,
    times: i64,
    arguments: &Arguments,
    (time, cancel): (Duration, &Cancel),
) -> Result<Site, Failure> {
    let options = Options { timeout: time, ..arguments.search.options(loaded) };
    let quiet = arguments.output != Form::Human;
    let findings: Findings = progress::with_progress(quiet, time, &|_| (), |observer| {
        check::searched(loaded, &options, cancel, observer)?.map_err(|fault| check::dumped(loaded, fault))
    })?;
    let cells = findings.results.iter().map(|result| cell(result, times)).collect();
    Ok(Site {
        fault: place.map(|(kind, _)| kind.name()),
        controller: place.map_or_else(|| "without faults".to_owned(), |(_, name)| name.to_owned()),
        times,
        cells,
        no_site: None,
    })
}

fn cell(result: &IntentResult, times: i64) -> Cell {
    let is_violated = matches!(result.verdict, Verdict::Violated(_) | Verdict::Race(_));
    Cell {
        intent: result.intent.clone(),
        target: result.target.clone(),
        verdict: result.verdict.word(),
        faults: is_violated.then_some(times),
    }
}

/// A site in a line: the intents by what becomes of them.
fn line(site: &Site) -> String {
    let what = |cell: &Cell| match cell.faults {
        Some(0) => "violated without faults".to_owned(),
        Some(times) => format!("{} by {}", cell.verdict, plural(times, "fault")),
        None => cell.verdict.to_owned(),
    };
    let name = |cell: &Cell| match &cell.target {
        Some(target) => format!("{} {target}", cell.intent),
        None => cell.intent.clone(),
    };
    let mut text = format!("{:<9}  {}\n", site.fault.unwrap_or("none"), neutralise(&site.controller));
    for (answer, cells) in &site.cells.iter().sorted_by_key(|cell| cell.faults.is_none()).chunk_by(|cell| what(cell)) {
        let _ = writeln!(text, "    {answer}: {}", neutralise(&cells.map(name).join(", ")));
    }
    text
}

/// Where there is no site, and what that comes to.
fn ending(sites: &[Site]) -> String {
    let mut text = String::new();
    for ((fault, why), sites) in
        &sites.iter().filter_map(|site| Some(((site.fault?, site.no_site?), site))).chunk_by(|(key, _)| *key)
    {
        let names = sites.map(|(_, site)| site.controller.as_str()).join(", ");
        let _ = writeln!(text, "{fault:<9}  no site at {names}: {why}");
    }
    let tried: Vec<&Site> = sites.iter().filter(|site| site.fault.is_some() && site.no_site.is_none()).collect();
    let broken = tried.iter().filter(|site| site.cells.iter().any(|cell| cell.faults.is_some_and(|times| times > 0)));
    let _ = writeln!(text, "{}, {} of them with a violation", plural(tried.len() as i64, "site"), broken.count());
    if let Some(site) = tried.iter().find(|site| site.cells.iter().any(|cell| cell.faults.is_some())) {
        let times = site.cells.iter().filter_map(|cell| cell.faults).max().unwrap_or(1);
        let flag = if site.fault == Some("apiFault") { "api-fault" } else { site.fault.unwrap_or_default() };
        let _ = writeln!(text, "see a run: kubound verify PATH --{flag} {times}");
    }
    text
}

fn exit(sites: &[Site], interrupted: bool) -> Exit {
    let cells = || sites.iter().flat_map(|site| &site.cells);
    if interrupted {
        Exit::Interrupted
    } else if cells().any(|cell| cell.faults.is_some()) {
        Exit::Violated
    } else if cells().any(|cell| cell.verdict == "unknown") {
        Exit::Undecided
    } else {
        Exit::Fine
    }
}
