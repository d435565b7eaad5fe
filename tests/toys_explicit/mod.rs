//! Small systems with known verdicts.

use kubound_encodings::subject::{Names, Part, SlotId, Subject};
use kubound_encodings::system::*;
use kubound_encodings::term::*;

/// A system under construction.
#[derive(Default)]
pub struct Toy {
    vars: Vec<StateVar>,
    rules: Vec<Rule>,
    monitors: Vec<Monitor>,
    fairness: Vec<FairnessUnit>,
    symmetry: Vec<SymmetryClass>,
    constraints: Vec<Constraint>,
    nodes: Option<Int>,
    claim: Option<Claim>,
}

impl Toy {
    pub fn int(
        &mut self,
        subject: impl Into<Subject>,
        role: Role,
        lo: i64,
        hi: i64,
        initial: Option<i64>,
    ) -> (VarId, Int) {
        let (var, term) = int_var(subject, lo, hi);
        let initial = initial.map_or(Initial::Free, |value| Initial::Term(Int::from(value).id()));
        self.vars.push(StateVar { role, initial });
        (var, term)
    }

    pub fn unit(&mut self, subject: impl Into<Subject>) -> Option<usize> {
        let subject = subject.into();
        self.fairness.push(FairnessUnit { name: Names::default().unit(&subject), subject, prompt: false });
        Some(self.fairness.len() - 1)
    }

    pub fn rule(&mut self, name: &str, fairness: Option<usize>, enabled: Bool, updates: &[(VarId, Int)]) -> &mut Rule {
        self.rules.push(Rule {
            name: name.into(),
            actor: "toy".into(),
            subject: name.into(),
            reason: "Toy",
            pace: Pace::Fast,
            enabled,
            waits: None,
            choices: vec![],
            constraint: Bool::from(true),
            writes: Vec::new(),
            updates: updates.iter().map(|&(var, term)| (var, term.id())).collect(),
            fairness,
            fault: None,
            over_approximates: None,
            settings: Vec::new(),
            expansion: vec![],
            sentence: vec![],
            details: vec![],
            origins: vec![],
        });
        self.rules.last_mut().unwrap()
    }

    pub fn monitor(&mut self, var: VarId, next: Int) {
        self.monitors.push(Monitor { var, next: next.id() });
    }

    pub fn class(&mut self, slots: usize, active: Int) {
        self.symmetry.push(SymmetryClass { slots: (0..slots).map(SlotId::from).collect(), active: active.id() });
    }

    pub fn assume(&mut self, holds: Bool) {
        self.constraints.push(Constraint { text: "assumed".into(), holds, is_assumption: true });
    }

    pub fn nodes(&mut self, nodes: Int) {
        self.nodes = Some(nodes);
    }

    pub fn invariant(&mut self, holds: Bool) {
        self.claim = Some(Claim::Invariant(holds));
    }

    pub fn no_loop(&mut self, within: Bool, keep: Bool, progress: Bool, stay: Bool) {
        self.claim = Some(Claim::NoFairLoop { within, keep, progress, stay });
    }
}

/// Builds a toy.
pub fn toy(build: impl FnOnce(&mut Toy)) -> TransitionSystem {
    let mut toy = Toy::default();
    let ((nodes, pods, premise), dag) = within(Dag::default(), || {
        build(&mut toy);
        (toy.nodes.unwrap_or(Int::from(1)).id(), Int::from(0).id(), Bool::from(true))
    });
    let property = Property {
        intent: "toy".into(),
        object: None,
        target: None,
        headline: "the toy is broken".into(),
        claim: toy.claim.expect("a claim"),
        premise,
        origins: vec![],
    };
    let system = TransitionSystem {
        dag,
        vars: toy.vars,
        constraints: toy.constraints,
        rules: toy.rules,
        monitors: toy.monitors,
        fairness: toy.fairness,
        properties: vec![property],
        symmetry: toy.symmetry,
        alike: Vec::new(),
        names: Names::default(),
        nodes,
        pods,
    };
    system.check().expect("well-formed");
    system
}

/// Counts to `top`; the invariant is that it stays below `bad`.
pub fn counter(top: i64, bad: i64) -> TransitionSystem {
    toy(|toy| {
        let (var, x) = toy.int("x", Role::Cluster, 0, top, Some(0));
        let unit = toy.unit("counter");
        toy.rule("up", unit, x.below(top), &[(var, x + 1)]);
        toy.invariant(x.below(bad));
    })
}

