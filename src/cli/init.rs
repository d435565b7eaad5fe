//! `kubound init`: a scenario file to start from, made for the manifests of a folder.

use super::exit::Exit;
use super::{Failure, output};
use crate::manifest::{self, Survey};
use crate::text::neutralise;
use anyhow::{Context, anyhow};
use clap::Args;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Flags of `init`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Folder of manifests
    #[arg(default_value = ".")]
    folder: PathBuf,
}

/// Name of the file that is written.
const FILE: &str = "scenario.yaml";

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let folder = &arguments.folder;
    let survey = manifest::survey(folder).context("cannot read the manifests").map_err(Failure::Usage)?;
    if let Some(file) = &survey.scenario {
        return Err(Failure::Usage(anyhow!("there is a scenario already: {file}\nhelp: change it, or move it away")));
    }
    if survey.workloads.is_empty() {
        let help = "help: name a folder with at least one Deployment or ReplicaSet";
        return Err(Failure::Usage(anyhow!("{}: no workload among the manifests\n{help}", folder.display())));
    }
    let path = folder.join(FILE);
    write_new(&path, &text(&survey))
        .with_context(|| format!("cannot write {}", path.display()))
        .map_err(Failure::Usage)?;
    let shown = neutralise(&path.display().to_string());
    let folder = neutralise(&folder.display().to_string());
    output::print(&format!("wrote {shown}\nlook at the lines marked CHANGE, then: kubound verify {folder}\n"))?;
    Ok(Exit::Fine)
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    File::create_new(path)?.write_all(text.as_bytes())
}

/// The scenario.
fn text(survey: &Survey) -> String {
    let mut text = String::from(
        "# yaml-language-server: $schema=./scenario.schema.json\n\
         # (kubound schema scenario > scenario.schema.json gives editors completion and checks)\n\
         apiVersion: kubound.dev/v1alpha1\n\
         kind: Scenario\n\
         spec:\n",
    );
    let releases = manifest::KUBERNETES;
    let _ = writeln!(
        text,
        "  # Release of Kubernetes whose rules apply: \"1.{}\" to \"1.{}\".",
        releases.start(),
        releases.end()
    );
    let _ = writeln!(text, "  kubernetesVersion: \"1.{}\"\n", releases.end());
    nodes(&mut text, survey);
    workloads(&mut text, survey);
    let first = &survey.workloads[0];
    let _ =
        writeln!(text, "\n  # What may happen: in any order, and never has to. `kubound list events` names the kinds.");
    if survey.has_budgets {
        text.push_str("  events:\n  - drain: {}  # one node after the other, as budgets allow\n");
    } else {
        text.push_str("  events: []\n");
    }
    let _ = writeln!(text, "  # - cpuChange: {{target: {first}, to: 100m..900m/100m}}");
    let _ = writeln!(text, "  # - maintenance: {{atOnce: 1}}");
    let _ = writeln!(text, "  # - nodeFailure: {{recovers: true}}");
    intents(&mut text, survey);
    text
}

fn nodes(text: &mut String, survey: &Survey) {
    if survey.nodes.is_empty() {
        text.push_str(
            "  # CHANGE: pools of equal nodes; a range of counts is checked all at once.\n\
            \x20 nodes:\n\
            \x20 - name: worker\n\
            \x20   count: 1..3\n\
            \x20   template:\n\
            \x20     labels: {}\n\
            \x20     taints: []\n\
            \x20     allocatable: {cpu: \"4\", memory: 8Gi, pods: \"110\"}\n\n",
        );
    } else {
        let _ = writeln!(
            text,
            "  # The {} of the manifests are used; more can be added:",
            count(survey.nodes.len(), "Node")
        );
        text.push_str(
            "  # nodes:\n\
            \x20 # - {name: spare, count: 0..2, template: {allocatable: {cpu: \"4\", memory: 8Gi}}}\n\n",
        );
    }
}

fn workloads(text: &mut String, survey: &Survey) {
    text.push_str(
        "  # CHANGE: what pods use; without it, what they request. `replicas: 1..6` checks all these numbers.\n",
    );
    text.push_str("  workloads:\n");
    for workload in &survey.workloads {
        let _ = writeln!(text, "  - target: {workload}");
        if survey.autoscaled.contains(workload) {
            text.push_str(
                "    # cpuUsage: 50m..500m/50m\n    # startup: {cpuUsage: 800m, seconds: 60, ready: after}\n",
            );
        } else {
            text.push_str("    # replicas: 1..6\n");
        }
    }
}

fn intents(text: &mut String, survey: &Survey) {
    text.push_str("\n  # What shall hold; `kubound list intents` names more.\n  intents:\n");
    let why = if survey.has_descheduler { "  # scheduler and descheduler may undo each other's work" } else { "" };
    let _ = writeln!(text, "  - noOscillation: {{}}{why}");
    for workload in &survey.workloads {
        let _ = writeln!(text, "  - schedulable: {{target: {workload}}}");
        let _ = writeln!(text, "  - converges: {{target: {workload}}}");
        if survey.autoscaled.contains(workload) {
            let _ = writeln!(text, "  - noOvershoot: {{target: {workload}}}  # it has an autoscaler");
        }
    }
    if survey.has_budgets {
        text.push_str("  - drainCompletes: {}  # budgets may block drains forever\n");
        text.push_str("\n  # Pods of a drained node need another one.\n  assume: [\"nodes.present >= 2\"]\n");
    }
}

fn count(number: usize, noun: &str) -> String {
    crate::text::plural(number as i64, noun)
}
