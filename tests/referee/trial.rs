//! One cluster: made, left alone, disturbed, left alone again, and asked about.

use crate::ask::{Answer, DESCHEDULING, Followed, Kubound, Question, save};
use crate::made::{Event, Made};
use crate::observe::{Place, Placement, Snapshot};
use crate::plane::Plane;
use crate::random::Random;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, Result};
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(300);
/// How long nothing may change before a cluster counts as quiet.
const QUIET: Duration = Duration::from_millis(2500);
/// The same while `kubectl drain` tries again every five seconds.
const QUIET_DRAIN: Duration = Duration::from_secs(7);
/// The same after a node stopped: nodes are tainted one every ten seconds.
const QUIET_STOPPED: Duration = Duration::from_secs(12);
/// What a quota that counts pods of a stopped node may take until it is computed again, or the scheduler until it tries a
/// pod again of which no queueing hint tells: five minutes, and the half minute between two looks of the queue.
const RESYNC: Duration = Duration::from_secs(340);
/// The same with autoscalers, which look every two seconds and wait for four before they scale down.
const QUIET_AUTOSCALED: Duration = Duration::from_secs(10);
/// The same with a descheduler: two passes, and some seconds for its start.
const QUIET_DESCHEDULED: Duration = Duration::from_secs(13);
/// Longest time until a cluster is quiet.
const PATIENCE: Duration = Duration::from_secs(90);

/// Claims of volumes.
const CLAIMS: &str = "/api/v1/namespaces/default/persistentvolumeclaims";
/// Volumes.
const VOLUMES: &str = "/api/v1/persistentvolumes";

/// What became of a trial.
#[derive(Serialize, Deserialize)]
pub struct Record {
    pub seed: u64,
    pub profile: String,
    pub release: String,
    /// What happened.
    pub events: Vec<Event>,
    /// What was seen at each quiet moment.
    pub seen: Vec<Value>,
    /// Question and answer: `start`, `moved`, `event`, `second event`.
    pub answers: BTreeMap<String, Answer>,
    /// How far the model follows what was recorded.
    #[serde(default)]
    pub followed: Option<Followed>,
    /// Why there are fewer answers than questions.
    pub note: Option<String>,
    /// Seconds that the cluster took.
    pub cluster_seconds: f64,
    /// Seconds of all answers.
    pub answer_seconds: f64,
}

/// Where things are written.
pub struct Kept {
    /// Disagreements.
    pub disagreements: PathBuf,
    /// Recordings, each with the scenario that it is followed with.
    pub recordings: PathBuf,
}

/// A trial in progress.
pub struct Trial<'a> {
    pub plane: &'a mut Plane,
    pub kubound: &'a Kubound,
    pub made: &'a Made,
    pub kept: &'a Kept,
    stopped: BTreeSet<String>,
    drains: Vec<Child>,
    descheduler: Option<Child>,
}

