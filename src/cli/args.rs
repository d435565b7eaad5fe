//! Flags that several subcommands share.

use super::Failure;
use super::completions::values;
use super::exit::Deny;
use crate::engines::{self, Registration};
use crate::limits::reader::{MOST_FAULTS, MOST_STEPS};
use crate::manifest::{AskedTiming, Loaded};
use crate::report::format::Format;
use crate::report::formats::{self, REGISTRY};
use crate::search::{EngineChoice, Options};
use crate::smt::Encoding;
use anyhow::anyhow;
use clap::builder::{
    PossibleValue, PossibleValuesParser, RangedI64ValueParser, RangedU64ValueParser, TypedValueParser,
};
use clap::{Args, ValueEnum};
use kubound_encodings::cluster::{FaultKind, Granularity, Timing};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// A number of steps.
fn depth() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=MOST_STEPS as u64)
}

/// What to look at: the model that the input becomes.
#[derive(Args, Clone, Debug)]
pub struct ModelArgs {
    /// Whether, as long as controllers act at once, a pod starts in the step that binds it (fused) or in one of its own (fine)
    #[arg(long, value_enum, default_value = "fused", help_heading = "Search")]
    pub granularity: GranularityArg,
    /// How controllers and time interleave [default: what the scenario says, or both]
    #[arg(long, value_enum, help_heading = "Search")]
    pub timing: Option<TimingArg>,
    /// At most N nodes in each pool
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=MOST_STEPS), help_heading = "Search")]
    pub nodes: Option<i64>,
    /// At most N replicas of all workloads together at the start
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=MOST_STEPS), help_heading = "Search")]
    pub pods: Option<i64>,
    /// Look at runs of at most N steps only, and be content with that
    #[arg(long, value_name = "N", value_parser = depth(), help_heading = "Search")]
    pub depth: Option<usize>,
    #[command(flatten)]
    /// What may go wrong around controllers.
    pub faults: FaultArgs,
}

/// What may go wrong around controllers, in place of what the scenario says of that kind.
#[derive(Args, Clone, Debug, Default)]
pub struct FaultArgs {
    /// A process restarts up to N times, also between two of its requests, and loses what it kept in memory
    #[arg(long, value_name = "N", value_parser = fault_times(), help_heading = "Faults")]
    pub crash: Option<i64>,
    /// Up to N times a controller sees pods as they were, for less than any duration
    #[arg(long, value_name = "N", value_parser = fault_times(), conflicts_with = "stall", help_heading = "Faults")]
    pub stale: Option<i64>,
    /// Up to N times a controller sees pods as they were, for as long as it takes
    #[arg(long, value_name = "N", value_parser = fault_times(), help_heading = "Faults")]
    pub stall: Option<i64>,
    /// Up to N requests are refused because their object has changed
    #[arg(long, value_name = "N", value_parser = fault_times(), help_heading = "Faults")]
    pub conflict: Option<i64>,
    /// Up to N requests are lost, or their answers
    #[arg(long, value_name = "N", value_parser = fault_times(), help_heading = "Faults")]
    pub api_fault: Option<i64>,
}

/// How often a fault may happen.
fn fault_times() -> RangedI64ValueParser<i64> {
    RangedI64ValueParser::new().range(0..=MOST_FAULTS)
}

impl FaultArgs {
    /// How often each kind may happen, where a flag says so.
    pub fn times(&self) -> impl Iterator<Item = (FaultKind, i64)> {
        let of = |kind: FaultKind| match kind {
            FaultKind::Crash => self.crash,
            FaultKind::Stale => self.stale,
            FaultKind::Stall => self.stall,
            FaultKind::Conflict => self.conflict,
            FaultKind::ApiFault => self.api_fault,
        };
        FaultKind::ALL.into_iter().filter_map(move |kind| Some((kind, of(kind)?)))
    }

    /// The flag of a kind, without its dashes.
    pub fn flag(kind: FaultKind) -> &'static str {
        match kind {
            FaultKind::Crash => "crash",
            FaultKind::Stale => "stale",
            FaultKind::Stall => "stall",
            FaultKind::Conflict => "conflict",
            FaultKind::ApiFault => "api-fault",
        }
    }
}

