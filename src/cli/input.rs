//! What the command line names, as files and texts: standard input is read, charts and kustomizations are rendered by
//! the user's own programs.

use super::Failure;
use super::doctor::find_program;
use crate::limits::files::MOST_STDIN;
use crate::manifest::edit::Texts;
use crate::manifest::{self, Apart, Input, Loaded, Sort, Text};
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
    let input = named(paths)?;
    let (loaded, texts) = input.read(&Texts::new()).context("cannot read the input").map_err(Failure::Usage)?;
    Ok((input, loaded, texts))
}

/// Files, folders, charts, kustomizations, and `-` for standard input, before they are read.
pub fn named(paths: &[PathBuf]) -> Result<Input, Failure> {
    let (files, texts) = collect(paths)?;
    Ok(Input::of_repository(&files, &texts))
}

/// What is decided together.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Application {
    /// Files and folders, and `-`.
    pub paths: Vec<PathBuf>,
    /// Folders that are left out of all, told with the first application; none: what the reader tells.
    left_out: Option<Vec<Apart>>,
    /// Names of all folders that are apart.
    apart: Vec<String>,
}

impl Application {
    /// Its name: the folder that it is in.
    pub fn name(&self) -> String {
        self.paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ")
    }

    /// Tells what is left out of all, in place of what the reader took to be left out.
    pub fn tell_left_out(&self, loaded: &mut Loaded) {
        let Some(left_out) = &self.left_out else { return };
        loaded.notes.retain(|note| !self.apart.contains(&note.file));
        loaded.notes.extend(left_out.iter().map(Apart::note));
    }
}

/// The applications that the command line names: several only where one folder has folders inside it that are applications
/// of their own, and that can be rendered.
pub fn applications(paths: &[PathBuf]) -> Result<Vec<Application>, Failure> {
    let together = Application { paths: paths.to_vec(), ..Application::default() };
    let [folder] = paths else { return Ok(vec![together]) };
    if !folder.is_dir() || Sort::of(folder).is_some() {
        return Ok(vec![together]);
    }
    let found = manifest::applications(folder).context("cannot read the input").map_err(Failure::Usage)?;
    let names = found.apart.iter().map(|one| one.folder.display().to_string()).collect();
    let (decided, left_out): (Vec<Apart>, Vec<Apart>) = found.apart.into_iter().partition(can_read);
    if decided.is_empty() {
        return Ok(vec![together]);
    }
    let own = found.has_own.then_some(together);
    let apart = decided.into_iter().map(|one| Application { paths: vec![one.folder], ..Application::default() });
    let mut applications: Vec<Application> = own.into_iter().chain(apart).collect();
    let first = &mut applications[0];
    (first.left_out, first.apart) = (Some(left_out), names);
    Ok(applications)
}

/// Whether a folder can be read, or rendered by a program of the user.
fn can_read(one: &Apart) -> bool {
    let is_there = |program: &str| find_program(program).is_some();
    match one.sort {
        Sort::Chart => is_there("helm"),
        Sort::Kustomization => is_there("kubectl") || is_there("kustomize"),
        Sort::Scenario => true,
    }
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
            continue;
        }
        match Sort::of(path) {
            Some(Sort::Chart) => texts.push(helm(path)?),
            Some(Sort::Kustomization) => texts.push(kustomize(path)?),
            Some(Sort::Scenario) | None => {
                files.push(path.clone());
                continue;
            }
        }
        files.extend(scenario(path));
    }
    Ok((files, texts))
}

/// Name of standard input in messages.
const STDIN: &str = "<stdin>";

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
