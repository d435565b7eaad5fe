//! `kubound replay`: steps through a saved run on the cluster as it is now.

mod interactive;

use super::exit::Exit;
use super::{Failure, check, input, output};
use crate::limits::files::MOST_RUN;
use crate::manifest::{Loaded, objects_of};
use crate::report::human::{self, Film};
use crate::report::narrate::{ToldStep, tell};
use crate::report::saved::{SavedFault, SavedTrace};
use crate::report::scene::{Picture, Stage};
use crate::report::states::Decoder;
use crate::reproduce::{self, Tool};
use crate::search::Systems;
use crate::text::{neutralise, plural};
use crate::trace::Trace;
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use kubound_encodings::cluster::{Granularity, Timing};
use kubound_encodings::system::TransitionSystem;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Flags of `replay`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// File written by `kubound verify --save`
    #[arg(value_name = "TRACE")]
    trace: PathBuf,
    /// Files and folders of the manifests that it was found in
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Replay although the manifests are not those that the run was found in
    #[arg(long)]
    despite_changes: bool,
    /// Show only this step, or these, such as 7, 7..9 or 7..; 0 is the start
    #[arg(long, value_name = "STEPS", value_parser = Steps::of, conflicts_with_all = ["interactive", "script"])]
    step: Option<Steps>,
    /// Show a step at a time: Enter goes on, b back, g N to step N, q ends
    #[arg(long, conflicts_with = "script")]
    interactive: bool,
    /// Show every step by itself, with the scores behind it
    #[arg(long, short)]
    verbose: bool,
    /// Write a script that follows the run on a real cluster made by kind or KWOK
    #[arg(long, value_enum, value_name = "TOOL")]
    script: Option<ToolArg>,
    /// Folder of the script, which must not be there yet
    #[arg(long, value_name = "FOLDER", default_value = "reproduction", requires = "script")]
    into: PathBuf,
    /// Let the script apply other manifests, and look whether the failure stays away
    #[arg(long, value_name = "PATH", requires = "script")]
    instead: Vec<PathBuf>,
}

/// `--script`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ToolArg {
    /// Nodes as containers, with real kubelets.
    Kind,
    /// Nodes that only say that they run pods.
    Kwok,
}

/// `--step`: from one step to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Steps {
    first: usize,
    /// None: the last of the run.
    last: Option<usize>,
}

impl Steps {
    fn of(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no step and no range of steps; write 7, 7..9 or 7..");
        let number = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        let (first, last) = match text.split_once("..") {
            None => (number(text)?, Some(number(text)?)),
            Some((first, "")) => (number(first)?, None),
            Some(("", last)) => (0, Some(number(last)?)),
            Some((first, last)) => (number(first)?, Some(number(last)?)),
        };
        if last.is_some_and(|last| last < first) { Err(wrong()) } else { Ok(Self { first, last }) }
    }

    /// Those of a run with so many.
    fn within(self, all: usize) -> Result<RangeInclusive<usize>, Failure> {
        let last = self.last.unwrap_or(all);
        if self.first > all || last > all {
            return Err(Failure::Usage(anyhow!(
                "--step: the run has {}, and 0 is the start",
                plural(all as i64, "step")
            )));
        }
        Ok(self.first..=last)
    }
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let saved = read(&arguments.trace)?;
    let mut loaded = input::load(&arguments.paths)?;
    compare_digests(&saved, &loaded, arguments.despite_changes)?;
    loaded.cluster.timing = match saved.timing.as_str() {
        "interleaved" => Timing::Interleaved,
        "delayed" => Timing::Delayed,
        _ => Timing::Paced,
    };
    if !saved.faults.is_empty() {
        loaded.cluster.faults = saved.faults.iter().filter_map(SavedFault::fault).collect();
    }
    let systems = check::systems_with_intents(&loaded.cluster, Granularity::Fine)?;
    let system = &systems.fine;
    let property = saved.property(system).ok_or_else(|| {
        let target = saved.target.as_ref().map_or(String::new(), |target| format!(" of {target}"));
        Failure::Usage(anyhow!("these manifests have no intent {}{target}, which the run violates", saved.intent))
    })?;
    let intent = &saved.intent;
    let lost = |error| Failure::Refuted(anyhow!("this is no run of these manifests that violates {intent}: {error}"));
    let (trace, fault) = saved.replay(system, property).map_err(lost)?;
    if let Some(tool) = arguments.script.filter(|_| fault.is_none()) {
        let others = match arguments.instead.as_slice() {
            [] => None,
            paths => Some(input::load(paths)?),
        };
        return write_script(&saved, (&loaded, others.as_ref()), (system, &trace), tool, &arguments.into);
    }
    show(arguments, (&loaded, &systems), &trace, saved.repeats.filter(|_| fault.is_none()))?;
    if let Some(fault) = fault {
        return Err(lost(fault));
    }
    let end = match saved.repeats {
        Some((first, last)) => format!("steps {first} to {last} repeat forever"),
        None => "the last state is reached".to_owned(),
    };
    output::print(&format!("every step is allowed; {end}; {} is violated\n", neutralise(intent)))?;
    Ok(Exit::Fine)
}

