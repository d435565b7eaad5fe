//! ResourceQuotas (section 8.5).

use super::super::Severity::{Harmless, Risky};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::judgements::{Table, depends, read as is_read, risky, status, table, within};
use super::super::quantity::Unit;
use super::super::suggest::did_you_mean;
use super::super::value::{Value, child};
use super::super::view::{Fields, View};
use super::Object;
use super::metadata::METADATA;
use super::resources::{check_whole, is_extended};
use super::syntax::is_key;
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

/// Scopes that are not modelled.
const OTHER_SCOPES: [(&str, ()); 4] =
    [("Terminating", ()), ("CrossNamespacePodAffinity", ()), ("PriorityClass", ()), ("VolumeAttributesClass", ())];

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
                view.one_of(&OTHER_SCOPES)?;
                view.note(Risky, "quotas of this scope are not modelled: it refuses nothing");
                is_known = false;
            }
        }
    }
    is_known &= spec.view.value.below(&["scopeSelector"]).is_none_or(|selector| *selector == Value::Null);
    check_scopes(&spec)?;
    let mut hard = Resources::new();
    if let Some(fields) = spec.below("hard")? {
        for (key, view) in fields.entries() {
            check_bound(key, &view)?;
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

const REFUSED: &str = "the API server refuses such a quota";

/// Resources of quotas that are written without a domain (`standardQuotaResources`), but for those of [`NUMBERS`].
const AMOUNTS: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

/// Resources of quotas that are numbers of objects (`integerResources`).
const NUMBERS: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// A bound is one of a resource that quotas know, and a whole number where there are whole pieces only
/// (`ValidateResourceQuotaSpec`).
fn check_bound(key: &str, view: &View) -> Result<(), InputError> {
    let of_pages = key.strip_prefix("requests.").unwrap_or(key).starts_with("hugepages-");
    let is_known = key.contains('/') || AMOUNTS.contains(&key) || NUMBERS.contains(&key) || of_pages;
    if !is_known || !is_key(key) {
        return Err(view
            .error(format!("`{key}` is no resource of quotas"))
            .expected("such as requests.cpu, limits.memory, pods, count/jobs.batch or requests.example.com/gpu")
            .help(did_you_mean(key, AMOUNTS.iter().chain(NUMBERS).copied())));
    }
    if NUMBERS.contains(&key) || is_extended(key) { check_whole(key, view) } else { Ok(()) }
}

/// Scopes do not exclude each other, and are of resources that they can be of (`validateResourceQuotaScopes`).
fn check_scopes(spec: &Fields) -> Result<(), InputError> {
    let Some(Value::List(scopes)) = spec.view.value.below(&["scopes"]) else { return Ok(()) };
    let at = child(&spec.view.path, "scopes");
    let has = |name: &str| scopes.iter().any(|scope| scope.as_text() == Some(name));
    for (one, other) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        if has(one) && has(other) {
            let error = spec.view.context.error(&at, format!("{one} and {other}"));
            return Err(error.expected("one of the two").help(REFUSED));
        }
    }
    let bounds = spec.below("hard")?;
    for (key, _) in bounds.iter().flat_map(Fields::entries) {
        let is_of_pods = key == PODS;
        let is_computed = AMOUNTS.contains(&key) && !key.ends_with("storage") || key.ends_with("ephemeral-storage");
        let is_standard = AMOUNTS.contains(&key) || NUMBERS.contains(&key);
        let others = ["NotBestEffort", "Terminating", "NotTerminating", "PriorityClass", "CrossNamespacePodAffinity"];
        let is_wrong =
            has("BestEffort") && !is_of_pods || others.iter().any(|name| has(name)) && !is_of_pods && !is_computed;
        if is_standard && is_wrong {
            let error = spec.view.context.error(&at, format!("scopes of a bound of {key}"));
            return Err(error.expected("scopes that pods of such a resource can have").help(REFUSED));
        }
    }
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
