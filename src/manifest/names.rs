//! What a scenario may name: workloads, pools and nodes.

use super::ErrorKind;
use super::error::InputError;
use super::suggest::nearest_or_list;
use super::view::View;
use kubound_encodings::cluster::cron_job::CRON_JOB;
use kubound_encodings::cluster::expression::Comparison;
use kubound_encodings::cluster::workload::DAEMON_SET;
use kubound_encodings::cluster::{Expression, NodePool, Resources, Span, WorkloadRef};

/// Where CronJobs may be named.
const OF_CRON_JOBS: &str = "boundedPods, schedulable, converges and placement speak of CronJobs, and `workloads`";

/// The names of a cluster.
#[derive(Default)]
pub(super) struct Names {
    /// In the order of the cluster's workloads.
    pub(super) workloads: Vec<WorkloadRef>,
    /// Pools.
    pub(super) pools: Vec<Pool>,
    /// Fewest nodes of all pools together, if assumptions say more than the pools.
    pub(super) least_nodes: i64,
}

/// A pool's name and size.
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) is_single_node: bool,
    /// Whether its nodes neither come nor go.
    pub(super) is_fixed: bool,
    pub(super) most: i64,
    /// Fewest nodes that it ever has.
    pub(super) least: i64,
    /// What its nodes can give.
    pub(super) allocatable: Resources<Span>,
}

impl Names {
    /// The names of pools and workloads.
    pub(super) fn new(workloads: Vec<WorkloadRef>, pools: &[NodePool]) -> Self {
        let pool = |pool: &NodePool| Pool {
            name: pool.name.clone(),
            is_single_node: pool.is_single_node,
            is_fixed: pool.autoscaling.is_none(),
            most: pool.most_nodes(),
            least: pool.autoscaling.map_or(pool.count.lo, |group| group.min.min(pool.count.lo)),
            allocatable: pool.allocatable.clone(),
        };
        Self { workloads, pools: pools.iter().map(pool).collect(), least_nodes: 0 }
    }

    /// Takes over how many nodes there are at least where an assumption says so, and no node ever goes.
    pub(super) fn learn(&mut self, assumption: &Expression) {
        let (counted, least) = match assumption {
            Expression::And(one, other) => {
                self.learn(one);
                return self.learn(other);
            }
            Expression::Compare(Comparison::AtLeast, counted, least) => (counted, least),
            Expression::Compare(Comparison::AtMost, least, counted) => (counted, least),
            Expression::Compare(Comparison::Greater, counted, less) => return self.learn_above(counted, less),
            Expression::Compare(Comparison::Less, less, counted) => return self.learn_above(counted, less),
            _ => return,
        };
        if let Expression::Number(least) = **least {
            self.learn_least(counted, least);
        }
    }

    fn learn_above(&mut self, counted: &Expression, less: &Expression) {
        if let Expression::Number(less) = less {
            self.learn_least(counted, less.saturating_add(1));
        }
    }

    fn learn_least(&mut self, counted: &Expression, least: i64) {
        match counted {
            Expression::NodesPresent if self.pools.iter().all(|pool| pool.is_fixed) => {
                self.least_nodes = self.least_nodes.max(least);
            }
            Expression::NodesOfPool(name) => {
                let pool = self.pools.iter_mut().find(|pool| pool.name == *name && pool.is_fixed);
                pool.into_iter().for_each(|pool| pool.least = pool.least.max(least));
            }
            _ => {}
        }
    }

    /// The index of the workload that a text names, of which there is one; the error is a message and a help.
    pub(super) fn find_workload(&self, text: &str) -> Result<usize, (String, String)> {
        let index = self.find(text)?;
        let found = &self.workloads[index];
        if found.kind == CRON_JOB {
            return Err((format!("{found} is a CronJob, which has several Jobs"), OF_CRON_JOBS.into()));
        }
        Ok(index)
    }

