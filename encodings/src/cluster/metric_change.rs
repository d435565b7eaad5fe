//! What becomes of a metric that is no resource.

use super::span::Span;
use super::workload::WorkloadRef;

/// The name of the event.
pub const METRIC_CHANGE: &str = "metricChange";

/// A metric becomes another value, or has none any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetricChange {
    /// The workload that is scaled by it.
    pub target: WorkloadRef,
    /// Its name.
    pub metric: String,
    /// The new value, one of these, in thousandths; `None`: the API that serves it has none.
    pub to: Option<Span>,
}
