//! `kubound explain`: what an id of an intent, an error or a warning means, and what becomes of a field of a manifest.

use super::exit::Exit;
use super::{Failure, output};
use crate::explain::{Class, entries, fields, find, page};
use crate::manifest::nearest_or_list;
use anyhow::anyhow;
use clap::Args;
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;

/// Flags of `explain`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// An id such as noOscillation or duplicate-key (`kubound list ids` lists them), or a field such as Pod.spec.os
    #[arg(value_name = "ID")]
    id: String,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let Some(entry) = find(&arguments.id) else {
        return explain_field(&arguments.id);
    };
    let alone = entry.class == Class::Failure || entry.explanation.failing.starts_with("case ");
    let workload = match alone {
        true => String::new(),
        false => format!("\n## The workload of the examples\n\n```yaml\n{EXAMPLE_WORKLOAD}```\n"),
    };
    output::print(&(page(&entry).replace("[examples](index.md#the-workload)", "examples") + &workload))?;
    Ok(Exit::Fine)
}

/// Tells what becomes of a field.
fn explain_field(path: &str) -> Result<Exit, Failure> {
    if let Some(text) = fields::explain(path) {
        output::print(&text)?;
        return Ok(Exit::Fine);
    }
    let is_field = path.contains('.');
    let paths = if is_field { fields::paths() } else { Vec::new() };
    let ids = entries().into_iter().map(|entry| entry.id).filter(|_| !is_field);
    let near = nearest_or_list(path, ids.chain(paths.iter().map(String::as_str)));
    let all = if is_field { "docs/src/fields.md lists all fields" } else { "`kubound list ids` lists all ids" };
    let help = if near.starts_with("did") { near } else { all.to_owned() };
    let what = if is_field { "no field that is read is called" } else { "nothing has the id" };
    Err(Failure::Usage(anyhow!("{what} `{path}`\nhelp: {help}")))
}