/// A token goes round `size` places.
pub fn ring(size: i64) -> TransitionSystem {
    toy(|toy| {
        let (var, at) = toy.int("at", Role::Cluster, 0, size - 1, None);
        toy.assume(at.above(0));
        for place in 0..size {
            let unit = toy.unit(format!("place {place}"));
            toy.rule(&format!("pass/{place}"), unit, at.is(place), &[(var, ((place + 1) % size).into())]);
        }
        toy.no_loop(true.into(), true.into(), true.into(), true.into());
    })
}

/// Pods on three nodes, `take` of them removed at once by a split; bad: a node with more than `kept` when drained.
pub fn drain(pods: i64, take: i64, symmetric: bool) -> TransitionSystem {
    toy(|toy| {
        let (_, nodes) = toy.int("nodes", Role::Frozen, 1, 3, None);
        let slots: Vec<(VarId, Int)> =
            (0..3).map(|n| toy.int(Subject::new("on").on(n), Role::Cluster, 0, pods, Some(0))).collect();
        let (left, waiting) = toy.int("waiting", Role::Cluster, 0, pods, Some(pods));
        let (done, drained) = toy.int("drained", Role::Cluster, 0, 1, Some(0));
        let unit = toy.unit("scheduler");
        for (n, &(var, on)) in slots.iter().enumerate() {
            let guard = waiting.above(0) & nodes.above(n as i64) & drained.is(0);
            toy.rule(&format!("bind/{n}"), unit, guard, &[(var, on + 1), (left, waiting - 1)]).subject =
                Subject::new("bind").on(n);
        }
        let unit = toy.unit("drain");
        let parts: Vec<(ChoiceId, Int)> = (0..3).map(|n| int_choice(Subject::new("part").on(n), 0, pods)).collect();
        let updates: Vec<(VarId, Int)> = slots
            .iter()
            .zip(&parts)
            .map(|(&(var, on), &(_, part))| (var, (on - part).max(0)))
            .chain([(done, 1.into())])
            .collect();
        let rule = toy.rule("drain", unit, waiting.is(0) & drained.is(0), &updates);
        rule.choices = vec![Choice::Split {
            parts: parts.iter().map(|&(part, _)| part).collect(),
            low: vec![Int::from(0).id(); 3],
            high: slots.iter().map(|&(_, on)| on.id()).collect(),
            total: Int::from(take).id(),
        }];
        toy.nodes(nodes);
        if symmetric {
            toy.class(slots.len(), nodes);
        }
        let empty = count(slots.iter().map(|&(_, on)| on.is(0)));
        toy.invariant(!(drained.is(1) & empty.is(1) & nodes.is(3)));
    })
}

/// A loop between 0 and 1 that another unit ends if it must act (`fair`).
pub fn lasso(fair: bool) -> TransitionSystem {
    toy(|toy| {
        let (var, x) = toy.int("x", Role::Cluster, 0, 2, Some(0));
        let spin = toy.unit("spin");
        toy.rule("there", spin, x.is(0), &[(var, 1.into())]);
        toy.rule("back", spin, x.is(1), &[(var, 0.into())]);
        let exit = toy.unit("exit").filter(|_| fair);
        toy.rule("exit", exit, x.below(2), &[(var, 2.into())]);
        toy.no_loop(true.into(), true.into(), true.into(), false.into());
    })
}

/// Comes to rest at `top`; staying there is bad if `bad`. An event may reset it once.
pub fn rest(top: i64, bad: bool) -> TransitionSystem {
    toy(|toy| {
        let (var, x) = toy.int("x", Role::Cluster, 0, top, Some(0));
        let (budget, left) = toy.int("left", Role::Budget, 0, 1, Some(1));
        let unit = toy.unit("counter");
        toy.rule("up", unit, x.below(top), &[(var, x + 1)]);
        toy.rule("reset", None, x.is(top) & left.is(1), &[(var, 0.into()), (budget, 0.into())]).pace = Pace::Event;
        toy.no_loop(true.into(), true.into(), true.into(), if bad { x.is(top) } else { false.into() });
    })
}

/// An event starts work that goes round forever, or breaks. The event waits while there is work.
pub fn begun() -> TransitionSystem {
    toy(|toy| {
        let (var, x) = toy.int("x", Role::Cluster, 0, 3, Some(0));
        let begin = toy.rule("begin", None, x.is(0), &[(var, 1.into())]);
        (begin.pace, begin.waits) = (Pace::Event, Some(true.into()));
        let unit = toy.unit("work");
        toy.rule("there", unit, x.is(1), &[(var, 3.into())]);
        toy.rule("back", unit, x.is(3), &[(var, 1.into())]);
        toy.rule("break", None, x.is(1), &[(var, 2.into())]);
        toy.invariant(x.below(2) | x.is(3));
    })
}

