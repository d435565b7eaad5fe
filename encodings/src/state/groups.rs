//! Declaring the groups of pods: which there are, and what each counts.
//!
//! All groups are made in one place ([`Model::declare_pods`]) from a [`PodSpec`]. What a controller knows of its
//! workload beyond pods is in side tables of that controller.

use super::{Group, IntVar, Model, Phase, words};
use crate::subject::{Object, ObjectId, Subject};
use crate::system::Role;

/// The pods of a group before they are declared.
#[derive(Clone, Copy)]
struct PodSpec {
    workload: usize,
    id: ObjectId,
    revision: usize,
    template: usize,
    level: usize,
    ordinal: Option<usize>,
    /// The most active ones, of those that come one a node on each.
    most: i64,
    /// Whether some may exist initially: those of the manifest's template.
    may_exist: bool,
}

impl Model<'_> {
    /// Declares the pods of all workloads, those of the manifests' templates first.
    pub(super) fn declare_groups(&mut self) {
        for index in 0..self.cluster.workloads.len() {
            let (spec, exists) = self.declare_workload(index);
            let first = self.first_of(index);
            let group = self.declare_pods(first, (spec, exists));
            self.groups.push(group);
            self.declare_uses(index);
        }
        for index in 0..self.cluster.workloads.len() {
            self.declare_wanted_revision(index);
            for later in self.later_of(index) {
                let first = &self.groups[index];
                let of_workload = (first.spec, first.exists);
                let group = self.declare_pods(later, of_workload);
                self.groups.push(group);
                self.declare_later_uses(self.groups.len() - 1);
            }
        }
        for index in 0..self.cluster.workloads.len() {
            self.constrain_start(index);
        }
        self.constrain_room();
    }

    /// Declares what every workload has: `spec.replicas`, whether it exists yet, who owns its fields.
    fn declare_workload(&mut self, index: usize) -> (IntVar, Option<super::BoolVar>) {
        let workload = &self.cluster.workloads[index];
        let whole = self.ids.workloads[index];
        let about = |word: &'static str| Subject::new(word).of(whole);
        let (least, most) = self.replica_range(workload);
        let wanted = self.frozen(about(words::INITIAL_REPLICAS), workload.replicas);
        let spec = self.int_var(about(words::REPLICAS), Role::Cluster, least, most, wanted);
        let exists = (!workload.exists).then(|| self.bool_var(about(words::EXISTS), Role::Cluster, false.into()));
        self.declare_ownership(index);
        (spec, exists)
    }

    /// The pods of the manifest's template, of those with numbers the first one.
    fn first_of(&mut self, index: usize) -> PodSpec {
        let workload = &self.cluster.workloads[index];
        let shape = workload.shape();
        let id = match shape.first_number {
            Some(first) => self.identify_number(index, first, 0),
            None => self.ids.workloads[index],
        };
        let most = match shape.is_per_node || shape.first_number.is_some() {
            true => 1,
            false => self.most_of_a_revision(workload).max(self.most_placed(workload)),
        };
        let ordinal = shape.first_number.map(|_| 0);
        PodSpec { workload: index, id, revision: 0, template: 0, level: 0, ordinal, most, may_exist: true }
    }

    /// All other pods of a workload: of later revisions, with other numbers, with other requests.
    fn later_of(&mut self, index: usize) -> Vec<PodSpec> {
        let workload = &self.cluster.workloads[index];
        let revisions = self.cluster.revisions(workload);
        let restarts = usize::try_from(self.cluster.restarts(&workload.reference)).unwrap_or(0);
        let mut later = Vec::new();
        if let Some(first) = workload.shape().first_number {
            for ordinal in 0..self.numbers(workload) {
                for revision in usize::from(ordinal == 0)..revisions {
                    let id = self.identify_number(index, first + ordinal as i64, revision);
                    let (template, ordinal, may_exist) = (revision / (restarts + 1), Some(ordinal), revision == 0);
                    later.push(PodSpec {
                        workload: index,
                        id,
                        revision,
                        template,
                        level: 0,
                        ordinal,
                        most: 1,
                        may_exist,
                    });
                }
            }
            return later;
        }
        let first = PodSpec { may_exist: false, ..self.first_of(index) };
        for revision in 1..revisions {
            let id = self.identify_part(index, Object { revision, ..Object::default() });
            let most = if workload.shape().is_per_node { 1 } else { self.most_of_a_revision(workload) };
            later.push(PodSpec { id, revision, template: revision / (restarts + 1), most, ..first });
        }
        // Workloads with several levels have one revision.
        for level in 1..=workload.recommended.len() {
            let id = self.identify_part(index, Object { level, ..Object::default() });
            later.push(PodSpec { id, level, template: workload.later_templates.len() + level, ..first });
        }
        later
    }

    /// The object that stands for the pod of a number, of some revision.
    fn identify_number(&mut self, index: usize, number: i64, revision: usize) -> ObjectId {
        self.identify_part(index, Object { ordinal: Some(number), revision, ..Object::default() })
    }

    /// An object that stands for a part of a workload: for the pods of this number, revision and level.
    fn identify_part(&mut self, index: usize, part: Object) -> ObjectId {
        let whole = self.ids.workloads[index];
        let Object { ordinal, revision, level, .. } = part;
        let object = self.names.object(whole).clone();
        self.names.add(Object { owner: Some(whole), ordinal, revision, level, ..object })
    }

    /// Declares pods in all phases that somebody can tell apart.
    fn declare_pods(&mut self, pods: PodSpec, (spec, exists): (IntVar, Option<super::BoolVar>)) -> Group {
        let PodSpec { workload: index, id, most, may_exist, .. } = pods;
        let workload = &self.cluster.workloads[index];
        let template = workload.template_of(pods.template);
        let is_per_node = workload.shape().is_per_node;
        let unbound = if is_per_node { 0 } else { most };
        let pending = match may_exist {
            true => self.declare_pending(id, workload, unbound),
            false => self.int_var(Subject::new(words::PENDING).of(id), Role::Cluster, 0, unbound, 0),
        };
        let waiting = is_per_node.then(|| self.declare_waiting(id, template));
        let nominated = self.declare_nominated(id, template, most);
        let bound = self.tells_admission().then(|| match may_exist {
            true => self.declare_bound(id, workload, most),
            false => self.declare_counts(&Phase::Bound.subject(), id, template, (most, &[])),
        });
        let starting = self.declare_starting(id, workload, template, most);
        let fresh = self.declare_fresh(id, workload, template, most);
        let running = match may_exist {
            true => self.declare_running(id, workload, most),
            false => self.declare_counts(&Phase::Running.subject(), id, template, (most, &[])),
        };
        let crashed = self.declare_crashed(id, workload, template, most);
        let terminating = self.declare_terminating(id, workload, template, may_exist, most);
        let PodSpec { revision, template: number, level, ordinal, .. } = pods;
        // The first group of a workload with numbers goes by the name of the workload where people read it.
        let object =
            if index == self.groups.len() { workload.reference.to_string() } else { self.names.object(id).to_string() };
        Group {
            workload: index,
            revision,
            template: number,
            level,
            ordinal,
            id,
            name: self.names.object(id).label(),
            object,
            spec,
            exists,
            pending,
            waiting,
            nominated,
            bound,
            starting,
            fresh,
            running,
            crashed,
            terminating,
            failed: None,
            piles_up: self.may_pile_up(template),
            pinned: template.node_name.as_ref().map(|_| self.pinned_to(template)),
            most: if is_per_node { self.slots.len() as i64 } else { most },
        }
    }

    /// Whether admission is a step of its own.
    fn tells_admission(&self) -> bool {
        !self.features.fused || self.needs.sees_admission || self.places_scheduled() || !self.filters_imply_admission()
    }
}
