//! `kubound diff`: which intents a change of the input, or of the release of Kubernetes, breaks or fixes.

use super::args::{ColorArg, SearchArgs};
use super::exit::Exit;
use super::revision;
use super::settings::SettingsArgs;
use super::{Failure, check, interrupt, output, progress};
use crate::engines::Cancel;
use crate::manifest::{self, KUBERNETES};
use crate::report::document::{Document, IntentDocument};
use crate::report::human;
use crate::smt;
use crate::text::{Kind, Paint, neutralise, plural, wrap};
use anyhow::{Context, anyhow};
use clap::Args;
use kubound_encodings::cluster::KubernetesVersion;
use std::fmt::Write as _;

/// Flags of `diff`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Folder or file before the change, or REVISION:PATH in a git repository
    #[arg(value_name = "OLD", required_unless_present = "show_settings")]
    old: Option<String>,
    /// Folder or file after it, or REVISION:PATH
    #[arg(value_name = "NEW", required_unless_present_any = ["show_settings", "to"], conflicts_with = "to")]
    new: Option<String>,
    /// Check OLD alone, before and after an upgrade: under the rules of this release, such as 1.33 [default: what the scenario says]
    #[arg(long, value_name = "RELEASE", requires = "to", help_heading = "Search")]
    from: Option<String>,
    /// The release of Kubernetes after the upgrade, such as 1.36
    #[arg(long, value_name = "RELEASE", help_heading = "Search")]
    to: Option<String>,
    /// Check only the intents of this id; may be repeated
    #[arg(long, value_name = "ID", help_heading = "Search")]
    intent: Vec<String>,
    #[command(flatten)]
    search: SearchArgs,
    /// Say only what changed, in one line each
    #[arg(long, short, help_heading = "Report")]
    quiet: bool,
    /// When to colour; NO_COLOR is respected
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Report")]
    color: ColorArg,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// What became of an intent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    /// It is violated now, and was not before.
    Broken,
    /// It was violated before, and is shown not to be now.
    Fixed,
    /// Its answer differs in another way.
    Other,
    /// Nothing.
    Same,
}

/// Runs the subcommand. Exit code 1 says that the change breaks something; what was broken before does not count.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    output::choose_color(arguments.color);
    arguments.search.check()?;
    check::set_up(&arguments.search)?;
    let cancel = interrupt::install();
    let before = arguments.old.as_deref().unwrap_or_default();
    let after = arguments.new.as_deref().unwrap_or(before);
    let (from, to) = (release(arguments.from.as_deref())?, release(arguments.to.as_deref())?);
    let old = verdicts(before, from, arguments, &cancel)?;
    let new = verdicts(after, to, arguments, &cancel)?;
    let rows = compare(&old.results, &new.results);
    if arguments.to.is_some() && !arguments.quiet {
        output::print(&format!("Kubernetes {} -> {}\n", old.scope.kubernetes, new.scope.kubernetes))?;
    }
    output::print(&told(&rows, &new, arguments, output::paint(arguments.color)))?;
    let interrupted = if old.interrupted || new.interrupted { Exit::Interrupted } else { Exit::Fine };
    Ok(rows.iter().map(Row::exit).reduce(Exit::and).unwrap_or(Exit::NothingChecked).and(interrupted))
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

/// The verdicts on one side.
fn verdicts(
    side: &str,
    release: Option<KubernetesVersion>,
    arguments: &Arguments,
    cancel: &Cancel,
) -> Result<Document, Failure> {
    let folder = revision::folder(side)?;
    let what = || match release {
        Some(KubernetesVersion(minor)) => format!("cannot read {side} under Kubernetes 1.{minor}"),
        None => format!("cannot read {side}"),
    };
    let input = manifest::Input::new(std::slice::from_ref(&folder.path), &[]).under(release);
    let (mut loaded, _) = input.read(&Default::default()).with_context(what).map_err(Failure::Usage)?;
    // An intent that only one side has is no mistake.
    let ids: Vec<String> =
        arguments.intent.iter().filter(|id| loaded.cluster.intents.iter().any(|one| one.id == **id)).cloned().collect();
    if !arguments.intent.is_empty() && ids.is_empty() {
        loaded.cluster.intents.clear();
    }
    check::apply(&mut loaded, &arguments.search.model, &ids)?;
    let timeout = arguments.search.options(&loaded).timeout;
    let (findings, exit) = progress::with_progress(arguments.quiet, timeout, &|_| (), |observer| {
        check::decide(&loaded, &arguments.search, &[], cancel, observer)
    })?;
    let mut document = Document::new(&loaded, &findings, exit.code(), smt::versions());
    for result in &mut document.results {
        let files = result.origins.iter_mut().filter_map(|origin| origin.file.as_mut());
        files.for_each(|file| *file = folder.shown(file));
    }
    Ok(document)
}

/// An intent on both sides.
struct Row<'a> {
    old: Option<&'a IntentDocument>,
    new: Option<&'a IntentDocument>,
}

fn compare<'a>(old: &'a [IntentDocument], new: &'a [IntentDocument]) -> Vec<Row<'a>> {
    let is_same =
        |one: &IntentDocument, other: &IntentDocument| one.intent == other.intent && one.target == other.target;
    let there = new.iter().map(|new| Row { old: old.iter().find(|old| is_same(old, new)), new: Some(new) });
    let gone = old.iter().filter(|old| !new.iter().any(|new| is_same(old, new)));
    there.chain(gone.map(|old| Row { old: Some(old), new: None })).collect()
}

/// Whether an answer says that there is no violation: a clean or a vacuous one, not an open one.
fn is_clean(result: &IntentDocument) -> bool {
    result.decided && !["violated", "race"].contains(&result.verdict)
}

