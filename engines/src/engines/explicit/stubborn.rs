//! Partial-order reduction for invariants: of the rules enabled in a state, only a stubborn set is fired.
//!
//! A set of rules is stubborn in a state if nothing outside can enable, disable or disturb its enabled members before
//! one of them fires. It is closed from one enabled rule: with an enabled rule come all that share a variable with it
//! that one of them writes; with a disabled rule comes whatever could make one false conjunct of its guard true. Rules
//! of the set that are enabled then commute with all that happens elsewhere, and the orders in which independent rules
//! fire need not all be tried.
//!
//! No rule fired alone may be visible, that is, write what the invariant or the premise reads; and some state that it
//! leads to must be new, or else every rule is fired: a rule that is put off is not put off forever. Claims about loops
//! depend on fairness and are searched in full; so are systems with monitors, which every step moves.

use super::layout::Layout;
use crate::limits::explicit::MOST_READ;
use kubound_encodings::system::{Choice, Claim, Rule, TransitionSystem};
use kubound_encodings::term::compile::{Block, Compiler, TooLarge};
use kubound_encodings::term::program::{Program, Reg, Registers};
use kubound_encodings::term::{Dag, Node, Term, TermId, VarId};

/// What of the rules does not depend on the state.
pub struct Stubborn {
    rules: Vec<Static>,
    /// Computes all conjuncts.
    program: Program,
    block: Block,
}

/// What is known of one rule.
struct Static {
    /// The rules that share a variable with it that one of the two writes.
    dependent: Bits,
    /// The rules that must be disabled for it to be enabled.
    held_back_by: Bits,
    /// The conjuncts of its guard that few variables decide: register, the value that disables, and the rules that
    /// write one of the variables.
    conjuncts: Vec<(Reg, bool, Bits)>,
    /// Whether it writes what the property reads.
    visible: bool,
}

/// A set of rules, or of variables.
#[derive(Clone, PartialEq, Eq)]
struct Bits(Vec<u64>);

impl Bits {
    fn of(size: usize, members: impl IntoIterator<Item = usize>) -> Self {
        let mut bits = Self(vec![0; size.div_ceil(64)]);
        members.into_iter().for_each(|member| bits.0[member / 64] |= 1 << (member % 64));
        bits
    }

    fn has(&self, member: usize) -> bool {
        self.0[member / 64] & (1 << (member % 64)) != 0
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    fn members(&self) -> impl Iterator<Item = usize> + '_ {
        let of_word = |(at, &word): (usize, &u64)| {
            (0..64).filter(move |bit| word & (1 << bit) != 0).map(move |bit| at * 64 + bit)
        };
        self.0.iter().enumerate().flat_map(of_word)
    }
}

impl Stubborn {
    /// Prepares the reduction; none where it would be unsound or of no use.
    pub fn new(system: &TransitionSystem) -> Result<Option<Self>, TooLarge> {
        let Claim::Invariant(holds) = system.properties[0].claim else { return Ok(None) };
        let count = system.rules.len();
        let vars = |list: Vec<VarId>| Bits::of(system.vars.len(), list.into_iter().map(VarId::index));
        let seen = vars(system.dag.support([holds.id(), system.properties[0].premise.id()]));
        let reads: Vec<Bits> = system.rules.iter().map(|rule| vars(system.dag.support(terms(rule)))).collect();
        let writes: Vec<Bits> =
            system.rules.iter().map(|rule| vars(rule.updates.iter().map(|&(var, _)| var).collect())).collect();
        if !system.monitors.is_empty() || writes.iter().all(|writes| writes.meets(&seen)) {
            return Ok(None);
        }
        let depend = |a: usize, b: usize| {
            writes[a].meets(&reads[b]) || writes[b].meets(&reads[a]) || writes[a].meets(&writes[b])
        };
        let writers = |read: &Bits| Bits::of(count, (0..count).filter(|&rule| writes[rule].meets(read)));
        let guards: Vec<Vec<(TermId, bool)>> = system.rules.iter().map(|rule| conjuncts(&system.dag, rule)).collect();
        let few =
            |id: TermId| Some(system.dag.support([id])).filter(|support| (1..=MOST_READ).contains(&support.len()));
        let small: Vec<(usize, TermId, bool, Bits)> = (0..count)
            .flat_map(|rule| guards[rule].iter().map(move |&(id, positive)| (rule, id, positive)))
            .filter_map(|(rule, id, positive)| few(id).map(|support| (rule, id, positive, writers(&vars(support)))))
            .collect();
        let mut compiler = Compiler::new(&system.dag)?;
        let roots: Vec<TermId> = small.iter().map(|&(_, id, ..)| id).collect();
        let (block, registers) = compiler.block(&[], &roots)?;
        let mut rules: Vec<Static> = (0..count)
            .map(|rule| Static {
                dependent: Bits::of(count, (0..count).filter(|&other| other != rule && depend(rule, other))),
                held_back_by: Bits::of(
                    count,
                    (0..count).filter(|&other| guards[rule].contains(&(system.rules[other].enabled.id(), false))),
                ),
                conjuncts: Vec::new(),
                visible: writes[rule].meets(&seen),
            })
            .collect();
        for ((rule, _, positive, writers), register) in small.into_iter().zip(registers) {
            rules[rule].conjuncts.push((register, !positive, writers));
        }
        for rule in &mut rules {
            rule.conjuncts.sort_by_key(|(_, _, writers)| writers.members().count());
        }
        Ok(Some(Self { rules, program: compiler.finish(), block }))
    }

