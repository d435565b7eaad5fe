//! Small systems whose verdicts and shortest violations are known by thought, for every engine to agree on.
//!
//! Each toy stresses one point of the semantics of steps, claims or fairness. All of them can be enumerated.
#![allow(dead_code)] // Every test crate uses its own part of this module.

use kubound_encodings::subject::{Names, Part, SlotId, Subject};
use kubound_encodings::system::{
    Choice, Claim, Constraint, FairnessUnit, Initial, Monitor, Pace, Property, Role, Rule, StateVar, SymmetryClass,
    TransitionSystem, is_prompt,
};
use kubound_encodings::term::{
    Bool, Dag, Int, Term, TermId, VarId, all, any, bool_var, count, int_choice, int_var, primed, sum, within,
};

/// What is known about a toy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// Its only property is violated, by a run of this many steps (the loop included) and none shorter.
    Violated(usize),
    /// Its only property holds at every depth.
    Holds,
    /// Its updates leave their ranges after this many steps.
    OutOfRange(usize),
}

/// A system with one property.
pub struct Toy {
    /// What it stresses.
    pub name: &'static str,
    /// The system.
    pub system: TransitionSystem,
    /// The verdict on property 0.
    pub expected: Expected,
}

/// A system under construction, inside [`within`].
#[derive(Default)]
struct Draft {
    vars: Vec<StateVar>,
    rules: Vec<Rule>,
    monitors: Vec<Monitor>,
    constraints: Vec<Constraint>,
    units: usize,
    symmetry: Vec<SymmetryClass>,
    nodes: Option<TermId>,
    pods: Option<TermId>,
}

impl Draft {
    fn int(&mut self, role: Role, name: impl Into<Subject>, lo: i64, hi: i64, initial: Option<i64>) -> (VarId, Int) {
        let (var, term) = int_var(name, lo, hi);
        let initial = initial.map_or(Initial::Free, |value| Initial::Term(Int::from(value).id()));
        self.vars.push(StateVar { role, initial });
        (var, term)
    }

    fn bool(&mut self, role: Role, name: impl Into<Subject>, initial: Option<bool>) -> (VarId, Bool) {
        let (var, term) = bool_var(name);
        let initial = initial.map_or(Initial::Free, |value| Initial::Term(Bool::from(value).id()));
        self.vars.push(StateVar { role, initial });
        (var, term)
    }

    fn constrain(&mut self, text: &str, holds: Bool) {
        self.constraints.push(Constraint { text: text.to_owned(), holds, is_assumption: true });
    }

    /// A rule of its own fairness unit; returns it for changes.
    fn rule(&mut self, name: &str, enabled: Bool, updates: Vec<(VarId, TermId)>) -> &mut Rule {
        self.units += 1;
        self.rules.push(Rule {
            name: name.to_owned(),
            actor: "toy".to_owned(),
            subject: name.into(),
            reason: "Played",
            pace: Pace::Fast,
            enabled,
            waits: None,
            choices: Vec::new(),
            constraint: Bool::from(true),
            writes: Vec::new(),
            updates,
            fairness: Some(self.units - 1),
            fault: None,
            over_approximates: None,
            settings: Vec::new(),
            expansion: Vec::new(),
            sentence: Vec::new(),
            details: Vec::new(),
            origins: Vec::new(),
        });
        self.rules.last_mut().expect("just pushed")
    }
}

