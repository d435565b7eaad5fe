//! Ties what was read together: priorities, targets of autoscalers, defaults of the scenario.

use super::Severity::{Risky, Warning};
use super::container_metrics;
use super::draft::{Draft, DraftBudget, DraftWorkload, Scenario, Tolerances};
use super::error::InputError;
use super::kinds;
use super::named_metrics;
use super::names::Names;
use super::overlaps;
use super::value::Value;
use super::vertical;
use super::view::Context;
use super::{Accepted, Loaded, Severity, cron_jobs, exceptions};
use super::{ErrorKind, NoteKind};
use crate::limits::reader::MAX_NODES;
use kubound_encodings::cluster::hpa::Tolerance;
use kubound_encodings::cluster::intent::{Intent, IntentKind, SchedulableMode};
use kubound_encodings::cluster::node::HOSTNAME;
use kubound_encodings::cluster::{
    Cluster, CronJob, Event, EventKind, FeatureGate, HorizontalPodAutoscaler, Origin, PodDisruptionBudget,
    SchedulerProfile, Start, VerticalPodAutoscaler, Workload, custom,
};
use kubound_encodings::events;

/// Makes the cluster.
pub(super) fn finish(name: String, mut draft: Draft, scenario: Scenario) -> Result<Loaded, InputError> {
    check_not_empty(&draft)?;
    kinds::apply_release(&mut draft, scenario.version, &scenario.gates);
    let hpas = resolve_hpas(&mut draft, &scenario);
    kinds::apply_limit_ranges(&mut draft);
    kinds::note_refusals(&draft);
    kinds::apply_pod_security(&mut draft, scenario.version);
    kinds::note_images(&draft);
    kinds::tie_to_volumes(&mut draft);
    let (workloads, cron_jobs, vpas) = resolve_workloads(&mut draft, &scenario, &hpas);
    let disruption_budgets = resolve_budgets(&mut draft, &workloads);
    let mut descheduler = draft.descheduler.take();
    if let (Some(policy), Some(interval)) =
        (&mut descheduler, scenario.descheduler_interval.or(draft.descheduler_interval))
    {
        policy.interval = interval;
    }
    let mut intents = if scenario.intents.is_empty() { default_intents(&workloads, &draft) } else { scenario.intents };
    cron_jobs::add_intents(&cron_jobs, &workloads, &mut intents);
    kinds::note_failed_pods(&draft.failed_pods, &intents);
    let mut profiles = draft.scheduler.take().unwrap_or_default().into_iter();
    let cluster = Cluster {
        name: scenario.name.unwrap_or(name),
        version: scenario.version,
        gates: scenario.gates.clone(),
        pools: draft.pools,
        workloads,
        cron_jobs,
        hpas,
        vpas,
        others: draft.others,
        disruption_budgets,
        quotas: draft.quotas,
        services: draft.services,
        descheduler,
        node_autoscaler: scenario.node_autoscaler,
        scheduler: profiles.next().unwrap_or_default(),
        other_profiles: profiles.collect(),
        scenario_controllers: scenario.controllers,
        events: scenario.events,
        faults: scenario.faults,
        intents,
        assumed: scenario.assumed,
        assumptions: scenario.assumptions,
        placed: scenario.placed,
        start: scenario.start,
        timing: scenario.timing.first(),
        bounds: scenario.bounds,
    };
    if let Some((event, what)) = events::unsupported(&cluster) {
        let error = InputError::new(what).kind(ErrorKind::NotSupported);
        return Err(error.in_object(event.origin.object.clone()).at(event.origin.field.clone()));
    }
    let mut notes = draft.notes.take();
    let accepted: Vec<Accepted> = scenario.exceptions.into_iter().chain(draft.exceptions).collect();
    exceptions::check(&accepted, &cluster.intents, &draft.sources, &mut notes)?;
    Ok(Loaded {
        cluster,
        notes,
        expect: scenario.expect,
        sources: draft.sources,
        timeout: scenario.timeout,
        depth: scenario.depth,
        timing: scenario.timing,
        vary: scenario.vary,
        accepted,
    })
}

