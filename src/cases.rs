//! The built-in cases: known failures, each broken and fixed, that are compiled in by `build.rs`.

use crate::manifest::{self, About, ExpectedVerdict, InputError, Symptom};
use std::sync::LazyLock;

/// A case that is compiled in.
pub struct Case {
    /// Name of its folder.
    pub name: &'static str,
    /// Text of its `case.yaml`.
    pub text: &'static str,
    /// Its variants.
    pub variants: &'static [Variant],
}

/// A variant of a case.
pub struct Variant {
    /// Name of its folder: `broken` or `fixed`.
    pub name: &'static str,
    /// Name and text of each file.
    pub files: &'static [(&'static str, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// What `case.yaml` says of each case, in their order.
static TOLD: LazyLock<Vec<About>> = LazyLock::new(|| {
    // A test reads them all, and they cannot change afterwards.
    let read = |case: &Case| About::read(case.text).unwrap_or_else(|error| unreachable!("{}: {error}", case.name));
    CASES.iter().map(read).collect()
});

/// The kinds of intents that the broken variant of each case violates, in their order.
static VIOLATED: LazyLock<Vec<Vec<&'static str>>> =
    LazyLock::new(|| CASES.iter().map(|case| violated(case).unwrap_or_default()).collect());

impl Variant {
    /// Names and texts of its files, as the reader takes them.
    pub fn texts(&self) -> Vec<(String, String)> {
        self.files.iter().map(|&(file, text)| (file.to_owned(), text.to_owned())).collect()
    }
}

impl Case {
    /// A variant, by its name.
    pub fn variant(&self, name: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// What `case.yaml` says.
    pub fn about(&self) -> &'static About {
        &TOLD[self.place()]
    }

    /// The kinds of intents that its broken variant violates.
    pub fn violates(&self) -> &'static [&'static str] {
        &VIOLATED[self.place()]
    }

    fn place(&self) -> usize {
        CASES.iter().position(|case| case.name == self.name).expect("nobody else makes cases")
    }
}

/// The kinds of the intents that the broken variant expects to be violated.
fn violated(case: &Case) -> Result<Vec<&'static str>, InputError> {
    let files = case.variant("broken").map(Variant::texts).unwrap_or_default();
    let loaded = manifest::load_embedded(case.name, &files)?;
    let is_violated = |id: &String| loaded.expect.get(id) == Some(&ExpectedVerdict::Violated);
    let mut kinds: Vec<&str> =
        loaded.cluster.intents.iter().filter(|one| is_violated(&one.id)).map(|one| one.kind.name()).collect();
    kinds.dedup();
    Ok(kinds)
}

/// All cases, by name.
pub fn all() -> &'static [Case] {
    CASES
}

/// The case of a name.
pub fn find(name: &str) -> Option<&'static Case> {
    all().iter().find(|case| case.name == name)
}

/// Cases under what is seen of them; symptoms without any are left out.
pub fn by_symptom(cases: &[&'static Case]) -> Vec<(Symptom, Vec<&'static Case>)> {
    let of = |symptom: Symptom| cases.iter().copied().filter(|case| case.about().symptom == symptom).collect();
    let groups = Symptom::ALL.iter().map(|&symptom| (symptom, of(symptom)));
    groups.filter(|(_, cases): &(_, Vec<_>)| !cases.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubound_encodings::intents;

    #[test]
    fn every_case_is_read_and_has_both_variants_with_a_scenario() {
        assert!(!all().is_empty());
        for case in all() {
            About::read(case.text).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            let names: Vec<&str> = case.variants.iter().map(|variant| variant.name).collect();
            assert_eq!(names, ["broken", "fixed"], "{}", case.name);
            for variant in case.variants {
                assert!(variant.files.iter().any(|(file, _)| *file == "scenario.yaml"), "{}", case.name);
            }
        }
    }

    #[test]
    fn every_case_violates_an_intent_and_every_symptom_has_a_case() {
        for case in all() {
            assert!(violated(case).is_ok(), "{}", case.name);
            assert!(!case.violates().is_empty(), "{}", case.name);
            let is_known = |kind: &&str| intents::REGISTRY.iter().any(|intent| intent.names().contains(kind));
            assert!(case.violates().iter().all(is_known), "{}", case.name);
        }
        let cases: Vec<&Case> = all().iter().collect();
        let groups = by_symptom(&cases);
        assert_eq!(groups.iter().map(|(symptom, _)| *symptom).collect::<Vec<_>>(), Symptom::ALL);
        assert_eq!(groups.iter().map(|(_, cases)| cases.len()).sum::<usize>(), all().len());
    }
}
