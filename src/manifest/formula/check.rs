//! Types and names of an expression.

use super::super::ranges;
use super::super::suggest::nearest_or_list;
use super::custom::CUSTOM;
use super::words::{KINDS, Type};
use super::{Fault, Known, Source};
use crate::limits::reader::MAX_NUMBER;
use crate::limits::reader::MAX_QUANTIFIERS;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};
use kubound_encodings::cluster::custom::EACH;
use kubound_encodings::cluster::expression::Comparison;
use kubound_encodings::cluster::formula::{Collection, Field, Formula, Members, Object, PHASES};

/// What an expression means.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// A condition, a number or a text.
    Formula(Formula, Type),
    /// A member of a collection.
    Object(Object, Collection),
    /// A collection or a part of one.
    Members(Members, Collection),
}

impl Meaning {
    fn kind(&self) -> Type {
        match self {
            Self::Formula(_, kind) => *kind,
            Self::Object(_, collection) => Type::Object(*collection),
            Self::Members(_, collection) => Type::Members(*collection),
        }
    }
}

pub(super) struct Checker<'a> {
    source: &'a Source<'a>,
    pub(super) known: &'a Known<'a>,
    /// What quantifiers call their members.
    bound: Vec<(String, Collection)>,
}

/// The condition or number that a tree stands for.
pub(super) fn value(tree: &IdedExpr, wanted: Type, source: &Source, known: &Known) -> Result<Formula, Fault> {
    let each = known.rules.as_ref().and_then(|rules| Some((EACH.to_owned(), rules.collection(rules.each?))));
    Checker { source, known, bound: each.into_iter().collect() }.of_type(tree, wanted)
}

