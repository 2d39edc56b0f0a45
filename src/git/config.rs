//! The configuration as git sees it for this repository, asked once for a whole operation: includes, the person's own
//! file and the system's are in it.
//!
//! Must not know: what a setting is for. Values may hold the key: they are never shown.

use zeroize::Zeroizing;

use super::cli::Git;
use crate::base::fault::Result;

/// All settings, in git's order.
#[derive(Clone, Default)]
pub(super) struct Config {
    /// `scope\0name\nvalue\0` each; a name alone means true.
    listed: Zeroizing<Vec<u8>>,
}

/// What lists them all, each with where it was made.
pub(super) const LIST: [&str; 4] = ["config", "--list", "-z", "--show-scope"];

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Config({} settings)", self.all().count())
    }
}

impl Config {
    pub(super) fn read(git: &Git<'_>) -> Result<Self> {
        Ok(Self { listed: git.run(&LIST)? })
    }

    /// Every byte of it: equal bytes are an equal configuration.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.listed
    }

    /// Each name, with section and last part in lower case, and its value.
    pub(super) fn all(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        scoped(&self.listed).map(|(_, entry)| match memchr::memchr(b'\n', entry) {
            Some(at) => (entry.get(..at).unwrap_or_default(), entry.get(at + 1..)),
            None => (entry, None),
        })
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

/// Of what [`LIST`] gave: the scope of each setting, and the setting as `name\nvalue`.
pub(super) fn scoped(listed: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut words = listed.split(|b| *b == 0);
    std::iter::from_fn(move || Some((words.next()?, words.next()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(settings: &[u8]) -> Config {
        let scoped = settings.split_inclusive(|b| *b == 0).flat_map(|one| [&b"local\0"[..], one].concat());
        Config { listed: Zeroizing::new(scoped.collect()) }
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
