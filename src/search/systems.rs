//! The systems of a cluster, and what is found out about them once for all intents and reports.

use crate::engines::proof::effects::{Answers, Effects};
use crate::engines::symbolic::alone;
use crate::limits::Stop;
use crate::limits::proof::{AT_LEAST, EACH_RULE, EACH_RULE_AT_FIRST};
use crate::limits::report::SCENE;
use crate::passes::Families;
use kubound_encodings::assemble::{AssembleError, assemble, assemble_with_judgements, assemble_with_scene};
use kubound_encodings::cluster::{Cluster, Granularity, Timing};
use kubound_encodings::controllers::Judgement;
use kubound_encodings::scene::Scene;
use kubound_encodings::system::TransitionSystem;
use rustc_hash::FxHashSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The systems of a cluster: the one searched, and the fine one on which violations are replayed.
#[derive(Clone, Debug)]
pub struct Systems {
    /// One rule a reconcile.
    pub fine: TransitionSystem,
    /// With rules merged, which is possible under paced timing only; `None` where the fine one is searched.
    pub fused: Option<TransitionSystem>,
    /// What single rules show about the fine system, once somebody has asked; or why they show nothing.
    effects: Arc<OnceLock<Result<Effects, String>>>,
    /// Why that was not found out in a hurry.
    hurried: Arc<OnceLock<String>>,
    /// What became of its questions till then.
    answers: Answers,
    /// The cluster, where somebody may ask how its states look.
    described: Option<Arc<Cluster>>,
    /// What tells objects of the system searched apart.
    families: Arc<OnceLock<Families>>,
    /// How states look, once somebody has asked; or why nobody knows.
    scene: Arc<OnceLock<Result<Staged, String>>>,
    /// Why the scheduler decides as it does, once somebody has asked; nothing where that takes too long.
    judgements: Arc<OnceLock<Option<Judged>>>,
}

/// How long who asks what single rules show is ready to wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Haste {
    /// Others are to be asked as well.
    First,
    /// Nobody else knows.
    Last,
}

/// How the states of a system look, in the words of the system beside.
pub type Staged = (TransitionSystem, Scene);

/// Why the scheduler decides as it does, in the words of the system beside.
pub type Judged = (TransitionSystem, Vec<Judgement>);

impl Systems {
    /// The fine system, and the one with rules merged, of a cluster that nobody knows.
    pub fn of(fine: TransitionSystem, fused: Option<TransitionSystem>) -> Self {
        Self {
            fine,
            fused,
            effects: Arc::default(),
            hurried: Arc::default(),
            answers: Answers::default(),
            described: None,
            families: Arc::default(),
            scene: Arc::default(),
            judgements: Arc::default(),
        }
    }

    /// What single rules show about the fine system. It serves all intents, so it is worth the time of all of them. Who is in a
    /// hurry gives up soon, and once for all.
    pub fn effects(&self, haste: Haste, stop: &Stop) -> Result<&Effects, String> {
        if let Some(known) = self.effects.get() {
            return known.as_ref().map_err(Clone::clone);
        }
        if let (Haste::First, Some(reason)) = (haste, self.hurried.get()) {
            return Err(reason.clone());
        }
        let rules = u32::try_from(self.fine.rules.len()).unwrap_or(u32::MAX);
        let each = match haste {
            Haste::First => EACH_RULE_AT_FIRST,
            Haste::Last => EACH_RULE,
        };
        let own = stop.at_most(AT_LEAST + each * rules);
        let found = match alone(stop, || Ok(Effects::knowing(&self.fine, &self.answers, &own))) {
            Ok(Ok(found)) => found,
            Ok(Err(fault)) => return Err(fault.to_string()),
            Err(stopped) => return Err(stopped.to_string()),
        };
        // With more time it may come to more.
        match (stop.reason(), own.reason()) {
            (Some(reason), _) if found.is_err() => Err(reason.to_owned()),
            (None, Some(reason)) if found.is_err() && haste == Haste::First => {
                Err(self.hurried.get_or_init(|| reason.to_owned()).clone())
            }
            _ => self.effects.get_or_init(|| found).as_ref().map_err(Clone::clone),
        }
    }

    /// Whether somebody has asked for that already.
    pub fn knows_effects(&self) -> bool {
        self.effects.get().is_some()
    }

    /// What tells objects of the system searched apart, found out once.
    pub fn families(&self) -> &Families {
        self.families.get_or_init(|| Families::new(self.searched()))
    }

    /// How states of the cluster look, made once for all reports, unless it takes too long; nothing where the cluster is
    /// not known.
    pub fn scene(&self) -> Option<Result<&Staged, &str>> {
        self.scene_within(SCENE)
    }

    /// The same, with another limit on the time where it was not made before.
    pub fn scene_within(&self, most: Duration) -> Option<Result<&Staged, &str>> {
        let cluster = self.described.as_ref()?;
        let make = || {
            let made = Stop::default().at_most(most).heed(|| assemble_with_scene(cluster, Granularity::Fine));
            made.map_err(|stopped| stopped.to_string())?.map_err(|fault| fault.to_string())
        };
        Some(self.scene.get_or_init(make).as_ref().map_err(String::as_str))
    }

    /// Why the scheduler decides as it does, made once for all reports; nothing where that takes too long, as it does where
    /// [`Self::scene`] does, or the cluster is not known.
    pub fn judgements(&self) -> Option<&Judged> {
        self.scene()?.ok()?;
        let cluster = self.described.as_ref()?;
        let make = || {
            let made = Stop::default().at_most(SCENE).heed(|| assemble_with_judgements(cluster, Granularity::Fine));
            made.ok()?.ok()
        };
        self.judgements.get_or_init(make).as_ref()
    }

    /// Builds the systems of a cluster.
    pub fn new(cluster: &Cluster, granularity: Granularity) -> Result<Self, AssembleError> {
        let fine = assemble(cluster, Granularity::Fine)?;
        let fused = match granularity {
            Granularity::Fused if cluster.timing == Timing::Paced => Some(assemble(cluster, Granularity::Fused)?),
            _ => None,
        };
        Ok(Self { described: Some(Arc::new(cluster.clone())), ..Self::of(fine, fused) })
    }

    /// The same, unless there is a reason to stop before they are built.
    pub fn within(cluster: &Cluster, granularity: Granularity, stop: &Stop) -> Result<Self, AssembleError> {
        stop.heed(|| Self::new(cluster, granularity)).unwrap_or_else(|stopped| Err(AssembleError::Stopped(stopped)))
    }

    /// The names of rules of the fine system, given those of rules that were searched.
    pub fn fine_names(&self, searched: &[String]) -> FxHashSet<String> {
        let system = self.searched();
        searched.iter().filter_map(|name| system.rule(name)).flat_map(|rule| system.fine_names(rule)).collect()
    }

    /// The system that engines search.
    pub fn searched(&self) -> &TransitionSystem {
        self.fused.as_ref().unwrap_or(&self.fine)
    }
}
