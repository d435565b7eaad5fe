//! Questions to Kubound: can the model do what was seen?

use crate::made::{Event, Made, kind, name};
use crate::observe::Placement;
use crate::recording;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Seconds for one question.
const TIMEOUT: u64 = 60;

/// States that a run may be looked for in between two recorded instants: many things happen within one second.
const STATES: &str = "20000";

/// Time between two passes of the descheduler.
pub const DESCHEDULING: Duration = Duration::from_secs(5);

/// What Kubound says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The model has a run to there.
    Can,
    /// No run goes there, unless timers expire early or pods in back-off are overtaken.
    OnlyInterleaved,
    /// No run goes there.
    Cannot,
    /// No answer within the time.
    Undecided,
    /// The input is refused, or there is another error.
    Refused(String),
}

/// How far a run of the model follows a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// Actions of both sides.
    pub actions: i64,
    /// Those among them that the other side has, too.
    pub matched: i64,
    /// Why there is no answer.
    pub error: Option<String>,
}

/// What the files are for.
#[derive(Clone, Copy)]
pub enum Question<'a> {
    /// Whether a quiet cluster can look like this.
    Quiet(&'a Placement),
    /// Whether a cluster can go on without ever being quiet again.
    Forever,
    /// Whether a run follows a recording, which begins without any pod.
    Followed,
}

impl Question<'_> {
    /// The intent that is violated if so.
    fn intent(self, made: &Made, events: usize) -> Option<Value> {
        match self {
            Self::Quiet(seen) => Some(json!({"id": "seen", "always": seen.condition(made, events)})),
            Self::Forever => Some(json!({"id": "seen", "infinitelyOften": "settled"})),
            Self::Followed => None,
        }
    }
}

/// How Kubound is asked.
pub struct Kubound {
    /// The program.
    pub program: PathBuf,
    /// Folder for the files of questions.
    pub folder: PathBuf,
    /// The release whose rules apply, such as 1.33.
    pub release: String,
}

impl Kubound {
    /// Whether this can be after the first few events.
    pub fn ask(&self, made: &Made, events: usize, question: Question) -> Result<Answer> {
        self.write(&self.folder, made, events, question)?;
        let first = self.answer(&[])?;
        if first != Answer::Cannot {
            return Ok(first);
        }
        // What holds under wide timing holds under any, and what does not may still hold.
        Ok(match self.answer(&["--timing", "interleaved"])? {
            Answer::Can => Answer::OnlyInterleaved,
            Answer::Cannot => Answer::Cannot,
            other => other,
        })
    }

    /// Whether a run of the model follows what was recorded while the first few events happened, and how far.
    pub fn follow(&self, folder: &Path, made: &Made, events: usize, recorded: &[Value]) -> Result<Followed> {
        self.write(folder, made, events, Question::Followed)?;
        let recording = folder.join("events.jsonl");
        let lines: String = recording::facts(recorded).iter().map(|fact| format!("{fact}\n")).collect();
        fs::write(&recording, lines)?;
        let mut command = Command::new(&self.program);
        let output = command.arg("conform").arg(&recording).args(["--states", STATES, "--output", "json"]).output()?;
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let count = |key: &str| answer[key].as_i64().unwrap_or_default();
        Ok(Followed {
            actions: count("recorded") + count("modelled"),
            matched: count("recordedMatched") + count("modelledMatched"),
            error: answer.is_null().then(|| String::from_utf8_lossy(&output.stderr).into_owned()),
        })
    }

    fn answer(&self, flags: &[&str]) -> Result<Answer> {
        let mut command = Command::new(&self.program);
        command.arg("verify").arg(&self.folder).args(flags).args(["--no-repairs", "--output", "json", "--timeout"]);
        let output = command.arg(format!("{TIMEOUT}s")).output()?;
        fs::write(self.folder.join("answer.json"), &output.stdout)?;
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        Ok(match report["results"][0]["verdict"].as_str() {
            Some("violated" | "race") => Answer::Can,
            Some("holds" | "vacuous") => Answer::Cannot,
            Some(_) => Answer::Undecided,
            None => Answer::Refused(String::from_utf8_lossy(&output.stderr).into_owned()),
        })
    }

    /// Writes the files of a question about the first few events.
    pub fn write(&self, folder: &Path, made: &Made, events: usize, question: Question) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let mut happening = Vec::new();
        for (number, event) in made.events[..events].iter().enumerate() {
            let (event, file) = Event::in_scenario(event, number);
            happening.push(event);
            if let Some((name, manifest)) = file {
                save(&folder.join(name), &manifest)?;
            }
        }
        let mut resources = vec!["objects.json"];
        if let Some(scheduler) = &made.scheduler {
            save(&folder.join("scheduler.json"), scheduler)?;
            resources.push("scheduler.json");
        }
        if let Some(policy) = &made.descheduler {
            save(&folder.join("policy.json"), policy)?;
            resources.push("policy.json");
        }
        let mut settings = Vec::new();
        for workload in &made.workloads {
            if let Some(usage) = made.usage.get(name(workload)) {
                let (key, amount) = usage.setting();
                settings.push(json!({"target": format!("{}/default/{}", kind(workload), name(workload)), key: amount}));
            }
        }
        let is_empty = events == 0 || matches!(question, Question::Followed);
        let mut spec = json!({
            "kubernetesVersion": self.release, "resources": resources, "workloads": settings, "events": happening,
            "start": if is_empty { "empty" } else { "settled" },
        });
        if let Some(intent) = question.intent(made, events) {
            spec["intents"] = json!([intent]);
        }
        if made.descheduler.is_some() {
            spec["deschedulerInterval"] = format!("{}s", DESCHEDULING.as_secs()).into();
        }
        if !made.usage.is_empty() {
            spec["hpa"] = json!({"syncPeriod": "2s", "downscaleStabilization": "4s"});
        }
        let scenario = json!({"apiVersion": "kubound.dev/v1alpha1", "kind": "Scenario", "metadata": {"name": "referee"}, "spec": spec});
        save(&folder.join("scenario.yaml"), &scenario)?;
        let objects: Vec<&Value> = made.nodes.iter().chain(&made.rules).chain(&made.workloads).collect();
        save(&folder.join("objects.json"), &json!({"apiVersion": "v1", "kind": "List", "items": objects}))
    }
}

/// Writes a value to a file.
pub fn save(path: &Path, value: &impl Serialize) -> Result<()> {
    fs::write(path, serde_json::to_string_pretty(value)? + "\n")
}
