//! The kubelet: admits and starts assigned pods, reports them ready, ends terminating ones (sections 5.1 and 5.2).
//!
//! ## One step
//! One pod admitted and started, or rejected; the pods of a workload on a node whose start-up ended; some of the
//! terminating pods of a workload on a node gone.
//!
//! ## Admission (section 5.1, steps 4 and 5)
//! Resources and host ports (pods whose containers still run count), nodeSelector and required node affinity, the operating
//! system, and untolerated NoExecute taints; NoSchedule taints, cordons and spread are not checked. A rejected pod becomes Failed: it is no
//! longer active and its ReplicaSet replaces it at once. The scheduler's filters imply the checks for the pods it
//! placed unless a filter is switched off, pods with a `nodeName` share the node, or a NoExecute taint came in
//! between.
//!
//! ## Deletion
//! A pod goes on terminating on a node that has stopped, unless its grace period is 0: then nobody waits for the kubelet.
//!
//! ## At once
//! Under paced timing a pod starts in the step that binds it (see the scheduler).
//!
//! ## Elsewhere
//! Containers that crash (`crash`), pods that become available (`fresh`), pods of Jobs that succeed (`success`), memory that runs out
//! (`memory`), volumes that are attached to another node (`volumes`).
//!
//! ## Not modelled
//! Probes, pressure on disks and processes, images, priority of critical pods.

mod crash;
mod fresh;
mod memory;
mod success;
mod volumes;

pub(super) use volumes::kept_elsewhere;

use super::Controller;
use crate::cluster::node::is_extended_resource;
use crate::cluster::pod::QosClass;
use crate::cluster::workload::Readiness;
use crate::cluster::{Cluster, Taint, TaintEffect, Workload};
use crate::footprint::Footprint;
use crate::needs::Needs;
use crate::scene::Wait;
use crate::state::{Countdown, MEMORY_PRESSURE, Model, Phase, RuleBuilder, UNREACHABLE, counted, text, words};
use crate::subject::Subject;
use crate::system::{Pace, Verb};
use crate::term::{Bool, all, int_choice, sum};

/// See the module.
pub struct Kubelet;

impl Controller for Kubelet {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn summary(&self) -> &'static str {
        "admits, starts and ends pods"
    }

    fn needs(&self, cluster: &Cluster, _: &Needs) -> Needs {
        let of = |workload: &Workload| {
            let start_up = workload.startup.map(|startup| startup.seconds);
            let run_time = workload.job().and_then(|job| job.run_time);
            [start_up, cluster.min_ready_seconds(workload), run_time]
        };
        Needs::durations(cluster.workloads.iter().flat_map(of).flatten())
            .and(memory::needs(cluster))
            .and(volumes::needs(cluster))
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            runs_in: "kubelet",
            watches: &["Pod", "Node"],
            reads_live: &[],
            forgets: &["since when a pressure is over", "back-off of containers"],
        }
    }

    fn prepare(&self, model: &mut Model) {
        for group in 0..model.groups.len() {
            success::prepare(model, group);
        }
    }

    fn waits(&self, model: &mut Model) -> Vec<Wait> {
        let places = |group: usize| model.groups[group].slots().map(move |slot| (group, slot));
        let places: Vec<(usize, usize)> = (0..model.groups.len()).flat_map(places).collect();
        places.into_iter().flat_map(|(group, slot)| waits(model, group, slot)).collect()
    }

    fn add_rules(&self, model: &mut Model) {
        for group in 0..model.groups.len() {
            for slot in model.groups[group].slots() {
                self.start(model, group, slot);
                self.terminate(model, group, slot);
            }
            // Before start-up, whose end adds to the pods that are not available yet.
            fresh::add_rules(model, group);
            self.finish_startup(model, group);
            crash::add_rules(model, group);
            success::add_rules(model, group);
        }
        memory::add_rules(model);
    }
}

/// What pods on a node wait for.
fn waits(model: &Model, group: usize, slot: usize) -> Vec<Wait> {
    let (state, there) = (&model.groups[group], &model.slots[slot]);
    let place = format!("pods of {} on {}", state.name, there.name);
    let wait = |reason: &'static str, when: Bool, told: String| {
        Wait::new("kubelet", reason, when).about(state.id).says([text(told)])
    };
    let starts_never = model.startup(group).is_some_and(|one| one.readiness == Readiness::Never);
    let crashed = state.crashed.as_ref().map_or(0.into(), |counts| counts[slot].value);
    let bound = state.bound.as_ref().map_or(0.into(), |counts| counts[slot].value);
    let is_gone = there.present & !there.is_alive();
    let detached = kept_elsewhere(model, group, slot).above(0);
    vec![
        wait(
            "Unhealthy",
            Bool::from(starts_never) & state.starting_on(slot).above(0),
            format!("{place} never become ready"),
        )
        .because_of(model.origin(group, "spec.template")),
        wait("BackOff", crashed.above(0), format!("{place} crash and are restarted later and later"))
            .because_of(model.origin(group, "spec.template.spec.containers")),
        wait(
            "NodeNotReady",
            is_gone & state.terminating[slot].value.above(0),
            format!("{place} stay Terminating: the node has stopped"),
        ),
        wait("NodeNotReady", is_gone & bound.above(0), format!("{place} are not started: the node has stopped")),
        wait(
            "FailedAttachVolume",
            there.is_alive() & bound.above(0) & detached,
            format!("{place} wait for a volume that is attached to another node"),
        ),
    ]
}

