//! `kubound diff`: which intents a change of the input, or of the release of Kubernetes, breaks or fixes.

use super::args::{Output, SearchArgs, VoiceArgs};
use super::completions::values;
use super::exit::Exit;
use super::input::Application;
use super::repair::{self, RepairArgs, are_told};
use super::revision::{self, Folder};
use super::settings::SettingsArgs;
use super::{Failure, check, input, interrupt, output, progress};
use crate::engines::Cancel;
use crate::manifest::edit::Texts;
use crate::manifest::{self, Input, InputError, KUBERNETES, Loaded};
use crate::report::document::{Document, IntentDocument};
use crate::search::{Findings, IntentResult};
use crate::smt;
use crate::text::{Kind, neutralise};
use anyhow::{Context, anyhow};
use clap::{Args, ValueHint};
use kubound_encodings::cluster::KubernetesVersion;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Flags of `diff`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Folder or file before the change, or REVISION:PATH in a git repository; with --base a path of both sides
    #[arg(value_name = "OLD", value_hint = ValueHint::AnyPath, required_unless_present_any = ["show_settings", "base"])]
    old: Option<String>,
    /// Folder or file after it, or REVISION:PATH; with --base further paths of both sides
    #[arg(value_name = "NEW", value_hint = ValueHint::AnyPath, required_unless_present_any = ["show_settings", "to", "base"], conflicts_with = "to")]
    new: Vec<String>,
    /// Compare paths of the working folder, by default all of it, with what they are in this git revision
    #[arg(long, value_name = "REVISION", conflicts_with = "to", help_heading = "Search")]
    base: Option<String>,
    /// Check OLD alone, before and after an upgrade: under the rules of this release, such as 1.33 [default: what the scenario says]
    #[arg(long, value_name = "RELEASE", add = values::releases(), requires = "to", help_heading = "Search")]
    from: Option<String>,
    /// The release of Kubernetes after the upgrade, such as 1.36
    #[arg(long, value_name = "RELEASE", add = values::releases(), help_heading = "Search")]
    to: Option<String>,
    /// Check only the intents of this id; may be repeated
    #[arg(long, value_name = "ID", add = values::intents(), help_heading = "Search")]
    intent: Vec<String>,
    #[command(flatten)]
    repair: RepairArgs,
    #[command(flatten)]
    search: SearchArgs,
    /// Format of a report on what changed, with an optional file; may be repeated: human, json, jsonl, sarif, junit, github,
    /// markdown, itf, html. What goes to standard output is for people unless another format is asked for there
    #[arg(long, short, value_name = "FORMAT[=FILE]", add = values::formats(), help_heading = "Report")]
    output: Vec<Output>,
    #[command(flatten)]
    voice: VoiceArgs,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// The two sides: roots of the same application, or applications, before and after.
struct Sides {
    /// Name of the old side in reports.
    before: String,
    after: String,
    /// Each path after the change, with what it was before it, if it was there.
    paths: Vec<(Option<Folder>, Folder)>,
}

