//! `reconcile` and `others`: who does what when.

use super::super::ErrorKind;
use super::super::Severity;
use super::super::error::InputError;
use super::super::formula::{self, Known, Rules, Type};
use super::super::names::Names;
use super::super::suggest::nearest_or_list;
use super::super::value::Value;
use super::super::view::{Fields, View};
use super::{CR, MEMORY};
use kubound_encodings::cluster::Span;
use kubound_encodings::cluster::custom::{self, Act, CustomController, EACH, Entry, PartKind, Request, Values};
use kubound_encodings::cluster::formula::{Formula, Object};

/// The keys of an entry of `reconcile`.
pub(super) const RECONCILE: &[&str] = &["when", "do", "remember", "stop"];

/// The keys of an entry of `others`.
pub(super) const OTHERS: &[&str] = &["by", "when", "do"];

/// The keys of `do`.
pub(super) const DO: &[&str] = &["create", "update", "delete", "which", "set"];

/// The requests.
const REQUESTS: &[(&str, Request)] =
    &[("create", Request::Create), ("update", Request::Update), ("delete", Request::Delete)];

/// Where entries are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// What the controller does.
    Reconcile,
    /// What others do.
    Others,
}

/// Reads the entries of a list.
pub(super) fn read(spec: &Fields, place: Place, own: (usize, &CustomController)) -> Result<Vec<Entry>, InputError> {
    let (key, keys) = match place {
        Place::Reconcile => ("reconcile", RECONCILE),
        Place::Others => ("others", OTHERS),
    };
    let names = Names::default();
    let rules = Rules { number: own.0, own: own.1, each: None };
    let known = Known { names: &names, hpas: &[], customs: &[], rules: Some(rules) };
    spec.items(key)?.iter().map(|view| read_entry(view, &view.strict_fields(keys)?, place, &known, own.1)).collect()
}

fn read_entry(
    view: &View,
    entry: &Fields,
    place: Place,
    known: &Known,
    own: &CustomController,
) -> Result<Entry, InputError> {
    let by = match place {
        Place::Reconcile => None,
        Place::Others => Some(entry.require("by", "who does it, such as statefulset-controller")?.name()?.to_owned()),
    };
    let when = entry.read("when", |view| expression(&view, Type::Bool, known))?.unwrap_or(Formula::Bool(true));
    let (act, each) = match (entry.get("do"), entry.get("stop"), entry.get("remember")) {
        (Some(request), None, _) => read_request(&request, known, own)?,
        (None, Some(why), None) => (Act::Stop(why.name()?.to_owned()), None),
        (None, None, Some(_)) => (Act::Remember, None),
        (None, None, None) => {
            let error = view.error("nothing to do").kind(ErrorKind::MissingField);
            return Err(
                error.expected("do: {update: NAME, set: {FIELD: VALUE}}, remember: {FIELD: VALUE} or stop: WHY")
            );
        }
        (_, Some(_), _) => {
            return Err(view.error("what stops does nothing else").expected("stop alone, beside `when`"));
        }
    };
    let mut remember = Vec::new();
    if let Some(fields) = entry.below("remember")? {
        let part = custom::MEMORY;
        for (name, view) in fields.entries() {
            remember.push(assigned(name, &view, part, &with_each(known, each), own)?);
        }
    }
    Ok(Entry { by, when, act, remember, origin: view.origin() })
}

/// The same names, with `each` for an object of a part.
fn with_each<'a>(known: &Known<'a>, each: Option<usize>) -> Known<'a> {
    Known { rules: known.rules.map(|rules| Rules { each, ..rules }), ..known.clone() }
}

/// Reads a request; returns the part whose object is called `each` as well.
fn read_request(view: &View, known: &Known, own: &CustomController) -> Result<(Act, Option<usize>), InputError> {
    let body = view.strict_fields(DO)?;
    let requests: Vec<(Request, View)> =
        REQUESTS.iter().filter_map(|(key, request)| Some((*request, body.get(key)?))).collect();
    let [(request, target)] = requests.as_slice() else {
        let found = if requests.is_empty() { "no request" } else { "several requests" };
        return Err(view.error(found).expected("one of create, update and delete: each step makes one request"));
    };
    let word = target.name()?;
    let words: Vec<&str> = own.parts.iter().map(|part| part.word.as_str()).filter(|word| *word != MEMORY).collect();
    let Some(part) = own.parts.iter().position(|part| part.word == word && word != MEMORY) else {
        let error = target.error(format!("nothing is called `{word}`")).kind(ErrorKind::UnknownName);
        return Err(error.expected("a word of `owns`, or cr").help(nearest_or_list(word, words)));
    };
    check_request(*request, target, part, own)?;
    let known = with_each(known, Some(part));
    let which = match (body.get("which"), own.parts[part].count) {
        (Some(view), None) => {
            return Err(view.error(format!("`{word}` is one object")).expected("`when`, or `count` of the object"));
        }
        (view, _) => view.map(|view| expression(&view, Type::Bool, &known)).transpose()?,
    };
    let mut set = Vec::new();
    if let Some(fields) = body.below("set")? {
        for (name, view) in fields.entries() {
            set.push(assigned(name, &view, part, &known, own)?);
        }
        if *request == Request::Delete {
            return Err(fields.view.error("what is deleted has no new values").expected("delete alone"));
        }
    }
    if *request == Request::Update && set.is_empty() {
        let error = view.error("an update of nothing").kind(ErrorKind::MissingField);
        return Err(error.expected("set: {FIELD: VALUE}"));
    }
    let which = which.unwrap_or(Formula::Bool(true));
    Ok((Act::Write { request: *request, part, which, set }, Some(part)))
}

