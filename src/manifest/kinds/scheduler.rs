//! KubeSchedulerConfiguration: plugins, weights and arguments of a profile (section 1.12).

use super::super::ErrorKind;
use super::super::Severity::{Harmless, Risky, Warning};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::view::{Fields, View};
use super::Object;
use super::affinity::{read_node_affinity, read_spread};
use super::scheduler_fields::{
    BALANCED, DISABLED, FIT, NODE_AFFINITY, PLUGIN, PLUGIN_CONFIG, PLUGINS, POD_AFFINITY, PROFILE, RESOURCE, SET,
    SHAPE, SPREAD, STRATEGY,
};
use kubound_encodings::cluster::scheduler::{DefaultSpread, ScoringStrategy};
use kubound_encodings::cluster::{Labels, PodTemplate, SchedulerProfile};

/// Filter plugins that the default profile has.
const FILTERS: &[&str] = &[
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "VolumeBinding",
    "VolumeZone",
    "PodTopologySpread",
    "InterPodAffinity",
];

/// The plugin that makes room for pods that fit nowhere.
const PREEMPTION: &str = "DefaultPreemption";

/// Plugins of the default profile that neither filter nor score in the model.
const OTHERS: &[&str] = &[
    "SchedulingGates",
    "PrioritySort",
    PREEMPTION,
    "DefaultBinder",
    "ImageLocality",
    "DynamicResources",
    "EBSLimits",
    "GCEPDLimits",
    "AzureDiskLimits",
];

/// Reads a configuration; without a profile it has the default one.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let percentage_of_nodes = read_percentage(&object.fields)?.unwrap_or(0);
    let views = object.fields.items("profiles")?;
    object.judge_rest();
    let mut profiles: Vec<SchedulerProfile> = Vec::new();
    for view in &views {
        let mut profile = SchedulerProfile { percentage_of_nodes, ..SchedulerProfile::default() };
        read_profile(view, &mut profile)?;
        if profiles.iter().any(|other| other.name == profile.name) {
            let error = view.error(format!("a second profile `{}`", profile.name)).kind(ErrorKind::Duplicate);
            return Err(error.expected("a `schedulerName` of its own for each profile"));
        }
        profiles.push(profile);
    }
    if profiles.is_empty() {
        profiles.push(SchedulerProfile { percentage_of_nodes, ..SchedulerProfile::default() });
    }
    if draft.scheduler.replace(profiles).is_some() {
        object.context.note(Warning, "", "more than one KubeSchedulerConfiguration; the last one counts");
    }
    Ok(())
}

/// `percentageOfNodesToScore`, of all profiles or of one.
fn read_percentage(fields: &Fields) -> Result<Option<i64>, InputError> {
    fields.read("percentageOfNodesToScore", |view| view.integer(0..=100))
}

fn read_profile(view: &View, profile: &mut SchedulerProfile) -> Result<(), InputError> {
    let fields = view.fields()?;
    if let Some(name) = fields.read("schedulerName", |view| view.name().map(str::to_owned))? {
        profile.name = name;
    }
    if let Some(points) = fields.below("plugins")? {
        // Points of their own override what holds for all points.
        const POINTS: [(&str, Point); 4] = [
            ("multiPoint", Point { scores: true, filters: true, preempts: true }),
            ("score", Point { scores: true, filters: false, preempts: false }),
            ("filter", Point { scores: false, filters: true, preempts: false }),
            ("postFilter", Point { scores: false, filters: false, preempts: true }),
        ];
        for (key, covers) in POINTS {
            if let Some(point) = points.below(key)? {
                apply_point(&point, covers, profile)?;
            }
        }
        points.judge_rest(&PLUGINS);
    }
    for item in fields.items("pluginConfig")? {
        let item = item.fields()?;
        let name = item.require("name", "the name of a plugin")?;
        let arguments = item.get("args");
        item.judge_rest(&PLUGIN_CONFIG);
        if let Some(arguments) = arguments {
            read_arguments(&name, &arguments, profile)?;
        }
    }
    if let Some(percentage) = read_percentage(&fields)? {
        profile.percentage_of_nodes = percentage;
    }
    fields.judge_rest(&PROFILE);
    Ok(())
}

