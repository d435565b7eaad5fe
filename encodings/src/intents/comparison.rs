//! `sameAsFresh`, `rollbackRestores`, `recovers` and `sameAsWithoutFaults`: where the cluster comes to rest is compared with
//! where another one does.
//!
//! Where the other cluster can rest is found out first ([`Outcomes`]), by the same engines; then the claim speaks of one
//! cluster only. Sizes and values of both are tied together by the columns that are [`Kind::Given`]: a cluster of three
//! nodes is compared with fresh clusters of three nodes. Which node a pod is on, and which pod it is, is never compared.

use super::{IntentModel, Weight, property};
use crate::cluster::comparison::WantedReplicas;
use crate::cluster::custom::{self, Part, PartKind, RESOURCE};
use crate::cluster::{Cluster, Comparison, Intent, Oracle};
use crate::events::scale::Picked;
use crate::events::{left, operations_are_over};
use crate::explanation::Explanation;
use crate::needs::Needs;
use crate::scene::Numbers;
use crate::state::{CustomObject, CustomState, FieldState, FieldValue, Model, Phrases, text, value, words};
use crate::subject::ObjectId;
use crate::system::{Claim, Property, Role};
use crate::term::{Bool, Int, Term, TermId, VarId, all, any, ite, subject_of, sum};
use std::collections::BTreeMap;

/// See the module.
pub struct Compare(pub Oracle);

/// What a column is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A size or a value of the cluster: equal on both sides.
    Given,
    /// What came out.
    Observed,
}

/// A number that is compared.
#[derive(Clone, Debug)]
pub struct Column {
    /// What it is, in words that both sides have.
    pub name: String,
    /// Whether it comes from outside.
    pub kind: Kind,
    /// The number.
    pub value: TermId,
}

/// Everything that a comparison looks at.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The numbers, in a fixed order.
    pub columns: Vec<Column>,
    /// The units in which amounts of resources are counted.
    pub units: BTreeMap<String, i64>,
}

impl Columns {
    /// Why numbers of two clusters cannot be compared, if so.
    pub fn differ(&self, other: &Columns) -> Option<String> {
        let names = |one: &Columns| one.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
        let (own, others) = (names(self), names(other));
        let odd = own.iter().find(|name| !others.contains(name)).or(others.iter().find(|name| !own.contains(name)));
        if let Some(name) = odd {
            return Some(format!("only one of them has: {name}"));
        }
        (self.units != other.units).then(|| "amounts are counted in other units".to_owned())
    }
}

/// What a comparison looks at, in a model whose rules are made.
pub(crate) fn columns(model: &Model, comparison: &Comparison) -> Columns {
    let mut columns = Vec::new();
    let mut add = |name: String, kind: Kind, value: Int| columns.push(Column { name, kind, value: value.id() });
    for (pool, size) in model.cluster.pools.iter().zip(&model.pool_sizes) {
        add(format!("nodes of pool {}", pool.name), Kind::Given, *size);
    }
    for (name, value) in frozen(model, comparison.oracle) {
        add(name, Kind::Given, value);
    }
    if comparison.oracle == Oracle::SameAsWithoutFaults {
        for event in &model.cluster.events {
            add(format!("left of {}", event.id), Kind::Given, left(model, event));
        }
    }
    for index in 0..model.cluster.workloads.len() {
        let own = &model.cluster.workloads[index];
        if !own.is_daemon() {
            add(
                format!("replicas wanted of {}", own.reference),
                Kind::Given,
                wanted_replicas(model, comparison.oracle, index),
            );
        }
        if comparison.target.as_ref().is_some_and(|target| *target != own.reference) {
            continue;
        }
        if !own.is_daemon() {
            add(format!("spec.replicas of {}", own.reference), Kind::Observed, model.groups[index].spec.value);
        }
        add(format!("pods of {}", own.reference), Kind::Observed, model.active(index));
        add(format!("ready pods of {}", own.reference), Kind::Observed, model.ready(index));
        if let Some(current) = of_wanted_template(model, comparison.oracle, index) {
            add(format!("pods of {} with the template that is wanted", own.reference), Kind::Observed, current);
        }
    }
    if comparison.target.is_none() {
        for (name, is_spec, value) in custom_fields(model) {
            // What a resource says in the end is what is wanted of it.
            let is_given = is_spec && changes(comparison.oracle);
            add(name, if is_given { Kind::Given } else { Kind::Observed }, value);
        }
    }
    Columns { columns, units: model.units.clone() }
}