impl Sides {
    fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let first = arguments.old.as_deref();
        if let Some(base) = &arguments.base {
            let named: Vec<&str> = first.into_iter().chain(arguments.new.iter().map(String::as_str)).collect();
            let named = if named.is_empty() { vec!["."] } else { named };
            let of = |path: &&str| Ok((revision::at(base, Path::new(path))?, Folder::here(path)));
            let paths = named.iter().map(of).collect::<Result<_, Failure>>()?;
            return Ok(Self { before: format!("{base}:{}", named.join(" ")), after: named.join(" "), paths });
        }
        let before = first.unwrap_or_default();
        let after = match arguments.new.as_slice() {
            [] => before,
            [after] => after.as_str(),
            _ => {
                let help = "help: --base REVISION compares any number of paths with what they are in a revision";
                return Err(Failure::Usage(anyhow!("diff compares two sides, and here are more\n{help}")));
            }
        };
        let paths = vec![(Some(revision::folder(before)?), revision::folder(after)?)];
        Ok(Self { before: before.to_owned(), after: after.to_owned(), paths })
    }

    /// The path before the change of one after it.
    fn before(&self, after: &Path) -> Option<PathBuf> {
        let here = Path::new(".");
        self.paths.iter().find_map(|(old, new)| {
            let inside = if new.path == here { after } else { after.strip_prefix(&new.path).ok()? };
            let old = &old.as_ref()?.path;
            let is_all = inside.as_os_str().is_empty() || inside == here;
            let path = if is_all { old.clone() } else { old.join(inside) };
            path.exists().then_some(path)
        })
    }

    /// Paths of the old side.
    fn old(&self) -> Vec<PathBuf> {
        self.paths.iter().filter_map(|(old, _)| Some(old.as_ref()?.path.clone())).collect()
    }

    /// Name of a file for people, who never saw copies.
    fn shown(&self, file: &str) -> String {
        let folders = self.paths.iter().flat_map(|(old, new)| old.iter().chain([new]));
        folders.fold(file.to_owned(), |file, folder| folder.shown(&file))
    }
}

/// Runs the subcommand. Exit code 1 says that the change breaks something; what was broken before does not count.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.search.check()?;
    output::check(&arguments.output, 1)?;
    check::set_up(&arguments.search)?;
    let cancel = interrupt::install();
    let (from, to) = (release(arguments.from.as_deref())?, release(arguments.to.as_deref())?);
    let sides = Sides::of(arguments)?;
    let new: Vec<PathBuf> = sides.paths.iter().map(|(_, new)| new.path.clone()).collect();
    let applications = input::applications(&new)?;
    output::check(&arguments.output, applications.len())?;
    tell_gone(&sides, &applications)?;
    let (mut documents, mut exit) = (Vec::new(), None);
    for application in applications.iter().filter(|_| !cancel.is_cancelled()) {
        let pair = Pair { sides: &sides, application, arguments, cancel: &cancel };
        let one = pair.compared(from, to).map_or_else(
            |failure| if applications.len() == 1 { Err(failure) } else { Ok(failure.report()) },
            |document| {
                let code = exit_of(&document);
                documents.push(Document { exit_code: code.code(), ..document });
                Ok(code)
            },
        )?;
        exit = Some(exit.map_or(one, |exit: Exit| exit.and(one)));
    }
    if let [one] = documents.as_slice()
        && let (Some(comparison), false) = (&one.comparison, arguments.voice.quiet)
        && arguments.to.is_some()
        && output::tells_people(&arguments.output)
    {
        let old = comparison.scope.as_ref().map_or("", |scope| scope.kubernetes.as_str());
        output::print(&format!("Kubernetes {old} -> {}\n", one.scope.kubernetes))?;
    }
    output::write_again(&documents, &arguments.output, &arguments.voice)?;
    Ok(exit.unwrap_or(Exit::Interrupted))
}

/// Says which applications only the old side has: nothing is asked of them.
fn tell_gone(sides: &Sides, applications: &[Application]) -> Result<(), Failure> {
    let old = sides.old();
    if old.is_empty() {
        return Ok(());
    }
    let known: Vec<PathBuf> =
        applications.iter().flat_map(|one| &one.paths).filter_map(|path| sides.before(path)).collect();
    for one in input::applications(&old)?.iter().filter(|one| !one.paths.iter().any(|path| known.contains(path))) {
        let label = output::paint_errors().paint(Kind::Warning, "warning");
        let name = sides.shown(&one.name());
        eprintln!("{label}: only the old side has the application {}, so nothing is asked of it", neutralise(&name));
    }
    Ok(())
}

/// The exit code of a comparison. An open question counts where the answer was not as open before.
fn exit_of(document: &Document) -> Exit {
    let gone = document.comparison.iter().flat_map(|comparison| &comparison.gone).map(|_| Exit::Fine);
    let codes = document.results.iter().map(exit_of_one).chain(gone);
    let exit = codes.reduce(Exit::and).unwrap_or(Exit::NothingChecked);
    exit.and(if document.interrupted { Exit::Interrupted } else { Exit::Fine })
}

