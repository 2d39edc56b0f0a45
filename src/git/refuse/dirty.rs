//! Working trees with changes that a switch would lose, or could not see.
//!
//! Must not know: why the switch is made.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::super::repo::{Repo, Tree};
use super::super::tamed::Tamed;
use super::super::{align, store};
use super::no;
use crate::base::fault::Result;
use crate::effect::git::Refusal;

/// Files of a dirty tree that are named.
const NAMED: usize = 5;

pub(super) fn dirty(repo: &Repo<'_>, at: &Tree<'_>, aside: Option<&Path>, found: &mut Vec<Refusal>) -> Result<()> {
    let args = ["status", "--porcelain", "--no-renames", "-z", "--untracked-files=no", "--ignore-submodules=all"];
    let status = at.git.run(&args)?;
    let mut changed: Vec<&[u8]> = status.split(|b| *b == 0).filter_map(|line| line.get(3..)).collect();
    if let Some(aside) = aside {
        changed.retain(|path| !align::is_ours(repo, at, aside, path).unwrap_or(false));
    }
    let mut total = changed.len();
    if at.git.ask_git(&["rev-parse", "-q", "--verify", "HEAD"], None)?.ok {
        let staged = at.git.ask_git(
            &["diff-index", "--cached", "--quiet", "--no-ext-diff", "--ignore-submodules=none", "HEAD"],
            None,
        )?;
        if !staged.ok {
            total = total.max(1);
        }
    }
    let filtered = Tamed::has_filters(&at.git.settings);
    if total > 0 {
        let mut named: Vec<String> = Vec::new();
        for path in changed.iter().take(NAMED) {
            let mark = if holds(repo, &at.work.join(OsStr::from_bytes(path))) { " (holds the key)" } else { "" };
            named.push(format!("{}{mark}", repo.search.text(path)));
        }
        let more = if changed.len() > NAMED { ", …" } else { "" };
        found.push(no(
            format!(
                "{} is dirty: {total} tracked file(s) differ from HEAD, in the index or on disk: {}{more}",
                at.words(),
                named.join(", ")
            ),
            if filtered {
                "commit them, or `git stash` (the stash is cleaned too), then plan again. Content filters are not run \
                 here: when `git status` shows nothing, `git update-index --refresh` lets git see it without them"
            } else {
                "commit them, or `git stash` (the stash is cleaned too), then plan again"
            },
        ));
    }
    let flagged = at.git.run(&["ls-files", "-v", "-z"])?;
    let hidden = flagged.split(|b| *b == 0).filter(|line| line.first().is_some_and(u8::is_ascii_lowercase)).count();
    if hidden > 0 {
        found.push(no(
            format!("{hidden} file(s) are marked assume-unchanged in {}: changes in them can't be seen", at.words()),
            "`git ls-files -v` shows them with a lower-case letter; `git update-index --no-assume-unchanged <file>`",
        ));
    }
    Ok(())
}

/// Whether the key is in the file. However large it is, little of it is held.
fn holds(repo: &Repo<'_>, file: &Path) -> bool {
    let mut hits = Vec::new();
    store::open(file).is_ok_and(|mut file| repo.search.stream(&mut file, &mut hits).is_ok()) && !hits.is_empty()
}
