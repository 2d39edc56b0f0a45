//! The switch: refs in one transaction, then HEAD's files, logs and leftovers, then the old objects go. The journal is
//! written before the first change and removed after the last; every step can be done again.
//!
//! Must not know: how the new objects were made.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use git2::Oid;

use super::cli::{self, Said};
use super::fresh::Fresh;
use super::memory::{Memory, Prepared};
use super::plan::{self, Details, Stage};
use super::reflog::{self, Fate, OUR_MESSAGE};
use super::repo::{Refs, Repo};
use super::shelf::{self, Doing};
use super::{align, came, fold, leftover, lfs, present, private, raw, refuse, rename, roots, say, store, tidy};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::git::{GitReply, RefMove, Refusal, Standing};

pub(super) use super::shelf::JOURNAL;

/// How long a lock of a git that may still be running is waited for before it counts as left behind.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Applies `plan`: refuses when anything it rests on changed since.
pub(super) fn apply(repo: &mut Repo<'_>, plan: &str, memory: Option<&Memory>) -> Result<GitReply> {
    if shelf::under_way(repo)?.is_some() {
        return Err(interrupted());
    }
    let known = shelf::load(repo, plan)?;
    if let Some(known) = &known {
        if matches!(known.stage, Stage::Applied | Stage::Finished) && stands(repo, known)? == Standing::New {
            return applied(repo, known, Vec::new());
        }
        repo.policy.clone_from(&known.policy);
    }
    fold::sweep(repo)?;
    let kept = memory.map(|memory| memory.take(repo, plan)).transpose()?.flatten();
    let Some(ready) = kept.map_or_else(|| look(repo, plan), |kept| still(repo, kept))? else {
        let (backup, came_back) = (String::new(), Vec::new());
        return Ok(GitReply::Applied { plan: plan.into(), refs: 0, backup, dropped: 0, came_back });
    };
    if let Some(first) = ready.refusals.first() {
        let mut fault = Fault::refused("the history can't be switched safely", first.why.clone());
        for refusal in &ready.refusals {
            fault = fault.hint(refusal.way_forward.clone());
        }
        return Err(fault);
    }
    let Ready { mut details, map, refs, fresh, .. } = ready;
    let _quiet = tidy::Quiet::begin(repo)?;
    let stays = stays(repo, &refs, &details)?;
    if known.is_none_or(|known| known != details) {
        shelf::save(repo, &details)?;
    }
    let prepared = prepare(repo, &details, &stays, &map, fresh);
    drop((map, stays));
    let pack = match prepared {
        Ok(pack) => pack,
        Err(fault) => {
            shelf::discard(repo.ask.backup_root, plan)?;
            return Err(fault);
        }
    };
    details.pack = pack.as_ref().map(|pack| pack.name.clone());
    details.dropped = pack.as_ref().map_or(0, |pack| pack.dropped);
    shelf::save(repo, &details)?;
    say(repo.ask, "switching", 0, 0);
    shelf::begin(repo, plan, Doing::Apply)?;
    repo.git.may_cancel = false;
    say(repo.ask, "putting the new pack in place", 0, 0);
    let installed = pack.map_or(Ok(()), fold::NewPack::install);
    say(repo.ask, "moving the refs", 0, 0);
    if let Err(fault) = installed.and_then(|()| move_refs(repo, &details.moves, false)) {
        return Err(step_back(repo, &details, fault));
    }
    let came = forward(repo, &details, true)?;
    applied(repo, &details, came)
}

/// All that a switch needs to know.
struct Ready {
    details: Details,
    /// Every object with a new counterpart: old id to new id.
    map: HashMap<Oid, Oid>,
    refs: Refs,
    /// The new objects.
    fresh: Fresh,
    refusals: Vec<Refusal>,
}

