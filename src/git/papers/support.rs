//! The request to a host's support: what they ask for, and nothing they must not have.
//!
//! Must not know: how it is sent; a person does that. Facts: GitHub's "Removing sensitive data from a repository".

use super::facts::{Facts, Remote};
use crate::base::words::count;

/// Ids in one letter.
const NAMED: usize = 50;

pub(super) fn text(facts: &Facts, remote: &Remote) -> String {
    let look = &remote.look;
    let host = Host::of(&look.url);
    let name = owner_repo(&look.url).unwrap_or_else(|| look.url.clone());
    let requests = host.requests();
    let mut out = vec![
        host.to(),
        format!("Subject: Sensitive data removal request for {name}"),
        String::new(),
        format!("Repository: {}", look.url),
        "An API key was committed to this repository. The history was rewritten without it.".into(),
        "The key is revoked: ____ (when; write it here)".into(),
        "Why revoking it is not enough: ____ (support helps where it is not)".into(),
        String::new(),
    ];
    if let Some(silent) = &look.silent {
        out.push(format!("NOT YET READY: {silent}. Write the papers again when it answers."));
    }
    if !look.refs.is_empty() || !look.behind.is_empty() {
        out.push("NOT YET READY TO SEND: support acts when every branch and tag is clean. Push these first:".into());
        out.extend(look.refs.iter().chain(&look.behind).map(|r| format!("    {r}")));
        out.push(String::new());
    }
    out.push(format!("Number of affected {requests}: {}", look.pull_requests.len()));
    if !look.pull_requests.is_empty() {
        out.push(format!("Affected {requests}: {}", numbers(&look.pull_requests)));
    }
    if !look.open.is_empty() {
        out.push(format!("Of these still open, as it seems: {}", numbers(&look.open)));
    }
    if !look.unknown.is_empty() {
        out.push(format!(
            "Not looked into, because their commits were never fetched: {}",
            count(look.unknown.len(), "request")
        ));
        out.push(format!("    {}", numbers(&look.unknown)));
    }
    out.push(String::new());
    out.push("First changed commit(s):".into());
    out.extend(facts.plan.first_changed.iter().take(NAMED).map(|id| format!("    {id}")));
    let more = facts.plan.first_changed.len().saturating_sub(NAMED);
    if more > 0 {
        out.push(format!("    and {more} more"));
    }
    out.push(String::new());
    out.extend(large_files(facts));
    out.push("Forks: ____ (list them; each shares these commits, and only its owner or you can clean it)".into());
    out.push(String::new());
    out.push("Please".into());
    out.extend(host.please());
    if facts.key.is_none() {
        out.push(String::new());
        out.push("Keep this letter private: the key is short, and the ids above confirm who guesses it.".into());
    }
    out.push(String::new());
    out.join("\n")
}

/// Objects of Git LFS that the host must delete: each by its oid.
fn large_files(facts: &Facts) -> Vec<String> {
    let held = &facts.plan.lfs;
    if held.is_empty() {
        let why =
            if facts.lfs { "none that this clone has held the key" } else { "this repository does not use Git LFS" };
        return vec![format!("Orphaned LFS objects: none, {why}.")];
    }
    let mut out = vec![format!("Orphaned LFS objects that held the key: {}", held.len())];
    for object in held.iter().take(NAMED) {
        let path = object.paths.first().map(|path| format!(", {path}")).unwrap_or_default();
        out.push(format!("    {} ({} bytes{path})", object.oid, object.size));
    }
    let more = held.len().saturating_sub(NAMED);
    if more > 0 {
        out.push(format!("    and {more} more"));
    }
    out
}

fn numbers(all: &[u64]) -> String {
    let shown: Vec<String> = all.iter().map(|n| format!("#{n}")).collect();
    shown.join(", ")
}

/// `owner/repo` of an address, without `.git`.
pub(super) fn owner_repo(url: &str) -> Option<String> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None if url.starts_with(['/', '.']) => return None,
        None => url.split_once(':')?.1,
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    path.contains('/').then(|| path.to_owned())
}

#[derive(Clone, Copy)]
enum Host {
    GitHub,
    GitLab,
    Other,
}

impl Host {
    fn of(url: &str) -> Self {
        let url = url.to_lowercase();
        if url.contains("://github.com") || url.starts_with("github.com:") {
            Self::GitHub
        } else if url.contains("gitlab") {
            Self::GitLab
        } else {
            Self::Other
        }
    }

    fn to(self) -> String {
        match self {
            Self::GitHub => {
                "Send at: https://support.github.com/contact (choose the repository; say it is sensitive data)"
            }
            Self::GitLab => "Send to: whoever runs this GitLab (on gitlab.com: https://support.gitlab.com)",
            Self::Other => "Send to: whoever runs this server",
        }
        .into()
    }

    fn requests(self) -> &'static str {
        match self {
            Self::GitLab => "merge requests",
            _ => "pull requests",
        }
    }

    fn please(self) -> Vec<String> {
        let lines: &[&str] = match self {
            Self::GitHub => &[
                "  - dereference or delete the affected pull requests,",
                "  - run a garbage collection on the server, so that the old commits are gone,",
                "  - remove cached views, and purge orphaned LFS objects if any are named.",
            ],
            Self::GitLab => &[
                "  - delete the affected merge requests and their refs (refs/merge-requests, refs/keep-around),",
                "  - run the repository cleanup and a housekeeping with prune,",
                "  - remove cached pages and pipelines' artifacts of the old commits.",
            ],
            Self::Other => &[
                "  - delete the refs of the affected requests,",
                "  - expire logs and run `git gc --prune=now` on the server's repository,",
                "  - clear caches of its web pages.",
                "On GitHub Enterprise Server an administrator does:",
                "    ghe-repo OWNER/REPO -c 'git ref-contains FIRST_CHANGED_COMMIT'   here and in ../network.git",
                "    delete the pull requests it names in the site admin pages",
                "    ghe-repo-gc -v --prune OWNER/REPO",
                "    site admin, Network, Invalidate Git cache",
            ],
        };
        lines.iter().map(|line| (*line).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::owner_repo;

    #[test]
    fn an_address_names_its_owner() {
        assert_eq!(owner_repo("https://github.com/a/b.git").as_deref(), Some("a/b"));
        assert_eq!(owner_repo("github.com:a/b").as_deref(), Some("a/b"));
        assert_eq!(owner_repo("ssh://host:22/group/sub/c.git").as_deref(), Some("group/sub/c"));
        assert_eq!(owner_repo("/srv/x/y.git"), None);
        assert_eq!(owner_repo("host:single"), None);
    }
}