    fn find(&self, text: &str) -> Result<usize, (String, String)> {
        let is_meant = |index: &usize| self.workloads[*index].is_called(text);
        let found: Vec<usize> = (0..self.workloads.len()).filter(is_meant).collect();
        let full: Vec<String> = self.workloads.iter().map(ToString::to_string).collect();
        match found.as_slice() {
            [index] => Ok(*index),
            [] => {
                let by_name = text.rsplit('/').next().and_then(|name| {
                    let suggestion = nearest_or_list(name, self.workloads.iter().map(|one| one.name.as_str()));
                    suggestion.starts_with("did").then_some(suggestion)
                });
                let help = match (nearest_or_list(text, full.iter().map(String::as_str)), by_name) {
                    (near, _) if near.starts_with("did") => near,
                    (_, Some(near)) => near,
                    (list, None) => list,
                };
                Err((format!("no workload `{text}`"), help))
            }
            several => {
                let names: Vec<_> = several.iter().map(|index| full[*index].as_str()).collect();
                Err((format!("`{text}` is ambiguous"), format!("write one of {}", names.join(", "))))
            }
        }
    }

    /// The workload with replicas that a value names, of which events and intents speak.
    pub(super) fn workload(&self, view: &View) -> Result<WorkloadRef, InputError> {
        let found = self.any_workload(view)?;
        if found.kind == CRON_JOB {
            return Err(view
                .error(format!("{found} is a CronJob"))
                .expected("a workload with replicas")
                .help(OF_CRON_JOBS));
        }
        if found.kind == DAEMON_SET {
            return Err(view.error(format!("{found} is a DaemonSet")).expected("a workload with replicas").help(
                "`apply`, `rollout`, rolloutCompletes, schedulable and available speak of DaemonSets, and `workloads`",
            ));
        }
        Ok(found)
    }

    /// The workload with replicas or the DaemonSet that a value names.
    pub(super) fn workload_or_daemon_set(&self, view: &View) -> Result<WorkloadRef, InputError> {
        let found = self.any_workload(view)?;
        if found.kind == DAEMON_SET { Ok(found) } else { self.workload(view) }
    }

    /// The workload with replicas or the CronJob that a value names.
    pub(super) fn workload_or_cron_job(&self, view: &View) -> Result<WorkloadRef, InputError> {
        let found = self.any_workload(view)?;
        if found.kind == CRON_JOB { Ok(found) } else { self.workload(view) }
    }

    /// The workload that a value names.
    pub(super) fn any_workload(&self, view: &View) -> Result<WorkloadRef, InputError> {
        let text = view.name()?;
        match self.find(text) {
            Ok(index) => Ok(self.workloads[index].clone()),
            Err((message, help)) => Err(view
                .error(message)
                .kind(ErrorKind::UnknownName)
                .expected("kind/namespace/name of a workload")
                .help(help)),
        }
    }

    /// Whether there is a pool of this name; the error is a message and a help.
    pub(super) fn check_pool(&self, text: &str) -> Result<(), (String, String)> {
        if self.pools.iter().any(|pool| pool.name == text) {
            return Ok(());
        }
        Err((format!("no pool `{text}`"), nearest_or_list(text, self.pools.iter().map(|pool| pool.name.as_str()))))
    }

    /// The pool that a value names.
    pub(super) fn pool(&self, view: &View) -> Result<String, InputError> {
        let text = view.name()?;
        match self.check_pool(text) {
            Ok(()) => Ok(text.to_owned()),
            Err((message, help)) => {
                Err(view.error(message).kind(ErrorKind::UnknownName).expected("the name of a pool or Node").help(help))
            }
        }
    }

    /// Whether there can be a node of this name: a Node manifest, or a slot `POOL-INDEX`.
    pub(super) fn is_node(&self, text: &str) -> bool {
        let is_slot = |pool: &Pool| {
            let index = text.strip_prefix(&pool.name).and_then(|rest| rest.strip_prefix('-')).map(str::parse::<i64>);
            matches!(index, Some(Ok(index)) if index < pool.most && text == format!("{}-{index}", pool.name))
        };
        self.pools.iter().any(|pool| if pool.is_single_node { pool.name == text } else { is_slot(pool) })
    }

    /// The node that a value names: a Node manifest, or a slot `POOL-INDEX`.
    pub(super) fn node(&self, view: &View) -> Result<String, InputError> {
        let text = view.name()?;
        if self.is_node(text) {
            return Ok(text.to_owned());
        }
        let names: Vec<String> = self
            .pools
            .iter()
            .map(|pool| if pool.is_single_node { pool.name.clone() } else { format!("{}-0", pool.name) })
            .collect();
        Err(view
            .error(format!("no node `{text}`"))
            .kind(ErrorKind::UnknownName)
            .expected("the name of a Node, or POOL-INDEX with an index below the pool's count")
            .help(nearest_or_list(text, names.iter().map(String::as_str))))
    }
}
