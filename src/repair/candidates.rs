//! What could be done to the objects of an input, the most promising first.

use super::catalogue::{Does, Entry, Made, Room, Site, shown};
use super::path::{matching, pods_of};
use super::{Change, Way};
use crate::manifest::edit::{Sheet, path_to};
use kubound_encodings::system::Origin;

/// What is known of a violation when changes are put in order.
#[derive(Clone, Copy, Debug)]
pub struct Clues<'a> {
    /// The kind of the intent.
    pub rule: &'a str,
    /// The fields that the actors of the violation and the intent read.
    pub origins: &'a [Origin],
    /// Those of them that somebody waits for at its end.
    pub waits: &'a [Origin],
}

/// How far it is from what the violation reads, the value's place among those of the field counted; whether nobody waits for
/// the field; that place; the place in the catalogue.
type Rank = (usize, bool, usize, usize);

/// A change with its place in the order.
struct Ranked {
    rank: Rank,
    change: Change,
}

/// Every change of one field that the catalogue knows for these objects: first for fields that the violation reads, and for
/// each field the most promising value before others.
pub fn candidates(sheets: &[Sheet], registry: &[Room], clues: Clues) -> Vec<Change> {
    let mut ranked: Vec<Ranked> = Vec::new();
    for room in registry {
        for sheet in sheets {
            for (index, entry) in room.entries.iter().enumerate() {
                for (level, made) in of_entry(room, entry, sheet, sheets) {
                    let near = nearness(clues, room, sheet, &made.path);
                    let late = if matches!(entry.does, Does::Quantity) { 3 } else { 0 };
                    let is_waited_for = clues.waits.iter().any(|origin| concerns(origin, sheet, &made.path));
                    add(&mut ranked, sheet, entry.why, made, (near + level + late, !is_waited_for, level, index));
                }
            }
        }
    }
    ranked.sort_by_key(|one| one.rank);
    ranked.into_iter().map(|one| one.change).collect()
}

/// Adds a change; one of a field that several files write for the same object is made in all of them.
fn add(ranked: &mut Vec<Ranked>, sheet: &Sheet, why: &'static str, made: Made, rank: Rank) {
    let is_same = |one: &&mut Ranked| {
        let change = &one.change;
        change.object == sheet.object
            && change.field == made.path
            && change.after == made.after
            && change.before == made.before
    };
    if let Some(known) = ranked.iter_mut().find(is_same) {
        if known.change.edits.iter().all(|edit| edit.file != sheet.file) {
            known.change.edits.extend(made.edits);
        }
        return;
    }
    let Made { path, way, before, after, edits, number } = made;
    let change = Change {
        object: sheet.object.clone(),
        region: sheet.region(&path),
        field: path,
        way,
        before,
        after,
        why,
        file: sheet.file.clone(),
        source: sheet.source.clone(),
        edits,
        number,
    };
    ranked.push(Ranked { rank, change });
}

/// How far a field is from what the violation reads; smaller is nearer.
fn nearness(clues: Clues, room: &Room, sheet: &Sheet, path: &str) -> usize {
    let by_object = match clues.origins.iter().any(|origin| origin.object == sheet.object) {
        false => 3,
        true if clues.origins.iter().any(|origin| concerns(origin, sheet, path)) => 0,
        true => 1,
    };
    by_object + if room.telling.contains(&clues.rule) { 0 } else { 3 }
}

/// Whether a field of an object is one that is meant. Other objects than workloads are small, and all of their fields work
/// together.
fn concerns(origin: &Origin, sheet: &Sheet, path: &str) -> bool {
    let is_within = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
    let is_read = || !origin.field.is_empty() && is_within(path, &origin.field);
    origin.object == sheet.object && (pods_of(sheet.kind()).is_none() || is_read())
}

