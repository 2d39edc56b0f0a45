//! Files that can't be edited as text, archives and binaries: what becomes of each, by a person's choice.
//!
//! Must not know: trees, commits, how anything is stored.

use super::archive::{self, Bounds};
use super::needle::{Search, binary};
use super::repo::Repo;
use crate::base::fault::Result;
use crate::effect::git::{Archives, Binaries, Fate, FileChoice, Policy, Refusal};

/// What a rewrite does with such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Edited,
    SameLength,
    /// Nobody chose yet; it could be repacked.
    Asked,
    Repacked,
    Dropped,
    Left,
    /// It can't be repacked: why.
    Stuck(&'static str),
}

impl Way {
    pub(super) fn words(self) -> String {
        match self {
            Self::Edited => "edited as text".into(),
            Self::SameLength => "the key is overwritten, every length stays".into(),
            Self::Asked => "not decided yet".into(),
            Self::Repacked => "packed anew without the key".into(),
            Self::Dropped => "left out of every commit".into(),
            Self::Left => "left as it is: it still holds the key".into(),
            Self::Stuck(why) => format!("can't be repacked: {why}"),
        }
    }

    pub(super) fn fate(self) -> Fate {
        match self {
            Self::Edited | Self::SameLength => Fate::SameLength,
            Self::Asked => Fate::Asked,
            Self::Repacked => Fate::Repacked,
            Self::Dropped => Fate::Dropped,
            Self::Left => Fate::Left,
            Self::Stuck(_) => Fate::Stuck,
        }
    }
}

/// What stands in place of a file that is left out, where something else than a tree holds it.
pub(super) const GONE: &[u8] = b"REMOVED-BY-STANCH\n";

/// See [`decide`].
type Decision = (Option<&'static str>, Way, Option<Vec<u8>>);

/// The sorts of such files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Archive,
    /// A text with something packed in the middle of it.
    Amid,
    Binary,
}

/// What holds for one file, by the choice for it or for its sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nobody chose.
    Ask,
    Redact,
    Drop,
    Leave,
}

/// What a decision rests on; threads share it.
#[derive(Clone, Copy)]
pub(super) struct By<'p> {
    pub(super) search: &'p Search<'p>,
    pub(super) policy: &'p Policy,
    pub(super) cancel: &'p (dyn Fn() -> bool + Sync),
}

impl<'p> By<'p> {
    pub(super) fn of(repo: &'p Repo<'_>) -> Self {
        Self { search: repo.search, policy: &repo.policy, cancel: repo.ask.cancel }
    }
}

fn sort(by: By<'_>, data: &[u8]) -> Option<Sort> {
    if archive::looks_like(data).is_some_and(archive::Kind::opens) {
        return Some(Sort::Archive);
    }
    if archive::holds(by.search, data, by.cancel) {
        return Some(Sort::Amid);
    }
    binary(data).then_some(Sort::Binary)
}

/// What is wanted of the file `id`.
pub(super) fn wanted(policy: &Policy, id: &str, sort: Sort) -> Wanted {
    match (policy.files.get(id), sort, policy.archives, policy.binaries) {
        (Some(FileChoice::Redact), ..)
        | (None, Sort::Archive | Sort::Amid, Archives::Repack, _)
        | (None, Sort::Binary, _, Binaries::SameLength) => Wanted::Redact,
        (Some(FileChoice::Drop), ..)
        | (None, Sort::Archive | Sort::Amid, Archives::Drop, _)
        | (None, Sort::Binary, _, Binaries::Drop) => Wanted::Drop,
        (Some(FileChoice::Leave), ..)
        | (None, Sort::Archive | Sort::Amid, Archives::Leave, _)
        | (None, Sort::Binary, _, Binaries::Leave) => Wanted::Leave,
        (None, Sort::Archive | Sort::Amid, Archives::Ask, _) => Wanted::Ask,
    }
}

/// What becomes of a file that holds the key: what it is when it is no text, the way, and its new content (`None`: none).
pub(super) fn decide(by: By<'_>, id: &str, data: &[u8]) -> Result<Decision> {
    let gone = || Some(GONE.to_vec());
    let Some(sort) = sort(by, data) else { return Ok((None, Way::Edited, by.search.replace(data, false)?)) };
    let wanted = wanted(by.policy, id, sort);
    let (way, clean) = match (wanted, sort) {
        (Wanted::Drop, _) => (Way::Dropped, gone()),
        // What stands in the open goes; what is packed in the middle of it is left.
        (Wanted::Leave, Sort::Amid) => (Way::Left, by.search.replace_content(data)?),
        (Wanted::Leave, _) => (Way::Left, None),
        (Wanted::Ask | Wanted::Redact, Sort::Binary) => (Way::SameLength, by.search.replace(data, true)?),
        (Wanted::Ask | Wanted::Redact, Sort::Archive | Sort::Amid) => {
            match archive::repacked(by.search, data, &Bounds::new(by.cancel)) {
                Ok(Some(clean)) if wanted == Wanted::Ask => (Way::Asked, Some(clean)),
                Ok(Some(clean)) => (Way::Repacked, Some(clean)),
                // It only looks like an archive, or the key is beside what is packed.
                Ok(None) if wanted == Wanted::Ask => (Way::Asked, by.search.replace(data, true)?),
                Ok(None) => (Way::SameLength, by.search.replace(data, true)?),
                Err(why) => (Way::Stuck(why), None),
            }
        }
    };
    if (by.cancel)() {
        return Err(super::cancelled());
    }
    Ok((Some(sort.word()), way, clean))
}

/// Does anybody want some file left as it is?
pub(super) fn may_leave(policy: &Policy) -> bool {
    policy.archives == Archives::Leave
        || policy.binaries == Binaries::Leave
        || policy.files.values().any(|choice| *choice == FileChoice::Leave)
}

/// What a file is, when it is to be left as it is although it holds the key.
pub(super) fn leaves(repo: &Repo<'_>, id: &str, data: &[u8]) -> Option<&'static str> {
    let sort = sort(By::of(repo), data)?;
    // What stands in the open beside it is no reason to leave it.
    let open = sort == Sort::Amid && repo.search.first(data).is_some();
    (!open && wanted(&repo.policy, id, sort) == Wanted::Leave).then_some(sort.word())
}

impl Sort {
    /// For people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Archive | Self::Amid => "archive",
            Self::Binary => "binary",
        }
    }
}

/// Why a plan with such files can't be applied yet.
pub(super) fn refusals(fates: impl Iterator<Item = (Option<String>, Way)>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let (mut asked, mut first) = (0, None);
    for (path, way) in fates {
        let name = path.unwrap_or_else(|| "a file without a path".into());
        if let Way::Stuck(why) = way {
            refusals.push(Refusal {
                why: format!("{name} holds the key and can't be repacked: {why}"),
                way_forward: "plan with --file PATH=drop (the file goes) or --file PATH=leave (the key stays in it)"
                    .into(),
                asks: true,
            });
        } else if way == Way::Asked {
            asked += 1;
            first.get_or_insert(name);
        }
    }
    if let Some(first) = first {
        let more = if asked > 1 { format!(" and {} more", asked - 1) } else { String::new() };
        refusals.push(Refusal {
            why: format!("the key is inside of an archive, which can't be edited in place: {first}{more}"),
            way_forward: "choose and plan again: --archives=repack (the same archive without the key), \
                          --archives=drop (the file goes from every commit) or --archives=leave (the key stays in it); \
                          --file PATH=redact, drop or leave for a single file"
                .into(),
            asks: true,
        });
    }
    refusals
}
