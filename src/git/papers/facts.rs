//! What the papers tell: gathered once from the plan's outline, its details and the remotes.
//!
//! Must not know: how a paper reads.

use git2::Oid;
use sha2::{Digest as _, Sha256};

use super::super::plan::{Details, Stage};
use super::super::repo::Repo;
use super::super::{remote, shelf};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::id::hex;
use crate::base::secret::KeyKind;
use crate::effect::git::{Plan, RemoteLook};

/// A key shorter than this, or of fewer kinds of characters, can be guessed by trying: then no paper carries anything
/// a guess could be checked against that is not public already.
const GUESSABLE: usize = 20;
const KINDS: usize = 8;

pub(super) struct Facts {
    pub(super) plan: Plan,
    pub(super) details: Details,
    pub(super) remotes: Vec<Remote>,
    pub(super) key: Option<KeyFacts>,
    /// Git LFS is used here.
    pub(super) lfs: bool,
}

pub(super) struct Remote {
    pub(super) look: RemoteLook,
    /// Branch name, old tip, new tip.
    pub(super) branches: Vec<(String, String, String)>,
}

/// What lets the key be recognised by somebody who does not have it.
pub(super) struct KeyFacts {
    pub(super) length: usize,
    /// The vendor's fixed start; empty when unknown.
    pub(super) prefix: &'static str,
    /// Hexadecimal SHA-256.
    pub(super) digest: String,
}

impl Facts {
    pub(super) fn gather(repo: &Repo<'_>, plan: &str) -> Result<Self> {
        let details = shelf::need(repo, plan)?;
        if details.stage == Stage::Undone {
            return Err(Fault::refused("there is nothing to tell others", "this plan was undone")
                .hint("plan again, apply, push, then write the papers"));
        }
        let Some(told) = remote::outline::load(repo.ask.backup_root, plan)? else {
            return Err(Fault::refused("the papers can't be written", "what the plan found is not on record any more")
                .hint(
                    "plan again; the papers of a plan that was applied are written from the folder it was made with",
                ));
        };
        let mut remotes = Vec::new();
        for name in remote::remotes(repo)? {
            let look = remote::look_at(repo, &details, &told.first_changed, &name)?;
            remotes.push(Remote { branches: branches(&details, &name), look });
        }
        let lfs = repo.git2.commondir().join("lfs/objects").exists() || !told.lfs.is_empty();
        Ok(Self { plan: told, details, remotes, key: key(repo.ask.keys), lfs })
    }

    /// First changed commits: old id, new id.
    pub(super) fn starts(&self) -> Vec<(&str, &str)> {
        let now = |old: &String| self.details.map.get(old).map_or("", String::as_str);
        self.plan.first_changed.iter().map(|old| (old.as_str(), now(old))).collect()
    }

    /// Tags that moved: old id, name.
    pub(super) fn tags(&self) -> Vec<(&str, &str)> {
        let moves = self.details.moves.iter().filter(|m| m.old != Oid::ZERO_SHA1.to_string());
        moves.filter_map(|m| Some((m.old.as_str(), m.name.strip_prefix("refs/tags/")?))).collect()
    }

    /// What a person calls the repository: its address where there is one.
    pub(super) fn repo(&self) -> &str {
        self.remotes.first().map(|r| r.look.url.as_str()).filter(|url| !url.is_empty()).unwrap_or(&self.plan.phrase)
    }
}

/// The remote's branches that move: by its tracking refs, or, in a mirror, by the branches themselves.
fn branches(details: &Details, remote: &str) -> Vec<(String, String, String)> {
    let zero = Oid::ZERO_SHA1.to_string();
    let prefix = format!("refs/remotes/{remote}/");
    let below = |prefix: &str| -> Vec<(String, String, String)> {
        let moves = details.moves.iter().filter(|m| m.old != zero && m.new != zero);
        moves.filter_map(|m| Some((m.name.strip_prefix(prefix)?.to_owned(), m.old.clone(), m.new.clone()))).collect()
    };
    let tracked = below(&prefix);
    if tracked.is_empty() { below("refs/heads/") } else { tracked }
}

/// One that can be guessed keeps the others' facts back, too: ids of objects would confirm a guess of it. Of several the
/// longest is told.
fn key(keys: &[&[u8]]) -> Option<KeyFacts> {
    let facts: Option<Vec<KeyFacts>> = keys.iter().map(|key| one(key)).collect();
    facts?.into_iter().max_by_key(|facts| facts.length)
}

fn one(key: &[u8]) -> Option<KeyFacts> {
    let mut kinds: Vec<u8> = key.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    let text = std::str::from_utf8(key).ok().filter(|t| t.bytes().all(|b| b.is_ascii_graphic()));
    let guessable = key.len() < GUESSABLE || kinds.len() < KINDS;
    zeroize::Zeroize::zeroize(&mut kinds);
    let text = text.filter(|_| !guessable)?;
    let digest = hex(&Sha256::digest(key));
    Some(KeyFacts { length: key.len(), prefix: KeyKind::prefix_of(text), digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_can_be_guessed_is_not_told_by_its_hash() {
        let long = format!("sk-{}-{}", "proj", "aB3xQ9zL7".repeat(5));
        let facts = key(&[long.as_bytes()]).unwrap();
        assert_eq!((facts.length, facts.prefix, facts.digest.len()), (long.len(), "sk-proj-", 64));
        assert!(key(&[&long.as_bytes()[..18]]).is_none(), "short");
        assert!(key(&["ab".repeat(20).as_bytes()]).is_none(), "few kinds of characters");
        assert!(key(&[format!("{long}\n{long}").as_bytes()]).is_none(), "more than one line");
        assert!(key(&[long.as_bytes(), &long.as_bytes()[..18]]).is_none(), "one of two is short");
    }
}