/// Whether what is wanted in the end may be something else than initially.
fn changes(oracle: Oracle) -> bool {
    matches!(oracle, Oracle::SameAsFresh | Oracle::Recovers)
}

/// Values that never change, but for those that have columns of their own, and for specifications of custom resources where what is
/// wanted in the end is not what they say initially.
fn frozen(model: &Model, oracle: Oracle) -> Vec<(String, Int)> {
    let customs = model.sides::<CustomState>().filter(|_| changes(oracle));
    let customs: Vec<ObjectId> = customs.map(|(_, state)| state.parts[RESOURCE][0].id).collect();
    let is_own = |id: ObjectId| customs.iter().any(|&custom| model.names.belongs(id, custom));
    let vars = model.draft.vars.iter().enumerate().filter(|(_, var)| var.role == Role::Frozen);
    let named = vars.filter_map(|(index, _)| {
        let (subject, value) = subject_of(VarId(index as u32));
        let has_its_own = [words::INITIAL_REPLICAS, words::NODES].contains(&subject.aspect.word.as_ref());
        let name = model.names.variable(&subject);
        (!has_its_own && !subject.object.is_some_and(is_own)).then_some((name, value?))
    });
    named.collect()
}

/// What manifests say of `spec.replicas` after all operations.
fn wanted_replicas(model: &Model, oracle: Oracle, index: usize) -> Int {
    match model.cluster.wanted_by(oracle, index).replicas {
        WantedReplicas::Manifest => model.initial_of(model.groups[index].spec),
        WantedReplicas::Exactly(replicas) => replicas.into(),
        WantedReplicas::Picked(event) => model.side::<Picked>(event).map_or(0.into(), |picked| picked.0.value),
    }
}

/// Pods with the template that manifests want after all operations; nothing where there is only one.
fn of_wanted_template(model: &Model, oracle: Oracle, index: usize) -> Option<Int> {
    let own = &model.cluster.workloads[index];
    if own.later_templates.is_empty() || own.job().is_some() {
        return None;
    }
    let wanted = model.cluster.wanted_by(oracle, index).template;
    let groups = model.groups.iter().filter(|group| group.workload == index && group.template == wanted);
    Some(sum(groups.map(|group| group.active())))
}

/// A field of a custom resource or of what it owns: its name, whether it is of a specification, its value.
type Field = (String, bool, Int);

/// Fields of custom resources, and of what they own.
fn custom_fields(model: &Model) -> Vec<Field> {
    let mut fields = Vec::new();
    for (number, own) in custom::of(model.cluster).into_iter().enumerate() {
        let Some(state) = model.side::<CustomState>(number) else { continue };
        for (place, (part, objects)) in own.parts.iter().zip(&state.parts).enumerate() {
            let PartKind::Object { .. } = part.kind else { continue };
            for (ordinal, object) in objects.iter().enumerate() {
                let label = part.count.map_or_else(|| part.label(), |_| format!("{}-{ordinal}", part.label()));
                fields.extend(fields_of(model, (part, place == RESOURCE), object, &label));
            }
        }
    }
    fields
}

/// Fields of one object; those of an object that is not there are 0.
fn fields_of(model: &Model, (part, is_resource): (&Part, bool), object: &CustomObject, label: &str) -> Vec<Field> {
    let is_there = object.is_there();
    let exists = object.exists.map(|exists| (format!("{label} exists"), false, ite(exists.value, 1, 0)));
    let fields = part.fields.iter().zip(&object.fields).filter_map(|(described, field)| {
        let value = match field {
            FieldState::Ready(_) => return None,
            field => match field.value(model) {
                FieldValue::Bool(flag) => ite(flag & is_there, 1, 0),
                FieldValue::Number(number) => ite(is_there, number, 0),
            },
        };
        Some((format!("{} of {label}", described.name), is_resource && !described.is_status, value))
    });
    exists.into_iter().chain(fields).collect()
}

/// Whether what is observed is one of the outcomes.
fn is_among(columns: &Columns, rows: &Rows) -> Bool {
    any(rows.iter().map(|row| fits(columns, row, |_| true)).collect::<Vec<_>>())
}