fn exit_of_one(result: &IntentDocument) -> Exit {
    match result.before.as_ref().map(|before| before.change) {
        Some("broken") => Exit::Violated,
        Some("changed") if !result.decided => Exit::Undecided,
        _ => Exit::Fine,
    }
}

/// A release that a flag names.
fn release(text: Option<&str>) -> Result<Option<KubernetesVersion>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let known = KUBERNETES;
    match manifest::release(text).filter(|version| known.contains(&version.0)) {
        Some(version) => Ok(Some(version)),
        None => {
            let (first, last) = (known.start(), known.end());
            let help = format!("help: the models know the rules of 1.{first} to 1.{last}");
            Err(Failure::Usage(anyhow!("no rules of Kubernetes {text}\n{help}")))
        }
    }
}

/// An application on both sides.
struct Pair<'a> {
    sides: &'a Sides,
    application: &'a Application,
    arguments: &'a Arguments,
    cancel: &'a Cancel,
}

/// One side, read, with its texts.
type Side = (Input, Loaded, Texts);

/// One side, decided: what was read, as far as it was asked about, and what came out.
struct Decided {
    loaded: Loaded,
    /// The intents that were asked about; all if none is named.
    intents: Vec<String>,
    findings: Findings,
    document: Document,
}

impl Pair<'_> {
    /// The verdicts of the new side, beside those of the old one.
    fn compared(&self, from: Option<KubernetesVersion>, to: Option<KubernetesVersion>) -> Result<Document, Failure> {
        let after = &self.application.paths;
        let before: Vec<PathBuf> = after.iter().filter_map(|path| self.sides.before(path)).collect();
        let mut new = self.read(after, to)?;
        let mut old = if before.is_empty() { None } else { Some(self.read(&before, from)?) };
        if let Some(one) = &mut old {
            // A difference must not come from other nodes that were assumed.
            if let (Some(wanted), Some(other)) = (one.0.wanted().cloned(), new.0.wanted().cloned()) {
                *one = read_again(one.0.clone().beside(&other))?;
                new = read_again(new.0.clone().beside(&wanted))?;
            }
        }
        self.application.tell_left_out(&mut new.1);
        output::keep_inputs(&self.arguments.output, [&new.1])?;
        let old = old.map(|(_, loaded, _)| self.decided(loaded)).transpose()?.map(|old| old.document);
        let (input, loaded, texts) = new;
        let mut new = self.decided(loaded)?;
        new.document.compare(old.as_ref(), (&self.sides.before, &self.sides.after));
        new.document.interrupted |= old.is_some_and(|old| old.interrupted);
        self.repair(&input, &texts, &mut new);
        let mut document = new.document;
        document.rename_files(|file| self.sides.shown(file));
        Ok(document)
    }

    /// Adds what repairs the violations that the change brings.
    fn repair(&self, input: &Input, texts: &Texts, new: &mut Decided) {
        let (arguments, Decided { loaded, intents, findings, document }) = (self.arguments, new);
        let wishes = arguments.repair.wishes(are_told(&arguments.output, arguments.voice.quiet), false);
        let is_new = |result: &IntentResult| {
            let mut same =
                document.results.iter().filter(|one| one.intent == result.intent && one.target == result.target);
            same.any(|one| one.before.as_ref().is_some_and(|before| before.change == "broken"))
        };
        let wanted = |result: &IntentResult| wishes.include(loaded, result) && is_new(result);
        let places: BTreeSet<usize> =
            findings.results.iter().filter(|one| wanted(one)).map(|one| one.property).collect();
        let read = repair::Read { input, texts, loaded };
        let found = arguments.repair.search(&read, (&arguments.search, intents), (findings, &wanted), self.cancel);
        let answers = findings.results.iter().map(|result| result.property).zip(&mut document.results);
        let mut answers: Vec<(usize, &mut IntentDocument)> = answers.collect();
        for (place, answer) in &mut answers {
            answer.repairs_follow = places.contains(place);
        }
        output::blame(answers, &found, texts);
    }

    fn read(&self, paths: &[PathBuf], release: Option<KubernetesVersion>) -> Result<Side, Failure> {
        let shown: Vec<String> = paths.iter().map(|path| self.sides.shown(&path.display().to_string())).collect();
        let what = || match release {
            Some(KubernetesVersion(minor)) => format!("cannot read {} under Kubernetes 1.{minor}", shown.join(" ")),
            None => format!("cannot read {}", shown.join(" ")),
        };
        let input = input::named(paths).map_err(|failure| failure.with_names(|text| self.sides.shown(text)))?;
        let input = input.under(release);
        read(input).with_context(what).map_err(Failure::Usage)
    }

    /// The verdicts on one side.
    fn decided(&self, mut loaded: Loaded) -> Result<Decided, Failure> {
        let arguments = self.arguments;
        // An intent that only one side has is no mistake.
        let is_there = |id: &&String| loaded.cluster.intents.iter().any(|one| one.id == **id);
        let intents: Vec<String> = arguments.intent.iter().filter(is_there).cloned().collect();
        if !arguments.intent.is_empty() && intents.is_empty() {
            loaded.cluster.intents.clear();
        }
        check::apply(&mut loaded, &arguments.search.model, &intents)?;
        let timeout = arguments.search.options(&loaded).timeout;
        let (findings, exit) = progress::with_progress(arguments.voice.quiet, timeout, &|_| (), |observer| {
            check::decide(&loaded, &arguments.search, &[], self.cancel, observer)
        })?;
        let document = Document::new(&loaded, &findings, exit.code(), smt::versions());
        Ok(Decided { loaded, intents, findings, document })
    }
}

