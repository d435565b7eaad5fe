//! Which of the rules that can fire does: policies of different kinds, since each finds what others miss.
//!
//! A policy that decides by the state alone comes back to a state soon, if it ever does, and closes a loop there. What such
//! a loop owes a turn is *urgent* from then on, so that the next one is fairer.

use super::walker::Walker;
use fastrand::Rng;

/// How rules other than events are chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// The first one in an order of all rules.
    Ordered,
    /// Any, the same one whenever the state is the same.
    Settled,
    /// Any.
    Random,
    /// The one that has not fired for longest.
    Patient,
}

/// When events happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Events {
    /// As soon as they can.
    Early,
    /// Like any other rule.
    Sometimes,
    /// When nothing that must happen can.
    Quiet,
    /// When nothing else can happen.
    Last,
}

const KINDS: [Kind; 4] = [Kind::Ordered, Kind::Settled, Kind::Random, Kind::Patient];
const EVENTS: [Events; 4] = [Events::Quiet, Events::Early, Events::Sometimes, Events::Last];

/// See the module.
pub struct Policy {
    seed: u64,
    kind: Kind,
    events: Events,
    random: Rng,
    /// The place of each rule in the order.
    order: Vec<u32>,
    fired: Vec<u32>,
    urgent: Vec<usize>,
    clock: u32,
    /// Whether the next step is an event, if one can happen.
    pub wants_event: bool,
    /// Which of the rules that can fire is the next one, whatever the policy.
    first: Option<usize>,
}

impl Policy {
    /// The policy of the run of a number.
    pub fn new(number: usize, rules: usize) -> Self {
        let seed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d;
        let mut random = Rng::with_seed(seed);
        let mut order: Vec<u32> = (0..rules as u32).collect();
        // The order of the rules first: it is that of the controllers.
        if number > 0 {
            random.shuffle(&mut order);
        }
        let kind = KINDS[number % KINDS.len()];
        let events = EVENTS[number / KINDS.len() % EVENTS.len()];
        let (fired, urgent) = (vec![0; rules], Vec::new());
        Self { seed, kind, events, random, order, fired, urgent, clock: 0, wants_event: false, first: None }
    }

    /// Has units act before everybody else.
    pub fn urge(&mut self, units: &[usize]) {
        self.urgent.extend_from_slice(units);
    }

    /// Has the rule of a number fire next, of those that can.
    pub fn leave_by(&mut self, number: usize) {
        self.first = Some(number);
    }

    /// The generator for the picks of the next step.
    pub fn picks(&self, walker: &Walker) -> Rng {
        match self.kind {
            Kind::Ordered | Kind::Settled => Rng::with_seed(self.seed ^ walker.key()),
            Kind::Random | Kind::Patient => Rng::with_seed(self.seed ^ u64::from(self.clock)),
        }
    }

    /// The rule that fires next; those `barred` do not.
    pub fn choose(&mut self, walker: &Walker, barred: &[u32]) -> Option<u32> {
        let chosen = self.chosen(walker, barred)?;
        self.clock += 1;
        self.fired[chosen as usize] = self.clock;
        if let Some(unit) = walker.unit(chosen) {
            self.urgent.retain(|&urgent| urgent != unit);
        }
        if walker.is_event(chosen) {
            self.wants_event = false;
        }
        Some(chosen)
    }

    fn chosen(&mut self, walker: &Walker, barred: &[u32]) -> Option<u32> {
        let open = || walker.enabled().iter().copied().filter(|rule| !barred.contains(rule));
        let is_event = |rule: &u32| walker.is_event(*rule);
        if let Some(number) = self.first.take() {
            let mut rules: Vec<u32> = open().collect();
            // Events first: they are what others wait for.
            rules.sort_unstable_by_key(|rule| (!walker.is_event(*rule), *rule));
            return rules.get(number % rules.len().max(1)).copied();
        }
        if !self.urgent.is_empty() {
            let is_urgent = |rule: &u32| walker.unit(*rule).is_some_and(|unit| self.urgent.contains(&unit));
            if let Some(rule) = open().filter(is_urgent).min() {
                return Some(rule);
            }
        }
        let first_events = match self.events {
            Events::Early => true,
            Events::Quiet => walker.is_quiet(),
            Events::Sometimes | Events::Last => false,
        };
        if first_events || self.wants_event {
            let number = open().filter(is_event).count();
            if number > 0 {
                let any = self.random.usize(0..number);
                return open().filter(is_event).nth(any);
            }
        }
        let is_mixed = self.events == Events::Sometimes;
        let best = self.best(walker, open().filter(|rule| is_mixed || !is_event(rule)));
        best.or_else(|| self.best(walker, open()))
    }

    fn best(&mut self, walker: &Walker, rules: impl Iterator<Item = u32>) -> Option<u32> {
        let at_state = self.seed ^ walker.key();
        match self.kind {
            Kind::Ordered => rules.min_by_key(|&rule| self.order[rule as usize]),
            Kind::Settled => rules.min_by_key(|&rule| scrambled(at_state, rule)),
            Kind::Random => {
                let now = self.random.u64(..);
                rules.min_by_key(|&rule| scrambled(now, rule))
            }
            Kind::Patient => rules.min_by_key(|&rule| (self.fired[rule as usize], self.order[rule as usize])),
        }
    }
}

/// A number for a rule that is as good as random.
fn scrambled(seed: u64, rule: u32) -> (u64, u32) {
    let mixed = (seed ^ u64::from(rule).wrapping_mul(0xff51_afd7_ed55_8ccd)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    (mixed ^ (mixed >> 33), rule)
}
