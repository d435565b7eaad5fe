//! Objects, events and intents of kinds that this crate does not know: whoever adds a kind (see [`crate::kinds`]) brings
//! the data with it.

use std::any::Any;
use std::fmt;
use std::panic::RefUnwindSafe;
use std::sync::Arc;

/// Data of a kind of which only its own room knows the type.
#[derive(Clone)]
pub struct Other {
    kind: &'static str,
    data: Arc<dyn Data>,
}

/// What data of a kind can do.
trait Data: Any + fmt::Debug + Send + Sync + RefUnwindSafe {
    fn equals(&self, other: &dyn Any) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<T: Any + fmt::Debug + PartialEq + Send + Sync + RefUnwindSafe> Data for T {
    fn equals(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Other {
    /// Data of a kind.
    pub fn new<T: Any + fmt::Debug + PartialEq + Send + Sync + RefUnwindSafe>(kind: &'static str, data: T) -> Self {
        Self { kind, data: Arc::new(data) }
    }

    /// The name of the kind.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The data, if it is of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        (*self.data).as_any().downcast_ref()
    }
}

impl PartialEq for Other {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.data.equals((*other.data).as_any())
    }
}

impl fmt::Debug for Other {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.data.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_comes_back_as_what_it_is_and_is_compared_by_value() {
        let (one, same, more) = (Other::new("Nap", 1_u8), Other::new("Nap", 1_u8), Other::new("Nap", 2_u8));
        assert_eq!((one.get::<u8>(), one.get::<u16>()), (Some(&1), None));
        assert_eq!(one, same);
        assert_ne!(one, more);
        assert_ne!(one, Other::new("Nap", 1_u16));
        assert_ne!(one, Other::new("Rest", 1_u8));
    }
}