fn toy(name: &'static str, expected: Expected, build: impl FnOnce(&mut Draft) -> Claim) -> Toy {
    let ((draft, claim, nodes, pods, premise), dag) = within(Dag::default(), || {
        let mut draft = Draft::default();
        let claim = build(&mut draft);
        let nodes = draft.nodes.unwrap_or_else(|| Int::from(1).id());
        let pods = draft.pods.unwrap_or_else(|| Int::from(1).id());
        (draft, claim, nodes, pods, Bool::from(true))
    });
    // A unit is about the slot of its rules.
    let about = |unit: usize| {
        let slot = draft.rules.iter().find(|rule| rule.fairness == Some(unit)).and_then(|rule| rule.subject.slot);
        let subject = Subject::new("unit").with(Part::Number(unit as i64));
        slot.map_or(subject, |slot| Subject::new("slot").on(slot))
    };
    let unit = |unit: usize| FairnessUnit { name: format!("unit {unit}"), subject: about(unit), prompt: false };
    let fairness = (0..draft.units).map(unit).collect();
    let property = Property {
        intent: name.to_owned(),
        object: None,
        target: None,
        headline: name.to_owned(),
        claim,
        premise,
        origins: Vec::new(),
    };
    let system = TransitionSystem {
        dag,
        vars: draft.vars,
        constraints: draft.constraints,
        rules: draft.rules,
        monitors: draft.monitors,
        fairness,
        properties: vec![property],
        symmetry: draft.symmetry,
        alike: Vec::new(),
        names: Names::default(),
        nodes,
        pods,
    };
    system.check().expect("toys are well-formed");
    Toy { name, system, expected }
}

fn invariant(holds: Bool) -> Claim {
    Claim::Invariant(holds)
}

fn no_loop(within: Bool, progress: Bool) -> Claim {
    Claim::NoFairLoop { within, keep: Bool::from(true), progress, stay: Bool::from(false) }
}

/// All toys.
pub fn all_toys() -> Vec<Toy> {
    let mut toys = vec![
        counter("a counter reaches its limit", 4, Expected::Violated(5)),
        counter("a counter wraps before it gets further", 5, Expected::Holds),
        leaving_range(),
        ring("two processes are never inside at once", Expected::Holds, |inside| !all(inside)),
        ring("the second process never gets inside", Expected::Violated(3), |inside| !inside[1]),
        drain("a drain may fill a node", Expected::Violated(1), |pods| pods[1].at_most(3)),
        drain("a drain loses no pod", Expected::Holds, |pods| sum(pods).is(6)),
        monitor(),
        growth(),
        many_switches(),
        countdown(),
    ];
    toys.extend([
        fairness("a rule with a claim to act ends the loop", Expected::Holds, true, false, Pace::Fast),
        fairness("a rule without a claim need not act", Expected::Violated(2), false, false, Pace::Fast),
        fairness("a rule that is disabled now and then has no claim", Expected::Violated(2), true, true, Pace::Fast),
        late("a rule that is late again and again acts in the end", Expected::Holds, Pace::Periodic, Pace::Fast),
        late("a fast rule may win every time", Expected::Violated(2), Pace::Fast, Pace::Fast),
        late("a timer that is started anew need not run off", Expected::Violated(2), Pace::Fast, Pace::Clock),
        held_back("what is due all the time acts once nothing holds it back", Expected::Holds, true),
        held_back("what is never enabled is owed nothing", Expected::Violated(2), false),
        late("slow rules are never late", Expected::Violated(2), Pace::Periodic, Pace::Clock),
        fairness("events do not make a loop", Expected::Holds, false, false, Pace::Event),
        staying(),
        rotation(),
        unread_counter(),
        stem(),
    ]);
    toys
}

fn counter(name: &'static str, most: i64, expected: Expected) -> Toy {
    toy(name, expected, |draft| {
        let (var, value) = draft.int(Role::Cluster, "counter", 0, 7, Some(0));
        draft.rule("count", value.below(5), vec![(var, (value + 1).id())]);
        draft.rule("wrap", value.is(5), vec![(var, Int::from(0).id())]);
        invariant(value.at_most(most))
    })
}

fn leaving_range() -> Toy {
    toy("a counter that nobody stops leaves its range", Expected::OutOfRange(4), |draft| {
        let (var, value) = draft.int(Role::Cluster, "counter", 0, 3, Some(0));
        let (_, allowed) = draft.bool(Role::Frozen, "anything goes", Some(true));
        draft.rule("count", Bool::from(true), vec![(var, (value + 1).id())]);
        // It has to read the counter: what nobody reads is not looked at.
        invariant(allowed | value.below(3))
    })
}

