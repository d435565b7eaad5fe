//! Repairs of what `verify` found violated: each change is decided by the search that found the violation.

use super::Failure;
use super::again::Again;
use super::args::{Output, SearchArgs, parse_duration};
use crate::engines::Cancel;
use crate::limits::repair::{EACH, TIME};
use crate::manifest::edit::Texts;
use crate::manifest::{Input, Loaded, Severity};
use crate::repair::Found;
use crate::repair::search::{Claim, Judge, Judged, Judgement, Violated, repairs};
use crate::report::patch;
use crate::search::scope::{Scope, Size};
use crate::search::{Findings, IntentResult, Silent, Verdict};
use anyhow::{Context, anyhow};
use clap::Args;
use kubound_encodings::intents::weight;
use kubound_encodings::system::{Pace, Rule};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Flags about looking for repairs.
#[derive(Args, Clone, Debug)]
pub struct RepairArgs {
    /// Do not look for changes of single fields that make violations go away
    #[arg(long, conflicts_with = "repairs", help_heading = "Repair")]
    no_repairs: bool,
    /// Look for repairs of violations that the scenario expects as well
    #[arg(long, help_heading = "Repair")]
    repairs: bool,
    /// Time for repairs of all violations together, such as 30s or 2m [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Repair")]
    repair_time: Option<Duration>,
}

/// Flags about writing repairs.
#[derive(Args, Clone, Debug)]
pub struct FixArgs {
    /// Write the best repair of the most telling violation into the files; comments and order stay
    #[arg(long, conflicts_with_all = ["no_repairs", "shard", "proof"], help_heading = "Repair")]
    fix: bool,
    /// With --fix: print what would be written as a patch, and write nothing
    #[arg(long, requires = "fix", help_heading = "Repair")]
    dry_run: bool,
}

/// An input with the texts it was read from.
pub struct Read<'a> {
    /// What the command line names.
    pub input: &'a Input,
    /// The texts of all files.
    pub texts: &'a Texts,
    /// What they say.
    pub loaded: &'a Loaded,
}

/// Formats of reports that tell repairs.
const TELLING: [&str; 5] = ["human", "json", "sarif", "markdown", "html"];

/// Whether reports have room for repairs.
pub fn are_told(outputs: &[Output], quiet: bool) -> bool {
    let is_plain = !quiet && outputs.iter().all(|output| output.file.is_some());
    is_plain || outputs.iter().any(|output| TELLING.contains(&output.format.name))
}

/// What somebody wants to know about repairs.
#[derive(Clone, Copy, Debug)]
pub struct Wishes {
    /// Whether repairs are told, or written.
    pub are_used: bool,
    /// Whether those of expected violations are asked for as well.
    pub of_expected: bool,
    /// Whether those of other violations are.
    pub of_others: bool,
}

impl Wishes {
    /// Whether somebody wants to know about repairs of an answer.
    pub fn include(self, loaded: &Loaded, result: &IntentResult) -> bool {
        let lasts = matches!(&result.verdict, Verdict::Violated(_));
        let is_expected = loaded.expect.contains_key(&result.intent)
            || loaded.accepted.iter().any(|one| one.covers(&result.intent, result.target.as_deref()));
        let is_asked = self.of_expected || (self.of_others && !is_expected);
        self.are_used && lasts && result.same_as.is_none() && is_asked
    }
}

impl RepairArgs {
    /// What is wanted, where repairs are told, or written.
    pub fn wishes(&self, are_told: bool, are_written: bool) -> Wishes {
        let of_expected = self.repairs || are_written;
        Wishes { are_used: are_told || are_written, of_expected, of_others: !self.no_repairs }
    }