impl Row<'_> {
    fn change(&self) -> Change {
        let violated = |side: Option<&IntentDocument>| side.is_some_and(|result| result.verdict == "violated");
        match (self.old, self.new) {
            (_, Some(_)) if violated(self.new) && !violated(self.old) => Change::Broken,
            (_, Some(new)) if violated(self.old) && is_clean(new) => Change::Fixed,
            (Some(old), Some(new)) if old.verdict == new.verdict && old.decided == new.decided => Change::Same,
            _ => Change::Other,
        }
    }

    /// An open question counts where the answer was not as open before.
    fn exit(&self) -> Exit {
        match (self.change(), self.new) {
            (Change::Broken, _) => Exit::Violated,
            (Change::Other, Some(new)) if !new.decided => Exit::Undecided,
            _ => Exit::Fine,
        }
    }
}

fn word(side: Option<&IntentDocument>) -> String {
    match side {
        None => "not there".to_owned(),
        Some(result) if result.verdict == "bounded" => result.message.clone(),
        Some(result) => result.verdict.to_owned(),
    }
}

fn told(rows: &[Row], new: &Document, arguments: &Arguments, paint: Paint) -> String {
    let mut text = String::new();
    for row in rows {
        let Some(result) = row.new.or(row.old) else { continue };
        let (kind, label) = match row.change() {
            Change::Broken => (Kind::Error, "broken"),
            Change::Fixed => (Kind::Good, "fixed"),
            Change::Other => (Kind::Warning, "changed"),
            Change::Same => continue,
        };
        let target = result.target.as_ref().map(|target| format!(" of {target}")).unwrap_or_default();
        let line = neutralise(&format!("{}{target}: {} -> {}", result.intent, word(row.old), word(row.new)));
        let _ = writeln!(text, "{}: {}", paint.paint(kind, label), wrap(&line, 2));
        if let (Change::Broken, Some(now), false) = (row.change(), row.new, arguments.quiet) {
            let options = human::Options { paint, ..human::Options::plain() };
            text += &human::one(now, &options);
        }
    }
    let count = |change: Change| rows.iter().filter(|row| row.change() == change).count();
    let same = count(Change::Same);
    let still = rows.iter().filter(|row| row.change() == Change::Same);
    let still = still.filter(|row| row.new.is_some_and(|new| new.verdict == "violated")).count();
    let intents = plural(same as i64, "intent");
    let _ = writeln!(text, "{intents} unchanged, {still} of them violated before and after");
    let (broken, fixed, other) = (count(Change::Broken), count(Change::Fixed), count(Change::Other));
    let _ = writeln!(text, "{broken} broken, {fixed} fixed, {other} changed otherwise");
    if !arguments.quiet {
        let _ = writeln!(text, "{}", wrap(&neutralise(&format!("new side checked: {}", new.scope.sizes())), 2));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::StatisticsDocument;

    fn result(intent: &str, verdict: &'static str) -> IntentDocument {
        IntentDocument {
            intent: intent.into(),
            rule: "noOscillation",
            target: None,
            verdict,
            decided: verdict != "unknown",
            excepted: None,
            expected: None,
            message: String::new(),
            unmodelled: 0,
            depth: None,
            origins: Vec::new(),
            acted: Vec::new(),
            did_not_act: Vec::new(),
            violation: None,
            ends_like: None,
            repairs_follow: false,
            repairs: None,
            timing: "paced",
            beside: Vec::new(),
            unpaced: None,
            same_as: None,
            rechecks: Vec::new(),
            proof: Vec::new(),
            engine: String::new(),
            reductions: Vec::new(),
            statistics: StatisticsDocument {
                states: 0,
                transitions: 0,
                clauses: 0,
                variables: 0,
                depth: 0,
                rules_fired: 0,
            },
            seconds: 0.0,
            piece: None,
        }
    }

    fn judge(old: Option<&'static str>, new: Option<&'static str>) -> (Change, u8) {
        let side = |verdict: Option<&'static str>| verdict.map(|verdict| result("i", verdict)).into_iter().collect();
        let (old, new): (Vec<IntentDocument>, Vec<IntentDocument>) = (side(old), side(new));
        let rows = compare(&old, &new);
        assert_eq!(rows.len(), 1);
        (rows[0].change(), rows[0].exit().code())
    }

    #[test]
    fn only_what_a_change_breaks_fails() {
        for (old, new, expected) in [
            (Some("holds"), Some("violated"), (Change::Broken, 1)),
            (Some("unknown"), Some("violated"), (Change::Broken, 1)),
            (None, Some("violated"), (Change::Broken, 1)),
            (Some("violated"), Some("violated"), (Change::Same, 0)),
            (Some("violated"), Some("holds"), (Change::Fixed, 0)),
            (Some("violated"), Some("vacuous"), (Change::Fixed, 0)),
            (Some("violated"), Some("unknown"), (Change::Other, 3)),
            (Some("holds"), Some("unknown"), (Change::Other, 3)),
            (Some("unknown"), Some("unknown"), (Change::Same, 0)),
            (Some("holds"), Some("vacuous"), (Change::Other, 0)),
            (Some("holds"), Some("race"), (Change::Other, 0)),
            (Some("violated"), Some("race"), (Change::Other, 0)),
            (Some("race"), Some("violated"), (Change::Broken, 1)),
            (Some("holds"), None, (Change::Other, 0)),
            (Some("violated"), None, (Change::Other, 0)),
        ] {
            assert_eq!(judge(old, new), expected, "{old:?} -> {new:?}");
        }
    }
}
