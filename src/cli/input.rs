//! What the command line names, as files and texts: standard input is read, charts and kustomizations are rendered by
//! the user's own programs.

use super::Failure;
use crate::limits::files::MOST_STDIN;
use crate::manifest::edit::Texts;
use crate::manifest::{Input, Loaded, Text};
use anyhow::{Context, anyhow};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Reads files, folders, and `-` for standard input.
pub fn load(paths: &[PathBuf]) -> Result<Loaded, Failure> {
    Ok(load_again(paths)?.1)
}

/// The same, to be read again with other texts than those of the files.
pub fn load_again(paths: &[PathBuf]) -> Result<(Input, Loaded, Texts), Failure> {
    let (files, texts) = collect(paths)?;
    let input = Input::of_repository(&files, &texts);
    let (loaded, texts) = input.read(&Texts::new()).context("cannot read the input").map_err(Failure::Usage)?;
    Ok((input, loaded, texts))
}

/// The text of a file that is this, and so has at most so many bytes.
pub fn limited(file: &Path, what: &str, most: u64) -> Result<String, Failure> {
    let place = file.display();
    let size = std::fs::metadata(file).with_context(|| format!("cannot read {place}")).map_err(Failure::Usage)?.len();
    if size > most {
        return Err(Failure::Usage(anyhow!("{place} has {size} bytes; {what} has at most {most}")));
    }
    std::fs::read_to_string(file).with_context(|| format!("cannot read {place}")).map_err(Failure::Usage)
}

/// The files to read, and the texts that come from programs.
fn collect(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<Text>), Failure> {
    let mut files = Vec::new();
    let mut texts = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            if texts.iter().all(|text: &Text| text.name != STDIN) {
                texts.push(Text { name: STDIN.into(), text: read_stdin()? });
            }
        } else if path.join("Chart.yaml").is_file() {
            texts.push(helm(path)?);
            files.extend(scenario(path));
        } else if KUSTOMIZATIONS.iter().any(|name| path.join(name).is_file()) {
            texts.push(kustomize(path)?);
            files.extend(scenario(path));
        } else {
            files.push(path.clone());
        }
    }
    Ok((files, texts))
}

/// Name of standard input in messages.
const STDIN: &str = "<stdin>";

/// Names under which kustomize looks for its file.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The scenario beside a chart or kustomization.
fn scenario(folder: &Path) -> Option<PathBuf> {
    Some(folder.join("scenario.yaml")).filter(|file| file.is_file())
}

fn helm(folder: &Path) -> Result<Text, Failure> {
    let name = "release-name".to_owned();
    let help = format!(
        "install helm (https://helm.sh/docs/intro/install/), or pipe: helm template {} | kubound verify -",
        folder.display()
    );
    let text = run(&[&["helm", "template", &name]], folder, "a chart", &help)?;
    Ok(Text { name: format!("helm template {}", folder.display()), text })
}

fn kustomize(folder: &Path) -> Result<Text, Failure> {
    let programs: &[&[&str]] = &[&["kubectl", "kustomize"], &["kustomize", "build"]];
    let help =
        "install kubectl or kustomize (https://kubectl.docs.kubernetes.io/installation/), or name the files themselves";
    let text = run(programs, folder, "a kustomization", help)?;
    Ok(Text { name: format!("kustomize build {}", folder.display()), text })
}

/// The output of the first of several commands that is there, called with the folder.
fn run(commands: &[&[&str]], folder: &Path, what: &str, help: &str) -> Result<String, Failure> {
    for command in commands {
        // A folder that begins with a dash must not become a flag.
        let folder = if folder.is_absolute() { folder.to_path_buf() } else { Path::new(".").join(folder) };
        let answer = match Command::new(command[0]).args(&command[1..]).arg(&folder).output() {
            Ok(answer) => answer,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(Failure::Usage(anyhow!("cannot run {}: {error}", command[0]))),
        };
        if !answer.status.success() {
            let said = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
            return Err(Failure::Usage(anyhow!("{} {}: {said}", command.join(" "), folder.display())));
        }
        return String::from_utf8(answer.stdout)
            .with_context(|| format!("{}: its output is not UTF-8 text", command.join(" ")))
            .map_err(Failure::Usage);
    }
    let names: Vec<&str> = commands.iter().map(|command| command[0]).collect();
    let missing = format!("{} is {what}, and {} cannot be found", folder.display(), names.join(" or "));
    Err(Failure::Usage(anyhow!("{missing}\nhelp: {help}")))
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let mut limited = std::io::stdin().lock().take(MOST_STDIN);
    limited.read_to_string(&mut text).context("cannot read standard input").map_err(Failure::Usage)?;
    if text.trim().is_empty() {
        return Err(Failure::Usage(anyhow!("<stdin>: standard input is empty; pipe manifests into it")));
    }
    Ok(text)
}
