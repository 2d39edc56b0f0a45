//! The refs: where each is now, and the one transaction that moves them all or none.
//!
//! Must not know: what follows the refs.

use std::collections::BTreeMap;

use git2::Oid;

use super::super::cli::{self, Said};
use super::super::reflog::OUR_MESSAGE;
use super::super::repo::Repo;
use super::super::say;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::git::RefMove;

/// No ref was moved by us. Somebody else may have moved one: then the transaction refused all.
pub(super) fn untouched(now: &BTreeMap<String, String>, moves: &[RefMove]) -> bool {
    moves.iter().all(|m| at(now, &m.name) != m.new)
}

/// Each ref's id now; a ref that is not there is not in the map.
pub(in crate::git) fn current(repo: &Repo<'_>) -> Result<BTreeMap<String, String>> {
    let refs = repo.refs()?;
    let mut now: BTreeMap<String, String> = refs.direct.iter().map(|r| (r.name.clone(), r.id.to_string())).collect();
    if let (None, Some(head)) = (&refs.branch, refs.head) {
        now.insert("HEAD".into(), head.to_string());
    }
    Ok(now)
}

/// The id of `name`, zeros when it does not exist.
pub(super) fn at(now: &BTreeMap<String, String>, name: &str) -> String {
    now.get(name).cloned().unwrap_or_else(|| Oid::ZERO_SHA1.to_string())
}

/// Moves every ref, all or none, each only if it is still at its old id. `again`: an interrupted move is gone on with,
/// and those that are not at their old ids were moved already.
pub(in crate::git) fn move_refs(repo: &Repo<'_>, moves: &[RefMove], again: bool) -> Result<()> {
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
