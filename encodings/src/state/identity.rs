//! The objects and nodes that subjects of a cluster's system speak of.

use super::Model;
use crate::cluster::cron_job::CRON_JOB;
use crate::cluster::{Cluster, Event};
use crate::subject::{EVENT, Names, Object, ObjectId, POOL, SlotName};

/// The kind of horizontal autoscalers.
const AUTOSCALER: &str = "HorizontalPodAutoscaler";

/// The kind of vertical autoscalers.
const VERTICAL_AUTOSCALER: &str = "VerticalPodAutoscaler";

/// The kind of disruption budgets.
const BUDGET: &str = "PodDisruptionBudget";

/// The objects of a cluster, by their places in its lists.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    /// Of the workloads.
    pub workloads: Vec<ObjectId>,
    /// Of the horizontal autoscalers.
    pub hpas: Vec<ObjectId>,
    /// Of the vertical autoscalers.
    pub vpas: Vec<ObjectId>,
    /// Of the CronJobs.
    pub cron_jobs: Vec<ObjectId>,
    /// Of the disruption budgets.
    pub budgets: Vec<ObjectId>,
    /// Of the controllers of the scenario.
    pub scenario_controllers: Vec<ObjectId>,
    /// Of the events.
    pub events: Vec<ObjectId>,
    /// Of the pools.
    pub pools: Vec<ObjectId>,
}

impl Model<'_> {
    /// What subjects call an event of the cluster.
    pub fn event_id(&self, event: &Event) -> ObjectId {
        self.ids.events[self.cluster.event(event).expect("an event of the cluster")]
    }
}

/// The names and objects of a cluster; those of pods other than of first revisions come later.
pub(super) fn identify(cluster: &Cluster) -> (Names, Ids) {
    let (mut names, mut ids) = (Names::default(), Ids::default());
    for workload in &cluster.workloads {
        let own = &workload.reference;
        let says_kind = cluster.is_name_taken(workload);
        let object = Object { says_kind, ..Object::new(&own.kind, &own.namespace, &own.name) };
        ids.workloads.push(names.add(object));
    }
    for hpa in &cluster.hpas {
        let owner = cluster.workload(&hpa.target).map(|index| ids.workloads[index]);
        ids.hpas.push(names.add(Object { owner, ..Object::new(AUTOSCALER, &hpa.target.namespace, &hpa.name) }));
    }
    for vpa in &cluster.vpas {
        let owner = cluster.workload(&vpa.target).map(|index| ids.workloads[index]);
        ids.vpas
            .push(names.add(Object { owner, ..Object::new(VERTICAL_AUTOSCALER, &vpa.target.namespace, &vpa.name) }));
    }
    for cron in &cluster.cron_jobs {
        let own = &cron.reference;
        ids.cron_jobs.push(names.add(Object::new(CRON_JOB, &own.namespace, &own.name)));
    }
    for budget in &cluster.disruption_budgets {
        ids.budgets.push(names.add(Object::new(BUDGET, &budget.namespace, &budget.name)));
    }
    for own in &cluster.scenario_controllers {
        ids.scenario_controllers.push(names.add(Object::new(EVENT, "", &own.id)));
    }
    for event in &cluster.events {
        ids.events.push(names.add(Object::new(EVENT, "", &event.id)));
    }
    for (index, pool) in cluster.pools.iter().enumerate() {
        ids.pools.push(names.add(Object::new(POOL, "", &pool.name)));
        let slots = 0..usize::try_from(pool.most_nodes()).unwrap_or(0);
        names.slots.extend(slots.map(|slot| SlotName { name: pool.slot_name(slot), pool: index }));
    }
    (names, ids)
}
