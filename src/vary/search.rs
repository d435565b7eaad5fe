//! Has every combination of values decided. A whole range is one question where the model has ranges: if no run violates the
//! intent, each of its values is safe. A violation tells its own values where the run has them; what is left is asked again,
//! in parts.

use super::{Axis, Part, Point, Way};
use itertools::Itertools;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An intent with its object.
pub type Claim = (String, Option<String>);

/// What came out for an intent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The word for it.
    pub word: &'static str,
    /// Why, where it is not decided or was refused.
    pub why: String,
    /// What it comes to.
    pub sort: Sort,
}

/// What an answer comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// No run violates the intent.
    Safe,
    /// Some run does.
    Violated,
    /// Nobody knows.
    Open,
    /// There is nothing to decide: the reader or the models refuse the value.
    Refused,
}

/// An answer about a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The answer.
    pub answer: Answer,
    /// The values of the run that violates the intent, where there is one that has them.
    pub at: Option<Point>,
}

/// What is known of a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judged {
    /// The answers.
    Answers(BTreeMap<Claim, Told>),
    /// It is refused.
    Refused(String),
    /// It can only be decided in parts.
    OnlyInParts,
}

/// Decides parts.
pub trait Judge {
    /// What ends the search.
    type Fault;

    /// Decides the intents of these ids, or all, for a part that makes up this share of what is left.
    fn judge(&mut self, part: &Part, about: Option<&BTreeSet<String>>, share: f64) -> Result<Judged, Self::Fault>;

    /// Whether it is time to stop.
    fn is_over(&self) -> bool;
}

/// Everything that was found out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Map {
    /// The answers of each intent, by the values.
    pub answers: BTreeMap<Claim, BTreeMap<Point, Answer>>,
    /// Combinations that were refused, and why.
    pub refused: BTreeMap<Point, String>,
    /// How many questions it took.
    pub questions: usize,
}

/// The parts to begin with: whole ranges where the model has them, single values of the other fields.
fn beginning(axes: &[Axis]) -> Vec<Part> {
    let of = |axis: &Axis| match axis.way {
        Way::Each => (0..axis.varied.values.len()).map(|place| (place, place)).collect_vec(),
        _ => vec![(0, axis.varied.values.len() - 1)],
    };
    axes.iter().map(of).multi_cartesian_product().collect()
}

/// All combinations of the values of a part.
pub fn points(part: &Part) -> Vec<Point> {
    part.iter().map(|(first, last)| *first..=*last).multi_cartesian_product().collect()
}

/// A part and what is asked about it; no intents: all.
type Open = (Part, Option<BTreeSet<Claim>>);

/// Decides all combinations.
pub fn search<J: Judge>(axes: &[Axis], judge: &mut J) -> Result<Map, J::Fault> {
    let mut open: VecDeque<Open> = beginning(axes).into_iter().map(|part| (part, None)).collect();
    let mut map = Map::default();
    while let Some((part, about)) = open.pop_front() {
        let left: usize = open.iter().map(|(other, _)| points(other).len()).sum();
        let own = points(&part);
        let share = own.len() as f64 / (own.len() + left) as f64;
        let ids = about.as_ref().map(|claims| claims.iter().map(|(intent, _)| intent.clone()).collect());
        map.questions += 1;
        match judge.judge(&part, ids.as_ref(), share)? {
            Judged::Refused(why) if own.len() == 1 => {
                map.refused.insert(own[0].clone(), why);
            }
            Judged::Refused(_) | Judged::OnlyInParts => {
                map.questions -= 1;
                for half in halves(&part) {
                    add(&mut open, half, about.clone());
                }
            }
            Judged::Answers(answers) => {
                let is_asked = |claim: &Claim| about.as_ref().is_none_or(|about| about.contains(claim));
                for (claim, told) in answers.into_iter().filter(|(claim, _)| is_asked(claim)) {
                    settle(&part, claim, told, judge.is_over(), &mut open, &mut map);
                }
            }
        }
    }
    fill(axes, &mut map);
    Ok(map)
}

/// Keeps an answer, and asks again about the values that it does not speak of.
fn settle(part: &Part, claim: Claim, told: Told, is_over: bool, open: &mut VecDeque<Open>, map: &mut Map) {
    let known = map.answers.entry(claim.clone()).or_default();
    let own = points(part);
    let about = || Some(BTreeSet::from([claim.clone()]));
    match (told.answer.sort, told.at) {
        (Sort::Violated, Some(at)) if own.contains(&at) => {
            known.insert(at.clone(), told.answer);
            for rest in without(part, &at) {
                add(open, rest, about());
            }
        }
        (Sort::Violated, _) | (Sort::Open, None) if own.len() > 1 && !is_over => {
            for half in halves(part) {
                add(open, half, about());
            }
        }
        // In a range nobody knows which of its values violates the intent.
        (Sort::Violated, _) if own.len() > 1 => {
            let answer = Answer { word: "unknown", why: "out of time".into(), sort: Sort::Open };
            known.extend(own.into_iter().map(|point| (point, answer.clone())));
        }
        _ => known.extend(own.into_iter().map(|point| (point, told.answer.clone()))),
    }
}

/// Asks about a part; together with what is asked about the same part anyway.
fn add(open: &mut VecDeque<Open>, part: Part, about: Option<BTreeSet<Claim>>) {
    match (open.iter_mut().find(|(other, _)| *other == part), about) {
        (Some((_, known)), Some(about)) => {
            if let Some(known) = known {
                known.extend(about);
            }
        }
        (Some((_, known)), None) => *known = None,
        (None, about) => open.push_back((part, about)),
    }
}

