//! States as short rows of bytes, and their canonical form.
//!
//! Each variable takes one, two, four or eight bytes by its range. The variables of interchangeable slots lie slot
//! behind slot, so that sorting the slots of a class is sorting equal pieces of the row: any total order will do.
//! Which slots are interchangeable is found by [`crate::passes::alike_slots`].

use super::machine::Machine;
use super::objects::{self, Objects};
use crate::passes::{ObjectClass, SlotClass};
use kubound_encodings::system::TransitionSystem;
use kubound_encodings::term::program::{Reg, Registers};
use kubound_encodings::term::{Range, VarId};

/// Exchanges two neighbours in a row.
pub type Exchange = Box<dyn Fn(&Layout, &mut [u8])>;

/// Where one variable lies in a row.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The variable.
    pub var: VarId,
    before: Reg,
    after: Reg,
    /// Its first byte.
    pub offset: usize,
    /// How many bytes it takes.
    pub width: u8,
    lo: i64,
}

/// The sorted slots of one class.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// Index of the class.
    pub class: usize,
    start: usize,
    size: usize,
    count: usize,
}

impl Slots {
    /// Bytes of a slot.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Number of slots.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Where a slot starts.
    pub fn offset(&self, slot: usize) -> usize {
        self.start + slot * self.size
    }

    /// The bytes of a slot.
    pub fn bytes<'r>(&self, row: &'r [u8], slot: usize) -> &'r [u8] {
        &row[self.offset(slot)..self.offset(slot) + self.size]
    }

    /// The slot that a byte belongs to.
    pub fn slot_of(&self, offset: usize) -> Option<usize> {
        let slot = offset.checked_sub(self.start)? / self.size;
        (slot < self.count).then_some(slot)
    }

    /// Puts the slots in the order of their keys.
    pub fn arrange(&self, row: &mut [u8], keys: &[u64]) {
        if keys.is_sorted() {
            return;
        }
        let before = row[self.start..self.start + self.size * self.count].to_vec();
        let mut order: Vec<usize> = (0..self.count).collect();
        order.sort_by_key(|&slot| keys[slot]);
        for (to, from) in order.into_iter().enumerate() {
            let from = &before[from * self.size..(from + 1) * self.size];
            row[self.offset(to)..self.offset(to) + self.size].copy_from_slice(from);
        }
    }
}

/// How states are written.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The variables kept.
    pub fields: Vec<Field>,
    /// The classes sorted.
    pub slots: Vec<Slots>,
    /// The objects sorted.
    pub objects: Vec<Objects>,
    /// For each sorted class the bytes of a slot that belong to no object.
    slot_own: Vec<Vec<usize>>,
    /// Bytes of a row.
    pub stride: usize,
}

impl Layout {
    /// Lays out the variables with `kept`; sorts the slots and the objects of the classes given.
    pub fn new(
        system: &TransitionSystem,
        machine: &Machine,
        kept: &[bool],
        slots: &[SlotClass],
        objects: &[ObjectClass],
    ) -> Self {
        let mut layout =
            Self { fields: Vec::new(), slots: Vec::new(), objects: Vec::new(), slot_own: Vec::new(), stride: 0 };
        let mut taken = vec![false; kept.len()];
        for (class, given) in slots.iter().enumerate() {
            layout.add_class(system, machine, kept, &mut taken, (class, given));
        }
        for index in (0..kept.len()).filter(|&index| kept[index]) {
            if !taken[index] {
                layout.add(system, machine, VarId(index as u32));
            }
        }
        for (class, given) in objects.iter().enumerate() {
            layout.objects.extend(Objects::new(class, given, &layout.fields, &layout.slots));
        }
        layout.slot_own = objects::own_bytes(&layout.slots, &layout.objects);
        layout
    }

    /// Lays out the variables of interchangeable slots; those of a class that do not look alike are left to themselves.
    fn add_class(
        &mut self,
        system: &TransitionSystem,
        machine: &Machine,
        kept: &[bool],
        taken: &mut [bool],
        (class, given): (usize, &SlotClass),
    ) {
        let range = |var: VarId| system.dag.vars()[var.index()].sort.range();
        let same = |a: VarId, b: VarId| kept[a.index()] == kept[b.index()] && range(a) == range(b) && !taken[b.index()];
        let alike = given.vars.iter().all(|slot| slot.iter().zip(&given.vars[0]).all(|(&a, &b)| same(b, a)));
        if !alike {
            return;
        }
        let start = self.stride;
        for slot in &given.vars {
            for &var in slot.iter().filter(|var| kept[var.index()]) {
                taken[var.index()] = true;
                self.add(system, machine, var);
            }
        }
        let size = (self.stride - start) / given.vars.len();
        if size > 0 {
            self.slots.push(Slots { class, start, size, count: given.vars.len() });
        }
    }

