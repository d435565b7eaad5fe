//! Settings: what flags of `verify` and `diff` say where they are not given, from the environment (`KUBOUND_TIMEOUT`)
//! and from the file `kubound.toml`. Which settings there are, and what values they take, is what the command line says.

mod file;
mod schema;
mod show;

pub use schema::schema;

use super::Failure;
use crate::manifest::{ErrorKind, InputError, Region, nearest_or_list};
use crate::text::neutralise;
use anyhow::anyhow;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags about settings.
#[derive(Args, Clone, Debug)]
pub struct SettingsArgs {
    /// Settings file [default: the kubound.toml nearest upward from the folder that is checked, if there is one]
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    config: Option<PathBuf>,
    /// Print what every setting is and where it comes from, and check nothing
    #[arg(long, help_heading = "Settings")]
    show_settings: bool,
}

/// Name of the file.
const FILE: &str = "kubound.toml";

/// Flags that say what to do this time, and are no settings.
const NO_SETTINGS: &[&str] = &[
    "help",
    "intent",
    "save",
    "proof",
    "shard",
    "write-baseline",
    "config",
    "show-settings",
    "from",
    "to",
    "base",
    "show-proof",
    "repairs",
    "fix",
    "dry-run",
];

/// Switches of which one excludes the other: the stronger source wins.
const EXCLUSIVE: (&str, &str) = ("quiet", "verbose");

/// Settings with values that are paths, relative to the folder of the file that names them.
const PATHS: &[&str] = &["baseline"];

/// Variables that the files for pipelines take; no settings.
const OF_PIPELINES: &[&str] =
    &["INPUTS", "FLAGS", "BASE", "SARIF_FILE", "JUNIT_FILE", "MARKDOWN_FILE", "REPOSITORY", "VERSION"];

/// Where a value comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Source {
    /// A variable.
    Environment(String),
    /// A line of a file.
    File(Arc<str>, Region),
}

/// A value as it is written, with its source.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Setting {
    values: Vec<String>,
    source: Source,
    /// Text of the file.
    text: Option<Arc<str>>,
}

impl Setting {
    /// An error about it.
    fn error(&self, key: &str, message: impl Into<String>) -> InputError {
        let error = InputError::new(message);
        match (&self.source, &self.text) {
            (Source::File(file, region), Some(text)) => error.in_file(&**file).in_text(text, *region).at(key),
            (Source::Environment(name), _) => error.in_file("environment").at(name),
            (Source::File(file, _), None) => error.in_file(&**file).at(key),
        }
    }
}

/// The settings of a subcommand that are not given as flags.
#[derive(Debug)]
pub struct Settings {
    subcommand: String,
    settings: BTreeMap<String, Setting>,
    shows: bool,
}

/// Reads the settings for what was asked, if the subcommand has any.
pub fn resolve(command: &Command, matches: &ArgMatches) -> Result<Option<Settings>, Failure> {
    let Some((name, given)) = matches.subcommand() else { return Ok(None) };
    let Some(subcommand) = command.find_subcommand(name) else { return Ok(None) };
    // The matches do not tell: in release builds they take a flag that does not exist for one that is not given.
    if !subcommand.get_arguments().any(|arg| arg.get_id() == "show_settings") {
        return Ok(None);
    }
    let usage = |error: InputError| Failure::Usage(error.into());
    let known: Vec<&Arg> = all(command);
    let mut settings = match file(given)? {
        Some(file) => file::read(&file, &known).map_err(usage)?,
        None => BTreeMap::new(),
    };
    let from_environment = environment(&known).map_err(usage)?;
    let is_given =
        |key: &str| given.try_contains_id(key).is_ok() && given.value_source(key) == Some(ValueSource::CommandLine);
    let (one, other) = EXCLUSIVE;
    if from_environment.contains_key(one) || from_environment.contains_key(other) {
        settings.retain(|key, _| key != one && key != other);
    }
    settings.extend(from_environment);
    for (key, setting) in &settings {
        if let Some(arg) = known.iter().find(|arg| arg.get_long() == Some(key)) {
            check(arg, key, setting).map_err(usage)?;
        }
    }
    if is_given(one) || is_given(other) {
        settings.retain(|key, _| key != one && key != other);
    }
    let is_on = |key: &str| settings.get(key).is_some_and(|setting| setting.values == ["true"]);
    if is_on(one) && is_on(other) {
        let fault = settings[other].error(other, format!("`{one}` and `{other}` exclude each other"));
        return Err(usage(fault.kind(ErrorKind::Duplicate).help("keep one of them")));
    }
    let has = |key: &str| flags(command, subcommand).any(|arg| arg.get_long() == Some(key));
    settings.retain(|key, _| has(key));
    Ok(Some(Settings { subcommand: name.to_owned(), settings, shows: given.get_flag("show_settings") }))
}

