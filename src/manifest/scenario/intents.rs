//! `spec.intents` and `spec.expect`: what shall hold, and what a case expects.

use super::super::ErrorKind;
use super::super::ExpectedVerdict;
use super::super::error::InputError;
use super::super::expression::{self, Place};
use super::super::formula::{self, Known};
use super::super::names::Names;
use super::super::suggest::nearest_or_list;
use super::super::value::Value;
use super::super::view::{Fields, View};
use crate::plural::plural;
use itertools::Itertools;
use kubound_encodings::cluster::formula::Word;
use kubound_encodings::cluster::intent::{Intent, IntentKind, SchedulableMode, When};
use kubound_encodings::cluster::{Comparison, Expression, Oracle, WorkloadRef};
use std::collections::BTreeMap;

/// Intents and the keys of each.
pub(super) const INTENTS: &[(&str, &[&str])] = &[
    ("noOscillation", &["target"]),
    ("noOvershoot", &["target"]),
    ("schedulable", &["target", "mode"]),
    ("replicas", &["target", "min", "max", "when"]),
    ("spread", &["target", "topologyKey", "maxSkew", "when"]),
    ("available", &["target", "min"]),
    ("rolloutCompletes", &["target"]),
    ("drainCompletes", &[]),
    ("converges", &["target"]),
    ("boundedPods", &["target", "max"]),
    ("noNodePanicLoop", &[]),
    ("placement", &["target", "pools"]),
    ("sameAsFresh", &["target"]),
    ("rollbackRestores", &["target"]),
    ("recovers", &["target"]),
    ("sameAsWithoutFaults", &["target"]),
];

/// When a limit must be met.
pub(super) const MOMENTS: &[(&str, When)] =
    &[("always", When::Always), ("settled", When::Settled), ("afterReached", When::AfterReached)];

/// How strictly pods must find nodes.
pub(super) const MODES: &[(&str, SchedulableMode)] =
    &[("settled", SchedulableMode::Settled), ("immediate", SchedulableMode::Immediate)];

/// The words of `expect`.
pub(super) const VERDICTS: &[(&str, ExpectedVerdict)] = &[
    ("violated", ExpectedVerdict::Violated),
    ("holds", ExpectedVerdict::Holds),
    ("race", ExpectedVerdict::Race),
    ("unknown", ExpectedVerdict::Unknown),
    ("vacuous", ExpectedVerdict::Vacuous),
];

/// Reads `spec.intents`.
pub(super) fn read(spec: &Fields, known: &Known) -> Result<Vec<Intent>, InputError> {
    let mut intents: Vec<Intent> = Vec::new();
    for view in spec.items("intents")? {
        let intent = read_one(&view, known)?;
        let is_same = |other: &Intent| other.id == intent.id && other.kind.target() == intent.kind.target();
        if intents.iter().any(is_same) {
            return Err(view
                .error(format!("a second intent `{}` with the same target", intent.id))
                .kind(ErrorKind::Duplicate)
                .expected("intents that differ")
                .help("give it an `id`"));
        }
        intents.push(intent);
    }
    Ok(intents)
}

/// The conditions of an intent in words.
fn read_words(word: Word, body: &View, known: &Known) -> Result<IntentKind, InputError> {
    let views = match word {
        Word::LeadsTo => body.list()?,
        _ => vec![body.clone()],
    };
    let wanted = if word == Word::LeadsTo { 2 } else { 1 };
    if views.len() != wanted {
        return Err(body
            .error(plural(views.len() as i64, "condition"))
            .expected("two: the second follows whenever the first holds"));
    }
    let conditions = views.iter().map(|view| formula::read(view, known)).collect::<Result<Vec<_>, _>>()?;
    let texts = views.iter().map(|view| view.text()).collect::<Result<Vec<_>, _>>()?;
    let text = texts.iter().map(|text| format!("`{}`", text.split_whitespace().join(" "))).join(" leads to ");
    Ok(IntentKind::Formula { word, text, conditions })
}

fn read_one(view: &View, known: &Known) -> Result<Intent, InputError> {
    let names = known.names;
    let empty = Value::Map(Default::default());
    let (name, body_view, outer_id) = match view.value.as_text() {
        Some(name) => (name, None, None),
        None => {
            let item = view.fields()?;
            let kinds: Vec<_> = item.entries().filter(|(key, _)| *key != "id").collect();
            let [(name, _)] = kinds.as_slice() else {
                let found = kinds.iter().map(|(key, _)| *key).join(", ");
                return Err(view
                    .error(format!("{} intents ({found})", kinds.len()))
                    .expected("one intent in each item"));
            };
            (*name, item.get(name), item.get("id"))
        }
    };
    let at = body_view.as_ref().unwrap_or(view);
    if let Some(word) = Word::ALL.into_iter().find(|word| word.name() == name) {
        let Some(body) = &body_view else {
            return Err(view
                .error(format!("`{name}` without a condition"))
                .kind(ErrorKind::MissingField)
                .expected(format!("{name}: \"CONDITION\"")));
        };
        let id = outer_id.map(|view| view.name().map(str::to_owned)).transpose()?;
        let kind = read_words(word, body, known)?;
        return Ok(Intent { id: id.unwrap_or_else(|| name.to_owned()), kind, origin: view.origin() });
    }
    let Some((name, keys)) = INTENTS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = INTENTS.iter().map(|(known, _)| *known).chain(Word::ALL.map(Word::name)).collect();
        return Err(at
            .error(format!("unknown intent `{name}`"))
            .kind(ErrorKind::UnknownName)
            .help(nearest_or_list(name, known)));
    };
    let allowed: Vec<&str> = keys.iter().chain(&["id"]).copied().collect();
    let body = match &body_view {
        Some(body) => body.strict_fields(&allowed)?,
        None => View { value: &empty, ..view.clone() }.strict_fields(&allowed)?,
    };
    let kind = read_kind(name, &body, names)?;
    let id = match (outer_id, body.get("id")) {
        (Some(_), Some(twice)) => return Err(twice.error("a second id").kind(ErrorKind::Duplicate).expected("one id")),
        (outer, inner) => outer.or(inner).map(|view| view.name().map(str::to_owned)).transpose()?,
    };
    Ok(Intent { id: id.unwrap_or_else(|| name.to_string()), kind, origin: view.origin() })
}