/// How to search.
#[derive(Args, Clone, Debug)]
pub struct SearchArgs {
    /// Engines to use
    #[arg(long, value_parser = engine_parser(), default_value = EngineChoice::PORTFOLIO, help_heading = "Search")]
    pub engine: EngineChoice,
    /// Solver of the symbolic engine; proofs choose for themselves
    #[arg(long, value_enum, default_value = "z3", help_heading = "Search")]
    pub solver: SolverArg,
    /// Decide every verdict again with both solvers and the explicit engine; a contradiction ends with exit code 70
    #[arg(long, help_heading = "Search")]
    pub cross_check: bool,
    #[command(flatten)]
    /// What to look at.
    pub model: ModelArgs,
    /// Time for all intents together, such as 90s or 10m [default: what the scenario says, or 10m]
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Search")]
    pub timeout: Option<Duration>,
    /// Memory that the process may take, such as 4Gi, 800M or none; beyond it, searches give up [default: three quarters of
    /// what the machine or its control group allows]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory, help_heading = "Search")]
    pub memory: Option<MemoryArg>,
    /// Number of threads of the explicit engine [default: one for each core]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Search")]
    pub jobs: Option<u16>,
}

/// What counts and how to show it.
#[derive(Args, Clone, Debug)]
pub struct ReportArgs {
    /// Format of a report, with an optional file; may be repeated: human, json, jsonl, sarif, junit, github, markdown,
    /// itf, html. What goes to standard output is for people unless another format is asked for there
    #[arg(long, short, value_name = "FORMAT[=FILE]", add = values::formats(), help_heading = "Report")]
    pub output: Vec<Output>,
    /// Count as a failure: vacuous intents, clean verdicts that ignored a field which may matter, races that pass, or
    /// clean verdicts where nobody knows whether there are races
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Report")]
    pub deny: Vec<Deny>,
    #[command(flatten)]
    /// How much to say.
    pub voice: VoiceArgs,
}

/// How much to say.
#[derive(Args, Clone, Copy, Debug)]
pub struct VoiceArgs {
    /// Say only the verdicts
    #[arg(long, short, conflicts_with = "verbose", help_heading = "Report")]
    pub quiet: bool,
    /// Show every step with the scores behind it, and every ignored field
    #[arg(long, short, help_heading = "Report")]
    pub verbose: bool,
    /// Show the invariants and measures behind what was proved
    #[arg(long, help_heading = "Report")]
    pub show_proof: bool,
}

/// `--engine`: all of them, or one of the registry.
fn engine_parser() -> impl TypedValueParser<Value = EngineChoice> {
    let names = PossibleValuesParser::new(engine_values());
    names.map(|name| EngineChoice::named(&name).unwrap_or_default())
}

/// The values of `--engine`, with a line about each.
pub fn engine_values() -> Vec<PossibleValue> {
    let all = "Explicit beside symbolic, proof where explicit gives up; the first sound answer wins";
    let engine = |one: &Registration| PossibleValue::new(one.name).help(one.summary).aliases(one.aliases);
    [PossibleValue::new(EngineChoice::PORTFOLIO).help(all)]
        .into_iter()
        .chain(engines::REGISTRY.iter().map(engine))
        .collect()
}

/// `--solver`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum SolverArg {
    /// Z3.
    Z3,
    /// CaDiCaL.
    Cadical,
}

/// `--granularity`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum GranularityArg {
    /// Admission is a step of its own under paced timing, too.
    Fine,
    /// Under paced timing a pod starts in the step that binds it.
    Fused,
}

/// `--timing`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TimingArg {
    /// Paced, and what changes if controllers are late.
    Both,
    /// Fast controllers first, periodic ones at quiet moments.
    Paced,
    /// Any controller may be late, by less than any duration of the cluster.
    Delayed,
    /// Any controller may be late, and timers may run off before their time.
    Interleaved,
}

/// Forms of the answer of a command that has no report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Form {
    /// For people.
    Human,
    /// For machines.
    Json,
}

/// `-o FORMAT[=FILE]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// The format.
    pub format: &'static Format,
    /// The file; `None`: standard output.
    pub file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err("the name of the file is missing behind `=`".into()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = formats::named(format).ok_or_else(|| {
            let known: Vec<&str> = REGISTRY.iter().map(|format| format.name).collect();
            format!("no format is called `{format}`; there are: {}", known.join(", "))
        })?;
        Ok(Self { format, file })
    }
}

impl ModelArgs {
    /// The granularity of the rules.
    pub fn granularity(&self) -> Granularity {
        match self.granularity {
            GranularityArg::Fine => Granularity::Fine,
            GranularityArg::Fused => Granularity::Fused,
        }
    }
}

