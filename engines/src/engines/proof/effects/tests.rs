//! Small systems, each with one reason why loops end, or why they do not.

use super::*;
use crate::engines::explicit::Explicit;
use crate::engines::{Cancel, Engine, Limits};
use crate::testing::tiny;
use kubound_encodings::subject::{ObjectId, Subject};
use kubound_encodings::system::{Choice, FairnessUnit, Initial, Pace, Role, Rule, StateVar};
use kubound_encodings::term::{Dag, Int, Range, Sort, VarDecl, all, int_choice, ite, max_of, variable, within};

/// A variable: name, largest value, first value (any, if none is given).
type Var<'a> = (&'a str, i64, Option<i64>);

/// A rule: name, guard, new values of variables by their index.
type Step = (&'static str, Bool, Vec<(usize, Int)>);

/// A system of rules with a fairness unit each, and a claim about endless runs.
fn system(vars: &[Var], build: impl FnOnce(&[Int]) -> (Vec<Step>, Claim)) -> TransitionSystem {
    let (mut system, property) = tiny();
    let template = system.rules[0].clone();
    let mut dag = Dag::default();
    let declared = vars.iter().map(|&(name, hi, _)| {
        let subject = Subject::from(name.to_owned()).of(ObjectId(0));
        dag.declare(VarDecl { subject, name: name.to_owned(), sort: Sort::Int(Range::new(0, hi)) })
    });
    let ids: Vec<VarId> = declared.collect();
    let ((rules, states, claim, yes), dag) = within(dag, || {
        let terms: Vec<Int> = ids.iter().map(|&var| Int::from_id(variable(var))).collect();
        let state = |&(_, _, first): &Var| StateVar {
            role: Role::Cluster,
            initial: first.map_or(Initial::Free, |value| Initial::Term(Int::from(value).id())),
        };
        let states: Vec<StateVar> = vars.iter().map(state).collect();
        let (steps, claim) = build(&terms);
        let rule = |(index, (name, enabled, updates)): (usize, Step)| Rule {
            name: name.to_owned(),
            subject: Subject::new(name),
            pace: Pace::Fast,
            enabled,
            constraint: true.into(),
            updates: updates.into_iter().map(|(var, value)| (ids[var], value.id())).collect(),
            fairness: Some(index),
            sentence: Vec::new(),
            details: Vec::new(),
            writes: Vec::new(),
            ..template.clone()
        };
        (steps.into_iter().enumerate().map(rule).collect::<Vec<_>>(), states, claim, Bool::from(true))
    });
    let unit = |rule: &Rule| FairnessUnit { subject: rule.subject.clone(), name: rule.name.clone(), prompt: true };
    system.fairness = rules.iter().map(unit).collect();
    (system.rules, system.vars, system.dag) = (rules, states, dag);
    system.properties[property].claim = claim;
    system.properties[property].premise = yes;
    (system.nodes, system.pods) = (yes.id(), yes.id());
    system
}

/// No loop changes anything.
fn never_changes() -> Claim {
    let (yes, no) = (Bool::from(true), Bool::from(false));
    Claim::NoFairLoop { within: yes, keep: yes, progress: yes, stay: no }
}

/// No run is in such a state forever.
fn never_forever(within: Bool) -> Claim {
    let yes = Bool::from(true);
    Claim::NoFairLoop { within, keep: yes, progress: yes, stay: yes }
}

/// Whether single rules show the claim; an explicit search must agree, and refute it where it is wrong.
fn shows(system: &TransitionSystem, is_true: bool) -> bool {
    let explicit = Explicit::default().decide(system, 0, &Limits::default(), &Cancel::default()).expect("no fault");
    assert_eq!(matches!(explicit.answer, Answer::Holds { .. }), is_true, "{:?}", explicit.answer);
    let stop = Stop::default();
    let Ok(effects) = Effects::new(system, &stop) else { return false };
    let shown = matches!(effects.decide(0, &stop).answer, Answer::Holds { .. });
    if shown {
        for obligation in effects.obligations(0, &stop).expect("the proof again") {
            let again = obligation.check(crate::smt::Encoding::CadicalClauses, &stop);
            assert_eq!(again, crate::smt::Check::Unsat, "{}", obligation.name);
        }
    }
    shown
}

#[test]
fn pods_that_only_move_on_come_to_rest() {
    let system = system(&[("pending", 5, None), ("bound", 9, Some(0)), ("running", 9, Some(0))], |vars| {
        let [pending, bound, running] = [vars[0], vars[1], vars[2]];
        let bind = ("bind", pending.above(0) & bound.below(9), vec![(0, pending - 1), (1, bound + 1)]);
        let start = ("start", bound.above(0) & running.below(9), vec![(1, bound - 1), (2, running + 1)]);
        (vec![bind, start], never_changes())
    });
    assert!(shows(&system, true));
}

#[test]
fn pods_that_move_to_and_fro_do_not() {
    let system = system(&[("here", 5, None), ("there", 5, None)], |vars| {
        let [here, there] = [vars[0], vars[1]];
        let go = ("go", here.above(0) & there.below(5), vec![(0, here - 1), (1, there + 1)]);
        let come = ("come", there.above(0) & here.below(5), vec![(0, here + 1), (1, there - 1)]);
        (vec![go, come], never_changes())
    });
    assert!(!shows(&system, false));
}

/// Pods are created and deleted until there are as many as wanted; `off` is by how much deletion misses.
fn replicas(off: i64) -> TransitionSystem {
    system(&[("wanted", 4, None), ("pods", 9, None)], |vars| {
        let [wanted, pods] = [vars[0], vars[1]];
        let create = ("create", pods.below(wanted), vec![(1, pods + (wanted - pods).max(0))]);
        let delete = ("delete", pods.above(wanted - off) & pods.above(0), vec![(1, (wanted - off).max(0))]);
        (vec![create, delete], never_changes())
    })
}

#[test]
fn a_count_that_comes_nearer_to_what_is_wanted_settles() {
    assert!(shows(&replicas(0), true));
}

#[test]
fn a_count_that_overshoots_does_not() {
    assert!(!shows(&replicas(1), false));
}

/// A pod is created where there is none in any phase: each phase is a condition of its own, if it is looked at.
fn one_a_node(looks_at_started: bool) -> TransitionSystem {
    system(&[("waiting", 1, Some(0)), ("bound", 1, Some(0)), ("running", 1, Some(0))], |vars| {
        let [waiting, bound, running] = [vars[0], vars[1], vars[2]];
        let none = waiting.is(0) & bound.is(0);
        let none = if looks_at_started { none & running.is(0) } else { none };
        let create = ("create", none, vec![(0, waiting + 1)]);
        let bind = ("bind", waiting.above(0), vec![(0, waiting - 1), (1, bound + 1)]);
        let start = ("start", bound.above(0), vec![(1, bound - 1), (2, running + 1)]);
        (vec![create, bind, start], never_changes())
    })
}

#[test]
fn one_pod_in_any_phase_stays_in_range() {
    assert!(shows(&one_a_node(true), true));
    assert!(Effects::new(&one_a_node(false), &Stop::default()).is_err_and(|why| why.contains("may leave the range")));
}

/// Nodes are nominated for pending pods that have none, as many at a time, and the pods are bound to them.
fn nominations(room: i64) -> TransitionSystem {
    system(&[("pending", 5, None), ("nominated", 9, Some(0))], |vars| {
        let [pending, nominated] = [vars[0], vars[1]];
        let nominate = ("nominate", (pending - nominated + room).max(0).above(0), vec![(1, nominated + 1)]);
        let bind = ("bind", nominated.above(0), vec![(0, pending - 1), (1, nominated - 1)]);
        (vec![nominate, bind], never_changes())
    })
}

#[test]
fn no_more_nominations_than_pods_are_bound() {
    assert!(shows(&nominations(0), true));
    assert!(Effects::new(&nominations(1), &Stop::default()).is_err_and(|why| why.contains("may leave the range")));
}

/// An autoscaler that scales up above one load and down below another.
fn scaled(up: i64, down: i64) -> TransitionSystem {
    system(&[("load", 9, None), ("replicas", 9, None)], |vars| {
        let [load, replicas] = [vars[0], vars[1]];
        let more = ("up", load.above(up) & replicas.below(8), vec![(1, replicas + 2)]);
        let fewer = ("down", load.below(down) & replicas.above(0), vec![(1, replicas - 1)]);
        (vec![more, fewer], never_changes())
    })
}

#[test]
fn what_a_load_that_stays_moves_one_way_settles() {
    assert!(shows(&scaled(6, 4), true));
}

#[test]
fn what_the_same_load_moves_both_ways_does_not() {
    assert!(!shows(&scaled(3, 6), false));
}

/// Six pods are created, and bound to the best of two nodes with room for so many each. The score counts only where there is room, if it is
/// said so; else a full node may win, and then nobody is bound.
fn nodes(room: i64, filtered: bool) -> TransitionSystem {
    let vars = [("pending", 9, Some(0)), ("on 0", 9, Some(0)), ("on 1", 9, Some(0))];
    let mut system = system(&vars, |vars| {
        let (pending, on) = (vars[0], [vars[1], vars[2]]);
        let fits = on.map(|on| on.below(room));
        let scores = [on[0] * 2 + 1, on[1] * 3];
        let ranked = [0, 1].map(|node| if filtered { ite(fits[node], scores[node], -1) } else { scores[node] });
        let best = max_of(&ranked);
        let bind = |node: usize| {
            let guard = all([pending.above(0), fits[node], scores[node].is(best)]);
            (["bind to 0", "bind to 1"][node], guard, vec![(0, pending - 1), (node + 1, on[node] + 1)])
        };
        let all = pending + on[0] + on[1];
        let create = ("create", all.below(6), vec![(0, pending + (Int::from(6) - all).max(0))]);
        (vec![bind(0), bind(1), create], never_forever(pending.above(0)))
    });
    system.rules.iter_mut().for_each(|rule| rule.fairness = rule.fairness.map(|unit| unit.max(1)));
    system
}

#[test]
fn where_there_is_room_for_all_none_is_pending_forever() {
    assert!(shows(&nodes(3, true), true));
}

#[test]
fn where_room_is_short_one_is() {
    assert!(!shows(&nodes(2, true), false));
}

#[test]
fn a_full_node_with_the_best_score_blocks_all() {
    assert!(!shows(&nodes(3, false), false));
}

#[test]
fn what_may_leave_its_range_is_not_shown() {
    let mut system = replicas(0);
    let dag = std::mem::take(&mut system.dag);
    let rule = system.rules[0].clone();
    let (more, dag) = within(dag, || {
        let pods = Int::from_id(kubound_encodings::term::variable(VarId(1)));
        Rule { enabled: pods.is(9), updates: vec![(VarId(1), (pods + 1).id())], name: "too many".into(), ..rule }
    });
    system.dag = dag;
    system.rules.push(more);
    let reason = Effects::new(&system, &Stop::default()).expect_err("a pod too many");
    assert!(reason.contains("too many may leave the range of pods"), "{reason}");
}

#[test]
fn sums_over_many_nodes_are_no_harder() {
    let names: Vec<String> = (0..60).map(|node| format!("on {node}")).collect();
    let on = names.iter().map(|name| (name.as_str(), 3, Some(0)));
    let vars: Vec<Var> = [("pending", 90, Some(0))].into_iter().chain(on).collect();
    let mut many = system(&vars, |vars| {
        let (pending, all) = (vars[0], vars.iter().fold(Int::from(0), |sum, &one| sum + one));
        let bind = |node: usize| {
            ("bind", pending.above(0) & vars[node].below(2), vec![(0, pending - 1), (node, vars[node] + 1)])
        };
        let create = ("create", all.below(90), vec![(0, pending + (Int::from(90) - all).max(0))]);
        ((1..vars.len()).map(bind).chain([create]).collect(), never_forever(pending.above(0)))
    });
    let create = many.rules.len() - 1;
    many.rules.iter_mut().enumerate().for_each(|(index, rule)| rule.fairness = Some(usize::from(index == create)));
    let effects = Effects::new(&many, &Stop::default()).expect("values in their ranges");
    let answer = effects.decide(0, &Stop::default()).answer;
    assert!(matches!(answer, Answer::Holds { .. }), "{answer:?}");
}

#[test]
fn a_part_that_nobody_reads_takes_of_the_total() {
    let mut system = system(&[("pods", 5, None), ("turn", 1, Some(0))], |vars| {
        let take = ("take", vars[0].above(0), vec![(0, vars[0]), (1, Int::from(1) - vars[1])]);
        (vec![take], never_changes())
    });
    let dag = std::mem::take(&mut system.dag);
    let ((choice, pods), dag) = within(dag, || {
        let ((here, taken), (elsewhere, _)) = (int_choice("here", 0, 1), int_choice("elsewhere", 0, 1));
        let pods = Int::from_id(kubound_encodings::term::variable(VarId(0)));
        let [zero, one] = [0, 1].map(|bound| Int::from(bound).id());
        let (parts, low, high) = (vec![here, elsewhere], vec![zero; 2], vec![one; 2]);
        (Choice::Split { parts, low, high, total: one }, (pods - taken).id())
    });
    system.dag = dag;
    system.rules[0].choices = vec![choice];
    system.rules[0].updates[0].1 = pods;
    assert!(!shows(&system, false));
}

#[test]
fn what_fits_a_node_by_its_requests_stays_in_range() {
    // Pods of 3 and of 2 on a node of 7: two of the first kind fit, which only the weighted sum tells.
    let vars = [
        ("pending", 4, None),
        ("bound", 2, Some(0)),
        ("running", 2, Some(0)),
        ("waiting", 4, None),
        ("others", 3, Some(0)),
    ];
    let system = system(&vars, |vars| {
        let [pending, bound, running, waiting, others] = [vars[0], vars[1], vars[2], vars[3], vars[4]];
        let used = (bound + running) * 3 + others * 2;
        let bind = ("bind", pending.above(0) & (used + 3).at_most(7), vec![(0, pending - 1), (1, bound + 1)]);
        let start = ("start", bound.above(0), vec![(1, bound - 1), (2, running + 1)]);
        let other = ("other", waiting.above(0) & (used + 2).at_most(7), vec![(3, waiting - 1), (4, others + 1)]);
        (vec![bind, start, other], never_changes())
    });
    assert!(shows(&system, true));
}

/// Pods of two kinds, three of each, on two nodes for so many pods; whether those of the first kind find a place.
fn two_nodes(room: i64) -> TransitionSystem {
    let vars =
        ["pending", "here", "there", "others pending", "others here", "others there"].map(|name| (name, 3, Some(0)));
    system(&vars, |vars| {
        let [pending, here, there] = [vars[0], vars[1], vars[2]];
        let [others, others_here, others_there] = [vars[3], vars[4], vars[5]];
        let create = ("create", (pending + here + there).below(3), vec![(0, pending + 1)]);
        let create_other = ("create other", (others + others_here + others_there).below(3), vec![(3, others + 1)]);
        let bind = |name, from: (usize, Int), to: (usize, Int), beside: Int| {
            (name, from.1.above(0) & (to.1 + beside).below(room), vec![(from.0, from.1 - 1), (to.0, to.1 + 1)])
        };
        let steps = vec![
            create,
            create_other,
            bind("bind here", (0, pending), (1, here), others_here),
            bind("bind there", (0, pending), (2, there), others_there),
            bind("bind other here", (3, others), (4, others_here), here),
            bind("bind other there", (3, others), (5, others_there), there),
        ];
        (steps, never_forever(pending.above(0)))
    })
}

#[test]
fn pods_that_may_fill_one_node_do_not_fill_all() {
    assert!(shows(&two_nodes(4), true), "six pods on two nodes for four");
    assert!(!shows(&two_nodes(2), false), "six pods on two nodes for two");
}

/// Two pods, created, bound and started on two nodes for so many pods, of which the second may be missing; whether both run in
/// the end.
fn started(room: i64, may_start_where_no_node_is: bool) -> TransitionSystem {
    let names = ["pending", "bound here", "bound there", "runs here", "runs there"];
    let vars: Vec<Var> = names.iter().map(|&name| (name, 2, Some(0))).chain([("second node", 1, None)]).collect();
    system(&vars, |vars| {
        let [pending, bound_here, bound_there] = [vars[0], vars[1], vars[2]];
        let [here, there, second] = [vars[3], vars[4], vars[5]];
        let pods = pending + bound_here + bound_there + here + there;
        let is_there = if may_start_where_no_node_is { Bool::from(true) } else { second.above(0) };
        let steps = vec![
            ("create", pods.below(2), vec![(0, pending + 1)]),
            (
                "bind here",
                pending.above(0) & (bound_here + here).below(room),
                vec![(0, pending - 1), (1, bound_here + 1)],
            ),
            (
                "bind there",
                pending.above(0) & is_there & (bound_there + there).below(room),
                vec![(0, pending - 1), (2, bound_there + 1)],
            ),
            ("start here", bound_here.above(0), vec![(1, bound_here - 1), (3, here + 1)]),
            ("start there", bound_there.above(0) & second.above(0), vec![(2, bound_there - 1), (4, there + 1)]),
        ];
        let bad = !(here + there).is(2);
        let yes = Bool::from(true);
        (steps, Claim::NoFairLoop { within: yes, keep: yes, progress: bad, stay: bad })
    })
}

#[test]
fn what_is_missing_is_on_its_way_or_has_to_be_made() {
    assert!(shows(&started(2, false), true), "both find a place on the first node");
    assert!(!shows(&started(1, false), false), "the second node may be missing");
}

#[test]
fn nothing_is_bound_where_no_node_can_be() {
    assert!(!shows(&started(2, true), false), "a pod bound to a node that is missing never starts");
}

/// Two pods on two nodes, and a drain of one of them: where it has begun they are evicted, and others created in their place,
/// for nodes that are not cordoned. In the end the drain is over, or, if it `frees` the node instead, goes on.
fn drained(frees: bool) -> TransitionSystem {
    let vars = [("pending", 2, Some(0)), ("a", 2, Some(0)), ("b", 2, Some(0)), ("going", 2, Some(0))];
    let flags = [("left", 1, Some(1)), ("cordoned a", 1, Some(0)), ("begun a", 1, Some(0))];
    let mut system = system(&[&vars[..], &flags[..]].concat(), |vars| {
        let [pending, a, b, going, left, cordoned, begun] = vars[..7].try_into().expect("seven");
        let drain = ("drain", left.above(0) & begun.is(0), vec![(4, left - 1), (5, 1.into()), (6, 1.into())]);
        let evict = ("evict", begun.is(1) & a.above(0) & going.below(2), vec![(1, a - 1), (3, going + 1)]);
        let gone = ("gone", going.above(0), vec![(3, going - 1)]);
        let create = ("create", (pending + a + b).below(2), vec![(0, pending + 1)]);
        let to_a = ("to a", pending.above(0) & a.below(2) & cordoned.is(0), vec![(0, pending - 1), (1, a + 1)]);
        let to_b = ("to b", pending.above(0) & b.below(2), vec![(0, pending - 1), (2, b + 1)]);
        let back = if frees { vec![(5, 0.into())] } else { vec![(6, 0.into())] };
        let finish = ("finish", begun.is(1) & (a + going).at_most(0) & cordoned.is(1), back);
        (vec![drain, evict, gone, create, to_a, to_b, finish], never_forever(begun.is(1)))
    });
    system.rules[0].pace = Pace::Event;
    system.rules[0].fairness = None;
    system.fairness[0].prompt = false;
    system
}

#[test]
fn drains_end_because_what_is_being_drained_is_cordoned() {
    assert!(shows(&drained(false), true));
}

#[test]
fn drains_that_free_the_node_and_go_on_do_not() {
    assert!(!shows(&drained(true), false));
}

#[test]
fn whoever_waits_for_fast_rules_acts_where_nobody_else_does() {
    let mut system = system(&[("left", 3, None), ("work", 3, None)], |vars| {
        let [left, work] = [vars[0], vars[1]];
        let quick = ("quick", work.above(0), vec![(1, work - 1)]);
        let late = ("late", left.above(0) & work.is(0), vec![(0, left - 1)]);
        (vec![quick, late], never_forever(left.above(0)))
    });
    let (guard, dag) =
        within(std::mem::take(&mut system.dag), || Int::from_id(variable(system.rules[1].updates[0].0)).above(0));
    (system.dag, system.rules[1].waits, system.rules[1].pace) = (dag, Some(guard), Pace::Clock);
    assert!(shows(&system, true));
}

/// Pods are created one by one, and a node is drained once there are so many.
fn drained_after(pods: i64) -> TransitionSystem {
    let mut system = system(&[("pods", 200, Some(0)), ("drained", 1, Some(0))], |vars| {
        let create = ("create", vars[0].below(150), vec![(0, vars[0] + 1)]);
        let drain = ("drain", vars[0].at_least(pods) & vars[1].is(0), vec![(1, Int::from(1))]);
        (vec![create, drain], never_changes())
    });
    let (premise, dag) = within(std::mem::take(&mut system.dag), || Int::from_id(variable(VarId(1))).is(1));
    (system.dag, system.properties[0].premise) = (dag, premise);
    system
}

#[test]
fn a_premise_is_met_late_or_not_known_to_be() {
    let decided = |pods: i64| {
        let effects = Effects::new(&drained_after(pods), &Stop::default()).expect("values in their ranges");
        effects.decide(0, &Stop::default()).answer
    };
    assert!(matches!(decided(150), Answer::Holds { premise_reached: true, .. }));
    assert!(matches!(decided(151), Answer::Unknown { .. } | Answer::Holds { premise_reached: false, .. }));
}

/// An autoscaler that asks for more or fewer pods by what it sees of them, and a scheduler beside it. `swings` if what it asks
/// for depends on what it asked for before.
fn autoscaled(swings: bool) -> TransitionSystem {
    let mut system = system(&[("wanted", 3, None), ("load", 3, None), ("pods", 3, Some(0))], |vars| {
        let [wanted, load, pods] = [vars[0], vars[1], vars[2]];
        let asked = if swings { Int::from(3) - wanted } else { load };
        let scale = ("scale", wanted.is_not(asked), vec![(0, asked)]);
        let create = ("create", pods.below(wanted), vec![(2, pods + 1)]);
        let delete = ("delete", pods.above(wanted), vec![(2, pods - 1)]);
        (vec![scale, create, delete], never_changes())
    });
    system.rules[0].pace = Pace::Periodic;
    system.vars[1].role = Role::Frozen;
    system
}

#[test]
fn what_an_autoscaler_asks_for_is_seen_by_itself() {
    assert!(shows(&autoscaled(false), true));
    assert!(!shows(&autoscaled(true), false));
    let effects = Effects::new(&autoscaled(false), &Stop::default()).expect("a proof");
    assert!(matches!(effects.measures[0], Measure::Component(_)), "{:?}", effects.measures);
    let alone = effects.components_again(0, &Stop::default()).expect("a proof");
    assert_eq!(alone, (1, 1));
}

#[test]
fn deletions_end_though_evictions_and_creations_go_on() {
    let mut system = system(&[("wanted", 4, None), ("pods", 9, None)], |vars| {
        let [wanted, pods] = [vars[0], vars[1]];
        let create = ("create", pods.below(wanted), vec![(1, pods + 1)]);
        let delete = ("delete", pods.above(wanted), vec![(1, wanted)]);
        let evict = ("evict", pods.above(0), vec![(1, pods - 1)]);
        (vec![create, delete, evict], never_changes())
    });
    system.vars[0].role = Role::Frozen;
    assert!(!shows(&system, false));
    let effects = Effects::new(&system, &Stop::default()).expect("something is known");
    assert_eq!(effects.loops.alive, [true, false, true]);
}
