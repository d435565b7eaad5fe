//! How full the nodes of a run are: what they offer, and what their pods request after each step.

use super::document::NodeDocument;
use super::narrate::ToldStep;
use super::nodes::{RequestedDocument, RoomDocument};
use super::scene::at;
use crate::search::Systems;
use crate::trace::Trace;
use crate::trace::places::Places;
use kubound_encodings::scene::{NodeScene, Room};
use kubound_encodings::term::TermId;
use kubound_encodings::term::eval::evaluate_each;

/// Adds how full the nodes are, and what each step changes about it; nothing where that is not known.
pub fn complete(systems: &Systems, trace: &Trace, nodes: &mut [NodeDocument], steps: &mut [ToldStep]) {
    let Some(Ok((system, scene))) = systems.scene() else { return };
    let Some(places) = Places::of(&systems.fine, system) else { return };
    let known = |name: &str| scene.nodes.iter().find(|known| known.name == name);
    let rooms: Vec<(usize, &Room)> = nodes
        .iter()
        .enumerate()
        .flat_map(|(node, told)| {
            known(&told.name).into_iter().flat_map(|one: &NodeScene| &one.room).map(move |room| (node, room))
        })
        .collect();
    let requested: Vec<TermId> = rooms.iter().map(|(_, room)| room.requested).collect();
    let offered: Vec<TermId> = rooms.iter().map(|(_, room)| room.allocatable).collect();
    let states: Vec<Vec<i64>> = (0..=trace.steps.len()).map(|index| places.state(trace, index)).collect();
    let offered = evaluate_each(&system.dag, &offered, states[..1].iter().map(at));
    let requested = evaluate_each(&system.dag, &requested, states.iter().map(at));
    for (index, &(node, room)) in rooms.iter().enumerate() {
        nodes[node].room.push(RoomDocument {
            resource: room.resource.clone(),
            requested: requested[0][index] * room.unit,
            allocatable: offered[0][index] * room.unit,
        });
    }
    for (step, pair) in steps.iter_mut().zip(requested.windows(2)) {
        let changed = rooms.iter().enumerate().filter(|&(index, _)| pair[0][index] != pair[1][index]);
        step.requested = changed
            .map(|(index, &(node, room))| RequestedDocument {
                node: nodes[node].name.clone(),
                resource: room.resource.clone(),
                requested: pair[1][index] * room.unit,
            })
            .collect();
    }
}
