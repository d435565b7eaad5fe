//! A helper of unit tests: runs of the tiny system.

use super::{Ending, Step, Trace};

/// A run of [`tiny`](crate::testing::tiny) with this many steps.
pub fn tiny_run(steps: i64, ending: Ending) -> Trace {
    let step = |count| Step { rule: "default-scheduler/bind/web/spot-0".into(), picks: Vec::new(), state: vec![count] };
    Trace { initial: vec![0], steps: (1..=steps).map(step).collect(), ending }
}