impl Kubelet {
    fn start(&self, model: &mut Model, group: usize, slot: usize) {
        let Some(bound) = model.groups[group].bound.as_ref().map(|bound| bound[slot]) else { return };
        let admitted = admits(model, group, slot);
        let id = model.groups[group].id;
        let unit = model.fairness_unit(Subject::new("kubelet starts").of(id).on(slot));
        let place = format!("{} on {}", model.groups[group].name, model.slots[slot].name);
        let alive = model.slots[slot].is_alive();
        let base = |verb: &'static str, reason: &'static str| {
            RuleBuilder::new(Subject::new(verb).of(id).on(slot), "kubelet", reason, Pace::Fast)
                .when(bound.value.above(0))
                .when(alive)
                .fair(unit)
                .writes(Verb::Status, id)
                .at(slot)
                .add(bound, -1)
        };
        let running = model.groups[group].first_running_phase(slot);
        let start = base(words::START, "Started")
            .when(admitted & kept_elsewhere(model, group, slot).is(0))
            .add(running, 1)
            .says([text(format!("a pod of {place} starts"))]);
        let mut reject = base(words::REJECT, "Failed")
            .when(!admitted)
            .says([text(format!("a pod of {place} is rejected at admission"))])
            .because_of(model.origin(group, "spec.template.spec.nodeName"));
        if let Some(failed) = model.groups[group].failed {
            reject = reject.saturate(failed, 1);
        }
        model.add_rule(start);
        model.add_rule(reject);
    }

    fn terminate(&self, model: &mut Model, group: usize, slot: usize) {
        let there = &model.slots[slot];
        let state = &model.groups[group];
        let terminating = state.terminating[slot];
        let place = format!("{} on {}", state.name, there.name);
        let id = state.id;
        let unit = model.fairness_unit(Subject::new("kubelet ends").of(id).on(slot));
        let there = &model.slots[slot];
        let rule = RuleBuilder::new(Subject::new("terminate").of(id).on(slot), "kubelet", "Killing", Pace::Fast)
            .when(terminating.value.above(0))
            .when(there.is_alive())
            .fair(unit);
        let (choice, ended) = int_choice(Subject::new("ended").of(id).on(slot), 1, terminating.value.range().hi.max(1));
        let rule = rule
            .pick(choice)
            .such_that(ended.at_most(terminating.value))
            .writes(Verb::Delete, id)
            .at(slot)
            .times(ended)
            .add(terminating, -ended)
            .says([counted(ended, format!("pod of {place} is gone"), format!("pods of {place} are gone"))]);
        if terminating.value.range().hi > 0 {
            model.add_rule(rule);
            self.remove(model, group, slot);
        }
    }

    /// The API server removes a deleted pod without a grace period itself, even if its node has stopped.
    fn remove(&self, model: &mut Model, group: usize, slot: usize) {
        if !model.template(group).goes_at_once {
            return;
        }
        let (state, there) = (&model.groups[group], &model.slots[slot]);
        let (id, terminating) = (state.id, state.terminating[slot]);
        let of = format!("of {} on {}", state.name, there.name);
        let one = format!("pod {of} is gone, which has no grace period");
        let says = counted(terminating.value, one, format!("pods {of} are gone, which have no grace period"));
        let is_due = terminating.value.above(0) & !there.is_alive();
        let unit = model.fairness_unit(Subject::new("deletion of").of(id).on(slot));
        let rule = RuleBuilder::new(Subject::new("remove").of(id).on(slot), "kube-apiserver", "Deleted", Pace::Fast)
            .when(is_due)
            .fair(unit)
            .writes(Verb::Delete, id)
            .at(slot)
            .times(terminating.value)
            .set(terminating, 0)
            .says([says])
            .because_of(model.origin(group, "spec.template.spec.terminationGracePeriodSeconds"));
        model.add_rule(rule);
    }

