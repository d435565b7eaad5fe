//! Pods as somebody sees them who asks what would be if they asked for something else.

use super::Model;
use crate::cluster::pod::PodTemplate;

/// Another template of a group, as Karpenter makes it of the real one.
#[derive(Clone, Debug)]
pub(crate) struct Pose {
    /// The group.
    pub(crate) group: usize,
    /// Its template.
    pub(crate) template: PodTemplate,
    /// Whether taints of effect PreferNoSchedule keep its pods away.
    pub(crate) minds_soft_taints: bool,
}

impl Model<'_> {
    /// Answers a question about pods of a group that ask for something else.
    pub(crate) fn posing<R>(&mut self, pose: &Pose, ask: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.pose.replace(pose.clone());
        let answer = ask(self);
        self.pose = before;
        answer
    }

    /// What a group poses as, if it does.
    pub(crate) fn pose_of(&self, group: usize) -> Option<&Pose> {
        self.pose.as_ref().filter(|pose| pose.group == group)
    }
}