fn ring(name: &'static str, expected: Expected, claim: impl FnOnce([Bool; 2]) -> Bool) -> Toy {
    toy(name, expected, |draft| {
        let (token_var, token) = draft.int(Role::Cluster, "token", 0, 1, Some(0));
        let (first_var, first) = draft.bool(Role::Cluster, "inside[0]", Some(false));
        let (second_var, second) = draft.bool(Role::Cluster, "inside[1]", Some(false));
        for (index, (var, inside)) in [(first_var, first), (second_var, second)].into_iter().enumerate() {
            let mine = token.is(index as i64) & !inside;
            draft.rule(&format!("enter {index}"), mine, vec![(var, Bool::from(true).id())]);
            let pass = Int::from(1 - index as i64);
            let updates = vec![(var, Bool::from(false).id()), (token_var, pass.id())];
            draft.rule(&format!("leave {index}"), inside, updates);
        }
        invariant(claim([first, second]))
    })
}

/// Three nodes, six pods, at most four a node; a drain spreads the pods of the first one over the others.
fn drain(name: &'static str, expected: Expected, claim: impl FnOnce([Int; 3]) -> Bool) -> Toy {
    toy(name, expected, |draft| {
        let nodes: Vec<_> = (0..3).map(|node| draft.int(Role::Cluster, format!("pods[{node}]"), 0, 6, None)).collect();
        let pods = [nodes[0].1, nodes[1].1, nodes[2].1];
        draft.constrain(
            "six pods, at most two on the others",
            all([sum(pods).is(6), pods[0].at_most(4), pods[1].at_most(2), pods[2].at_most(2)]),
        );
        let parts: Vec<_> = (1..3).map(|node| int_choice(format!("to {node}"), 0, 4)).collect();
        let zero = Int::from(0);
        let split = Choice::Split {
            parts: parts.iter().map(|part| part.0).collect(),
            low: vec![zero.id(), zero.id()],
            high: vec![Int::from(4).monus(pods[1]).id(), Int::from(4).monus(pods[2]).id()],
            total: pods[0].id(),
        };
        let updates = vec![
            (nodes[0].0, zero.id()),
            (nodes[1].0, (pods[1] + parts[0].1).id()),
            (nodes[2].0, (pods[2] + parts[1].1).id()),
        ];
        let room = (Int::from(8) - pods[1] - pods[2]).at_least(pods[0]);
        draft.rule("drain 0", pods[0].above(0) & room, updates).choices = vec![split];
        // Back to the first node, any number at once.
        let (choice, moved) = int_choice("back", 1, 4);
        let updates = vec![(nodes[2].0, (pods[2] - moved).id()), (nodes[0].0, (pods[0] + moved).id())];
        let back = draft.rule("back from 2", pods[2].above(0), updates);
        back.choices = vec![Choice::Value(choice)];
        back.constraint = moved.at_most(pods[2]);
        draft.pods = Some(sum(pods).id());
        invariant(claim(pods))
    })
}

/// A monitor that sees a rise and, later, a fall, over both states of a step.
fn monitor() -> Toy {
    toy("a value rises and falls again", Expected::Violated(2), |draft| {
        let (var, value) = draft.int(Role::Cluster, "value", 0, 3, Some(1));
        let (rose_var, rose) = draft.bool(Role::Monitor, "rose", Some(false));
        let (fell_var, fell) = draft.bool(Role::Monitor, "fell after a rise", Some(false));
        let after: Int = primed(var);
        draft.monitors.push(Monitor { var: rose_var, next: (rose | after.above(value)).id() });
        let rose_after: Bool = primed(rose_var);
        draft.monitors.push(Monitor { var: fell_var, next: (fell | (rose_after & after.below(value))).id() });
        draft.rule("up", value.below(3), vec![(var, (value + 1).id())]);
        draft.rule("down", value.above(0), vec![(var, (value - 1).id())]);
        invariant(!fell)
    })
}