fn check_not_empty(draft: &Draft) -> Result<(), InputError> {
    let has_custom = custom::among(&draft.others).next().is_some();
    if draft.workloads.is_empty() && has_custom {
        // What operators own may be all there is.
        return Ok(());
    }
    if draft.workloads.is_empty() {
        return Err(InputError::new("no workload among the manifests")
            .kind(ErrorKind::NoInput)
            .expected("at least one Deployment, ReplicaSet, StatefulSet, Job, CronJob or Pod")
            .help("add a manifest; `kubectl get deployments,nodes,hpa -o yaml` writes them"));
    }
    if draft.pools.is_empty() {
        return Err(InputError::new("no nodes are given")
            .kind(ErrorKind::NoInput)
            .expected("Node manifests, or `nodes:` in a scenario")
            .help(
                "add `kubectl get nodes -o yaml`, or a scenario.yaml with `nodes: [{name: pool, count: 0..3, \
                 template: {allocatable: {cpu: \"4\", memory: 8Gi}}}]` under `spec`; `kubound init FOLDER` writes one",
            ));
    }
    let nodes = draft.pools.iter().map(|pool| pool.most_nodes()).fold(0, i64::saturating_add);
    if nodes == 0 {
        return Err(InputError::new("every pool has 0 nodes")
            .kind(ErrorKind::NoInput)
            .in_object("Scenario")
            .at("spec.nodes")
            .expected("at least one pool that may have a node"));
    }
    if nodes > MAX_NODES {
        return Err(InputError::new(format!("{nodes} nodes in all pools together"))
            .expected(format!("at most {MAX_NODES}"))
            .help("a smaller cluster with nodes of the same kinds shows the same faults; lower the counts"));
    }
    Ok(())
}

fn resolve_hpas(draft: &mut Draft, scenario: &Scenario) -> Vec<HorizontalPodAutoscaler> {
    let mut hpas: Vec<HorizontalPodAutoscaler> = Vec::new();
    for read in std::mem::take(&mut draft.hpas) {
        let mut hpa = read.hpa;
        let Some(workload) = draft.workloads.iter().find(|one| one.workload.reference == hpa.target) else {
            let message = format!("{} is not among the manifests; the autoscaler is left out", hpa.target);
            read.context.note_kind(NoteKind::DanglingReference, Risky, "spec.scaleTargetRef", message);
            continue;
        };
        if hpas.iter().any(|other| other.target == hpa.target) {
            let message = format!("a second autoscaler of {}; a real one does not scale then", hpa.target);
            read.context.note(Warning, "spec.scaleTargetRef", message);
        }
        if let Some(period) = scenario.hpa_sync_period {
            hpa.sync_period = period;
        }
        hpa.selector = workload.selector.clone();
        overlaps::note_taken(&hpa, &read.context, &draft.workloads);
        resolve_tolerance(&mut hpa, read.tolerances, &read.context, scenario);
        let known = (draft.workloads.as_slice(), scenario.events.as_slice());
        container_metrics::add(&mut hpa, &read.container_metrics, known, &read.context);
        named_metrics::add(&mut hpa, &read.named_metrics, &draft.workloads, &read.context);
        if let Some(seconds) = scenario.hpa_downscale_stabilization {
            hpa.downscale_stabilization = seconds;
            if let (Some(behavior), true) = (&mut hpa.behavior, read.flag_decides_down_window) {
                behavior.down.stabilization = seconds;
            }
        }
        hpas.push(hpa);
    }
    hpas
}

/// The flag, and with the gate what the behaviour says; without it the API server drops those fields.
fn resolve_tolerance(
    hpa: &mut HorizontalPodAutoscaler,
    (down, up): Tolerances,
    context: &Context,
    scenario: &Scenario,
) {
    let flag = scenario.hpa_tolerance.unwrap_or(Tolerance::default().up);
    let is_on = scenario.gates.is_on(FeatureGate::HpaConfigurableTolerance, scenario.version);
    let part = |own: Option<i64>| own.filter(|_| is_on).unwrap_or(flag);
    hpa.tolerance = Tolerance { down: part(down), up: part(up) };
    for (key, _) in [("scaleDown", down), ("scaleUp", up)].iter().filter(|(_, own)| own.is_some() && !is_on) {
        let message = "counts only with the gate HPAConfigurableTolerance, off by default before 1.35: see `featureGates` of scenarios";
        context.note(Warning, &format!("spec.behavior.{key}.tolerance"), message);
    }
}

/// Says which budgets select nothing that is modelled.
fn resolve_budgets(draft: &mut Draft, workloads: &[Workload]) -> Vec<PodDisruptionBudget> {
    for DraftBudget { budget, context } in &draft.budgets {
        let selected =
            |one: &Workload| one.templates().any(|template| budget.selects(&one.reference.namespace, &template.labels));
        if !workloads.iter().any(selected) {
            let message = "selects no pod of a workload among the manifests";
            context.note_kind(NoteKind::DanglingReference, Severity::Warning, "spec.selector", message);
        }
    }
    std::mem::take(&mut draft.budgets).into_iter().map(|read| read.budget).collect()
}

