//! Digests of systems: two systems are the same but for the order of their parts if their digests are.
//!
//! Variables, rules, choices and fairness units are told by their subjects, in which the caller says what objects and slots
//! are called. An exchange of objects or slots maps the system to itself if its digests are those of the system as it is.
//! The digests have 128 bits and do not depend on the
//! order of operands where the operator does not, nor on how least and largest values are nested.

use kubound_encodings::stop::tick;
use kubound_encodings::subject::{ObjectId, Part, SlotId, Subject};
use kubound_encodings::system::{Choice, Initial, Rule, TransitionSystem};
use kubound_encodings::term::{ChoiceId, Dag, Node, Term, TermId, VarId};

/// Whether no rule has two choices of one subject, which digests could not tell apart.
pub(super) fn choices_are_distinct(system: &TransitionSystem) -> bool {
    system.rules.iter().all(|rule| {
        let ids = rule.choices.iter().flat_map(|choice| choice.ids());
        let mut subjects: Vec<&Subject> = ids.map(|id| &system.dag.choices()[id.index()].subject).collect();
        subjects.sort_unstable();
        subjects.windows(2).all(|pair| pair[0] != pair[1])
    })
}

/// A piece of a subject.
#[derive(Clone, Copy)]
enum Piece {
    /// What no exchange changes.
    Fixed(u128),
    Object(ObjectId),
    Slot(SlotId),
}

/// The subjects of a system, ready to be digested again and again.
pub(super) struct Sketch<'a> {
    system: &'a TransitionSystem,
    vars: Vec<Vec<Piece>>,
    choices: Vec<Vec<Piece>>,
    rules: Vec<Vec<Piece>>,
    units: Vec<Vec<Piece>>,
}

impl<'a> Sketch<'a> {
    /// The sketch of a system.
    pub fn new(system: &'a TransitionSystem) -> Self {
        let rule = |rule: &Rule| {
            let mut pieces = pieces(&rule.subject);
            pieces.push(Piece::Fixed(text(&rule.actor)));
            pieces
        };
        Self {
            vars: system.dag.vars().iter().map(|var| pieces(&var.subject)).collect(),
            choices: system.dag.choices().iter().map(|choice| pieces(&choice.subject)).collect(),
            rules: system.rules.iter().map(rule).collect(),
            units: system.fairness.iter().map(|unit| pieces(&unit.subject)).collect(),
            system,
        }
    }

    /// The digests of the system in which objects and slots are called as given.
    pub fn digests(&self, object: impl Fn(ObjectId) -> u128, slot: impl Fn(SlotId) -> u128) -> Digests<'a> {
        let piece = |piece: &Piece| match *piece {
            Piece::Fixed(digest) => digest,
            Piece::Object(id) => object(id),
            Piece::Slot(id) => slot(id),
        };
        let label = |pieces: &Vec<Piece>| ordered(50, pieces.iter().map(piece));
        let labels = Labels {
            vars: self.vars.iter().map(label).collect(),
            choices: self.choices.iter().map(label).collect(),
            rules: self.rules.iter().map(label).collect(),
            units: self.units.iter().map(label).collect(),
        };
        Digests::new(self.system, labels)
    }
}

fn pieces(subject: &Subject) -> Vec<Piece> {
    let part = |part: &Part| match part {
        Part::Object(id) => Piece::Object(*id),
        Part::Slot(id) => Piece::Slot(*id),
        Part::Number(number) => Piece::Fixed(ordered(45, [*number as u128])),
        Part::Left(units) => Piece::Fixed(ordered(46, [u128::from(*units)])),
        Part::Word(word) => Piece::Fixed(ordered(47, [text(word)])),
        Part::Field(field) => Piece::Fixed(ordered(48, [text(field)])),
    };
    let none = Piece::Fixed(0);
    let word = Piece::Fixed(text(&subject.aspect.word));
    let about = [word, subject.object.map_or(none, Piece::Object), subject.slot.map_or(none, Piece::Slot)];
    about.into_iter().chain(subject.aspect.parts.iter().map(part)).collect()
}

/// What an object that keeps its name is called.
pub(super) fn own_object(id: ObjectId) -> u128 {
    ordered(56, [u128::from(id.0)])
}

/// What an object is called whose name does not count, by what it is to its family.
pub(super) fn nameless_object(place: usize) -> u128 {
    ordered(57, [place as u128])
}

/// What a slot that keeps its place is called.
pub(super) fn own_slot(id: SlotId) -> u128 {
    ordered(55, [u128::from(id.0)])
}

/// What everything that has a subject is called, as digests.
struct Labels {
    vars: Vec<u128>,
    choices: Vec<u128>,
    rules: Vec<u128>,
    units: Vec<u128>,
}

