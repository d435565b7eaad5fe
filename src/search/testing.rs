//! A helper of unit tests: an engine that answers from a script.

use crate::engines::{Answer, Cancel, Engine, EngineError, Limits, Outcome, Statistics};
use kubound_encodings::system::TransitionSystem;
use std::sync::Mutex;

/// An engine that gives the answers of a list, one a question.
pub struct Scripted {
    name: &'static str,
    answers: Mutex<Vec<Answer>>,
    asked: Mutex<Vec<Limits>>,
}

impl Scripted {
    /// With these answers.
    pub fn new(answers: Vec<Answer>) -> Self {
        Self::called("scripted", answers)
    }

    /// With a name of its own.
    pub fn called(name: &'static str, mut answers: Vec<Answer>) -> Self {
        answers.reverse();
        Self { name, answers: Mutex::new(answers), asked: Mutex::default() }
    }

    /// The limits of the questions so far.
    pub fn asked(&self) -> Vec<Limits> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

impl Engine for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }

    fn decide(&self, _: &TransitionSystem, _: usize, limits: &Limits, _: &Cancel) -> Result<Outcome, EngineError> {
        self.asked.lock().expect("not poisoned").push(*limits);
        let answer = self.answers.lock().expect("not poisoned").pop().expect("one more answer");
        Ok(Outcome { answer, statistics: Statistics::default(), fired: Vec::new(), rests: false, sampled: Vec::new() })
    }
}
