//! The known failures on a real control plane: the script of each case's run, broken and fixed.

use clap::Args;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Result, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// How often a script is run again where a tie went another way, or something came too late.
const TRIES: usize = 6;
/// Ports that a plane may use.
const PORTS: u16 = 20;
/// How long a search for a run may take.
const TIMEOUT: &str = "120s";

/// Flags of `cases`.
#[derive(Args)]
pub struct Cases {
    /// Only these cases.
    only: Vec<String>,
    /// Leave out what has been reproduced before.
    #[arg(long)]
    resume: bool,
    /// Release of Kubernetes.
    #[arg(long, default_value = "1.33")]
    release: String,
    /// How many control planes run side by side.
    #[arg(long, default_value_t = 1)]
    planes: u16,
    /// First port.
    #[arg(long, default_value_t = 26700)]
    port: u16,
    /// Kubound's program.
    #[arg(long)]
    kubound: PathBuf,
    /// Folder of the referee's programs and results.
    #[arg(long)]
    folder: PathBuf,
}

/// What became of a case.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The script saw the whole run.
    Reproduced,
    /// It did not: what was not seen.
    NotReproduced(String),
    /// No script is written: why.
    Refused(String),
}

/// A line of the results.
#[derive(Clone, Serialize, Deserialize)]
pub struct CaseRecord {
    pub case: String,
    pub title: String,
    pub outcome: Outcome,
    /// How often the script was run.
    pub tries: usize,
    /// Seconds of the last time.
    pub seconds: f64,
    /// With the fixed manifests: what was not seen; nothing where the failure is seen, or nobody looked.
    pub fixed: Option<String>,
    /// Whether the fixed manifests were tried.
    pub is_fixed_tried: bool,
}

/// One worker with a place of its own for a control plane.
struct Worker<'a> {
    cases: &'a Cases,
    root: &'a Path,
    folder: PathBuf,
    port: u16,
}

impl Cases {
    /// Runs them.
    pub fn go(&self) -> Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<String> = fs::read_dir(root.join("cases"))?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_>>()?;
        names.retain(|name| self.only.is_empty() || self.only.contains(name));
        names.sort_by_key(|name| number(name));
        let results = Mutex::new(self.results());
        let before = if self.resume { read(&self.results()).unwrap_or_default() } else { Vec::new() };
        let is_new = |name: &&String| {
            let own = before.iter().find(|record| record.case == **name);
            own.is_none_or(|record| !matches!(record.outcome, Outcome::Reproduced))
        };
        let first: Vec<String> = names.iter().filter(is_new).cloned().collect();
        self.each(root, &first, &results, |worker, name| worker.broken(name))?;
        // Only what was reproduced can stay away.
        let records = read(&self.results())?;
        let reproduced = |name: &&String| {
            let own = records.iter().find(|record| record.case == **name);
            own.is_some_and(|record| matches!(record.outcome, Outcome::Reproduced) && !record.is_fixed_tried)
        };
        let again: Vec<String> = names.iter().filter(reproduced).cloned().collect();
        self.each(root, &again, &results, |worker, name| {
            let record = records.iter().find(|record| record.case == name).expect("just found").clone();
            worker.fixed(record)
        })
    }

    /// Does something with each case, and adds what comes out to the results.
    fn each(
        &self,
        root: &Path,
        names: &[String],
        results: &Mutex<PathBuf>,
        work: impl Fn(&Worker, &str) -> Result<CaseRecord> + Sync,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.planes)
                .map(|number| {
                    let (next, work) = (&next, &work);
                    scope.spawn(move || -> Result<()> {
                        let port = self.port + number * PORTS;
                        let folder = self.folder.canonicalize()?.join(format!("cases-{port}"));
                        let worker = Worker { cases: self, root, folder, port };
                        while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let record = work(&worker, name)?;
                            let path = results.lock().expect("no panic");
                            println!("{}", serde_json::to_string(&record)?);
                            let mut file = fs::OpenOptions::new().create(true).append(true).open(&*path)?;
                            writeln!(file, "{}", serde_json::to_string(&record)?)?;
                            let page = crate::reproduced::page(&read(&path)?, &self.release);
                            fs::write(root.join("docs/src/reproduced.md"), page)?;
                        }
                        Ok(())
                    })
                })
                .collect();
            workers.into_iter().try_for_each(|worker| worker.join().expect("no panic"))
        })
    }

    fn results(&self) -> PathBuf {
        self.folder.join(format!("cases-{}.jsonl", self.release))
    }
}

