//! `kubound replay`: steps through a saved run on the cluster as it is now.

use super::exit::Exit;
use super::{Failure, check, input, output};
use crate::limits::files::MOST_RUN;
use crate::manifest::{Loaded, objects_of};
use crate::report::saved::{SavedFault, SavedTrace};
use crate::reproduce::{self, Tool};
use crate::text::neutralise;
use crate::trace::Trace;
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use kubound_encodings::cluster::{Granularity, Timing};
use kubound_encodings::system::TransitionSystem;
use std::collections::BTreeMap;
use std::fmt::Write as _;
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
    let system = check::systems_with_intents(&loaded.cluster, Granularity::Fine)?.fine;
    let property = saved.property(&system).ok_or_else(|| {
        let target = saved.target.as_ref().map_or(String::new(), |target| format!(" of {target}"));
        Failure::Usage(anyhow!("these manifests have no intent {}{target}, which the run violates", saved.intent))
    })?;
    let mut text = String::new();
    let result = saved.replay(&system, property, |step| {
        let line = format!("step {:<4} {}  {}  {}", step.number, step.actor, step.reason, step.text);
        let _ = writeln!(text, "{}", neutralise(&line));
    });
    if arguments.script.is_none() || result.is_err() {
        output::print(&text)?;
    }
    match result {
        Ok(trace) => {
            if let Some(tool) = arguments.script {
                let others = match arguments.instead.as_slice() {
                    [] => None,
                    paths => Some(input::load(paths)?),
                };
                return write_script(&saved, (&loaded, others.as_ref()), (&system, &trace), tool, &arguments.into);
            }
            let end = match saved.repeats {
                Some((first, last)) => format!("steps {first} to {last} repeat forever"),
                None => "the last state is reached".to_owned(),
            };
            output::print(&format!("every step is allowed; {end}; {} is violated\n", neutralise(&saved.intent)))?;
            Ok(Exit::Fine)
        }
        Err(error) => {
            let lost = anyhow!("this is no run of these manifests that violates {}: {error}", saved.intent);
            Err(Failure::Refuted(lost))
        }
    }
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
        "{} files in {}; begin with {}\n",
        files.len(),
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
