//! Images that nodes have already: the scheduler prefers such nodes (ImageLocality), which is not modelled.

use super::super::Severity::{Harmless, Risky};
use super::super::draft::{Draft, DraftWorkload};
use super::super::error::InputError;
use super::super::judgements::{Table, read as is_read, table};
use super::super::view::{Context, View};
use std::collections::BTreeMap;

/// Images that a node has.
pub(super) static IMAGE: Table = table("io.k8s.api.core.v1.ContainerImage", &[is_read("names"), is_read("sizeBytes")]);

/// Below this sum of sizes all nodes have the same score (`minThreshold`).
const LEAST: i64 = 23 << 20;
/// Most that counts of each container (`maxContainerThreshold`).
const MOST: i64 = 1000 << 20;

/// The images of a node, by name with their sizes.
pub(in super::super) struct NodeImages {
    sizes: BTreeMap<String, i64>,
    context: Context,
}

impl NodeImages {
    /// Whether the node is the object of that name.
    pub(super) fn is_of(&self, object: &str) -> bool {
        self.context.object == object
    }
}

/// Reads `status.images` of a node.
pub(super) fn read(view: &View) -> Result<NodeImages, InputError> {
    let mut sizes = BTreeMap::new();
    for item in view.list()? {
        let fields = item.fields()?;
        let size = fields.read("sizeBytes", |view| view.integer(0..=i64::MAX))?.unwrap_or(0);
        for name in fields.items("names")? {
            sizes.insert(name.text()?.to_owned(), size);
        }
        fields.judge_rest(&IMAGE);
    }
    Ok(NodeImages { sizes, context: view.context.clone() })
}

/// Tells whether the images of nodes could change where pods go.
pub(in super::super) fn note(draft: &Draft) {
    let attracted = draft.workloads.iter().find_map(|read| Some((read, attracting(draft, read)?)));
    for node in &draft.images {
        match &attracted {
            Some((read, image)) => node.context.note(
                Risky,
                "status.images",
                format!(
                    "the scheduler prefers nodes that have {image} of {} already (ImageLocality), which is not modelled",
                    read.workload.reference
                ),
            ),
            None => node.context.note(Harmless, "status.images", "they give all nodes the same score"),
        }
    }
}

/// An image by which nodes differ for the pods of a workload.
fn attracting(draft: &Draft, read: &DraftWorkload) -> Option<String> {
    let images: Vec<String> = read.containers.images().map(normalized).collect();
    let size = |node: &NodeImages, image: &String| node.sizes.get(image).copied().unwrap_or(0);
    let largest = |image: &String| draft.images.iter().map(|node| size(node, image)).max().unwrap_or(0);
    let most: i64 = images.iter().map(largest).fold(0, i64::saturating_add);
    let range = MOST.saturating_mul(i64::try_from(images.len()).unwrap_or(i64::MAX)) - LEAST;
    if most < LEAST || i128::from(most - LEAST) * 100 < i128::from(range) {
        return None;
    }
    let is_everywhere = |image: &String| {
        let all = draft.images.len() == draft.pools.len() && draft.pools.iter().all(|pool| pool.is_single_node);
        all && draft.images.iter().all(|node| size(node, image) == largest(image))
    };
    images.into_iter().find(|image| largest(image) > 0 && !is_everywhere(image))
}

/// `normalizedImageName`.
fn normalized(image: &str) -> String {
    match image.rfind(':') > image.rfind('/') {
        true => image.to_owned(),
        false => format!("{image}:latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn names_get_the_tag_that_the_scheduler_gives() {
        assert_eq!(normalized("nginx"), "nginx:latest");
        assert_eq!(normalized("registry:5000/nginx"), "registry:5000/nginx:latest");
        assert_eq!(normalized("registry:5000/nginx:1"), "registry:5000/nginx:1");
    }
}
