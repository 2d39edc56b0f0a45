//! Where is looked: folders and repositories, told at the opening or later, and those named by mistake.
//!
//! Must not know: what was found in them.

use std::path::{Path, PathBuf};

use crate::effect::Effect;
use crate::effect::target::TargetRef;

use super::super::event::StepRef;
use super::Incident;

impl Incident {
    /// One more place to look in, told after the opening.
    pub(super) fn widen(&mut self, topic: &str, choice: &str) {
        let path = PathBuf::from(choice);
        match topic {
            "repo" => drop(self.repos.entry(path).or_default()),
            "root" if !self.roots.contains(&path) => {
                self.roots.push(path);
                self.discovered = None;
            }
            "drop" => self.narrow(&path),
            _ => {}
        }
    }

    /// A place that was named by mistake. What something was done to stays.
    fn narrow(&mut self, path: &Path) {
        if self.untouched_repo(path) && self.repos.remove(path).is_some() {
            let about = path.display().to_string();
            let of = |s: &StepRef| s.stage == "purge" && s.step.split_once(':').is_some_and(|(_, rest)| rest == about);
            self.faults.retain(|step, _| !of(step));
        }
        if self.roots.iter().any(|root| root == path) && self.untouched_root(path) {
            self.roots.retain(|root| root != path);
            let below = |place: &TargetRef| self.roots.iter().any(|root| Path::new(&place.place).starts_with(root));
            let kept: Vec<TargetRef> = self.targets.keys().filter(|place| below(place)).cloned().collect();
            self.targets.retain(|place, _| kept.contains(place));
            self.not_read.clear();
            self.discovered = None;
        }
    }

    /// Nothing was written to this repository, or begun to be.
    pub fn untouched_repo(&self, repo: &Path) -> bool {
        !self.intents.values().any(|i| matches!(&i.effect, Effect::Git { repo: of, .. } if of == repo))
    }

    /// Nothing was written below this folder, or begun to be.
    pub fn untouched_root(&self, root: &Path) -> bool {
        let below = |at: &TargetRef| Path::new(&at.place).starts_with(root);
        !self.intents.values().any(|i| matches!(&i.effect, Effect::Target { op } if op.at().is_some_and(below)))
    }
}
