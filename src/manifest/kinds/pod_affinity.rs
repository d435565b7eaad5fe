//! Affinity and anti-affinity between pods.

use super::super::ErrorKind;
use super::super::Severity::Risky;
use super::super::error::InputError;
use super::super::judgements::{Table, read as is_read, table, within};
use super::super::view::{Fields, View};
use super::affinity::fold_label_key;
use super::selector::{LABEL_SELECTOR, read_label_selector};
use super::syntax::{check_key, is_dns_label};
use kubound_encodings::cluster::pod_affinity::{
    NAMESPACE_NAME, PodAffinity, PodAffinityTerm, RevisionMatch, WeightedPodAffinityTerm,
};
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{LabelSelector, Labels};

/// Affinity to pods.
pub(super) static AFFINITY: Table = table(
    "io.k8s.api.core.v1.PodAffinity",
    &[
        within("requiredDuringSchedulingIgnoredDuringExecution", &TERM),
        within("preferredDuringSchedulingIgnoredDuringExecution", &WEIGHTED),
    ],
);

/// Anti-affinity to pods.
pub(super) static ANTI_AFFINITY: Table = table("io.k8s.api.core.v1.PodAntiAffinity", AFFINITY.fields);

static WEIGHTED: Table =
    table("io.k8s.api.core.v1.WeightedPodAffinityTerm", &[is_read("weight"), within("podAffinityTerm", &TERM)]);

static TERM: Table = table(
    "io.k8s.api.core.v1.PodAffinityTerm",
    &[
        within("labelSelector", &LABEL_SELECTOR),
        is_read("matchLabelKeys"),
        is_read("mismatchLabelKeys"),
        within("namespaceSelector", &LABEL_SELECTOR),
        is_read("namespaces"),
        is_read("topologyKey"),
    ],
);

/// Reads `podAffinity` or `podAntiAffinity`; `labels` are those of the pod, into which `matchLabelKeys` look.
pub(super) fn read(fields: &Fields, labels: &Labels, table: &Table) -> Result<PodAffinity, InputError> {
    let required = fields.items("requiredDuringSchedulingIgnoredDuringExecution")?;
    let required = required.iter().map(|view| read_term(view, labels)).collect::<Result<Vec<_>, _>>()?;
    let mut preferred = Vec::new();
    for item in fields.items("preferredDuringSchedulingIgnoredDuringExecution")? {
        let item = item.fields()?;
        let weight = item.require("weight", "an integer from 1 to 100")?.integer(1..=100)?;
        let term = read_term(&item.require("podAffinityTerm", "a term with its topologyKey")?, labels)?;
        item.judge_rest(&WEIGHTED);
        preferred.push(WeightedPodAffinityTerm { weight, term });
    }
    fields.judge_rest(table);
    Ok(PodAffinity { required, preferred })
}

fn read_term(view: &View, labels: &Labels) -> Result<PodAffinityTerm, InputError> {
    let fields = view.fields()?;
    let selector = fields.read("labelSelector", |view| read_label_selector(&view))?;
    let mut term = PodAffinityTerm {
        topology_key: read_topology_key(&fields)?,
        namespaces: read_namespaces(&fields)?,
        namespace_selector: read_namespace_selector(&fields)?,
        ..PodAffinityTerm::default()
    };
    read_label_keys(&fields, labels, selector.as_ref(), &mut term)?;
    term.selector = selector;
    fields.judge_rest(&TERM);
    Ok(term)
}

/// The label whose values are domains.
fn read_topology_key(fields: &Fields) -> Result<String, InputError> {
    let view = fields.require("topologyKey", "a label key")?;
    check_key(&view, view.name()?)?;
    Ok(view.name()?.to_owned())
}

fn read_namespaces(fields: &Fields) -> Result<Vec<String>, InputError> {
    let views = fields.items("namespaces")?;
    if let Some(view) = views.iter().find(|view| view.value.as_text().is_some_and(|name| !is_dns_label(name))) {
        let error = view.error("no name of a namespace");
        return Err(error.expected("lower-case letters, digits and `-`, at both ends a letter or digit"));
    }
    views.iter().map(|view| view.text().map(str::to_owned)).collect()
}

fn read_namespace_selector(fields: &Fields) -> Result<Option<LabelSelector>, InputError> {
    let Some(view) = fields.get("namespaceSelector") else { return Ok(None) };
    let selector = read_label_selector(&view)?;
    if selector.requirements.iter().any(|one| one.key != NAMESPACE_NAME) {
        view.note(Risky, format!("of the labels of namespaces only {NAMESPACE_NAME} is known; others count as absent"));
    }
    Ok(Some(selector))
}

/// A key that shall match and shall not.
fn key_in_both<'a>(fields: &Fields<'a>) -> Option<View<'a>> {
    let items = |key: &str| fields.items(key).unwrap_or_default();
    let others = items("mismatchLabelKeys");
    items("matchLabelKeys").into_iter().find(|key| others.iter().any(|other| other.value == key.value))
}

/// The API server adds the keys to the selector, with the values of the pod.
fn read_label_keys(
    fields: &Fields,
    labels: &Labels,
    selector: Option<&LabelSelector>,
    term: &mut PodAffinityTerm,
) -> Result<(), InputError> {
    if let Some(key) = key_in_both(fields) {
        return Err(key
            .error("a key in matchLabelKeys and mismatchLabelKeys")
            .kind(ErrorKind::Duplicate)
            .expected("a key in one of the two"));
    }
    let mut folded = selector.map(|selector| selector.requirements.clone()).unwrap_or_default();
    let written = folded.len();
    for (field, revision) in [("matchLabelKeys", RevisionMatch::Own), ("mismatchLabelKeys", RevisionMatch::Other)] {
        let operator = if revision == RevisionMatch::Own { Operator::In } else { Operator::NotIn };
        let Some(view) = fields.get(field) else { continue };
        let list = view.list()?;
        if selector.is_none() && !list.is_empty() {
            return Err(view.error(format!("{field} without labelSelector")).expected("a labelSelector beside it"));
        }
        for key in list {
            if !fold_label_key(&key, labels, &mut folded, operator)? {
                continue;
            }
            if term.revision != RevisionMatch::Any {
                return Err(key
                    .error("pod-template-hash is there twice")
                    .kind(ErrorKind::Duplicate)
                    .expected("a key in one of matchLabelKeys and mismatchLabelKeys, once"));
            }
            term.revision = revision;
        }
    }
    term.label_keys = folded.split_off(written);
    Ok(())
}
