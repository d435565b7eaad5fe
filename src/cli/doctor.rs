//! `kubound doctor`: whether this installation works, and what it can use.

use super::args::SearchArgs;
use super::exit::Exit;
use super::{Failure, check, output};
use crate::cases::{self, Variant};
use crate::engines::Cancel;
use crate::limits;
use crate::limits::memory::Bytes;
use crate::search::Silent;
use crate::text::neutralise;
use crate::{manifest, smt};
use anyhow::{Context, anyhow};
use clap::{Args, Parser};
use kubound_encodings::limits::Limit;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Flags of `doctor`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Print every limit that Kubound sets itself, with its reason, and nothing else
    #[arg(long)]
    limits: bool,
}

/// The case of the self-test: small, and every engine can decide it.
const CASE: &str = "c7";

/// Programs of others that go well with this one.
const PROGRAMS: &[(&str, &str)] = &[
    ("kubectl", "kubectl get -o yaml | kubound verify -"),
    ("helm", "helm template . | kubound verify -"),
    ("kustomize", "kustomize build . | kubound verify -"),
    ("git", "for diff with revisions"),
];

/// Runs the subcommand. A program that is missing is no fault; a self-test that fails is.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.limits {
        output::print(&table())?;
        return Ok(Exit::Fine);
    }
    let mut text = format!("kubound     {}\nsolvers     {}\n", env!("CARGO_PKG_VERSION"), smt::versions());
    let releases = manifest::KUBERNETES;
    let _ = writeln!(text, "kubernetes  rules of 1.{} to 1.{}", releases.start(), releases.end());
    for (name, why) in PROGRAMS {
        let found = find_program(name).map_or("not found".to_owned(), |path| path.display().to_string());
        let _ = writeln!(text, "{name:<10}  {} ({why})", neutralise(&found));
    }
    let memory = check::default_memory().map_or("no limit known".to_owned(), |most| format!("{}", Bytes(most)));
    let _ = writeln!(text, "memory      {memory} (searches give up beyond it; --memory)");
    output::print(&text)?;
    for variant in ["broken", "fixed"] {
        self_test(variant)?;
        output::print(&format!("self-test   case {CASE}/{variant}: the verdicts are the expected ones\n"))?;
    }
    Ok(Exit::Fine)
}

/// The limits, a line each.
fn table() -> String {
    let width = |column: fn(&Limit) -> String| limits::all().map(|limit| column(limit).len()).max().unwrap_or(0);
    let (names, values) = (width(|limit| limit.name.to_owned()), width(Limit::to_string));
    limits::all().fold(String::new(), |mut text, limit| {
        let value = limit.to_string();
        let _ = writeln!(text, "{:<names$}  {value:>values$}  {} {}", limit.name, limit.what, limit.why);
        text
    })
}

#[derive(Parser, Debug)]
struct Defaults {
    #[command(flatten)]
    search: SearchArgs,
}

/// Decides a variant of the case with the default engines; a violation is replayed on the way, as always.
fn self_test(variant: &str) -> Result<(), Failure> {
    let failed = |why: String| Failure::Internal(anyhow!("the self-test on case {CASE}/{variant} failed: {why}"));
    let files = cases::find(CASE).and_then(|case| case.variant(variant)).map(Variant::texts);
    let files = files.ok_or_else(|| failed("it is not compiled in".into()))?;
    let mut loaded = manifest::load_embedded(CASE, &files).context("cannot read it").map_err(Failure::Internal)?;
    let search = Defaults::parse_from([""]).search;
    check::apply(&mut loaded, &search.model, &[])?;
    let (findings, exit) = check::decide(&loaded, &search, &[], &Cancel::default(), &Silent)?;
    let words: Vec<String> =
        findings.results.iter().map(|result| format!("{} {}", result.intent, result.verdict.word())).collect();
    if exit == Exit::Fine && !words.is_empty() { Ok(()) } else { Err(failed(words.join(", "))) }
}

/// The file of a program, as shells find it.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&folders).map(|folder| folder.join(&file)).find(|path| path.is_file())
}