/// Two pods a node; more than five pods need three nodes.
fn growth() -> Toy {
    toy("pods outgrow the smaller clusters", Expected::Violated(6), |draft| {
        let (_, nodes) = draft.int(Role::Frozen, "nodes", 1, 4, None);
        let (pods_var, pods) = draft.int(Role::Cluster, "pods", 0, 8, Some(0));
        draft.rule("add", pods.below(nodes * 2), vec![(pods_var, (pods + 1).id())]);
        draft.rule("reset", pods.is(nodes * 2), vec![(pods_var, Int::from(0).id())]);
        draft.nodes = Some(nodes.id());
        draft.pods = Some(pods.id());
        invariant(pods.at_most(5))
    })
}

/// So many rules that their choice is encoded in groups.
fn many_switches() -> Toy {
    toy("four of many switches are on", Expected::Violated(4), |draft| {
        let switches: Vec<_> =
            (0..14).map(|index| draft.bool(Role::Cluster, format!("switch {index}"), Some(false))).collect();
        for (index, &(var, on)) in switches.iter().enumerate() {
            draft.rule(&format!("flip {index}"), Bool::from(true), vec![(var, (!on).id())]);
        }
        invariant(count(switches.iter().map(|switch| switch.1)).below(4))
    })
}

/// All runs come to an end.
fn countdown() -> Toy {
    toy("a countdown ends", Expected::Holds, |draft| {
        let (var, value) = draft.int(Role::Cluster, "left", 0, 3, None);
        draft.rule("tick", value.above(0), vec![(var, (value - 1).id())]);
        invariant(value.at_least(0) & value.at_most(3) & any([value.is_not(7)]))
    })
}

/// `x` toggles forever as long as nobody sets `y`; who could set it is fair or not, always enabled or now and then.
fn fairness(name: &'static str, expected: Expected, fair: bool, now_and_then: bool, pace: Pace) -> Toy {
    toy(name, expected, |draft| {
        let (x_var, x) = draft.bool(Role::Cluster, "x", Some(false));
        let (y_var, y) = draft.bool(Role::Cluster, "y", Some(false));
        let toggle = draft.rule("toggle", !y, vec![(x_var, (!x).id())]);
        toggle.pace = pace;
        let enabled = if now_and_then { !x & !y } else { !y };
        let set = draft.rule("set", enabled, vec![(y_var, Bool::from(true).id())]);
        if !fair {
            set.fairness = None;
        }
        let after: Bool = primed(x_var);
        no_loop(!y, !after.iff(x))
    })
}

/// `x` toggles forever as long as nobody sets `y`, which is possible whenever `x` is not set.
fn late(name: &'static str, expected: Expected, toggle: Pace, set: Pace) -> Toy {
    let mut toy = fairness(name, expected, true, true, toggle);
    toy.system.rules[1].pace = set;
    for unit in 0..toy.system.fairness.len() {
        toy.system.fairness[unit].prompt = is_prompt(&toy.system.rules, unit);
    }
    toy
}

/// `x` toggles forever as long as nobody sets `y`, which is due all the time, and possible now and then or never.
fn held_back(name: &'static str, expected: Expected, now_and_then: bool) -> Toy {
    toy(name, expected, |draft| {
        let (x_var, x) = draft.bool(Role::Cluster, "x", Some(false));
        let (y_var, y) = draft.bool(Role::Cluster, "y", Some(false));
        draft.rule("toggle", !y, vec![(x_var, (!x).id())]);
        let enabled = if now_and_then { !x & !y } else { x & y };
        let set = draft.rule("set", enabled, vec![(y_var, Bool::from(true).id())]);
        set.waits = Some(!y);
        set.pace = Pace::Clock;
        let after: Bool = primed(x_var);
        no_loop(!y, !after.iff(x))
    })
}