    fn add(&mut self, system: &TransitionSystem, machine: &Machine, var: VarId) {
        let range: Range = system.dag.vars()[var.index()].sort.range();
        let width = match range.size() {
            0..=0x100 => 1,
            0x101..=0x1_0000 => 2,
            0x1_0001..=0x1_0000_0000 => 4,
            _ => 8,
        };
        let (before, after) = machine.vars[var.index()];
        self.fields.push(Field { var, before, after, offset: self.stride, width, lo: range.lo });
        self.stride += usize::from(width);
    }

    /// Writes a state given by a function of its fields.
    fn pack(&self, row: &mut [u8], value: impl Fn(&Field) -> i64) {
        for field in &self.fields {
            let raw = (value(field) - field.lo) as u64;
            if field.width == 1 {
                row[field.offset] = raw as u8;
            } else {
                let width = usize::from(field.width);
                row[field.offset..field.offset + width].copy_from_slice(&raw.to_le_bytes()[..width]);
            }
        }
    }

    /// Writes the state after the step.
    pub fn pack_after(&self, registers: &Registers, row: &mut [u8]) {
        self.pack(row, |field| registers.get(field.after));
    }

    /// Writes a state given by the values of all variables.
    pub fn pack_values(&self, values: &[i64], row: &mut [u8]) {
        self.pack(row, |field| values[field.var.index()]);
    }

    /// The value of a field.
    pub fn value(&self, field: &Field, row: &[u8]) -> i64 {
        if field.width == 1 {
            return i64::from(row[field.offset]) + field.lo;
        }
        let mut raw = [0; 8];
        let width = usize::from(field.width);
        raw[..width].copy_from_slice(&row[field.offset..field.offset + width]);
        u64::from_le_bytes(raw) as i64 + field.lo
    }

    /// Reads a row into the registers before and after the step.
    pub fn unpack(&self, row: &[u8], registers: &mut Registers) {
        for field in &self.fields {
            let value = self.value(field, row);
            registers.set(field.before, value);
            registers.set(field.after, value);
        }
    }

    /// Sorts the slots of every class, and the objects.
    pub fn canonicalise(&self, row: &mut [u8]) {
        if !self.objects.is_empty() {
            return objects::canonicalise(row, &self.slots, &self.slot_own, &self.objects);
        }
        for slots in &self.slots {
            let area = &mut row[slots.start..slots.start + slots.size * slots.count];
            if slots.size == 1 {
                area.sort_unstable();
            } else {
                sort_pieces(area, slots.size);
            }
        }
    }

    /// For each sorted class of slots or objects an exchange of two neighbours in a row, which ones by `number`.
    pub fn exchanges(&self, number: usize) -> impl Iterator<Item = Exchange> + '_ {
        let of_slots = move |at: usize| -> Exchange {
            Box::new(move |layout: &Layout, row: &mut [u8]| {
                let slots = &layout.slots[at];
                let first = number % (slots.count - 1);
                let (from, to) = (slots.offset(first), slots.offset(first + 1));
                let (left, right) = row.split_at_mut(to);
                left[from..].swap_with_slice(&mut right[..slots.size]);
            })
        };
        let of_objects = move |at: usize| -> Exchange {
            Box::new(move |layout: &Layout, row: &mut [u8]| layout.objects[at].exchange(row, number))
        };
        (0..self.slots.len()).map(of_slots).chain((0..self.objects.len()).map(of_objects))
    }

    /// Whether a slot of a class equals the one before it in a canonical row.
    pub fn repeats(&self, row: &[u8], class: usize, slot: usize) -> bool {
        self.slots.iter().any(|slots| {
            slots.class == class && slot > 0 && slot < slots.count && {
                let at = slots.start + slot * slots.size;
                row[at - slots.size..at] == row[at..at + slots.size]
            }
        })
    }
}

/// Insertion sort of equal pieces: after a step at most a few are out of place.
fn sort_pieces(area: &mut [u8], size: usize) {
    let count = area.len() / size;
    for index in 1..count {
        let mut at = index;
        while at > 0 && area[(at - 1) * size..at * size] > area[at * size..(at + 1) * size] {
            let (left, right) = area.split_at_mut(at * size);
            left[(at - 1) * size..].swap_with_slice(&mut right[..size]);
            at -= 1;
        }
    }
}