/// Refuses requests that the models do not have.
fn check_request(request: Request, target: &View, part: usize, own: &CustomController) -> Result<(), InputError> {
    let part = &own.parts[part];
    if part.word == CR && request != Request::Update {
        let error = target.error("the custom resource stays").kind(ErrorKind::NotSupported);
        return Err(error.expected("update: cr, with fields of its status"));
    }
    let PartKind::Workload(workload) = &part.kind else { return Ok(()) };
    let is_possible = match request {
        Request::Create => !part.exists,
        Request::Update => true,
        Request::Delete => false,
    };
    if is_possible {
        return Ok(());
    }
    Err(target
        .error(format!("{workload} is among the manifests and stays"))
        .kind(ErrorKind::NotSupported)
        .expected("update, create where `exists: false`, or `fields` for an object of which nothing else is known"))
}

/// Reads the new value of a field.
fn assigned(
    name: &str,
    view: &View,
    part: usize,
    known: &Known,
    own: &CustomController,
) -> Result<(usize, Formula), InputError> {
    let described = &own.parts[part];
    let writable = |values: &Values| *values != Values::ReadyReplicas;
    let Some(index) = described.field(name).filter(|&index| writable(&described.fields[index].values)) else {
        let fields = described.fields.iter().filter(|field| writable(&field.values)).map(|field| field.name.as_str());
        let error = view.error(format!("`{}` has no field `{name}` to write", described.word));
        return Err(error.kind(ErrorKind::UnknownName).help(nearest_or_list(name, fields.collect::<Vec<_>>())));
    };
    let values = described.fields[index].values;
    let wanted = if matches!(values, Values::Bool(_)) { Type::Bool } else { Type::Int };
    let to = expression(view, wanted, known)?;
    check_value(view, &to, values, part, (known, own))?;
    Ok((index, to))
}

/// Refuses a value that never is one of the field, and tells of one that may be none.
fn check_value(
    view: &View,
    to: &Formula,
    values: Values,
    part: usize,
    (known, own): (&Known, &CustomController),
) -> Result<(), InputError> {
    let each = known.rules.and_then(|rules| rules.each);
    let may_be = |object: &Object, field: usize| {
        let part = match object {
            Object::Custom(_, part) => *part,
            Object::Bound(name) if name == EACH => each?,
            _ => return None,
        };
        match own.parts[part].fields[field].values {
            Values::Number(span, _) => Some(span),
            _ => None,
        }
    };
    let found = custom::numbers(to, &may_be);
    match (values, found) {
        (Values::Replicas(None), None) => Err(view
            .error("how large the number may become is not known")
            .expected("a number that depends on fields with ranges alone")
            .help("say it: `replicas: 0..3` beside the kind of the workload")),
        (Values::Number(span, _) | Values::Replicas(Some(span)), Some(found)) if part != custom::RESOURCE => {
            check_span(view, span, found)
        }
        _ => Ok(()),
    }
}

fn check_span(view: &View, span: Span, found: Span) -> Result<(), InputError> {
    if found.hi < span.lo || found.lo > span.hi {
        let error = view.error(format!("the value is never one of {span}")).kind(ErrorKind::Range);
        return Err(error.expected("a value of the field, or a larger range of the field"));
    }
    if found.lo < span.lo || found.hi > span.hi {
        let message = format!("may come to {found}; what is outside of {span} is refused, as by a schema");
        view.note(Severity::Warning, message);
    }
    Ok(())
}

/// A value as it is, or an expression.
fn expression(view: &View, wanted: Type, known: &Known) -> Result<Formula, InputError> {
    match (view.value, wanted) {
        (Value::Bool(value), Type::Bool) => Ok(Formula::Bool(*value)),
        (Value::Integer(_), Type::Int) => Ok(Formula::Number(view.integer(0..=crate::limits::reader::MAX_REPLICAS)?)),
        _ => formula::read_as(view, wanted, known),
    }
}
