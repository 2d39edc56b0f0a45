//! Why a repository can't be opened or searched, in words that say what to do.
//!
//! Must not know: who wanted it opened.

use std::ffi::OsStr;
use std::path::Path;

use git2::{ErrorCode, Repository, RepositoryOpenFlags};

use super::super::{Ask, find, odd};
use crate::base::Fault;

/// `fault` of a key that is too short, with how many objects hold it: a number convinces.
pub(in crate::git) fn counted(ask: &Ask<'_>, mut fault: Fault) -> Fault {
    let none: [&OsStr; 0] = [];
    if odd::check(ask.repo).is_err() {
        return fault;
    }
    let short = ask.keys.iter().filter(|key| !key.is_empty()).min_by_key(|key| key.len());
    let (Ok(git2), Some(short)) = (Repository::open_ext(ask.repo, RepositoryOpenFlags::empty(), none), short) else {
        return fault;
    };
    if let Ok((found, all)) = find::holding(&git2.commondir().join("objects"), short, ask.cancel) {
        fault.why = format!("{}; it stands in {found} of {all} objects here", fault.why);
    }
    fault
}

pub(super) fn unopened(path: &Path, e: &git2::Error) -> Fault {
    let what = format!("{} can't be opened", path.display());
    let says = e.message().to_owned();
    let lower = says.to_lowercase();
    if e.code() == ErrorCode::Owner {
        return Fault::refused(what, "it belongs to another user")
            .hint("run as its owner, or `git config --global --add safe.directory <path>` if you trust it");
    }
    if lower.contains("refstorage") || lower.contains("reftable") {
        return Fault::refused(what, "it stores its refs as a reftable, which this program can't read yet")
            .hint("convert it first: `git refs migrate --ref-format=files`")
            .hint("or work on a fresh `git clone --ref-format=files`");
    }
    if lower.contains("partialclone") || lower.contains("promisor") {
        return partial(what);
    }
    if lower.contains("object format") || lower.contains("objectformat") || lower.contains("sha256") {
        return Fault::refused(what, "its ids are SHA-256, which this program can't rewrite yet")
            .hint("use `git filter-repo --replace-text` with git 2.45 or newer");
    }
    if std::fs::read_dir(path).is_err_and(|e| e.kind() == std::io::ErrorKind::PermissionDenied) {
        return Fault::input(what, "this user may not read it (Permission denied)")
            .hint("run as its owner, or let this user read the folder and all below it");
    }
    if e.code() == ErrorCode::NotFound {
        return Fault::input(what, "there is no git repository there").hint("give the folder that holds `.git`");
    }
    Fault::refused(what, says).hint("`git fsck` in it says more")
}

pub(super) fn partial(what: String) -> Fault {
    Fault::refused(what, "it is a partial clone: some objects are on the server only, so no search can be complete")
        .hint("make a full clone and work there: `git clone <url> <new folder>`")
}