    /// Fresh registers for [`Self::choose`].
    pub fn registers(&self) -> Registers {
        self.program.registers()
    }

    /// A stubborn set whose enabled members, at least one and not all, are invisible; given which rules are enabled in
    /// a state. None if there is none.
    pub fn choose(
        &self,
        row: &[u8],
        layout: &Layout,
        enabled: &[bool],
        registers: &mut Registers,
    ) -> Option<Vec<usize>> {
        let count = enabled.iter().filter(|&&enabled| enabled).count();
        if count < 2 {
            return None;
        }
        layout.unpack(row, registers);
        registers.next_epoch();
        self.program.run(self.block, registers);
        let begins = (0..enabled.len()).filter(|&rule| enabled[rule] && !self.rules[rule].visible);
        let sets = begins.filter_map(|begin| self.close(begin, enabled, registers));
        sets.min_by_key(Vec::len).filter(|set| set.len() < count)
    }

    /// The enabled members of the smallest stubborn set found around a rule; none if one of them is visible.
    fn close(&self, begin: usize, enabled: &[bool], registers: &Registers) -> Option<Vec<usize>> {
        let mut set = Bits::of(enabled.len(), [begin]);
        let (mut chosen, mut queue) = (Vec::new(), vec![begin]);
        while let Some(rule) = queue.pop() {
            let known = &self.rules[rule];
            let more = if enabled[rule] {
                if known.visible {
                    return None;
                }
                chosen.push(rule);
                &known.dependent
            } else if known.held_back_by.members().any(|other| enabled[other] && set.has(other)) {
                // What holds it back is disabled only by rules that depend on it, which are in the set.
                continue;
            } else {
                let mut disabling = known
                    .conjuncts
                    .iter()
                    .filter(|(register, disables, _)| (registers.get(*register) != 0) == *disables);
                &disabling.next()?.2
            };
            for other in more.members() {
                if !set.has(other) {
                    set.0[other / 64] |= 1 << (other % 64);
                    queue.push(other);
                }
            }
        }
        chosen.sort_unstable();
        Some(chosen)
    }
}

/// Everything that a rule reads.
fn terms(rule: &Rule) -> Vec<TermId> {
    let mut terms = vec![rule.enabled.id(), rule.constraint.id()];
    terms.extend(rule.updates.iter().map(|&(_, term)| term));
    for choice in &rule.choices {
        if let Choice::Split { low, high, total, .. } = choice {
            terms.extend(low.iter().chain(high).chain([total]));
        }
    }
    terms
}

/// The conjuncts of a guard; false for one that must not be true.
fn conjuncts(dag: &Dag, rule: &Rule) -> Vec<(TermId, bool)> {
    let (mut found, mut queue) = (Vec::new(), vec![(rule.enabled.id(), true)]);
    while let Some((id, positive)) = queue.pop() {
        match (dag.node(id), positive) {
            (Node::And(list), true) | (Node::Or(list), false) => {
                found.push((id, positive));
                queue.extend(list.iter().map(|&operand| (operand, positive)));
            }
            (Node::Not(operand), _) => queue.push((*operand, !positive)),
            _ => found.push((id, positive)),
        }
    }
    found
}
