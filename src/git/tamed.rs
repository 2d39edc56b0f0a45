//! What of a repository's own configuration must not run. A repository may come from anybody; git runs what its
//! configuration names: filters, hooks, helpers. Who asks where a key is does not ask for that.
//!
//! Must not know: what git is run for. What is decided, and why:
//! - Hooks, content filters, the file watcher and maintenance are off in every call (hooks are on for a push).
//! - Remotes are asked as `git fetch` does it, with the `ssh`, credentials and proxies of the configuration: without them
//!   nobody's remotes would answer. `--offline` leaves it out. Programs that a remote of somebody else could need here
//!   only to do harm are off: `ext::` addresses, an upload-pack, `core.gitProxy` and `core.alternateRefsCommand`, where
//!   the repository's own configuration names them. The person's own (global, system) counts as before.
//! - A file that a setting names is read as git does it; a pipe or a device is refused.
//! - A remote that git would be handed the key for, in its address or in a setting beside it, is not asked.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::cli::Git;
use super::config::Config;
use super::odd::{is_nothing, is_wild, waits};
use super::repo::Linked;
use crate::base::Fault;
use crate::base::fault::Result;

/// A setting for one call of git: its name and value.
pub(super) type Setting = (OsString, OsString);

/// Every setting below these goes to a program that git starts for a remote.
const OUTWARD: [&[u8]; 5] = [b"url.", b"http.", b"credential.", b"core.", b"ssh."];

/// What was read in the configuration.
#[derive(Debug, Default)]
pub(super) struct Tamed {
    /// Turns off what must not run; for each call of git.
    pub(super) settings: Vec<Setting>,
    /// Names of settings, in git's spelling, that the repository itself makes.
    own: Vec<Vec<u8>>,
    /// Parts of the address or the settings of these remotes hold the key.
    keyed: Vec<Vec<u8>>,
    /// So does a setting that counts for all remotes.
    all_keyed: bool,
}

impl Tamed {
    /// Looks at the configuration as each working tree sees it; `main`, as the main one does.
    pub(super) fn read(git: &Git<'_>, main: &Config, linked: &[Linked]) -> Result<Self> {
        let mut tamed = Self::default();
        let mut filters: Vec<Vec<u8>> = Vec::new();
        let mut ext = None;
        let main = (git.clone(), git.work.clone(), Ok(main.clone()));
        // A linked working tree git can't use runs nothing.
        let trees = linked.iter().filter_map(|tree| {
            let at = Git { dir: tree.dir.clone(), work: None, ..git.clone() };
            let config = Config::read_if(&at).transpose()?;
            Some((at, tree.work.clone(), config))
        });
        for (at, work, config) in std::iter::once(main).chain(trees) {
            let config = config?;
            refuse_waiting(&at, work.as_deref().unwrap_or(&at.dir), &config)?;
            for (scope, entry) in config.scoped() {
                let name = entry.split(|b| *b == b'\n').next().unwrap_or_default();
                let own = scope == b"local" || scope == b"worktree";
                if name.starts_with(b"filter.") {
                    filters.extend(stem(name));
                }
                if own {
                    tamed.own.push(name.to_vec());
                } else if name == b"protocol.ext.allow" {
                    ext = entry.get(name.len() + 1..).map(<[u8]>::to_vec);
                }
                if git.search.form_in(entry).is_some() {
                    tamed.all_keyed |= OUTWARD.iter().any(|start| name.starts_with(start));
                    // Refspecs stay here: the key can be a part of a branch's name.
                    let outward = !name.ends_with(b".fetch") && !name.ends_with(b".push");
                    tamed.keyed.extend(name.strip_prefix(b"remote.").filter(|_| outward).and_then(stem));
                }
            }
        }
        filters.sort_unstable();
        filters.dedup();
        for stem in &filters {
            if git.search.form_in(stem).is_some() {
                return Err(Fault::refused(
                    "a content filter can't be turned off",
                    "the key is in its name in git's config",
                )
                .hint("rename it in the config and in .gitattributes"));
            }
            for (verb, value) in [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")] {
                let name = [stem, &b"."[..], verb.as_bytes()].concat();
                tamed.settings.push((OsStr::from_bytes(&name).to_owned(), value.into()));
            }
        }
        let ext = ext.unwrap_or_else(|| b"never".to_vec());
        tamed.settings.push(("protocol.ext.allow".into(), OsStr::from_bytes(&ext).to_owned()));
        // It would run gpg, or what the config calls so.
        tamed.settings.push(("log.showSignature".into(), "false".into()));
        if tamed.owns("core.alternaterefscommand") {
            tamed.settings.push(("core.alternateRefsCommand".into(), "true".into()));
        }
        Ok(tamed)
    }

    /// Whether the repository's own configuration makes the setting `name`. Git spells all but a middle part in lower
    /// case.
    pub(super) fn owns(&self, name: &str) -> bool {
        self.own.iter().any(|own| own == name.as_bytes())
    }

    /// Git would hand the key on when it talks to this remote.
    pub(super) fn hands_on(&self, remote: &str) -> bool {
        self.all_keyed || self.keyed.iter().any(|name| name == remote.as_bytes())
    }

    /// A content filter is turned off.
    pub(super) fn has_filters(settings: &[Setting]) -> bool {
        settings.iter().any(|(name, _)| name.as_bytes().starts_with(b"filter."))
    }
}

/// Refuses a setting of the repository's own for a file (what git ignores, how it orders, …) that names a pipe or a device:
/// git would wait at it. `top`: where such names begin.
fn refuse_waiting(git: &Git<'_>, top: &Path, config: &Config) -> Result<()> {
    let own = |(scope, entry): (&[u8], &[u8])| {
        let name = entry.split(|b| *b == b'\n').next().unwrap_or_default();
        (scope == b"local" || scope == b"worktree") && (name.ends_with(b"file") || name == b"commit.template")
    };
    if !config.scoped().any(own) {
        return Ok(());
    }
    // Git alone knows what it makes of a `~`. Where it can't tell, it won't open anything either.
    let said = git.ask_git(&["config", "-z", "--type=path", "--get-regexp", r"file$|^commit\.template$"], None)?;
    for entry in said.out.split(|b| *b == 0) {
        let Some(at) = memchr::memchr(b'\n', entry) else { continue };
        let file = top.join(OsStr::from_bytes(entry.get(at + 1..).unwrap_or_default()));
        if std::fs::metadata(&file).is_ok_and(|meta| is_wild(meta.file_type())) && !is_nothing(&file) {
            return Err(waits(&git.dir, &file)
                .hint("`git config --list --show-origin` says which setting names it: take it out"));
        }
    }
    Ok(())
}

/// `filter.x.clean` or `x.url` without its last part.
fn stem(name: &[u8]) -> Option<Vec<u8>> {
    memchr::memrchr(b'.', name).and_then(|dot| name.get(..dot)).map(<[u8]>::to_vec)
}