/// The weight of a scoring plugin that is modelled.
fn weight<'a>(profile: &'a mut SchedulerProfile, name: &str) -> Option<&'a mut i64> {
    Some(match name {
        "TaintToleration" => &mut profile.taint_toleration,
        "NodeAffinity" => &mut profile.node_affinity,
        "NodeResourcesFit" => &mut profile.resources_fit,
        "NodeResourcesBalancedAllocation" => &mut profile.balanced_allocation,
        "PodTopologySpread" => &mut profile.topology_spread,
        "InterPodAffinity" => &mut profile.inter_pod_affinity,
        _ => return None,
    })
}

const SCORES: &[&str] = &[
    "TaintToleration",
    "NodeAffinity",
    "NodeResourcesFit",
    "NodeResourcesBalancedAllocation",
    "PodTopologySpread",
    "InterPodAffinity",
];

/// What an extension point covers.
#[derive(Clone, Copy)]
struct Point {
    scores: bool,
    filters: bool,
    preempts: bool,
}

fn apply_point(point: &Fields, covers: Point, profile: &mut SchedulerProfile) -> Result<(), InputError> {
    let Point { scores, filters, preempts } = covers;
    for item in point.items("disabled")? {
        let item = item.fields()?;
        let name_view = item.require("name", "the name of a plugin, or \"*\"")?;
        let name = name_view.name()?;
        item.judge_rest(&DISABLED);
        if name != "*" && !is_known(name) {
            name_view.note(Warning, format!("{name} is no plugin of the default profile"));
        }
        for plugin in SCORES.iter().filter(|plugin| scores && (name == "*" || name == **plugin)) {
            if let Some(weight) = weight(profile, plugin) {
                *weight = 0;
            }
        }
        for plugin in FILTERS.iter().filter(|plugin| filters && (name == "*" || name == **plugin)) {
            if !profile.disabled_filters.iter().any(|other| other == plugin) {
                profile.disabled_filters.push((*plugin).to_owned());
            }
        }
        if preempts && ["*", PREEMPTION].contains(&name) {
            profile.preempts = false;
        }
    }
    for item in point.items("enabled")? {
        let item = item.fields()?;
        let name_view = item.require("name", "the name of a plugin")?;
        let name = name_view.name()?;
        // A weight of 0 or none counts as 1.
        let given = item.read("weight", |view| view.integer(0..=1_000_000))?.unwrap_or(1).max(1);
        item.judge_rest(&PLUGIN);
        if !is_known(name) {
            name_view.note(Risky, format!("plugin {name} is not modelled"));
        } else if name == "ImageLocality" && scores {
            name_view.note(Risky, format!("scores of {name} are not modelled"));
        }
        if let (true, Some(weight)) = (scores, weight(profile, name)) {
            *weight = given;
        }
        if filters {
            profile.disabled_filters.retain(|other| other != name);
        }
        profile.preempts |= preempts && name == PREEMPTION;
    }
    point.judge_rest(&SET);
    Ok(())
}

fn is_known(name: &str) -> bool {
    SCORES.contains(&name) || FILTERS.contains(&name) || OTHERS.contains(&name)
}

fn read_arguments(name: &View, arguments: &View, profile: &mut SchedulerProfile) -> Result<(), InputError> {
    let fields = arguments.fields()?;
    fields.get("apiVersion");
    fields.get("kind");
    match name.name()? {
        "NodeResourcesFit" => read_fit(&fields, profile)?,
        "NodeResourcesBalancedAllocation" => {
            if let Some(view) = fields.get("resources") {
                profile.balanced_resources = read_weights(&view, 1..=1)?.into_iter().map(|(name, _)| name).collect();
            }
            fields.judge_rest(&BALANCED);
        }
        "PodTopologySpread" => read_default_spread(&fields, profile)?,
        "NodeAffinity" => {
            if let Some(added) = fields.below("addedAffinity")? {
                // Read like that of a pod.
                let mut pod = PodTemplate::default();
                read_node_affinity(&added, &mut pod)?;
                (profile.added_required, profile.added_preferred) = (pod.required_affinity, pod.preferred_affinity);
            }
            fields.judge_rest(&NODE_AFFINITY);
        }
        "InterPodAffinity" => {
            if let Some(weight) = fields.read("hardPodAffinityWeight", |view| view.integer(0..=100))? {
                profile.hard_pod_affinity_weight = weight;
            }
            if let Some(ignores) = fields.read("ignorePreferredTermsOfExistingPods", |view| view.boolean())? {
                profile.ignores_preferences_of_others = ignores;
            }
            fields.judge_rest(&POD_AFFINITY);
        }
        "VolumeBinding" => arguments.note(Harmless, "volumes are not modelled"),
        other => arguments.note(Risky, format!("arguments of {other} are not modelled")),
    }
    Ok(())
}

