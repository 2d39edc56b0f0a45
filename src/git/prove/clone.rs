//! A fresh clone of every ref over git's own protocol, as a colleague would get it, but for the contents of files: those
//! could only come from here, where git read each of them out. Its objects are what git already read out, so only their
//! ids are compared; one that was not read is read now.
//!
//! Must not know: what was rewritten.

use std::collections::HashSet;
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use git2::Oid;
use tempfile::TempDir;

use super::super::cli::{self, Git};
use super::super::repo::Repo;
use super::super::shelf::Passing;
use super::super::{raw, say, store};
use super::objects::{self, Read};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::words::count;
use crate::effect::git::ProofLine;

const WHAT: &str = "a fresh clone of every ref, without file contents";

/// What a clone brought.
#[derive(Debug)]
pub(super) struct Fresh {
    at: TempDir,
    /// The ids of its objects; or why there are none.
    ids: std::result::Result<Vec<Oid>, String>,
}

/// Nothing is made smaller on its way.
const UPLOAD_PACK: &str = "--upload-pack=git -c uploadpack.allowFilter=true -c pack.window=0 upload-pack";
/// Below the folder of a clone.
const NAME: &str = "clone.git";

pub(super) fn make(git: &Git<'_>) -> Result<Fresh> {
    store::private_dir(git.ask.backup_root)?;
    let at = tempfile::Builder::new()
        .prefix(&Passing::Proof.prefix(&git.dir))
        .tempdir_in(git.ask.backup_root)
        .map_err(|e| Fault::machine("a folder for a fresh clone can't be made", e))?;
    let to = at.path().join(NAME);
    say(git.ask, "making a fresh clone", 0, 0);
    let mut command = git.bare();
    // It is thrown away: it need not be on disk, nor small. What it runs ends with it when it is cancelled.
    command.process_group(0).args(["-c", "core.fsync=none", "-c", "core.hooksPath=/dev/null"]);
    command.args(["-c", "protocol.file.allow=always", "clone", "--quiet", "--filter=blob:none", UPLOAD_PACK]);
    command.args(["--no-local", "--mirror", "--template=", "--"]).arg(cli::plain(&git.dir)).arg(&to);
    let said = git.finish(command, None)?;
    if !said.ok {
        return Ok(Fresh { at, ids: Err(format!("git could not clone it: {}", said.err)) });
    }
    let ids = listed(git, &to, &["cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered"])?;
    Ok(Fresh { at, ids })
}

/// The ids that git names in the clone at `to`.
fn listed(git: &Git<'_>, to: &Path, args: &[&str]) -> Result<std::result::Result<Vec<Oid>, String>> {
    let mut command = git.bare();
    command.env("GIT_NO_LAZY_FETCH", "1").arg("--git-dir").arg(to).args(args);
    let said = git.finish(command, None)?;
    if !said.ok {
        return Ok(Err(format!("git could not list the clone: {}", said.err)));
    }
    // What is named but was left out is told as `?<id>`.
    let lines = said.out.split(|b| *b == b'\n').map(|line| line.strip_prefix(b"?").unwrap_or(line));
    Ok(Ok(lines.filter_map(raw::oid).collect()))
}

/// What the clone proves, given what was read here.
pub(super) fn line(repo: &Repo<'_>, fresh: Fresh, read: &Read) -> Result<ProofLine> {
    let Fresh { at, mut ids } = fresh;
    if !read.told_all() {
        // Which of them does a colleague get? The files that its trees name are counted, too.
        let args = ["rev-list", "--objects", "--all", "--no-object-names", "--missing=print"];
        ids = listed(&repo.git, &at.path().join(NAME), &args)?;
    }
    let ids = match ids {
        Ok(ids) => ids,
        Err(why) => return Ok(ProofLine { what: WHAT.into(), clean: false, saw: why }),
    };
    let unread: Vec<Oid> = ids.iter().copied().filter(|id| !read.ids.contains(id)).collect();
    let looked = count(ids.len(), "object");
    if !unread.is_empty() {
        let now = objects::these(&repo.git, repo.git2.commondir(), &unread)?;
        return Ok(now.told(WHAT, &format!("{looked}, {} of them read now", unread.len())));
    }
    // Asked only about what was found.
    let known: HashSet<Oid> = if read.told_all() { HashSet::new() } else { ids.into_iter().collect() };
    let dirty = |name: &&String| {
        let id = name.split(' ').nth(1).and_then(|id| raw::oid(id.as_bytes()));
        id.is_some_and(|id| known.contains(&id))
    };
    let found: Vec<String> = read.found.iter().filter(dirty).cloned().collect();
    let unread: Vec<String> = read.unread.iter().filter(dirty).cloned().collect();
    if found.is_empty() && unread.is_empty() {
        let saw = format!("{looked}, all of them read above, as all files were; none holds the key");
        return Ok(ProofLine { what: WHAT.into(), clean: true, saw });
    }
    Ok(super::line(WHAT, &looked, &found, &unread))
}