/// Goes up and down once; a monitor remembers that it ever fell, another counts changes and matters to nobody.
pub fn monitored() -> TransitionSystem {
    toy(|toy| {
        let (var, x) = toy.int("x", Role::Cluster, 0, 3, Some(0));
        let (phase, down) = toy.int("down", Role::Cluster, 0, 1, Some(0));
        let (fell_var, fell) = toy.int("fell", Role::Monitor, 0, 1, Some(0));
        let (count_var, changes) = toy.int("changes", Role::Monitor, 0, 9, Some(0));
        let unit = toy.unit("x");
        toy.rule("up", unit, down.is(0) & x.below(3), &[(var, x + 1)]);
        toy.rule("turn", unit, down.is(0) & x.is(3), &[(phase, 1.into())]);
        toy.rule("down", unit, down.is(1) & x.above(0), &[(var, x - 1)]);
        toy.monitor(fell_var, ite(primed::<Int>(var).below(x), 1, fell));
        toy.monitor(count_var, (changes + 1).min(9));
        toy.invariant(fell.is(0));
    })
}

/// One of `size` equal slots holds a token that moves to the next: the canonical state is always the same, the loop
/// closes only after `size` steps.
pub fn rotating(size: i64, symmetric: bool) -> TransitionSystem {
    toy(|toy| {
        let slots: Vec<(VarId, Int)> = (0..size as usize)
            .map(|n| toy.int(Subject::new("held").on(n), Role::Cluster, 0, 1, Some(i64::from(n == 0))))
            .collect();
        for from in 0..size as usize {
            let unit = toy.unit(Subject::new("slot").on(from));
            for to in (0..size as usize).filter(|&to| to != from) {
                let updates = [(slots[from].0, 0.into()), (slots[to].0, 1.into())];
                toy.rule(&format!("move/{from}/{to}"), unit, slots[from].1.is(1), &updates).subject =
                    Subject::new("move").with(Part::Slot(to.into())).on(from);
            }
        }
        if symmetric {
            toy.class(slots.len(), size.into());
        }
        toy.no_loop(true.into(), true.into(), true.into(), true.into());
    })
}

/// Two symmetric nodes: one spins, and the first act of the other after it ends everything; only a kubelet that never
/// acts though it could keeps the loop alive, unless kubelets are not `fair`.
pub fn kubelets(symmetric: bool, fair: bool) -> TransitionSystem {
    toy(|toy| {
        let mut slot = |name: &str, n: usize| toy.int(Subject::from(name).on(n), Role::Cluster, 0, 1, Some(0));
        let slots: Vec<[(VarId, Int); 2]> = (0..2).map(|n| [slot("phase", n), slot("acted", n)]).collect();
        let (done, finished) = toy.int("finished", Role::Cluster, 0, 1, Some(0));
        for n in 0..2 {
            let unit = toy.unit(Subject::new("kubelet").on(n)).filter(|_| fair);
            let [(phase_var, phase), (acted_var, _)] = slots[n];
            let other_acted = slots[1 - n][1].1;
            let updates =
                [(phase_var, Int::from(1) - phase), (acted_var, 1.into()), (done, ite(other_acted.is(1), 1, finished))];
            toy.rule(&format!("run/{n}"), unit, finished.is(0), &updates).subject = Subject::new("run").on(n);
        }
        if symmetric {
            toy.class(slots.len(), 2.into());
        }
        toy.no_loop(true.into(), true.into(), true.into(), false.into());
    })
}

/// Workers that count to `top`, each by itself; one more turns a switch on and off forever, if wanted. Bad: the first
/// worker comes to `bad`. With `hurry`, the second worker starts only once the first has counted that far.
pub fn workers(count: i64, top: i64, bad: i64, switch: bool, hurry: Option<i64>) -> TransitionSystem {
    toy(|toy| {
        let vars: Vec<(VarId, Int)> =
            (0..count).map(|n| toy.int(format!("count[{n}]"), Role::Cluster, 0, top, Some(0))).collect();
        if switch {
            let (var, on) = toy.int("on", Role::Cluster, 0, 1, Some(0));
            toy.rule("switch", None, Bool::from(true), &[(var, Int::from(1) - on)]);
        }
        for (n, &(var, counted)) in vars.iter().enumerate().rev() {
            let started = match hurry {
                Some(far) if n == 1 => vars[0].1.at_least(far),
                _ => true.into(),
            };
            toy.rule(&format!("work/{n}"), None, counted.below(top) & started, &[(var, counted + 1)]);
        }
        toy.invariant(vars[0].1.below(bad));
    })
}
