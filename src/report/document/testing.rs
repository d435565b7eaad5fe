//! Answers for tests.

use super::{Document, IntentDocument, StatisticsDocument};
use crate::manifest::Loaded;
use crate::search::scope::Scope;
use crate::search::{Findings, Systems};
use crate::testing::tiny;

/// An answer about nothing in particular.
pub fn answer(intent: &str, verdict: &'static str) -> IntentDocument {
    IntentDocument {
        intent: intent.into(),
        rule: "noOscillation",
        target: None,
        verdict,
        before: None,
        decided: verdict != "unknown",
        excepted: None,
        expected: None,
        message: String::new(),
        unmodelled: 0,
        depth: None,
        origins: Vec::new(),
        acted: Vec::new(),
        did_not_act: Vec::new(),
        violation: None,
        ends_like: None,
        repairs_follow: false,
        repairs: None,
        timing: "paced",
        beside: Vec::new(),
        unpaced: None,
        undrained: false,
        same_as: None,
        rechecks: Vec::new(),
        proof: Vec::new(),
        engine: String::new(),
        reductions: Vec::new(),
        statistics: StatisticsDocument {
            states: 0,
            transitions: 0,
            clauses: 0,
            variables: 0,
            depth: 0,
            rules_fired: 0,
        },
        seconds: 0.0,
        piece: None,
    }
}

/// A report of these answers.
pub fn report(results: Vec<IntentDocument>) -> Document {
    let (results_found, scope) = (Vec::new(), Scope::default());
    let systems = Systems::of(tiny().0, None);
    let findings =
        Findings { systems, others: Vec::new(), scope, results: results_found, interrupted: false, seconds: 0.0 };
    Document::of(&Loaded::default(), &findings, 0, "solver".into(), results)
}
