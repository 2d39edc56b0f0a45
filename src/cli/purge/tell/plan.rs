//! What a rewrite would change, what it costs and what stands in its way: enough to decide for or against it.
//!
//! Must not know: how the plan was worked out.

use crate::base::words::{self, count};
use crate::effect::git::{Emptied, Plan};

use super::copies::copies;
use super::options::chosen;
use super::page::{Page, keys, not, number, short};

pub(in crate::cli::purge) fn plan(prints: &[String], plan: &Plan) -> String {
    let mut page = Page::default();
    keys(&mut page, prints);
    if plan.nothing_to_do {
        page.say("Nothing to do: no copy of the key was found.");
        not(&mut page, "Not looked into", &plan.not_looked_into);
        return page.end();
    }
    page.say(format!("{}: {} of the key.", plan.phrase, count(plan.copies.len(), "copy")));
    copies(&mut page, &plan.copies);
    cost(&mut page, plan);
    if !plan.diff.is_empty() {
        page.say("Preview, every distinct line:");
        page.list(&plan.diff, |line| format!("    {line}"));
        page.say("");
    }
    if !plan.refs.is_empty() {
        page.say("Refs that move:");
        page.list(&plan.refs, |r| format!("    {}  {} -> {}", r.name, short(&r.old), short(&r.new)));
        page.say("");
    }
    asked(&mut page, plan);
    packed(&mut page, plan);
    gitlinks(&mut page, plan);
    citations(&mut page, plan);
    not(&mut page, "Not looked into", &plan.not_looked_into);
    if plan.refusals.is_empty() {
        page.say("Nothing was changed. To do it (a backup is made first, --undo takes it back):");
        page.say(format!("    stanch purge --repo PATH --apply --yes={}{}", words::shell(&plan.phrase), chosen(plan)));
    } else {
        page.say("It can't be applied yet:");
        for refusal in &plan.refusals {
            page.say(format!("  - {}", refusal.why));
            page.say(format!("    do: {}", refusal.way_forward));
        }
    }
    page.end()
}

/// A look at a remote runs programs that the repository's configuration may name: said, so that nobody wonders.
fn asked(page: &mut Page, plan: &Plan) {
    let names: Vec<&str> = plan.remotes.iter().filter(|r| r.silent.is_none()).map(|r| r.name.as_str()).collect();
    if !names.is_empty() {
        page.say(format!("Asked, as `git fetch` would: {} (--offline asks no remote).", names.join(", ")));
        page.say("");
    }
}

/// Files that can't be edited as text, and large files beside the history.
fn packed(page: &mut Page, plan: &Plan) {
    if !plan.choices.is_empty() {
        page.say("Files that can't be edited as text:");
        page.list(&plan.choices, |choice| {
            let path = choice.path.as_deref().unwrap_or_else(|| short(&choice.id));
            let holds = if choice.holds.is_empty() { String::new() } else { format!(" ({})", choice.holds.join("; ")) };
            format!("    {} {path}{holds}: {}", choice.what, choice.way)
        });
        page.say("");
    }
    if !plan.lfs.is_empty() {
        page.say("Files of Git LFS that hold the key: removed here, the host must delete them on its side:");
        page.list(&plan.lfs, |object| {
            format!("    {} {}", short(&object.oid), object.paths.first().map_or("", String::as_str))
        });
        page.say("");
    }
}

/// Commits that change nothing any more, and ids that messages name.
fn citations(page: &mut Page, plan: &Plan) {
    if !plan.became_empty.is_empty() {
        page.say(format!(
            "{} changed nothing but the key, {}:",
            count(plan.became_empty.len(), "commit"),
            match plan.policy.emptied {
                Emptied::Keep => "and will change nothing (--emptied=drop leaves them out)",
                Emptied::Drop => "and will be gone (--emptied=keep keeps them)",
            }
        ));
        page.list(&plan.became_empty, |id| format!("    {}", short(id)));
    }
    if plan.citations_followed > 0 {
        let n = number(plan.citations_followed, "id");
        page.say(format!("{n} named in messages will name the new commits."));
    }
    if !plan.citations_left.is_empty() {
        page.say("Ids in messages that can't follow:");
        page.list(&plan.citations_left, |line| format!("    {line}"));
    }
    if !plan.became_empty.is_empty() || plan.citations_followed > 0 || !plan.citations_left.is_empty() {
        page.say("");
    }
}

/// Commits of submodules that follow.
fn gitlinks(page: &mut Page, plan: &Plan) {
    if plan.gitlinks.is_empty() {
        return;
    }
    page.say("Commits of submodules that were purged: the commits here that name them follow.");
    page.list(&plan.gitlinks, |link| format!("    {}  {} -> {}", link.path, short(&link.old), short(&link.new)));
    page.say("Push the submodule before this repository: others fetch those commits from there.");
    page.say("");
}

/// What a rewrite costs, so that a person can decide against it.
fn cost(page: &mut Page, plan: &Plan) {
    if plan.refs.is_empty() {
        page.say("No ref changes and nothing is pushed: the copies are only dropped from this repository.");
        page.say("");
        return;
    }
    page.say("A rewrite costs:");
    page.say(format!("  {} of {} get a new id", plan.commits_changed, number(plan.commits_total, "commit")));
    if !plan.signatures_lost.is_empty() {
        page.say(format!("  {} lost", count(plan.signatures_lost.len(), "signature")));
    }
    for remote in &plan.remotes {
        if !remote.refs.is_empty() {
            page.say(format!(
                "  {} of {} to force-push, each with a lease",
                count(remote.refs.len(), "ref"),
                remote.name
            ));
        }
        if remote.looked_aside > 0 {
            let refs = count(remote.looked_aside, "ref");
            page.say(format!("  (looked into {refs} of {} that are not here, fetched aside)", remote.name));
        }
        if !remote.pull_requests.is_empty() {
            let open = match remote.open.len() {
                0 => String::new(),
                n => format!(", {n} of them open as it seems"),
            };
            let n = count(remote.pull_requests.len(), "pull request");
            page.say(format!(
                "  {n} on the old history at {}{open}: only the host's support can clean them",
                remote.name
            ));
        }
    }
    if plan.push_needed {
        page.say("  everybody with a clone must rebase: `--papers DIR` writes the script for them");
        page.say("If the key is dead and nothing else leaks, you may leave the history as it is. You decide.");
    } else {
        page.say("No remote is known to have it: no force push is needed.");
    }
    page.say("");
}
