//! `kubound export`: the question about one intent as text for other tools, or the rules of the model.

use super::args::ModelArgs;
use super::exit::Exit;
use super::{Failure, check, input, output};
use crate::engines::Limits;
use crate::engines::symbolic::query::query;
use crate::export::{btor2, rules, smt2};
use crate::limits::search::QUESTION_DEPTH;
use crate::search::Systems;
use crate::text::{neutralise_lines, plural};
use anyhow::anyhow;
use clap::{Args, ValueEnum};
use itertools::Itertools;
use kubound_encodings::system::Property;
use std::path::PathBuf;

/// Flags of `export`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Format to write to standard output
    #[arg(value_enum)]
    format: Format,
    /// Files and folders of manifests
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Export the question about this intent [default: the only one]
    #[arg(long, value_name = "ID", help_heading = "Search")]
    intent: Option<String>,
    #[command(flatten)]
    model: ModelArgs,
}

/// Formats of exports.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// SMT-LIB 2: runs of at most --depth steps (default 10); `sat` if one violates the intent.
    Smt2,
    /// BTOR2: the transition system; a bad state is a violation.
    Btor2,
    /// The rules of the model as text: who acts, on whom, what is picked and written. No question is asked.
    Rules,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let unbounded = match arguments.format {
        Format::Smt2 => None,
        Format::Btor2 => {
            Some(("btor2", "BTOR2 files hold runs of any number of steps; the tool that reads them takes the bound"))
        }
        Format::Rules => Some(("rules", "rules are the same at every depth")),
    };
    if let (Some((format, why)), true) = (unbounded, arguments.model.depth.is_some()) {
        return Err(Failure::Usage(anyhow!("--depth means nothing to {format}: {why}\nhelp: leave out --depth")));
    }
    let mut loaded = input::load(&arguments.paths)?;
    let intents: Vec<String> = arguments.intent.iter().cloned().collect();
    check::apply(&mut loaded, &arguments.model, &intents)?;
    let systems = check::systems_with_intents(&loaded.cluster, arguments.model.granularity())?;
    if arguments.format == Format::Rules {
        let text = rules::text(systems.searched());
        output::print(&neutralise_lines(&text))?;
        return Ok(Exit::Fine);
    }
    let property = only_property(&systems)?;
    let system = systems.searched();
    let title = title(&system.properties[property]);
    let text = match arguments.format {
        Format::Smt2 => {
            let depth = arguments.model.depth.or(loaded.depth).unwrap_or(QUESTION_DEPTH);
            let query =
                query(system, property, &Limits::default(), depth).map_err(|error| Failure::Internal(error.into()))?;
            smt2::script(&query, &format!("{title}, in at most {}", plural(depth as i64, "step")))
        }
        Format::Btor2 => btor2::file(system, property, &title),
        Format::Rules => rules::text(system),
    };
    output::print(&text)?;
    Ok(Exit::Fine)
}

fn title(property: &Property) -> String {
    let target = property.target.as_ref().map_or(String::new(), |target| format!(" of {target}"));
    format!("Kubound: is {}{target} violated", property.intent).replace(['\n', '\r'], " ")
}

/// The one property of the systems.
pub(super) fn only_property(systems: &Systems) -> Result<usize, Failure> {
    let properties = &systems.fine.properties;
    match properties.as_slice() {
        [_] => Ok(0),
        [] => Err(Failure::Usage(anyhow!("no intent applies to anything here, so there is no question"))),
        many => {
            let known = many.iter().map(|property| property.intent.as_str()).dedup().join(", ");
            let target = |property: &Property| property.target.clone().unwrap_or_default();
            let targets = many.iter().map(target).dedup().join(", ");
            let help = "help: name one with --intent; where one intent has several targets, give each its own id";
            Err(Failure::Usage(anyhow!("{} questions: intents {known}, targets {targets}\n{help}", many.len())))
        }
    }
}
