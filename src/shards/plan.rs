//! The pieces of a run, and whose they are.

use super::axes::{Axis, axes};
use super::deal::deal;
use crate::limits::shards::PIECES_EACH;
use crate::search::scope::Size;
use kubound_encodings::cluster::{Cluster, Span};

/// One intent for some sizes and values.
#[derive(Clone, PartialEq, Debug)]
pub struct Piece {
    /// Its number, from 1.
    pub number: usize,
    /// Id of the intent.
    pub intent: String,
    /// The values of each axis.
    ranges: Vec<Span>,
    /// What it costs, compared with others.
    cost: f64,
}

/// The pieces of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    axes: Vec<Axis>,
    /// In the order of their numbers.
    pub pieces: Vec<Piece>,
    /// The shard of each piece, from 0.
    owners: Vec<usize>,
}

impl Plan {
    /// The plan of a cluster for so many shards: at least one piece for each, if possible, of which none is large compared
    /// with the part of one shard.
    pub fn new(cluster: &Cluster, shards: usize) -> Self {
        let mut intents: Vec<&str> = Vec::new();
        for intent in &cluster.intents {
            if !intents.contains(&intent.id.as_str()) {
                intents.push(&intent.id);
            }
        }
        let axes = axes(cluster);
        let whole: Vec<Span> = axes.iter().map(|axis| axis.values).collect();
        let boxes = divided(&axes, &whole, intents.len(), shards);
        let pieces = intents.iter().flat_map(|intent| boxes.iter().map(|ranges| ((*intent).to_owned(), ranges)));
        let pieces: Vec<Piece> = pieces
            .enumerate()
            .map(|(index, (intent, ranges))| Piece {
                number: index + 1,
                intent,
                cost: cost(&axes, ranges),
                ranges: ranges.clone(),
            })
            .collect();
        let owners = deal(&pieces.iter().map(|piece| piece.cost).collect::<Vec<_>>(), shards);
        Self { axes, pieces, owners }
    }

    /// The pieces of one shard, from 0, in the order of their numbers.
    pub fn of(&self, shard: usize) -> Vec<&Piece> {
        let owned = self.pieces.iter().zip(&self.owners).filter(|&(_, &owner)| owner == shard);
        owned.map(|(piece, _)| piece).collect()
    }

    /// The cluster that all pieces together cover: each range as far as the scenario's bounds go.
    pub fn whole(&self, cluster: &Cluster) -> Cluster {
        let mut whole = cluster.clone();
        for axis in self.axes.iter().filter(|axis| self.is_divided(axis)) {
            axis.set(&mut whole, axis.values);
        }
        whole
    }

    /// The cluster that a piece is about, with all intents. What was not divided is as it was.
    pub fn narrowed(&self, cluster: &Cluster, piece: &Piece) -> Cluster {
        let mut narrow = cluster.clone();
        for (axis, &values) in self.axes.iter().zip(&piece.ranges).filter(|(axis, _)| self.is_divided(axis)) {
            axis.set(&mut narrow, values);
        }
        narrow
    }

    /// What a piece covers of everything that was divided.
    pub fn sizes(&self, piece: &Piece) -> Vec<Size> {
        let ranges = self.axes.iter().zip(&piece.ranges).filter(|(axis, _)| self.is_divided(axis));
        ranges.map(|(axis, &values)| axis.size(values)).collect()
    }

    fn is_divided(&self, axis: &Axis) -> bool {
        let index = self.axes.iter().position(|other| other == axis);
        index.is_some_and(|index| self.pieces.iter().any(|piece| piece.ranges[index] != axis.values))
    }
}

impl Piece {
    /// Whether it is about the same sizes and values.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.ranges == other.ranges
    }

    /// What it costs, compared with others.
    pub fn cost(&self) -> f64 {
        self.cost
    }
}

fn cost(axes: &[Axis], ranges: &[Span]) -> f64 {
    axes.iter().zip(ranges).map(|(axis, &values)| axis.cost(values)).product()
}

/// Divides all values into parts, the same ones for each intent, until the pieces are small enough to be dealt out evenly.
fn divided(axes: &[Axis], whole: &[Span], intents: usize, shards: usize) -> Vec<Vec<Span>> {
    let mut parts = vec![whole.to_vec()];
    if shards < 2 || intents == 0 {
        return parts;
    }
    // A part of a run that has two pieces or more can be made as large as the others.
    let fair = cost(axes, whole) * intents as f64 / shards as f64 / 2.0;
    let most = shards.saturating_mul(PIECES_EACH).div_ceil(intents);
    let mut open: Vec<usize> = vec![0];
    while parts.len() < most {
        // The first one of the largest.
        let largest = |&at: &usize| (cost(axes, &parts[at]), std::cmp::Reverse(at));
        let Some(at) = open.iter().copied().max_by(|one, other| {
            let (one, other) = (largest(one), largest(other));
            one.0.total_cmp(&other.0).then(one.1.cmp(&other.1))
        }) else {
            break;
        };
        if cost(axes, &parts[at]) <= fair && parts.len() * intents >= shards {
            break;
        }
        match halves(axes, &parts[at]) {
            Some([first, second]) => {
                open.push(parts.len());
                parts[at] = first;
                parts.push(second);
            }
            None => open.retain(|&other| other != at),
        }
    }
    parts.sort_by(|one, other| one.iter().map(|span| span.lo).cmp(other.iter().map(|span| span.lo)));
    parts
}

/// Divides along the axis that makes the more costly half the cheapest.
fn halves(axes: &[Axis], ranges: &[Span]) -> Option<[Vec<Span>; 2]> {
    let mut best: Option<(f64, [Vec<Span>; 2])> = None;
    for (index, axis) in axes.iter().enumerate() {
        let Some(parts) = axis.halves(ranges[index]) else { continue };
        let halves = parts.map(|part| {
            let mut half = ranges.to_vec();
            half[index] = part;
            half
        });
        let worse = halves.iter().map(|half| cost(axes, half)).fold(0.0, f64::max);
        if best.as_ref().is_none_or(|(least, _)| worse < *least) {
            best = Some((worse, halves));
        }
    }
    best.map(|(_, halves)| halves)
}
