//! What a Deployment says about its rollouts: `strategy`, `paused`, `revisionHistoryLimit`.

use super::super::error::InputError;
use super::super::judgements::{Table, read, table, within};
use super::super::view::{Fields, View};
use crate::limits::reader::MOST_ROLLOUT;
use kubound_encodings::cluster::Strategy;
use kubound_encodings::cluster::rollout::Amount;

/// `spec.strategy` of a Deployment.
pub(super) static STRATEGY: Table =
    table("io.k8s.api.apps.v1.DeploymentStrategy", &[within("rollingUpdate", &ROLLING_UPDATE), read("type")]);

static ROLLING_UPDATE: Table =
    table("io.k8s.api.apps.v1.RollingUpdateDeployment", &[read("maxSurge"), read("maxUnavailable")]);

/// The default of `revisionHistoryLimit`.
pub(super) const HISTORY: i64 = 10;

/// Reads `spec.strategy`, with the defaults and checks of the API server (section 2.1).
pub(super) fn read_strategy(spec: &Fields) -> Result<Strategy, InputError> {
    let Some(strategy) = spec.below("strategy")? else { return Ok(Strategy::default()) };
    let is_recreate = strategy.choice("type", &[("RollingUpdate", false), ("Recreate", true)], false)?;
    let rolling = strategy.below("rollingUpdate")?;
    strategy.judge_rest(&STRATEGY);
    let quarter = Amount::Percent(25);
    match rolling {
        Some(rolling) if is_recreate => {
            Err(rolling.view.error("rollingUpdate with Recreate").expected("no rollingUpdate beside `type: Recreate`"))
        }
        None if is_recreate => Ok(Strategy::Recreate),
        None => Ok(Strategy::default()),
        Some(rolling) => {
            let max_surge =
                rolling.read("maxSurge", |view| read_amount(&view, i64::from(i32::MAX)))?.unwrap_or(quarter);
            let max_unavailable = rolling.read("maxUnavailable", |view| read_amount(&view, 100))?.unwrap_or(quarter);
            rolling.judge_rest(&ROLLING_UPDATE);
            let is_zero = |amount: Amount| matches!(amount, Amount::Pods(0) | Amount::Percent(0));
            if is_zero(max_surge) && is_zero(max_unavailable) {
                return Err(rolling
                    .view
                    .error("maxSurge and maxUnavailable are both 0")
                    .expected("at least one of them above 0")
                    .help("the API server refuses such a Deployment"));
            }
            Ok(Strategy::RollingUpdate { max_surge, max_unavailable })
        }
    }
}

/// A number of pods, or a percentage up to a limit.
pub(super) fn read_amount(view: &View, most_percent: i64) -> Result<Amount, InputError> {
    // Beyond these numbers arithmetic would only cost memory; no cluster has so many pods.
    let Some(text) = view.value.as_text() else { return Ok(Amount::Pods(view.integer(0..=MOST_ROLLOUT)?)) };
    let digits = text.strip_suffix('%').filter(|number| number.bytes().all(|one| one.is_ascii_digit()));
    let number = digits.and_then(|number| number.parse().ok());
    match number.filter(|number| (0..=most_percent.min(MOST_ROLLOUT)).contains(number)) {
        Some(percent) => Ok(Amount::Percent(percent)),
        None => Err(view.error(format!("found {}", view.value.describe())).expected("a number of pods, or 25%")),
    }
}

/// Reads `spec.minReadySeconds`.
pub(super) fn read_min_ready_seconds(spec: &Fields) -> Result<i64, InputError> {
    Ok(spec.read("minReadySeconds", |view| view.integer(0..=i64::from(i32::MAX)))?.unwrap_or(0))
}

/// Reads `spec.paused`.
pub(super) fn read_paused(spec: &Fields) -> Result<bool, InputError> {
    Ok(spec.read("paused", |view| view.boolean())?.unwrap_or(false))
}

/// Reads `spec.revisionHistoryLimit`.
pub(super) fn read_history(spec: &Fields) -> Result<i64, InputError> {
    Ok(spec.read("revisionHistoryLimit", |view| view.integer(0..=i64::from(i32::MAX)))?.unwrap_or(HISTORY))
}