/// Digests of all parts of a system with objects and slots called in some way.
pub(super) struct Digests<'a> {
    system: &'a TransitionSystem,
    labels: Labels,
    terms: Vec<u128>,
}

impl<'a> Digests<'a> {
    /// Digests everything.
    fn new(system: &'a TransitionSystem, labels: Labels) -> Self {
        let mut terms = Terms { dag: &system.dag, labels: &labels, digests: Vec::new(), extrema: Vec::new() };
        terms.fill();
        let terms = terms.digests;
        Self { system, labels, terms }
    }

    fn of(&self, id: TermId) -> u128 {
        self.terms[id.index()]
    }

    fn choice(&self, id: ChoiceId) -> u128 {
        let choice = &self.system.dag.choices()[id.index()];
        let range = choice.sort.range();
        ordered(1, [self.labels.choices[id.index()], range.lo as u128, range.hi as u128])
    }

    /// Everything but the order of parts that have none.
    pub fn all(&self) -> u128 {
        self.about(&(0..self.system.properties.len()).collect::<Vec<_>>())
    }

    /// What all rules come to, by their index.
    pub fn rules(&self) -> Vec<u128> {
        (0..self.system.rules.len()).map(|index| self.rule(index)).collect()
    }

    /// The same with some of the properties only.
    pub fn about(&self, properties: &[usize]) -> u128 {
        let system = self.system;
        let vars = unordered(2, (0..system.vars.len()).map(|index| self.var(index)));
        let constraints = unordered(3, system.constraints.iter().map(|constraint| self.of(constraint.holds.id())));
        let rules = unordered(4, (0..system.rules.len()).map(|index| self.rule(index)));
        let monitors = unordered(
            5,
            system
                .monitors
                .iter()
                .map(|monitor| ordered(6, [self.labels.vars[monitor.var.index()], self.of(monitor.next)])),
        );
        let properties = properties.iter().map(|&property| {
            let property = &system.properties[property];
            let terms = property.claim.terms().into_iter().chain([property.premise.id()]);
            ordered(8, terms.map(|id| self.of(id)))
        });
        let properties = ordered(7, properties);
        let sizes = ordered(9, [self.of(system.nodes), self.of(system.pods)]);
        ordered(10, [vars, constraints, rules, monitors, properties, sizes])
    }

    fn var(&self, index: usize) -> u128 {
        let var = &self.system.vars[index];
        let range = self.system.dag.vars()[index].sort.range();
        let initial = match var.initial {
            Initial::Free => 1,
            Initial::Term(term) => self.of(term),
        };
        ordered(11, [self.labels.vars[index], var.role as u128, range.lo as u128, range.hi as u128, initial])
    }

    fn rule(&self, index: usize) -> u128 {
        let rule = &self.system.rules[index];
        let choices = unordered(12, rule.choices.iter().map(|choice| self.choices(choice)));
        let var = |var: VarId| self.labels.vars[var.index()];
        let updates = unordered(13, rule.updates.iter().map(|&(to, term)| ordered(14, [var(to), self.of(term)])));
        let prompt = |unit: usize| u128::from(self.system.fairness[unit].prompt);
        let unit = rule.fairness.map_or(0, |unit| ordered(43, [self.labels.units[unit], prompt(unit)]));
        let name = self.labels.rules[index];
        let (enabled, constraint) = (self.of(rule.enabled.id()), self.of(rule.constraint.id()));
        let due = self.of(rule.due().id());
        let tagged = u128::from(rule.over_approximates.is_some());
        ordered(16, [name, rule.pace as u128, enabled, due, constraint, choices, updates, unit, tagged])
    }

    fn choices(&self, choice: &Choice) -> u128 {
        match choice {
            Choice::Value(id) => self.choice(*id),
            Choice::Split { parts, low, high, total } => {
                let parts = parts
                    .iter()
                    .zip(low)
                    .zip(high)
                    .map(|((&part, &low), &high)| ordered(17, [self.choice(part), self.of(low), self.of(high)]));
                ordered(18, [unordered(19, parts), self.of(*total)])
            }
        }
    }
}

/// Digests of terms under construction.
struct Terms<'a> {
    dag: &'a Dag,
    labels: &'a Labels,
    digests: Vec<u128>,
    /// Of a least or largest value: what its operands come to, however they are nested; else 0.
    extrema: Vec<u128>,
}

