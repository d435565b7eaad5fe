//! PodDisruptionBudgets (section 6.5).

use super::super::Severity::{Risky, Warning};
use super::super::draft::{Draft, DraftBudget};
use super::super::error::InputError;
use super::super::judgements::{Table, read as is_read, status, table, within};
use super::Object;
use super::metadata::METADATA;
use super::rollout::read_amount;
use super::selector::{LABEL_SELECTOR, read_label_selector};
use kubound_encodings::cluster::PodDisruptionBudget;
use kubound_encodings::cluster::disruption::Demand;

/// A PodDisruptionBudget.
pub(super) static BUDGET: Table = table(
    "io.k8s.api.policy.v1.PodDisruptionBudget",
    &[
        is_read("apiVersion"),
        is_read("kind"),
        within("metadata", &METADATA),
        within("spec", &SPEC),
        status("pkg/registry/policy/poddisruptionbudget/strategy.go"),
    ],
);

static SPEC: Table = table(
    "io.k8s.api.policy.v1.PodDisruptionBudgetSpec",
    &[
        is_read("maxUnavailable"),
        is_read("minAvailable"),
        within("selector", &LABEL_SELECTOR),
        is_read("unhealthyPodEvictionPolicy"),
    ],
);

/// Label that only the Deployment controller gives.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// Reads a budget.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let fields = object.fields.below("spec")?;
    object.judge_rest();
    let (mut selector, mut demand, mut always_allows_unhealthy) = (None, Demand::Nothing, false);
    if let Some(spec) = &fields {
        selector = spec.read("selector", |view| read_label_selector(&view))?;
        let min_available = spec.read("minAvailable", |view| read_amount(&view, 100))?;
        let max_unavailable = spec.read("maxUnavailable", |view| read_amount(&view, 100))?;
        demand = match (min_available, max_unavailable) {
            (Some(_), Some(_)) => {
                return Err(spec
                    .view
                    .error("minAvailable and maxUnavailable")
                    .expected("one of the two")
                    .help("the API server refuses such a budget"));
            }
            (Some(amount), None) => Demand::MinAvailable(amount),
            (None, Some(amount)) => Demand::MaxUnavailable(amount),
            (None, None) => Demand::Nothing,
        };
        let policies = [("IfHealthyBudget", false), ("AlwaysAllow", true)];
        always_allows_unhealthy =
            spec.read("unhealthyPodEvictionPolicy", |view| view.one_of(&policies))?.unwrap_or(false);
        spec.judge_rest(&SPEC);
    }
    let context = object.context;
    if demand == Demand::Nothing {
        context.note(Warning, "spec", "neither minAvailable nor maxUnavailable: no disruption is ever allowed");
    }
    let is_hash = |selector: &kubound_encodings::cluster::LabelSelector| {
        selector.requirements.iter().any(|requirement| requirement.key == TEMPLATE_HASH)
    };
    if selector.as_ref().is_some_and(is_hash) {
        context.note(Risky, "spec.selector", format!("pods have no label {TEMPLATE_HASH} in the model"));
    }
    let (namespace, name) = (object.metadata.namespace.clone(), object.metadata.name.clone());
    draft.budgets.retain(|other| (&other.budget.namespace, &other.budget.name) != (&namespace, &name));
    let origin = context.origin("");
    let budget = PodDisruptionBudget { namespace, name, selector, demand, always_allows_unhealthy, origin };
    draft.budgets.push(DraftBudget { budget, context: context.clone() });
    Ok(())
}
