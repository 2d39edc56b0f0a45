//! Where is looked: repositories and folders with env files come onto the list and go off it.
//!
//! Must not know: what is found in them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::stages::{Act, Ask, Kind, Then, View};

use super::actions::told;

pub(in crate::stages) const REPO_WHY: &str = "Its absolute path on this machine; it is looked through at once.";
pub(in crate::stages) const ROOT_WHY: &str = "Its absolute path on this machine; it is looked through at once.";
pub(in crate::stages) const DROP_WHY: &str =
    "For a wrong path. Nothing on disk is touched; adding it again brings it back.";

fn path(title: &str, topic: &str) -> Act {
    let ask = Ask::line(title, "Absolute path", vec!["Nothing is changed there by looking.".into()]);
    Act::Ask { asks: vec![ask], then: told(topic) }
}

pub(in crate::stages) fn add_repo() -> Act {
    path("Add a repository", "repo")
}

pub(in crate::stages) fn add_root() -> Act {
    path("Add a folder with env files", "root")
}

/// What can be taken off: not where something was changed, since that must stay in the story.
fn listed<'a>(at: &'a View<'_>, repos: bool, roots: bool) -> Vec<(&'a Path, &'static str)> {
    let untouched = |repo: &Path| at.incident.untouched_repo(repo);
    let repos = at.incident.repos.keys().filter(|r| repos && untouched(r)).map(|r| (r.as_path(), "repository"));
    let clean = |root: &Path| at.incident.untouched_root(root);
    let roots = at.incident.roots.iter().filter(|r| roots && clean(r)).map(|r| (r.as_path(), "env root"));
    repos.chain(roots).collect()
}

pub(in crate::stages) fn droppable(at: &View<'_>, repos: bool, roots: bool) -> Result<(), String> {
    let none = || "there is none that nothing was done to yet".to_owned();
    (!listed(at, repos, roots).is_empty()).then_some(()).ok_or_else(none)
}

pub(in crate::stages) fn drop_one(at: &View<'_>, repos: bool, roots: bool) -> Act {
    let option = |(path, what): &(&Path, &str)| {
        let path = path.display().to_string();
        (path.clone(), format!("{what} {path}"))
    };
    let options = listed(at, repos, roots).iter().map(option).collect();
    let body = vec!["It is no longer looked in. Nothing on disk is touched.".into()];
    let then = Then::Decide { topic: "drop".into(), reason: "taken off by a person".into(), facts: BTreeMap::new() };
    Act::Ask { asks: vec![Ask::new("Take off the list", body, Kind::Choice(options))], then }
}