/// What an entry makes of an object, with the place of each change among those of its field.
fn of_entry(room: &Room, entry: &Entry, sheet: &Sheet, sheets: &[Sheet]) -> Vec<(usize, Made)> {
    let kind = sheet.kind();
    let pattern = match pods_of(kind) {
        _ if room.kinds.contains(&kind) && kind != "Pod" => entry.path.to_owned(),
        Some(template) if room.kinds.contains(&"Pod") => format!("{template}.{}", entry.path),
        _ => return Vec::new(),
    };
    let found = matching(&sheet.value, &pattern);
    let made = |(path, value)| {
        let site = Site { sheet, path, value, sheets };
        entry.does.at(&site).into_iter().enumerate()
    };
    found.into_iter().flat_map(made).collect()
}

impl Does {
    /// The changes it makes of a field.
    fn at(&self, site: &Site) -> Vec<Made> {
        let set = |way, value: &&str| site.set(way, value, None);
        match self {
            Self::Words(words) if !words.contains(&shown(site.value).as_str()) && words.len() > 1 => Vec::new(),
            Self::Words(words) => words.iter().filter_map(|word| set(Way::Switched, word)).collect(),
            Self::Set(values) => values.iter().filter_map(|value| set(Way::Switched, value)).collect(),
            Self::Number(least, most) => {
                let numbers = numbers(&shown(site.value));
                let wanted = numbers.into_iter().filter(|number| (*least..=*most).contains(number));
                wanted.filter_map(|number| site.set(Way::Moved, &number.to_string(), Some(number))).collect()
            }
            Self::Quantity | Self::More => {
                let values = quantities(&shown(site.value), matches!(self, Self::More));
                values.iter().filter_map(|value| site.set(Way::Moved, value, None)).collect()
            }
            Self::Add(key, _) if site.value.get(*key).is_some() => Vec::new(),
            Self::Add(key, values) => {
                let lines = |value: &&str| match value.strip_prefix('\n') {
                    Some(block) => format!("{key}:\n{block}"),
                    None => format!("{key}: {value}"),
                };
                let made = |value| site.add(&lines(value)).map(|made| Made { path: path_to(&site.path, key), ..made });
                values.iter().filter_map(made).collect()
            }
            Self::Remove => site.remove().into_iter().collect(),
            Self::Made(make) => make(site),
        }
    }
}

/// Numbers to try in the place of one: the next ones, twice and half as much, the smallest. Shares become numbers.
fn numbers(text: &str) -> Vec<i64> {
    let Ok(number) = text.parse::<i64>() else {
        return if text.ends_with('%') { vec![0, 1, 2] } else { Vec::new() };
    };
    // Next to a large number nothing changes.
    let near = match number {
        ..=20 => vec![number + 1, number - 1, number + 2, number * 2, number / 2, 1, 0],
        _ => vec![number * 2, number / 2, number * 3 / 2, number * 4, number / 4],
    };
    let mut wanted: Vec<i64> = Vec::new();
    for one in near {
        if one != number && !wanted.contains(&one) {
            wanted.push(one);
        }
    }
    wanted
}

/// Quantities to try in the place of one, in its unit: twice, half, one and a half times and four times as much; or only
/// larger ones.
fn quantities(text: &str, is_more: bool) -> Vec<String> {
    let digits = text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let Ok(number) = number.parse::<i64>() else { return Vec::new() };
    let (number, unit) = match unit {
        "" if number < 1000 => (number.saturating_mul(1000), "m"),
        "Gi" => (number.saturating_mul(1024), "Mi"),
        _ => (number, unit),
    };
    let fitting = |number: i64| match unit {
        "m" if number % 1000 == 0 => format!("\"{}\"", number / 1000),
        "Mi" if number % 1024 == 0 => format!("{}Gi", number / 1024),
        _ => format!("{number}{unit}"),
    };
    let wanted = [number.saturating_mul(2), number / 2, number.saturating_mul(3) / 2, number.saturating_mul(4)];
    wanted.into_iter().filter(|one| *one > if is_more { number } else { 0 }).map(fitting).collect()
}

#[cfg(test)]
mod tests {
    use super::super::kinds::REGISTRY;
    use super::*;
    use crate::manifest::edit::{Texts, edited, sheets};