impl Checker<'_> {
    pub(super) fn fault(&self, at: &IdedExpr, message: impl Into<String>) -> Fault {
        self.source.fault(at.id, message)
    }

    pub(super) fn of_type(&mut self, tree: &IdedExpr, wanted: Type) -> Result<Formula, Fault> {
        match self.meaning(tree)? {
            Meaning::Formula(formula, kind) if kind == wanted => Ok(formula),
            other => {
                let found = other.kind();
                let mut fault = self.fault(tree, format!("this is {}", found.name())).expected(wanted.name());
                if let (Type::Members(_), Type::Int) = (found, wanted) {
                    fault = fault.help("`.size()` counts them");
                } else if let (Type::Members(_), Type::Bool) = (found, wanted) {
                    fault = fault.help("`.all(x, ...)` and `.exists(x, ...)` make a condition of it");
                }
                Err(fault)
            }
        }
    }

    fn meaning(&mut self, tree: &IdedExpr) -> Result<Meaning, Fault> {
        match &tree.expr {
            Expr::Literal(literal) => self.literal(tree, literal),
            Expr::Ident(name) => self.name(tree, name),
            Expr::Select(select) => self.select(tree, select),
            Expr::Call(call) => self.call(tree, call),
            Expr::Comprehension(comprehension) => self.quantifier(tree, comprehension),
            Expr::List(_) => Err(self.fault(tree, "a list stands alone").expected("a list behind `in`")),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(self.fault(tree, "mappings are not supported").expected("a condition"))
            }
        }
    }

    fn literal(&self, tree: &IdedExpr, literal: &LiteralValue) -> Result<Meaning, Fault> {
        Ok(match literal {
            LiteralValue::Boolean(value) => Meaning::Formula(Formula::Bool(*value.inner()), Type::Bool),
            LiteralValue::Int(value) if value.inner().abs() <= MAX_NUMBER => {
                Meaning::Formula(Formula::Number(*value.inner()), Type::Int)
            }
            LiteralValue::Int(_) => {
                return Err(self.fault(tree, "too large a number").expected(format!("at most {MAX_NUMBER}")));
            }
            LiteralValue::String(text) => Meaning::Formula(Formula::Text(text.inner().to_owned()), Type::Text),
            _ => {
                return Err(self
                    .fault(tree, "a value of this type is not supported")
                    .expected("true, false, a whole number or a text"));
            }
        })
    }

    fn name(&self, tree: &IdedExpr, name: &str) -> Result<Meaning, Fault> {
        if let Some((_, collection)) = self.bound.iter().rev().find(|(bound, _)| bound == name) {
            return Ok(Meaning::Object(Object::Bound(name.to_owned()), *collection));
        }
        if let Some(rules) = &self.known.rules {
            return self.word_of_rules(tree, name, rules);
        }
        if let Some((_, collection)) = KINDS.iter().find(|(known, _)| *known == name) {
            return Ok(Meaning::Members(Members::All(*collection), *collection));
        }
        if name == "settled" {
            return Ok(Meaning::Formula(Formula::Settled, Type::Bool));
        }
        let bound = self.bound.iter().map(|(name, _)| name.as_str());
        let names = KINDS.iter().map(|(name, _)| *name).chain(["settled", CUSTOM]).chain(bound);
        if name == CUSTOM {
            return Err(self.fault(tree, "which custom resource?").expected("custom['NAME']"));
        }
        Err(self.fault(tree, format!("nothing is called `{name}`")).help(nearest_or_list(name, names)))
    }

    /// A field; its path may have several parts, such as `spec.replicas`.
    fn select(&mut self, tree: &IdedExpr, select: &SelectExpr) -> Result<Meaning, Fault> {
        if select.test {
            return Err(self.fault(tree, "`has` is not supported").help("every field is always there"));
        }
        let mut path = select.field.clone();
        let mut operand = &*select.operand;
        while let Expr::Select(inner) = &operand.expr {
            path = format!("{}.{path}", inner.field);
            operand = &inner.operand;
        }
        match self.meaning(operand)? {
            Meaning::Object(object, collection) => {
                if let Some(part) = self.part_of(&object, &path) {
                    return Ok(part);
                }
                let known = self.fields_of(collection);
                match known.iter().find(|(name, ..)| *name == path) {
                    Some((_, field, kind)) => Ok(Meaning::Formula(Formula::Field(object, *field), *kind)),
                    None => Err(self
                        .fault(tree, format!("{} has no field `{path}`", Type::Object(collection).name()))
                        .help(nearest_or_list(&path, known.iter().map(|(name, ..)| name.as_str())))),
                }
            }
            other => Err(self
                .fault(tree, format!("{} has no field `{path}`", other.kind().name()))
                .help("fields are those of one pod, node, workload or autoscaler: `pods.all(p, p.ready)`")),
        }
    }

    fn call(&mut self, tree: &IdedExpr, call: &CallExpr) -> Result<Meaning, Fault> {
        let condition = |formula| Ok(Meaning::Formula(formula, Type::Bool));
        let number = |formula| Ok(Meaning::Formula(formula, Type::Int));
        let arguments: Vec<&IdedExpr> = call.target.iter().map(|target| &**target).chain(&call.args).collect();
        match (call.func_name.as_str(), arguments.as_slice()) {
            (operators::LOGICAL_NOT, [one]) => condition(Formula::Not(self.of_type(one, Type::Bool)?.into())),
            (operators::LOGICAL_AND, [first, rest @ ..]) => {
                let mut whole = self.of_type(first, Type::Bool)?;
                for one in rest {
                    whole = Formula::And(whole.into(), self.of_type(one, Type::Bool)?.into());
                }
                condition(whole)
            }
            (operators::LOGICAL_OR, [first, rest @ ..]) => {
                let mut whole = self.of_type(first, Type::Bool)?;
                for one in rest {
                    whole = Formula::Or(whole.into(), self.of_type(one, Type::Bool)?.into());
                }
                condition(whole)
            }
            (operators::CONDITIONAL, [when, a, b]) => {
                let when = self.of_type(when, Type::Bool)?;
                let (first, kind) = self.plain(a)?;
                if kind == Type::Text {
                    return Err(self.fault(a, "this is a text").expected("a condition or a number behind `?`"));
                }
                let second = self.of_type(b, kind)?;
                Ok(Meaning::Formula(Formula::If(when.into(), first.into(), second.into()), kind))
            }
            (operators::EQUALS, [a, b]) => condition(self.equal(a, b)?),
            (operators::NOT_EQUALS, [a, b]) => condition(Formula::Not(self.equal(a, b)?.into())),
            (operators::IN, [one, list]) => condition(self.is_in(one, list)?),
            (operators::NEGATE, [one]) => {
                number(Formula::Subtract(Formula::Number(0).into(), self.of_type(one, Type::Int)?.into()))
            }
            (operators::INDEX, [collection, key]) => self.index(tree, collection, key),
            ("size", [members]) => match self.meaning(members)? {
                Meaning::Members(members, _) => number(Formula::Size(members)),
                other => Err(self
                    .fault(members, format!("this is {}", other.kind().name()))
                    .expected("pods, nodes, workloads or hpas")),
            },
            (name, [a, b]) if comparison(name).is_some() || arithmetic(name).is_some() => {
                let (a, b) = (self.of_type(a, Type::Int)?.into(), self.of_type(b, Type::Int)?.into());
                match (comparison(name), arithmetic(name)) {
                    (Some(comparison), _) => condition(Formula::Compare(comparison, a, b)),
                    (None, Some(make)) => {
                        let made = make(a, b);
                        ranges::of_formula(&made).map_err(|(message, help)| self.fault(tree, message).help(help))?;
                        number(made)
                    }
                    (None, None) => unreachable!("one of them is there"),
                }
            }
            (name, _) => {
                let shown = name.trim_matches('_');
                let known = "there are && || ! ?: == != < <= > >= + - * in, size(), all, exists, exists_one, filter";
                Err(self.fault(tree, format!("`{shown}` is not supported here")).help(known))
            }
        }
    }

    /// A condition, a number or a text.
    fn plain(&mut self, tree: &IdedExpr) -> Result<(Formula, Type), Fault> {
        match self.meaning(tree)? {
            Meaning::Formula(formula, kind) => Ok((formula, kind)),
            other => Err(self
                .fault(tree, format!("this is {}", other.kind().name()))
                .expected("a condition, a number or a text")),
        }
    }

    fn equal(&mut self, a: &IdedExpr, b: &IdedExpr) -> Result<Formula, Fault> {
        let (first, kind) = self.plain(a)?;
        let second = self.of_type(b, kind)?;
        for (field, text, at) in [(&first, &second, b), (&second, &first, a)] {
            if let (Formula::Field(_, field), Formula::Text(text)) = (field, text) {
                self.check_text(*field, text, at)?;
            }
        }
        let (first, second) = (first.into(), second.into());
        Ok(match kind {
            Type::Bool => Formula::Iff(first, second),
            Type::Int => Formula::Compare(Comparison::Equal, first, second),
            _ => Formula::Same(first, second),
        })
    }

    fn is_in(&mut self, one: &IdedExpr, list: &IdedExpr) -> Result<Formula, Fault> {
        let Expr::List(list) = &list.expr else {
            return Err(self.fault(list, "no list").expected("a list such as ['a', 'b'] behind `in`"));
        };
        let mut any = Formula::Bool(false);
        for element in &list.elements {
            any = Formula::Or(any.into(), self.equal(one, element)?.into());
        }
        Ok(any)
    }

    /// Refuses a text that a field never is: a condition on it would hold, or not, for no reason.
    fn check_text(&self, field: Field, text: &str, at: &IdedExpr) -> Result<(), Fault> {
        let names = self.known.names;
        let pools = || names.pools.iter().map(|pool| pool.name.as_str());
        let workloads = || names.workloads.iter().map(|workload| workload.name.as_str());
        let (what, near) = match field {
            Field::Phase if !PHASES.contains(&text) => ("phase", nearest_or_list(text, PHASES)),
            Field::Owner if !workloads().any(|name| name == text) => ("workload", nearest_or_list(text, workloads())),
            Field::Pool if !text.is_empty() && !pools().any(|name| name == text) => {
                ("pool", nearest_or_list(text, pools()))
            }
            Field::Node if !text.is_empty() && !names.is_node(text) => ("node", nearest_or_list(text, pools())),
            _ => return Ok(()),
        };
        Err(self.fault(at, format!("no {what} is called `{text}`")).help(near))
    }

    /// One workload or autoscaler by its name.
    fn index(&mut self, tree: &IdedExpr, collection: &IdedExpr, key: &IdedExpr) -> Result<Meaning, Fault> {
        if self.known.rules.is_none() && collection.expr == Expr::Ident(CUSTOM.to_owned()) {
            return self.custom_resource(key);
        }
        let of = match self.meaning(collection)? {
            Meaning::Members(Members::All(of @ (Collection::Workloads | Collection::Hpas)), _) => of,
            other => {
                return Err(self
                    .fault(tree, format!("{} cannot be picked by name", other.kind().name()))
                    .expected("workloads['NAME'] or hpas['NAME']"));
            }
        };
        let Formula::Text(name) = self.of_type(key, Type::Text)? else {
            return Err(self.fault(key, "no plain text").expected("a name in quotes"));
        };
        if of == Collection::Workloads {
            let index =
                self.known.names.find_workload(&name).map_err(|(message, help)| self.fault(key, message).help(help))?;
            return Ok(Meaning::Object(Object::Workload(index), of));
        }
        let is_meant = |hpa: &&String| **hpa == name || hpa.rsplit('/').next() == Some(name.as_str());
        match self.known.hpas.iter().filter(is_meant).collect::<Vec<_>>().as_slice() {
            [one] => Ok(Meaning::Object(Object::Hpa((*one).clone()), of)),
            [] => Err(self
                .fault(key, format!("no autoscaler `{name}`"))
                .help(nearest_or_list(&name, self.known.hpas.iter().map(String::as_str)))),
            _ => Err(self.fault(key, format!("`{name}` is ambiguous")).help("write namespace/name")),
        }
    }

    /// `all`, `exists`, `exists_one` and `filter`, which the parser writes as loops.
    fn quantifier(&mut self, tree: &IdedExpr, loop_: &ComprehensionExpr) -> Result<Meaning, Fault> {
        let (members, collection) = match self.meaning(&loop_.iter_range)? {
            Meaning::Members(members, collection) => (members, collection),
            other => {
                return Err(self
                    .fault(&loop_.iter_range, format!("this is {}", other.kind().name()))
                    .expected("pods, nodes, workloads or hpas"));
            }
        };
        let name = &loop_.iter_var;
        if KINDS.iter().any(|(known, _)| known == name) || name == "settled" {
            return Err(self.fault(tree, format!("`{name}` means something already")).expected("another name"));
        }
        if self.bound.len() >= MAX_QUANTIFIERS {
            let most = format!("at most {MAX_QUANTIFIERS} inside of each other");
            return Err(self.fault(tree, "too many quantifiers").expected(most));
        }
        let Expr::Call(step) = &loop_.loop_step.expr else { return Err(self.unsupported(tree)) };
        let (body, what) = match (step.func_name.as_str(), step.args.as_slice(), &loop_.accu_init.expr) {
            (operators::LOGICAL_AND, [_, body], _) => (body, operators::ALL),
            (operators::LOGICAL_OR, [_, body], _) => (body, operators::EXISTS),
            (operators::CONDITIONAL, [body, ..], Expr::Literal(LiteralValue::Int(_))) => (body, operators::EXISTS_ONE),
            (operators::CONDITIONAL, [body, added, _], Expr::List(_)) if adds(added, name) => (body, operators::FILTER),
            _ => return Err(self.unsupported(tree)),
        };
        if loop_.iter_var2.is_some() {
            return Err(self.unsupported(tree));
        }
        self.bound.push((name.clone(), collection));
        let body = self.of_type(body, Type::Bool);
        self.bound.pop();
        let body = Box::new(body?);
        let filter = |body| Members::Filter(members.clone().into(), name.clone(), body);
        let formula = match what {
            operators::ALL => Formula::Every(members, name.clone(), body),
            operators::EXISTS => {
                let none = Formula::Every(members, name.clone(), Formula::Not(body).into());
                Formula::Not(none.into())
            }
            operators::EXISTS_ONE => {
                let size = Formula::Size(filter(body));
                Formula::Compare(Comparison::Equal, size.into(), Formula::Number(1).into())
            }
            _ => return Ok(Meaning::Members(filter(body), collection)),
        };
        Ok(Meaning::Formula(formula, Type::Bool))
    }

    fn unsupported(&self, tree: &IdedExpr) -> Fault {
        self.fault(tree, "this macro is not supported").help("there are all, exists, exists_one and filter")
    }
}

/// Whether the step of a loop adds the member itself to a list, as `filter` does and `map` does not.
fn adds(step: &IdedExpr, name: &str) -> bool {
    let Expr::Call(call) = &step.expr else { return false };
    let [_, added] = call.args.as_slice() else { return false };
    let Expr::List(list) = &added.expr else { return false };
    matches!(list.elements.as_slice(), [one] if one.expr == Expr::Ident(name.to_owned()))
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::AtMost,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::AtLeast,
        _ => return None,
    })
}

/// Makes a number of two.
type Arithmetic = fn(Box<Formula>, Box<Formula>) -> Formula;

fn arithmetic(name: &str) -> Option<Arithmetic> {
    Some(match name {
        operators::ADD => Formula::Add,
        operators::SUBSTRACT => Formula::Subtract,
        operators::MULTIPLY => Formula::Multiply,
        _ => return None,
    })
}
