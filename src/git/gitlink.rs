//! Gitlinks: the commits of submodules that trees name. When a submodule was purged, its commits got new ids, and the
//! history around it names commits that are gone. Here it is known what became of them: from plans that were applied on
//! this machine, and from a map that a person gave (`git filter-repo` writes the same form).
//!
//! Must not know: how trees are rewritten.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use git2::Oid;
use serde::Deserialize;

use super::graph::{Graph, Trees};
use super::plan::{Seen, Stage};
use super::repo::Repo;
use super::{map, raw, store, submodule};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::Gitlink;

/// The map that a person gave, in the backup folder of the repository it is for.
const GIVEN: &str = "commit-map";

/// What is needed of a plan of another repository.
#[derive(Deserialize)]
struct Other {
    stage: Stage,
    git_dir: PathBuf,
    map: HashMap<String, String>,
}

/// What became of submodules' commits; empty where there is no submodule.
pub(super) fn known(repo: &Repo<'_>) -> Result<HashMap<Oid, Oid>> {
    let root = repo.ask.backup_root;
    let mut next = HashMap::new();
    if let Some(given) = store::read_if(&root.join(GIVEN))? {
        next.extend(parsed(&given)?);
    }
    if has_submodules(repo) {
        let own = submodule::dirs(repo);
        let mut plans = others(root, &repo.dir);
        // Where two purges made different things of one commit, that of the submodule in here counts.
        plans.sort_by_cached_key(|plan| (!own.contains(&plan.git_dir), plan.git_dir.clone()));
        let id = |text: &str| raw::oid(text.as_bytes());
        for (old, new) in plans.iter().flat_map(|plan| &plan.map).filter_map(|(old, new)| Some((id(old)?, id(new)?))) {
            next.entry(old).or_insert(new);
        }
    }
    Ok(ends(&next))
}

fn has_submodules(repo: &Repo<'_>) -> bool {
    repo.dir.join("modules").exists()
        || repo.work.iter().any(|work| work.join(".gitmodules").exists())
        // Not by the library: it has no end where a loose object was cut.
        || repo.git.ask_git(&["cat-file", "-e", "HEAD:.gitmodules"], None).is_ok_and(|said| said.ok)
}

/// Every plan that is kept in this backup folder and in those beside it.
fn plans(root: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    let is_plan = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("plan-") && name.ends_with(".json")
    };
    let folders = root.parent().map(below).unwrap_or_default();
    let mut files: Vec<PathBuf> = folders.iter().chain([&root.to_owned()]).flat_map(|folder| below(folder)).collect();
    files.retain(|path| is_plan(path));
    files.sort_unstable();
    files.dedup();
    files
}

/// Git directories of all repositories that this program made a plan for.
pub(super) fn used(root: &Path) -> BTreeSet<PathBuf> {
    #[derive(Deserialize)]
    struct Place {
        git_dir: PathBuf,
    }
    let place = |path: &PathBuf| serde_json::from_slice::<Place>(&std::fs::read(path).ok()?).ok();
    plans(root).iter().filter_map(place).map(|place| place.git_dir).collect()
}

/// Plans that stand, of other repositories.
fn others(root: &Path, own: &Path) -> Vec<Other> {
    // What can't be read is of an older program, or none of ours.
    let plan = |path: &PathBuf| serde_json::from_slice::<Other>(&super::store::bytes(path).ok()?).ok();
    let stands = |plan: &Other| matches!(plan.stage, Stage::Applied | Stage::Finished) && plan.git_dir != own;
    plans(root).iter().filter_map(plan).filter(stands).collect()
}

/// Each id with what it is in the end, after all purges. A circle, as an undone purge can leave, leads nowhere.
fn ends(next: &HashMap<Oid, Oid>) -> HashMap<Oid, Oid> {
    let end = |from: Oid| {
        let (mut at, mut seen) = (from, HashSet::new());
        while let Some(to) = next.get(&at) {
            if !seen.insert(at) {
                return None;
            }
            at = *to;
        }
        (at != from).then_some((from, at))
    };
    next.keys().filter_map(|from| end(*from)).collect()
}

