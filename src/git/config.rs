//! The configuration as git sees it for this repository, asked once for a whole operation: includes, the person's own
//! file and the system's are in it.
//!
//! Must not know: what a setting is for. Values may hold the key: they are never shown.

use zeroize::Zeroizing;

use super::cli::Git;
use crate::base::Fault;
use crate::base::fault::Result;

const LIST: [&str; 4] = ["config", "--list", "-z", "--show-scope"];

/// All settings, in git's order.
#[derive(Clone, Default)]
pub(super) struct Config {
    /// `scope\0name\nvalue\0` each; a name alone means true.
    listed: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Config({} settings)", self.all().count())
    }
}

impl Config {
    pub(super) fn read(git: &Git<'_>) -> Result<Self> {
        let said = git.ask_git(&LIST, None)?;
        if !said.ok {
            let why = said.err.lines().next().unwrap_or("git gave no reason").to_owned();
            return Err(Fault::refused("the repository's configuration can't be read", why)
                .hint("`git config --list` in it says the same"));
        }
        Ok(Self { listed: said.out })
    }

    /// `None`: git can't use what is there.
    pub(super) fn read_if(git: &Git<'_>) -> Result<Option<Self>> {
        let said = git.ask_git(&LIST, None)?;
        Ok(said.ok.then_some(Self { listed: said.out }))
    }

    /// Every byte of it: equal bytes are an equal configuration.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.listed
    }

    /// Each name, with section and last part in lower case, and its value.
    pub(super) fn all(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.scoped().map(|(_, entry)| match memchr::memchr(b'\n', entry) {
            Some(at) => (entry.get(..at).unwrap_or_default(), entry.get(at + 1..)),
            None => (entry, None),
        })
    }

    /// Each scope (`system`, `global`, `local`, `worktree`, `command`) and what is set there: name, line feed, value.
    pub(super) fn scoped(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut words = self.listed.split(|b| *b == 0);
        std::iter::from_fn(move || Some((words.next()?, words.next()?)))
    }

    /// The value that counts: the last one.
    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        let values = self.all().filter(|(known, _)| *known == name.as_bytes());
        values.last().map(|(_, value)| value.unwrap_or(b"true"))
    }

    /// Whether it is set to something that git takes for true.
    pub(super) fn is_true(&self, name: &str) -> bool {
        let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<i64>().ok();
        self.value(name).is_some_and(|value| {
            [&b"true"[..], b"yes", b"on"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
                || number(value).is_some_and(|n| n != 0)
        })
    }

    /// The values of `remote.*.<last>`; with `last` empty, of every setting of a remote.
    pub(super) fn of_remotes<'c>(&'c self, last: &'c str) -> impl Iterator<Item = &'c [u8]> {
        let is_last = move |name: &[u8]| last.is_empty() || name.ends_with(format!(".{last}").as_bytes());
        let inner = |name: &[u8]| memchr::memrchr(b'.', name).is_some_and(|dot| dot > b"remote.".len());
        self.all()
            .filter(move |(name, _)| name.starts_with(b"remote.") && inner(name) && is_last(name))
            .map(|(_, value)| value.unwrap_or_default())
    }

    /// Whether there is any remote.
    pub(super) fn has_remotes(&self) -> bool {
        self.of_remotes("").next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(settings: &[u8]) -> Config {
        let settings = settings.split(|b| *b == 0).filter(|setting| !setting.is_empty());
        let listed = settings.flat_map(|setting| [b"local\0", setting, b"\0"].concat()).collect();
        Config { listed: Zeroizing::new(listed) }
    }

    #[test]
    fn the_last_value_counts_and_a_name_alone_is_true() {
        let config = config(b"core.abbrev\n7\0a.b\0core.abbrev\n9\0x.y\nno\0x.z\n-1\0x.e\n\0a.multi\none\ntwo\0");
        assert_eq!(config.value("core.abbrev"), Some(&b"9"[..]));
        assert_eq!(config.value("a.multi"), Some(&b"one\ntwo"[..]));
        assert!(config.is_true("a.b") && config.is_true("x.z"));
        assert!(!config.is_true("x.y") && !config.is_true("x.e") && !config.is_true("none.such"));
    }

    #[test]
    fn remotes_have_names() {
        assert!(!config(b"remote.pushdefault\nx\0branch.a.remote\nx\0").has_remotes());
        let config = config(b"remote.a.b.url\nu\0remote.c.fetch\nf\0remote.c.pushurl\np\0remote.d.URL\nq\0");
        assert!(config.has_remotes());
        assert_eq!(config.of_remotes("url").collect::<Vec<_>>(), [b"u"]);
    }
}
