//! What each ref of a remote is to a plan: at an old id, clean, untouched, or at commits that are not here.
//!
//! Must not know: pushing.

use std::collections::HashSet;

use super::super::plan::Details;
use super::super::repo::Repo;
use super::ask;
use crate::base::fault::Result;

/// Namespaces that forges write themselves and refuse from anybody else.
const FORGES: [&str; 7] = [
    "refs/pull/",
    "refs/pull-requests/",
    "refs/merge-requests/",
    "refs/changes/",
    "refs/keep-around/",
    "refs/pipelines/",
    "refs/environments/",
];

/// One ref of a remote.
#[derive(Debug, Clone)]
pub(super) struct There {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) is: Is,
    /// In a namespace that the forge writes itself.
    pub(super) forge: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Is {
    /// At an old id; the clean one.
    Old(String),
    /// At a clean id that the plan made.
    Clean,
    /// At a commit that is here and that the plan does not change.
    Untouched,
    /// At something that is not here, or that no ref of ours reaches.
    Unknown,
}

/// Every ref of `remote`, sorted by name.
pub(super) fn there(repo: &Repo<'_>, details: &Details, remote: &str) -> Result<Vec<There>> {
    let listed = ask::ls_remote(repo, remote)?;
    let clean: HashSet<&str> = details.map.values().map(String::as_str).collect();
    let rest = listed.values().map(String::as_str);
    let rest: HashSet<&str> = rest.filter(|id| !details.map.contains_key(*id) && !clean.contains(id)).collect();
    let known = reached(repo, &present(repo, &rest)?)?;
    Ok(listed
        .iter()
        .map(|(name, id)| {
            let is = match details.map.get(id) {
                Some(new) => Is::Old(new.clone()),
                None if clean.contains(id.as_str()) => Is::Clean,
                None if known.contains(id) => Is::Untouched,
                None => Is::Unknown,
            };
            There { name: name.clone(), id: id.clone(), is, forge: is_forge(name) }
        })
        .collect())
}

pub(super) fn is_forge(name: &str) -> bool {
    FORGES.iter().any(|forge| name.starts_with(forge))
}

/// The number of the pull or merge request whose head `name` is: `refs/pull/7/head`, `refs/merge-requests/7/head`,
/// `refs/pull-requests/7/from`, `refs/changes/34/1234/2`.
pub(super) fn request(name: &str) -> Option<u64> {
    let (number, kind) = numbered(name)?;
    (kind != "merge").then_some(number)
}

/// The number of a request that has a merge ref: the host keeps one while it is open.
pub(super) fn open_request(name: &str) -> Option<u64> {
    let (number, kind) = numbered(name)?;
    (kind == "merge").then_some(number)
}

/// What a host made of a request's head and the branch it is for: nothing of its own is in it.
pub(super) fn is_merge(name: &str) -> bool {
    open_request(name).is_some()
}

fn numbered(name: &str) -> Option<(u64, &str)> {
    let rest = ["refs/pull/", "refs/merge-requests/", "refs/pull-requests/"].iter().find_map(|p| name.strip_prefix(p));
    let rest = rest.or_else(|| name.strip_prefix("refs/changes/")?.split_once('/').map(|(_, rest)| rest))?;
    let (number, kind) = rest.split_once('/')?;
    Some((number.parse().ok()?, kind))
}

/// Those of `ids` that are in the object store.
pub(super) fn present<'i>(repo: &Repo<'_>, ids: &HashSet<&'i str>) -> Result<Vec<&'i str>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let input: String = ids.iter().flat_map(|id| [id, "\n"]).collect();
    let said = repo.git.feed(&["cat-file", "--batch-check=%(objectname)"], Some(input.as_bytes()))?;
    let said = String::from_utf8_lossy(&said);
    let here: HashSet<&str> = said.lines().filter(|line| !line.ends_with(" missing")).collect();
    Ok(ids.iter().copied().filter(|id| here.contains(id)).collect())
}

/// Ids that fit into one command line.
const AT_ONCE: usize = 10_000;

/// Those of `ids` that some ref of ours reaches.
fn reached(repo: &Repo<'_>, ids: &[&str]) -> Result<HashSet<String>> {
    let mut reached = HashSet::new();
    for ids in ids.chunks(AT_ONCE) {
        // Not on standard input: before git 2.42 that takes no `--not` and no `--all`.
        let args: Vec<&str> = ["rev-list"].into_iter().chain(ids.iter().copied()).chain(["--not", "--all"]).collect();
        let said = repo.git.ask_git(&args, None)?;
        // A history with holes can't be walked: what is here counts as ours.
        let out = if said.ok { String::from_utf8_lossy(&said.out) } else { "".into() };
        let strange: HashSet<&str> = out.lines().collect();
        reached.extend(ids.iter().filter(|id| !strange.contains(*id)).map(|id| (*id).to_owned()));
    }
    Ok(reached)
}

#[cfg(test)]
mod tests {
    use super::{open_request, request};

    #[test]
    fn requests_are_known_by_their_refs() {
        assert_eq!(request("refs/pull/12/head"), Some(12));
        assert_eq!(request("refs/pull/12/merge"), None);
        assert_eq!(open_request("refs/pull/12/merge"), Some(12));
        assert_eq!(request("refs/merge-requests/3/head"), Some(3));
        assert_eq!(request("refs/pull-requests/4/from"), Some(4));
        assert_eq!(request("refs/changes/34/1234/2"), Some(1234));
        assert_eq!(request("refs/heads/pull/1/head"), None);
    }
}
