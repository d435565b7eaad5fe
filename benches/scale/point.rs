//! One measurement.

use crate::axes::AXES;
use anyhow::{Context, Result, bail};
use kubound::engines::{Answer, Cancel, Limits, Part, named};
use kubound::manifest;
use kubound::memory::peak_kibibytes;
use kubound::search::{Options, Systems};
use kubound::smt::Encoding;
use kubound::smt::unroll::Unrolling;
use std::time::{Duration, Instant};

/// Steps of the symbolic question: as deep for all sizes, so that sizes can be compared.
pub const DEPTH: usize = 8;

/// What one point cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Along the axis.
    pub size: u32,
    /// In a word.
    pub verdict: String,
    /// From manifests to transition system, with its reductions.
    pub assemble: f64,
    /// From transition system to clauses at [`DEPTH`]; nothing for explicit search.
    pub encode: f64,
    /// The search (for symbolic engines including another encoding of its own).
    pub solve: f64,
    /// States, or clauses.
    pub work: u64,
    /// Peak memory.
    pub mebibytes: u64,
}

impl Point {
    /// For the pipe to the parent.
    pub fn to_line(&self) -> String {
        let Self { size, verdict, assemble, encode, solve, work, mebibytes } = self;
        format!("{size},{verdict},{assemble},{encode},{solve},{work},{mebibytes}")
    }

    /// Out of the pipe.
    pub fn from_line(line: &str) -> Result<Self> {
        let parts: Vec<&str> = line.split(',').collect();
        let [size, verdict, assemble, encode, solve, work, mebibytes] = parts[..] else {
            bail!("not a measurement: {line}")
        };
        Ok(Self {
            size: size.parse()?,
            verdict: verdict.to_owned(),
            assemble: assemble.parse()?,
            encode: encode.parse()?,
            solve: solve.parse()?,
            work: work.parse()?,
            mebibytes: mebibytes.parse()?,
        })
    }

    /// All of it.
    pub fn seconds(&self) -> f64 {
        self.assemble + self.encode + self.solve
    }
}

/// Measures in this process.
pub fn measure(axis: &str, engine: &str, size: u32, timeout: Duration) -> Result<Point> {
    let axis = AXES.iter().find(|one| one.name == axis).context("no such axis")?;
    let folder = std::env::temp_dir().join(format!("kubound-scale-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("cluster.yaml"), (axis.manifests)(size))?;
    let begin = Instant::now();
    let loaded = manifest::load(std::slice::from_ref(&folder), None);
    std::fs::remove_dir_all(&folder)?;
    let loaded = loaded?;
    let systems = Systems::new(&loaded.cluster, Options::default().granularity)?;
    let system = systems.searched();
    let assemble = begin.elapsed().as_secs_f64();
    let encoding = Encoding::CadicalClauses;
    let registration = named(engine).context("no such engine")?;
    let engine = (registration.open)(encoding);
    let is_symbolic = registration.part == Part::Growing;
    let begin = Instant::now();
    if is_symbolic {
        let roots = system.properties[0].claim.terms();
        let mut unrolling = Unrolling::new(system, &roots, &Limits::default(), kubound::smt::open(encoding));
        (0..DEPTH).for_each(|_| unrolling.extend());
    }
    let encode = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let limits = Limits { depth: is_symbolic.then_some(DEPTH), deadline: Some(begin + timeout), ..Limits::default() };
    let outcome = engine.decide(system, 0, &limits, &Cancel::default())?;
    let verdict = match outcome.answer {
        Answer::Violated(_) => "violated".to_owned(),
        Answer::Holds { .. } => "holds".to_owned(),
        Answer::NoViolationUpTo { depth } if depth >= DEPTH => format!("clean to {DEPTH}"),
        Answer::NoViolationUpTo { .. } | Answer::Unknown { .. } => "unknown".to_owned(),
    };
    Ok(Point {
        size,
        verdict,
        assemble,
        encode,
        solve: begin.elapsed().as_secs_f64(),
        work: if is_symbolic { outcome.statistics.clauses } else { outcome.statistics.states },
        mebibytes: peak_kibibytes("self").map_or(0, |peak| peak / 1024),
    })
}
