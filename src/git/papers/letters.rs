//! Two letters: to colleagues with a clone, to owners of forks.
//!
//! Must not know: addresses.

use super::facts::Facts;
use super::support;
use crate::base::words;

pub(super) fn colleagues(facts: &Facts) -> String {
    let branches: Vec<&str> =
        facts.remotes.iter().flat_map(|r| &r.branches).map(|(name, _, _)| name.as_str()).collect();
    let tags: Vec<&str> = facts.tags().iter().map(|(_, name)| *name).collect();
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let open: Vec<String> = facts.remotes.iter().flat_map(|r| &r.look.pull_requests).map(|n| format!("#{n}")).collect();
    format!(
        "Subject: {repo}: the history was rewritten, please do this before you push\n\n\
        A key leaked into the history of {repo}. It is out of it now, and {commits} commits have new ids.\n\n\
        Until you have done this: do not push, do not pull, do not merge. One merge from an old clone brings the key back.\n\n\
        1. You have no work of your own there: delete your clone and clone again.\n\
        2. Else commit what you have, and run in your clone:   sh colleagues.sh\n\
        \x20  It rebases your commits, never merges, and proves that the old commits are gone.\n\
        3. Forks, mirrors, CI caches and deploy hosts with a clone need the same.\n\n\
        Branches that moved: {branches}\n\
        Tags that moved: {tags}\n\
        Pull requests on the old history (close them, open new ones after the rebase): {open}\n",
        repo = facts.repo(),
        commits = facts.plan.commits_changed,
        branches = list(&branches),
        tags = list(&tags),
        open = if open.is_empty() { "none known".to_owned() } else { open.join(", ") },
    )
}

pub(super) fn fork_owners(facts: &Facts) -> String {
    let starts: Vec<String> = facts.plan.first_changed.iter().map(|id| format!("    {id}")).collect();
    let name = facts.remotes.first().and_then(|r| support::owner_repo(&r.look.url));
    let list = name.map_or_else(
        || "The host lists forks; git can't.".to_owned(),
        |name| {
            format!(
                "To list them on GitHub: gh api --paginate {} --jq '.[].full_name'",
                words::shell(&format!("repos/{name}/forks"))
            )
        },
    );
    format!(
        "{list}\n\nSubject: your fork of {repo} holds a leaked key of ours\n\n\
        Hello,\n\n\
        a key of ours was committed to {repo}. It is revoked, and we took it out of the history. Your fork still has the old\n\
        commits. Does one of your branches lead to one of these?\n\n{starts}\n\n\
        If so, please delete the fork, or rebase what is yours on our new history and force-push it:\n\
        \x20   git branch -r --contains FIRST_CHANGED_COMMIT\n\n\
        Thank you.\n",
        repo = facts.repo(),
        starts = starts.join("\n"),
    )
}