    const BUDGET: &str = "\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 2 # both
  selector: {matchLabels: {app: web}}
";

    fn of(text: &str, rule: &str, origins: &[Origin]) -> (Texts, Vec<Change>) {
        let texts = Texts::from([("a.yaml".to_owned(), text.to_owned())]);
        let found = candidates(&sheets(&texts), REGISTRY, Clues { rule, origins, waits: &[] });
        (texts, found)
    }

    #[test]
    fn a_budget_can_be_loosened() {
        let (texts, found) = of(BUDGET, "drainCompletes", &[]);
        let told: Vec<(&str, &str)> = found.iter().map(|one| (one.before.as_str(), one.after.as_str())).collect();
        assert_eq!(told[0], ("minAvailable: 2", "maxUnavailable: 1"));
        assert!(told.contains(&("2", "1")) && told.contains(&("2", "0")) && told.contains(&("2", "3")));
        let changed = edited(&texts, &found[0].edits).expect("one edit");
        assert_eq!(changed["a.yaml"], BUDGET.replace("minAvailable: 2", "maxUnavailable: 1"));
        assert_eq!(found[0].region.line, 5);
    }

    #[test]
    fn every_change_can_be_made_and_read_again() {
        let text = include_str!("../../cases/c8/broken/deploy.yaml").to_owned() + "---\n" + BUDGET;
        let (texts, found) = of(&text, "noOscillation", &[]);
        assert!(found.len() > 10, "{}", found.len());
        for change in found {
            let changed = edited(&texts, &change.edits).expect("no overlap");
            let objects = sheets(&changed).len();
            assert!(objects == 2 || (objects == 3 && change.field.is_empty()), "{change:?}\n{}", changed["a.yaml"]);
        }
    }

    #[test]
    fn what_the_violation_reads_comes_first() {
        let text = include_str!("../../cases/c8/broken/deploy.yaml").to_owned() + "---\n" + BUDGET;
        let origin = Origin { object: "PodDisruptionBudget/default/web".into(), field: "spec.minAvailable".into() };
        let (_, found) = of(&text, "drainCompletes", std::slice::from_ref(&origin));
        assert_eq!(found[0].object, origin.object);
    }

    #[test]
    fn what_somebody_waits_for_comes_before_the_like() {
        let other = BUDGET.replace("{name: web}", "{name: other}");
        let texts = Texts::from([("a.yaml".to_owned(), format!("{other}---\n{BUDGET}"))]);
        let origin = |name: &str| Origin {
            object: format!("PodDisruptionBudget/default/{name}"),
            field: "spec.minAvailable".to_owned(),
        };
        let (origins, waits) = ([origin("web"), origin("other")], [origin("web")]);
        let first = |waits: &[Origin]| {
            let clues = Clues { rule: "drainCompletes", origins: &origins, waits };
            candidates(&sheets(&texts), REGISTRY, clues)[0].object.clone()
        };
        assert_eq!(first(&[]), origins[1].object);
        assert_eq!(first(&waits), origins[0].object);
    }

    #[test]
    fn the_first_value_of_every_field_comes_before_the_second_of_any() {
        let text = "\
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes:
  - {name: a, autoscaling: {max: 3}}
  - {name: b, autoscaling: {max: 5}}
";
        let (_, found) = of(text, "schedulable", &[]);
        let told: Vec<(&str, &str)> = found.iter().map(|one| (one.before.as_str(), one.after.as_str())).collect();
        assert_eq!(told[..4], [("3", "4"), ("5", "6"), ("3", "2"), ("5", "4")]);
    }

    /// What is proposed for an object, as it stands in the text of the reader.
    fn proposed(text: &str, rule: &str) -> Vec<(String, String)> {
        let (texts, found) = of(text, rule, &[]);
        for change in &found {
            let changed = edited(&texts, &change.edits).expect("no overlap");
            assert!(sheets(&changed).len() >= sheets(&texts).len(), "{change:?}\n{}", changed["a.yaml"]);
        }
        found.into_iter().map(|one| (one.field, one.after)).collect()
    }

