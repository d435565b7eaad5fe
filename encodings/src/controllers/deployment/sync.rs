//! One sync of a Deployment with several revisions: scaling (section 2.4), rolling update (section 2.5) and Recreate
//! (section 2.6), as functions from what the ReplicaSets are to what they become.

use crate::cluster::Strategy;
use crate::term::{Bool, Int, all, any, count, ite, sum};

/// A ReplicaSet of the Deployment before a sync.
#[derive(Clone, Copy)]
pub(super) struct Revision {
    /// `spec.replicas`.
    pub(super) size: Int,
    /// `status.availableReplicas`.
    pub(super) available: Int,
    /// `status.replicas`.
    pub(super) existing: Int,
    /// Terminating pods.
    pub(super) terminating: Int,
    /// Place in the order of creation, from 1; 0 if it does not exist.
    pub(super) created: Int,
    /// Whether its template is that of the Deployment.
    pub(super) is_new: Bool,
    /// The annotations `desired-replicas` and `max-replicas`; without them `spec.replicas` never changes.
    pub(super) annotations: Option<(Int, Int)>,
}

impl Revision {
    fn is_active(&self) -> Bool {
        self.size.above(0)
    }

    fn is_old(&self) -> Bool {
        !self.is_new & self.is_active()
    }

    fn is_older(&self, other: &Revision) -> Bool {
        self.created.below(other.created)
    }
}

/// What a sync does to a ReplicaSet.
#[derive(Clone, Copy)]
pub(super) struct Outcome {
    /// `spec.replicas` afterwards.
    pub(super) size: Int,
    /// Whether it is created.
    pub(super) is_created: Bool,
    /// Whether its annotations are written.
    pub(super) is_annotated: Bool,
}

/// A Deployment before a sync.
pub(super) struct State {
    pub(super) replicas: Int,
    pub(super) strategy: Strategy,
    pub(super) revisions: Vec<Revision>,
}

impl State {
    fn surge(&self) -> Int {
        self.replicas.tabulate(|replicas| self.strategy.surge(replicas))
    }

    pub(super) fn unavailable(&self) -> Int {
        self.replicas.tabulate(|replicas| self.strategy.unavailable(replicas))
    }

    /// `spec.replicas` and what the surge adds: what `max-replicas` is set to.
    pub(super) fn max_replicas(&self) -> Int {
        self.replicas + self.surge()
    }

    /// Σ of a number over the revisions that satisfy a condition.
    fn sum_where(&self, which: impl Fn(&Revision) -> Bool, of: impl Fn(&Revision) -> Int) -> Int {
        sum(self.revisions.iter().map(|one| ite(which(one), of(one), 0)))
    }

    fn total(&self) -> Int {
        sum(self.revisions.iter().map(|one| one.size))
    }

    fn new_size(&self) -> Int {
        self.sum_where(|one| one.is_new, |one| one.size)
    }

    fn new_available(&self) -> Int {
        self.sum_where(|one| one.is_new, |one| one.available)
    }

    fn has_new(&self) -> Bool {
        any(self.revisions.iter().map(|one| one.is_new & one.created.above(0)))
    }

    /// Whether the sync only scales: an active ReplicaSet was last sized for other replicas (`isScalingEvent`).
    pub(super) fn is_scaling(&self) -> Bool {
        any(self.revisions.iter().filter_map(|one| {
            let (desired, _) = one.annotations?;
            Some(one.is_active() & desired.is_not(self.replicas))
        }))
    }

    fn outcomes(&self, sizes: Vec<Int>) -> Vec<Outcome> {
        let of = |(one, size): (&Revision, Int)| Outcome {
            size,
            is_created: false.into(),
            is_annotated: size.is_not(one.size),
        };
        self.revisions.iter().zip(sizes).map(of).collect()
    }

