//! The referee: random clusters on a real control plane, and whether the model can do what it did. `scripts/referee`
//! builds the control plane and runs this; docs/src/referee.md says what is asked.

mod ask;
mod cases;
mod conformance;
#[path = "../conformance/corpus.rs"]
mod corpus;
mod generate;
mod http;
mod kubelets;
mod made;
mod observe;
mod plane;
#[path = "../differential/random.rs"]
mod random;
mod recording;
mod reproduced;
mod tally;
mod trial;

use anyhow::{Context, Result, bail};
use ask::{Kubound, Question};
use clap::{Args, Parser, Subcommand};
use generate::{PROFILES, Profile};
use observe::Placement;
use plane::{Plane, Programs};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use trial::{Kept, Record, Trial};

/// Ports that a plane may use.
const PORTS: u16 = 20;

#[derive(Parser)]
#[command(name = "referee")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs clusters on a real control plane.
    Run(Run),
    /// Runs the known failures, broken and fixed, and writes docs/src/reproduced.md.
    Cases(cases::Cases),
    /// Asks an API server about manifests, and writes tests/conformance/answers-RELEASE.jsonl.
    Conformance(conformance::Conformance),
    /// Plays kubelets of nodes, until it is ended.
    Kubelets {
        /// Port of the API server's proxy.
        #[arg(long)]
        port: u16,
        /// Only that of this node.
        #[arg(long)]
        node: Option<String>,
    },
    /// Prints the table of what has been run.
    Table {
        /// Records.
        file: PathBuf,
    },
    /// Prints the clusters of seeds; with Kubound's program, whether it reads them.
    Draw {
        #[command(flatten)]
        which: Which,
        /// Kubound's program.
        #[arg(long)]
        kubound: Option<PathBuf>,
    },
}

#[derive(Args)]
struct Which {
    /// Seeds, such as 0..50.
    #[arg(long)]
    seeds: String,
    /// Profile.
    #[arg(long)]
    profile: String,
}

#[derive(Args)]
struct Run {
    #[command(flatten)]
    which: Which,
    /// Release of Kubernetes.
    #[arg(long, default_value = "1.33")]
    release: String,
    /// How many control planes run side by side.
    #[arg(long, default_value_t = 1)]
    planes: u16,
    /// First port.
    #[arg(long, default_value_t = 26400)]
    port: u16,
    /// Kubound's program.
    #[arg(long)]
    kubound: PathBuf,
    /// Folder of the referee's programs and results.
    #[arg(long)]
    folder: PathBuf,
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Run(run) => run.go(),
        Command::Cases(cases) => Ok(cases.go()?),
        Command::Conformance(conformance) => conformance.go(),
        Command::Kubelets { port, node } => {
            let kept = node.map_or(kubelets::Kept::Annotated, kubelets::Kept::One);
            let _kubelets = kubelets::Kubelets::of(http::Server { port }, kept);
            loop {
                std::thread::park();
            }
        }
        Command::Table { file } => {
            print!("{}", tally::table(&tally::read(&file)?));
            Ok(())
        }
        Command::Draw { which, kubound } => draw(&which, kubound),
    }
}

fn draw(which: &Which, kubound: Option<PathBuf>) -> Result<()> {
    let (profile, seeds) = which.read()?;
    let folder = std::env::temp_dir().join(format!("referee-{}", std::process::id()));
    for seed in seeds {
        let made = generate::draw(profile, seed);
        let Some(program) = kubound.clone() else {
            println!("{}", serde_json::to_string_pretty(&made)?);
            continue;
        };
        // Whether there may be no pod at all: any question will do.
        let kubound = Kubound { program, folder: folder.clone(), release: "1.33".to_owned() };
        let answer = kubound.ask(&made, made.events.len(), Question::Quiet(&Placement::default()))?;
        println!("{} {seed}: {answer:?}", profile.name);
    }
    Ok(())
}

impl Which {
    fn read(&self) -> Result<(&'static Profile, std::ops::Range<u64>)> {
        let Some(profile) = PROFILES.iter().find(|profile| profile.name == self.profile) else {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            bail!("no profile `{}`; there are {}", self.profile, names.join(", "));
        };
        let (first, end) = self.seeds.split_once("..").context("seeds are written like 0..50")?;
        Ok((profile, first.parse()?..end.parse()?))
    }
}

impl Run {
    fn go(&self) -> Result<()> {
        let (profile, seeds) = self.which.read()?;
        let next = AtomicU64::new(seeds.start);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..self.planes)
                .map(|number| {
                    scope.spawn({
                        let next = &next;
                        move || self.work(profile, number, seeds.end, next)
                    })
                })
                .collect();
            workers.into_iter().try_for_each(|worker| worker.join().expect("no panic"))
        })?;
        let records = tally::read(&self.results())?;
        let asked: Vec<Record> = records.into_iter().filter(|one| one.profile == profile.name).collect();
        print!("{}", tally::table(&asked));
        Ok(())
    }

    fn results(&self) -> PathBuf {
        self.folder.join(format!("results-{}.jsonl", self.release))
    }

    /// Goes through seeds on one control plane.
    fn work(&self, profile: &'static Profile, number: u16, end: u64, next: &AtomicU64) -> Result<()> {
        let folder = self.folder.canonicalize()?;
        let programs = Programs::of(&folder, &self.release);
        let port = self.port + number * PORTS;
        let mut plane = Plane::up(&programs, &folder.join(format!("plane-{port}")), port, profile.kind)?;
        let kubound = Kubound {
            program: self.kubound.canonicalize()?,
            folder: folder.join(format!("asked-{port}")),
            release: self.release.clone(),
        };
        let kept = Kept {
            disagreements: folder.join(format!("disagreements-{}", self.release)),
            recordings: folder.join(format!("recordings-{}", self.release)),
        };
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return Ok(());
            }
            let made = generate::draw(profile, seed);
            let mut record = Record {
                seed,
                profile: profile.name.to_owned(),
                release: self.release.clone(),
                events: made.events.clone(),
                seen: Vec::new(),
                answers: BTreeMap::new(),
                followed: None,
                note: None,
                cluster_seconds: 0.0,
                answer_seconds: 0.0,
            };
            Trial::new(&mut plane, &kubound, &made, &kept).run(&mut record)?;
            println!(
                "{} {seed}: {:?} {:?} {} {:.0} s + {:.0} s",
                profile.name,
                record.answers,
                record.followed,
                record.note.as_deref().unwrap_or_default(),
                record.cluster_seconds,
                record.answer_seconds
            );
            tally::add(&self.results(), &record)?;
        }
    }
}
