//! Jobs and CronJobs.

use super::super::catalogue::{Does, Entry, Room};

const DISRUPTED: &str = "an evicted pod counts as a failure of the Job";
const POLICY: &str =
    "\n  rules:\n  - action: Ignore\n    onPodConditions:\n    - type: DisruptionTarget\n      status: \"True\"";

pub(super) const ROOM: Room = Room {
    kinds: &["Job"],
    telling: &["converges", "eventually", "always", "boundedPods"],
    entries: &[
        Entry {
            path: "spec.activeDeadlineSeconds",
            does: Does::Number(1, 1_000_000),
            why: "after so many seconds the Job fails, done or not",
        },
        Entry { path: "spec", does: Does::Add("podFailurePolicy", &[POLICY]), why: DISRUPTED },
        Entry {
            path: "spec.backoffLimit",
            does: Does::Number(0, 1000),
            why: "after so many failures the Job is given up",
        },
    ],
};

pub(super) const CRON_ROOM: Room = Room {
    kinds: &["CronJob"],
    telling: &["converges", "boundedPods", "eventually", "always"],
    entries: &[
        Entry {
            path: "spec.concurrencyPolicy",
            does: Does::Words(&["Forbid", "Allow", "Replace"]),
            why: "what becomes of a Job that runs when the next is due",
        },
        Entry {
            path: "spec",
            does: Does::Add("concurrencyPolicy", &["Forbid"]),
            why: "what becomes of a Job that runs when the next is due",
        },
        Entry {
            path: "spec.jobTemplate.spec.activeDeadlineSeconds",
            does: Does::Number(1, 1_000_000),
            why: "after so many seconds a Job fails, done or not",
        },
        Entry { path: "spec.jobTemplate.spec", does: Does::Add("podFailurePolicy", &[POLICY]), why: DISRUPTED },
    ],
};
