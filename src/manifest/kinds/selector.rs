//! Label selectors and node selectors.

use super::super::Severity::Warning;
use super::super::error::InputError;
use super::super::judgements::{Table, read, table, within};
use super::super::view::View;
use super::syntax;
use kubound_encodings::cluster::selector::Operator;
use kubound_encodings::cluster::{LabelSelector, NodeSelectorTerm, Requirement};

/// A selector of labels.
pub(super) static LABEL_SELECTOR: Table = table(
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector",
    &[read("matchLabels"), within("matchExpressions", &LABEL_REQUIREMENT)],
);

static LABEL_REQUIREMENT: Table = table(
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement",
    &[read("key"), read("operator"), read("values")],
);

/// A selector of nodes.
pub(super) static NODE_SELECTOR: Table =
    table("io.k8s.api.core.v1.NodeSelector", &[within("nodeSelectorTerms", &NODE_TERM)]);

/// A term of a selector of nodes.
pub(super) static NODE_TERM: Table = table(
    "io.k8s.api.core.v1.NodeSelectorTerm",
    &[within("matchExpressions", &NODE_REQUIREMENT), within("matchFields", &NODE_REQUIREMENT)],
);

static NODE_REQUIREMENT: Table =
    table("io.k8s.api.core.v1.NodeSelectorRequirement", &[read("key"), read("operator"), read("values")]);

/// Reads a LabelSelector.
pub(super) fn read_label_selector(view: &View) -> Result<LabelSelector, InputError> {
    let fields = view.fields()?;
    let mut requirements = Vec::new();
    for (key, value) in fields.read("matchLabels", |view| syntax::labels(&view))?.unwrap_or_default() {
        requirements.push(Requirement { key, operator: Operator::In(vec![value]) });
    }
    for item in fields.items("matchExpressions")? {
        requirements.push(read_requirement(&item, false, true)?);
    }
    fields.judge_rest(&LABEL_SELECTOR);
    Ok(LabelSelector { requirements })
}

/// Reads a term that nodes must match.
pub(super) fn read_node_term(view: &View) -> Result<NodeSelectorTerm, InputError> {
    read_term(view, true)
}

/// Reads a term that nodes should match; the API server does not check its values.
pub(super) fn read_preferred_term(view: &View) -> Result<NodeSelectorTerm, InputError> {
    read_term(view, false)
}

fn read_term(view: &View, checks_values: bool) -> Result<NodeSelectorTerm, InputError> {
    let fields = view.fields()?;
    let read = |key: &str, checks_values: bool| -> Result<Vec<Requirement>, InputError> {
        fields.items(key)?.iter().map(|item| read_requirement(item, true, checks_values)).collect()
    };
    let term =
        NodeSelectorTerm { expressions: read("matchExpressions", checks_values)?, fields: read("matchFields", false)? };
    for (index, requirement) in term.fields.iter().enumerate() {
        let is_valid =
            matches!(&requirement.operator, Operator::In(values) | Operator::NotIn(values) if values.len() == 1);
        if requirement.key != "metadata.name" || !is_valid {
            return Err(view
                .context
                .error(&format!("{}.matchFields[{index}]", view.path), "not a valid field requirement")
                .expected("key metadata.name, operator In or NotIn, and exactly one value"));
        }
        if let Operator::In(values) | Operator::NotIn(values) = &requirement.operator
            && values.iter().any(|name| !syntax::is_subdomain(name))
        {
            let at = format!("{}.matchFields[{index}].values", view.path);
            return Err(view.context.error(&at, "no name of a node").expected("the name of a Node"));
        }
    }
    fields.judge_rest(&NODE_TERM);
    Ok(term)
}

/// What no node has.
const NEVER: Operator = Operator::In(Vec::new());

