//! Every place the key stands in, with the smallest act for each: what the map tells of objects, and beside it indexes,
//! submodules, LFS files and names of refs.
//!
//! Must not know: how a rewrite is worked out.

use std::collections::HashSet;

use git2::Oid;

use super::super::graph::{Graph, Trees};
use super::super::needle::{Hit, binary};
use super::super::repo::{Repo, Tree};
use super::super::{map, raw, submodule};
use super::Seen;
use crate::base::fault::Result;
use crate::effect::git::{Copy, CopyKind};

pub(super) fn copies(repo: &Repo<'_>, seen: &Seen, trees: &mut Trees<'_>, graph: &Graph) -> Result<Vec<Copy>> {
    let mut copies = map::copies(repo, &seen.scan, trees, graph, &seen.refs, &seen.leftovers)?;
    goes_on(repo, seen, &mut copies);
    copies.extend(staged(repo, seen)?);
    copies.extend(seen.submodules.held.iter().map(submodule::Held::copy));
    copies.extend(seen.lfs.held.iter().map(|held| held.copy(repo)));
    let unborn =
        seen.refs.symbolic.iter().map(|(_, to)| to).filter(|to| seen.refs.direct.iter().all(|r| r.name != **to));
    for name in seen.refs.direct.iter().map(|r| &r.name).chain(unborn).map(String::as_bytes) {
        if let Some(form) = repo.search.form_in(name) {
            let pushed = name.starts_with(b"refs/remotes/");
            let mut copy = left(repo.search.text(name), CopyKind::Leftover, form);
            copy.on_remote = pushed;
            copy.remedy = if pushed {
                "rename the ref here, and delete the old name on the remote".into()
            } else {
                "rename the ref".into()
            };
            copies.push(copy);
        }
    }
    // Ids are no order a person can follow: what was pushed comes first, then by place; what has none comes last.
    copies.sort_by_cached_key(|c| {
        let place = (c.path.is_none(), c.path.clone());
        (!c.on_remote, !c.reachable, place, c.what, c.form.clone(), c.refs.clone(), c.id.clone())
    });
    Ok(copies)
}

/// The form of a copy that is followed by more of the same kind of characters.
pub(super) const GOES_ON: &str = "plain, and it goes on";
/// So many characters of a key behind a copy are no chance.
const REST: usize = 8;
/// Of more copies than these, the first tell enough: when only a key's beginning was given, it goes on in all of them.
pub(super) const LOOKED_AT: usize = 64;

/// Marks the copies in text behind which the key goes on: a key that was cut by a line break is found everywhere, and its
/// rest would be left everywhere.
fn goes_on(repo: &Repo<'_>, seen: &Seen, copies: &mut [Copy]) {
    let mut desk = seen.scan.library.desk();
    for copy in copies.iter_mut().filter(|copy| copy.form == "plain").take(LOOKED_AT) {
        let Some((_, data)) = raw::oid(copy.id.as_bytes()).and_then(|id| desk.read(id)) else { continue };
        if binary(&data) {
            continue;
        }
        let of_key = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        let hits = repo.search.hits(&data);
        // One that follows at once is the key once more, and no rest of it.
        let again = |hit: &Hit| hits.iter().any(|other| other.start == hit.end);
        let more = |hit: &Hit| data.get(hit.end..).unwrap_or_default().iter().take_while(of_key).count() >= REST;
        if hits.iter().any(|hit| hit.form == "plain" && more(hit) && !again(hit)) {
            copy.form = GOES_ON.into();
        }
    }
}

/// In how many copies the key goes on, when that is so in most that were looked at.
pub(super) fn cut_short(copies: &[Copy]) -> Option<usize> {
    let on = copies.iter().filter(|copy| copy.form == GOES_ON).count();
    let plain = copies.iter().filter(|copy| copy.form == "plain").count();
    (on > 0 && 2 * on >= (on + plain).min(LOOKED_AT)).then_some(on)
}

fn left(id: String, what: CopyKind, form: &str) -> Copy {
    Copy {
        path: Some(id.clone()),
        id,
        what,
        form: form.into(),
        first: None,
        last: None,
        refs: Vec::new(),
        on_remote: false,
        reachable: false,
        remedy: String::new(),
    }
}

/// Index entries that hold the key, in the blob or the path, and are not simply what HEAD holds.
fn staged(repo: &Repo<'_>, seen: &Seen) -> Result<Vec<Copy>> {
    let mut found = Vec::new();
    for at in repo.trees() {
        let head = if at.name.is_empty() { seen.refs.head } else { seen.refs.head_of(&at.name) };
        let head = head.and_then(|id| seen.scan.commits.get(&id)).and_then(|c| seen.scan.ways.number(c.tree));
        let committed: HashSet<Oid> = head.map(|tree| seen.scan.ways.objects(tree)).unwrap_or_default();
        // `<mode> <id> <stage>\t<path>`
        let listed = at.git.run(&["ls-files", "--stage", "-z"])?;
        let paths = if listed.is_empty() || repo.search.form_in(&listed).is_none() {
            None
        } else {
            Some(at.git.ask_git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"], None)?.out)
        };
        let paths: HashSet<&[u8]> = paths.iter().flat_map(|list| list.split(|b| *b == 0)).collect();
        for line in listed.split(|b| *b == 0) {
            let mut parts = line.splitn(2, |b| *b == b'\t');
            let (Some(head), Some(path)) = (parts.next(), parts.next()) else { continue };
            let mut words = head.split(|b| *b == b' ').skip(1);
            let (Some(id), stage) = (words.next().and_then(raw::oid), words.next()) else { continue };
            let conflict = stage.is_some_and(|stage| stage != b"0");
            let in_blob = seen.scan.dirty.get(&id).map(|(_, form)| *form);
            let in_blob = in_blob.filter(|_| conflict || !committed.contains(&id));
            let Some(form) = in_blob.or_else(|| repo.search.form_in(path).filter(|_| !paths.contains(path))) else {
                continue;
            };
            let mut copy = left(shown(repo, &at, path, stage.filter(|_| conflict)), CopyKind::Index, form);
            copy.id = id.to_string();
            copy.remedy = if conflict {
                "finish or abort what left the conflict (`git status` says which)".into()
            } else {
                "unstage it (`git restore --staged`), or commit it so that it is rewritten".into()
            };
            found.push(copy);
        }
    }
    Ok(found)
}

/// An index entry as a person finds it: its path, its side of a conflict, its working tree.
fn shown(repo: &Repo<'_>, at: &Tree<'_>, path: &[u8], side: Option<&[u8]>) -> String {
    let mut shown = repo.search.text(path);
    match side {
        None => {}
        Some(b"1") => shown.push_str(" (stage 1, the common ancestor)"),
        Some(b"2") => shown.push_str(" (stage 2, ours)"),
        Some(_) => shown.push_str(" (stage 3, theirs)"),
    }
    if at.name.is_empty() { shown } else { format!("{shown} in {}", at.words()) }
}