/// Whether columns of a kind are as in a row.
fn fits(columns: &Columns, row: &Row, is_meant: impl Fn(Kind) -> bool) -> Bool {
    let equal = columns.columns.iter().filter(|column| is_meant(column.kind)).filter_map(|column| {
        let value = row.get(&column.name)?;
        Some(Int::from_id(column.value).is(*value))
    });
    all(equal.collect::<Vec<_>>())
}

/// The least and the most that the other cluster has in a column, in those places that fit; 0 where none does.
fn expected(rows: &Rows, fitting: &[Bool], name: &str) -> [Int; 2] {
    let known = |choose: fn(Int, Int) -> Int| {
        let step = |(is_known, best): (Bool, Int), (&fits, value): (&Bool, i64)| {
            let better = ite(is_known, choose(best, value.into()), value);
            (is_known | fits, ite(fits, better, best))
        };
        let values = fitting.iter().zip(rows).filter_map(|(fits, row)| Some((fits, *row.get(name)?)));
        values.fold((false.into(), 0.into()), step).1
    };
    [known(Int::min), known(Int::max)]
}

/// Whether there is one value of a column for each size and value of the cluster.
fn is_unique(columns: &Columns, rows: &Rows, name: &str) -> bool {
    let given = |row: &Row| -> Vec<i64> {
        let given = columns.columns.iter().filter(|column| column.kind == Kind::Given);
        given.filter_map(|column| row.get(&column.name).copied()).collect()
    };
    let mut seen: BTreeMap<Vec<i64>, i64> = BTreeMap::new();
    rows.iter().all(|row| row.get(name).is_none_or(|value| *seen.entry(given(row)).or_insert(*value) == *value))
}

/// What an intent of the scenario compares, once it is known where the other cluster rests.
fn compared<'i>(model: &Model, intent: &'i Intent, oracle: Oracle) -> Option<(&'i Comparison, &'i Rows)> {
    let comparison = Comparison::of(intent).filter(|comparison| comparison.oracle == oracle)?;
    let rows = comparison.outcomes.as_deref()?.rows.get(&model.cluster.timing)?;
    Some((comparison, rows))
}

/// A place where the other cluster rests: the values by their names.
type Row = BTreeMap<String, i64>;

/// All of them.
type Rows = [Row];

/// A Deployment that is scaled and put back.
macro_rules! scaled {
    ($operations:literal, $intent:literal) => {
        concat!(
            "nodes: [{name: worker, count: 2, template: {allocatable: {cpu: \"2\", memory: 8Gi}}}]\noperations: ",
            $operations,
            "\nintents: [",
            $intent,
            "]"
        )
    };
}

