//! The logs of refs: what they name, and how they read after a rewrite. A stash is nothing but such a log.
//!
//! Must not know: how ids were mapped.

use std::path::{Path, PathBuf};

use git2::Oid;

use super::needle::Search;
use super::{cite, raw, store};
use crate::base::fault::Result;

/// The message our own moves leave in a log until the log is put right.
pub(super) const OUR_MESSAGE: &str = "stanch: switch to the clean history";

/// Every log file, those of linked working trees too.
pub(super) fn all(git_dir: &Path) -> Result<Vec<PathBuf>> {
    let mut logs = store::files(&git_dir.join("logs"), &|_| true)?;
    for tree in std::fs::read_dir(git_dir.join("worktrees")).into_iter().flatten().flatten() {
        logs.extend(store::files(&tree.path().join("logs"), &|_| true)?);
    }
    logs.sort_unstable();
    Ok(logs)
}

/// Where the log of the ref `name` is, below the git directory.
pub(super) fn path_of(name: &str) -> PathBuf {
    match name.strip_prefix("worktrees/").and_then(|rest| rest.split_once('/')) {
        Some((tree, own)) => Path::new("worktrees").join(tree).join("logs").join(own),
        None => Path::new("logs").join(name),
    }
}

struct Line<'a> {
    old: Oid,
    new: Oid,
    /// From the blank after the second id, with the line feed.
    rest: &'a [u8],
}

fn lines(log: &[u8]) -> impl Iterator<Item = (&[u8], Option<Line<'_>>)> {
    log.split_inclusive(|b| *b == b'\n').map(|whole| {
        let line = || {
            Some(Line { old: raw::oid(whole.get(..40)?)?, new: raw::oid(whole.get(41..81)?)?, rest: whole.get(81..)? })
        };
        (whole, line())
    })
}

/// The ids a log's lines lead to and came from, oldest first, without zeros and without doubles side by side.
pub(super) fn ids(log: &[u8]) -> Vec<Oid> {
    let mut ids: Vec<Oid> = lines(log).filter_map(|(_, line)| line).flat_map(|line| [line.old, line.new]).collect();
    ids.retain(|id| !id.is_zero());
    ids.dedup();
    ids
}

/// Every line of the log is one that our own moves left.
pub(super) fn is_ours(log: &[u8]) -> bool {
    log.split(|b| *b == b'\n').all(|line| line.is_empty() || line.ends_with(OUR_MESSAGE.as_bytes()))
}

/// What became of an id.
pub(super) enum Fate {
    /// It is untouched.
    Kept,
    /// It has a clean counterpart.
    Now(Oid),
    /// Nothing but a log holds it, and it holds the key.
    Gone,
}

/// The log after the rewrite; `None` when nothing changes. Lines that lead to a lost id are dropped, and the line
/// after takes over where the one before ended, as `git reflog delete --rewrite` does. `cited`: the new digits for ids in
/// the lines' words (`checkout: moving from …`, which `git checkout -` reads; `WIP on main: …` of a stash).
pub(super) fn rewritten(
    log: &[u8],
    search: &Search<'_>,
    fate: &dyn Fn(Oid) -> Fate,
    cited: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Vec<u8>>> {
    let mut out = Vec::with_capacity(log.len());
    let mut before: Option<Oid> = None;
    let mut dropped = false;
    for (whole, line) in lines(log) {
        let Some(line) = line else {
            out.extend_from_slice(&search.replace(whole, false)?.unwrap_or_else(|| whole.to_vec()));
            continue;
        };
        let new = match fate(line.new) {
            Fate::Kept => line.new,
            Fate::Now(id) => id,
            Fate::Gone => {
                dropped = true;
                continue;
            }
        };
        if line.rest.trim_ascii_end().ends_with(OUR_MESSAGE.as_bytes()) {
            continue;
        }
        let old = match fate(line.old) {
            _ if dropped => before.unwrap_or(Oid::ZERO_SHA1),
            Fate::Kept => line.old,
            Fate::Now(id) => id,
            Fate::Gone => before.unwrap_or(Oid::ZERO_SHA1),
        };
        dropped = false;
        before = Some(new);
        out.extend_from_slice(format!("{old} {new}").as_bytes());
        let rest = cite::swapped(line.rest, cited).unwrap_or_else(|| line.rest.to_vec());
        out.extend_from_slice(&search.replace(&rest, false)?.unwrap_or(rest));
    }
    Ok((out != log).then_some(out))
}

#[cfg(test)]
mod tests {
    use super::super::needle::Needles;
    use super::*;

    #[test]
    fn lost_entries_leave_no_gap_and_our_own_line_goes() {
        let id = |n: u8| Oid::from_bytes(&[n; 20]).unwrap();
        let key = "k7".repeat(12);
        let line = |old: u8, new: u8, words: &str| format!("{} {} A <a> 1 +0000\t{words}\n", id(old), id(new));
        let log = [line(0, 1, "one"), line(1, 2, "lost"), line(2, 3, &format!("three {key}")), line(3, 4, OUR_MESSAGE)]
            .concat();
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        let fate = |at: Oid| match at {
            at if at == id(2) => Fate::Gone,
            at if at == id(3) => Fate::Now(id(4)),
            _ => Fate::Kept,
        };
        let clean = rewritten(log.as_bytes(), &needles.search(), &fate, &|_| None).unwrap().unwrap();
        let want = [line(0, 1, "one"), line(1, 4, "three REMOVED-BY-STANCH")].concat();
        assert_eq!(String::from_utf8(clean.clone()).unwrap(), want);
        assert!(rewritten(&clean, &needles.search(), &fate, &|_| None).unwrap().is_none());
        assert_eq!(ids(&clean), [id(1), id(4)]);
    }
}