/// A part in two: the longest range is divided.
fn halves(part: &Part) -> Vec<Part> {
    let longest = part.iter().enumerate().max_by_key(|(index, (first, last))| (last - first, usize::MAX - index));
    let Some((index, &(first, last))) = longest.filter(|(_, (first, last))| first < last) else { return Vec::new() };
    let middle = first + (last - first) / 2;
    let with = |places| {
        let mut half = part.clone();
        half[index] = places;
        half
    };
    vec![with((first, middle)), with((middle + 1, last))]
}

/// What is left of a part without one combination: on each side of it along the first field, then, at its value of that, along
/// the next.
fn without(part: &Part, at: &Point) -> Vec<Part> {
    let mut rest = Vec::new();
    let mut narrow = part.clone();
    for (index, &place) in at.iter().enumerate() {
        let (first, last) = part[index];
        let mut side = |places| {
            let mut one = narrow.clone();
            one[index] = places;
            rest.push(one);
        };
        if first < place {
            side((first, place - 1));
        }
        if place < last {
            side((place + 1, last));
        }
        narrow[index] = (place, place);
    }
    rest
}

/// Gives every intent an answer for every combination: one that is undecided before its objects are known is told without
/// them.
fn fill(axes: &[Axis], map: &mut Map) {
    let whole: Part = axes.iter().map(|axis| (0, axis.varied.values.len() - 1)).collect();
    let is_part = |claim: &Claim, all: &BTreeMap<Claim, BTreeMap<Point, Answer>>| {
        claim.1.is_none() && all.keys().any(|other| other.0 == claim.0 && other.1.is_some())
    };
    let (general, mut answers): (BTreeMap<_, _>, BTreeMap<_, _>) = {
        let all = std::mem::take(&mut map.answers);
        let general: BTreeSet<Claim> = all.keys().filter(|claim| is_part(claim, &all)).cloned().collect();
        all.into_iter().partition(|(claim, _)| general.contains(claim))
    };
    for (claim, known) in &mut answers {
        let others = general.get(&(claim.0.clone(), None));
        for point in points(&whole) {
            if known.contains_key(&point) {
                continue;
            }
            let refused = || map.refused.get(&point).map(|why| answer("refused", why, Sort::Refused));
            let found = others.and_then(|others| others.get(&point).cloned()).or_else(refused);
            known.insert(point, found.unwrap_or_else(|| answer("not asked", "", Sort::Refused)));
        }
    }
    map.answers = answers;
}

fn answer(word: &'static str, why: &str, sort: Sort) -> Answer {
    Answer { word, why: why.to_owned(), sort }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Varied;

    /// Knows which combinations violate the intent.
    struct Known<'a> {
        is_violated: &'a dyn Fn(&Point) -> bool,
        /// Whether runs tell their values.
        tells: bool,
        asked: Vec<Part>,
    }

    impl Judge for Known<'_> {
        type Fault = ();

        fn judge(&mut self, part: &Part, _: Option<&BTreeSet<String>>, _: f64) -> Result<Judged, ()> {
            self.asked.push(part.clone());
            let at = points(part).into_iter().rev().find(|point| (self.is_violated)(point));
            let (word, sort) = if at.is_some() { ("violated", Sort::Violated) } else { ("holds", Sort::Safe) };
            let told = Told { answer: answer(word, "", sort), at: at.filter(|_| self.tells) };
            Ok(Judged::Answers([(("a".to_owned(), None), told)].into_iter().collect()))
        }

        fn is_over(&self) -> bool {
            false
        }
    }

    fn axis(values: &str, way: Way) -> Axis {
        let varied = Varied::of_flag(&format!("web spec.x={values}")).expect("a field");
        Axis { varied, way, object: String::new(), path: String::new(), file: String::new() }
    }

    fn searched(axes: &[Axis], tells: bool, is_violated: &dyn Fn(&Point) -> bool) -> (Map, Vec<Part>) {
        let mut judge = Known { is_violated, tells, asked: Vec::new() };
        let map = search(axes, &mut judge).expect("no fault");
        (map, judge.asked)
    }

    #[test]
    fn every_combination_gets_the_answer_of_its_own() {
        let axes = [axis("1..9", Way::Amounts), axis("0..3", Way::Amounts), axis("true,false", Way::Each)];
        let bad = |point: &Point| point[0] > 5 && point[1] != 2 || point[2] == 1 && point[0] == 2;
        for tells in [true, false] {
            let (map, _) = searched(&axes, tells, &bad);
            let answers = &map.answers[&("a".to_owned(), None)];
            assert_eq!(answers.len(), 9 * 4 * 2);
            for (point, answer) in answers {
                assert_eq!(answer.word == "violated", bad(point), "{point:?}");
            }
        }
    }

    #[test]
    fn safe_ranges_are_one_question_and_violations_tell_their_values() {
        let axes = [axis("1..100", Way::Amounts)];
        assert_eq!(searched(&axes, true, &|_| false).1, [[(0, 99)]]);
        let (map, asked) = searched(&axes, true, &|point| point[0] == 41);
        assert_eq!(asked, [[(0, 99)], [(0, 40)], [(42, 99)]]);
        assert_eq!((map.questions, map.answers.len()), (3, 1));
        assert_eq!(searched(&[axis("1,2,7", Way::Each)], true, &|_| false).1.len(), 3);
    }
}
