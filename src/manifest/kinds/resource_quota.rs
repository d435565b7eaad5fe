//! ResourceQuotas (section 8.5).

use super::super::Severity::{Harmless, Risky};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::judgements::{Table, depends, read as is_read, risky, status, table, within};
use super::super::quantity::Unit;
use super::super::value::Value;
use super::super::view::View;
use super::Object;
use super::metadata::METADATA;
use kubound_encodings::cluster::node::{CPU, EPHEMERAL_STORAGE, MEMORY};
use kubound_encodings::cluster::quota::{LIMITS, PODS, Scope};
use kubound_encodings::cluster::{ResourceQuota, Resources};

/// A ResourceQuota.
pub(super) static QUOTA: Table = table(
    "io.k8s.api.core.v1.ResourceQuota",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC),
        status("pkg/registry/core/resourcequota/strategy.go"),
    ],
);

static SPEC: Table = table(
    "io.k8s.api.core.v1.ResourceQuotaSpec",
    &[
        depends(
            "hard",
            "objects other than pods that a controller makes, and limits of other resources, are not counted",
        ),
        risky("scopeSelector", "selectors of scopes are not modelled: the quota refuses nothing"),
        depends("scopes", "Terminating, CrossNamespacePodAffinity and others: the quota refuses nothing"),
    ],
);

/// `spec.scopes`; nothing where all pods of the model are meant.
const SCOPES: &[(&str, Option<Scope>)] =
    &[("BestEffort", Some(Scope::BestEffort)), ("NotBestEffort", Some(Scope::NotBestEffort)), ("NotTerminating", None)];

/// Reads a quota.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let spec = object.fields.below("spec")?;
    object.judge_rest();
    let Some(spec) = spec else { return Ok(()) };
    let mut scopes = Vec::new();
    let mut is_known = true;
    for view in spec.get("scopes").map(|view| view.list()).transpose()?.unwrap_or_default() {
        match SCOPES.iter().find(|(name, _)| view.value.as_text() == Some(name)) {
            Some((_, scope)) => scopes.extend(*scope),
            None => {
                view.note(Risky, "quotas of this scope are not modelled: it refuses nothing");
                is_known = false;
            }
        }
    }
    is_known &= spec.view.value.below(&["scopeSelector"]).is_none_or(|selector| *selector == Value::Null);
    let mut hard = Resources::new();
    if let Some(fields) = spec.below("hard")? {
        for (key, view) in fields.entries() {
            let resource = match key.strip_prefix("requests.").unwrap_or(key) {
                "count/pods" => {
                    view.note(Risky, "pods that have failed are not counted");
                    PODS
                }
                name if [PODS, CPU, MEMORY, EPHEMERAL_STORAGE].contains(&name) => name,
                name if key.starts_with("requests.") && name.contains('/') => name,
                "limits.cpu" | "limits.memory" => key,
                _ if key.starts_with("limits.") => {
                    view.note(Risky, "limits of this resource are not counted: more pods are created");
                    continue;
                }
                _ => {
                    note_uncounted(key, &view);
                    continue;
                }
            };
            let unit = if resource == PODS { Unit::Whole } else { Unit::of(resource.trim_start_matches(LIMITS)) };
            let amount = view.amount(unit)?;
            let least = hard.entry(resource.to_owned()).or_insert(amount);
            *least = amount.min(*least);
        }
    }
    spec.judge_rest(&SPEC);
    if !is_known || hard.is_empty() {
        return Ok(());
    }
    let (namespace, name) = (object.metadata.namespace.clone(), object.metadata.name.clone());
    draft.quotas.retain(|other| (&other.namespace, &other.name) != (&namespace, &name));
    draft.quotas.push(ResourceQuota { namespace, name, hard, scopes, origin: object.context.origin("") });
    Ok(())
}

/// Objects that no controller of the model creates.
const NEVER_CREATED: &[&str] = &[
    "configmaps",
    "count/configmaps",
    "count/secrets",
    "count/services",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];

/// Says what a bound of something that is not counted means.
fn note_uncounted(key: &str, view: &View) {
    match NEVER_CREATED.contains(&key) {
        true => view.note(Harmless, "no controller that is modelled creates such objects"),
        false => view.note(
            Risky,
            "these objects are not counted: a controller that would be refused at this bound, and so would make no pods, makes them here",
        ),
    }
}
