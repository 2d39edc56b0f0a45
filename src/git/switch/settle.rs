//! Where a repository stands, old or new; a switch or undo that was killed is first rolled to one of its ends.
//!
//! Must not know: how either end is reached.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::super::plan::{Details, Stage};
use super::super::repo::Repo;
use super::super::shelf::{self, Doing};
use super::super::{fold, leftover, private, store, tidy, undo};
use super::backout::withdraw;
use super::forward::forward;
use super::interrupted;
use super::moves::{at, current, move_refs, untouched};
use super::prune::still_there;
use crate::base::fault::Result;
use crate::effect::git::Standing;

/// How long a lock of a git that may still be running is waited for before it counts as left behind.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Old, new or in between, by its refs.
pub(super) fn stands(repo: &Repo<'_>, details: &Details) -> Result<Standing> {
    let now = current(repo)?;
    let (mut old, mut new) = (0, 0);
    for step in &details.moves {
        let id = at(&now, &step.name);
        // A ref that moved on from its clean id is new; one that leads to any id of before is old.
        if id == step.old || details.map.contains_key(&id) { old += 1 } else { new += 1 }
    }
    Ok(match (old, new) {
        (0, 0) if details.stage == Stage::Undone || still_there(repo, details)? > 0 => Standing::Old,
        (0, 0) if details.dirty.is_empty() && details.stage == Stage::Planned => Standing::Old,
        (0, _) => Standing::New,
        (_, 0) => Standing::Old,
        _ => Standing::Mixed,
    })
}

/// Where the repository stands; an interrupted switch or undo is first rolled to one of its ends.
pub(in crate::git) fn check(repo: &mut Repo<'_>, plan: &str) -> Result<Standing> {
    fold::sweep(repo)?;
    let Some(journal) = shelf::under_way(repo)? else {
        let details = shelf::need(repo, plan)?;
        let at = stands(repo, &details)?;
        if at == Standing::Old && details.stage == Stage::Planned {
            // Killed before anything was switched: what there is of a backup serves nobody, and holds the key.
            shelf::discard(repo.ask.backup_root, plan)?;
        }
        return Ok(at);
    };
    if journal.plan != plan || journal.backup_root != repo.ask.backup_root {
        return Err(interrupted().hint(format!(
            "its plan is {}, its backup is in {}",
            journal.plan,
            journal.backup_root.display()
        )));
    }
    let details = shelf::need(repo, plan)?;
    repo.no_way_back();
    let _quiet = tidy::Quiet::begin(repo)?;
    clear_locks(repo, &details)?;
    match journal.doing {
        Doing::Undo => undo::resume(repo, &details)?,
        Doing::Apply => {
            let now = current(repo)?;
            if !details.moves.is_empty() && untouched(&now, &details.moves) {
                withdraw(repo, &details)?;
            } else {
                move_refs(repo, &details.moves, true)?;
                forward(repo, &details, false)?;
            }
        }
    }
    let details = shelf::need(repo, plan)?;
    stands(repo, &details)
}

/// Removes locks that a killed git left, after waiting for one that still runs, and our own unfinished files.
fn clear_locks(repo: &Repo<'_>, details: &Details) -> Result<()> {
    let own = |name: &str| ["HEAD", "index"].map(|file| format!("{name}{file}"));
    let linked = repo.linked.iter().flat_map(|tree| own(&format!("worktrees/{}/", tree.name)));
    let names = details.moves.iter().map(|m| m.name.clone()).chain(own("")).chain(["packed-refs".into()]).chain(linked);
    let mut locks: Vec<_> = names.map(|name| repo.dir.join(format!("{name}.lock"))).collect();
    // Beside its lock: git writes the new list there, and refuses to begin another while one stands.
    locks.push(repo.dir.join("packed-refs.new"));
    locks.extend(private::locks(repo)?);
    for folder in ["objects/info", "objects/info/commit-graphs"] {
        let files = store::files(&repo.dir.join(folder), &|_| false)?;
        locks.extend(files.into_iter().filter(|file| file.extension().is_some_and(|end| end == "lock")));
    }
    let since = Instant::now();
    while since.elapsed() < PATIENCE && locks.iter().any(|lock| lock.exists()) {
        sleep(Duration::from_millis(50));
    }
    for lock in &locks {
        store::remove(lock)?;
    }
    for file in leftover::files(&repo.dir)? {
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(store::TEMP)) {
            store::remove(&file)?;
        }
    }
    Ok(())
}
