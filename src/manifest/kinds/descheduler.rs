//! DeschedulerPolicy, v1alpha1 (strategies) and v1alpha2 (profiles), brought to one form.

use super::super::Severity::{Harmless, Risky, Warning};
use super::super::draft::Draft;
use super::super::error::InputError;
use super::super::view::{Fields, View};
use super::Object;
use super::descheduler_failed_pods as failed_pods;
use super::descheduler_fields::{PARAMETERS, PLUGIN_CONFIG, PLUGINS, PROFILE, SET, STRATEGY, arguments_of};
use super::descheduler_plugins::{Arguments, Point, find, known_point, read_evictor, read_plugin, read_threshold};
use super::selector::{read_label_selector, read_text_selector};
use kubound_encodings::cluster::DeschedulerPolicy;
use kubound_encodings::cluster::descheduler::{EnabledPlugin, Evictor};

/// `--descheduling-interval` where nothing says otherwise, in seconds.
const INTERVAL: i64 = 300;

/// Plugins by the extension point at which they run.
#[derive(Default)]
struct Enabled {
    deschedule: Vec<EnabledPlugin>,
    balance: Vec<EnabledPlugin>,
    /// Where RemoveFailedPods is enabled.
    failed_pods: Vec<String>,
}

impl Enabled {
    fn push(&mut self, point: Point, plugin: EnabledPlugin) {
        match point {
            Point::Deschedule => self.deschedule.push(plugin),
            Point::Balance => self.balance.push(plugin),
        }
    }
}

/// Reads a policy.
pub(super) fn read(object: &Object, draft: &mut Draft) -> Result<(), InputError> {
    let fields = &object.fields;
    let limit = |key: &str| fields.read(key, |view| view.integer(0..=i64::from(u32::MAX)));
    let node_selector = fields.read("nodeSelector", |view| read_text_selector(&view))?;
    let (max_per_node, max_per_namespace, max_total) = (
        limit("maxNoOfPodsToEvictPerNode")?,
        limit("maxNoOfPodsToEvictPerNamespace")?,
        limit("maxNoOfPodsToEvictTotal")?,
    );
    let enabled =
        if object.version == "v1alpha1" { read_strategies(fields, draft)? } else { read_profiles(fields, draft)? };
    object.judge_rest();
    if draft.descheduler.is_some() {
        object.context.note(Warning, "", "more than one DeschedulerPolicy; the last one counts");
    }
    let places = enabled.failed_pods.into_iter();
    draft.failed_pods.extend(places.map(|place| (object.context.clone(), place)));
    let plugins = enabled.deschedule.into_iter().chain(enabled.balance).collect();
    draft.descheduler = Some(DeschedulerPolicy {
        plugins,
        node_selector,
        max_per_node,
        max_per_namespace,
        max_total,
        interval: INTERVAL,
        origin: object.context.origin(""),
    });
    Ok(())
}

/// The real descheduler builds no profile then (`buildPlugin`: unable to find plugin config).
const NO_CONFIGURATION: &str =
    "has no entry in `pluginConfig`: the descheduler refuses this profile; add `- name:` there";

/// What a plugin that cannot do without arguments does without them.
const WITHOUT_ARGUMENTS: &str = "the descheduler refuses it without arguments: its evictions do not happen";

fn read_profiles(policy: &Fields, draft: &Draft) -> Result<Enabled, InputError> {
    let mut enabled = Enabled::default();
    for profile in policy.items("profiles")? {
        let profile = profile.fields()?;
        let mut configurations = Vec::new();
        for item in profile.items("pluginConfig")? {
            let item = item.fields()?;
            let name = item.require("name", "the name of a plugin")?.name()?;
            configurations.push((name, item.get("args"), item.view.clone()));
            item.judge_rest(&PLUGIN_CONFIG);
        }
        let arguments = |name: &str| {
            configurations.iter().find(|(other, ..)| *other == name).and_then(|(_, arguments, _)| arguments.clone())
        };
        let evictor = match arguments("DefaultEvictor") {
            Some(view) => read_evictor(&view, draft)?,
            None => Evictor::default(),
        };
        let points = profile.below("plugins")?;
        profile.get("name");
        profile.judge_rest(&PROFILE);
        let mut used: Vec<&str> = vec!["DefaultEvictor"];
        if let Some(points) = points {
            for (key, point) in [("deschedule", Point::Deschedule), ("balance", Point::Balance)] {
                for view in enabled_at(&points, key)? {
                    used.push(view.text()?);
                    if !configurations.iter().any(|(name, ..)| Some(*name) == view.value.as_text()) {
                        view.note(Warning, NO_CONFIGURATION);
                    }
                    if view.value.as_text() == Some(failed_pods::NAME) && point == Point::Deschedule {
                        let arguments = arguments(failed_pods::NAME).map(|view| view.fields()).transpose()?;
                        failed_pods::read(arguments.as_ref(), false)?;
                        arguments.iter().for_each(|fields| judge_arguments(failed_pods::NAME, fields));
                        enabled.failed_pods.push(view.path.clone());
                        continue;
                    }
                    if let Some(plugin) = read_enabled(&view, point, arguments(view.text()?))? {
                        let origin = view.origin();
                        enabled.push(point, EnabledPlugin { plugin, evictor: evictor.clone(), origin });
                    }
                }
            }
            note_other_points(&points)?;
        }
        for (name, _, view) in &configurations {
            if !used.contains(name) {
                view.note(Harmless, format!("arguments of {name}, which is not enabled"));
            }
        }
    }
    Ok(enabled)
}

