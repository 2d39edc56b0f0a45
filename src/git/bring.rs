//! The old objects, brought back from the backup and, when an undo does not happen after all, taken away again.
//!
//! Must not know: refs' names, files, logs.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::plan::Details;
use super::repo::Repo;
use super::{fold, roots, say, shelf, store, switch};
use crate::base::Fault;
use crate::base::fault::Result;

/// Where an undo lists the object files that it is about to bring: an undo that does not happen takes them away again.
fn list(backup: &Path) -> PathBuf {
    backup.with_file_name("brought")
}

pub(super) fn note_missing(repo: &Repo<'_>, backup: &Path) -> Result<()> {
    let mut text = Vec::new();
    for name in in_order(backup)?.iter().filter(|name| !repo.dir.join(name).exists()) {
        text.extend_from_slice(name.as_os_str().as_bytes());
        text.push(b'\n');
    }
    store::put(&list(backup), &text)
}

fn brought(backup: &Path) -> Result<Vec<PathBuf>> {
    let text = store::read_if(&list(backup))?.unwrap_or_default();
    let names = text.split(|b| *b == b'\n').filter(|name| name.starts_with(b"objects/"));
    Ok(names.map(|name| PathBuf::from(OsStr::from_bytes(name))).collect())
}

/// The backup's object files. An index makes its pack visible: packs first. What refers to packs comes after them.
fn in_order(backup: &Path) -> Result<Vec<PathBuf>> {
    let mut files = shelf::objects(backup)?;
    files.sort_by_key(|name| {
        let text = name.to_string_lossy();
        (text.contains("multi-pack-index"), text.ends_with(".idx"))
    });
    Ok(files)
}

pub(super) fn objects(repo: &Repo<'_>, backup: &Path) -> Result<()> {
    say(repo.ask, "bringing the old objects back", 0, 0);
    // A commit graph of the clean history would be wrong for the old one.
    store::remove(&repo.dir.join("objects/info/commit-graph"))?;
    store::remove_all(&repo.dir.join("objects/info/commit-graphs"))?;
    for name in in_order(backup)? {
        let to = repo.dir.join(&name);
        if !to.exists() {
            store::link_whole(&backup.join(&name), &to, 0o444)?;
        }
    }
    store::flush(&repo.objects())
}

/// Refuses unless all that an undo needs can be read from the backup: what held the key or was changed, and the old
/// refs with everything below them.
pub(super) fn readable(repo: &Repo<'_>, details: &Details, backup: &Path) -> Result<()> {
    let zero = git2::Oid::ZERO_SHA1.to_string();
    let old = details.moves.iter().map(|m| &m.old).filter(|id| **id != zero);
    let lines = |ids: &mut dyn Iterator<Item = &String>| ids.flat_map(|id| [id.as_str(), "\n"]).collect::<String>();
    let ask = |args: &[&str], input: &str| {
        let mut command = repo.git.seeing(&backup.join("objects"));
        command.args(args);
        repo.git.finish(command, Some(input.as_bytes()))
    };
    let held = lines(&mut details.dirty.iter().chain(details.map.keys()));
    let said = ask(&["cat-file", "--batch-check"], &held)?;
    let missing = said.out.split(|b| *b == b'\n').filter(|line| line.ends_with(b" missing")).count();
    if !said.ok || missing > 0 {
        return Err(spoiled(&format!("{missing} of its objects can't be read")));
    }
    // What is here is whole; git follows the rest.
    let said = ask(&["rev-list", "--objects", "--stdin", "--not", "--all", "--quiet"], &lines(&mut { old }))?;
    if said.ok { Ok(()) } else { Err(spoiled(&said.err)) }
}

fn spoiled(why: &str) -> Fault {
    Fault::refused("the backup is not whole any more", format!("{why}; nothing was changed"))
        .hint("the clean history stands: keep it, and let `finish` destroy what is left of the backup")
        .hint("a colleague's clone or the remote may still have the old history, if it is needed")
}

/// The pack of the clean history goes when nothing but the old objects is needed. Work that was done on it since, on
/// other branches, keeps it.
pub(super) fn drop_new(repo: &Repo<'_>, details: &Details, backup: &Path) -> Result<()> {
    let Some(pack) = &details.pack else { return Ok(()) };
    let mut input = String::new();
    for id in roots::all(repo, &repo.refs()?)? {
        input.push_str(&id.to_string());
        input.push('\n');
    }
    // Git is asked, with nothing but the old objects before its eyes.
    let mut command = repo.git.command();
    command.env("GIT_OBJECT_DIRECTORY", backup.join("objects")).args(["cat-file", "--batch-check"]);
    let said = repo.git.finish(command, Some(input.as_bytes()))?;
    let missing = said.out.split(|b| *b == b'\n').any(|line| line.ends_with(b" missing"));
    let kept = shelf::objects(backup)?.iter().any(|name| fold::is_of(name, pack));
    if !said.ok || missing || kept {
        return fold::release(repo, pack);
    }
    fold::remove(repo, pack)
}

/// The list of packs that is served over plain HTTP, where there was one: as it was, if the packs are.
pub(super) fn served(repo: &Repo<'_>, backup: &Path) -> Result<()> {
    let name = "objects/info/packs";
    let Some(then) = store::read_if(&backup.join(name))? else { return Ok(()) };
    let listed: BTreeSet<&[u8]> = then.split(|b| *b == b'\n').filter_map(|line| line.strip_prefix(b"P ")).collect();
    let files = store::files(&repo.objects().join("pack"), &|_| false)?;
    let packs = files.iter().filter(|file| file.extension().is_some_and(|end| end == "pack"));
    let now: BTreeSet<&[u8]> = packs.filter_map(|file| Some(file.file_name()?.as_bytes())).collect();
    if now != listed {
        return switch::serve(repo);
    }
    let path = repo.dir.join(name);
    if store::read_if(&path)?.is_none_or(|bytes| *bytes != *then) {
        store::put_like(&path, &then, &repo.dir.join("HEAD"))?;
    }
    Ok(())
}

/// Takes the old objects away again, those that an undo brought. The clean history's pack holds all that is needed,
/// unless somebody worked since: then git sorts out what is, because new work may rest on an old object.
pub(super) fn withdraw(repo: &Repo<'_>, details: &Details, backup: &Path) -> Result<()> {
    let brought = brought(backup)?;
    let whole = match &details.pack {
        Some(pack) => fold::holds(repo, pack, &roots::all(repo, &repo.refs()?)?, None)?,
        None => false,
    };
    if whole {
        // What refers to packs goes before them, and an index before its pack.
        for name in brought.iter().rev() {
            store::remove(&repo.dir.join(name))?;
        }
    } else if !brought.is_empty() {
        switch::sort_out(repo)?;
    }
    store::flush(&repo.objects())?;
    if !brought.is_empty() && switch::still_there(repo, details)? > 0 {
        return Err(Fault::machine(
            "objects that hold the key are there again",
            "an undo that did not happen left them",
        )
        .hint("purge again: they are found and dropped"));
    }
    store::remove(&list(backup))?;
    shelf::end(repo)
}