/// A rollback needs the old ReplicaSets, which the models never clean up.
fn note_history(read: &DraftWorkload, events: &[Event]) {
    let reference = &read.workload.reference;
    let is_rolled_back =
        events.iter().any(|event| matches!(&event.kind, EventKind::Rollback { target } if target == reference));
    if is_rolled_back && read.history_limit < ENOUGH_HISTORY {
        let message = "old ReplicaSets are never cleaned up here, so that a rollback always finds them";
        read.context.note(Risky, "spec.revisionHistoryLimit", message);
    }
}

/// No workload has more revisions here.
const ENOUGH_HISTORY: i64 = 8;

fn resolve_workloads(
    draft: &mut Draft,
    scenario: &Scenario,
    hpas: &[HorizontalPodAutoscaler],
) -> (Vec<Workload>, Vec<CronJob>, Vec<VerticalPodAutoscaler>) {
    let mut workloads = std::mem::take(&mut draft.workloads);
    for read in &mut workloads {
        let (priority, preempts) = resolve_priority(draft, read);
        read.workload.template.priority = priority;
        read.workload.template.never_preempts = !preempts;
        for later in &read.later {
            let mut template = later.workload.template.clone();
            let (priority, preempts) = resolve_priority(draft, later);
            template.priority = priority;
            template.never_preempts = !preempts;
            read.workload.later_templates.push(template);
        }
    }
    overlaps::note_selectors(&workloads);
    note_nodes(&workloads, draft);
    let default = [SchedulerProfile::default()];
    let profiles = draft.scheduler.as_deref().unwrap_or(&default);
    for read in &workloads {
        note_history(read, &scenario.events);
    }
    note_daemons(&workloads, draft);
    note_deadlines(&workloads);
    note_paused(&workloads, scenario);
    for read in &workloads {
        let wanted = &read.workload.template.scheduler_name;
        if !profiles.iter().any(|profile| profile.name == *wanted) && read.workload.template.node_name.is_none() {
            let message = format!("no profile of the scheduler is called `{wanted}`; its pods stay pending");
            read.context.note(Risky, "spec.template.spec.schedulerName", message);
        }
    }
    let vpas = vertical::resolve(std::mem::take(&mut draft.vpas), &mut workloads, hpas, &scenario.events);
    let (workloads, cron_jobs) = cron_jobs::expand(workloads, &scenario.intents);
    (workloads, cron_jobs, vpas)
}

/// Says which workloads name a node that is not there.
fn note_nodes(workloads: &[DraftWorkload], draft: &Draft) {
    let names = Names::new(Vec::new(), &draft.pools);
    let is_label = |name: &str| draft.pools.iter().any(|pool| pool.labels.get(HOSTNAME).is_some_and(|own| own == name));
    for read in workloads {
        let template = &read.workload.template;
        let named = template.node_name.iter().map(|name| ("nodeName", name));
        let selected = template.node_selector.get(HOSTNAME).into_iter().map(|name| ("nodeSelector", name));
        for (field, name) in named.chain(selected).filter(|(_, name)| !names.is_node(name) && !is_label(name)) {
            let hint = match names.pools.iter().find(|pool| pool.name == *name) {
                Some(_) => format!("; `{name}` is a pool: did you mean `{name}-0`?"),
                None => "; the pods stay pending".to_owned(),
            };
            let message = format!("no node is called `{name}`{hint}");
            let field = format!("spec.template.spec.{field}");
            read.context.note_kind(NoteKind::DanglingReference, Severity::Warning, &field, message);
        }
    }
}

/// A Deployment that is created paused has no ReplicaSet, which is seldom what somebody wants to ask about.
fn note_paused(workloads: &[DraftWorkload], scenario: &Scenario) {
    for read in workloads.iter().filter(|read| read.workload.rollout.is_paused) {
        let is_placed = scenario.placed.iter().any(|one| one.target == read.workload.reference);
        if matches!(scenario.start, Start::Empty | Start::Settled) && !is_placed {
            let message =
                "created paused, it gets no pods; with `start: any`, or pods in `placed`, it has some already";
            read.context.note(Warning, "spec.paused", message);
        }
    }
}