fn read(input: Input) -> Result<Side, InputError> {
    let (loaded, texts) = input.read(&Texts::new())?;
    Ok((input, loaded, texts))
}

fn read_again(input: Input) -> Result<Side, Failure> {
    read(input).context("cannot read the input").map_err(Failure::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::testing::{answer, report};

    fn judge(old: Option<&'static str>, new: Option<&'static str>) -> (Option<&'static str>, u8) {
        let side =
            |verdict: Option<&'static str>| report(verdict.map(|verdict| answer("i", verdict)).into_iter().collect());
        let mut document = side(new);
        document.compare(Some(&side(old)), ("old", "new"));
        let change = document.results.first().and_then(|result| Some(result.before.as_ref()?.change));
        (change, exit_of(&document).code())
    }

    #[test]
    fn only_what_a_change_breaks_fails() {
        for (old, new, expected) in [
            (Some("holds"), Some("violated"), (Some("broken"), 1)),
            (Some("unknown"), Some("violated"), (Some("broken"), 1)),
            (None, Some("violated"), (Some("broken"), 1)),
            (Some("violated"), Some("violated"), (Some("same"), 0)),
            (Some("violated"), Some("holds"), (Some("fixed"), 0)),
            (Some("violated"), Some("vacuous"), (Some("fixed"), 0)),
            (Some("violated"), Some("unknown"), (Some("changed"), 3)),
            (Some("holds"), Some("unknown"), (Some("changed"), 3)),
            (Some("unknown"), Some("unknown"), (Some("same"), 0)),
            (Some("holds"), Some("vacuous"), (Some("changed"), 0)),
            (Some("holds"), Some("race"), (Some("changed"), 0)),
            (Some("violated"), Some("race"), (Some("changed"), 0)),
            (Some("race"), Some("violated"), (Some("broken"), 1)),
            (Some("holds"), None, (None, 0)),
            (Some("violated"), None, (None, 0)),
        ] {
            assert_eq!(judge(old, new), expected, "{old:?} -> {new:?}");
        }
    }
}