fn sleep_until(limit: Duration, what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let begin = Instant::now();
    while !holds()? {
        if begin.elapsed() > limit {
            return Err(Error::other(format!("not within {} s: {what}", limit.as_secs())));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

fn list(items: &[&Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

fn apply() -> Vec<String> {
    ["apply", "-f", "-"].map(str::to_owned).to_vec()
}

impl<'a> Trial<'a> {
    pub fn new(plane: &'a mut Plane, kubound: &'a Kubound, made: &'a Made, kept: &'a Kept) -> Self {
        Self { plane, kubound, made, kept, stopped: BTreeSet::new(), drains: Vec::new(), descheduler: None }
    }

    /// Goes through all of it; the cluster is empty afterwards.
    pub fn run(mut self, record: &mut Record) -> Result<()> {
        let outcome = self.go(record);
        self.clean()?;
        if let Err(error) = outcome {
            record.note = Some(error.to_string());
        }
        Ok(())
    }

    fn go(&mut self, record: &mut Record) -> Result<()> {
        let begin = Instant::now();
        self.make()?;
        if let Some(policy) = &self.made.descheduler {
            // In the model it begins once the first pods have their places.
            self.quiet()?;
            self.descheduler = Some(self.plane.deschedule(policy, DESCHEDULING)?);
        }
        record.cluster_seconds += begin.elapsed().as_secs_f64();
        let Some(first) = self.settle(record, 0)? else { return self.follow(record) };
        self.question(record, "start", 0, first.clone())?;
        if let Some(moved) = moved(&first, self.made, record.seed) {
            let asked = Instant::now();
            record.answers.insert("moved".into(), self.kubound.ask(self.made, 0, Question::Quiet(&moved))?);
            record.answer_seconds += asked.elapsed().as_secs_f64();
        }
        for (number, name) in (1..=self.made.events.len()).zip(["event", "second event"]) {
            // What happens while a drain still waits is another question than the scenario's.
            if self.is_draining()? {
                record.note = Some("the drain before never ends".into());
                return Ok(());
            }
            let begin = Instant::now();
            self.happen(&self.made.events[number - 1])?;
            record.cluster_seconds += begin.elapsed().as_secs_f64();
            let Some(seen) = self.settle(record, number)? else { break };
            self.question(record, name, number, seen)?;
        }
        self.follow(record)
    }

    /// Waits until nothing changes any more. Where a descheduler never lets it, the model has to be able to go on forever, too.
    fn settle(&mut self, record: &mut Record, events: usize) -> Result<Option<Placement>> {
        let begin = Instant::now();
        let outcome = self.quiet();
        record.cluster_seconds += begin.elapsed().as_secs_f64();
        match outcome {
            Ok(seen) => {
                record.seen.push(seen.in_words());
                Ok(Some(seen))
            }
            Err(_) if self.is_descheduling()? => {
                let asked = Instant::now();
                let answer = self.kubound.ask(self.made, events, Question::Forever)?;
                record.answer_seconds += asked.elapsed().as_secs_f64();
                self.keep(record, "forever", events, (&answer, Question::Forever))?;
                record.answers.insert("forever".into(), answer);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn is_descheduling(&mut self) -> Result<bool> {
        Ok(match &mut self.descheduler {
            Some(child) => child.try_wait()?.is_none(),
            None => false,
        })
    }

    /// Whether the model follows the Events of the whole trial.
    fn follow(&mut self, record: &mut Record) -> Result<()> {
        let asked = Instant::now();
        let recorded = self.plane.server.list("/api/v1/namespaces/default/events")?;
        let folder = self.kept.recordings.join(format!("{}-{}", record.profile, record.seed));
        record.followed = Some(self.kubound.follow(&folder, self.made, self.made.events.len(), &recorded)?);
        record.answer_seconds += asked.elapsed().as_secs_f64();
        Ok(())
    }

    /// Asks; what looks like a disagreement is looked at again some time later, in case it was not quiet yet.
    fn question(&mut self, record: &mut Record, name: &str, events: usize, mut seen: Placement) -> Result<()> {
        let asked = Instant::now();
        let mut answer = self.kubound.ask(self.made, events, Question::Quiet(&seen))?;
        if matches!(answer, Answer::Cannot | Answer::OnlyInterleaved) {
            std::thread::sleep(if self.is_late()? { RESYNC } else { QUIET_STOPPED });
            if self.is_refused() {
                self.remind(name)?;
            }
            let again = self.quiet()?;
            if again != seen {
                seen = again;
                answer = self.kubound.ask(self.made, events, Question::Quiet(&seen))?;
            }
        }
        record.answer_seconds += asked.elapsed().as_secs_f64();
        self.keep(record, name, events, (&answer, Question::Quiet(&seen)))?;
        record.answers.insert(name.into(), answer);
        Ok(())
    }

    /// Keeps both sides of a disagreement.
    fn keep(&self, record: &Record, name: &str, events: usize, (answer, question): (&Answer, Question)) -> Result<()> {
        if matches!(answer, Answer::Can | Answer::Undecided) {
            return Ok(());
        }
        let folder =
            self.kept.disagreements.join(format!("{}-{}-{}", record.profile, record.seed, name.replace(' ', "-")));
        self.kubound.write(&folder, self.made, events, question)?;
        if let Question::Quiet(seen) = question {
            save(&folder.join("seen.json"), seen)?;
        }
        save(&folder.join("made.json"), self.made)?;
        let happened = self.plane.server.list("/api/v1/namespaces/default/events")?;
        save(&folder.join("events.json"), &list(&happened.iter().collect::<Vec<_>>()))
    }

    /// Whether a quota may refuse pods in place of those of a stopped node, until it leaves these out.
    fn is_refused(&self) -> bool {
        let has_quota = self.made.rules.iter().any(|rule| crate::made::kind(rule) == "ResourceQuota");
        has_quota && !self.stopped.is_empty()
    }

    /// Has the controllers of all workloads look again: after some failures they wait for up to 1000 s
    /// (`DefaultTypedControllerRateLimiter`), and nobody tells them that a quota has room.
    fn remind(&self, question: &str) -> Result<()> {
        let note = format!("referee={}", question.replace(' ', "-"));
        let words = ["annotate", "replicasets,statefulsets,daemonsets,jobs", "--all", "--overwrite", &note];
        self.plane.tell(&words.map(str::to_owned), None)
    }

    /// Whether something may be looked at again only after minutes.
    fn is_late(&self) -> Result<bool> {
        // Up to 1.35 no hint says that a pod is gone whose anti-affinity kept others out.
        let keeps_out = |one: &&Value| !one["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"].is_null();
        let is_missed = self.kubound.release == "1.33" && self.made.owners().iter().any(keeps_out);
        Ok(self.is_refused() || is_missed && Snapshot::take(&self.plane.server)?.has_pods_without_node())
    }

    fn make(&mut self) -> Result<()> {
        self.plane.tell(&apply(), Some(&list(&self.made.nodes.iter().collect::<Vec<_>>())))?;
        if !self.made.rules.is_empty() {
            self.plane.tell(&apply(), Some(&list(&self.made.rules.iter().collect::<Vec<_>>())))?;
        }
        if !self.made.usage.is_empty() {
            let data: BTreeMap<&str, String> =
                self.made.usage.iter().map(|(name, usage)| (name.as_str(), usage.in_words())).collect();
            let usage = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "usage"}, "data": data});
            self.plane.tell(&apply(), Some(&usage))?;
        }
        let server = &self.plane.server;
        sleep_until(PATIENCE, "claims are bound", || {
            Ok(server.list(CLAIMS)?.iter().all(|claim| claim["status"]["phase"] == "Bound"))
        })?;
        sleep_until(PATIENCE, "nodes are ready", || Ok(Snapshot::take(server)?.is_ready()))?;
        self.plane.tell(&apply(), Some(&list(&self.made.workloads.iter().collect::<Vec<_>>())))
    }

    /// Waits until nothing changes any more.
    fn quiet(&mut self) -> Result<Placement> {
        let begin = Instant::now();
        let (mut last, mut since) = (Vec::new(), Instant::now());
        let mut why = "it goes on changing".to_owned();
        loop {
            let snapshot = Snapshot::take(&self.plane.server)?;
            let signature = snapshot.signature();
            if signature != last {
                (last, since) = (signature, Instant::now());
            }
            if self.descheduler.is_some() && !self.is_descheduling()? {
                return Err(Error::other("the descheduler has ended"));
            }
            let needed = if self.descheduler.is_some() {
                QUIET_DESCHEDULED
            } else if !self.stopped.is_empty() {
                QUIET_STOPPED
            } else if !self.made.usage.is_empty() {
                QUIET_AUTOSCALED
            } else if self.is_draining()? {
                QUIET_DRAIN
            } else {
                QUIET
            };
            match snapshot.unrest(&self.stopped) {
                None if since.elapsed() > needed => return Ok(snapshot.placement(self.made)),
                None => {}
                Some(unrest) => why = unrest,
            }
            if begin.elapsed() > PATIENCE {
                return Err(Error::other(format!("never quiet: {why}")));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn is_draining(&mut self) -> Result<bool> {
        let mut waits = false;
        for drain in &mut self.drains {
            waits |= drain.try_wait()?.is_none();
        }
        Ok(waits)
    }

    fn happen(&mut self, event: &Event) -> Result<()> {
        let Some((words, input)) = event.in_words() else {
            if let Event::Stop { node } = event {
                self.plane.kubelets.stop(node);
                self.stopped.insert(node.clone());
                let server = &self.plane.server;
                let node = format!("/api/v1/nodes/{node}");
                sleep_until(PATIENCE, "the node is not ready", || {
                    let found = server.get(&node)?;
                    let taints = found["spec"]["taints"].to_string();
                    Ok(taints.contains("node.kubernetes.io/unreachable"))
                })?;
            }
            return Ok(());
        };
        if matches!(event, Event::Drain { .. }) {
            self.drains.push(self.plane.begin(&words)?);
            return Ok(());
        }
        self.plane.tell(&words, input.as_ref())
    }

    /// Deletes everything that the trial made.
    fn clean(&mut self) -> Result<()> {
        for child in self.drains.iter_mut().chain(&mut self.descheduler) {
            child.kill()?;
            child.wait()?;
        }
        let server = &self.plane.server;
        let background = json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"});
        let workloads = ["deployments", "replicasets", "statefulsets", "daemonsets"]
            .map(|kind| format!("apps/v1/namespaces/default/{kind}"));
        let others = [
            "autoscaling/v2/namespaces/default/horizontalpodautoscalers",
            "batch/v1/namespaces/default/jobs",
            "policy/v1/namespaces/default/poddisruptionbudgets",
        ];
        let groups: Vec<String> =
            workloads.into_iter().chain(others.map(str::to_owned)).map(|path| format!("/apis/{path}")).collect();
        let core = ["resourcequotas", "limitranges", "events", "configmaps"]
            .map(|kind| format!("/api/v1/namespaces/default/{kind}"));
        for path in groups.iter().chain(&core) {
            server.delete(path, &background)?;
        }
        let mut at_once = background.clone();
        at_once["gracePeriodSeconds"] = 0.into();
        sleep_until(PATIENCE, "pods are gone", || {
            for path in &groups[..4] {
                server.delete(path, &background)?;
            }
            server.delete("/api/v1/namespaces/default/pods", &at_once)?;
            Ok(Snapshot::take(server)?.is_empty())
        })?;
        // What the kubelets have said of the last pods is not to be found in the next trial.
        server.delete("/api/v1/namespaces/default/events", &background)?;
        for class in self.made.rules.iter().filter(|rule| crate::made::kind(rule) == "PriorityClass") {
            let path = format!("/apis/scheduling.k8s.io/v1/priorityclasses/{}", crate::made::name(class));
            server.delete(&path, &background)?;
        }
        for path in [CLAIMS, VOLUMES] {
            server.delete(path, &background)?;
            sleep_until(PATIENCE, "claims and volumes are gone", || Ok(server.list(path)?.is_empty()))?;
        }
        server.delete("/api/v1/nodes", &background)?;
        sleep_until(PATIENCE, "nodes are gone", || Ok(Snapshot::take(server)?.node_names().is_empty()))?;
        let has_stopped = !self.stopped.is_empty();
        self.plane.kubelets.go_on();
        if has_stopped {
            // The node controller forgets nodes at its next look, five seconds later.
            std::thread::sleep(Duration::from_secs(6));
        }
        Ok(())
    }
}

/// The same with one pod on another node, to see how sharp agreement is.
fn moved(seen: &Placement, made: &Made, seed: u64) -> Option<Placement> {
    let mut random = Random::new(seed);
    let movable: Vec<Place> =
        seen.pods.keys().filter(|place| !place.is_terminating && !place.node.is_empty()).cloned().collect();
    if movable.is_empty() {
        return None;
    }
    let from = random.pick(&movable);
    let others: Vec<&str> = made.nodes.iter().map(crate::made::name).filter(|node| *node != from.node).collect();
    let to = Place { node: random.pick(&others).to_owned(), ..from.clone() };
    let mut other = seen.clone();
    *other.pods.entry(to).or_default() += 1;
    *other.pods.entry(from).or_default() -= 1;
    Some(other)
}
