//! RemoveFailedPods of the descheduler (section 4.9): its arguments, and what is lost without it.
//!
//! Failed pods hold no resources of nodes, quotas do not count them, and no controller takes them for a replica: what the
//! plugin deletes makes no difference to anybody but to `boundedPods`, which counts pod objects. There, nothing deletes
//! them, so that it may be violated where the plugin would have been in time, and never the other way round.

use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::view::{Context, Fields};
use super::descheduler::plugin_selector;
use super::descheduler_fields::OLD_FAILED_PODS;
use super::descheduler_plugins::read_namespaces;
use kubound_encodings::cluster::intent::{Intent, IntentKind};

/// The name of the plugin.
pub(super) const NAME: &str = "RemoveFailedPods";

/// Reads the arguments, of which none changes what is modelled.
pub(super) fn read(fields: Option<&Fields>, is_strategy: bool) -> Result<(), InputError> {
    let Some(fields) = fields else { return Ok(()) };
    plugin_selector(fields)?;
    read_namespaces(fields)?;
    let inner = if is_strategy { fields.below("failedPods")? } else { None };
    let Some(holder) = (if is_strategy { inner.as_ref() } else { Some(fields) }) else { return Ok(()) };
    holder.read("minPodLifetimeSeconds", |view| view.integer(0..=i64::from(u32::MAX)))?;
    holder.read("includingInitContainers", |view| view.boolean())?;
    for key in ["excludeOwnerKinds", "reasons"] {
        holder.read(key, |view| view.texts())?;
    }
    for code in holder.items("exitCodes")? {
        code.integer(i64::from(i32::MIN)..=i64::from(i32::MAX))?;
    }
    if is_strategy {
        holder.judge_rest(&OLD_FAILED_PODS);
    }
    Ok(())
}

/// Says what is lost, once it is known what is asked.
pub(in super::super) fn note(enabled: &[(Context, String)], intents: &[Intent]) {
    let counts = intents.iter().any(|intent| matches!(intent.kind, IntentKind::BoundedPods { .. }));
    for (context, field) in enabled {
        let (severity, message) = match counts {
            true => (Risky, "boundedPods counts failed pods as if RemoveFailedPods never deleted any"),
            false => {
                (Harmless, "RemoveFailedPods changes nothing: failed pods hold no room, and no controller counts them")
            }
        };
        context.note(severity, field, message);
    }
}
