//! The descheduler's plugins and the DefaultEvictor: their arguments.

use super::super::ErrorKind;
use super::super::Severity::Risky;
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::view::{Fields, View};
use super::affinity::WHEN;
use super::descheduler::plugin_selector;
use super::descheduler_fields::{EVICTOR, NAMESPACES, OLD_DUPLICATES, OLD_LIFE_TIME, OLD_RESTARTS, THRESHOLD};
use super::descheduler_utilization as utilization;
use kubound_encodings::cluster::descheduler::{DeschedulerPlugin, Evictor, Namespaces, PLUGINS as MODELLED, PodPhase};
use kubound_encodings::cluster::pod::WhenUnsatisfiable;
use kubound_encodings::cluster::{Taint, TaintEffect};

/// When in a pass a plugin runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Point {
    /// First.
    Deschedule,
    /// Second.
    Balance,
}

impl Point {
    /// Its key in a profile.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Deschedule => "deschedule",
            Self::Balance => "balance",
        }
    }
}

/// All plugins that come with the descheduler, and where they run.
const PLUGINS: &[(&str, Point)] = &[
    ("RemoveDuplicates", Point::Balance),
    ("RemovePodsViolatingTopologySpreadConstraint", Point::Balance),
    ("RemovePodsViolatingNodeTaints", Point::Deschedule),
    ("LowNodeUtilization", Point::Balance),
    ("HighNodeUtilization", Point::Balance),
    ("RemovePodsViolatingNodeAffinity", Point::Deschedule),
    ("RemovePodsViolatingInterPodAntiAffinity", Point::Deschedule),
    ("RemovePodsHavingTooManyRestarts", Point::Deschedule),
    ("PodLifeTime", Point::Deschedule),
    ("RemoveFailedPods", Point::Deschedule),
];

/// Where a plugin runs, if the descheduler has it.
pub(super) fn known_point(name: &str) -> Option<Point> {
    PLUGINS.iter().find(|(other, _)| *other == name).map(|(_, point)| *point)
}

/// Where a plugin runs, if it is modelled.
pub(super) fn find(name: &str) -> Option<Point> {
    known_point(name).filter(|_| MODELLED.contains(&name))
}

/// Arguments in the form of v1alpha2, or parameters in that of v1alpha1.
#[derive(Clone, Copy)]
pub(super) enum Arguments<'a, 'b> {
    /// `pluginConfig[].args`.
    Plain(Option<&'b Fields<'a>>),
    /// `strategies.NAME.params`.
    Strategy(Option<&'b Fields<'a>>),
}

/// Reads the arguments of a modelled plugin.
pub(super) fn read_plugin(name: &str, arguments: Arguments) -> Result<Option<DeschedulerPlugin>, InputError> {
    let (Arguments::Plain(fields) | Arguments::Strategy(fields)) = arguments;
    let is_strategy = matches!(arguments, Arguments::Strategy(_));
    Ok(match name {
        "RemoveDuplicates" => Some(read_duplicates(fields, is_strategy)?),
        "RemovePodsViolatingTopologySpreadConstraint" => Some(read_spread(fields, is_strategy)?),
        "RemovePodsViolatingNodeAffinity" => read_node_affinity(fields)?,
        "RemovePodsViolatingNodeTaints" => Some(read_node_taints(fields)?),
        "RemovePodsViolatingInterPodAntiAffinity" => Some(read_anti_affinity(fields)?),
        "PodLifeTime" => read_life_time(fields, is_strategy)?,
        "RemovePodsHavingTooManyRestarts" => read_restarts(fields, is_strategy)?,
        "LowNodeUtilization" => utilization::read_low(fields, is_strategy)?,
        "HighNodeUtilization" => utilization::read_high(fields, is_strategy)?,
        _ => None,
    })
}

pub(super) fn read_namespaces(fields: &Fields) -> Result<Namespaces, InputError> {
    let Some(view) = fields.get("namespaces") else { return Ok(Namespaces::All) };
    let fields = view.fields()?;
    let list = |key: &str| fields.read(key, |view| view.texts()).map(Option::unwrap_or_default);
    let (include, exclude) = (list("include")?, list("exclude")?);
    fields.judge_rest(&NAMESPACES);
    match (include.is_empty(), exclude.is_empty()) {
        (false, false) => Err(view.error("include and exclude").expected("one of the two")),
        (false, true) => Ok(Namespaces::Include(include)),
        (true, false) => Ok(Namespaces::Exclude(exclude)),
        (true, true) => Ok(Namespaces::All),
    }
}

