//! Copies terms into a new graph while some leaves are replaced: the common half of every pass.
//!
//! The new graph declares the same variables and choices under the same ids. Terms are made anew through
//! [`Dag::make`], so that everything that a replaced leaf decides folds away.

use kubound_encodings::system::{Claim, Detail, Rule};
use kubound_encodings::term::lower::{complete, operands};
use kubound_encodings::term::{Bool, Dag, Node, Sort, Term, TermId, VarDecl, VarId};
use rustc_hash::FxHashMap;

/// A graph under construction with the image of each term copied so far.
pub struct Rebuilder<'a> {
    from: &'a Dag,
    to: Dag,
    image: Vec<Option<TermId>>,
    /// The variables and choices that occur.
    leaves: FxHashMap<Node, TermId>,
}

impl<'a> Rebuilder<'a> {
    /// A rebuilder into an empty graph with the declarations of `from` and some `more` variables.
    pub fn new(from: &'a Dag, more: &[VarDecl]) -> Self {
        let to = Dag::declaring(from.vars().iter().chain(more).cloned().collect(), from.choices().to_vec());
        let is_leaf = |node: &Node| matches!(node, Node::Var(_) | Node::Primed(_) | Node::Choice(_));
        let terms = (0..from.len() as u32).map(TermId).filter(|&id| is_leaf(from.node(id)));
        let leaves = terms.map(|id| (from.node(id).clone(), id)).collect();
        Self { from, to, image: vec![None; from.len()], leaves }
    }

    /// The graph built so far, to add terms.
    pub fn graph(&mut self) -> &mut Dag {
        &mut self.to
    }

    /// The finished graph.
    pub fn finish(self) -> Dag {
        self.to
    }

    /// Has every occurrence of a variable or choice that is copied from now on replaced by a term of the new graph.
    pub fn replace(&mut self, leaf: &Node, new: TermId) {
        if let Some(id) = self.leaves.get(leaf) {
            self.image[id.index()] = Some(new);
        }
    }

    /// Forgets all images, so that other replacements can be made.
    pub fn forget(&mut self) {
        self.image.fill(None);
    }

    /// Has variables replaced by constants, before and after the step; by `VarId`.
    pub fn fix(&mut self, values: &[Option<i64>]) {
        for (index, value) in values.iter().enumerate() {
            let Some(value) = *value else { continue };
            let constant = self.constant(self.from.vars()[index].sort, value);
            let var = VarId(index as u32);
            self.replace(&Node::Var(var), constant);
            self.replace(&Node::Primed(var), constant);
        }
    }

    /// A constant of a sort.
    pub fn constant(&mut self, sort: Sort, value: i64) -> TermId {
        self.to.make(match sort {
            Sort::Bool => Node::Bool(value != 0),
            Sort::Int(_) => Node::Int(value),
        })
    }

    /// The image of a term.
    pub fn term(&mut self, root: TermId) -> TermId {
        let (from, to) = (self.from, &mut self.to);
        complete(from, root, &mut self.image, operands, |id, image| {
            to.make(from.node(id).map(|operand| image[operand.index()].expect("copied before what uses it")))
        });
        self.image[root.index()].expect("just copied")
    }

    /// The image of a condition.
    pub fn condition(&mut self, root: Bool) -> Bool {
        Bool::from_id(self.term(root.id()))
    }

    /// The image of a rule.
    pub fn rule(&mut self, rule: &Rule) -> Rule {
        Rule {
            enabled: self.condition(rule.enabled),
            waits: rule.waits.map(|waits| self.condition(waits)),
            constraint: self.condition(rule.constraint),
            choices: rule.choices.iter().map(|choice| choice.map(|term| self.term(term))).collect(),
            updates: rule.updates.iter().map(|&(var, term)| (var, self.term(term))).collect(),
            sentence: rule.sentence.iter().map(|phrase| phrase.map(|term| self.term(term))).collect(),
            details: rule.details.iter().map(|detail| self.detail(detail)).collect(),
            name: rule.name.clone(),
            actor: rule.actor.clone(),
            subject: rule.subject.clone(),
            writes: Vec::new(),
            expansion: rule.expansion.clone(),
            origins: rule.origins.clone(),
            settings: rule.settings.clone(),
            ..*rule
        }
    }

    fn detail(&mut self, detail: &Detail) -> Detail {
        Detail { term: self.term(detail.term), ..detail.clone() }
    }

    /// The image of a claim.
    pub fn claim(&mut self, claim: &Claim) -> Claim {
        match *claim {
            Claim::Invariant(holds) => Claim::Invariant(self.condition(holds)),
            Claim::NoFairLoop { within, keep, progress, stay } => Claim::NoFairLoop {
                within: self.condition(within),
                keep: self.condition(keep),
                progress: self.condition(progress),
                stay: self.condition(stay),
            },
        }
    }

    /// The term of a variable in the new graph.
    pub fn var(&mut self, var: VarId) -> TermId {
        self.to.make(Node::Var(var))
    }
}