fn number(name: &str) -> u32 {
    name.trim_start_matches('c').parse().unwrap_or_default()
}

/// The records of a file; the last one of each case counts.
pub fn read(path: &Path) -> Result<Vec<CaseRecord>> {
    let mut records = BTreeMap::new();
    for line in fs::read_to_string(path)?.lines() {
        let record: CaseRecord = serde_json::from_str(line)?;
        records.insert(number(&record.case), record);
    }
    Ok(records.into_values().collect())
}

impl Worker<'_> {
    fn broken(&self, name: &str) -> Result<CaseRecord> {
        let case = self.root.join("cases").join(name);
        let text = fs::read_to_string(case.join("case.yaml"))?;
        let title = text.lines().find_map(|line| line.strip_prefix("title: ")).unwrap_or(name).to_owned();
        let mut record = CaseRecord {
            case: name.to_owned(),
            title,
            outcome: Outcome::Refused(String::new()),
            tries: 0,
            seconds: 0.0,
            fixed: None,
            is_fixed_tried: false,
        };
        let run = match self.run_of(name)? {
            Ok(run) => run,
            Err(why) => return Ok(CaseRecord { outcome: Outcome::Refused(why), ..record }),
        };
        if let Err(why) = self.write(&run, &case, None)? {
            return Ok(CaseRecord { outcome: Outcome::Refused(why), ..record });
        }
        for tries in 1..=TRIES {
            let begin = Instant::now();
            let said = self.follow(name, "broken", tries)?;
            (record.tries, record.seconds) = (tries, begin.elapsed().as_secs_f64());
            record.outcome = match said.lines().last() {
                Some("everything was seen") => Outcome::Reproduced,
                _ => Outcome::NotReproduced(difference(&said)),
            };
            if matches!(record.outcome, Outcome::Reproduced) {
                break;
            }
        }
        Ok(record)
    }

    /// The same with the fixed manifests.
    fn fixed(&self, mut record: CaseRecord) -> Result<CaseRecord> {
        let name = record.case.clone();
        let case = self.root.join("cases").join(&name);
        let Ok(run) = self.run_of(&name)? else { return Ok(record) };
        match self.write(&run, &case, Some(&case.join("fixed")))? {
            Ok(()) => {
                record.is_fixed_tried = true;
                let said = self.follow(&name, "fixed", 1)?;
                record.fixed = said.contains("the failure stays away").then(|| unseen(&said));
            }
            Err(why) => println!("{name} fixed: {why}"),
        }
        Ok(record)
    }

    /// The violating run of a case, or why there is none.
    fn run_of(&self, name: &str) -> Result<std::result::Result<PathBuf, String>> {
        let saved = self.folder.join("runs").join(name);
        if saved.exists() {
            fs::remove_dir_all(&saved)?;
        }
        let mut command = Command::new(&self.cases.kubound);
        command.arg("verify").arg(self.root.join("cases").join(name).join("broken"));
        let output = command.arg("--save").arg(&saved).args(["--timeout", TIMEOUT]).output()?;
        let found = fs::read_dir(&saved).ok().and_then(|mut files| files.next()).transpose()?;
        Ok(found.map(|file| file.path()).ok_or_else(|| last_line(&output)))
    }

    /// Writes the script, or says why there is none.
    fn write(&self, run: &Path, case: &Path, instead: Option<&Path>) -> Result<std::result::Result<(), String>> {
        let into = self.folder.join("script");
        if into.exists() {
            fs::remove_dir_all(&into)?;
        }
        let mut command = Command::new(&self.cases.kubound);
        command.args(["replay", "--script", "kwok", "--into"]).arg(&into);
        if let Some(instead) = instead {
            command.arg("--instead").arg(instead);
        }
        let output = command.arg(run).arg(case.join("broken")).output()?;
        Ok(if output.status.success() { Ok(()) } else { Err(last_line(&output)) })
    }

    /// Runs the script on a control plane of its own; returns what it printed, which is kept, too.
    fn follow(&self, name: &str, variant: &str, tries: usize) -> Result<String> {
        let folder = self.cases.folder.canonicalize()?;
        let script = self.folder.join("script/run.sh");
        let state = self.folder.join("plane");
        let shims = self.root.join("tests/referee/kwok");
        let control_plane = folder.join("bin").join(&self.cases.release);
        let path = format!(
            "{}:{}:{}:{}",
            shims.display(),
            control_plane.display(),
            folder.join("bin").display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let mut command = Command::new(&script);
        command
            .env("PATH", path)
            .env("BIN", &control_plane)
            .env("METRICS_PROGRAM", folder.join("bin/metrics"))
            .env("REFEREE", std::env::current_exe()?)
            .env("PORT", self.port.to_string())
            .env("STATE", &state)
            .env("KUBECONFIG", self.folder.join("kubeconfig"))
            .env("KWOK_METRICS", "none")
            .env("ROUNDS", "2")
            .env("PAUSE", "2")
            .env("DEADLINE", deadline(&fs::read_to_string(&script)?).to_string());
        // Rounds in which nodes stop take ten minutes.
        if fs::read_to_string(&script)?.contains(" start_node ") {
            command.env("ROUNDS", "1");
        }
        if fs::read_to_string(&script)?.contains("start_descheduler ") {
            // Passes of the descheduler depend on nothing but what they find.
            command.env("INTERVAL", "15s").env("QUIET", "50");
        }
        let kept = folder.join(format!("cases-{}", self.cases.release));
        fs::create_dir_all(&kept)?;
        // What the script leaves in the background may hold a pipe open forever, but not a file.
        let log = kept.join(format!("{name}-{variant}-{tries}.txt"));
        let out = fs::File::create(&log)?;
        let errors = fs::File::create(log.with_extension("errors"))?;
        command.stdin(Stdio::null()).stdout(out).stderr(errors).status()?;
        if state.join("pids").exists() {
            let down = self.root.join("tests/referee/plane/down.sh");
            Command::new(down).arg(&state).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        }
        fs::read_to_string(&log)
    }
}

