//! `kubound snapshot`: a running cluster, or dumps of one, becomes a folder that `verify` reads.

use super::exit::Exit;
use super::{Failure, output};
use crate::manifest::{dump_files, objects};
use crate::snapshot::{self, KINDS, Snapshot};
use crate::text::{neutralise, plural};
use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Flags of `snapshot`.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Folder to write; it must be new or empty
    folder: PathBuf,
    /// Read dumps (`kubectl get ... -o json` or yaml) from this file or folder instead of asking a cluster; may be
    /// repeated
    #[arg(long = "filename", short = 'f', value_name = "PATH", conflicts_with_all = ["context", "kubeconfig", "namespace"])]
    files: Vec<PathBuf>,
    /// Only this namespace [default: all]; pods of others then take no room
    #[arg(long, short, value_name = "NAME")]
    namespace: Option<String>,
    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Kubeconfig file
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    check_new(&arguments.folder)?;
    let mut notes = Vec::new();
    let objects = if arguments.files.is_empty() { ask(arguments, &mut notes)? } else { dumped(&arguments.files)? };
    let has = |kind: &str| objects.iter().any(|object| object["kind"] == kind);
    for (kind, resource) in [("Node", "nodes"), ("Pod", "pods")] {
        if !has(kind) {
            notes.push(format!("there are no {resource} in it"));
        }
    }
    let mut taken = snapshot::take(&objects);
    if !has("Deployment") && !has("ReplicaSet") {
        let help = "help: dump deployments, replicasets, pods, nodes and horizontalpodautoscalers";
        return Err(Failure::Usage(anyhow!("no Deployment or ReplicaSet to write a snapshot of\n{help}")));
    }
    notes.append(&mut taken.notes);
    write(&arguments.folder, &taken)?;
    tell(&arguments.folder, &taken, &notes)
}

/// The objects of dumps. JSON, which kubectl writes without end for large clusters, has no limit of size here.
fn dumped(paths: &[PathBuf]) -> Result<Vec<Value>, Failure> {
    let mut read = Vec::new();
    for path in dump_files(paths).context("cannot read the dumps").map_err(Failure::Usage)? {
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))
                .map_err(Failure::Usage)?;
            read.extend(unpack(&text, &path.display().to_string())?);
        } else {
            read.extend(objects(&[path]).context("cannot read the dumps").map_err(Failure::Usage)?);
        }
    }
    Ok(read)
}

fn check_new(folder: &Path) -> Result<(), Failure> {
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_none() {
                return Ok(());
            }
            let help = "help: name a new folder; snapshots never overwrite files";
            Err(Failure::Usage(anyhow!("{} is not empty\n{help}", folder.display())))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::Usage(anyhow!(error).context(format!("cannot write {}", folder.display())))),
    }
}

/// Everything that is written, and pods, from the user's kubectl. Secrets and ConfigMaps are never asked for.
fn ask(arguments: &Arguments, notes: &mut Vec<String>) -> Result<Vec<Value>, Failure> {
    let wanted = KINDS.iter().map(|kind| (kind.resource, kind.is_namespaced, kind.is_needed));
    let mut objects = Vec::new();
    for (resource, is_namespaced, is_needed) in wanted.chain([("pods", true, true)]) {
        let mut command = Command::new("kubectl");
        if let Some(file) = &arguments.kubeconfig {
            command.arg("--kubeconfig").arg(file);
        }
        if let Some(context) = &arguments.context {
            command.args(["--context", context]);
        }
        command.args(["get", resource, "-o", "json"]);
        match (&arguments.namespace, is_namespaced) {
            (Some(namespace), true) => command.args(["--namespace", namespace]),
            (None, true) => command.arg("--all-namespaces"),
            (_, false) => &mut command,
        };
        let answer = command.output().map_err(|error| {
            let help = "help: install kubectl, or give dumps with -f";
            Failure::Usage(anyhow!("cannot run kubectl: {error}\n{help}"))
        })?;
        if answer.status.success() {
            objects.extend(unpack(&String::from_utf8_lossy(&answer.stdout), &format!("kubectl get {resource}"))?);
            continue;
        }
        let said = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
        if is_needed {
            let help = "help: `kubectl auth can-i --list` tells what you may read; -f reads dumps";
            return Err(Failure::Usage(anyhow!("kubectl get {resource}: {said}\n{help}")));
        }
        // Without its definition there are no objects of a kind.
        if said.contains("the server doesn't have a resource type") {
            continue;
        }
        notes.push(format!("{resource} could not be read and are left out: {said}"));
    }
    Ok(objects)
}

/// The objects of a JSON text, lists unpacked.
fn unpack(text: &str, what: &str) -> Result<Vec<Value>, Failure> {
    let value: Value =
        serde_json::from_str(text).with_context(|| format!("{what}: not JSON")).map_err(Failure::Usage)?;
    match value {
        Value::Object(mut list) if list.get("items").is_some_and(Value::is_array) => {
            // Items of typed lists, such as PodList, do not repeat their kind.
            let kind = list["kind"].as_str().and_then(|kind| kind.strip_suffix("List")).unwrap_or_default().to_owned();
            let version = list["apiVersion"].clone();
            let Some(Value::Array(mut items)) = list.remove("items") else { return Ok(Vec::new()) };
            for item in &mut items {
                if let (Some(fields), false) = (item.as_object_mut(), kind.is_empty()) {
                    fields.entry("kind").or_insert(kind.clone().into());
                    fields.entry("apiVersion").or_insert(version.clone());
                }
            }
            Ok(items)
        }
        other => Ok(vec![other]),
    }
}

fn write(folder: &Path, taken: &Snapshot) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::Usage(anyhow!(error).context(format!("cannot write to {}", folder.display())));
    fs::create_dir_all(folder).map_err(failed)?;
    for (name, text) in &taken.files {
        let mut file = fs::File::create_new(folder.join(name)).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
    }
    Ok(())
}

fn tell(folder: &Path, taken: &Snapshot, notes: &[String]) -> Result<Exit, Failure> {
    let shown = neutralise(&folder.display().to_string());
    let mut text = format!("wrote {} to {shown}\n", plural(taken.files.len() as i64, "file"));
    let listed = |pairs: Vec<String>| if pairs.is_empty() { "none".to_owned() } else { pairs.join(", ") };
    text += &format!(
        "  objects   {}\n",
        listed(taken.written.iter().map(|(kind, count)| format!("{count} {kind}")).collect())
    );
    text += &format!(
        "  pods      {}\n",
        listed(taken.pods.iter().map(|(phase, count)| format!("{count} {phase}")).collect())
    );
    if !taken.left_out.is_empty() {
        let kinds = taken.left_out.iter().map(|(kind, count)| format!("{count} {}", neutralise(kind)));
        text += &format!("  left out  {}\n", kinds.collect::<Vec<_>>().join(", "));
    }
    for note in notes {
        text += &format!("  note      {}\n", neutralise(note));
    }
    text += &format!("next: kubound verify {shown}\n");
    output::print(&text)?;
    Ok(Exit::Fine)
}
