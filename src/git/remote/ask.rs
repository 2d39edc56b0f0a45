//! Asking a remote, with the user's credentials, ssh config and hooks, and never on the terminal: that belongs to the
//! screen.
//!
//! Must not know: what the answer is for.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use super::super::cli::Said;
use super::super::raw;
use super::super::repo::Repo;
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, words};

/// How long a remote may take to list its refs. A list of 100,000 refs over a slow line takes a few seconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The names of all remotes.
pub(in super::super) fn remotes(repo: &Repo<'_>) -> Result<Vec<String>> {
    let listed = repo.git.run(&["remote"])?;
    Ok(String::from_utf8_lossy(&listed).lines().map(str::to_owned).collect())
}

/// A git that may talk to a remote: hooks on, no question on the terminal, a process group of its own so that its
/// ssh ends with it.
pub(super) fn quiet(repo: &Repo<'_>, command: &mut Command) {
    if std::env::var_os("SSH_ASKPASS").is_none() && std::env::var_os("GIT_ASKPASS").is_none() {
        command.env("SSH_ASKPASS", "/bin/false").env("SSH_ASKPASS_REQUIRE", "force");
    }
    // An empty one: the config's is not looked for.
    if repo.tamed.owns("core.gitproxy") && std::env::var_os("GIT_PROXY_COMMAND").is_none() {
        command.env("GIT_PROXY_COMMAND", "");
    }
    command.process_group(0);
}