impl IntentModel for Compare {
    fn names(&self) -> &'static [&'static str] {
        match self.0 {
            Oracle::SameAsFresh => &["sameAsFresh"],
            Oracle::RollbackRestores => &["rollbackRestores"],
            Oracle::Recovers => &["recovers"],
            Oracle::SameAsWithoutFaults => &["sameAsWithoutFaults"],
        }
    }

    fn summary(&self) -> &'static str {
        match self.0 {
            Oracle::SameAsFresh => {
                "after the operations the cluster rests where a fresh one with the same manifests does"
            }
            Oracle::RollbackRestores => "after going back the cluster rests where it did before the operations",
            Oracle::Recovers => "whatever happened, the cluster comes to rest where a fresh one does, and stays there",
            Oracle::SameAsWithoutFaults => "faults change nothing about where the cluster rests",
        }
    }

    fn explanation(&self) -> Explanation {
        let (meaning, formal, failing, passing) = match self.0 {
            Oracle::SameAsFresh => (
                "The way does not matter: once all `operations` are done and the cluster rests, it has what an empty cluster would have to which the manifests were applied as they are now. Compared are replicas, pods, ready pods and templates of workloads and fields of custom resources, never which node a pod is on.",
                "In every settled state after the last operation, the numbers are those of some settled state of the fresh cluster with the same sizes and values.",
                scaled!("[{cordon: {}}, {cordon: {}}, {scale: {target: web, replicas: 3}}]", "{sameAsFresh: {}}"),
                scaled!("[{scale: {target: web, replicas: 1..3}}]", "{sameAsFresh: {}}"),
            ),
            Oracle::RollbackRestores => (
                "Going back goes back: the `operations` end with what the manifests said before them (`restore`), and then the cluster rests where it did at first.",
                "As `sameAsFresh`, where the last operations bring back what there was before.",
                scaled!("[{drain: {}}, {drain: {}}, {restore: {target: web}}]", "{rollbackRestores: {}}"),
                scaled!(
                    "[{scale: {target: web, replicas: 3}}, {scale: {target: web, replicas: 2}}]",
                    "{rollbackRestores: {}}"
                ),
            ),
            Oracle::Recovers => (
                "The cluster does not only rest where a fresh one does, it also comes to rest, from wherever it starts (`start`) and whatever was done to it.",
                "In every fair run, from some time after the last operation on the numbers are those of some settled state of the fresh cluster with the same sizes and values.",
                scaled!("[{drain: {}}, {drain: {}}]", "{recovers: {}}"),
                scaled!("[{scale: {target: web, replicas: 3}}, {scale: {target: web, replicas: 2}}]", "{recovers: {}}"),
            ),
            Oracle::SameAsWithoutFaults => (
                "Faults (`faults`) may delay and disturb, but once the cluster rests, it has what it could have had without them.",
                "In every settled state after the last operation, the numbers are those of some settled state of the cluster without faults, with the same sizes and values and after the same events.",
                "case c82/broken",
                "case c82/fixed",
            ),
        };
        Explanation {
            meaning,
            formal,
            failing,
            passing,
            upstream: "https://kubernetes.io/docs/concepts/architecture/controller/",
        }
    }

    fn weight(&self) -> Weight {
        Weight::Goal
    }

    fn needs(&self, _: &Cluster, _: &Intent, _: &Needs) -> Needs {
        // What counts while the cluster is on its way is only compared with where it rests.
        Needs { sees_each_step: self.0 == Oracle::Recovers, ..Needs::default() }
    }

    fn properties(&self, model: &mut Model, intent: &Intent) -> Vec<Property> {
        let Some((comparison, rows)) = compared(model, intent, self.0) else { return vec![] };
        let columns = columns(model, comparison);
        let is_among = is_among(&columns, rows);
        let over = operations_are_over(model);
        let rests = model.settled & over;
        let (claim, premise, headline) = match self.0 {
            Oracle::Recovers => {
                let claim = Claim::NoFairLoop { within: over, keep: true.into(), progress: !is_among, stay: !is_among };
                (claim, over, "the cluster does not come to where a fresh one with the same manifests rests")
            }
            Oracle::SameAsFresh | Oracle::RollbackRestores | Oracle::SameAsWithoutFaults => {
                let headline = match self.0 {
                    Oracle::RollbackRestores => "the cluster does not rest where it did before the operations",
                    Oracle::SameAsWithoutFaults => "the cluster rests where it never does without faults",
                    _ => "the cluster rests where no fresh one with the same manifests does",
                };
                (Claim::Invariant(!rests | is_among), rests, headline)
            }
        };
        let mut one = property(model, intent, None, headline.to_owned(), claim, premise);
        one.target = comparison.target.as_ref().map(ToString::to_string);
        vec![one]
    }

    fn numbers(&self, model: &Model, intent: &Intent) -> Vec<Numbers> {
        let Some((comparison, rows)) = compared(model, intent, self.0) else { return vec![] };
        let all = columns(model, comparison);
        let word = match self.0 {
            Oracle::SameAsWithoutFaults => "without faults",
            _ => "a fresh cluster",
        };
        // The places where the other cluster rests with the same sizes and values.
        let fitting: Vec<Bool> = rows.iter().map(|row| fits(&all, row, |kind| kind == Kind::Given)).collect();
        let said = all.columns.iter().filter(|column| column.kind == Kind::Observed).map(|column| {
            let [least, most] = expected(rows, &fitting, &column.name);
            let own = [text(format!("{}: ", column.name)), value(Int::from_id(column.value))];
            let other = [text(format!(", {word}: ")), value(least)];
            let more = [text(" to "), value(most)];
            let is_unique = is_unique(&all, rows, &column.name);
            let says = own.into_iter().chain(other).chain(more.into_iter().filter(|_| !is_unique)).collect();
            let own = Int::from_id(column.value);
            (says, own.below(least) | own.above(most))
        });
        let target = comparison.target.as_ref().map(ToString::to_string);
        let told = |(says, differs): (Phrases, Bool)| Numbers::new(intent, target.clone(), says).only_where(differs);
        said.map(told).collect()
    }
}