/// Seconds that a step may take: what the script allows, less the time that only slow machines need.
fn deadline(script: &str) -> i64 {
    let line = script.lines().find_map(|line| line.strip_prefix("deadline=${DEADLINE:-"));
    let own = line.and_then(|line| line.split('}').next()).and_then(|text| text.parse::<i64>().ok());
    own.unwrap_or(180) - 120
}

/// The last line of an error.
fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.starts_with("error")).unwrap_or("no run was found");
    let line = line.split_once("this run: ").map_or(line, |(_, why)| why);
    line.to_owned()
}

/// The line about what was not seen.
fn difference(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let is_it = |line: &&&str| line.contains("DIFFERS") || line.contains("could be") || line.contains("a tie went");
    let line = lines.iter().find(is_it).or(lines.last());
    line.map_or_else(|| "the script printed nothing".to_owned(), |line| words(line))
}

/// What the failure would have been.
fn unseen(said: &str) -> String {
    let Some(step) = said.lines().find_map(|line| line.strip_prefix("the failure stays away: step ")) else {
        return String::new();
    };
    let step = step.split(' ').next().unwrap_or_default();
    let is_it = |line: &&str| line.contains("not seen  ") && line.starts_with(&format!("step {step} "));
    said.lines().rfind(is_it).map_or_else(String::new, words)
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