/// Shows a run, with the cluster after each step.
fn show(
    arguments: &Arguments,
    of: (&Loaded, &Systems),
    trace: &Trace,
    repeats: Option<(usize, usize)>,
) -> Result<(), Failure> {
    let (steps, pictures) = filmed(of, trace);
    let film = Film { steps: &steps, repeats, pictures: &pictures };
    let options = human::Options { paint: output::paint(), verbose: arguments.verbose, ..human::Options::plain() };
    if arguments.interactive {
        return interactive::step_through(&film, &options, &mut std::io::stdin().lock(), &mut output::print);
    }
    output::print(&match arguments.step {
        Some(wanted) => film.some(wanted.within(steps.len())?, &options),
        None => film.whole(&options),
    })
}

/// The steps of a run in words, and the cluster in each of its states; where that is not known, it says why.
pub fn filmed((loaded, systems): (&Loaded, &Systems), trace: &Trace) -> (Vec<ToldStep>, Vec<Picture>) {
    let mut steps = tell(&systems.fine, trace);
    let decoder = Decoder::new(&loaded.cluster, &systems.fine, &trace.initial);
    decoder.complete(&mut steps, trace, &loaded.sources);
    let stage = Stage { systems, sources: &loaded.sources };
    let pictures = stage.film(trace).unwrap_or_else(|| Err("its states are others".to_owned()));
    let pictures = pictures.unwrap_or_else(|why| {
        log::error!("the cluster at each step is not known: {why}");
        Vec::new()
    });
    (steps, pictures)
}

/// Refuses a run that was found in other manifests.
fn compare_digests(saved: &SavedTrace, loaded: &Loaded, is_allowed: bool) -> Result<(), Failure> {
    let Some(then) = saved.manifests.as_ref().filter(|_| !is_allowed) else { return Ok(()) };
    let now = loaded.digest().context("cannot read the input again").map_err(Failure::Usage)?;
    if now == *then {
        return Ok(());
    }
    let then = neutralise(then);
    let help = "help: verify them again with --save, or replay with --despite-changes";
    Err(Failure::Usage(anyhow!("the run was found in other manifests (digest {then}; these have {now})\n{help}")))
}

fn write_script(
    saved: &SavedTrace,
    (loaded, others): (&Loaded, Option<&Loaded>),
    (system, trace): (&TransitionSystem, &Trace),
    tool: ToolArg,
    folder: &Path,
) -> Result<Exit, Failure> {
    if folder.exists() {
        return Err(Failure::Usage(anyhow!("{} is there already; name another folder with --into", folder.display())));
    }
    let source = others.unwrap_or(loaded);
    if !loaded.has_manifests() || !source.has_manifests() {
        return Err(Failure::Usage(anyhow!("no script can be made of this run: its input has no manifests to apply")));
    }
    let objects = source.objects().context("cannot read the input again").map_err(Failure::Usage)?;
    let mut applied = BTreeMap::new();
    for event in &source.cluster.events {
        if let Some(file) = source.event_file(event) {
            let found = objects_of(&file).context("cannot read the input again").map_err(Failure::Usage)?;
            applied.insert(event.id.clone(), found);
        }
    }
    let are_others = others.is_some();
    let manifests = reproduce::Manifests { cluster: &source.cluster, objects: &objects, applied: &applied, are_others };
    let (name, intent, cluster) = (&saved.name, &saved.intent, &loaded.cluster);
    let input = reproduce::Input { name, cluster, system, trace, intent, manifests };
    let tool = match tool {
        ToolArg::Kind => Tool::Kind,
        ToolArg::Kwok => Tool::Kwok,
    };
    let files = reproduce::files(&input, tool).context("no script can be made of this run").map_err(Failure::Usage)?;
    for file in &files {
        let path = folder.join(&file.path);
        write_file(&path, &file.text, file.is_program)
            .with_context(|| format!("cannot write {}", path.display()))
            .map_err(Failure::Usage)?;
    }
    output::print(&format!(
        "{} in {}; begin with {}\n",
        plural(files.len() as i64, "file"),
        folder.display(),
        folder.join("run.sh").display()
    ))?;
    Ok(Exit::Fine)
}

fn write_file(path: &Path, text: &str, is_program: bool) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, text)?;
    #[cfg(unix)]
    if is_program {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn read(path: &std::path::Path) -> Result<SavedTrace, Failure> {
    let place = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {place}")).map_err(Failure::Usage)?.len();
    if size > MOST_RUN {
        return Err(Failure::Usage(anyhow!("{place} has {size} bytes; a saved run has at most {MOST_RUN}")));
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {place}")).map_err(Failure::Usage)?;
    let saved: SavedTrace = serde_json::from_str(&text)
        .with_context(|| format!("{place} is no saved run; write one with: kubound verify PATH --save FOLDER"))
        .map_err(Failure::Usage)?;
    if saved.api_version != crate::report::API_VERSION || saved.kind != "Trace" {
        let (version, kind) = (neutralise(&saved.api_version), neutralise(&saved.kind));
        let expected = crate::report::API_VERSION;
        return Err(Failure::Usage(anyhow!("{place} is {version} {kind}, not {expected} Trace")));
    }
    Ok(saved)
}