/// `old new`, one pair a line. A heading is skipped, and so is a commit that became nothing.
fn parsed(text: &[u8]) -> Result<HashMap<Oid, Oid>> {
    let mut pairs = HashMap::new();
    for (n, line) in text.split(|b| *b == b'\n').enumerate() {
        let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        match words[..] {
            [] => {}
            [old, new] if n == 0 && old == b"old" && new == b"new" => {}
            [old, new] => match (raw::oid(old), raw::oid(new)) {
                (Some(old), Some(new)) => {
                    if !new.is_zero() && old != new {
                        pairs.insert(old, new);
                    }
                }
                _ => return Err(no_map(n)),
            },
            _ => return Err(no_map(n)),
        }
    }
    Ok(pairs)
}

fn no_map(n: usize) -> Fault {
    Fault::input("this is no map of commits", format!("line {} is not two ids of 40 digits", n + 1))
        .hint("one `old new` a line, as `git filter-repo` writes it to .git/filter-repo/commit-map")
}

/// Keeps the map in `file` for every later plan of this repository. It takes the place of one that was given before.
pub(super) fn take(root: &Path, file: &Path) -> Result<usize> {
    let text = store::read(file)?;
    let pairs = parsed(&text)?;
    let mut lines: Vec<String> = pairs.iter().map(|(old, new)| format!("{old} {new}\n")).collect();
    lines.sort_unstable();
    store::private_dir(root)?;
    store::put(&root.join(GIVEN), lines.concat().as_bytes())?;
    Ok(pairs.len())
}

/// The submodules' commits that `relinked` names, for people. None when only lost commits name them.
pub(super) fn told(
    repo: &Repo<'_>,
    seen: &Seen,
    graph: &Graph,
    alive: &HashSet<Oid>,
    relinked: &BTreeSet<Oid>,
) -> Vec<Gitlink> {
    if relinked.is_empty() {
        return Vec::new();
    }
    let trees = Trees::new(&seen.scan);
    let commits = graph.commits.all().iter().filter(|node| alive.contains(&node.id));
    let paths = map::paths(&seen.scan, &trees, commits);
    let one = |old: &Oid| {
        let (path, new) = (paths.get(old)?, seen.links.get(old)?);
        Some(Gitlink { path: repo.search.text(path), old: old.to_string(), new: new.to_string() })
    };
    let mut all: Vec<Gitlink> = relinked.iter().filter_map(one).collect();
    all.sort_by(|a, b| (&a.path, &a.old).cmp(&(&b.path, &b.old)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> Oid {
        Oid::from_bytes(&[n; 20]).unwrap()
    }

    #[test]
    fn a_map_has_pairs_a_heading_and_commits_that_are_gone() {
        assert!(parsed(format!("old {:40} new\n", "").as_bytes()).is_ok());
        let lines = format!("old new\n{} {}\n{} {}\n\n", id(1), id(2), id(3), Oid::ZERO_SHA1);
        assert_eq!(parsed(lines.as_bytes()).unwrap(), HashMap::from([(id(1), id(2))]));
        for bad in ["x y\n", "old new\nold new\n", &format!("{} {} {}", id(1), id(2), id(3)), &id(1).to_string()] {
            assert!(parsed(bad.as_bytes()).unwrap_err().why.starts_with("line "), "{bad}");
        }
    }

    #[test]
    fn two_purges_follow_each_other_and_circles_lead_nowhere() {
        let next = HashMap::from([(id(1), id(2)), (id(2), id(3)), (id(7), id(8)), (id(8), id(7))]);
        assert_eq!(ends(&next), HashMap::from([(id(1), id(3)), (id(2), id(3))]));
    }
}