fn read_kind(name: &str, body: &Fields, names: &Names) -> Result<IntentKind, InputError> {
    let optional = || -> Result<Option<WorkloadRef>, InputError> { body.read("target", |view| names.workload(&view)) };
    let target = || names.workload(&body.require("target", "kind/namespace/name of a workload")?);
    let recurring = |view: View| names.workload_or_cron_job(&view);
    let any_kind = |view: View| names.any_workload(&view);
    let target_or_cron_job = || recurring(body.require("target", "kind/namespace/name of a workload")?);
    let target_or_daemon_set =
        || names.workload_or_daemon_set(&body.require("target", "kind/namespace/name of a workload")?);
    let limit = |key: &str| -> Result<Option<Expression>, InputError> {
        body.read(key, |view| expression::read(&view, Place::Limit, names))
    };
    let when = || Ok::<_, InputError>(body.read("when", |view| view.one_of(MOMENTS))?.unwrap_or_default());
    if let Some(oracle) = Oracle::ALL.into_iter().find(|oracle| oracle.name() == name) {
        let target = body.read("target", any_kind)?;
        return Ok(Comparison { oracle, target, outcomes: None }.into_kind());
    }
    Ok(match name {
        "noOscillation" => IntentKind::NoOscillation { target: optional()? },
        "noOvershoot" => IntentKind::NoOvershoot { target: target()? },
        "schedulable" => {
            let mode = body.read("mode", |view| view.one_of(MODES))?.unwrap_or_default();
            IntentKind::Schedulable { target: body.read("target", any_kind)?, mode }
        }
        "replicas" => {
            let (min, max) = (limit("min")?, limit("max")?);
            if min.is_none() && max.is_none() {
                return Err(body.view.error("no limit").kind(ErrorKind::MissingField).expected("min, max or both"));
            }
            IntentKind::Replicas { target: target()?, min, max, when: when()? }
        }
        "spread" => IntentKind::Spread {
            target: target()?,
            topology_key: body.require("topologyKey", "a label key of nodes")?.name()?.to_owned(),
            max_skew: body.require("maxSkew", "an integer of at least 0")?.integer(0..=10_000)?,
            when: when()?,
        },
        "available" => {
            let min = body.require("min", "the fewest ready pods")?;
            IntentKind::Available { target: target_or_daemon_set()?, min: expression::read(&min, Place::Limit, names)? }
        }
        "rolloutCompletes" => IntentKind::RolloutCompletes { target: target_or_daemon_set()? },
        "drainCompletes" => IntentKind::DrainCompletes,
        "converges" => IntentKind::Converges { target: body.read("target", recurring)? },
        "boundedPods" => IntentKind::BoundedPods { target: target_or_cron_job()?, max: limit("max")? },
        "placement" => {
            let pools = body.require("pools", "a list of pools")?.list()?;
            let pools = pools.iter().map(|view| names.pool(view)).collect::<Result<Vec<_>, _>>()?;
            IntentKind::Placement { target: target_or_cron_job()?, pools }
        }
        _ => IntentKind::NoNodePanicLoop,
    })
}

/// Reads `spec.expect`; without intents the default ones are meant.
pub(super) fn read_expect(spec: &Fields, intents: &[Intent]) -> Result<BTreeMap<String, ExpectedVerdict>, InputError> {
    let mut expect = BTreeMap::new();
    let Some(fields) = spec.below("expect")? else { return Ok(expect) };
    let defaults = ["noOscillation", "schedulable", "converges"];
    let ids: Vec<&str> =
        if intents.is_empty() { defaults.to_vec() } else { intents.iter().map(|intent| intent.id.as_str()).collect() };
    for (id, view) in fields.entries() {
        if !ids.contains(&id) {
            return Err(view
                .error(format!("no intent `{id}`"))
                .kind(ErrorKind::UnknownName)
                .help(nearest_or_list(id, ids.iter().copied())));
        }
        expect.insert(id.to_owned(), view.one_of(VERDICTS)?);
    }
    Ok(expect)
}