/// Two pods, room for one: the run stays with one pending, as nobody has to add a node.
fn staying() -> Toy {
    toy("a pod stays pending forever", Expected::Violated(1), |draft| {
        let (pending_var, pending) = draft.int(Role::Cluster, "pending", 0, 2, Some(2));
        let (room_var, room) = draft.int(Role::Cluster, "room", 0, 2, Some(1));
        let updates = vec![(pending_var, (pending - 1).id()), (room_var, (room - 1).id())];
        draft.rule("bind", pending.above(0) & room.above(0), updates);
        let add = draft.rule("add a node", room.below(2), vec![(room_var, (room + 1).id())]);
        add.fairness = None;
        add.pace = Pace::Event;
        Claim::NoFairLoop {
            within: pending.above(0),
            keep: Bool::from(true),
            progress: Bool::from(true),
            stay: Bool::from(true),
        }
    })
}

/// One pod moves between three interchangeable slots.
fn rotation() -> Toy {
    toy("a pod moves between the slots forever", Expected::Violated(2), |draft| {
        let slots: Vec<_> =
            (0..3_usize).map(|slot| draft.bool(Role::Cluster, Subject::new("pod").on(slot), None)).collect();
        draft.constrain("one pod", count(slots.iter().map(|slot| slot.1)).is(1));
        let (last_var, last) = draft.int(Role::Frozen, "slots", 3, 3, Some(3));
        assert_eq!(last_var.index(), 3);
        for (slot, next) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            let updates = vec![(slots[slot].0, Bool::from(false).id()), (slots[next].0, Bool::from(true).id())];
            draft.rule(&format!("move {slot} to {next}"), slots[slot].1, updates).subject =
                Subject::new("move").with(Part::Slot(next.into())).on(slot);
        }
        let slots = (0..slots.len()).map(SlotId::from).collect();
        draft.symmetry.push(SymmetryClass { slots, active: last.id() });
        no_loop(Bool::from(true), Bool::from(true))
    })
}

/// A counter that only grows must not hide the loop beside it.
fn unread_counter() -> Toy {
    toy("a counter that nobody reads hides no loop", Expected::Violated(2), |draft| {
        let (x_var, x) = draft.bool(Role::Cluster, "x", Some(false));
        let (evictions_var, evictions) = draft.int(Role::Cluster, "evictions", 0, 1000, Some(0));
        let updates = vec![(x_var, (!x).id()), (evictions_var, (evictions + 1).min(1000).id())];
        draft.rule("evict", Bool::from(true), updates);
        let after: Bool = primed(x_var);
        no_loop(Bool::from(true), !after.iff(x))
    })
}

/// The loop is only reached after two steps, one of them an event, and lasts two steps; `keep` forbids a shorter one.
fn stem() -> Toy {
    toy("a loop after an event, with a step it must not take", Expected::Violated(5), |draft| {
        let (level_var, level) = draft.int(Role::Cluster, "level", -2, 2, Some(-2));
        let (budget_var, budget) = draft.int(Role::Budget, "budget", 0, 1, Some(1));
        let event = vec![(level_var, Int::from(-1).id()), (budget_var, (budget - 1).id())];
        let event = draft.rule("event", level.is(-2) & budget.above(0), event);
        event.pace = Pace::Event;
        event.fairness = None;
        draft.rule("rise", level.at_least(-1) & level.below(2), vec![(level_var, (level + 1).id())]);
        draft.rule("sink", level.is(1), vec![(level_var, Int::from(0).id())]);
        draft.rule("fall", level.is(2), vec![(level_var, Int::from(0).id())]);
        let after: Int = primed(level_var);
        Claim::NoFairLoop {
            within: level.at_least(0),
            keep: !(level.is(1) & after.is(0)),
            progress: after.below(level),
            stay: Bool::from(false),
        }
    })
}