    /// Looks for repairs of the answers that are `wanted`.
    pub fn search(
        &self,
        read: &Read,
        (search, intents): (&SearchArgs, &[String]),
        (findings, wanted): (&Findings, &dyn Fn(&IntentResult) -> bool),
        cancel: &Cancel,
    ) -> Found {
        let loaded = read.loaded;
        let mut wanted: Vec<&IntentResult> = findings.results.iter().filter(|result| wanted(result)).collect();
        if wanted.is_empty() || findings.interrupted || !loaded.has_manifests() {
            return Found::new();
        }
        let rule = |result: &IntentResult| {
            let intent = loaded.cluster.intents.iter().find(|intent| intent.id == result.intent);
            intent.map_or("", |intent| intent.kind.name()).to_owned()
        };
        // Where one change repairs several, it is told with the one that is told first.
        wanted.sort_by_key(|result| weight(&rule(result)));
        let violated: Vec<Violated> = wanted
            .iter()
            .map(|result| Violated {
                claim: claim(result),
                rule: rule(result),
                origins: crate::report::document::blamed(loaded, findings, result),
                waits: crate::report::document::waited_for(loaded, findings, result),
            })
            .collect();
        let time = self.repair_time.unwrap_or(TIME);
        let (end, each) = (Instant::now() + time, time * EACH / 100);
        let search = SearchArgs { cross_check: false, ..search.clone() };
        let again = Again { input: read.input, search: &search, minimise: Duration::ZERO, cancel };
        let done = wanted.iter().map(|result| (claim(result), done(findings, result))).collect();
        let judge = Anew { read, again, intents, scope: &findings.scope, done, time, end, each };
        let found = repairs(read.texts, &violated, &judged(findings), &judge);
        wanted.iter().map(|result| result.property).zip(found).collect()
    }
}

impl FixArgs {
    /// Whether repairs are to be written into the files.
    pub fn fixes(&self) -> bool {
        self.fix
    }

    /// Writes the best repair of the most telling violation that has one, or prints the patch.
    pub fn fix(&self, read: &Read, found: &Found) -> Result<String, Failure> {
        let mut repaired = found.values().filter_map(|repairs| repairs.found.first());
        let Some(first) = repaired.next().filter(|_| self.fix) else { return Ok(String::new()) };
        let texts = first.apply(read.texts).ok_or_else(|| Failure::Usage(anyhow!("the files cannot be changed so")))?;
        let changed = texts.iter().filter(|(file, text)| read.texts.get(*file) != Some(*text));
        let mut told = String::new();
        for (file, text) in changed {
            if self.dry_run {
                told += &patch::unified(file, &read.texts[file], text);
            } else if read.input.is_file(file) {
                let written = std::fs::write(file, text).with_context(|| format!("cannot write {file}"));
                written.map_err(Failure::Usage)?;
                told += &format!("fixed {file}\n");
            } else {
                let help = "help: --fix --dry-run prints the change as a patch";
                return Err(Failure::Usage(anyhow!("{file} is no file that could be changed\n{help}")));
            }
        }
        // What two repairs do together nobody has decided.
        if repaired.next().is_some() && !self.dry_run {
            told += "other violations are left: --fix again decides their repairs on the changed files\n";
        }
        Ok(told)
    }
}

fn claim(result: &IntentResult) -> Claim {
    (result.intent.clone(), result.target.clone())
}

fn judged(findings: &Findings) -> BTreeMap<Claim, Judged> {
    let word = |verdict: &Verdict| match verdict {
        Verdict::Holds { .. } => Judged::Holds,
        Verdict::Vacuous { .. } => Judged::Vacuous,
        Verdict::Violated(_) | Verdict::Race(_) => Judged::Violated,
        Verdict::BoundedClean { .. } | Verdict::Unknown { .. } => Judged::Open,
    };
    findings.results.iter().map(|result| (claim(result), word(&result.verdict))).collect()
}

/// Somebody who acts, and the reason.
type Act = (String, &'static str);

/// What people and events did in the run of a violation.
fn done(findings: &Findings, result: &IntentResult) -> BTreeSet<Act> {
    let system = &findings.systems_of(result).fine;
    let run = result.verdict.violation().map(|found| found.trace.steps.as_slice()).unwrap_or_default();
    let rules = run.iter().filter_map(|step| system.rule(&step.rule));
    rules.filter(|rule| is_from_outside(rule)).map(|rule| (rule.actor.clone(), rule.reason)).collect()
}

/// Whether a rule is something that people do, or an event: a cluster in which it cannot happen any more is another one.
fn is_from_outside(rule: &Rule) -> bool {
    rule.fault.is_none() && (rule.pace == Pace::Event || rule.actor == "kubectl")
}

/// Whether all of these can still happen, as far as the engine knows what can.
fn can_still(findings: &Findings, result: &IntentResult, done: &BTreeSet<Act>) -> bool {
    if result.engine != "explicit" {
        return true;
    }
    let systems = findings.systems_of(result);
    let fired = systems.fine_names(&result.fired);
    let possible: BTreeSet<(&str, &str)> = systems
        .fine
        .rules
        .iter()
        .filter(|rule| fired.contains(&rule.name))
        .map(|rule| (rule.actor.as_str(), rule.reason))
        .collect();
    done.iter().all(|(actor, reason)| possible.contains(&(actor.as_str(), *reason)))
}

/// Decides the input again with other texts.
struct Anew<'a> {
    read: &'a Read<'a>,
    again: Again<'a>,
    intents: &'a [String],
    scope: &'a Scope,
    /// What people and events did in the run of each violation.
    done: BTreeMap<Claim, BTreeSet<Act>>,
    /// Time for everything.
    time: Duration,
    end: Instant,
    /// Longest time for one change.
    each: Duration,
}