impl Settings {
    /// The command line with the settings as defaults.
    pub fn apply(&self, command: Command) -> Command {
        self.defaults(command).mut_subcommand(&self.subcommand, |subcommand| self.defaults(subcommand))
    }

    /// A command with the settings as defaults of its own flags.
    fn defaults(&self, command: Command) -> Command {
        let of = |arg: &Arg| Some((arg.get_id().clone(), self.settings.get(arg.get_long()?)?.values.clone()));
        let ids: Vec<_> = command.get_arguments().filter_map(of).collect();
        ids.into_iter().fold(command, |command, (id, values)| command.mut_arg(id, |arg| arg.default_values(values)))
    }

    /// What every setting is and where it comes from, if that is what was asked for.
    pub fn shown(&self, command: &Command, matches: &ArgMatches) -> Option<String> {
        let given = matches.subcommand_matches(&self.subcommand).filter(|_| self.shows)?;
        let flags = flags(command, command.find_subcommand(&self.subcommand)?);
        Some(show::show(flags, given, &self.settings))
    }
}

/// The flags of a subcommand: its own, and those of all subcommands.
fn flags<'a>(command: &'a Command, subcommand: &'a Command) -> impl Iterator<Item = &'a Arg> {
    subcommand.get_arguments().chain(command.get_arguments().filter(|arg| arg.is_global_set()))
}

/// Everything that is a setting: flags of `verify`.
fn all(command: &Command) -> Vec<&Arg> {
    let verify = command.find_subcommand("verify").into_iter().flat_map(|verify| flags(command, verify));
    verify.filter(|arg| arg.get_long().is_some_and(|long| !NO_SETTINGS.contains(&long))).collect()
}

/// The file that is named, or the nearest upward from what is checked.
fn file(given: &ArgMatches) -> Result<Option<PathBuf>, Failure> {
    if let Some(file) = given.get_one::<PathBuf>("config") {
        if !file.is_file() {
            return Err(Failure::Usage(anyhow!("--config {}: there is no such file", file.display())));
        }
        return Ok(Some(file.clone()));
    }
    let paths = given.try_get_many::<PathBuf>("paths").ok().flatten().and_then(|mut paths| paths.next().cloned());
    let new = given.try_get_one::<String>("new").ok().flatten().map(PathBuf::from);
    let start = paths.or(new).filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from("."));
    Ok(nearest(&start))
}

