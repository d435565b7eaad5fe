//! How a Deployment replaces its pods when its template changes (`spec.strategy`, section 2).

/// A number of pods, or a share of `spec.replicas`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// So many pods; at least 0.
    Pods(i64),
    /// So many percent; at least 0.
    Percent(i64),
}

impl Amount {
    /// So many of `total`, a share rounded up.
    pub fn rounded_up(self, total: i64) -> i64 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => (percent * total + 99) / 100,
        }
    }

    /// Whether it is above 0, of whatever.
    pub fn is_positive(self) -> bool {
        !matches!(self, Self::Pods(0) | Self::Percent(0))
    }
}

/// `spec.strategy`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// New pods come while old ones go.
    RollingUpdate {
        /// How many pods may exist beyond `spec.replicas`.
        max_surge: Amount,
        /// How many of `spec.replicas` may be unavailable.
        max_unavailable: Amount,
    },
    /// All old pods go before the first new one comes.
    Recreate,
}

impl Default for Strategy {
    fn default() -> Self {
        Self::RollingUpdate { max_surge: Amount::Percent(25), max_unavailable: Amount::Percent(25) }
    }
}

impl Strategy {
    /// Surge and unavailable pods for so many replicas (section 2.3, `ResolveFenceposts`): surge is rounded up,
    /// unavailable down; if both are 0, one pod may be unavailable.
    fn fenceposts(self, replicas: i64) -> (i64, i64) {
        let Self::RollingUpdate { max_surge, max_unavailable } = self else { return (0, 0) };
        let surge = max_surge.rounded_up(replicas);
        let unavailable = match max_unavailable {
            Amount::Pods(pods) => pods,
            Amount::Percent(percent) => percent * replicas / 100,
        };
        (surge, if surge == 0 && unavailable == 0 { 1 } else { unavailable })
    }

    /// How many pods may exist beyond so many replicas (`MaxSurge`); 0 for `Recreate`.
    pub fn surge(self, replicas: i64) -> i64 {
        self.fenceposts(replicas).0
    }

    /// How many of so many replicas may be unavailable (`MaxUnavailable`): never more than there are; 0 for `Recreate`.
    pub fn unavailable(self, replicas: i64) -> i64 {
        self.fenceposts(replicas).1.min(replicas)
    }
}

/// What a Deployment says about the replacement of its pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rollout {
    /// `spec.strategy`.
    pub strategy: Strategy,
    /// `spec.paused`: ReplicaSets are scaled, but not replaced.
    pub is_paused: bool,
    /// `spec.minReadySeconds`: how long a pod must be ready to count as available.
    pub min_ready_seconds: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fenceposts(max_surge: Amount, max_unavailable: Amount, replicas: i64) -> (i64, i64) {
        let strategy = Strategy::RollingUpdate { max_surge, max_unavailable };
        (strategy.surge(replicas), strategy.unavailable(replicas))
    }

    #[test]
    fn surge_is_rounded_up_and_unavailable_down() {
        let quarter = Amount::Percent(25);
        let found = [1, 3, 4, 10].map(|replicas| fenceposts(quarter, quarter, replicas));
        assert_eq!(found, [(1, 0), (1, 0), (1, 1), (3, 2)]);
    }

    #[test]
    fn two_zeroes_let_one_pod_be_unavailable() {
        assert_eq!(fenceposts(Amount::Percent(0), Amount::Percent(0), 5), (0, 1));
        assert_eq!(fenceposts(Amount::Pods(0), Amount::Percent(10), 5), (0, 1), "10 % of 5 is rounded down to 0");
        assert_eq!(fenceposts(Amount::Percent(0), Amount::Percent(0), 0), (0, 0), "never more than there are");
    }

    #[test]
    fn unavailable_is_capped_and_recreate_knows_neither() {
        assert_eq!(fenceposts(Amount::Pods(2), Amount::Pods(7), 3), (2, 3));
        assert_eq!((Strategy::Recreate.surge(9), Strategy::Recreate.unavailable(9)), (0, 0));
    }
}