/// What is assumed of pods that have to end before some time, and how long they run.
fn note_deadlines(workloads: &[DraftWorkload]) {
    for read in workloads {
        let of_pods = match read.template.below(&["spec", "activeDeadlineSeconds"]) {
            Some(Value::Integer(seconds)) => i64::try_from(*seconds).ok(),
            _ => None,
        };
        let above = if read.cron.is_some() { "spec.jobTemplate." } else { "" };
        let field_of_pods = format!("{above}spec.template.spec.activeDeadlineSeconds");
        let Some(job) = read.workload.job() else {
            if of_pods.is_some() {
                let message = "a pod that runs for longer fails; here it goes on";
                read.context.note(Risky, "spec.activeDeadlineSeconds", message);
            }
            continue;
        };
        let deadlines =
            [(format!("{above}spec.activeDeadlineSeconds"), job.active_deadline), (field_of_pods.clone(), of_pods)];
        match job.run_time {
            None => {
                let message = "how long its pods run is not known (`runTime` in a scenario); those that run are taken to end \
                               before";
                let written = deadlines.into_iter().filter(|(_, seconds)| seconds.is_some());
                written.for_each(|(field, _)| read.context.note(Risky, &field, message));
            }
            Some(time) if of_pods.is_some_and(|most| time >= most) => {
                let message = "pods that run for longer fail; here they succeed when they have run for their `runTime`";
                read.context.note(Risky, &field_of_pods, message);
            }
            Some(_) => {}
        }
    }
}

/// What a DaemonSet would do and does not here.
fn note_daemons(workloads: &[DraftWorkload], draft: &Draft) {
    for read in workloads.iter().filter(|read| read.workload.is_daemon()) {
        let template = &read.workload.template;
        let namespace = &read.workload.reference.namespace;
        if draft.budgets.iter().any(|one| one.budget.selects(namespace, &template.labels)) {
            let message = "a disruption budget selects its pods, which budgets here do not expect";
            read.context.note(Risky, "spec.template.metadata.labels", message);
        }
    }
}

/// Priority, and whether pods of the workload preempt others.
fn resolve_priority(draft: &Draft, read: &DraftWorkload) -> (i64, bool) {
    let (priority, preempts) = match &read.priority_class {
        Some(name) => draft.priority_of(name).unwrap_or_else(|| {
            let message = format!("no PriorityClass `{name}` among the manifests; priority 0 is assumed");
            let field = "spec.template.spec.priorityClassName";
            read.context.note_kind(NoteKind::DanglingReference, Severity::Risky, field, message);
            (0, true)
        }),
        None => draft.default_priority().map_or((0, true), |class| (class.value, class.preempts)),
    };
    note_other_priority(read, priority, preempts);
    (priority, preempts && !read.never_preempts)
}

/// Admission refuses pods whose priority or policy is not that of their class.
fn note_other_priority(read: &DraftWorkload, priority: i64, preempts: bool) {
    let written = |key: &str| read.template.below(&["spec", key]).filter(|value| **value != Value::Null);
    let note = |key: &str, found: String| {
        let message = format!("not that of the PriorityClass, which is {found}: the API server refuses the pods");
        read.context.note(Warning, &format!("spec.template.spec.{key}"), message);
    };
    if written("priority").is_some_and(|value| *value != Value::Integer(priority.into())) {
        note("priority", priority.to_string());
    }
    let policy = if preempts { "PreemptLowerPriority" } else { "Never" };
    if written("preemptionPolicy").is_some_and(|value| value.as_text() != Some(policy)) {
        note("preemptionPolicy", policy.to_owned());
    }
}

/// What is checked where nobody says what shall hold.
fn default_intents(workloads: &[Workload], draft: &Draft) -> Vec<Intent> {
    let intent =
        |kind: IntentKind, origin: &Origin| Intent { id: kind.name().to_owned(), kind, origin: origin.clone() };
    let mut intents = Vec::new();
    let custom = custom::among(&draft.others).map(|own| &own.origin).next();
    if let Some(first) = workloads.first().map(|first| &first.origin).or(custom) {
        intents.push(intent(IntentKind::NoOscillation { target: None }, first));
    }
    for workload in workloads {
        let target = Some(workload.reference.clone());
        let mode = SchedulableMode::Settled;
        intents.push(intent(IntentKind::Schedulable { target: target.clone(), mode }, &workload.origin));
        // Nobody replaces a bare pod; a DaemonSet has no replicas to come to.
        if !workload.is_bare() && !workload.is_daemon() {
            intents.push(intent(IntentKind::Converges { target }, &workload.origin));
        }
    }
    intents
}
