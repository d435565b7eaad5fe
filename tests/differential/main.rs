//! Random inputs, decided in several ways that must agree ([`compare::Comparison`]). On the way every system must be
//! well-formed, every violation must replay on the fine system, and no engine may report a fault of the model.
//!
//! Inputs are folders of manifests and a scenario, drawn from an alphabet that has everything that an input can say
//! ([`letters`]). They are numbered; the number is the seed. `KUBOUND_DIFFERENTIAL_CASES` says how many are looked at,
//! `KUBOUND_DIFFERENTIAL_FIRST` at which number they start, `KUBOUND_DIFFERENTIAL_ALL=1` that each of them is compared
//! in every way, and `KUBOUND_DIFFERENTIAL_WRITE=FOLDER` where failing inputs are written. Searches are cut off at a
//! number of states; cut ones are counted, and must not be too many. A failure is told with its number as it is met (to
//! be seen with `--nocapture`); in the end the first failure of each kind is made smaller by taking parts away, and
//! printed whole, as YAML.

mod compare;
mod effects;
mod generate;
mod input;
mod letters;
mod random;
mod shrink;
mod sizes;
mod tally;
mod timings;
mod whole;
mod words;

use compare::{Comparison, Failure, compare};
use generate::Drawn;
use input::Input;
use kubound_encodings::assemble::{AssembleError, assemble};
use kubound_encodings::cluster::Granularity;
use letters::{alphabet, letters};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tally::Tally;

/// Inputs of the test.
const CASES: u64 = 400;
/// Inputs drawn to see whether the whole alphabet occurs.
const DRAWN: u64 = 6000;
const THREADS: usize = 2;
/// How many inputs are compared from one line about the progress to the next.
const LINE_EVERY: u64 = 1000;
/// How many kinds of failures are made smaller.
const KINDS: usize = 6;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// How the input of a seed is compared.
fn comparisons(seed: u64) -> Vec<Comparison> {
    let all = number("KUBOUND_DIFFERENTIAL_ALL", 0) > 0;
    let wanted = Comparison::SHARES.iter().filter(|(_, share)| all || seed.is_multiple_of(*share));
    wanted.map(|(comparison, _)| *comparison).collect()
}

/// Compares the input of one seed, and counts its letters. An input that asks for more than models support is refused,
/// as users are told, and counts as a refused draw.
fn examine(seed: u64) -> (Tally, Option<Failure>) {
    let Drawn { cluster, refused, .. } = generate::input(seed);
    if let Err(AssembleError::Unsupported { .. }) = assemble(&cluster, Granularity::Fine) {
        return (Tally { refused: refused.len() as u64 + 1, ..Tally::default() }, None);
    }
    let (mut tally, failure) = match compare(&cluster, &comparisons(seed)) {
        Ok(tally) => (tally, None),
        Err(failure) => (Tally { clusters: 1, ..Tally::default() }, Some(failure)),
    };
    tally.refused = refused.len() as u64;
    let is_decided = tally.decided > 0;
    tally.count_letters(&letters(&cluster), is_decided);
    (tally, failure)
}

fn run(first: u64, end: u64) -> (Tally, Vec<(u64, Failure)>) {
    let next = AtomicU64::new(first);
    let results = Mutex::new((Tally::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    let (tally, failure) = examine(seed);
                    let mut results = results.lock().unwrap();
                    results.0.add(&tally);
                    if let Some(failure) = failure {
                        println!("cluster {seed}: {failure}");
                        results.1.push((seed, failure));
                    }
                    if (seed + 1 - first).is_multiple_of(LINE_EVERY) {
                        println!("at cluster {seed} of {end}: {}", results.0.summary());
                    }
                }
            });
        }
    });
    let (tally, mut failures) = results.into_inner().unwrap();
    failures.sort_by_key(|(seed, _)| *seed);
    (tally, failures)
}

/// Whether an input fails in the same way.
fn fails_alike(input: &Input, failure: &Failure) -> bool {
    let Ok(loaded) = input.load() else { return false };
    let comparisons: Vec<Comparison> = failure.comparison.into_iter().collect();
    let again = compare(&loaded.cluster, &comparisons);
    again.is_err_and(|other| (other.comparison, &other.kind) == (failure.comparison, &failure.kind))
}

/// The first failure of each kind, made smaller.
fn report(failures: &[(u64, Failure)]) -> String {
    let kind = |failure: &Failure| (failure.comparison, failure.kind.clone());
    let mut kinds: Vec<_> = failures.iter().map(|(_, failure)| kind(failure)).collect();
    kinds.sort();
    kinds.dedup();
    let mut text = String::new();
    for wanted in kinds.iter().take(KINDS) {
        let alike: Vec<_> = failures.iter().filter(|(_, failure)| kind(failure) == *wanted).collect();
        let seeds: Vec<u64> = alike.iter().map(|(seed, _)| *seed).collect();
        let (seed, failure) = alike[0];
        let smallest = shrink::shrink(&generate::input(*seed).input, |candidate| fails_alike(candidate, failure));
        if let Ok(folder) = std::env::var("KUBOUND_DIFFERENTIAL_WRITE") {
            let written = smallest.write(&Path::new(&folder).join(seed.to_string()));
            text += &written.map_or_else(|error| format!("not written: {error}\n"), |()| String::new());
        }
        text += &format!("\n{failure}\nclusters {seeds:?}; the first of them, made smaller:\n{smallest}");
    }
    text
}

/// Everything that an input can say is said by some of them.
#[test]
fn every_letter_occurs() {
    let mut tally = Tally::default();
    for seed in 0..DRAWN {
        let Drawn { cluster, refused, .. } = generate::input(seed);
        tally.clusters += 1;
        tally.refused += refused.len() as u64;
        if std::env::var("KUBOUND_DIFFERENTIAL_REFUSED").is_ok() {
            refused.iter().for_each(|why| println!("refused: {}", why.replace('\n', " ")));
        }
        tally.count_letters(&letters(&cluster), false);
    }
    let missing: Vec<_> = alphabet().filter(|letter| !tally.letters.contains_key(letter)).collect();
    assert!(missing.is_empty(), "letters that the generator never writes: {missing:#?}");
    assert!(tally.refused * 5 < tally.clusters, "{} draws refused for {} inputs", tally.refused, tally.clusters);
}

#[test]
fn all_ways_agree() {
    let first = number("KUBOUND_DIFFERENTIAL_FIRST", 0);
    let (tally, failures) = run(first, first + number("KUBOUND_DIFFERENTIAL_CASES", CASES));
    println!("{}\n{}", tally.summary(), tally.table());
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), report(&failures));
    // Shares mean nothing for a few cases.
    if tally.clusters < CASES {
        return;
    }
    let intents = tally.intents();
    assert!(tally.undecided * 2 < intents, "too many undecided: {}", tally.summary());
    assert!(tally.violated * 13 >= intents, "too few violated: {}", tally.summary());
    assert!(tally.holds * 10 >= intents, "too few that hold: {}", tally.summary());
    for (comparison, count) in &tally.comparisons {
        assert!(count.agreed > 0, "{comparison:?} never compared anything: {}", tally.summary());
    }
}

/// The second plugin of a pass sees the pod that replaces what the first one evicted, before it starts.
#[test]
fn fused_rules_let_a_pass_go_on_before_pods_start() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/passes");
    let loaded = kubound::manifest::load(&[folder.into()], None).expect("a valid fixture");
    let tally = compare(&loaded.cluster, &[Comparison::Granularity]).expect("the same verdicts");
    assert_eq!((tally.violated, tally.intents()), (1, 1));
}
