//! How a call of git is made up: in which repository, with which environment and settings.
//!
//! Must not know: how it is run.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::Git;
use crate::git::needle::Search;
use crate::git::tamed::Setting;

/// Git's variables that are a person's settings. All others speak of another repository, of the call that started us,
/// or trace what is done.
const OWN: [&str; 14] = [
    "GIT_ALLOW_PROTOCOL",
    "GIT_ASKPASS",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_HTTP_",
    "GIT_LFS_",
    "GIT_PROTOCOL_FROM_USER",
    "GIT_PROXY_",
    "GIT_SSH",
    "GIT_SSL_",
];

/// Settings that the environment makes, `GIT_CONFIG_KEY_0` and so on, without those that hold the key.
fn inherited(search: &Search<'_>) -> Vec<Setting> {
    let var = |name: &str, n: usize| std::env::var_os(format!("GIT_CONFIG_{name}_{n}"));
    let count = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|n| n.parse::<usize>().ok()).unwrap_or_default();
    let all = (0..count.min(MOST)).filter_map(|n| Some((var("KEY", n)?, var("VALUE", n)?)));
    all.filter(|(name, value)| {
        search.form_in(name.as_encoded_bytes()).is_none() && search.form_in(value.as_encoded_bytes()).is_none()
    })
    .collect()
}

/// Settings the environment may make.
const MOST: usize = 1000;

/// One more setting for this call. Not by `-c`, which takes a name to end at the first `=`.
pub(in crate::git) fn set(command: &mut Command, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
    let count = command.get_envs().find(|(name, _)| *name == "GIT_CONFIG_COUNT").and_then(|(_, value)| value);
    let n = count.and_then(|n| n.to_str()?.parse::<usize>().ok()).unwrap_or_default();
    command
        .env(format!("GIT_CONFIG_KEY_{n}"), name)
        .env(format!("GIT_CONFIG_VALUE_{n}"), value)
        .env("GIT_CONFIG_COUNT", (n + 1).to_string());
}

impl Git<'_> {
    /// A command in this repository. Hooks, background maintenance and the file watcher are off.
    pub(in crate::git) fn command(&self) -> Command {
        let mut command = self.with_hooks();
        command.args(["-c", "core.hooksPath=/dev/null"]);
        command
    }

    /// The same with the user's hooks on: for what a person could have typed, such as a push.
    pub(in crate::git) fn with_hooks(&self) -> Command {
        let mut command = self.bare();
        command.arg("--git-dir").arg(&self.dir);
        if let Some(work) = &self.work {
            command.arg("--work-tree").arg(work);
        }
        command.arg("-C").arg(self.stands());
        command
    }

    /// The folder that git itself works in here: an address of a remote may be relative to it.
    pub(in crate::git) fn stands(&self) -> &Path {
        self.work.as_deref().unwrap_or(&self.dir)
    }

    /// A command that sees the objects in the folder `also` as well.
    pub(in crate::git) fn seeing(&self, also: &Path) -> Command {
        let mut list = vec![b'"'];
        for byte in also.as_os_str().as_bytes() {
            if matches!(byte, b'"' | b'\\') {
                list.push(b'\\');
            }
            list.push(*byte);
        }
        list.push(b'"');
        let mut command = self.command();
        command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", OsString::from_vec(list));
        command
    }

    /// A command in no repository.
    pub(in crate::git) fn bare(&self) -> Command {
        let mut command = Command::new("git");
        for (name, value) in std::env::vars_os() {
            let bytes = name.as_encoded_bytes();
            let foreign = bytes.starts_with(b"GIT_") && !OWN.iter().any(|own| bytes.starts_with(own.as_bytes()));
            if foreign || self.search.form_in(value.as_encoded_bytes()).is_some() {
                command.env_remove(name);
            }
        }
        for (name, value) in inherited(self.search).iter().chain(&self.settings) {
            set(&mut command, name, value);
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .args([
                "--literal-pathspecs",
                "-c",
                "core.fsmonitor=false",
                "-c",
                "gc.auto=0",
                "-c",
                "maintenance.auto=false",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}
