//! L2: the history engine. Finds every copy of a key in a repository, plans a rewrite, switches to it all-or-nothing,
//! proves it, pushes it, undoes it. Over libgit2 for objects and the user's own `git` for what libgit2 can't do.
//!
//! Must not know: incidents, screens, where the key came from.
//!
//! How the parts stand: `needle` searches bytes; `find` reads every object through it; `graph` and `map` say
//! what that means for the history; `rewrite` makes the new objects; `plan` puts it together; `switch` makes it so,
//! with `align` (files), `rename` (refs' names), `reflog`, `leftover` and `shelf` (backup, journal); `prove`, `remote`,
//! `papers` and `undo` come after.
//!
//! Every text that leaves this module went through the search: the key in any form is masked.

mod ahead;
mod align;
mod alone;
mod archive;
mod bring;
mod came;
mod cite;
mod cli;
mod commits;
mod config;
mod diff;
mod find;
mod fold;
mod fresh;
mod gitlink;
mod graph;
mod holders;
mod includes;
mod large;
mod leftover;
mod lfs;
mod listing;
mod lures;
mod map;
mod memory;
mod needle;
mod notes;
mod odd;
mod pack;
mod papers;
mod plan;
mod policy;
mod present;
mod private;
mod prove;
mod raw;
mod reflog;
mod refuse;
mod remote;
mod rename;
mod repo;
mod rewrite;
mod roots;
mod seal;
mod shelf;
mod store;
mod stray;
mod submodule;
mod switch;
mod tamed;
mod tidy;
mod undo;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::Progress;
use crate::effect::git::{Aftermath, CopyMap, Filed, GitReply, Papers, Plan, Policy, Proof, PushReport};
pub use memory::Memory;
use needle::{Needles, Search};
use repo::Repo;

/// What every operation needs.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The repository, or a folder in it.
    pub repo: &'a Path,
    /// A folder outside the repository for plans and backups. Made when needed, 0700.
    pub backup_root: &'a Path,
    /// The leaked keys, each of at least 16 bytes. Where they overlap, the longest counts.
    pub keys: &'a [&'a [u8]],
    /// Asked often; true stops the work at the next safe point.
    pub cancel: &'a (dyn Fn() -> bool + Sync),
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl std::fmt::Debug for Ask<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ask(hidden)")
    }
}

/// Refuses what is no repository, or one that can't be opened, with the reason. Changes nothing.
pub fn openable(path: &Path) -> Result<()> {
    repo::openable(path)
}

/// Where the repository at `path`, or above it, really is: one path for all its folders and linked working trees. `None`:
/// there is no repository.
pub fn home(path: &Path) -> Option<PathBuf> {
    repo::home(path)
}

/// Every copy of the key, in every form, in every object and in git's own files. Changes nothing.
pub fn find(ask: &Ask<'_>) -> Result<CopyMap> {
    run(ask, |repo| plan::copy_map(repo))
}

/// For measuring only: inflates every entry of the packs below the folder `objects` and throws it away. What no search
/// that reads everything can beat. Entries, and their bytes.
#[doc(hidden)]
pub fn inflate_all(objects: &Path) -> Result<(u64, u64)> {
    find::inflate_all(objects)
}

/// What a rewrite would change, to the id. Changes nothing in the repository; keeps the plan in the backup folder.
pub fn plan(ask: &Ask<'_>) -> Result<Plan> {
    plan_as(ask, Policy::default())
}

/// The same, with what a person chose for archives and binaries. The choice stays with the plan.
pub fn plan_as(ask: &Ask<'_>, policy: Policy) -> Result<Plan> {
    alone(ask, |repo| plan::make(repo, policy, None))
}

/// The same, and what was worked out is kept in `memory` for [`apply_kept`]: while the repository stays as it is, that
/// needs no second look.
pub fn plan_kept(ask: &Ask<'_>, policy: Policy, memory: &Memory) -> Result<Plan> {
    alone(ask, |repo| plan::make(repo, policy, Some(memory)))
}

/// The same, and no remote is asked: no program runs that the repository's configuration names.
pub fn plan_offline(ask: &Ask<'_>, policy: Policy, memory: &Memory) -> Result<Plan> {
    alone(ask, |repo| {
        repo.offline = true;
        plan::make(repo, policy, Some(memory))
    })
}

/// Keeps a map of a submodule's commits (`old new`, one pair a line) in `backup_root`: plans made there from now on bring
/// the gitlinks to the old ones along. How many pairs.
pub fn take_commit_map(backup_root: &Path, map: &Path) -> Result<usize> {
    gitlink::take(backup_root, map)
}

/// Switches to the plan: backup, new objects, refs, files, logs, then the old objects go. Refused with
/// [`FaultKind::Changed`] when the repository is not as it was planned. Once refs begin to move it can't be cancelled.
pub fn apply(ask: &Ask<'_>, plan_id: &str) -> Result<GitReply> {
    alone(ask, |repo| switch::apply(repo, plan_id, None))
}

