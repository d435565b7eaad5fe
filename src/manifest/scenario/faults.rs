//! `spec.faults`: what may go wrong around controllers, by kind. A number is how often; a mapping may say to whom.

use super::super::ErrorKind;
use super::super::error::InputError;
use super::super::suggest::nearest_or_list;
use super::super::value::Value;
use super::super::view::{Fields, View};
use crate::limits::reader::MOST_FAULTS;
use itertools::Itertools;
use kubound_encodings::cluster::{Fault, FaultKind};
use kubound_encodings::controllers::REGISTRY;

/// The keys of `faults`.
pub(super) fn kinds() -> Vec<&'static str> {
    FaultKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// The keys of one of them.
pub(super) const FAULT: &[&str] = &["times", "controllers"];

/// Reads them.
pub(super) fn read(spec: &Fields) -> Result<Vec<Fault>, InputError> {
    let Some(view) = spec.get("faults") else { return Ok(Vec::new()) };
    let mut faults = Vec::new();
    for (name, value) in view.strict_fields(&kinds())?.entries() {
        let kind = FaultKind::named(name).expect("one of the keys");
        faults.push(read_one(kind, &value)?);
    }
    contradiction(&faults).map_or(Ok(faults), |what| Err(view.error(what).help(EITHER)))
}

const EITHER: &str = "leave one of them out: a watch that stalls may also go on before any time has passed";

/// Why some faults cannot be asked for together.
pub(crate) fn contradiction(faults: &[Fault]) -> Option<String> {
    let asks = |kind: FaultKind| faults.iter().any(|fault| fault.kind == kind && fault.times > 0);
    (asks(FaultKind::Stale) && asks(FaultKind::Stall)).then(|| "both `stale` and `stall`".to_owned())
}

fn read_one(kind: FaultKind, view: &View) -> Result<Fault, InputError> {
    let mut fault = Fault { kind, controllers: Vec::new(), times: 1, origin: view.origin() };
    if !matches!(view.value, Value::Map(_)) {
        fault.times = view.integer(0..=MOST_FAULTS)?;
        return Ok(fault);
    }
    let fields = view.strict_fields(FAULT)?;
    fault.times = fields.read("times", |view| view.integer(0..=MOST_FAULTS))?.unwrap_or(1);
    for name in fields.items("controllers")? {
        fault.controllers.push(read_controller(&name)?);
    }
    Ok(fault)
}

/// The name of a controller, or of the process in which several run.
fn read_controller(view: &View) -> Result<String, InputError> {
    let name = view.text()?;
    let known: Vec<&str> =
        REGISTRY.iter().flat_map(|one| [one.name(), one.footprint().runs_in]).sorted().dedup().collect();
    if known.contains(&name) {
        return Ok(name.to_owned());
    }
    let error = view.error(format!("no controller or process is called `{name}`")).kind(ErrorKind::UnknownName);
    Err(error.help(nearest_or_list(name, known)))
}
