//! What expressions call custom resources, in rules files and in intents.

use super::super::suggest::nearest_or_list;
use super::Fault;
use super::check::{Checker, Meaning};
use super::words::{Type, fields};
use cel::common::ast::IdedExpr;
use kubound_encodings::cluster::custom::{CustomController, MEMORY, PartKind, RESOURCE, Values};
use kubound_encodings::cluster::formula::{Collection, Field, Formula, Members, Object};

/// What intents call all custom resources.
pub(super) const CUSTOM: &str = "custom";

/// The rules file that an expression is in.
#[derive(Clone, Copy)]
pub(in super::super) struct Rules<'a> {
    /// The place of its controller among the custom controllers.
    pub(in super::super) number: usize,
    /// As far as it is read: all of its parts.
    pub(in super::super) own: &'a CustomController,
    /// The part whose object is called `each`, where one is.
    pub(in super::super) each: Option<usize>,
}

impl Rules<'_> {
    pub(super) fn collection(&self, part: usize) -> Collection {
        Collection::Custom(self.number, part)
    }
}

impl Checker<'_> {
    /// A word of a rules file.
    pub(super) fn word_of_rules(&self, tree: &IdedExpr, name: &str, rules: &Rules) -> Result<Meaning, Fault> {
        let words = rules.own.parts.iter().map(|part| part.word.as_str());
        match rules.own.parts.iter().position(|part| part.word == name) {
            Some(part) => Ok(meaning_of(rules.own, rules.number, part)),
            None => Err(self.fault(tree, format!("nothing is called `{name}`")).help(nearest_or_list(name, words))),
        }
    }

    /// The custom controller of a place.
    fn custom(&self, number: usize) -> Option<&CustomController> {
        let own = self.known.rules.as_ref().filter(|rules| rules.number == number).map(|rules| rules.own);
        own.or_else(|| self.known.customs.get(number).copied())
    }

    /// `custom['rabbit']`.
    pub(super) fn custom_resource(&mut self, key: &IdedExpr) -> Result<Meaning, Fault> {
        let Formula::Text(name) = self.of_type(key, Type::Text)? else {
            return Err(self.fault(key, "no plain text").expected("a name in quotes"));
        };
        let customs = self.known.customs;
        match find(customs, &name).as_slice() {
            [number] => Ok(meaning_of(customs[*number], *number, RESOURCE)),
            [] => {
                let labels: Vec<String> = customs.iter().map(|own| own.resource()).collect();
                let near = nearest_or_list(&name, labels.iter().map(String::as_str));
                Err(self.fault(key, format!("no custom resource `{name}`")).help(near))
            }
            _ => Err(self.fault(key, format!("`{name}` is ambiguous")).help("write Kind/namespace/name")),
        }
    }

    /// What belongs to a custom resource beside its own fields: `owns.sts`, `owns.sts.replicas`, `memory.resizing`.
    pub(super) fn part_of(&self, object: &Object, path: &str) -> Option<Meaning> {
        let Object::Custom(number, RESOURCE) = *object else { return None };
        let own = self.custom(number).filter(|_| self.known.rules.is_none())?;
        let (first, rest) = path.split_once('.')?;
        let (part, field) = match first {
            "memory" => (MEMORY, Some(rest)),
            "owns" => {
                let (word, field) = rest.split_once('.').map_or((rest, None), |(word, field)| (word, Some(field)));
                (own.parts.iter().position(|part| part.word == word).filter(|&part| part > MEMORY)?, field)
            }
            _ => return None,
        };
        let meaning = meaning_of(own, number, part);
        match (field, meaning) {
            (None, meaning) => Some(meaning),
            (Some(field), Meaning::Object(object, collection)) => {
                let known = self.fields_of(collection);
                let (_, field, kind) = known.into_iter().find(|(name, ..)| name == field)?;
                Some(Meaning::Formula(Formula::Field(object, field), kind))
            }
            _ => None,
        }
    }

    /// The fields of the members of a collection.
    pub(super) fn fields_of(&self, collection: Collection) -> Vec<(String, Field, Type)> {
        let Collection::Custom(number, part) = collection else {
            return fields(collection)
                .iter()
                .map(|(name, field, kind, _)| ((*name).to_owned(), *field, *kind))
                .collect();
        };
        let Some(own) = self.custom(number) else { return Vec::new() };
        let described = &own.parts[part];
        let kind = |values: &Values| if matches!(values, Values::Bool(_)) { Type::Bool } else { Type::Int };
        let listed = described.fields.iter().enumerate();
        let mut known: Vec<(String, Field, Type)> =
            listed.map(|(index, field)| (field.name.clone(), Field::Custom(index), kind(&field.values))).collect();
        if part != RESOURCE && described.kind != PartKind::Memory {
            known.push(("exists".into(), Field::Exists, Type::Bool));
        }
        if described.count.is_some() {
            known.push(("ordinal".into(), Field::Ordinal, Type::Int));
        }
        known
    }
}

/// The custom controllers whose resource has a name: that alone, with its kind, or with its namespace as well.
pub(in super::super) fn find(customs: &[&CustomController], name: &str) -> Vec<usize> {
    let is_meant = |own: &CustomController| match &own.parts[RESOURCE].kind {
        PartKind::Object { kind, namespace, name: known } => {
            [known.clone(), format!("{kind}/{known}"), format!("{kind}/{namespace}/{known}")]
                .iter()
                .any(|one| one == name)
        }
        _ => false,
    };
    (0..customs.len()).filter(|&number| is_meant(customs[number])).collect()
}

/// What a word for a part means: its object, or all of its list.
fn meaning_of(own: &CustomController, number: usize, part: usize) -> Meaning {
    let collection = Collection::Custom(number, part);
    match own.parts[part].count {
        Some(_) => Meaning::Members(Members::All(collection), collection),
        None => Meaning::Object(Object::Custom(number, part), collection),
    }
}
