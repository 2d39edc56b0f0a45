//! What the papers tell: gathered once from the plan's outline, its details and the remotes.
//!
//! Must not know: how a paper reads.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use git2::Oid;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::super::plan::{Details, Stage};
use super::super::repo::Repo;
use super::super::{remote, shelf};
use crate::base::Fault;
use crate::base::KeyKind;
use crate::base::fault::Result;
use crate::base::id::hex;
use crate::effect::git::{Plan, RemoteLook};

/// A key shorter than this, or of fewer kinds of characters, can be guessed by trying: then no paper carries anything
/// a guess could be checked against that is not public already.
const GUESSABLE: usize = 20;
const KINDS: usize = 8;

pub(super) struct Facts {
    pub(super) plan: Plan,
    pub(super) details: Details,
    pub(super) remotes: Vec<Remote>,
    /// The forms of the keys, by which a stranger can know them again. `None`: one of the keys could be guessed.
    pub(super) key: Option<Vec<Window>>,
    /// Git LFS is used here.
    pub(super) lfs: bool,
}

pub(super) struct Remote {
    pub(super) look: RemoteLook,
    /// Branch name, old tip, new tip.
    pub(super) branches: Vec<(String, String, String)>,
}

/// One form of a key, as it can be recognised by somebody who does not have it.
pub(super) struct Window {
    /// Characters.
    pub(super) length: usize,
    /// What the vendor's fixed start looks like in this form; empty when unknown.
    pub(super) prefix: String,
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

/// One that can be guessed keeps the others' facts back, too: ids of objects would confirm a guess of it.
fn key(keys: &[&[u8]]) -> Option<Vec<Window>> {
    let windows: Option<Vec<Vec<Window>>> = keys.iter().map(|key| forms(key)).collect();
    Some(windows?.into_iter().flatten().collect())
}

/// The forms that are always written alike: plain (which UTF-16 is, too, without its zero bytes), hexadecimal, base64.
fn forms(key: &[u8]) -> Option<Vec<Window>> {
    let mut kinds: Vec<u8> = key.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    let text = std::str::from_utf8(key).ok().filter(|t| t.bytes().all(|b| b.is_ascii_graphic()));
    let guessable = key.len() < GUESSABLE || kinds.len() < KINDS;
    zeroize::Zeroize::zeroize(&mut kinds);
    let start = KeyKind::prefix_of(text.filter(|_| !guessable)?).as_bytes();
    let mut windows: Vec<Window> = Vec::new();
    let mut add = |write: &dyn Fn(&[u8]) -> Zeroizing<String>| {
        let form = write(key);
        let window = Window {
            length: form.len(),
            prefix: write(start).to_string(),
            digest: hex(&Sha256::digest(form.as_bytes())),
        };
        if windows.iter().all(|other| other.digest != window.digest) {
            windows.push(window);
        }
    };
    add(&|bytes| Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()));
    add(&|bytes| Zeroizing::new(hex(bytes)));
    add(&|bytes| Zeroizing::new(Zeroizing::new(hex(bytes)).to_uppercase()));
    for skew in 0..3 {
        add(&|bytes| core(bytes, skew, &STANDARD_NO_PAD));
        add(&|bytes| core(bytes, skew, &URL_SAFE_NO_PAD));
    }
    Some(windows)
}

/// The characters of base64 that depend on `bytes` alone, when `skew` others stand before them in a group of three.
fn core(bytes: &[u8], skew: usize, alphabet: &GeneralPurpose) -> Zeroizing<String> {
    let mut shifted = Zeroizing::new(Vec::with_capacity(skew + bytes.len()));
    shifted.resize(skew, 0);
    shifted.extend_from_slice(bytes);
    let text = Zeroizing::new(alphabet.encode(&*shifted));
    let (from, to) = ((8 * skew).div_ceil(6), 8 * shifted.len() / 6);
    Zeroizing::new(text.get(from..to).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_can_be_guessed_is_not_told_by_its_hash() {
        let long = format!("sk-{}-{}", "proj", "aB3xQ9zL7".repeat(5));
        let windows = key(&[long.as_bytes()]).unwrap();
        let plain = &windows[0];
        assert_eq!((plain.length, plain.prefix.as_str(), plain.digest.len()), (long.len(), "sk-proj-", 64));
        assert!((6..=9).contains(&windows.len()), "{}", windows.len());
        assert!(windows.iter().all(|w| w.prefix.len() >= 8 && w.length > 40), "each form has a public start");
        assert!(key(&[&long.as_bytes()[..18]]).is_none(), "short");
        assert!(key(&["ab".repeat(20).as_bytes()]).is_none(), "few kinds of characters");
        assert!(key(&[format!("{long}\n{long}").as_bytes()]).is_none(), "more than one line");
        assert!(key(&[long.as_bytes(), &long.as_bytes()[..18]]).is_none(), "one of two is short");
    }
}
