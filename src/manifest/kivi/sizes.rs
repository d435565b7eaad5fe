//! `userDefined`: types of nodes and deployments with the sizes that are tried.

use super::super::ErrorKind;
use super::super::Severity::{Harmless, Risky};
use super::super::error::InputError;
use super::super::view::{Context, Fields, Ignored};
use super::Deployment;
use super::nodes::{Name, read_node};
use crate::limits::reader::MAX_NODES;
use crate::limits::reader::MAX_REPLICAS;
use kubound_encodings::cluster::expression::Comparison;
use kubound_encodings::cluster::{Assumption, Expression, NodePool, Span};

/// Keys beside the types.
pub(super) const REST: &[Ignored] = &[];

const TYPE: &[Ignored] = &[
    ("proportion", Harmless, "every combination of sizes is checked"),
    ("proportionNode", Harmless, "every combination of sizes is checked"),
    ("proportionHPA", Risky, "limits of the autoscaler are those of hpaSpec at every size"),
    ("HPAfactor", Risky, "limits of the autoscaler are those of hpaSpec at every size"),
];

/// The sizes of a type, from `least` on; Kivi's releases have two names for each end.
pub(super) fn read_size(fields: &Fields, least: i64, most: i64) -> Result<Span, InputError> {
    let end = |names: [&str; 2]| fields.get(names[0]).or_else(|| fields.get(names[1]));
    let low = end(["minSize", "lowerBound"]).map(|view| view.integer(0..=most)).transpose()?.unwrap_or(least);
    let Some(view) = end(["maxSize", "upperBound"]) else {
        return Err(fields.view.error("no size").kind(ErrorKind::MissingField).expected("minSize and maxSize"));
    };
    let high = view.integer(0..=most)?;
    fields.note_rest(TYPE);
    Span::new(low.max(least), high, 1).ok_or_else(|| {
        let expected = format!("at least {}", low.max(least));
        view.error(format!("no size between {} and {high}", low.max(least))).kind(ErrorKind::Range).expected(expected)
    })
}

/// The sizes of a type of deployments: from one pod on, as Kivi tries them.
pub(super) fn read_replicas(fields: &Fields) -> Result<Span, InputError> {
    read_size(fields, 1, MAX_REPLICAS)
}

/// Reads types of nodes.
pub(super) fn pools(sizes: Option<&Fields>, names: &[Name]) -> Result<Vec<NodePool>, InputError> {
    let Some(sizes) = sizes else { return Ok(Vec::new()) };
    let mut pools = Vec::new();
    for (view, name) in sizes.items("nodesTypes")?.iter().zip(names) {
        let fields = view.fields()?;
        let template = fields.require("template", "what nodes of the type are like")?;
        let mut pool = read_node(&template.fields()?, &name.pool, (0, 0))?;
        let host = kubound_encodings::cluster::node::HOSTNAME;
        if pool.labels.contains_key(host) {
            return Err(template.error("the label hostname").expected("labels that all nodes of the type share"));
        }
        pool.count = read_size(&fields, 0, MAX_NODES)?;
        pool.origin = view.origin();
        pools.push(pool);
    }
    for key in ["nodesScaleType", "dScaleType"] {
        if let Some(view) = sizes.get(key)
            && view.text()? != "free"
        {
            view.note(Risky, "every combination of sizes is checked, not only those in proportion");
        }
    }
    Ok(pools)
}

/// There is a node, and there are no more pods for each than Kivi tries.
pub(super) fn assumptions(
    sizes: Option<&Fields>,
    deployments: &[Deployment],
    context: &Context,
) -> Result<Vec<Assumption>, InputError> {
    let present = || Box::new(Expression::NodesPresent);
    let one = Expression::Compare(Comparison::AtLeast, present(), Box::new(Expression::Number(1)));
    let origin = context.origin("userDefined");
    let mut found = vec![Assumption { text: "nodes.present >= 1".into(), condition: one, origin }];
    let Some(view) = sizes.and_then(|sizes| sizes.get("max_pod_per_node")) else { return Ok(found) };
    let most = view.integer(1..=MAX_REPLICAS)?;
    let replicas = (0..deployments.len()).map(Expression::Replicas);
    let sum = replicas.reduce(|sum, next| Expression::Add(Box::new(sum), Box::new(next)));
    let names: Vec<String> = deployments.iter().map(|one| format!("replicas('{}')", one.reference.name)).collect();
    if let Some(sum) = sum {
        let room = Expression::Multiply(Box::new(Expression::Number(most)), present());
        let text = format!("{} <= {most} * nodes.present", names.join(" + "));
        let condition = Expression::Compare(Comparison::AtMost, Box::new(sum), Box::new(room));
        found.push(Assumption { text, condition, origin: view.origin() });
    }
    Ok(found)
}
