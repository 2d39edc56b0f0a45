//! Files that can't be edited as text, archives and binaries: what becomes of each, by a person's choice.
//!
//! Must not know: trees, commits, how anything is stored.

use super::archive::{self, Bounds};
use super::needle::binary;
use super::repo::Repo;
use crate::base::fault::Result;
use crate::effect::git::{Archives, Binaries, Refusal};

/// What a rewrite does with such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Edited,
    SameLength,
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
            Self::Repacked => "packed anew without the key".into(),
            Self::Dropped => "left out of every commit".into(),
            Self::Left => "left as it is: it still holds the key".into(),
            Self::Stuck(why) => format!("can't be repacked: {why}"),
        }
    }
}

/// What stands in place of a file that is left out, where something else than a tree holds it.
pub(super) const GONE: &[u8] = b"REMOVED-BY-STANCH\n";

/// See [`decide`].
type Decision = (Option<&'static str>, Way, Option<Vec<u8>>);

/// What becomes of a file that holds the key: what it is when it is no text, the way, and its new content (`None`: none).
pub(super) fn decide(repo: &Repo<'_>, data: &[u8]) -> Result<Decision> {
    let gone = || Some(GONE.to_vec());
    let whole = archive::looks_like(data).is_some_and(archive::Kind::opens);
    if whole || archive::holds(repo.search, data, repo.ask.cancel) {
        let (way, clean) = match repo.policy.archives {
            Archives::Drop => (Way::Dropped, gone()),
            Archives::Leave if whole => (Way::Left, None),
            // What stands in the open goes; what is packed in the middle of it is left.
            Archives::Leave => (Way::Left, repo.search.replace_content(data)?),
            Archives::Ask | Archives::Repack => {
                match archive::repacked(repo.search, data, &Bounds::new(repo.ask.cancel)) {
                    Ok(Some(clean)) => (Way::Repacked, Some(clean)),
                    // It only looks like an archive, or the key is beside what is packed.
                    Ok(None) => (Way::SameLength, repo.search.replace(data, true)?),
                    Err(why) => (Way::Stuck(why), None),
                }
            }
        };
        repo.go_on()?;
        return Ok((Some("archive"), way, clean));
    }
    if binary(data) {
        let (way, clean) = match repo.policy.binaries {
            Binaries::SameLength => (Way::SameLength, repo.search.replace(data, true)?),
            Binaries::Drop => (Way::Dropped, gone()),
            Binaries::Leave => (Way::Left, None),
        };
        return Ok((Some("binary"), way, clean));
    }
    Ok((None, Way::Edited, repo.search.replace(data, false)?))
}

/// What a file is, when it is to be left as it is although it holds the key.
pub(super) fn leaves(repo: &Repo<'_>, data: &[u8]) -> Option<&'static str> {
    let amid = || repo.search.first(data).is_none() && archive::holds(repo.search, data, repo.ask.cancel);
    if archive::looks_like(data).is_some_and(archive::Kind::opens) || amid() {
        (repo.policy.archives == Archives::Leave).then_some("archive")
    } else {
        (repo.policy.binaries == Binaries::Leave && binary(data)).then_some("binary")
    }
}

/// Why a plan with such files can't be applied yet.
pub(super) fn refusals(
    repo: &Repo<'_>,
    fates: impl Iterator<Item = (Option<String>, &'static str, Way)>,
) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let (mut asked, mut first) = (0, None);
    for (path, what, way) in fates {
        let name = path.unwrap_or_else(|| "a file without a path".into());
        if let Way::Stuck(why) = way {
            refusals.push(Refusal {
                why: format!("{name} holds the key and can't be repacked: {why}"),
                way_forward: "plan with --archives=drop (the file goes) or --archives=leave (the key stays in it)"
                    .into(),
            });
        } else if what == "archive" && repo.policy.archives == Archives::Ask {
            asked += 1;
            first.get_or_insert(name);
        }
    }
    if let Some(first) = first {
        let more = if asked > 1 { format!(" and {} more", asked - 1) } else { String::new() };
        refusals.push(Refusal {
            why: format!("the key is inside of an archive, which can't be edited in place: {first}{more}"),
            way_forward: "choose and plan again: --archives=repack (the same archive without the key), \
                          --archives=drop (the file goes from every commit) or --archives=leave (the key stays in it)"
                .into(),
        });
    }
    refusals
}