/// Looks at the repository anew. `None`: there is nothing to do.
fn look(repo: &Repo<'_>, plan: &str) -> Result<Option<Ready>> {
    let seen = plan::look(repo)?;
    let fresh = Fresh::new(repo.ask.backup_root)?;
    let worked = plan::work(repo, &seen, Some(&fresh))?;
    if worked.plan.id != plan {
        return Err(Fault::new(
            FaultKind::Changed,
            "the repository changed since it was planned",
            "a ref moved, or the key turned up in more or fewer places; nothing was changed",
        )
        .hint("plan again and look at what is different"));
    }
    if worked.plan.nothing_to_do {
        return Ok(None);
    }
    let (details, map, refusals) = (worked.details, worked.map, worked.plan.refusals);
    Ok(Some(Ready { details, map, refs: seen.refs, fresh, refusals }))
}

/// What was kept of the look for the plan. What may stand in the way is asked again: locks, files of working trees, space.
fn still(repo: &Repo<'_>, kept: Prepared) -> Result<Option<Ready>> {
    let Prepared { details, map, refs, fresh, .. } = kept;
    let refusals = refuse::all(repo, &refs, !details.moves.is_empty(), None)?;
    Ok(Some(Ready { details, map, refs, fresh, refusals }))
}

/// The backup, and the pack of the clean history. Nobody sees either yet, and both can go without a trace.
fn prepare(
    repo: &Repo<'_>,
    details: &Details,
    stays: &HashSet<Oid>,
    map: &HashMap<Oid, Oid>,
    fresh: Fresh,
) -> Result<Option<fold::NewPack>> {
    let backup = shelf::back_up(repo, &details.plan)?;
    std::thread::scope(|scope| {
        // The disk has its time for the one while the other is made.
        let settled = scope.spawn(|| backup.settle());
        let pack = packed(repo, details, stays, map, (fresh, &backup.git().join("objects")))?;
        fold::joined(settled)?;
        Ok(pack)
    })
}

/// The pack of what stays, with `fresh` of `objects`.
fn packed(
    repo: &Repo<'_>,
    details: &Details,
    stays: &HashSet<Oid>,
    map: &HashMap<Oid, Oid>,
    (fresh, objects): (Fresh, &Path),
) -> Result<Option<fold::NewPack>> {
    if details.dirty.is_empty() && details.map.is_empty() {
        // The key is in files of git's own only: objects are left as they lie.
        return Ok(None);
    }
    let tips: Vec<Oid> =
        details.moves.iter().filter_map(|m| raw::oid(m.new.as_bytes())).filter(|id| !id.is_zero()).collect();
    let stock = fresh.done();
    let pack = fold::fold(repo, &fold::Parts { objects, roots: stays, map, stock: &stock, tips: &tips })?;
    repo.go_on()?;
    Ok(Some(pack))
}

/// What must live on, by its old id.
fn stays(repo: &Repo<'_>, refs: &Refs, details: &Details) -> Result<HashSet<Oid>> {
    let mut roots = roots::all(repo, refs)?;
    roots.retain(|id| !details.lost.contains(&id.to_string()));
    Ok(roots)
}

fn applied(repo: &Repo<'_>, details: &Details, came_back: Vec<String>) -> Result<GitReply> {
    let backup = shelf::backup_dir(repo.ask.backup_root, &details.plan)?;
    let backup = if backup.exists() { backup.display().to_string() } else { String::new() };
    let (plan, refs, dropped) = (details.plan.clone(), details.moves.len(), details.dropped);
    Ok(GitReply::Applied { plan, refs, backup, dropped, came_back })
}

pub(super) fn interrupted() -> Fault {
    Fault::refused(
        "an earlier switch of this repository was interrupted",
        "it stands between the old and the new history",
    )
    .hint("check it first: that rolls it forward or back")
}

/// Nothing was switched: the new pack, the backup and the journal go.
fn withdraw(repo: &Repo<'_>, details: &Details) -> Result<()> {
    if let Some(backup) = shelf::whole(repo.ask.backup_root, &details.plan)? {
        // Git logs its moves before it makes them, and drops the logs of refs that go: killed between, it leaves lines
        // that lead into the pack that goes now.
        super::undo::logs(repo, details, &backup)?;
    }
    if let Some(pack) = &details.pack {
        fold::remove(repo, pack)?;
    }
    shelf::end(repo)?;
    shelf::discard(repo.ask.backup_root, &details.plan)
}

