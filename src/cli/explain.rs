//! `kubound explain`: what an id of an intent, an error or a warning means, and what becomes of a field of a manifest.

use super::args::Form;
use super::completions::values;
use super::exit::Exit;
use super::{Failure, check, input, output};
use crate::explain::book::REFERENCES;
use crate::explain::lookup::{Mention, What, mentions};
use crate::explain::{Class, entries, fields, find, page};
use crate::manifest::nearest_or_list;
use crate::report::writers;
use crate::text::{neutralise, neutralise_lines};
use anyhow::anyhow;
use clap::Args;
use kubound_encodings::cluster::{Cluster, Granularity};
use kubound_encodings::explanation::EXAMPLE_WORKLOAD;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Flags of `explain`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// An id such as noOscillation or duplicate-key (`kubound list ids` lists them), or a field such as Pod.spec.os;
    /// `scenario`, `intents` and `fields` are whole references; any other word, such as hpa or drain, lists what
    /// speaks of it; `writers` tells of manifests who may write which field
    #[arg(value_name = "ID", add = values::explained())]
    id: String,
    /// With `writers`: files and folders of manifests and a scenario [default: this folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// With `writers`: form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "human")]
    output: Form,
}

/// The word that asks who may write which field.
const WRITERS: &str = "writers";

/// Tells who may write which field of the objects of an input, and who looks at it.
fn explain_writers(arguments: &Arguments) -> Result<Exit, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if arguments.paths.is_empty() { &here[..] } else { &arguments.paths };
    let loaded = input::load(paths)?;
    let cluster = Cluster { intents: Vec::new(), ..loaded.cluster };
    let all = writers::writers(&check::systems(&cluster, Granularity::Fine)?.fine);
    output::print(&match arguments.output {
        Form::Human => neutralise_lines(&writers::human(&all)),
        Form::Json => format!("{:#}\n", serde_json::json!({"kind": "Writers", "name": cluster.name, "fields": all})),
    })?;
    Ok(Exit::Fine)
}

/// What speaks of a word, under what it is.
fn list(spoken: &[Mention]) -> String {
    let width = |group: &[Mention]| group.iter().map(|one| one.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for group in spoken.chunk_by(|one, next| one.what == next.what) {
        let (title, command) = group[0].what.told();
        let _ = writeln!(text, "\n{title}: {command}");
        for Mention { name, summary, .. } in group {
            let _ = writeln!(text, "{}", format!("  {name:<0$}  {summary}", width(group)).trim_end());
        }
    }
    text
}

/// The text of a page without links, which lead nowhere in a terminal.
fn without_links(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, label, after)) = link(rest) {
        text = text + before + label;
        rest = after;
    }
    text + rest
}

/// What comes before the first link, its label, and what comes after it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let middle = text.find("](")?;
    let start = text[..middle].rfind('[')?;
    let end = middle + text[middle..].find(')')?;
    Some((&text[..start], &text[start + 1..middle], &text[end + 1..]))
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.id == WRITERS {
        return explain_writers(arguments);
    }
    if let Some(path) = arguments.paths.first() {
        let help = format!("help: `kubound explain {WRITERS} {}` tells who may write which field", path.display());
        return Err(Failure::Usage(anyhow!("an id is explained without manifests\n{help}")));
    }
    if let Some((_, reference)) = REFERENCES.iter().find(|(name, _)| *name == arguments.id) {
        output::print(&without_links(&reference()))?;
        return Ok(Exit::Fine);
    }
    let Some(entry) = find(&arguments.id) else {
        return explain_field(&arguments.id);
    };
    let alone = entry.class == Class::Failure || entry.explanation.failing.starts_with("case ");
    let workload = match alone {
        true => String::new(),
        false => format!("\n## The workload of the examples\n\n```yaml\n{EXAMPLE_WORKLOAD}```\n"),
    };
    output::print(&(without_links(&page(&entry)) + &workload))?;
    Ok(Exit::Fine)
}

/// Tells what becomes of a field.
fn explain_field(path: &str) -> Result<Exit, Failure> {
    let is_field = path.contains('.');
    let mut spoken = if is_field { Vec::new() } else { mentions(path) };
    if let Some(text) = fields::explain(path) {
        // What is a kind or a field of all kinds is on the page already.
        spoken.retain(|one| !matches!(one.what, What::Kind | What::Field));
        let more = if spoken.is_empty() { String::new() } else { format!("\n## Spoken of by\n{}", list(&spoken)) };
        output::print(&(text + &more))?;
        return Ok(Exit::Fine);
    }
    if !spoken.is_empty() {
        output::print(&format!("`{}` is no id; these speak of it:\n{}", neutralise(path), list(&spoken)))?;
        return Ok(Exit::Fine);
    }
    let paths = if is_field { fields::paths() } else { Vec::new() };
    let ids = entries().into_iter().map(|entry| entry.id).filter(|_| !is_field);
    let near = nearest_or_list(path, ids.chain(paths.iter().map(String::as_str)));
    let all = if is_field { "`kubound explain fields` lists all fields" } else { "`kubound list ids` lists all ids" };
    let help = if near.starts_with("did") { near } else { all.to_owned() };
    let what = if is_field { "no field that is read is called" } else { "nothing has the id" };
    Err(Failure::Usage(anyhow!("{what} `{path}`\nhelp: {help}")))
}
