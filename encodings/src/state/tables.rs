//! Side tables: what a controller or an event remembers beside the pods, kept by the type of what it remembers.
//!
//! The type belongs to the module of its owner; the model holds the tables and does not know what is in them.

use super::Model;
use rustc_hash::FxHashMap;
use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;

/// A table for each type, with one entry for each number: of a workload, a group or an event.
#[derive(Default)]
pub(super) struct Tables(FxHashMap<TypeId, Box<dyn Any>>);

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} tables", self.0.len())
    }
}

/// The table of a type.
type Table<T> = BTreeMap<usize, T>;

impl Model<'_> {
    /// What is remembered of this type about the workload, group or event of a number.
    pub fn side<T: 'static>(&self, number: usize) -> Option<&T> {
        self.tables.0.get(&TypeId::of::<T>())?.downcast_ref::<Table<T>>()?.get(&number)
    }

    /// The same, to be changed.
    pub fn side_mut<T: 'static>(&mut self, number: usize) -> Option<&mut T> {
        self.tables.0.get_mut(&TypeId::of::<T>())?.downcast_mut::<Table<T>>()?.get_mut(&number)
    }

    /// Remembers something, in place of what was remembered before.
    pub fn remember<T: 'static>(&mut self, number: usize, what: T) {
        let table = self.tables.0.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(Table::<T>::new()));
        if let Some(table) = table.downcast_mut::<Table<T>>() {
            table.insert(number, what);
        }
    }

    /// Everything of a type that is remembered, in the order of numbers.
    pub fn sides<T: 'static>(&self) -> impl Iterator<Item = (usize, &T)> {
        let table = self.tables.0.get(&TypeId::of::<T>()).and_then(|table| table.downcast_ref::<Table<T>>());
        table.into_iter().flatten().map(|(&number, what)| (number, what))
    }
}