    #[test]
    fn only_tolerations_of_taints_that_delete_pods_get_an_end() {
        let of = |effect: &str| {
            let list = format!("[{{key: a, operator: Exists, effect: {effect}}}]");
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{template: {{spec: {{tolerations: {list}}}}}}}\n"
            )
        };
        let is_there = |text: &str| {
            let path = "spec.template.spec.tolerations[0].tolerationSeconds";
            proposed(text, "always").iter().any(|(field, after)| field == path && after == "tolerationSeconds: 300")
        };
        assert!(is_there(&of("NoExecute")));
        assert!(!is_there(&of("NoSchedule")));
    }

    #[test]
    fn requests_are_added_only_where_there_are_none() {
        let of = |container: &str| {
            let list = format!("    - {{name: app{container}}}");
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n template:\n  spec:\n    containers:\n{list}\n"
            )
        };
        let is_there = |text: &str| proposed(text, "replicas").iter().any(|(_, after)| after.contains("cpu: 20m"));
        assert!(
            is_there(&of("")) && is_there(&of(", resources: {}")) && is_there(&of(", resources: {limits: {cpu: 1}}"))
        );
        assert!(!is_there(&of(", resources: {requests: {memory: 1Gi}}")));
    }

    #[test]
    fn a_priority_crosses_the_border_below_which_no_nodes_are_added() {
        let class = |value: i64| {
            format!(
                "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: a{value}}}\nvalue: {value}\n"
            )
        };
        let values = |text: &str| -> Vec<String> {
            let found = proposed(text, "schedulable").into_iter();
            found.filter(|(field, _)| field == "value").map(|(_, after)| after).collect()
        };
        assert_eq!(values(&class(-15)), ["-10", "0"]);
        assert_eq!(values(&format!("{}---\n{}", class(5), class(9))), ["10", "6", "8", "4"]);
    }

    #[test]
    fn a_volume_of_a_node_becomes_one_of_the_zone_that_the_node_is_in() {
        let text = "\
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec:
  nodeAffinity:
    required:
      nodeSelectorTerms:
      - matchExpressions:
        - key: kubernetes.io/hostname
          operator: In
          values: [NODE]
---
apiVersion: kubound.dev/v1alpha1
kind: Scenario
spec:
  nodes:
  - {name: pool, template: {labels: {topology.kubernetes.io/zone: east}}}
";
        let zone = "{key: topology.kubernetes.io/zone, operator: In, values: [east]}";
        let has =
            |node: &str| proposed(&text.replace("NODE", node), "schedulable").iter().any(|(_, after)| after == zone);
        assert!(has("pool-0"));
        assert!(!has("pool-x") && !has("other-0"));
    }

    #[test]
    fn a_scheduler_that_fills_nodes_is_added_where_the_descheduler_empties_them() {
        let of = |plugin: &str| {
            format!(
                "apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\nprofiles:\n- name: a\n  plugins: {{balance: {{enabled: [{plugin}]}}}}\n"
            )
        };
        let has = |text: &str| proposed(text, "noOscillation").iter().any(|(_, after)| after.contains("MostAllocated"));
        assert!(has(&of("HighNodeUtilization")));
        assert!(!has(&of("LowNodeUtilization")));
        assert!(!has(&(of("HighNodeUtilization")
            + "---\napiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles: []\n")));
    }

    #[test]
    fn quantities_stay_in_their_unit() {
        assert_eq!(quantities("1Gi", true), ["2Gi", "1536Mi", "4Gi"]);
        assert_eq!(quantities("500m", false), ["\"1\"", "250m", "750m", "\"2\""]);
        assert_eq!(quantities("1Gi", false), ["2Gi", "512Mi", "1536Mi", "4Gi"]);
        assert_eq!(quantities("much", false), Vec::<String>::new());
        assert_eq!(numbers("2"), [3, 1, 4, 0]);
        assert_eq!(numbers("60"), [120, 30, 90, 240, 15]);
        assert_eq!(numbers("25%"), [0, 1, 2]);
    }
}