fn read_duplicates(fields: Option<&Fields>, is_strategy: bool) -> Result<DeschedulerPlugin, InputError> {
    let mut exclude_owner_kinds = Vec::new();
    let mut namespaces = Namespaces::All;
    if let Some(fields) = fields {
        let inner = if is_strategy { fields.below("removeDuplicates")? } else { None };
        let holder = if is_strategy { inner.as_ref() } else { Some(fields) };
        if let Some(holder) = holder {
            exclude_owner_kinds = holder.read("excludeOwnerKinds", |view| view.texts())?.unwrap_or_default();
        }
        if let Some(inner) = &inner {
            inner.judge_rest(&OLD_DUPLICATES);
        }
        namespaces = read_namespaces(fields)?;
    }
    Ok(DeschedulerPlugin::RemoveDuplicates { exclude_owner_kinds, namespaces })
}

fn read_spread(fields: Option<&Fields>, is_strategy: bool) -> Result<DeschedulerPlugin, InputError> {
    let mut constraints = vec![WhenUnsatisfiable::DoNotSchedule];
    let mut topology_balance_node_fit = true;
    let mut label_selector = None;
    let mut namespaces = Namespaces::All;
    if let Some(fields) = fields {
        if is_strategy {
            if fields.read("includeSoftConstraints", |view| view.boolean())? == Some(true) {
                constraints.push(WhenUnsatisfiable::ScheduleAnyway);
            }
        } else if let Some(view) = fields.get("constraints") {
            let listed = view.list()?.iter().map(|item| item.one_of(WHEN)).collect::<Result<Vec<_>, _>>()?;
            if !listed.is_empty() {
                constraints = listed;
            }
        }
        topology_balance_node_fit = fields.read("topologyBalanceNodeFit", |view| view.boolean())?.unwrap_or(true);
        label_selector = plugin_selector(fields)?;
        namespaces = read_namespaces(fields)?;
    }
    Ok(DeschedulerPlugin::RemovePodsViolatingTopologySpreadConstraint {
        constraints,
        topology_balance_node_fit,
        label_selector,
        namespaces,
    })
}

/// The kinds of node affinity that RemovePodsViolatingNodeAffinity may look at.
const AFFINITY_TYPES: &[(&str, bool)] = &[
    ("requiredDuringSchedulingIgnoredDuringExecution", true),
    ("preferredDuringSchedulingIgnoredDuringExecution", false),
];

/// Without arguments there is nothing to read: the caller has said that the descheduler refuses the profile.
fn read_node_affinity(fields: Option<&Fields>) -> Result<Option<DeschedulerPlugin>, InputError> {
    let Some(fields) = fields else { return Ok(None) };
    let list = fields.require("nodeAffinityType", "a list of kinds of node affinity")?;
    let kinds = list.list()?.iter().map(|item| item.one_of(AFFINITY_TYPES)).collect::<Result<Vec<_>, _>>()?;
    if kinds.is_empty() {
        return Err(list.error("no kind of node affinity").expected("at least one"));
    }
    Ok(Some(DeschedulerPlugin::RemovePodsViolatingNodeAffinity {
        required: kinds.contains(&true),
        preferred: kinds.contains(&false),
        label_selector: plugin_selector(fields)?,
        namespaces: read_namespaces(fields)?,
    }))
}

fn read_node_taints(fields: Option<&Fields>) -> Result<DeschedulerPlugin, InputError> {
    let mut include_prefer_no_schedule = false;
    let mut excluded = Vec::new();
    if let Some(fields) = fields {
        include_prefer_no_schedule = fields.read("includePreferNoSchedule", |view| view.boolean())?.unwrap_or(false);
        for item in fields.items("excludedTaints")? {
            let text = item.text()?;
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            if value.is_empty() {
                item.note(Risky, "only taints of this key with an empty value are left alone");
            }
            // The effect is not looked at.
            excluded.push(Taint { key: key.into(), value: value.into(), effect: TaintEffect::NoSchedule });
        }
    }
    Ok(DeschedulerPlugin::RemovePodsViolatingNodeTaints { include_prefer_no_schedule, excluded })
}

fn read_anti_affinity(fields: Option<&Fields>) -> Result<DeschedulerPlugin, InputError> {
    let label_selector = fields.map(plugin_selector).transpose()?.flatten();
    let namespaces = fields.map(read_namespaces).transpose()?.unwrap_or_default();
    Ok(DeschedulerPlugin::RemovePodsViolatingInterPodAntiAffinity { label_selector, namespaces })
}

/// The states of pods that are active; others are failures, or reasons of containers that do not occur.
const STATES: &[(&str, PodPhase)] =
    &[("Pending", PodPhase::Pending), ("Running", PodPhase::Running), ("CrashLoopBackOff", PodPhase::CrashLoopBackOff)];

