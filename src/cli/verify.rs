//! `kubound verify`: manifests and scenario files in, verdicts out.

use super::args::{ReportArgs, SearchArgs};
use super::baseline::BaselineArgs;
use super::completions::values;
use super::exit::Exit;
use super::input::Application;
use super::progress::News;
use super::repair::{self, FixArgs, Read, RepairArgs};
use super::settings::SettingsArgs;
use super::{Failure, check, input, interrupt, output, progress, proof, shard};
use crate::engines::Cancel;
use crate::manifest::Loaded;
use crate::report::document::Document;
use crate::report::human::applications::Decided;
use crate::report::saved::{SavedOrigin, SavedTrace};
use crate::search::timings::timing_word;
use crate::search::{Findings, IntentResult};
use crate::shards::Shard;
use anyhow::{Context, anyhow};
use clap::Args;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Flags of `verify`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Files and folders of manifests, folders of Helm charts and kustomizations, Kivi's own JSON, or - for standard input
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Check only the intents of this id; may be repeated
    #[arg(long, value_name = "ID", add = values::intents(), help_heading = "Search")]
    intent: Vec<String>,
    /// Save each violation as a file in this folder, for `kubound replay`
    #[arg(long, value_name = "FOLDER", help_heading = "Report")]
    save: Option<PathBuf>,
    /// Refute the bounded question about the one intent anew with CaDiCaL and write the proof (DRAT) to FILE, the clauses
    /// beside it with the extension cnf; up to --depth steps, or as many as the verdict covers, or 10
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    proof: Option<PathBuf>,
    /// Decide only the I-th of N parts of all intents, sizes and values, counted from 1; write each part with -o
    /// json=FILE, and put them together with `kubound merge`
    #[arg(long, value_name = "I/N", value_parser = shard::parse, help_heading = "Search",
        conflicts_with_all = ["save", "proof", "baseline", "write_baseline"])]
    shard: Option<Shard>,
    #[command(flatten)]
    baseline: BaselineArgs,
    #[command(flatten)]
    repair: RepairArgs,
    #[command(flatten)]
    fix: FixArgs,
    #[command(flatten)]
    search: SearchArgs,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

impl Arguments {
    /// A flag that is given and that means nothing to several applications.
    fn about_one(&self) -> Option<&'static str> {
        let flags = [
            (self.save.is_some(), "--save"),
            (self.proof.is_some(), "--proof"),
            (self.shard.is_some(), "--shard"),
            (self.baseline.is_given(), "a baseline"),
            (self.fix.fixes(), "--fix"),
        ];
        flags.into_iter().find(|(is_given, _)| *is_given).map(|(_, flag)| flag)
    }
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let report = &arguments.report;
    output::check(&report.output, 1)?;
    arguments.search.check()?;
    check::set_up(&arguments.search)?;
    let applications = input::applications(&arguments.paths)?;
    let [application] = applications.as_slice() else { return run_each(arguments, &applications) };
    Ok(decide(arguments, application, false, &interrupt::install())?.1)
}

/// Decides several applications one after the other; a fault of one does not keep the others from being decided.
fn run_each(arguments: &Arguments, applications: &[Application]) -> Result<Exit, Failure> {
    let report = &arguments.report;
    output::check(&report.output, applications.len())?;
    let names: Vec<String> = applications.iter().map(Application::name).collect();
    if let Some(flag) = arguments.about_one() {
        let help = format!("help: name one of them: {}", names.join(", "));
        return Err(Failure::Usage(anyhow!("{flag} takes one application, and here are {}\n{help}", names.len())));
    }
    let cancel = interrupt::install();
    let mut decided: Vec<(Option<Document>, Exit)> = Vec::new();
    for (application, name) in applications.iter().zip(&names) {
        if cancel.is_cancelled() {
            break;
        }
        output::begin(name, decided.is_empty(), &report.output)?;
        decided.push(decide(arguments, application, true, &cancel).unwrap_or_else(|failure| (None, failure.report())));
    }
    let told = names.iter().zip(&decided).map(|(name, (document, exit))| Decided {
        name,
        document: document.as_ref(),
        failed: document.is_none() && *exit != Exit::Fine,
    });
    output::end(&told.collect::<Vec<_>>(), &report.output, &report.voice)?;
    let (documents, exits): (Vec<_>, Vec<_>) = decided.into_iter().unzip();
    output::write_told(&documents.into_iter().flatten().collect::<Vec<_>>(), &report.output, &report.voice)?;
    Ok(exits.into_iter().reduce(Exit::and).unwrap_or(Exit::Interrupted))
}

