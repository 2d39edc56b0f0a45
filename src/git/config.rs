//! What git's configuration says about a repository, as far as it matters here; git is asked once.
//!
//! Must not know: what is done with it.

use super::cli::Git;
use crate::base::Fault;
use crate::base::fault::Result;

/// See above. Names and values as git knows them, from all its files.
#[derive(Debug, Clone, Default)]
pub(super) struct Config {
    /// Settings that turn every content filter off: a filter is a program of somebody's, and it would see the key.
    pub(super) without_filters: Vec<String>,
    /// `core.abbrev`, where it is a number.
    pub(super) abbrev: Option<usize>,
    /// The remotes' addresses.
    pub(super) urls: Vec<String>,
}

impl Config {
    pub(super) fn read(git: &Git<'_>) -> Result<Self> {
        let wanted = r"^(filter\..*|core\.abbrev|remote\..*\.url)$";
        let said = git.ask_git(&["config", "-z", "--get-regexp", wanted], None)?;
        let mut config = Self::default();
        for entry in said.out.split(|b| *b == 0) {
            // A name without a value has no line feed.
            let end = memchr::memchr(b'\n', entry).unwrap_or(entry.len());
            let (name, value) = (entry.get(..end).unwrap_or_default(), entry.get(end + 1..).unwrap_or_default());
            let Ok(name) = std::str::from_utf8(name) else { continue };
            if name == "core.abbrev" {
                config.abbrev = std::str::from_utf8(value).ok().and_then(|text| text.trim_ascii().parse().ok());
            } else if name.starts_with("remote.") {
                config.urls.extend(std::str::from_utf8(value).ok().map(str::to_owned));
            } else {
                config.filter(git, name)?;
            }
        }
        config.without_filters.sort_unstable();
        config.without_filters.dedup();
        Ok(config)
    }

    fn filter(&mut self, git: &Git<'_>, name: &str) -> Result<()> {
        if git.search.form_in(name.as_bytes()).is_some() {
            return Err(Fault::refused(
                "a content filter can't be turned off",
                "the key is in its name in git's config",
            )
            .hint("rename it in the config and in .gitattributes"));
        }
        if let Some((stem, "clean" | "smudge" | "process")) = name.rsplit_once('.') {
            self.without_filters.extend(["clean", "smudge", "process"].map(|verb| format!("{stem}.{verb}=")));
            self.without_filters.push(format!("{stem}.required=false"));
        }
        Ok(())
    }
}
