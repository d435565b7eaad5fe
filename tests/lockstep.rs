//! The saved runs that the lock-step program follows on the real controllers (`tests/fidelity/lockstep`) are still what
//! the search finds for the built-in cases, and still replay on the evaluator: so what that program said stays true.
//! `KUBOUND_WRITE_TRACES=1 cargo test --test lockstep` writes them anew; `scripts/lockstep` then has to be run again.

use kubound::engines::Cancel;
use kubound::engines::explicit;
use kubound::engines::explicit::inevitable::Inevitability;
use kubound::manifest;
use kubound::report::{narrate, sizes};
use kubound::search::{EngineChoice, Options, Silent, Systems, Verdict, Violation, check};
use kubound::trace::replay::replay;
use kubound::trace::{Ending, Step, Trace};
use kubound_encodings::cluster::Cluster;
use kubound_encodings::system::TransitionSystem;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn saved(case: &str) -> PathBuf {
    root().join("tests/fidelity/lockstep/traces").join(format!("{case}.json"))
}

/// What verify finds for the broken variant of a case, with the system of all details.
fn found(case: &str) -> (Cluster, TransitionSystem, Violation) {
    let loaded = manifest::load(&[root().join("cases").join(case).join("broken")], None).expect("a readable case");
    let options = Options {
        engine: EngineChoice::Only(&explicit::REGISTRATION),
        depth: loaded.depth,
        timeout: Duration::from_secs(80),
        ..Options::default()
    };
    let systems = Systems::new(&loaded.cluster, options.granularity).expect("a case that can be modelled");
    let mut findings =
        check(&loaded.cluster, systems, &options, &Cancel::default(), &Silent).expect("a search without fault");
    match findings.results.remove(0).verdict {
        Verdict::Violated(violation) => (loaded.cluster, findings.systems.fine, *violation),
        other => panic!("{case}: {other:?}"),
    }
}

/// The variables of a state that are not what they were, by name.
fn changes(system: &TransitionSystem, before: Option<&[i64]>, state: &[i64]) -> Map<String, Value> {
    let named = system.dag.vars().iter().zip(state).enumerate();
    let changed = named.filter(|&(index, (_, &value))| value != before.map_or(0, |before| before[index]));
    changed.map(|(_, (decl, &value))| (decl.name.clone(), json!(value))).collect()
}

/// A run as the lock-step program reads it.
fn told(cluster: &Cluster, system: &TransitionSystem, violation: &Violation, case: &str) -> Value {
    let trace = &violation.trace;
    let steps = narrate::tell(system, trace);
    let steps = steps.iter().enumerate().map(|(index, step)| {
        let picks: Map<String, Value> = step
            .picks
            .iter()
            .filter(|&(_, &value)| value != 0)
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        json!({
            "number": step.number,
            "actor": step.actor,
            "reason": step.reason,
            "text": step.text,
            "rule": step.rule,
            "picks": picks,
            "overApproximates": step.over_approximates,
            "changes": changes(system, Some(trace.state(index)), trace.state(index + 1)),
        })
    });
    let (ending, repeats) = match trace.ending {
        Ending::Bad => ("bad", None),
        Ending::Stays => ("stays", None),
        Ending::Loop { start } => ("loop", Some([start + 1, trace.steps.len()])),
    };
    let inevitable = violation.inevitability == Inevitability::Inevitable;
    json!({
        "name": format!("{case} broken"),
        "intent": system.properties[0].intent,
        "inevitable": inevitable,
        "pools": sizes::pools(cluster, system, &Trace { steps: Vec::new(), ..trace.clone() }),
        "values": sizes::values(cluster, system, &trace.initial),
        "initial": changes(system, None, &trace.initial),
        "steps": steps.collect::<Vec<_>>(),
        "ending": ending,
        "loop": repeats,
    })
}

/// The run that a saved file describes, over the variables of a system.
fn read(system: &TransitionSystem, text: &Value) -> Trace {
    let write = |state: &mut Vec<i64>, changes: &Value| {
        for (name, value) in changes.as_object().expect("a map of variables") {
            let index = system.dag.vars().iter().position(|decl| decl.name == *name);
            state[index.unwrap_or_else(|| panic!("no variable {name}"))] = value.as_i64().expect("a number");
        }
    };
    let mut state = vec![0; system.vars.len()];
    write(&mut state, &text["initial"]);
    let initial = state.clone();
    let steps: Vec<Step> = text["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| {
            write(&mut state, &step["changes"]);
            let rule = step["rule"].as_str().expect("a rule").to_owned();
            let fired = system.rule(&rule).unwrap_or_else(|| panic!("no rule {rule}"));
            let pick = |name: &str| step["picks"].get(name).map_or(0, |value| value.as_i64().expect("a number"));
            let ids = fired.choices.iter().flat_map(|choice| choice.ids().iter().copied());
            let mut picks: Vec<_> = ids.map(|id| (id, pick(&system.dag.choices()[id.index()].name))).collect();
            picks.sort();
            Step { rule, picks, state: state.clone() }
        })
        .collect();
    let ending = match (text["ending"].as_str(), text["loop"][0].as_u64()) {
        (Some("bad"), _) => Ending::Bad,
        (Some("stays"), _) => Ending::Stays,
        (_, start) => Ending::Loop { start: start.expect("a first step of the loop") as usize - 1 },
    };
    Trace { initial, steps, ending }
}

fn check_case(case: &str) {
    let (cluster, system, violation) = found(case);
    let now = told(&cluster, &system, &violation, case);
    if std::env::var_os("KUBOUND_WRITE_TRACES").is_some() {
        let text = serde_json::to_string_pretty(&now).expect("plain data") + "\n";
        std::fs::write(saved(case), text).expect("a folder that can be written");
    }
    let text = std::fs::read_to_string(saved(case)).expect("a saved run");
    let then: Value = serde_json::from_str(&text).expect("JSON");
    replay(&system, &read(&system, &then), 0).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(then, now, "{case}: verify finds another run; write the runs anew and run scripts/lockstep");
}

macro_rules! cases {
    ($($case:ident),*) => { $(#[test] fn $case() { check_case(stringify!($case)); })* };
}

cases!(c1, c2, c3, c4, c5, c6, c7, c8);
