//! Labels, label selectors and node selectors, with the matching rules of sections 1.7 and 1.10 of the API.

use std::collections::BTreeMap;

/// Labels of an object.
pub type Labels = BTreeMap<String, String>;

/// `key operator values`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// Label key (or field name in `matchFields`).
    pub key: String,
    /// Operator with its values.
    pub operator: Operator,
}

/// Operators of label and node selectors.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operator {
    /// The label is one of the values.
    In(Vec<String>),
    /// The label is absent or none of the values.
    NotIn(Vec<String>),
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
    /// The label is an integer greater than this; node selectors only.
    Gt(i64),
    /// The label is an integer less than this; node selectors only.
    Lt(i64),
}

impl Requirement {
    /// Whether a label value (`None`: absent) satisfies the requirement.
    pub fn matches(&self, value: Option<&str>) -> bool {
        let integer = || value.and_then(|text| text.parse::<i64>().ok());
        match &self.operator {
            Operator::In(values) => value.is_some_and(|value| values.iter().any(|other| other == value)),
            Operator::NotIn(values) => !value.is_some_and(|value| values.iter().any(|other| other == value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt(bound) => integer().is_some_and(|number| number > *bound),
            Operator::Lt(bound) => integer().is_some_and(|number| number < *bound),
        }
    }
}

/// A selector over labels: `matchLabels` and `matchExpressions`, all ANDed. An empty selector matches everything;
/// a missing one is an `Option::None` of its user.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LabelSelector {
    /// All must hold; `matchLabels` are `In` with one value.
    pub requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// That of `matchLabels` only.
    pub fn of_labels(labels: &Labels) -> Self {
        let requirement = |(key, value): (&String, &String)| Requirement {
            key: key.clone(),
            operator: Operator::In(vec![value.clone()]),
        };
        Self { requirements: labels.iter().map(requirement).collect() }
    }

    /// Whether the labels satisfy every requirement.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.matches(labels.get(&requirement.key).map(String::as_str)))
    }

    /// Whether it has no requirement.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

/// A term of a node selector: all expressions and fields ANDed; a term with neither matches nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NodeSelectorTerm {
    /// Over labels.
    pub expressions: Vec<Requirement>,
    /// Over `metadata.name`.
    pub fields: Vec<Requirement>,
}

impl NodeSelectorTerm {
    /// Whether a node of this name and these labels satisfies the term.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        let something = !self.expressions.is_empty() || !self.fields.is_empty();
        something
            && self.expressions.iter().all(|one| one.matches(labels.get(&one.key).map(String::as_str)))
            && self.fields.iter().all(|one| one.key == "metadata.name" && one.matches(Some(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    fn requirement(key: &str, operator: Operator) -> Requirement {
        Requirement { key: key.to_owned(), operator }
    }

    #[test]
    fn absent_labels_satisfy_only_the_negative_operators() {
        let none = labels(&[]);
        for (operator, expected) in [
            (Operator::In(vec!["a".into()]), false),
            (Operator::NotIn(vec!["a".into()]), true),
            (Operator::Exists, false),
            (Operator::DoesNotExist, true),
            (Operator::Gt(0), false),
            (Operator::Lt(9), false),
        ] {
            let selector = LabelSelector { requirements: vec![requirement("k", operator.clone())] };
            assert_eq!(selector.matches(&none), expected, "{operator:?}");
        }
    }

    #[test]
    fn integer_operators_do_not_match_text() {
        assert!(!requirement("k", Operator::Gt(1)).matches(Some("two")));
        assert!(requirement("k", Operator::Gt(1)).matches(Some("2")));
        assert!(requirement("k", Operator::Lt(1)).matches(Some("0")));
    }

    #[test]
    fn a_node_selector_term_without_expressions_matches_nothing() {
        assert!(!NodeSelectorTerm::default().matches("n", &labels(&[])));
        let by_name = NodeSelectorTerm {
            fields: vec![requirement("metadata.name", Operator::In(vec!["n".into()]))],
            ..Default::default()
        };
        assert!(by_name.matches("n", &labels(&[])));
        assert!(!by_name.matches("m", &labels(&[])));
    }
}