/// The transaction failed: when no ref moved, nothing has happened.
fn step_back(repo: &Repo<'_>, details: &Details, fault: Fault) -> Fault {
    match current(repo) {
        Ok(now) if untouched(&now, &details.moves) => match withdraw(repo, details) {
            Ok(()) => Fault { kind: FaultKind::Changed, ..fault }
                .hint("nothing was changed; another git process may be at work: wait, plan again, apply again"),
            Err(other) => other,
        },
        _ => fault.hint("check the repository: that rolls the switch forward or back"),
    }
}

/// No ref was moved by us. Somebody else may have moved one: then the transaction refused all.
fn untouched(now: &BTreeMap<String, String>, moves: &[RefMove]) -> bool {
    moves.iter().all(|m| at(now, &m.name) != m.new)
}

/// Each ref's id now; a ref that is not there is not in the map.
pub(super) fn current(repo: &Repo<'_>) -> Result<BTreeMap<String, String>> {
    let refs = repo.refs()?;
    let mut now: BTreeMap<String, String> = refs.direct.iter().map(|r| (r.name.clone(), r.id.to_string())).collect();
    if let (None, Some(head)) = (&refs.branch, refs.head) {
        now.insert("HEAD".into(), head.to_string());
    }
    Ok(now)
}

/// The id of `name`, zeros when it does not exist.
fn at(now: &BTreeMap<String, String>, name: &str) -> String {
    now.get(name).cloned().unwrap_or_else(|| Oid::ZERO_SHA1.to_string())
}

/// Moves every ref, all or none, each only if it is still at its old id. `again`: an interrupted move is gone on with,
/// and those that are not at their old ids were moved already.
pub(super) fn move_refs(repo: &Repo<'_>, moves: &[RefMove], again: bool) -> Result<()> {
    let now = if again { Some(current(repo)?) } else { None };
    let zero = Oid::ZERO_SHA1.to_string();
    let mut input = String::from("start\n");
    let mut any = false;
    for step in moves.iter().filter(|m| now.as_ref().is_none_or(|now| at(now, &m.name) == m.old)) {
        any = true;
        let line = if step.new == zero {
            format!("delete {} {}\n", step.name, step.old)
        } else {
            format!("update {} {} {}\n", step.name, step.new, step.old)
        };
        input.push_str(&line);
    }
    if !any {
        return Ok(());
    }
    input.push_str("prepare\ncommit\n");
    // The one place where hooks run: a `reference-transaction` hook may have to tell other copies, or say no.
    let mut command = repo.git.with_hooks();
    command.args(["update-ref", "--no-deref", "-m", OUR_MESSAGE, "--stdin"]);
    let said = repo.git.finish(command, Some(input.as_bytes()))?;
    if !said.ok {
        return Err(not_moved(&said));
    }
    say(repo.ask, "switched refs", moves.len() as u64, moves.len() as u64);
    Ok(())
}

fn not_moved(said: &Said) -> Fault {
    let fault = cli::failed(&["update-ref"], said);
    if !said.err.contains("hook") {
        return fault;
    }
    Fault::refused(
        "the refs were not moved",
        format!("the repository's reference-transaction hook said no: {}", said.err),
    )
    .hint("ask whoever put up hooks/reference-transaction (or core.hooksPath), then apply again")
}