/// The file nearest upward, but not beyond a folder that is a repository.
fn nearest(start: &Path) -> Option<PathBuf> {
    let whole = start.canonicalize().ok()?;
    for folder in whole.ancestors().filter(|folder| folder.is_dir()) {
        let file = folder.join(FILE);
        if file.is_file() {
            // Short where it can be, for messages.
            let here = std::env::current_dir().ok();
            let short = here.and_then(|here| file.strip_prefix(here).ok().map(Path::to_path_buf));
            return Some(short.unwrap_or(file));
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The variable of a setting.
fn variable(key: &str) -> String {
    format!("KUBOUND_{}", key.to_uppercase().replace('-', "_"))
}

/// What the environment says. Variables that are nearly a setting are warned about: others belong to somebody else.
fn environment(known: &[&Arg]) -> Result<BTreeMap<String, Setting>, InputError> {
    let mut settings = BTreeMap::new();
    let keys: BTreeMap<String, &Arg> = known.iter().filter_map(|arg| Some((variable(arg.get_long()?), *arg))).collect();
    for (name, value) in std::env::vars_os() {
        let ours = |name: &&str| name.strip_prefix("KUBOUND_").is_some_and(|rest| !OF_PIPELINES.contains(&rest));
        let Some(name) = name.to_str().filter(ours) else { continue };
        let Some(arg) = keys.get(name) else {
            let near = nearest_or_list(name, keys.keys().map(String::as_str));
            if near.starts_with("did") {
                eprintln!("warning: no setting is called {}; {near}", neutralise(name));
            }
            continue;
        };
        if value.is_empty() {
            continue;
        }
        let source = Source::Environment(name.to_owned());
        let mut setting = Setting { values: Vec::new(), source, text: None };
        let key = arg.get_long().unwrap_or_default();
        let Some(value) = value.to_str() else { return Err(setting.error(key, "its value is not UTF-8 text")) };
        let several = matches!(arg.get_action(), ArgAction::Append);
        setting.values = match several {
            true => value.split(',').map(|part| part.trim().to_owned()).collect(),
            false => vec![value.to_owned()],
        };
        settings.insert(key.to_owned(), setting);
    }
    Ok(settings)
}

/// Refuses a value that the flag would refuse, before anybody has to guess where it comes from.
fn check(arg: &Arg, key: &str, setting: &Setting) -> Result<(), InputError> {
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        let is_truth = |value: &String| value == "true" || value == "false";
        if setting.values.iter().all(is_truth) {
            return Ok(());
        }
        return Err(setting
            .error(key, format!("`{}` is no truth value", setting.values.join(",")))
            .expected("true or false"));
    }
    let probe = Command::new("setting").no_binary_name(true).disable_help_flag(true).arg(arg.clone());
    let flags = setting.values.iter().map(|value| format!("--{key}={value}"));
    let Err(error) = probe.try_get_matches_from(flags) else { return Ok(()) };
    let told = error.render().to_string();
    let told = told.lines().next().unwrap_or_default().trim_start_matches("error: ");
    let possible: Vec<String> = arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let fault = setting.error(key, told);
    Err(if possible.is_empty() { fault } else { fault.expected(format!("one of {}", possible.join(", "))) })
}

/// A value of the command line as text.
fn shown(values: Option<clap::parser::RawValues<'_>>) -> Option<String> {
    let values: Vec<String> = values?.map(OsStr::to_string_lossy).map(|text| text.into_owned()).collect();
    Some(values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[arg(long)]
        jobs: Option<u16>,
        #[arg(long)]
        loud: bool,
    }

    fn judge(key: &str, value: &str) -> Result<(), InputError> {
        let line = <Line as clap::CommandFactory>::command();
        let arg = line.get_arguments().find(|arg| arg.get_long() == Some(key)).expect("a flag");
        let source = Source::Environment(variable(key));
        check(arg, key, &Setting { values: vec![value.to_owned()], source, text: None })
    }

    #[test]
    fn values_are_those_that_flags_take() {
        assert!(judge("jobs", "2").is_ok() && judge("loud", "true").is_ok() && judge("loud", "false").is_ok());
        let error = judge("jobs", "-2").expect_err("no number of jobs").to_string();
        assert!(error.starts_with("environment: KUBOUND_JOBS: invalid value '-2'"), "{error}");
        assert!(judge("loud", "yes").expect_err("no truth value").to_string().contains("expected true or false"));
    }
}
