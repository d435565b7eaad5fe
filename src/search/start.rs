//! Whether there is any run to speak of: about a cluster without an initial state every intent would hold.

use super::Fault;
use crate::engines::symbolic::Symbolic;
use crate::engines::{Answer, Cancel, Engine, Limits};
use kubound_encodings::system::{Claim, Property, TransitionSystem};
use kubound_encodings::term::{Bool, within};
use std::time::Instant;

/// Refuses a system without any initial state: a bounded search of depth 0 for a state that violates `false` finds one,
/// or shows that there is none.
pub fn require_initial_state(fine: &TransitionSystem, deadline: Instant, cancel: &Cancel) -> Result<(), Fault> {
    if fine.constraints.is_empty() {
        return Ok(());
    }
    let (never, dag) = within(fine.dag.clone(), || Bool::from(false));
    let property = Property {
        intent: "initial state".into(),
        object: None,
        target: None,
        headline: String::new(),
        claim: Claim::Invariant(never),
        premise: never,
        origins: Vec::new(),
    };
    let probe = TransitionSystem {
        dag,
        vars: fine.vars.clone(),
        constraints: fine.constraints.clone(),
        rules: Vec::new(),
        monitors: Vec::new(),
        fairness: Vec::new(),
        properties: vec![property],
        symmetry: Vec::new(),
        alike: Vec::new(),
        names: fine.names.clone(),
        nodes: fine.nodes,
        pods: fine.pods,
    };
    let limits = Limits { depth: Some(0), deadline: Some(deadline), ..Limits::default() };
    let outcome = Symbolic::default()
        .decide(&probe, 0, &limits, cancel)
        .map_err(|source| Fault::Engine { intent: "initial state".into(), source })?;
    if !matches!(outcome.answer, Answer::NoViolationUpTo { .. }) {
        return Ok(());
    }
    let texts: Vec<String> = fine.constraints.iter().map(|constraint| format!("`{}`", constraint.text)).collect();
    Err(Fault::NothingToCheck { constraints: texts.join(" and ") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tiny;
    use kubound_encodings::system::Constraint;
    use std::time::Duration;

    #[test]
    fn a_cluster_needs_an_initial_state() {
        let (mut fine, _) = tiny();
        let judge = |fine: TransitionSystem| {
            require_initial_state(&fine, Instant::now() + Duration::from_secs(60), &Cancel::default())
        };
        assert!(judge(fine.clone()).is_ok());
        for (holds, satisfiable) in [(true, true), (false, false)] {
            let (holds, dag) = within(std::mem::take(&mut fine.dag), || Bool::from(holds));
            fine.dag = dag;
            fine.constraints = vec![Constraint { text: "nodes > 9".into(), holds, is_assumption: true }];
            assert_eq!(judge(fine.clone()).is_ok(), satisfiable);
        }
    }
}
