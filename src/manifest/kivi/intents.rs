//! `intents`: what shall hold, by Kivi's names.

use super::super::ErrorKind;
use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::view::{Fields, View};
use super::{Deployment, read_index};
use kubound_encodings::cluster::intent::{Intent, IntentKind, SchedulableMode, When};
use kubound_encodings::cluster::{Expression, Origin};

/// Kivi's intents that are read.
const KNOWN: &str = "checkOscillationReplicaNum, checkMinReplicas, checkExpReplicas, checkEvictionCycle, kernel_panic";

/// How Kivi's expressions call the replicas of the deployment.
const SPEC_REPLICAS: &str = "d[did].specReplicas";

/// Reads the intents. That every pod finds a node is always one of them, since Kivi always asks it.
pub(super) fn read(root: &Fields, deployments: &[Deployment]) -> Result<Vec<Intent>, InputError> {
    let mut intents: Vec<Intent> = Vec::new();
    let mut origin = root.view.origin();
    if let Some(view) = root.get("intents") {
        origin = view.origin();
        for view in view.list()? {
            let kind = match view.value.as_text() {
                Some(name) => read_kind(name, &view, None, deployments)?,
                None => {
                    let fields = view.fields()?;
                    let name = fields.require("name", "the name of an intent")?;
                    let arguments = fields.below("para")?;
                    let kind = read_kind(name.text()?, &name, arguments.as_ref(), deployments)?;
                    fields.note_rest(&[]);
                    kind
                }
            };
            push(&mut intents, kind, view.origin(), &view);
        }
    }
    let always = IntentKind::Schedulable { target: None, mode: SchedulableMode::Immediate };
    push(&mut intents, Some(always), origin, &root.view);
    Ok(intents)
}

fn push(intents: &mut Vec<Intent>, kind: Option<IntentKind>, origin: Origin, view: &View) {
    let Some(kind) = kind else { return };
    if intents.iter().any(|other| other.kind == kind) {
        view.note(Harmless, "the same intent again");
        return;
    }
    let is_same = |other: &&Intent| other.kind.name() == kind.name() && other.kind.target() == kind.target();
    let same = intents.iter().filter(is_same).count();
    let id = if same == 0 { kind.name().to_owned() } else { format!("{}-{}", kind.name(), same + 1) };
    intents.push(Intent { id, kind, origin });
}

fn read_kind(
    name: &str,
    at: &View,
    arguments: Option<&Fields>,
    deployments: &[Deployment],
) -> Result<Option<IntentKind>, InputError> {
    let target = || -> Result<&Deployment, InputError> {
        match arguments.and_then(|arguments| arguments.get("did")) {
            Some(view) => Ok(&deployments[read_index(&view, deployments.len(), "a deployment")?]),
            None => deployments.first().ok_or_else(|| at.error("there is no deployment").expected("one, in `d`")),
        }
    };
    let replicas = |deployment: &Deployment, min: Expression| IntentKind::Replicas {
        target: deployment.reference.clone(),
        min: Some(min),
        max: None,
        when: When::AfterReached,
    };
    let kind = match name {
        "kernel_panic" => IntentKind::NoNodePanicLoop,
        "no_feasible_node" | "no_feasiable_node" => {
            IntentKind::Schedulable { target: None, mode: SchedulableMode::Immediate }
        }
        "checkEvictionCycle" => IntentKind::NoOscillation { target: Some(target()?.reference.clone()) },
        "checkOscillationReplicaNum" => IntentKind::NoOvershoot { target: target()?.reference.clone() },
        "checkMinReplicas" => {
            let deployment = target()?;
            replicas(deployment, deployment.min_replicas.map_or(Expression::SpecReplicas, Expression::Number))
        }
        "checkExpReplicas" => {
            let what = "expReplicas: a number, or d[did].specReplicas with + or - a number";
            let missing = || at.error("no `expReplicas`").kind(ErrorKind::MissingField).expected(what);
            let view = arguments.and_then(|arguments| arguments.get("expReplicas")).ok_or_else(missing)?;
            replicas(target()?, read_limit(&view)?)
        }
        other => {
            at.note(Risky, format!("the intent {other:?} is not read: nothing is said about it; those read: {KNOWN}"));
            return Ok(None);
        }
    };
    if let Some(arguments) = arguments {
        arguments.note_rest(&[]);
    }
    Ok(Some(kind))
}

/// A number, or the replicas of the deployment with a number added or taken away.
fn read_limit(view: &View) -> Result<Expression, InputError> {
    let unreadable = || {
        view.error(format!("found {}", view.value.describe()))
            .kind(ErrorKind::Expression)
            .expected(format!("a number from 0 to 10000, or {SPEC_REPLICAS} with + or - such a number"))
    };
    let number = |text: &str| {
        let number = text.trim().parse::<i64>().ok().filter(|number| (0..=10_000).contains(number));
        number.map(Expression::Number).ok_or_else(unreadable)
    };
    let text = view.scalar_text().ok_or_else(unreadable)?;
    let Some(rest) = text.trim().strip_prefix(SPEC_REPLICAS) else { return number(&text) };
    let rest = rest.trim();
    let replicas = || Box::new(Expression::SpecReplicas);
    match (rest.strip_prefix('-'), rest.strip_prefix('+')) {
        (Some(rest), _) => Ok(Expression::Subtract(replicas(), Box::new(number(rest)?))),
        (None, Some(rest)) => Ok(Expression::Add(replicas(), Box::new(number(rest)?))),
        (None, None) if rest.is_empty() => Ok(Expression::SpecReplicas),
        (None, None) => Err(unreadable()),
    }
}