    /// Start-up ends. Pods counted by the time left become Ready while time passes: nothing fast is enabled then, so
    /// all that are due at an instant do so before anything else happens. Otherwise the countdown is one a workload,
    /// armed by the first pod that starts; at its end any number of the starting pods on a node, at least one, has
    /// finished.
    fn finish_startup(&self, model: &mut Model, group: usize) {
        let Some(startup) = model.startup(group) else { return };
        if startup.readiness == Readiness::Never {
            return;
        }
        let (id, name) = (model.groups[group].id, model.groups[group].name.clone());
        let stages = model.groups[group].starting.clone();
        let [(Phase::Starting(0), starting)] = &stages[..] else {
            for slot in model.groups[group].slots() {
                model.clock.countdowns.push(Countdown {
                    pods: id,
                    slot,
                    stages: stages.iter().map(|(_, counts)| counts[slot]).collect(),
                    done: model.groups[group].ready_phase(slot),
                    runs: model.slots[slot].is_alive(),
                    outcome: format!(" of {name} on {} done starting", model.slots[slot].name),
                });
            }
            return;
        };
        let some = crate::term::any(
            starting.iter().enumerate().map(|(slot, count)| count.value.above(0) & model.slots[slot].is_alive()),
        );
        let timer = model.timer(Subject::new("start-up timer").of(id), startup.seconds, some);
        let pace = if timer.left.is_some() || timer.full == 0 { Pace::Fast } else { Pace::Clock };
        for (slot, &count) in starting.iter().enumerate() {
            let unit = model.fairness_unit(Subject::new("kubelet finishes start-up of").of(id).on(slot));
            let place = format!("{name} on {}", model.slots[slot].name);
            let (choice, finished) =
                int_choice(Subject::new("started").of(id).on(slot), 1, count.value.range().hi.max(1));
            let rule = RuleBuilder::new(Subject::new("finish-startup").of(id).on(slot), "kubelet", "Ready", pace)
                .when(count.value.above(0))
                .when(model.slots[slot].is_alive())
                .when(timer.expired)
                .fair(unit)
                .pick(choice)
                .such_that(finished.at_most(count.value))
                .writes(Verb::Status, id)
                .at(slot)
                .times(finished)
                .add(count, -finished)
                .add(model.groups[group].ready_phase(slot), finished)
                .says([counted(
                    finished,
                    format!("pod of {place} has started up"),
                    format!("pods of {place} have started up"),
                )]);
            let rule = if model.groups[group].most > 1 {
                rule.over_approximates("pods of a workload share one start-up countdown")
            } else {
                rule
            };
            model.add_rule(timer.restart(rule));
        }
    }
}

/// Whether the kubelet of a slot admits one more pod of a group.
fn admits(model: &Model, group: usize, slot: usize) -> Bool {
    let there = &model.slots[slot];
    let template = model.template(group);
    let tolerated = there.taints.iter().all(|taint| {
        taint.effect != TaintEffect::NoExecute || template.tolerations.iter().any(|one| one.tolerates(taint))
    });
    let affinity = there.matches_affinity(template) & template.is_of_system(there.labels.initial()).into();
    let unreachable = Taint::of(UNREACHABLE, TaintEffect::NoExecute);
    let reachable = match there.no_execute {
        Some(tainted) if !template.tolerations.iter().any(|one| one.tolerates(&unreachable)) => !tainted.value,
        _ => true.into(),
    };
    let fits = if model.filters_imply_admission() { true.into() } else { fits(model, group, slot) };
    // Under memory pressure only pods without any request or limit are turned away (step 1).
    let pressure = Taint::of(MEMORY_PRESSURE, TaintEffect::NoSchedule);
    let bears = template.qos != QosClass::BestEffort || template.tolerations.iter().any(|one| one.tolerates(&pressure));
    let remembered = match there.memory_pressure {
        Some(pressed) if !bears => !pressed.value,
        _ => true.into(),
    };
    Bool::from(tolerated) & affinity & reachable & remembered & fits
}

/// General predicates on resources and host ports: pods whose containers run, plus this one, within allocatable.
fn fits(model: &Model, group: usize, slot: usize) -> Bool {
    let there = &model.slots[slot];
    let on_node = |index: usize| model.groups[index].admitted_on(slot);
    let resources =
        model.template(group).requests.iter().filter(|&(_, &request)| request > 0).map(|(resource, &request)| {
            // An extended resource that the node does not list is dropped from the request (section 5.1).
            let Some(&available) = there.allocatable.get(resource) else {
                return Bool::from(is_extended_resource(resource));
            };
            let used = sum((0..model.groups.len()).map(|index| {
                let amount = model.template(index).requests.get(resource).copied().unwrap_or(0);
                on_node(index) * model.scaled(resource, amount)
            }));
            (used + model.scaled(resource, request)).at_most(available)
        });
    let pods = sum((0..model.groups.len()).map(on_node));
    let rivals = (0..model.groups.len()).filter(|&other| model.template(group).collides_with(model.template(other)));
    let ports = all(rivals.map(|other| on_node(other).is(0)));
    all(resources.collect::<Vec<_>>()) & ports & pods.below(there.pods)
}