impl Terms<'_> {
    fn fill(&mut self) {
        self.digests.reserve(self.dag.len());
        self.extrema.reserve(self.dag.len());
        tick(1 + self.dag.len() / 8);
        for index in 0..self.dag.len() {
            let (digest, extremum) = self.term(TermId(index as u32));
            self.digests.push(digest);
            self.extrema.push(extremum);
        }
    }

    /// The digest of a term whose operands have theirs.
    fn term(&self, id: TermId) -> (u128, u128) {
        let of = |id: &TermId| self.digests[id.index()];
        let list = |tag: u64, list: &[TermId]| unordered(tag, list.iter().map(of));
        let digest = match self.dag.node(id) {
            Node::Bool(value) => ordered(20, [u128::from(*value)]),
            Node::Int(value) => ordered(21, [*value as u128]),
            Node::Var(var) => ordered(22, [self.labels.vars[var.index()]]),
            Node::Primed(var) => ordered(23, [self.labels.vars[var.index()]]),
            Node::Choice(choice) => ordered(24, [self.labels.choices[choice.index()]]),
            Node::Not(a) => ordered(25, [of(a)]),
            Node::And(all) => list(26, all),
            Node::Or(all) => list(27, all),
            Node::Add(all) => list(28, all),
            Node::Count(all) => list(29, all),
            Node::Iff(a, b) => list(30, &[*a, *b]),
            Node::Eq(a, b) => list(31, &[*a, *b]),
            Node::Mul(a, b) => list(32, &[*a, *b]),
            Node::Min(a, b) => return self.extremum(33, [*a, *b], |node| matches!(node, Node::Min(..))),
            Node::Max(a, b) => return self.extremum(34, [*a, *b], |node| matches!(node, Node::Max(..))),
            Node::Ite(c, a, b) => ordered(35, [of(c), of(a), of(b)]),
            Node::Le(a, b) => ordered(36, [of(a), of(b)]),
            Node::Div(a, b) => ordered(37, [of(a), of(b)]),
            Node::Rem(a, b) => ordered(38, [of(a), of(b)]),
            Node::Scale(factor, a) => ordered(39, [*factor as u128, of(a)]),
            Node::Table(index, values) => {
                let values = ordered(40, values.iter().map(|&value| value as u128));
                ordered(41, [of(index), values])
            }
        };
        (digest, 0)
    }

    /// The least of the least of some and others is the least of all: how they are nested does not matter.
    fn extremum(&self, tag: u64, operands: [TermId; 2], is_nested: impl Fn(&Node) -> bool) -> (u128, u128) {
        let part = |id: TermId| match is_nested(self.dag.node(id)) {
            true => self.extrema[id.index()],
            false => part(tag, self.digests[id.index()]),
        };
        let parts = part(operands[0]).wrapping_add(part(operands[1]));
        (finished(tag, parts), parts)
    }
}

/// A digest of a text.
pub(super) fn text(text: &str) -> u128 {
    text.as_bytes().chunks(16).fold(ordered(42, [text.len() as u128]), |digest, chunk| {
        let mut bytes = [0; 16];
        bytes[..chunk.len()].copy_from_slice(chunk);
        mix(digest ^ u128::from_le_bytes(bytes))
    })
}

/// A digest of parts in their order.
pub(super) fn ordered(tag: u64, parts: impl IntoIterator<Item = u128>) -> u128 {
    parts.into_iter().fold(mix(u128::from(tag) + 1), |digest, part| mix(digest.rotate_left(29) ^ part))
}

/// A digest of parts whose order means nothing.
pub(super) fn unordered(tag: u64, parts: impl IntoIterator<Item = u128>) -> u128 {
    finished(tag, parts.into_iter().fold(0_u128, |sum, one| sum.wrapping_add(part(tag, one))))
}

/// What one of several parts adds to their sum.
fn part(tag: u64, digest: u128) -> u128 {
    mix(digest ^ u128::from(tag))
}

/// The digest of a sum of parts.
fn finished(tag: u64, sum: u128) -> u128 {
    mix(sum ^ (u128::from(tag) << 64))
}

/// A bijection that spreads every bit over all others: two multiplications by odd constants with folds between.
fn mix(value: u128) -> u128 {
    const FIRST: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    const SECOND: u128 = 0xd6e8_feb8_6659_fd93_a5a3_5642_7a4b_d1ad;
    let value = (value ^ (value >> 67)).wrapping_mul(FIRST);
    let value = (value ^ (value >> 59)).wrapping_mul(SECOND);
    value ^ (value >> 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_tell_order_where_it_matters() {
        assert_eq!(unordered(1, [3, 4]), unordered(1, [4, 3]));
        assert_ne!(unordered(1, [3, 3, 4]), unordered(1, [3, 4, 4]));
        assert_ne!(ordered(1, [3, 4]), ordered(1, [4, 3]));
        assert_ne!(text("ab"), text("ba"));
    }
}
