//! Mappings while they are read, with what merge keys add.

use crate::manifest::places::{Below, Places, Region};
use crate::manifest::value::{Mapping, Value};
use indexmap::IndexMap;
use std::sync::Arc;

/// A mapping while it is read.
#[derive(Default)]
pub(super) struct Entries {
    /// The values.
    pub(super) map: Mapping,
    /// Where they are written.
    pub(super) places: IndexMap<String, Arc<Places>>,
    /// What merge keys add, in order.
    pub(super) merged: Vec<(Value, Arc<Places>, Region)>,
}

impl Entries {
    /// The merge key `<<`: keys that are there already win.
    pub(super) fn merge(&mut self, value: Value, places: &Places) -> Result<(), String> {
        match (value, &places.below) {
            (Value::Map(other), Below::Map(places)) => {
                for (key, value) in other {
                    if let (false, Some(place)) = (self.map.contains_key(&key), places.get(&key)) {
                        self.places.insert(key.clone(), Arc::clone(place));
                        self.map.insert(key, value);
                    }
                }
                Ok(())
            }
            (Value::List(list), Below::List(places)) => {
                list.into_iter().zip(places).try_for_each(|(one, places)| self.merge(one, places))
            }
            (other, _) => Err(format!("the merge key `<<` needs a mapping, not {}", other.describe())),
        }
    }
}
