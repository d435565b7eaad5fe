//! What becomes of each field of the objects that are read. Each kind has its table beside its reader; readers note with it
//! what they leave out, and `explain` and the page of all fields are made from the same tables.

/// A type of an API, and what becomes of its fields.
#[derive(Debug)]
pub struct Table {
    /// The type, as upstream calls it.
    pub schema: &'static str,
    /// What tells it from another table of the same type, or nothing.
    pub place: &'static str,
    /// All fields of the type.
    pub fields: &'static [Field],
}

/// A field of a type.
#[derive(Debug)]
pub struct Field {
    /// Its key.
    pub key: &'static str,
    /// What becomes of it.
    pub judgement: Judgement,
    /// What it holds, if that has fields of its own that are judged one by one.
    pub holds: Option<&'static Table>,
}

/// What becomes of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// It is read.
    Modelled,
    /// Whether it matters depends on its value.
    Depends {
        /// Which values matter, and why.
        on: &'static str,
    },
    /// It cannot change a verdict.
    Harmless {
        /// Why.
        why: &'static str,
        /// Upstream code that shows it: a file of `k8s.io/kubernetes`, or `MODULE: FILE`.
        shown_by: &'static str,
    },
    /// It could change a verdict.
    Risky {
        /// What could happen.
        why: &'static str,
    },
}

impl Table {
    /// The field of a key.
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// What it is called in the documentation.
    pub fn title(&self) -> String {
        let name = self.schema.rsplit('.').next().unwrap_or(self.schema);
        if self.place.is_empty() { name.to_owned() } else { format!("{name} {}", self.place) }
    }
}

/// The table of a type.
pub(super) const fn table(schema: &'static str, fields: &'static [Field]) -> Table {
    Table { schema, place: "", fields }
}

/// The table of a type in some place, where its fields mean other things than elsewhere.
pub(super) const fn table_in(schema: &'static str, place: &'static str, fields: &'static [Field]) -> Table {
    Table { schema, place, fields }
}

/// A field that is read.
pub(super) const fn read(key: &'static str) -> Field {
    Field { key, judgement: Judgement::Modelled, holds: None }
}

/// A field that is read and has fields of its own.
pub(super) const fn within(key: &'static str, holds: &'static Table) -> Field {
    Field { key, judgement: Judgement::Modelled, holds: Some(holds) }
}

/// A field of which some values matter.
pub(super) const fn depends(key: &'static str, on: &'static str) -> Field {
    Field { key, judgement: Judgement::Depends { on }, holds: None }
}

/// A field that cannot change a verdict.
pub(super) const fn harmless(key: &'static str, why: &'static str, shown_by: &'static str) -> Field {
    Field { key, judgement: Judgement::Harmless { why, shown_by }, holds: None }
}

/// `status` of an object; the registry of its kind, which the argument names, drops it from what is created.
pub(super) const fn status(registry: &'static str) -> Field {
    harmless("status", "the state that the cluster had; the scenario says where runs start", registry)
}

/// A field that could change a verdict.
pub(super) const fn risky(key: &'static str, why: &'static str) -> Field {
    Field { key, judgement: Judgement::Risky { why }, holds: None }
}