/// The states in which pods are looked at; `None`: in all.
fn read_states(states: Option<&View>) -> Result<Option<Vec<PodPhase>>, InputError> {
    let mut read = None;
    for item in states.map(View::list).transpose()?.iter().flatten() {
        let known = read.get_or_insert_with(Vec::new);
        match STATES.iter().find(|(name, _)| Some(*name) == item.value.as_text()) {
            Some((_, phase)) => known.push(*phase),
            None => item.note(Risky, "no pod of the model is ever in this state"),
        }
    }
    Ok(read)
}

/// Restarts are not counted, so that the threshold is only looked at for being one.
fn read_restarts(fields: Option<&Fields>, is_strategy: bool) -> Result<Option<DeschedulerPlugin>, InputError> {
    let Some(fields) = fields else { return Ok(None) };
    let inner = if is_strategy { fields.below("podsHavingTooManyRestarts")? } else { None };
    let holder = match (&inner, is_strategy) {
        (None, true) => return Ok(None),
        (inner, _) => inner.as_ref().unwrap_or(fields),
    };
    holder.require("podRestartThreshold", "an integer of at least 1")?.integer(1..=i64::from(i32::MAX))?;
    let states = read_states(holder.get("states").as_ref())?;
    if is_strategy {
        holder.judge_rest(&OLD_RESTARTS);
    }
    Ok(Some(DeschedulerPlugin::RemovePodsHavingTooManyRestarts {
        states,
        label_selector: plugin_selector(fields)?,
        namespaces: read_namespaces(fields)?,
    }))
}

fn read_life_time(fields: Option<&Fields>, is_strategy: bool) -> Result<Option<DeschedulerPlugin>, InputError> {
    let Some(fields) = fields else { return Ok(None) };
    let inner = if is_strategy { fields.below("podLifeTime")? } else { None };
    let holder = match (&inner, is_strategy) {
        (None, true) => return Ok(None),
        (inner, _) => inner.as_ref().unwrap_or(fields),
    };
    let max_seconds = holder.read("maxPodLifeTimeSeconds", |view| view.integer(0..=i64::from(u32::MAX)))?;
    let states = holder.get(if is_strategy { "podStatusPhases" } else { "states" });
    let phases = read_states(states.as_ref())?;
    if is_strategy {
        holder.judge_rest(&OLD_LIFE_TIME);
    }
    let is_bare = max_seconds.is_none() && phases.is_none();
    Ok((!is_bare).then_some(DeschedulerPlugin::PodLifeTime {
        max_seconds,
        phases,
        label_selector: plugin_selector(fields)?,
        namespaces: read_namespaces(fields)?,
    }))
}

/// Reads the arguments of the DefaultEvictor.
pub(super) fn read_evictor(view: &View, draft: &Draft) -> Result<Evictor, InputError> {
    let fields = view.fields()?;
    let flag = |key: &str| Ok::<_, InputError>(fields.read(key, |view| view.boolean())?.unwrap_or(false));
    let priority_threshold = match fields.get("priorityThreshold") {
        Some(view) => {
            let threshold = view.fields()?;
            let value = threshold.read("value", |view| view.integer(i64::from(i32::MIN)..=2_147_483_647))?;
            let name = threshold.get("name").filter(|name| name.value.as_text() != Some(""));
            threshold.judge_rest(&THRESHOLD);
            match (value, name) {
                (Some(_), Some(_)) => return Err(view.error("name and value").expected("one of the two")),
                (value, None) => value,
                (None, Some(name)) => Some(read_threshold(&name, draft)?),
            }
        }
        None => None,
    };
    let evictor = Evictor {
        evict_local_storage_pods: flag("evictLocalStoragePods")?,
        evict_system_critical_pods: flag("evictSystemCriticalPods")?,
        evict_daemon_set_pods: flag("evictDaemonSetPods")?,
        ignore_pvc_pods: flag("ignorePvcPods")?,
        ignore_pods_without_pdb: flag("ignorePodsWithoutPDB")?,
        priority_threshold,
        label_selector: plugin_selector(&fields)?,
        min_replicas: fields.read("minReplicas", |view| view.integer(0..=i64::from(i32::MAX)))?.unwrap_or(0),
        node_fit: flag("nodeFit")?,
    };
    for key in ["apiVersion", "kind"] {
        fields.get(key);
    }
    fields.judge_rest(&EVICTOR);
    Ok(evictor)
}

/// The value of a priority class named by a policy.
pub(super) fn read_threshold(name: &View, draft: &Draft) -> Result<i64, InputError> {
    let text = name.name()?;
    draft.priority_of(text).map(|class| class.0).ok_or_else(|| {
        name.error(format!("no PriorityClass `{text}`"))
            .kind(ErrorKind::UnknownName)
            .expected("the name of a PriorityClass among the manifests")
            .help("add its manifest, or write `value`")
    })
}