/// Git's own program at the other end, where the repository's own configuration names another: with a remote on this
/// machine that would run here.
pub(super) fn upload_pack(repo: &Repo<'_>, remote: &str) -> Option<&'static str> {
    repo.tamed.owns(&format!("remote.{remote}.uploadpack")).then_some("--upload-pack=git-upload-pack")
}

/// Runs git in this repository against a remote.
pub(super) fn network<S: AsRef<std::ffi::OsStr>>(repo: &Repo<'_>, args: &[S], limit: Option<Duration>) -> Result<Said> {
    let mut command = command(repo);
    command.args(args);
    repo.git.finish_by(command, None, limit)
}

/// A git in this repository that may talk to a remote.
pub(super) fn command(repo: &Repo<'_>) -> Command {
    let mut command = repo.git.with_hooks();
    quiet(repo, &mut command);
    command
}

/// A remote whose name, address or settings hold the key: git would give it to its helpers as an argument, and send it
/// to the host.
fn closed(repo: &Repo<'_>, remote: &str) -> Option<Fault> {
    if !names_key(repo, remote) && !repo.tamed.hands_on(remote) {
        return None;
    }
    let shown = repo.search.text(remote.as_bytes());
    let way = format!("`git remote set-url {} <address without the key>`", words::shell(&shown));
    Some(
        Fault::new(
            FaultKind::Unreachable,
            format!("the remote {shown} was not asked"),
            format!(
                "its address, or a setting for it in git's config, holds the key, and git would send it there: {way}"
            ),
        )
        .hint(format!("{way} (and `--push` if it has another for pushing), then try again"))
        .hint("`git config --list --show-origin` shows which setting it is"),
    )
}

fn names_key(repo: &Repo<'_>, remote: &str) -> bool {
    repo.search.form_in(remote.as_bytes()).is_some()
}

/// The remote's refs and their ids, without peeled tags and symbolic HEAD.
pub(super) fn ls_remote(repo: &Repo<'_>, remote: &str) -> Result<BTreeMap<String, String>> {
    if let Some(fault) = closed(repo, remote) {
        return Err(fault);
    }
    let mut args = vec!["ls-remote", "--quiet"];
    args.extend(upload_pack(repo, remote));
    args.extend(["--", remote]);
    let said = network(repo, &args, Some(PATIENCE))?;
    if !said.ok {
        return Err(Fault::new(
            FaultKind::Unreachable,
            format!("the remote {remote} did not answer"),
            if said.err.is_empty() { "git gave no reason".into() } else { said.err.clone() },
        )
        .hint("check the network and your credentials (`git ls-remote`), then try again: nothing was changed"));
    }
    let mut refs = BTreeMap::new();
    for line in said.out.split(|b| *b == b'\n') {
        let mut parts = line.splitn(2, |b| *b == b'\t');
        let (Some(id), Some(name)) = (parts.next().and_then(raw::oid), parts.next()) else { continue };
        let name = String::from_utf8_lossy(name).into_owned();
        if name.starts_with("refs/") && !name.ends_with("^{}") {
            refs.insert(name, id.to_string());
        }
    }
    Ok(refs)
}

/// A remote's address without user, password and query: what may stand in a letter.
pub(super) fn place(repo: &Repo<'_>, remote: &str) -> Result<String> {
    if names_key(repo, remote) {
        return Ok(String::new());
    }
    let said = repo.git.ask_git(&["remote", "get-url", "--", remote], None)?;
    let url = words::tame(&String::from_utf8_lossy(said.out.trim_ascii()));
    Ok(repo.search.text(bare(&url).as_bytes()))
}

/// `https://user:password@host/a?token=x` becomes `https://host/a`; `git@host:a` keeps its form and loses its user.
fn bare(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    if let Some((scheme, rest)) = url.split_once("://") {
        let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
        let host = host.rsplit('@').next().unwrap_or(host);
        return path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"));
    }
    match url.split_once(':') {
        // `user@host:path`, as ssh takes it; a path on this machine has a slash before any colon.
        Some((host, path)) if !host.contains('/') => format!("{}:{path}", host.rsplit('@').next().unwrap_or(host)),
        _ => url.to_owned(),
    }
}

/// Where fetching puts the remote's ref `name`: the name of the local ref, if any refspec takes it.
pub(super) fn tracking(specs: &[String], name: &str) -> Option<String> {
    specs.iter().find_map(|spec| {
        let (from, to) = spec.strip_prefix('+').unwrap_or(spec).split_once(':')?;
        if to.is_empty() {
            return None;
        }
        match (from.split_once('*'), to.split_once('*')) {
            (Some((head, tail)), Some((to_head, to_tail))) => {
                let middle = name.strip_prefix(head)?.strip_suffix(tail)?;
                Some(format!("{to_head}{middle}{to_tail}"))
            }
            (None, None) if from == name => Some(to.to_owned()),
            _ => None,
        }
    })
}

pub(super) fn fetch_specs(repo: &Repo<'_>, remote: &str) -> Result<Vec<String>> {
    if names_key(repo, remote) {
        return Ok(Vec::new());
    }
    let said = repo.git.ask_git(&["config", "--get-all", &format!("remote.{remote}.fetch")], None)?;
    Ok(String::from_utf8_lossy(&said.out).lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::{bare, tracking};

    #[test]
    fn an_address_loses_what_opens_it() {
        for (url, want) in [
            ("https://u:p@host.example/a/b.git?token=1", "https://host.example/a/b.git"),
            ("https://host.example", "https://host.example"),
            ("ssh://git@host.example:22/a/b", "ssh://host.example:22/a/b"),
            ("git@host.example:a/b.git", "host.example:a/b.git"),
            ("/srv/a:b.git", "/srv/a:b.git"),
            ("../a", "../a"),
        ] {
            assert_eq!(bare(url), want);
        }
    }

    #[test]
    fn refspecs_say_where_a_ref_lands() {
        let specs = ["+refs/heads/*:refs/remotes/origin/*".to_owned(), "refs/tags/v1:refs/x".into()];
        assert_eq!(tracking(&specs, "refs/heads/a/b").as_deref(), Some("refs/remotes/origin/a/b"));
        assert_eq!(tracking(&specs, "refs/tags/v1").as_deref(), Some("refs/x"));
        assert_eq!(tracking(&specs, "refs/pull/1/head"), None);
    }
}