    /// The sync of a scaling event (`sync.go`, `scale`).
    pub(super) fn scale(&self) -> Vec<Outcome> {
        let active = count(self.revisions.iter().map(Revision::is_active));
        let single = self.outcomes(self.scale_only_one(active));
        let saturated = self.is_saturated();
        let emptied = |one: &Revision| ite(one.is_old(), 0, one.size);
        let emptied = self.outcomes(self.revisions.iter().map(emptied).collect());
        let several = match self.strategy {
            Strategy::RollingUpdate { .. } => self.scale_proportionally(),
            Strategy::Recreate => self.outcomes(self.revisions.iter().map(|one| one.size).collect()),
        };
        let choose = |((single, emptied), several): ((Outcome, Outcome), Outcome)| {
            let one = active.at_most(1);
            let pick = |of: fn(&Outcome) -> Int| ite(one, of(&single), ite(saturated, of(&emptied), of(&several)));
            let is_annotated = ite(
                one,
                single.is_annotated.as_int(),
                ite(saturated, emptied.is_annotated.as_int(), several.is_annotated.as_int()),
            );
            Outcome { size: pick(|one| one.size), is_created: false.into(), is_annotated: is_annotated.is(1) }
        };
        single.into_iter().zip(emptied).zip(several).map(choose).collect()
    }

    /// `FindActiveOrLatest`: at most one is active, so that one, or the new, or the newest, gets all replicas.
    fn scale_only_one(&self, active: Int) -> Vec<Int> {
        let has_new = self.has_new();
        let newest =
            |one: &Revision| one.created.above(0) & !any(self.revisions.iter().map(|other| one.is_older(other)));
        let chosen = |one: &Revision| {
            let latest = (has_new & one.is_new) | (!has_new & newest(one));
            (active.is(1) & one.is_active()) | (active.is(0) & latest)
        };
        self.revisions.iter().map(|one| ite(chosen(one), self.replicas, one.size)).collect()
    }

    /// `IsSaturated`: the new ReplicaSet alone does all that is wanted.
    fn is_saturated(&self) -> Bool {
        any(self.revisions.iter().map(|one| {
            let desired = one.annotations.map_or(self.replicas, |(desired, _)| desired);
            let wanted = [one.size, desired, one.available].map(|number| number.is(self.replicas));
            one.is_new & one.created.above(0) & all(wanted)
        }))
    }

    /// Several are active: each keeps its share of what is allowed, the largest first; what is left over goes to the
    /// first. Among equals the newer come first where replicas are added, the older where they are removed.
    fn scale_proportionally(&self) -> Vec<Outcome> {
        let allowed = ite(self.replicas.above(0), self.max_replicas(), 0);
        let to_add = allowed - self.total();
        let grows = to_add.above(0);
        let precedes = |a: &Revision, b: &Revision| {
            let newer = b.created.below(a.created);
            let tie = (grows & newer) | (!grows & a.created.below(b.created));
            a.is_active() & b.is_active() & (a.size.above(b.size) | (a.size.is(b.size) & tie))
        };
        let places: Vec<Int> =
            self.revisions.iter().map(|one| count(self.revisions.iter().map(|other| precedes(other, one)))).collect();
        let at = |place: usize, index: usize| places[index].is(place as i64) & self.revisions[index].is_active();
        // One after the other, in that order.
        let mut added = Int::from(0);
        let mut shares = Vec::new();
        for place in 0..self.revisions.len() {
            let here = |of: &dyn Fn(&Revision) -> Int| {
                let parts = self.revisions.iter().enumerate();
                sum(parts.map(|(index, one)| ite(at(place, index), of(one), 0)))
            };
            let fraction = here(&|one| self.fraction(one));
            let left = to_add - added;
            let share = ite(grows, fraction.min(left), fraction.max(left));
            let share = ite(here(&|_| 1.into()).is(0) | left.is(0), 0, share);
            added = added + share;
            shares.push(share);
        }
        let left = to_add - added;
        let of = |(index, one): (usize, &Revision)| {
            let shares = shares.iter().enumerate().map(|(place, &share)| ite(at(place, index), share, 0));
            let share = sum(shares) + ite(at(0, index), left, 0);
            let size = ite(to_add.is(0), one.size, (one.size + share).max(0));
            Outcome { size, is_created: false.into(), is_annotated: one.is_active() }
        };
        self.revisions.iter().enumerate().map(of).collect()
    }

    /// `getReplicaSetFraction`: what a ReplicaSet gains or loses to keep its share; rounded half up. An annotation of 0
    /// gives way to the pods that exist.
    fn fraction(&self, one: &Revision) -> Int {
        let Some((_, most)) = one.annotations else { return 0.into() };
        let existing = sum(self.revisions.iter().map(|one| one.existing));
        let most = ite(most.above(0), most, existing);
        let share = (one.size * self.max_replicas() * 2 + most) / (most * 2);
        ite(self.replicas.is(0), -one.size, ite(most.above(0), share - one.size, 0))
    }