fn enabled_at<'a>(points: &Fields<'a>, key: &str) -> Result<Vec<View<'a>>, InputError> {
    let Some(point) = points.below(key)? else { return Ok(Vec::new()) };
    let disabled = point.read("disabled", |view| view.texts())?.unwrap_or_default();
    let views = point.items("enabled")?;
    point.judge_rest(&SET);
    let mut kept = Vec::new();
    for view in views {
        if !disabled.iter().any(|name| Some(name.as_str()) == view.value.as_text()) {
            kept.push(view);
        }
    }
    Ok(kept)
}

fn read_enabled(
    view: &View,
    point: Point,
    arguments: Option<View>,
) -> Result<Option<kubound_encodings::cluster::descheduler::DeschedulerPlugin>, InputError> {
    let name = view.name()?;
    match known_point(name) {
        Some(right) if right != point => {
            return Err(view
                .error(format!("{name} is no plugin of this extension point"))
                .expected(format!("{name} under `{}`", right.key())));
        }
        _ => {}
    }
    if find(name).is_none() {
        view.note(Risky, format!("plugin {name} is not modelled: its evictions do not happen"));
        return Ok(None);
    }
    let fields = arguments.map(|view| view.fields()).transpose()?;
    let plugin = read_plugin(name, Arguments::Plain(fields.as_ref()))?;
    if plugin.is_none() {
        view.note(Risky, WITHOUT_ARGUMENTS);
    }
    fields.iter().for_each(|fields| judge_arguments(name, fields));
    Ok(plugin)
}

/// Notes the arguments that the reader of a plugin has left.
fn judge_arguments(plugin: &str, fields: &Fields) {
    for key in ["apiVersion", "kind"] {
        fields.get(key);
    }
    if let Some(table) = arguments_of(plugin) {
        fields.judge_rest(table);
    }
}

fn note_other_points(points: &Fields) -> Result<(), InputError> {
    for key in ["filter", "preevictionfilter", "presort", "sort", "preEvictionFilter"] {
        for view in enabled_at(points, key)? {
            if view.value.as_text() != Some("DefaultEvictor") {
                view.note(Risky, "this plugin is not modelled: it may protect or order pods");
            }
        }
    }
    points.judge_rest(&PLUGINS);
    Ok(())
}

fn read_strategies(policy: &Fields, draft: &Draft) -> Result<Enabled, InputError> {
    let flag = |key: &str| Ok::<_, InputError>(policy.read(key, |view| view.boolean())?.unwrap_or(false));
    let base = Evictor {
        evict_local_storage_pods: flag("evictLocalStoragePods")?,
        evict_system_critical_pods: flag("evictSystemCriticalPods")?,
        ignore_pvc_pods: flag("ignorePvcPods")?,
        ..Evictor::default()
    };
    let mut enabled = Enabled::default();
    let Some(strategies) = policy.below("strategies")? else { return Ok(enabled) };
    for (name, view) in strategies.entries() {
        let strategy = view.fields()?;
        let is_enabled = strategy.read("enabled", |view| view.boolean())?.unwrap_or(false);
        let params = strategy.below("params")?;
        strategy.judge_rest(&STRATEGY);
        if !is_enabled {
            continue;
        }
        if name == failed_pods::NAME {
            failed_pods::read(params.as_ref(), true)?;
            enabled.failed_pods.push(view.path.clone());
            continue;
        }
        let Some(point) = find(name) else {
            view.note(Risky, format!("strategy {name} is not modelled: its evictions do not happen"));
            continue;
        };
        let mut evictor = base.clone();
        if let Some(params) = &params {
            evictor.node_fit = params.read("nodeFit", |view| view.boolean())?.unwrap_or(false);
            evictor.priority_threshold = read_v1alpha1_threshold(params, draft)?;
        }
        match read_plugin(name, Arguments::Strategy(params.as_ref()))? {
            Some(plugin) => enabled.push(point, EnabledPlugin { plugin, evictor, origin: view.origin() }),
            None => view.note(Risky, WITHOUT_ARGUMENTS),
        }
        if let Some(params) = &params {
            params.judge_rest(&PARAMETERS);
        }
    }
    Ok(enabled)
}

fn read_v1alpha1_threshold(params: &Fields, draft: &Draft) -> Result<Option<i64>, InputError> {
    let value = params.read("thresholdPriority", |view| view.integer(i64::from(i32::MIN)..=2_147_483_647))?;
    let name = params.get("thresholdPriorityClassName");
    match (value, name) {
        (Some(_), Some(name)) => {
            Err(name.error("thresholdPriority and thresholdPriorityClassName").expected("one of the two"))
        }
        (value, None) => Ok(value),
        (None, Some(name)) => read_threshold(&name, draft).map(Some),
    }
}

/// Reads a label selector of a plugin.
pub(super) fn plugin_selector(
    fields: &Fields,
) -> Result<Option<kubound_encodings::cluster::LabelSelector>, InputError> {
    fields.read("labelSelector", |view| read_label_selector(&view))
}
