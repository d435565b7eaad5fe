use super::*;
use std::cell::Cell;

const TEXT: &str = "\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 2
  unhealthyPodEvictionPolicy: IfHealthyBudget
";

/// Says of a text what a function says of it.
struct Told<F> {
    tell: F,
    asked: Cell<usize>,
    most: usize,
}

impl<F: Fn(&str) -> [Judged; 2]> Judge for Told<F> {
    fn judge(&self, changed: &Texts, about: Option<&str>) -> Option<Judgement> {
        self.asked.set(self.asked.get() + 1);
        let [drain, other] = (self.tell)(&changed["a.yaml"]);
        let mut all = BTreeMap::from([(claim("drainCompletes"), drain), (claim("other"), other)]);
        all.retain(|(intent, _), _| about.is_none_or(|about| about == intent));
        Some(Judgement { verdicts: all, instead: Vec::new() })
    }

    fn is_over(&self) -> bool {
        self.asked.get() >= self.most
    }

    fn time(&self) -> Duration {
        Duration::from_secs(10)
    }
}

fn claim(intent: &str) -> Claim {
    (intent.to_owned(), None)
}

fn search(most: usize, other: Judged, tell: impl Fn(&str) -> [Judged; 2]) -> Vec<Repairs> {
    let texts = Texts::from([("a.yaml".to_owned(), TEXT.to_owned())]);
    let before = BTreeMap::from([(claim("drainCompletes"), Judged::Violated), (claim("other"), other)]);
    let violated = |intent: &str| Violated {
        claim: claim(intent),
        rule: intent.to_owned(),
        origins: Vec::new(),
        waits: Vec::new(),
    };
    let names = if other == Judged::Violated { vec!["drainCompletes", "other"] } else { vec!["drainCompletes"] };
    let violated: Vec<Violated> = names.into_iter().map(violated).collect();
    repairs(&texts, &violated, &before, &Told { tell, asked: Cell::default(), most })
}

fn told(repairs: &Repairs) -> Vec<Vec<&str>> {
    let changes = |one: &Repair| one.changes.iter().map(|change| change.after.len()).collect::<Vec<_>>().len();
    assert!(repairs.found.iter().all(|one| changes(one) > 0));
    repairs.found.iter().map(|one| one.changes.iter().map(|change| change.after.as_str()).collect()).collect()
}

#[test]
fn only_what_is_shown_to_hold_is_a_repair() {
    let found = search(1000, Judged::Open, |text| match text {
        text if text.contains("minAvailable: 1") => [Judged::Holds, Judged::Open],
        text if text.contains("minAvailable: 0") => [Judged::Vacuous, Judged::Open],
        text if text.contains("AlwaysAllow") => [Judged::Open, Judged::Open],
        _ => [Judged::Violated, Judged::Open],
    });
    assert_eq!(told(&found[0]), [["1"]]);
    assert!(found[0].found[0].also.is_empty());
    assert!(found[0].tried > 1 && found[0].tried <= found[0].known, "{found:?}");
}

#[test]
fn numbers_beside_a_repair_are_tried_as_well() {
    let found = search(1000, Judged::Open, |text| {
        let is_loose = text.contains("minAvailable: 1") || text.contains("minAvailable: 0");
        [if is_loose { Judged::Holds } else { Judged::Violated }, Judged::Open]
    });
    assert_eq!(told(&found[0]), [["1"]]);
    assert_eq!(found[0].found[0].also, [0]);
}

#[test]
fn what_violates_another_intent_is_no_repair() {
    let found = search(1000, Judged::Holds, |text| match text.contains("minAvailable: 2") {
        false => [Judged::Holds, Judged::Violated],
        true => [Judged::Violated, Judged::Holds],
    });
    assert_eq!(told(&found[0]), Vec::<Vec<&str>>::new());
    assert_eq!(found[0].trades.len(), 1, "{found:?}");
    assert_eq!(found[0].trades[0].breaks, [claim("other")]);
}

#[test]
fn what_repairs_otherwise_is_no_trade() {
    let found = search(1000, Judged::Holds, |text| match text {
        text if text.contains("minAvailable: 1") => [Judged::Holds, Judged::Holds],
        text if text.contains("minAvailable: 0") => [Judged::Holds, Judged::Violated],
        _ => [Judged::Violated, Judged::Holds],
    });
    assert_eq!(told(&found[0]), [["1"]]);
    assert!(found[0].trades.is_empty(), "{found:?}");
}

#[test]
fn two_changes_are_tried_where_one_is_not_enough() {
    let found = search(1000, Judged::Open, |text| {
        let is_both = text.contains("minAvailable: 1") && text.contains("AlwaysAllow");
        [if is_both { Judged::Holds } else { Judged::Violated }, Judged::Open]
    });
    assert_eq!(found[0].found.len(), 1);
    let mut words = told(&found[0]).remove(0);
    words.sort_unstable();
    assert_eq!(words, ["1", "AlwaysAllow"]);
    assert!(found[0].pairs > 0);
}

#[test]
fn a_violation_with_the_same_repair_is_told_with_it() {
    let found = search(1000, Judged::Violated, |text| match text.contains("AlwaysAllow") {
        true => [Judged::Holds, Judged::Holds],
        false => [Judged::Violated, Judged::Violated],
    });
    assert_eq!(found[0].found[0].mends, [1]);
    assert_eq!(found[1], Repairs { same_as: Some(0), ..Repairs::default() });
}

#[test]
fn the_search_ends_when_it_is_time() {
    let found = search(2, Judged::Open, |_| [Judged::Violated, Judged::Open]);
    assert_eq!((found[0].tried, found[0].pairs, found[0].found.len()), (2, 0, 0));
    assert_eq!(found[0].ran_out, Some(Duration::from_secs(10)));
    let found = search(1000, Judged::Open, |_| [Judged::Open, Judged::Open]);
    assert_eq!(found[0].open, found[0].tried + found[0].pairs);
    assert_eq!(found[0].ran_out, None);
}