impl Judge for Anew<'_> {
    fn judge(&self, changed: &Texts, about: Option<&str>) -> Option<Judgement> {
        let mut loaded = self.again.read(changed).ok()?;
        let risky = |loaded: &Loaded| loaded.notes.iter().filter(|note| note.severity != Severity::Harmless).count();
        if risky(&loaded) > risky(self.read.loaded) {
            return None;
        }
        let intents = about.map_or_else(|| self.intents.to_vec(), |about| vec![about.to_owned()]);
        let left = self.end.saturating_duration_since(Instant::now());
        let findings = match self.again.decide(&mut loaded, &intents, left.min(self.each), &Silent).ok()? {
            Ok(findings) => findings,
            Err(fault) => {
                log::warn!("a change was not decided: {fault}");
                return None;
            }
        };
        let instead = moved(self.scope, &findings.scope)?;
        let mut verdicts = judged(&findings);
        for result in &findings.results {
            let is_kept = self.done.get(&claim(result)).is_none_or(|done| can_still(&findings, result, done));
            if let Some(judged) =
                verdicts.get_mut(&claim(result)).filter(|judged| **judged == Judged::Holds && !is_kept)
            {
                *judged = Judged::Vacuous;
            }
        }
        Some(Judgement { verdicts, instead })
    }

    fn is_over(&self) -> bool {
        self.again.cancel.is_cancelled() || Instant::now() >= self.end
    }

    fn time(&self) -> Duration {
        self.time
    }
}

/// Which replica counts another scope is about, if it is the same one otherwise. Workloads that nobody makes any more, such
/// as the Jobs of a CronJob that ran beside each other, are not looked for. What is shown under fewer assumptions is shown for
/// more clusters.
fn moved(before: &Scope, after: &Scope) -> Option<Vec<String>> {
    let Scope { workloads, assumptions, .. } = before.clone();
    let is_same = Scope { workloads, assumptions, ..after.clone() } == *before;
    if !is_same || after.assumptions.iter().any(|one| !before.assumptions.contains(one)) {
        return None;
    }
    let mut told = Vec::new();
    for Size { name, count } in &after.workloads {
        let known = before.workloads.iter().find(|known| known.name == *name)?;
        if known.count != *count {
            told.push(format!("{name}: replicas {count} instead of {}", known.count));
        }
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_replicas_may_differ_in_what_was_looked_at() {
        let size = |count: &str| Size { name: "web".into(), count: count.into() };
        let of = |pool: &str, replicas: &str| Scope {
            pools: vec![size(pool)],
            workloads: vec![size(replicas)],
            ..Scope::default()
        };
        assert_eq!(moved(&of("1", "2"), &of("1", "2")), Some(Vec::new()));
        assert_eq!(moved(&of("1", "2"), &of("1", "3")), Some(vec!["web: replicas 3 instead of 2".to_owned()]));
        assert_eq!(moved(&of("1..3", "2"), &of("1..2", "2")), None);
    }

    #[test]
    fn fewer_assumptions_are_shown_for_more() {
        let of = |assumptions: &[&str]| Scope {
            assumptions: assumptions.iter().map(|&one| one.to_owned()).collect(),
            ..Scope::default()
        };
        assert_eq!(moved(&of(&["a", "b"]), &of(&["b"])), Some(Vec::new()));
        assert_eq!(moved(&of(&["a"]), &of(&["a", "b"])), None);
    }
}
