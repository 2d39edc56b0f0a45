//! Texts for other people, made of a plan and of what the remotes answer now: the request to a host's support, letters,
//! the script colleagues run in their clones, the hook that keeps key and old history out. None holds the key.
//!
//! Must not know: how anything is rewritten or pushed.

mod ban;
mod colleagues;
mod facts;
mod letters;
mod support;

use std::path::Path;

use super::repo::Repo;
use super::store;
use crate::base::fault::Result;
use crate::base::{Fault, words};
use crate::effect::git::{Filed, Paper, Papers};
use facts::Facts;

pub(super) fn papers(repo: &Repo<'_>, plan: &str) -> Result<Papers> {
    let facts = Facts::gather(repo, plan)?;
    let letter = |name: &str, what: &str, text: String| Paper {
        name: name.into(),
        what: words::tame(what),
        runs: false,
        text: words::tame_lines(&text),
    };
    let mut papers = Vec::new();
    for (n, remote) in facts.remotes.iter().enumerate() {
        let name = if n == 0 {
            "support-request.txt".into()
        } else {
            format!("support-request-{}.txt", file_name(&remote.look.name))
        };
        papers.push(letter(
            &name,
            &format!("for the support of the host of {}", remote.look.url),
            support::text(&facts, remote),
        ));
    }
    papers.push(letter("message-to-colleagues.txt", "for everybody who has a clone", letters::colleagues(&facts)));
    for (n, remote) in facts.remotes.iter().enumerate() {
        let name =
            if n == 0 { "colleagues.sh".into() } else { format!("colleagues-{}.sh", file_name(&remote.look.name)) };
        let what = format!("run by each colleague in their clone of {}", remote.look.url);
        papers.push(Paper { name, what: words::tame(&what), runs: true, text: colleagues::script(&facts, remote) });
    }
    papers.push(Paper {
        name: "ban.sh".into(),
        what: "pre-receive hook, pre-push hook or CI check: keeps key and old history out".into(),
        runs: true,
        text: ban::script(&facts),
    });
    papers.push(letter("letter-to-fork-owners.txt", "for owners of forks", letters::fork_owners(&facts)));
    Ok(Papers { papers })
}

/// Writes them, 0600, scripts 0700, each whole or not at all.
pub(super) fn file(papers: &Papers, dir: &Path) -> Result<Filed> {
    store::private_dir(dir)?;
    let dir = std::fs::canonicalize(dir).map_err(|e| Fault::machine(format!("{} can't be used", dir.display()), e))?;
    for paper in &papers.papers {
        store::put_with(&dir.join(&paper.name), paper.text.as_bytes(), if paper.runs { 0o700 } else { 0o600 })?;
    }
    let files = papers.papers.iter().map(|p| (p.name.clone(), p.what.clone())).collect();
    Ok(Filed { dir, files })
}

/// A remote's name as part of a file's name.
fn file_name(remote: &str) -> String {
    remote.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// `template` with each `@NAME@` replaced by its lines. Values are put in once: what they hold is not looked through
/// again. A value is as many lines as were given, whatever it holds: in a script, a line feed would begin a command.
fn fill(template: &str, values: &[(&str, &[&str])]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find('@') {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        let known = values.iter().find_map(|(name, value)| {
            let after = tail.strip_prefix('@')?.strip_prefix(name)?.strip_prefix('@')?;
            Some((*value, after))
        });
        if let Some((value, after)) = known {
            let lines: Vec<String> = value.iter().map(|line| words::tame(line)).collect();
            out.push_str(&lines.join("\n"));
            rest = after;
        } else {
            out.push('@');
            rest = tail.strip_prefix('@').unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_template_is_filled_once() {
        let filled = super::fill("a@X@ stash@{1} $@ @Y@", &[("X", &["@Y@"]), ("Y", &["z"])]);
        assert_eq!(filled, "a@Y@ stash@{1} $@ z");
    }

    #[test]
    fn a_value_begins_no_line() {
        let filled = super::fill("# @X@\n@Y@", &[("X", &["a\ntouch b\r\u{85}#\u{1b}[2J"]), ("Y", &["1\n", "2"])]);
        assert_eq!(filled, "# atouch b#[2J\n1\n2");
    }
}
