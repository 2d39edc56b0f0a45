//! A fresh clone of every ref over git's own protocol, as a colleague would get it. Its objects are what git already
//! read out here, so only their ids are compared; one that was not read is read now.
//!
//! Must not know: what was rewritten.

use git2::Oid;

use super::super::cli::{self, Git};
use super::super::repo::Repo;
use super::super::shelf::Passing;
use super::super::{raw, say, store};
use super::objects::{self, Read};
use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::words::count;
use crate::effect::git::ProofLine;

/// What a clone brought.
#[derive(Debug)]
pub(super) struct Fresh {
    what: &'static str,
    /// The ids it holds or names; or why there is none.
    ids: std::result::Result<Vec<Oid>, String>,
}

/// `full`: with the contents of files. Without them, the ids of files come from the clone's own trees.
pub(super) fn make(git: &Git<'_>, full: bool) -> Result<Fresh> {
    let what = if full { "a fresh clone of every ref" } else { "a fresh clone of every ref, without file contents" };
    store::private_dir(git.ask.backup_root)?;
    let temp = tempfile::Builder::new()
        .prefix(&Passing::Proof.prefix(&git.dir))
        .tempdir_in(git.ask.backup_root)
        .map_err(|e| Fault::machine("a folder for a fresh clone can't be made", e))?;
    let to = temp.path().join("clone.git");
    say(git.ask, "making a fresh clone", 0, 0);
    let mut command = git.bare();
    command.args(["-c", "core.hooksPath=/dev/null", "-c", "protocol.file.allow=always", "clone", "--quiet"]);
    if !full {
        command.args(["--filter=blob:none", "--upload-pack=git -c uploadpack.allowFilter=true upload-pack"]);
    }
    command.args(["--no-local", "--mirror", "--template=", "--"]).arg(cli::plain(&git.dir)).arg(&to);
    let said = git.finish(command, None)?;
    if !said.ok {
        return Ok(Fresh { what, ids: Err(format!("git could not clone it: {}", said.err)) });
    }
    let mut command = git.bare();
    command.env("GIT_NO_LAZY_FETCH", "1").arg("--git-dir").arg(&to);
    if full {
        command.args(["cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered"]);
    } else {
        command.args(["rev-list", "--objects", "--all", "--no-object-names", "--missing=print"]);
    }
    let said = git.finish(command, None)?;
    if !said.ok {
        return Ok(Fresh { what, ids: Err(format!("git could not list the clone: {}", said.err)) });
    }
    // A file that was left out is told as `?<id>`.
    let lines = said.out.split(|b| *b == b'\n').map(|line| line.strip_prefix(b"?").unwrap_or(line));
    Ok(Fresh { what, ids: Ok(lines.filter_map(raw::oid).collect()) })
}

/// What the clone proves, given what was read here.
pub(super) fn line(repo: &Repo<'_>, fresh: Fresh, read: &Read) -> Result<ProofLine> {
    let what = fresh.what;
    let ids = match fresh.ids {
        Ok(ids) => ids,
        Err(why) => return Ok(ProofLine { what: what.into(), clean: false, saw: why }),
    };
    let unread: Vec<Oid> = ids.iter().copied().filter(|id| !read.has(id)).collect();
    let looked = count(ids.len(), "object");
    if unread.is_empty() {
        let dirty = |name: &&String| {
            let id = name.split(' ').nth(1).and_then(|id| raw::oid(id.as_bytes()));
            id.is_some_and(|id| ids.contains(&id))
        };
        let found: Vec<String> = read.found.iter().filter(dirty).cloned().collect();
        if found.is_empty() {
            let saw = format!("{looked}, all of them read above, none holds the key");
            return Ok(ProofLine { what: what.into(), clean: true, saw });
        }
        return Ok(super::line(what, &looked, &found));
    }
    let now = objects::these(repo, repo.git2.commondir(), &unread)?;
    Ok(super::line(what, &format!("{looked}, {} of them read now", unread.len()), &now.found))
}
