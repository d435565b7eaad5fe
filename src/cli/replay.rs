//! `kubound replay`: steps through a saved run on the cluster as it is now.

use super::exit::Exit;
use super::{Failure, check, input, output};
use crate::report::saved::SavedTrace;
use crate::report::text::neutralise;
use anyhow::{Context, anyhow};
use clap::Args;
use kubound_encodings::assemble::Granularity;
use kubound_encodings::cluster::Timing;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Flags of `replay`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// File written by `kubound verify --save`
    #[arg(value_name = "TRACE")]
    trace: PathBuf,
    /// Files and folders of the manifests that it was found in
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Most bytes of a saved run.
const MOST_BYTES: u64 = 64 << 20;

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let saved = read(&arguments.trace)?;
    let mut loaded = input::load(&arguments.paths)?;
    loaded.cluster.timing = if saved.timing == "interleaved" { Timing::Interleaved } else { Timing::Paced };
    let system = check::systems(&loaded.cluster, Granularity::Fine)?.fine;
    let is_asked = |property: &kubound_encodings::system::Property| {
        property.intent == saved.intent && property.target == saved.target
    };
    let property = system.properties.iter().position(is_asked).ok_or_else(|| {
        let target = saved.target.as_ref().map_or(String::new(), |target| format!(" of {target}"));
        Failure::Usage(anyhow!("these manifests have no intent {}{target}, which the run violates", saved.intent))
    })?;
    let mut text = String::new();
    let result = saved.replay(&system, property, |step| {
        let line = format!("step {:<4} {}  {}  {}", step.number, step.actor, step.reason, step.text);
        let _ = writeln!(text, "{}", neutralise(&line));
    });
    output::print(&text)?;
    match result {
        Ok(_) => {
            let end = match saved.repeats {
                Some((first, last)) => format!("steps {first} to {last} repeat for ever"),
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

fn read(path: &std::path::Path) -> Result<SavedTrace, Failure> {
    let place = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {place}")).map_err(Failure::Usage)?.len();
    if size > MOST_BYTES {
        return Err(Failure::Usage(anyhow!("{place} has {size} bytes; a saved run has at most {MOST_BYTES}")));
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
