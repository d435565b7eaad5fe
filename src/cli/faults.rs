//! `kubound faults`: which fault of which controller breaks which intent, one site after the other.

use super::args::{FaultArgs, Form, SearchArgs};
use super::completions::values;
use super::exit::Exit;
use super::{Failure, check, input, interrupt, output, progress};
use crate::engines::Cancel;
use crate::limits::reader::MOST_FAULTS;
use crate::manifest::Loaded;
use crate::search::{Findings, IntentResult, Options, Verdict};
use crate::text::{neutralise, plural};
use anyhow::anyhow;
use clap::Args;
use clap::builder::RangedI64ValueParser;
use itertools::Itertools;
use kubound_encodings::cluster::fault::Fault;
use kubound_encodings::cluster::{FaultKind, Granularity};
use kubound_encodings::controllers::{Controller, REGISTRY};
use serde::{Serialize, Serializer};
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
    #[arg(long, value_name = "ID", add = values::intents(), help_heading = "Search")]
    intent: Vec<String>,
    #[command(flatten)]
    search: SearchArgs,
    /// Form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Form,
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
    #[serde(serialize_with = "name_of")]
    fault: Option<FaultKind>,
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

/// The name of a kind, as reports have it.
fn name_of<S: Serializer>(kind: &Option<FaultKind>, serializer: S) -> Result<S::Ok, S::Error> {
    kind.map(FaultKind::name).serialize(serializer)
}

/// Runs the subcommand. Exit code 1 says that some fault, or none, violates an intent.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.search.check()?;
    if let Some((kind, _)) = arguments.search.model.faults.times().next() {
        let flag = FaultArgs::flag(kind);
        let help = "help: `kubound faults` tries each kind by itself, up to --most N; leave the flag out";
        return Err(Failure::Usage(anyhow!("--{flag} is not heeded here\n{help}")));
    }
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
            let site = Site { fault: Some(kind), controller, times: 0, cells: Vec::new(), no_site: Some(why) };
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
    let mut acting: Vec<&dyn Controller> =
        REGISTRY.iter().copied().filter(|one| plain.rules.iter().any(|rule| rule.actor == one.name())).collect();
    let mut places = Vec::new();
    // Crashes come first.
    for kind in FaultKind::ALL {
        let sites = sites(loaded, kind)?;
        if kind == FaultKind::Crash {
            // Operators act under names of their own; that they forget something in a restart tells that they are there.
            let is_new = |one: &&dyn Controller| {
                let process = one.footprint().runs_in;
                sites.contains(&process) && !acting.iter().any(|other| other.footprint().runs_in == process)
            };
            let operators: Vec<&dyn Controller> = REGISTRY.iter().copied().filter(is_new).collect();
            acting.extend(operators);
        }
        let names = acting.iter().map(|one| place_of(kind, *one));
        for name in names.sorted().dedup() {
            let own = acting.iter().filter(|one| place_of(kind, **one) == name);
            let watches_pods = own.into_iter().any(|one| one.footprint().watches_pods());
            let no_site = (!sites.contains(&name)).then(|| no_site(kind, watches_pods));
            places.push((kind, name.to_owned(), no_site));
        }
    }
    Ok(places)
}

/// To what of a controller a kind of fault happens: to its process, or to itself.
fn place_of(kind: FaultKind, controller: &dyn Controller) -> &'static str {
    if kind == FaultKind::Crash { controller.footprint().runs_in } else { controller.name() }
}

/// The controllers or processes to which a kind of fault can happen.
fn sites(loaded: &Loaded, kind: FaultKind) -> Result<Vec<&'static str>, Failure> {
    let system = check::systems(&with(loaded, kind, Vec::new(), 1).cluster, Granularity::Fine)?.fine;
    let happening = system.rules.iter().filter(|rule| rule.fault.is_some_and(|mark| mark.happens));
    let actors: Vec<&str> = happening.map(|rule| rule.actor.as_str()).collect();
    // A restart is an act of the process, a sync that is cut off one of the controller.
    let acts = |one: &&&dyn Controller| [one.name(), one.footprint().runs_in].iter().any(|name| actors.contains(name));
    Ok(REGISTRY.iter().filter(acts).map(|one| place_of(kind, *one)).collect())
}

/// Why a fault has no site.
fn no_site(kind: FaultKind, watches_pods: bool) -> &'static str {
    match kind {
        FaultKind::Crash => "nothing that the model has is kept in memory only, and no sync has several requests",
        FaultKind::Stale | FaultKind::Stall if watches_pods => "not modelled: what it does on pods that it sees late",
        FaultKind::Stale | FaultKind::Stall => "it watches no pods",
        FaultKind::Conflict => "no sync has several requests: one that is refused is only late",
        FaultKind::ApiFault => "no sync has several requests or remembers an answer: one that is lost is only late",
    }
}

/// The input with a fault.
fn with(loaded: &Loaded, kind: FaultKind, controllers: Vec<String>, times: i64) -> Loaded {
    let mut one = loaded.clone();
    one.cluster.faults = vec![Fault::new(kind, controllers, times)];
    one
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
        let faulty = with(loaded, kind, vec![controller.to_owned()], times);
        let site = decide(&faulty, Some((kind, controller)), times, arguments, (left, cancel))?;
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
        fault: place.map(|(kind, _)| kind),
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
    let mut text = format!("{:<9}  {}\n", site.fault.map_or("none", FaultKind::name), neutralise(&site.controller));
    for (answer, cells) in &site.cells.iter().sorted_by_key(|cell| cell.faults.is_none()).chunk_by(|cell| what(cell)) {
        let _ = writeln!(text, "    {answer}: {}", neutralise(&cells.map(name).join(", ")));
    }
    text
}

/// Where there is no site, and what that comes to.
fn ending(sites: &[Site]) -> String {
    let mut text = String::new();
    for ((kind, why), sites) in
        &sites.iter().filter_map(|site| Some(((site.fault?, site.no_site?), site))).chunk_by(|(key, _)| *key)
    {
        let names = sites.map(|(_, site)| site.controller.as_str()).join(", ");
        let _ = writeln!(text, "{:<9}  no site at {names}: {why}", kind.name());
    }
    let tried: Vec<&Site> = sites.iter().filter(|site| site.fault.is_some() && site.no_site.is_none()).collect();
    let broken = tried.iter().filter(|site| site.cells.iter().any(|cell| cell.faults.is_some_and(|times| times > 0)));
    let _ = writeln!(text, "{}, {} of them with a violation", plural(tried.len() as i64, "site"), broken.count());
    let broken = |site: &&Site| Some((site.fault?, site.cells.iter().filter_map(|cell| cell.faults).max()?));
    if let Some((kind, times)) = tried.iter().find_map(broken) {
        let _ = writeln!(text, "see a run: kubound verify PATH --{} {times}", FaultArgs::flag(kind));
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
