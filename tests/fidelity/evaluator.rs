//! A system of the models with one state at a time: variables by name, and all that a rule can do.

use kubound::trace::execute::{fire, values};
use kubound_encodings::assemble::{assemble, assemble_with_plugins};
use kubound_encodings::cluster::{Cluster, Granularity};
use kubound_encodings::controllers::Plugins;
use kubound_encodings::system::{Choice, Rule, TransitionSystem};
use kubound_encodings::term::{ChoiceId, Node, Term, TermId};
use std::collections::HashMap;

/// The evaluator of the cluster that was asked for last: the vectors of one cluster follow each other in a file.
pub struct Latest<K>(Option<(K, Evaluator)>);

impl<K> Default for Latest<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: PartialEq> Latest<K> {
    /// The evaluator of a key, made if the key is not the last one.
    pub fn of(&mut self, key: K, make: impl FnOnce(&K) -> Evaluator) -> &Evaluator {
        match &mut self.0 {
            Some((known, _)) if *known == key => {}
            other => {
                let evaluator = make(&key);
                *other = Some((key, evaluator));
            }
        }
        &self.0.as_ref().expect("made above").1
    }
}

/// See the module.
pub struct Evaluator {
    /// The fine system: one rule is one reconcile.
    pub system: TransitionSystem,
    /// What each plugin of the scheduler says, by group; only where it was asked for.
    pub plugins: Vec<Plugins>,
    names: HashMap<String, usize>,
}

impl Evaluator {
    /// The evaluator of a cluster.
    pub fn new(cluster: &Cluster) -> Self {
        Self::of(assemble(cluster, Granularity::Fine).expect("a cluster that can be modelled"), Vec::new())
    }

    /// The evaluator of a cluster that also knows what each plugin of the scheduler says.
    pub fn with_plugins(cluster: &Cluster) -> Self {
        let assembled = assemble_with_plugins(cluster, Granularity::Fine);
        let (system, plugins) = assembled.expect("a cluster that can be modelled");
        Self::of(system, plugins)
    }

    fn of(system: TransitionSystem, plugins: Vec<Plugins>) -> Self {
        let names = system.dag.vars().iter().enumerate().map(|(index, var)| (var.name.clone(), index)).collect();
        Self { system, plugins, names }
    }

    /// A state with every variable at the lower end of its range.
    pub fn blank(&self) -> Vec<i64> {
        self.system.dag.vars().iter().map(|var| var.sort.range().lo).collect()
    }

    /// Whether there is a variable of a name.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Sets a variable. Panics if there is none, or if the value is outside its range.
    pub fn set(&self, state: &mut [i64], name: &str, value: i64) {
        let index = self.index(name);
        let range = self.system.dag.vars()[index].sort.range();
        assert!(range.contains(value), "{name} = {value} outside {}..{}", range.lo, range.hi);
        state[index] = value;
    }

    /// The value of a variable.
    pub fn get(&self, state: &[i64], name: &str) -> i64 {
        state[self.index(name)]
    }

    fn index(&self, name: &str) -> usize {
        *self.names.get(name).unwrap_or_else(|| panic!("no variable {name}"))
    }

    /// The rule of a name; one that can never be enabled is not in the system.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.system.rule(name)
    }

    /// All states that a rule leads to; none if it is not enabled.
    pub fn outcomes(&self, rule: &Rule, state: &[i64]) -> Vec<Vec<i64>> {
        if values(&self.system, &[rule.enabled.id()], state, &[]) != [1] {
            return Vec::new();
        }
        let mut picks: Vec<Vec<(ChoiceId, i64)>> = vec![Vec::new()];
        for choice in &rule.choices {
            let ways = self.ways(choice, state);
            picks = picks.iter().flat_map(|one| ways.iter().map(move |way| [one.as_slice(), way].concat())).collect();
        }
        let constant = match self.system.dag.node(rule.constraint.id()) {
            Node::Bool(constant) => Some(*constant),
            _ => None,
        };
        let possible = |pick: &Vec<(ChoiceId, i64)>| {
            constant.unwrap_or_else(|| values(&self.system, &[rule.constraint.id()], state, pick) == [1])
        };
        let result = |pick: &Vec<(ChoiceId, i64)>| {
            fire(&self.system, rule, pick, state)
                .unwrap_or_else(|(var, value)| panic!("{}: {var} = {value}", rule.name))
        };
        picks.iter().filter(|pick| possible(pick)).map(result).collect()
    }

    fn ways(&self, choice: &Choice, state: &[i64]) -> Vec<Vec<(ChoiceId, i64)>> {
        match choice {
            Choice::Value(id) => {
                let range = self.system.dag.choices()[id.index()].sort.range();
                (range.lo..=range.hi).map(|value| vec![(*id, value)]).collect()
            }
            Choice::Split { parts, low, high, total } => {
                let terms: Vec<TermId> = low.iter().chain(high).chain([total]).copied().collect();
                let found = values(&self.system, &terms, state, &[]);
                let (low, rest) = found.split_at(parts.len());
                let (high, total) = rest.split_at(parts.len());
                let mut ways = Vec::new();
                split(low, high, total[0], &mut Vec::new(), &mut ways);
                ways.into_iter().map(|way| parts.iter().copied().zip(way).collect()).collect()
            }
        }
    }
}

/// All vectors within bounds with a sum.
fn split(low: &[i64], high: &[i64], left: i64, chosen: &mut Vec<i64>, ways: &mut Vec<Vec<i64>>) {
    let position = chosen.len();
    if position == low.len() {
        if left == 0 {
            ways.push(chosen.clone());
        }
        return;
    }
    let beyond: i64 = high[position + 1..].iter().sum();
    for value in low[position].max(left - beyond)..=high[position].min(left) {
        chosen.push(value);
        split(low, high, left - value, chosen, ways);
        chosen.pop();
    }
}