impl SearchArgs {
    /// Refuses choices that the engine would not heed.
    pub fn check(&self) -> Result<(), Failure> {
        match (self.engine, self.solver) {
            (EngineChoice::Only(engine), SolverArg::Cadical) if engine.chooses_solvers => {
                let why = "it uses integers of Z3 for linear invariants and CaDiCaL for the rest";
                let help = "help: leave out --solver";
                Err(Failure::Usage(anyhow!("--engine {} does not heed --solver: {why}\n{help}", engine.name)))
            }
            _ => Ok(()),
        }
    }

    fn encoding(&self) -> Encoding {
        match self.solver {
            SolverArg::Z3 => Encoding::Clauses,
            SolverArg::Cadical => Encoding::CadicalClauses,
        }
    }

    /// The options of a search, given what the scenario says.
    pub fn options(&self, loaded: &Loaded) -> Options {
        let defaults = Options::default();
        Options {
            engine: self.engine,
            encoding: self.encoding(),
            granularity: self.model.granularity(),
            depth: self.model.depth.or(loaded.depth),
            timeout: self.timeout.or(loaded.timeout).unwrap_or(defaults.timeout),
            cross_check: self.cross_check,
            both: loaded.timing == AskedTiming::Both,
            ..defaults
        }
    }
}

impl From<TimingArg> for AskedTiming {
    fn from(timing: TimingArg) -> Self {
        match timing {
            TimingArg::Both => Self::Both,
            TimingArg::Paced => Self::Only(Timing::Paced),
            TimingArg::Delayed => Self::Only(Timing::Delayed),
            TimingArg::Interleaved => Self::Only(Timing::Interleaved),
        }
    }
}

/// `--memory`: a number of bytes, or no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryArg(pub Option<u64>);

/// `4Gi`, `800M`, `2000000000`, `none`; units as in Kubernetes.
fn parse_memory(text: &str) -> Result<MemoryArg, String> {
    const LEAST: u64 = 64 << 20;
    let wrong = || format!("`{text}` is no size; write 4Gi, 800M or none");
    if text == "none" {
        return Ok(MemoryArg(None));
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit: u64 = match &text[digits..] {
        "" => 1,
        "k" | "K" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return Err(wrong()),
    };
    match number.checked_mul(unit) {
        Some(bytes) if bytes >= LEAST => Ok(MemoryArg(Some(bytes))),
        Some(_) => Err(format!("`{text}` is too little for any search; 64Mi is the least")),
        None => Err(wrong()),
    }
}

/// `90`, `90s`, `10m`, `1h30m`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time; write 90s, 10m or 1h30m");
    let mut seconds: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let (unit, next) = match rest[digits..].chars().next() {
            None if seconds == 0 => (1, ""),
            Some('s') => (1, &rest[digits + 1..]),
            Some('m') => (60, &rest[digits + 1..]),
            Some('h') => (3600, &rest[digits + 1..]),
            _ => return Err(wrong()),
        };
        seconds = number.checked_mul(unit).and_then(|part| seconds.checked_add(part)).ok_or_else(wrong)?;
        rest = next;
    }
    if seconds == 0 || seconds > 366 * 24 * 3600 { Err(wrong()) } else { Ok(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("1m5s", 65)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0s", "m", "5x", "-3s", "1m5", "99999999999999999999s", "1.5m"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_of_memory() {
        let bytes = |text: &str| parse_memory(text).map(|size| size.0);
        for (text, size) in [("4Gi", 4 << 30), ("800M", 800_000_000), ("100000000", 100_000_000), ("64Mi", 64 << 20)] {
            assert_eq!(bytes(text), Ok(Some(size)), "{text}");
        }
        assert_eq!(bytes("none"), Ok(None));
        for text in ["", "Gi", "4 Gi", "-1Gi", "4Gib", "63Mi", "0", "99999999999Ti"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn outputs() {
        let json = |file: Option<&str>| Output { format: &crate::report::json::FORMAT, file: file.map(PathBuf::from) };
        assert_eq!("json".parse(), Ok(json(None)));
        assert_eq!("json=a=b.json".parse(), Ok(json(Some("a=b.json"))));
        for format in REGISTRY {
            assert_eq!(format.name.parse(), Ok(Output { format, file: None }));
        }
        assert!("json=".parse::<Output>().is_err());
        assert!("yaml".parse::<Output>().is_err());
    }
}
