//! `kubound cases`: the built-in cases, which are compiled in.

use super::args::{Output, SearchArgs, VoiceArgs};
use super::completions::values;
use super::exit::Exit;
use super::{Failure, check, interrupt, output, progress};
use crate::cases::{self, Case, Variant};
use crate::engines::Cancel;
use crate::explain::lookup::is_about;
use crate::report::document::{Document, expected_word};
use crate::report::human;
use crate::search::{IntentResult, Verdict};
use crate::text::{Kind, Paint, neutralise, plural};
use crate::{manifest, smt};
use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Flags of `cases`.
#[derive(Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// List the cases by what is seen of them, all or those that speak of a word, such as evict or hpa
    List {
        #[arg(add = values::words_of_cases())]
        /// A word of the name, the title, the symptom, the controllers, the mechanism, the source or the repair
        word: Option<String>,
    },
    /// Print what a case is about, and its files
    Show {
        #[arg(add = values::cases())]
        /// Name of the case
        name: String,
    },
    /// Check that cases have the verdicts they expect
    Run(Box<RunArguments>),
}

#[derive(Args, Debug)]
struct RunArguments {
    /// Cases such as c8, or variants such as c8/broken
    #[arg(add = values::variants())]
    names: Vec<String>,
    /// Run all cases
    #[arg(long, conflicts_with = "names")]
    all: bool,
    #[command(flatten)]
    search: SearchArgs,
    /// Format of a report, with an optional file; may be repeated: human, json, jsonl, sarif, junit, github, markdown,
    /// itf, html. json, itf and html take one variant, such as c8/broken
    #[arg(long, short, value_name = "FORMAT[=FILE]", add = values::formats(), help_heading = "Report")]
    output: Vec<Output>,
    #[command(flatten)]
    voice: VoiceArgs,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match arguments.action.as_ref().unwrap_or(&Action::List { word: None }) {
        Action::List { word } => list(word.as_deref()),
        Action::Show { name } => show(find(name)?.0),
        Action::Run(arguments) => run_cases(arguments),
    }
}

fn list(word: Option<&str>) -> Result<Exit, Failure> {
    let meant: Vec<&Case> = cases::all().iter().filter(|case| word.is_none_or(|word| is_about(case, word))).collect();
    if let Some(word) = word.filter(|_| meant.is_empty()) {
        let near = manifest::did_you_mean(word, words().iter().map(String::as_str));
        let help = if near.is_empty() { "`kubound cases list` lists all".to_owned() } else { near };
        return Err(Failure::Usage(anyhow!("no case speaks of `{}`; {help}", neutralise(word))));
    }
    let mut text = String::new();
    for (symptom, cases) in cases::by_symptom(&meant) {
        let _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, symptom.words());
        for case in cases {
            let _ = writeln!(text, "  {:<4} {}", case.name, case.about().title);
        }
    }
    output::print(&text)?;
    Ok(Exit::Fine)
}