fn read_requirement(view: &View, on_node: bool, checks_values: bool) -> Result<Requirement, InputError> {
    let fields = view.fields()?;
    let key_view = fields.require("key", "a label key")?;
    let key = key_view.name()?.to_owned();
    syntax::check_key(&key_view, &key)?;
    let operator_view = fields.require("operator", "In, NotIn, Exists or DoesNotExist")?;
    let values_view = fields.get("values");
    let values = values_view.as_ref().map(View::texts).transpose()?.unwrap_or_default();
    fields.judge_rest(if on_node { &NODE_REQUIREMENT } else { &LABEL_REQUIREMENT });
    let words: &[(&str, u8)] = &[("In", 0), ("NotIn", 1), ("Exists", 2), ("DoesNotExist", 3), ("Gt", 4), ("Lt", 5)];
    let operator = operator_view.one_of(if on_node { words } else { &words[..4] })?;
    let at = values_view.unwrap_or(operator_view);
    let some = |values: Vec<String>| match values.is_empty() {
        true => Err(at.error("no values").expected("at least one value for In and NotIn")),
        false => Ok(values),
    };
    let integer = |values: &[String]| match values {
        [one] => {
            let number = one.parse::<i64>().ok();
            if number.is_none() {
                at.note(Warning, format!("`{one}` is not an integer: no node matches"));
            }
            Ok(number)
        }
        _ => {
            Err(at.error(format!("{} values", values.len())).expected("exactly one integer, in quotes, for Gt and Lt"))
        }
    };
    if matches!(operator, 2 | 3) && !values.is_empty() {
        return Err(at.error("values are not allowed here").expected("no values for Exists and DoesNotExist"));
    }
    if checks_values {
        values.iter().try_for_each(|value| syntax::check_value(&at, value))?;
    }
    let operator = match operator {
        0 => Operator::In(some(values)?),
        1 => Operator::NotIn(some(values)?),
        2 => Operator::Exists,
        3 => Operator::DoesNotExist,
        4 => integer(&values)?.map_or(NEVER, Operator::Gt),
        _ => integer(&values)?.map_or(NEVER, Operator::Lt),
    };
    Ok(Requirement { key, operator })
}

/// Reads a selector written as text, e.g. `app=web,tier!=db,zone in (a, b),!gpu`.
pub(super) fn read_text_selector(view: &View) -> Result<LabelSelector, InputError> {
    let text = view.text()?;
    let bad = |part: &str| {
        view.error(format!("`{part}` is not a label requirement"))
            .expected("such as app=web, app!=web, app, !app or app in (a, b)")
    };
    let mut requirements = Vec::new();
    for part in split_outside_parentheses(text).into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        let requirement = parse_part(part).ok_or_else(|| bad(part))?;
        requirements.push(requirement);
    }
    Ok(LabelSelector { requirements })
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let mut inside = false;
    text.split(|one| {
        inside = match one {
            '(' => true,
            ')' => false,
            _ => inside,
        };
        one == ',' && !inside
    })
    .collect()
}

fn parse_part(part: &str) -> Option<Requirement> {
    let list = |values: &str| -> Option<Vec<String>> {
        let values = values.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(values.split(',').map(|value| value.trim().to_owned()).collect())
    };
    let (key, operator) = if let Some((key, values)) = part.split_once(" notin ") {
        (key, Operator::NotIn(list(values)?))
    } else if let Some((key, values)) = part.split_once(" in ") {
        (key, Operator::In(list(values)?))
    } else if let Some((key, value)) = part.split_once("!=") {
        (key, Operator::NotIn(vec![value.trim().to_owned()]))
    } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        (key, Operator::In(vec![value.trim().to_owned()]))
    } else if let Some(key) = part.strip_prefix('!') {
        (key, Operator::DoesNotExist)
    } else {
        (part, Operator::Exists)
    };
    let key = key.trim();
    let is_valid = !key.is_empty() && key.chars().all(|one| one.is_alphanumeric() || "-_./".contains(one));
    is_valid.then(|| Requirement { key: key.to_owned(), operator })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_requirements() {
        let values = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let parsed: Vec<_> = split_outside_parentheses("a=1,b!=2,c in (x, y),!d,e")
            .into_iter()
            .filter_map(parse_part)
            .map(|one| (one.key, one.operator))
            .collect();
        assert_eq!(
            parsed,
            [
                ("a".to_owned(), Operator::In(values(&["1"]))),
                ("b".to_owned(), Operator::NotIn(values(&["2"]))),
                ("c".to_owned(), Operator::In(values(&["x", "y"]))),
                ("d".to_owned(), Operator::DoesNotExist),
                ("e".to_owned(), Operator::Exists),
            ]
        );
        assert!(parse_part("a b").is_none());
    }
}