/// Everything after the refs moved, to the end. What brought the old history back meanwhile, by name.
pub(super) fn forward(repo: &Repo<'_>, details: &Details, clean: bool) -> Result<Vec<String>> {
    files(repo, details, clean, false)?;
    say(repo.ask, "putting the logs right", 0, 0);
    rename::follow(repo, details)?;
    logs(repo, details)?;
    say(repo.ask, "cleaning leftover files", 0, 0);
    leftover::clean(repo)?;
    lfs::set_aside(repo, shelf::whole(repo.ask.backup_root, &details.plan)?.as_deref())?;
    for tree in repo.trees() {
        // Git's sign for what it remembers of resolved conflicts, in its index.
        if store::read_if(&tree.dir.join("index"))?.is_some_and(|index| memchr::memmem::find(&index, b"REUC").is_some())
        {
            tree.git.run(&["update-index", "--clear-resolve-undo"])?;
        }
    }
    private::hold(repo)?;
    let mut came = drop_old(repo, details)?;
    private::let_go(repo)?;
    serve(repo)?;
    leftover::retarget(repo, &|id| details.map.get(&id.to_string()).and_then(|new| raw::oid(new.as_bytes())))?;
    say(repo.ask, "closing the switch", 0, 0);
    // A push that was under way as the old objects went may have come to its end since.
    if came::relink(repo, details)? {
        came = drop_old(repo, details)?;
        serve(repo)?;
    }
    shelf::reached(repo, details, Stage::Applied)?;
    say(repo.ask, "clearing the journal", 0, 0);
    shelf::end(repo)?;
    Ok(came)
}

/// Where files of working trees are kept for an undo that git can't give back without running somebody's filter.
pub(super) fn aside(repo: &Repo<'_>, details: &Details) -> Result<PathBuf> {
    Ok(shelf::backup_dir(repo.ask.backup_root, &details.plan)?.join("files"))
}

/// Index and files of every working tree follow their HEADs. `back`: to the old history.
pub(super) fn files(repo: &Repo<'_>, details: &Details, clean: bool, back: bool) -> Result<()> {
    let aside = aside(repo, details)?;
    let how = align::How { clean, aside: &aside, back };
    for tree in repo.trees() {
        let Some((old, new)) = details.tree_of(&tree.name) else { continue };
        let (from, to) = if back { (new, old) } else { (old, new) };
        // When the old tree is gone, the old objects were dropped already, which comes after the files.
        if tree.git.ask_git(&["cat-file", "-e", from], None)?.ok {
            align::align(repo, &tree, from, to, how)?;
        }
    }
    Ok(())
}

/// The lists that are served over plain HTTP, where there are any: they name refs and packs.
pub(super) fn serve(repo: &Repo<'_>) -> Result<()> {
    if repo.dir.join("info/refs").exists() || repo.dir.join("objects/info/packs").exists() {
        repo.git.run(&["update-server-info"])?;
    }
    Ok(())
}

/// What becomes of an id in a log.
pub(super) fn fate(details: &Details) -> impl Fn(Oid) -> Fate {
    move |id| {
        let text = id.to_string();
        match details.map.get(&text).and_then(|new| raw::oid(new.as_bytes())) {
            Some(new) => Fate::Now(new),
            None if details.lost.contains(&text) => Fate::Gone,
            None => Fate::Kept,
        }
    }
}

/// Every log leads to the new ids; the stash keeps its length and order, because it is such a log.
fn logs(repo: &Repo<'_>, details: &Details) -> Result<()> {
    let backup = shelf::whole(repo.ask.backup_root, &details.plan)?;
    for log in reflog::all(&repo.dir)? {
        let bytes = store::read(&log)?;
        // One that our own moves made: where nobody kept a log, there is none afterwards.
        let name = log.strip_prefix(&repo.dir).unwrap_or(&log);
        if reflog::is_ours(&bytes) && backup.as_ref().is_some_and(|backup| !backup.join(name).exists()) {
            store::remove(&log)?;
            continue;
        }
        if let Some(clean) = reflog::rewritten(&bytes, repo.search, &fate(details), &|digits| details.cited(digits))? {
            store::put(&log, &clean)?;
        }
    }
    Ok(())
}