/// Every word that some case speaks of.
fn words() -> BTreeSet<String> {
    let about = cases::all().iter().map(|case| (case.name, case.about()));
    let told = about.flat_map(|(name, about)| {
        let names = about.controllers.iter().copied().chain([name, about.symptom.words()]);
        names.chain([&about.title, &about.mechanism, &about.fixed_by].map(String::as_str))
    });
    let words = told.flat_map(|text| text.split(|one: char| !one.is_alphanumeric() && one != '-'));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// The case of `NAME` or `NAME/VARIANT`, and the variant if one is named.
fn find(name: &str) -> Result<(&'static Case, Option<&'static Variant>), Failure> {
    let (case_name, variant_name) = name.split_once('/').map_or((name, None), |(case, variant)| (case, Some(variant)));
    let Some(case) = cases::find(case_name) else {
        let known: Vec<&str> = cases::all().iter().map(|case| case.name).collect();
        return Err(Failure::Usage(anyhow!("no case is called `{case_name}`; there are: {}", known.join(", "))));
    };
    let Some(variant_name) = variant_name else { return Ok((case, None)) };
    match case.variant(variant_name) {
        Some(variant) => Ok((case, Some(variant))),
        None => Err(Failure::Usage(anyhow!("case {case_name} has no variant `{variant_name}`"))),
    }
}

fn show(case: &Case) -> Result<Exit, Failure> {
    let mut text = format!("{}\n", case.text.trim_end());
    for variant in case.variants {
        for (file, content) in variant.files {
            let _ = write!(text, "\n# cases/{}/{}/{file}\n{}\n", case.name, variant.name, content.trim_end());
        }
    }
    output::print(&text)?;
    Ok(Exit::Fine)
}

fn run_cases(arguments: &RunArguments) -> Result<Exit, Failure> {
    if arguments.names.is_empty() && !arguments.all {
        return Err(Failure::Usage(anyhow!("name a case, such as c8 or c8/broken, or use --all")));
    }
    arguments.search.check()?;
    check::set_up(&arguments.search)?;
    let mut chosen = Vec::new();
    if arguments.all {
        chosen.extend(cases::all().iter().map(|case| (case, None)));
    }
    for name in &arguments.names {
        chosen.push(find(name)?);
    }
    let variants: Vec<(&Case, &Variant)> = chosen
        .iter()
        .flat_map(|(case, only)| case.variants.iter().map(move |variant| (*case, variant, only)))
        .filter(|(_, variant, only)| only.is_none_or(|only| only.name == variant.name))
        .map(|(case, variant, _)| (case, variant))
        .collect();
    output::check(&arguments.output, variants.len())?;
    // Verdicts are told as they come where nothing else goes to standard output.
    let tells = arguments.output.iter().all(|output| output.file.is_some());
    let cancel = interrupt::install();
    let mut exit = Exit::Fine;
    let mut documents = Vec::new();
    for (case, variant) in variants {
        if !cancel.is_cancelled() {
            let (document, verdict) = run_variant(case, variant, arguments, tells, &cancel)?;
            documents.push(document);
            exit = exit.and(verdict);
        }
    }
    output::write(&documents, &arguments.output, &arguments.voice)?;
    Ok(if cancel.is_cancelled() { exit.and(Exit::Interrupted) } else { exit })
}

fn run_variant(
    case: &Case,
    variant: &Variant,
    arguments: &RunArguments,
    tells: bool,
    cancel: &Cancel,
) -> Result<(Document, Exit), Failure> {
    let name = format!("cases/{}/{}", case.name, variant.name);
    let mut loaded = manifest::load_embedded(&name, &variant.texts())
        .with_context(|| format!("cannot read {name}"))
        .map_err(Failure::Usage)?;
    check::apply(&mut loaded, &arguments.search.model, &[])?;
    let voice = &arguments.voice;
    let timeout = arguments.search.options(&loaded).timeout;
    let (findings, exit) = progress::with_progress(voice.quiet, timeout, &|_| (), |observer| {
        check::decide(&loaded, &arguments.search, &[], cancel, observer)
    })?;
    let document = Document::new(&loaded, &findings, exit.code(), smt::versions());
    if !tells {
        return Ok((document, exit));
    }
    let paint = output::paint();
    let mut text = String::new();
    for result in &findings.results {
        let expected = loaded.expect.get(&result.intent).copied().map(expected_word);
        text += &line(&format!("{}/{}", case.name, variant.name), result, expected, paint);
        for recheck in &result.rechecks {
            let word = if recheck.confirms { "confirmed" } else { "open" };
            let _ = writeln!(text, "      {word} by {}: {}", recheck.by, neutralise(&recheck.outcome));
        }
    }
    if voice.verbose {
        let options = human::Options { paint, verbose: true, quiet: false, show_proof: voice.show_proof };
        text += &human::render(&document, &options);
    }
    output::print(&text)?;
    Ok((document, exit))
}

fn line(name: &str, result: &IntentResult, expected: Option<&str>, paint: Paint) -> String {
    let verdict = match &result.verdict {
        Verdict::Violated(found) | Verdict::Race(found) => {
            let (nodes, pods) = (plural(found.nodes, "node"), plural(found.pods, "pod"));
            format!("{}: {nodes}, {pods}, {}", result.verdict.word(), plural(found.trace.steps.len() as i64, "step"))
        }
        Verdict::BoundedClean { depth, .. } => format!("no violation up to depth {depth}"),
        Verdict::Unknown { why } | Verdict::Vacuous { why } => format!("{}: {why}", result.verdict.word()),
        Verdict::Holds { .. } => "holds".to_owned(),
    };
    let agrees = expected.is_none_or(|expected| verdict.starts_with(expected));
    let mark = if agrees { paint.paint(Kind::Good, "ok  ") } else { paint.paint(Kind::Error, "FAIL") };
    let wanted = expected.filter(|_| !agrees).map(|expected| format!("  expected {expected}")).unwrap_or_default();
    let (name, variant) = name.split_once('/').unwrap_or((name, ""));
    let (intent, verdict, engine) = (neutralise(&result.intent), neutralise(&verdict), &result.engine);
    let (depth, seconds) = (result.statistics.depth, result.seconds);
    format!(
        "{mark}  {name}  {variant:<6}  {intent:<15}  {verdict:<34}  depth {depth:>3}  {engine:<8}  {seconds:>5.2} s{wanted}\n"
    )
}