/// Decides what belongs together. The document is there unless it was written, or nothing asked for is in it.
fn decide(
    arguments: &Arguments,
    application: &Application,
    is_one_of_several: bool,
    cancel: &Cancel,
) -> Result<(Option<Document>, Exit), Failure> {
    let report = &arguments.report;
    let (again, mut loaded, texts) = input::load_again(&application.paths)?;
    application.tell_left_out(&mut loaded);
    output::keep_inputs(&report.output, [&loaded])?;
    let mut intents = arguments.intent.clone();
    if is_one_of_several {
        // An intent that only another application has is no mistake.
        intents.retain(|id| loaded.cluster.intents.iter().any(|one| one.id == *id));
        if intents.len() < arguments.intent.len() && intents.is_empty() {
            return Ok((None, Exit::Fine));
        }
    }
    check::apply(&mut loaded, &arguments.search.model, &intents)?;
    if let Some(file) = &arguments.proof {
        proof::check(file, &loaded, &arguments.search)?;
    }
    if let Some(shard) = arguments.shard {
        if arguments.baseline.is_given() {
            let help = "help: leave it out; `kubound merge` tells the violations of all parts";
            return Err(Failure::Usage(anyhow!("--shard and a baseline cannot be used together\n{help}")));
        }
        return Ok((None, shard::run(shard, &loaded, &arguments.search, report, cancel)?));
    }
    arguments.baseline.apply(&mut loaded)?;
    let timeout = arguments.search.options(&loaded).timeout;
    let teller = output::Teller::new(&loaded, &report.output, &report.voice);
    let are_told = repair::are_told(&report.output, report.voice.quiet);
    let wishes = arguments.repair.wishes(are_told, arguments.fix.fixes());
    let tell = |news: News| match news {
        News::Decided(decision) => teller.tell(decision, wishes.include(&loaded, decision.result)),
        News::RoundIsOver => teller.tell_violations(),
    };
    let (findings, exit) = progress::with_progress(report.voice.quiet, timeout, &tell, |observer| {
        check::decide(&loaded, &arguments.search, &report.deny, cancel, observer)
    })?;
    let read = Read { input: &again, texts: &texts, loaded: &loaded };
    let wanted = |result: &IntentResult| wishes.include(&loaded, result);
    let found = arguments.repair.search(&read, (&arguments.search, &intents), (&findings, &wanted), cancel);
    teller.repaired(&found, &texts);
    let document = teller.finish(&findings, exit)?;
    if is_one_of_several {
        return Ok((Some(document), exit));
    }
    output::write_told(&[document], &report.output, &report.voice)?;
    output::print(&arguments.fix.fix(&read, &found)?)?;
    let told = arguments.baseline.finish(&loaded, &findings)?;
    std::io::stderr().write_all(told.as_bytes()).context("cannot write to standard error").map_err(Failure::Usage)?;
    if let Some(folder) = &arguments.save {
        save(folder, &loaded, &findings)?;
    }
    if let Some(file) = &arguments.proof {
        let depth = arguments.search.options(&loaded).depth;
        if !proof::write(file, &findings, depth, timeout, cancel)? && exit == Exit::Fine {
            return Ok((None, Exit::Undecided));
        }
    }
    Ok((None, exit))
}

/// Writes each violation to a file of its own, named after the intent and what it speaks of.
fn save(folder: &Path, loaded: &Loaded, findings: &Findings) -> Result<(), Failure> {
    let manifests = loaded.digest().context("cannot read the input again").map_err(Failure::Usage)?;
    let origin = SavedOrigin { name: &loaded.cluster.name, manifests: &manifests, faults: &loaded.cluster.faults };
    let failed = |what: String| move |error: std::io::Error| Failure::Usage(anyhow!(error).context(what));
    std::fs::create_dir_all(folder).map_err(failed(format!("cannot make the folder {}", folder.display())))?;
    for result in &findings.results {
        let Some(violation) = result.verdict.violation() else { continue };
        let systems = findings.systems_of(result);
        let index = result.property;
        let property = &systems.fine.properties[index];
        let saved = SavedTrace::new(&origin, timing_word(result.timing), &systems.fine, index, &violation.trace);
        let text = output::worded(serde_json::to_string_pretty(&saved))?;
        let target = property.target.as_ref().map_or(String::new(), |target| format!("-{target}"));
        let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '-' };
        let file: String = format!("{}{target}", property.intent).chars().map(plain).collect();
        let path = folder.join(format!("{}-{file}.json", index + 1));
        std::fs::write(&path, text + "\n").map_err(failed(format!("cannot write {}", path.display())))?;
    }
    Ok(())
}
