//! Answers for tests.

use super::{IntentDocument, StatisticsDocument};

/// An answer about nothing in particular.
pub fn answer(intent: &str, verdict: &'static str) -> IntentDocument {
    IntentDocument {
        intent: intent.into(),
        rule: "noOscillation",
        target: None,
        verdict,
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