/// Drops every object file there was before the switch, and looks whether every object that held the key is gone. What
/// brought some back meanwhile, by name.
fn drop_old(repo: &Repo<'_>, details: &Details) -> Result<Vec<String>> {
    if details.dirty.is_empty() && details.map.is_empty() {
        return Ok(Vec::new());
    }
    say(repo.ask, "dropping the old objects", 0, 0);
    let info = repo.objects().join("info");
    let backup = shelf::whole(repo.ask.backup_root, &details.plan)?;
    // An earlier try may have removed it: the backup knows whether there was one.
    let had = backup.as_ref().map(|backup| backup.join("objects/info"));
    let graph = [Some(&info), had.as_ref()]
        .into_iter()
        .flatten()
        .any(|info| info.join("commit-graph").exists() || info.join("commit-graphs").exists());
    store::remove(&info.join("commit-graph"))?;
    store::remove_all(&info.join("commit-graphs"))?;
    if let (Some(pack), Some(backup)) = (&details.pack, &backup)
        && fold::holds(repo, pack, &roots::all(repo, &repo.refs()?)?, None)?
    {
        unlink(repo, backup, pack)?;
        came::relink(repo, details)?;
    }
    if let Some(pack) = &details.pack {
        fold::release(repo, pack)?;
    }
    say(repo.ask, "dropping the old objects", 1, 2);
    let mut left = still_there(repo, details)?;
    if left > 0 {
        // Somebody else worked at the same time: another git packed the old objects anew, or began a branch on them.
        // Git sorts out what is needed.
        sort_out(repo)?;
        left = still_there(repo, details)?;
    }
    if graph {
        repo.git.run(&["commit-graph", "write", "--reachable"])?;
    }
    // What somebody needs stays, and is told: the proof finds it, and the next plan takes it in.
    if left > 0 { came::back(repo, details) } else { Ok(Vec::new()) }
}

/// Removes from the repository what the backup holds of its objects. The new pack holds all that is needed.
fn unlink(repo: &Repo<'_>, backup: &Path, pack: &str) -> Result<()> {
    let mut files = shelf::objects(backup)?;
    files.retain(|name| !name.starts_with("objects/info") && !fold::is_of(name, pack));
    // What refers to packs goes before them, and an index before its pack: readers at work never see half a pack.
    files.sort_by_key(|name| {
        let text = name.to_string_lossy();
        (!text.contains("multi-pack-index"), !text.ends_with(".idx"))
    });
    let total = files.len() as u64;
    for (n, name) in files.iter().enumerate() {
        if n % 1024 == 0 {
            say(repo.ask, "unlinking the old objects", n as u64, total);
        }
        let old = repo.dir.join(name);
        store::remove(&old)?;
        store::hide(&backup.join(name))?;
        if let Some(folder) = old.parent().filter(|folder| !folder.ends_with("pack")) {
            // It stays while others have objects in it.
            let _ = std::fs::remove_dir(folder);
        }
    }
    store::sync_dir(&repo.objects().join("pack"));
    Ok(())
}

/// Git itself keeps what is needed and drops all else.
pub(super) fn sort_out(repo: &Repo<'_>) -> Result<()> {
    repo.git.run(&["repack", "-a", "-d", "-n", "-q"])?;
    repo.git.run(&["prune", "--expire=now"]).map(drop)
}

pub(super) fn still_there(repo: &Repo<'_>, details: &Details) -> Result<usize> {
    let ids = details.dirty.iter().filter_map(|id| raw::oid(id.as_bytes()));
    if present::of(&repo.objects(), ids).is_some_and(|there| there.is_empty()) {
        return Ok(0);
    }
    let mut input = String::new();
    for id in &details.dirty {
        input.push_str(id);
        input.push('\n');
    }
    let said = repo.git.feed(&["cat-file", "--batch-check"], Some(input.as_bytes()))?;
    Ok(said.split(|b| *b == b'\n').filter(|line| !line.is_empty() && !line.ends_with(b" missing")).count())
}

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
pub(super) fn check(repo: &mut Repo<'_>, plan: &str) -> Result<Standing> {
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
    repo.git.may_cancel = false;
    let _quiet = tidy::Quiet::begin(repo)?;
    clear_locks(repo, &details)?;
    match journal.doing {
        Doing::Undo => super::undo::resume(repo, &details)?,
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
