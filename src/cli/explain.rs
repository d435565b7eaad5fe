//! `kubound explain`: what an id of an intent, an error or a warning means.

use super::exit::Exit;
use super::{Failure, output};
use crate::explain::{Class, entries, find, page};
use crate::manifest::nearest_or_list;
use anyhow::anyhow;
use clap::Args;
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;

/// Flags of `explain`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// An id such as noOscillation or duplicate-key; `kubound list ids` lists them
    #[arg(value_name = "ID")]
    id: String,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let Some(entry) = find(&arguments.id) else {
        let near = nearest_or_list(&arguments.id, entries().iter().map(|entry| entry.id));
        let help = if near.starts_with("did") { near } else { "`kubound list ids` lists all ids".to_owned() };
        return Err(Failure::Usage(anyhow!("nothing has the id `{}`\nhelp: {help}", arguments.id)));
    };
    let alone = entry.class == Class::Failure || entry.explanation.failing.starts_with("case ");
    let workload = match alone {
        true => String::new(),
        false => format!("\n## The workload of the examples\n\n```yaml\n{EXAMPLE_WORKLOAD}```\n"),
    };
    output::print(&(page(&entry).replace("[examples](index.md#the-workload)", "examples") + &workload))?;
    Ok(Exit::Fine)
}
