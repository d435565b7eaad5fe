//! Interchangeable objects in rows: a canonical order of them together with that of interchangeable slots.
//!
//! A state is a table: an object (a workload) has variables of its own and variables on each slot (a node), and both
//! objects and slots may be permuted. Each gets a colour from its own values and, in rounds, from the colours of those
//! it has values with; slots are put in the order of their colours, then objects in the order of their bytes. Slots
//! that keep one colour although they differ are told apart by marking one of them and colouring again: where any of
//! them would do, that is canonical. Where it is not, a state has several rows, which costs states and never answers.

use super::layout::{Field, Slots};
use crate::limits::explicit::MOST_MARKS;
use crate::passes::ObjectClass;
use kubound_encodings::term::VarId;
use rustc_hash::FxHashMap;

/// Some bytes of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Piece {
    offset: usize,
    width: usize,
    /// Sorted class and slot that they belong to.
    place: Option<(usize, usize)>,
}

/// What pieces of different objects must have in common: width and place.
type Shape = Option<(usize, Option<(usize, usize)>)>;

/// The objects of one class.
#[derive(Clone, Debug)]
pub struct Objects {
    /// Index of the class.
    pub class: usize,
    /// The pieces of each object, in the same order for all; those of its own first, then slot by slot.
    pieces: Vec<Vec<Piece>>,
}

impl Objects {
    /// The objects of a class whose variables look alike in a row.
    pub fn new(class: usize, given: &ObjectClass, fields: &[Field], slots: &[Slots]) -> Option<Self> {
        let by_var: FxHashMap<VarId, &Field> = fields.iter().map(|field| (field.var, field)).collect();
        let piece = |var: &VarId| {
            let field = by_var.get(var)?;
            let place = slots.iter().position(|slots| slots.slot_of(field.offset).is_some());
            let place = place.and_then(|at| slots[at].slot_of(field.offset).map(|slot| (at, slot)));
            Some(Piece { offset: field.offset, width: usize::from(field.width), place })
        };
        let mut kept: Vec<Vec<Option<Piece>>> =
            given.vars.iter().map(|object| object.iter().map(piece).collect()).collect();
        let shape = |pieces: &Vec<Option<Piece>>| -> Vec<Shape> {
            pieces.iter().map(|piece| piece.map(|piece| (piece.width, piece.place))).collect()
        };
        let first = shape(kept.first()?);
        if kept.iter().any(|pieces| shape(pieces) != first) {
            return None;
        }
        let mut pieces: Vec<Vec<Piece>> = kept.iter_mut().map(|pieces| pieces.drain(..).flatten().collect()).collect();
        pieces.iter_mut().for_each(|pieces| pieces.sort_by_key(|piece| piece.place));
        (!pieces[0].is_empty()).then_some(Self { class, pieces })
    }

    /// Whether an object has the values of the one before it.
    pub fn repeats(&self, row: &[u8], object: usize) -> bool {
        let bytes = |piece: &Piece| piece.offset..piece.offset + piece.width;
        object > 0
            && self.pieces[object]
                .iter()
                .zip(&self.pieces[object - 1])
                .all(|(here, before)| row[bytes(here)] == row[bytes(before)])
    }

    /// Exchanges two neighbours, which ones by `number`.
    pub fn exchange(&self, row: &mut [u8], number: usize) {
        let first = number % (self.pieces.len() - 1);
        for (one, other) in self.pieces[first].iter().zip(&self.pieces[first + 1]) {
            (0..one.width).for_each(|byte| row.swap(one.offset + byte, other.offset + byte));
        }
    }

    /// Puts the objects in the order of their bytes.
    fn sort(&self, row: &mut [u8]) {
        let size: usize = self.pieces[0].iter().map(|piece| piece.width).sum();
        let mut keys = Vec::with_capacity(size * self.pieces.len());
        for piece in self.pieces.iter().flatten() {
            keys.extend_from_slice(&row[piece.offset..piece.offset + piece.width]);
        }
        if keys.chunks(size).is_sorted() {
            return;
        }
        let mut sorted: Vec<&[u8]> = keys.chunks(size).collect();
        sorted.sort_unstable();
        for (pieces, key) in self.pieces.iter().zip(sorted) {
            let mut at = 0;
            for piece in pieces {
                row[piece.offset..piece.offset + piece.width].copy_from_slice(&key[at..at + piece.width]);
                at += piece.width;
            }
        }
    }
}

/// Puts slots and objects of a row in their canonical order; `slot_own` has, by sorted class, the bytes of a slot that
/// belong to no object, as offsets from its start.
pub fn canonicalise(row: &mut [u8], slots: &[Slots], slot_own: &[Vec<usize>], objects: &[Objects]) {
    if !slots.is_empty() {
        let mut colours = Colours::new(row, slots, slot_own, objects);
        for _ in 0..MOST_MARKS {
            colours.refine(row, objects);
            let Some((class, slot)) = colours.ambiguous(row, slots) else { break };
            colours.slots[class][slot] = mix(colours.slots[class][slot] ^ 1);
        }
        for (slots, colours) in slots.iter().zip(&colours.slots) {
            slots.arrange(row, colours);
        }
    }
    for class in objects {
        class.sort(row);
    }
}