fn read_fit(fields: &Fields, profile: &mut SchedulerProfile) -> Result<(), InputError> {
    if let Some(strategy) = fields.below("scoringStrategy")? {
        let words = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"].map(|word| (word, word));
        let kind = strategy.read("type", |view| view.one_of(&words))?.unwrap_or("LeastAllocated");
        if let Some(view) = strategy.get("resources") {
            profile.strategy_resources = read_weights(&view, 1..=100)?;
        }
        let ratio = strategy.below("requestedToCapacityRatio")?;
        profile.strategy = match (kind, &ratio) {
            ("MostAllocated", _) => ScoringStrategy::MostAllocated,
            ("RequestedToCapacityRatio", Some(ratio)) => {
                ScoringStrategy::RequestedToCapacityRatio(read_shape(&ratio.require("shape", "a list of points")?)?)
            }
            ("RequestedToCapacityRatio", None) => {
                return Err(strategy.view.error("no requestedToCapacityRatio").expected("its `shape`"));
            }
            _ => ScoringStrategy::LeastAllocated,
        };
        strategy.judge_rest(&STRATEGY);
    }
    let names = |key: &str| fields.read(key, |view| view.texts()).map(Option::unwrap_or_default);
    let groups = names("ignoredResourceGroups")?.into_iter().map(|group| format!("{group}/"));
    profile.ignored_resources = names("ignoredResources")?.into_iter().chain(groups).collect();
    fields.judge_rest(&FIT);
    Ok(())
}

fn read_weights(view: &View, limits: std::ops::RangeInclusive<i64>) -> Result<Vec<(String, i64)>, InputError> {
    let mut weights = Vec::new();
    for item in view.list()? {
        let item = item.fields()?;
        let name = item.require("name", "the name of a resource")?.name()?.to_owned();
        let weight = item.read("weight", |view| view.integer(limits.clone()))?.unwrap_or(1);
        item.judge_rest(&RESOURCE);
        weights.push((name, weight));
    }
    Ok(weights)
}

fn read_shape(view: &View) -> Result<Vec<(i64, i64)>, InputError> {
    let mut shape: Vec<(i64, i64)> = Vec::new();
    for item in view.list()? {
        let fields = item.fields()?;
        let utilization = fields.require("utilization", "0 to 100")?.integer(0..=100)?;
        let score = fields.require("score", "0 to 10")?.integer(0..=10)?;
        fields.judge_rest(&SHAPE);
        if shape.last().is_some_and(|(last, _)| *last >= utilization) {
            return Err(item.error(format!("utilization {utilization} does not ascend")).expected("ascending points"));
        }
        shape.push((utilization, score));
    }
    if shape.is_empty() { Err(view.error("no points").expected("at least one point")) } else { Ok(shape) }
}

fn read_default_spread(fields: &Fields, profile: &mut SchedulerProfile) -> Result<(), InputError> {
    let is_list =
        fields.read("defaultingType", |view| view.one_of(&[("System", false), ("List", true)]))?.unwrap_or(false);
    let constraints_view = fields.get("defaultConstraints");
    let views = constraints_view.as_ref().map(|view| view.list()).transpose()?.unwrap_or_default();
    let constraints = read_spread(&views, &Labels::new())?;
    fields.judge_rest(&SPREAD);
    if let (false, false, Some(view)) = (is_list, constraints.is_empty(), &constraints_view) {
        return Err(view.error("defaultConstraints with defaultingType System").expected("defaultingType: List"));
    }
    if let (Some(index), Some(view)) = (constraints.iter().position(|one| one.selector.is_some()), &constraints_view) {
        return Err(view.error(format!("constraint {index} has a labelSelector")).expected("none; it is derived"));
    }
    profile.default_spread = if is_list { DefaultSpread::List(constraints) } else { DefaultSpread::System };
    Ok(())
}