/// The same. What [`plan_kept`] left in `memory` is used if it is still true, and looked for anew if not.
pub fn apply_kept(ask: &Ask<'_>, plan_id: &str, memory: &Memory) -> Result<GitReply> {
    alone(ask, |repo| switch::apply(repo, plan_id, Some(memory)))
}

/// Asks git itself, in five ways, whether a copy is left. Changes nothing.
pub fn prove(ask: &Ask<'_>) -> Result<Proof> {
    run(ask, |repo| prove::prove(repo))
}

/// Pushes each rewritten ref the remotes have, with a lease. Can be repeated: what is done is left alone.
pub fn push(ask: &Ask<'_>, plan_id: &str) -> Result<PushReport> {
    alone(ask, |repo| remote::push(repo, plan_id))
}

/// After a push: what the remotes still serve of the old history, whether it came back there or here, and visible forks.
/// Changes nothing; can be asked again at any time.
pub fn after(ask: &Ask<'_>, plan_id: &str) -> Result<Aftermath> {
    run(ask, |repo| remote::after(repo, plan_id))
}

/// Texts for other people: support request, colleagues' script, ban hook. None holds the key. Changes nothing.
pub fn papers(ask: &Ask<'_>, plan_id: &str) -> Result<Papers> {
    run(ask, |repo| papers::papers(repo, plan_id))
}

/// The same, written to `dir`, which is made when needed (0700). Files of the same names are replaced.
pub fn file_papers(ask: &Ask<'_>, plan_id: &str, dir: &Path) -> Result<Filed> {
    papers::file(&papers(ask, plan_id)?, dir)
}

/// Where the repository stands, and its remotes. An interrupted switch or undo is first rolled to one of its ends.
pub fn check(ask: &Ask<'_>, plan_id: &str) -> Result<GitReply> {
    alone(ask, |repo| {
        let at = switch::check(repo, plan_id)?;
        let remote = remote::look(repo, plan_id)?;
        Ok(GitReply::Stands { plan: plan_id.to_owned(), at, remote, finished: undo::finished(repo, plan_id)? })
    })
}

/// Puts everything back from the backup.
pub fn undo(ask: &Ask<'_>, plan_id: &str) -> Result<GitReply> {
    alone(ask, |repo| undo::undo(repo, plan_id))
}

/// Destroys the backup and looks whether it is gone. After this there is no undo.
pub fn finish(ask: &Ask<'_>, plan_id: &str) -> Result<GitReply> {
    alone(ask, |repo| undo::finish(repo, plan_id))
}

fn run<T: Serialize + DeserializeOwned>(ask: &Ask<'_>, work: impl FnOnce(&mut Repo<'_>) -> Result<T>) -> Result<T> {
    let needles = Needles::new(ask.keys).map_err(|fault| repo::counted(ask, fault))?;
    let search = needles.search();
    let firm = Ask { cancel: &|| false, ..*ask };
    repo::open(ask, &search)
        .and_then(|mut repo| {
            repo.firm = &firm;
            work(&mut repo)
        })
        .and_then(|reply| masked(&search, &reply))
        .map_err(|fault| search.fault(&fault))
}

/// The same for what writes, or must not be told half of what another process writes now. Here git works in the trees.
fn alone<T: Serialize + DeserializeOwned>(ask: &Ask<'_>, work: impl FnOnce(&mut Repo<'_>) -> Result<T>) -> Result<T> {
    run(ask, |repo| {
        let _alone = alone::Alone::with(repo)?;
        lures::check(repo)?;
        shelf::sweep(repo, &[shelf::Passing::Push])?;
        work(repo)
    })
}

/// A reply without the key, whatever its parts forgot.
fn masked<T: Serialize + DeserializeOwned>(search: &Search<'_>, reply: &T) -> Result<T> {
    serde_json::from_value(masked_value(search, reply)?).map_err(|e| untold(&e))
}

fn masked_value<T: Serialize>(search: &Search<'_>, reply: &T) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(reply).map_err(|e| untold(&e))?;
    mask(search, &mut value);
    Ok(value)
}

fn untold(e: &serde_json::Error) -> Fault {
    Fault::new(FaultKind::Internal, "the answer can't be told", e.to_string())
}

fn mask(search: &Search<'_>, value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if search.form_in(text.as_bytes()).is_some() => {
            *text = search.text(text.as_bytes());
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| mask(search, item)),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|field| mask(search, field)),
        _ => {}
    }
}

fn cancelled() -> Fault {
    Fault::new(FaultKind::Cancelled, "stopped", "it was cancelled in time; nothing was changed")
}

fn say(ask: &Ask<'_>, words: &str, done: u64, total: u64) {
    say_bytes(ask, words, (done, total), 0);
}

/// The same where the bytes are counted.
fn say_bytes(ask: &Ask<'_>, words: &str, (done, total): (u64, u64), bytes: u64) {
    (ask.progress)(Progress { words: words.into(), done, total, attempt: 1, bytes });
}