    /// The sync that goes on with a rollout, or begins one (`rolling.go`, `recreate.go`).
    pub(super) fn roll(&self) -> Vec<Outcome> {
        match self.strategy {
            Strategy::RollingUpdate { .. } => self.roll_gradually(),
            Strategy::Recreate => self.recreate(),
        }
    }

    /// The new ReplicaSet grows (`reconcileNewReplicaSet`, `NewRSNewReplicas`), or else, or where it has just been
    /// created, old ones shrink (`reconcileOldReplicaSets`).
    fn roll_gradually(&self) -> Vec<Outcome> {
        let (size, total) = (self.new_size(), self.total());
        let room = self.max_replicas().monus(total);
        let grown = size + room.min(self.replicas.monus(size));
        let new_size = ite(size.above(self.replicas), self.replicas, grown);
        let creates = !self.has_new();
        let removed = self.shrink_old(new_size, total - size + new_size);
        let goes_on = creates | new_size.is(size);
        let of = |(one, removed): (&Revision, Int)| {
            let size = ite(one.is_new, new_size, ite(goes_on, one.size.monus(removed), one.size));
            let is_created = one.is_new & creates;
            Outcome { size, is_created, is_annotated: is_created | size.is_not(one.size) }
        };
        self.revisions.iter().zip(removed).map(of).collect()
    }

    /// What old ReplicaSets lose: first unavailable replicas (`cleanupUnhealthyReplicas`), then available ones as far
    /// as enough are left (`scaleDownOldReplicaSetsForRollingUpdate`), the oldest first.
    fn shrink_old(&self, new_size: Int, total: Int) -> Vec<Int> {
        let least = self.replicas - self.unavailable();
        let most_removed = total - least - (new_size - self.new_available());
        let (old, older) = (Revision::is_old, Revision::is_older);
        let may_shrink = most_removed.above(0);
        let unhealthy = |one: &Revision| one.size.monus(one.available);
        // A ReplicaSet with more available pods than it wants ends the sync as soon as its turn comes: the clean-up
        // fails, and the sync is tried again later.
        let reached =
            |one: &Revision| self.sum_where(|other| old(other) & older(other, one), unhealthy).below(most_removed);
        let fails = |one: &Revision| old(one) & one.available.above(one.size) & reached(one);
        let failed = any(self.revisions.iter().map(fails));
        let cleaned: Vec<Int> = self
            .revisions
            .iter()
            .map(|one| {
                let before = self.sum_where(|other| old(other) & older(other, one), unhealthy);
                let stopped = any(self.revisions.iter().map(|other| fails(other) & !older(one, other)));
                let cleaned = unhealthy(one).min((most_removed - before).max(0));
                ite(old(one) & may_shrink & !stopped, cleaned, 0)
            })
            .collect();
        let available = self.sum_where(|one| old(one) | one.is_new, |one| one.available);
        let surplus = ite(may_shrink & !failed, available - least, 0).max(0);
        let with_cleaned = || self.revisions.iter().zip(&cleaned);
        let left = |one: &Revision, cleaned: Int| one.size.monus(cleaned);
        with_cleaned()
            .map(|(one, &gone)| {
                let before =
                    sum(with_cleaned().map(|(other, &gone)| ite(old(other) & older(other, one), left(other, gone), 0)));
                let taken = left(one, gone).min(surplus.monus(before));
                ite(old(one), gone + taken, 0)
            })
            .collect()
    }

    /// All old ReplicaSets go to 0; then, once no old pod is left, the new one gets all replicas.
    fn recreate(&self) -> Vec<Outcome> {
        let empties = any(self.revisions.iter().map(Revision::is_old));
        let waits = self.sum_where(|one| !one.is_new, |one| one.existing + one.terminating).above(0);
        let creates = !self.has_new();
        let of = |one: &Revision| {
            let starts = one.is_new & !empties & !waits;
            let size = ite(empties & one.is_old(), 0, ite(starts, self.replicas, one.size));
            let is_created = starts & creates;
            Outcome { size, is_created, is_annotated: is_created | size.is_not(one.size) }
        };
        self.revisions.iter().map(of).collect()
    }
}
