//! Everything that is the same for all states of a group: the specialised system, its program, how states are written, and
//! which obligations its fairness units come to.

use super::edge::Successor;
use super::layout::Layout;
use super::machine::{Machine, Repeats};
use super::objects::Objects;
use crate::engines::EngineError;
use crate::passes::{ObjectClass, SlotClass, only_slot};
use kubound_encodings::subject::Subject;
use kubound_encodings::system::{Claim, FairnessUnit, Pace, Rule, TransitionSystem};
use kubound_encodings::term::ChoiceId;
use kubound_encodings::term::compile::TooLarge;
use kubound_encodings::term::program::Registers;
use rustc_hash::FxHashMap;

/// Everything that is the same for all states of a group.
pub struct Model {
    /// The specialised system, with the one property.
    pub system: TransitionSystem,
    /// Its program.
    pub machine: Machine,
    /// How states are written.
    pub layout: Layout,
    /// For each fairness unit the obligation it belongs to, if some rule of it is left.
    pub obligation: Vec<Option<usize>>,
    /// Number of obligations.
    pub obligations: usize,
    /// The prompt obligations, as bits: those of which every unit is prompt.
    pub prompt: Vec<u64>,
    /// For each rule the class of interchangeable slots and the position in it of the one that it belongs to.
    slot: Vec<Option<(usize, usize)>>,
    /// For each rule the sorted objects and the one of them that it belongs to.
    owner: Vec<Option<(usize, usize)>>,
}

impl Model {
    /// Compiles a specialised system. Slots and objects of the classes given are sorted and their obligations lumped.
    pub fn new(
        system: TransitionSystem,
        kept: &[bool],
        complete: &[bool],
        slots: &[SlotClass],
        objects: &[ObjectClass],
    ) -> Result<Self, TooLarge> {
        let machine = Machine::new(&system, complete, slots)?;
        let layout = Layout::new(&system, &machine, kept, slots, objects);
        let lumps = lumps(&system, &layout, slots, objects);
        let mut obligation = vec![None; system.fairness.len()];
        let mut numbers = FxHashMap::default();
        for unit in system.rules.iter().filter_map(|rule| rule.fairness) {
            let next = numbers.len();
            obligation[unit] = Some(*numbers.entry(lumps[unit]).or_insert(next));
        }
        let mut prompt = all_bits(numbers.len());
        for (unit, obligation) in system.fairness.iter().zip(&obligation) {
            if let (false, &Some(number)) = (unit.prompt, obligation) {
                prompt[number / 64] &= !(1 << (number % 64));
            }
        }
        let owner = |rule: &Rule| {
            let owned = |(at, sorted): (usize, &Objects)| Some((at, objects[sorted.class].owner(&rule.subject)?));
            layout.objects.iter().enumerate().find_map(owned)
        };
        let owner = system.rules.iter().map(owner).collect();
        let slot = system.rules.iter().map(|rule| only_slot(slots, &rule.subject)).collect();
        Ok(Self { obligations: numbers.len(), prompt, owner, slot, system, machine, layout, obligation })
    }

    /// Whether a rule only does what that of an equal neighbouring slot or object does.
    pub fn repeats(&self, row: &[u8], rule: usize) -> bool {
        self.slot[rule].is_some_and(|(class, slot)| self.layout.repeats(row, class, slot))
            || self.owner[rule].is_some_and(|(at, object)| self.layout.objects[at].repeats(row, object))
    }

    /// The obligation that a rule discharges by firing.
    pub fn discharged_by(&self, rule: usize) -> Option<usize> {
        self.system.rules[rule].fairness.and_then(|unit| self.obligation[unit])
    }

    /// Whether a rule is slow: what fast rules are late for.
    pub fn is_slow(&self, rule: usize) -> bool {
        self.system.rules[rule].pace != Pace::Fast
    }

    /// Whether the claim is about loops.
    pub fn is_loop_claim(&self) -> bool {
        matches!(self.system.properties[0].claim, Claim::NoFairLoop { .. })
    }

    /// All steps from a row, in the order of the rules, but for picks that only permute equal neighbouring slots; rows
    /// are not made canonical.
    pub fn successors(&self, row: &[u8], registers: &mut Registers) -> Result<Vec<Successor>, EngineError> {
        self.steps(row, registers, &|class, slot| self.layout.repeats(row, class, slot))
    }

    /// All steps from a row, with whatever picks.
    pub fn all_successors(&self, row: &[u8], registers: &mut Registers) -> Result<Vec<Successor>, EngineError> {
        self.steps(row, registers, &|_, _| false)
    }

    fn steps(&self, row: &[u8], registers: &mut Registers, repeats: &Repeats) -> Result<Vec<Successor>, EngineError> {
        self.layout.unpack(row, registers);
        self.machine.enter(registers);
        let mut found = Vec::new();
        for rule in 0..self.system.rules.len() {
            let choices: Vec<ChoiceId> =
                self.system.rules[rule].choices.iter().flat_map(|choice| choice.ids().iter().copied()).collect();
            self.machine.fire(rule, registers, repeats, &mut |registers| {
                let mut row = vec![0; self.layout.stride];
                self.layout.pack_after(registers, &mut row);
                let mut picks: Vec<(ChoiceId, i64)> =
                    choices.iter().map(|&choice| (choice, self.machine.pick(choice, registers))).collect();
                picks.sort_unstable();
                let (keep, progress) = self.machine.step(registers);
                found.push(Successor { rule, picks, row, keep, progress });
                Ok(true)
            })?;
        }
        Ok(found)
    }
}

/// The first `count` bits.
pub fn all_bits(count: usize) -> Vec<u64> {
    let mut words = vec![0; count.div_ceil(64)];
    (0..count).for_each(|index| words[index / 64] |= 1 << (index % 64));
    words
}

/// The lump of each fairness unit: units that permutations of sorted slots or objects map to each other have the same.
fn lumps(system: &TransitionSystem, layout: &Layout, slots: &[SlotClass], objects: &[ObjectClass]) -> Vec<usize> {
    let mut numbers: FxHashMap<Subject, usize> = FxHashMap::default();
    let lump = |(index, unit): (usize, &FairnessUnit)| {
        let sorted = layout.slots.iter().map(|sorted| &slots[sorted.class]);
        let subject = sorted.fold(unit.subject.clone(), |subject, class| class.canonical(&subject));
        let sorted = layout.objects.iter().map(|sorted| &objects[sorted.class]);
        let subject = sorted.fold(subject, |subject, class| class.of_first(&subject));
        *numbers.entry(subject).or_insert(index)
    };
    system.fairness.iter().enumerate().map(lump).collect()
}
