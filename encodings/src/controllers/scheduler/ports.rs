//! NodePorts (section 1.7): no pod on the node binds a port that the pod wants.

use super::counted::Pods;
use crate::term::{Bool, all};

/// Whether the ports of the group are free on a slot.
pub(super) fn filter(pods: &Pods, group: usize, slot: usize) -> Bool {
    let own = pods.model.template(group);
    let rivals = (0..pods.model.groups.len()).filter(|&other| own.collides_with(pods.model.template(other)));
    all(rivals.map(|other| pods.assigned(other, slot).is(0)))
}