/// The own bytes of the slots of each sorted class: those that belong to no object.
pub fn own_bytes(slots: &[Slots], objects: &[Objects]) -> Vec<Vec<usize>> {
    let own = |(at, slots): (usize, &Slots)| {
        let mut own = vec![true; slots.size()];
        for piece in objects.iter().flat_map(|class| &class.pieces).flatten() {
            if let Some((class, slot)) = piece.place
                && class == at
            {
                let begin = piece.offset - slots.offset(slot);
                own[begin..begin + piece.width].fill(false);
            }
        }
        (0..own.len()).filter(|&byte| own[byte]).collect()
    };
    slots.iter().enumerate().map(own).collect()
}

struct Colours {
    /// By sorted class and slot.
    slots: Vec<Vec<u64>>,
    /// By class and object.
    objects: Vec<Vec<u64>>,
}

impl Colours {
    /// Colours by own values.
    fn new(row: &[u8], slots: &[Slots], slot_own: &[Vec<usize>], objects: &[Objects]) -> Self {
        let of_slot = |slots: &Slots, own: &[usize], slot: usize| {
            own.iter().fold(1, |colour, &byte| mix(colour ^ u64::from(row[slots.offset(slot) + byte])))
        };
        let of_object = |pieces: &Vec<Piece>| {
            let own = pieces.iter().take_while(|piece| piece.place.is_none());
            own.fold(2, |colour, piece| mix(colour ^ value(row, piece)))
        };
        Self {
            slots: slots
                .iter()
                .zip(slot_own)
                .map(|(slots, own)| (0..slots.count()).map(|slot| of_slot(slots, own, slot)).collect())
                .collect(),
            objects: objects.iter().map(|class| class.pieces.iter().map(of_object).collect()).collect(),
        }
    }

    /// Two rounds: each takes up the colours of those it has values with.
    fn refine(&mut self, row: &[u8], objects: &[Objects]) {
        for _ in 0..2 {
            let mut seen: Vec<Vec<u64>> = self.slots.iter().map(|class| vec![0; class.len()]).collect();
            for (class, colours) in objects.iter().zip(&self.objects) {
                for (pieces, &colour) in class.pieces.iter().zip(colours) {
                    for (place, value) in on_slots(row, pieces) {
                        let seen = &mut seen[place.0][place.1];
                        *seen = seen.wrapping_add(mix(colour ^ value));
                    }
                }
            }
            for (colour, seen) in self.slots.iter_mut().flatten().zip(seen.into_iter().flatten()) {
                *colour = mix(*colour ^ seen);
            }
            for (class, colours) in objects.iter().zip(&mut self.objects) {
                for (pieces, colour) in class.pieces.iter().zip(colours) {
                    let seen = on_slots(row, pieces).fold(0_u64, |seen, (place, value)| {
                        seen.wrapping_add(mix(self.slots[place.0][place.1] ^ value ^ ((place.0 as u64) << 32)))
                    });
                    *colour = mix(*colour ^ seen);
                }
            }
        }
    }

    /// A slot that has the colour of another with other bytes.
    fn ambiguous(&self, row: &[u8], slots: &[Slots]) -> Option<(usize, usize)> {
        for (class, (slots, colours)) in slots.iter().zip(&self.slots).enumerate() {
            for slot in 0..colours.len() {
                let differs = |&other: &usize| {
                    colours[other] == colours[slot] && slots.bytes(row, other) != slots.bytes(row, slot)
                };
                if (slot + 1..colours.len()).any(|other| differs(&other)) {
                    return Some((class, slot));
                }
            }
        }
        None
    }
}

/// For each slot on which an object has a value other than zero: a digest of its values there.
fn on_slots<'a>(row: &'a [u8], pieces: &'a [Piece]) -> impl Iterator<Item = ((usize, usize), u64)> + 'a {
    let placed = &pieces[pieces.partition_point(|piece| piece.place.is_none())..];
    placed.chunk_by(|a, b| a.place == b.place).filter_map(move |chunk| {
        let place = chunk[0].place?;
        let any = chunk.iter().any(|piece| value(row, piece) != 0);
        any.then(|| (place, chunk.iter().fold(3, |digest, piece| mix(digest ^ value(row, piece)))))
    })
}

fn value(row: &[u8], piece: &Piece) -> u64 {
    row[piece.offset..piece.offset + piece.width].iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 32)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xd6e8_feb8_6659_fd93);
    value ^ (value >> 29)
}
