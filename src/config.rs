//! L1: what a user can set, merged as flag > environment > file > default. An unknown key is an error. Holds no secret:
//! it names the *variables* that do.
//!
//! Must not know: where it is used.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::Fault;
use crate::base::fault::Result;

/// The config file, all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub openai: OpenAi,
    pub screen: Screen,
    /// What reloads and checks whatever uses a place.
    pub targets: Vec<Hooks>,
    /// Directories looked through for env files when none is given.
    pub env_roots: Vec<PathBuf>,
    /// Repositories looked through when none is given.
    pub repos: Vec<PathBuf>,
    /// A price file that replaces the built-in one.
    pub prices: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenAi {
    pub base_url: String,
    /// Name of the variable that holds the admin key.
    pub admin_key_env: String,
}

impl Default for OpenAi {
    fn default() -> Self {
        Self { base_url: DEFAULT_BASE.into(), admin_key_env: "OPENAI_ADMIN_KEY".into() }
    }
}

pub const DEFAULT_BASE: &str = "https://api.openai.com/v1";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Screen {
    /// `auto`, `dark`, `light` or `mono`.
    pub theme: ThemeName,
    /// Only ASCII glyphs.
    pub ascii: bool,
    /// Take mouse events.
    pub mouse: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ThemeName {
    #[default]
    Auto,
    Dark,
    Light,
    Mono,
}

/// Commands a user declares for one place. Each is a program and its arguments, run without a shell in the place's
/// directory, without any secret in its arguments or environment; exit 0 within the time means yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// The place: for a file, its path (made absolute against the config file's folder).
    pub place: PathBuf,
    /// What a person calls the service.
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub reload: Vec<String>,
    #[serde(default)]
    pub check: Vec<String>,
    #[serde(default = "half_a_minute")]
    pub timeout_s: u64,
}

fn half_a_minute() -> u64 {
    30
}

impl Config {
    /// Reads `text`; `from` is its file, for errors and relative paths.
    pub fn parse(text: &str, from: &Path) -> Result<Self> {
        let mut config: Self = toml::from_str(text).map_err(|e| {
            Fault::input(format!("the config file {} can't be used", from.display()), e.to_string().trim().to_owned())
                .hint("`stanch print config` shows every key that exists")
        })?;
        let folder = from.parent().unwrap_or_else(|| Path::new("."));
        let absolute = |path: &mut PathBuf| {
            if path.is_relative() {
                *path = folder.join(&*path);
            }
        };
        config.targets.iter_mut().for_each(|hooks| absolute(&mut hooks.place));
        config.env_roots.iter_mut().for_each(absolute);
        config.repos.iter_mut().for_each(absolute);
        config.prices.iter_mut().for_each(absolute);
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let fault = Config::parse("[openai]\nbase_ulr = \"x\"\n", Path::new("/c/stanch.toml")).unwrap_err();
        assert!(fault.why.contains("base_ulr"), "{fault}");
    }

    #[test]
    fn relative_places_are_of_the_files_folder() {
        let config = Config::parse("[[targets]]\nplace = \"app/.env\"\n", Path::new("/c/stanch.toml")).unwrap();
        assert_eq!(config.targets[0].place, Path::new("/c/app/.env"));
        assert_eq!(config.openai.base_url, DEFAULT_BASE);
    }
}
