//! Puts the settings together: flag > environment > file > default. Finds the file and the place of the incidents.
//!
//! Must not know: what the settings are used for. It reads no key: the config names the variables that hold them.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::input::looks_like_key;
use super::journal::Store;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::config::{Config, ThemeName};

/// Every key there is, with its default: what `stanch print config` prints.
pub const SAMPLE: &str = include_str!("../../assets/stanch.sample.toml");

/// Largest config file taken, bytes.
const LARGEST: u64 = 1 << 20;

/// How a variable is looked up; `std::env::var_os` outside of tests.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What the command line said, as far as it is a setting. `None`: nothing.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub base_url: Option<String>,
    pub theme: Option<ThemeName>,
    pub ascii: Option<bool>,
    pub mouse: Option<bool>,
}

/// The merged settings.
#[derive(Debug, Clone)]
pub struct Settings {
    pub config: Config,
    /// The config file that was read.
    pub file: Option<PathBuf>,
    /// The provider's address was set on purpose, by flag, variable or file: what [`super::endpoints::Endpoints::new`] asks.
    pub base_configured: bool,
    pub store: Store,
}

impl Settings {
    pub fn load(flags: &Flags, env: Lookup<'_>) -> Result<Self> {
        let (mut config, file, in_file) = match find(flags, env) {
            Some((path, named)) => read(&path, named)?,
            None => (Config::default(), None, false),
        };
        let base = flags.base_url.clone().or(text(env, "STANCH_OPENAI_BASE_URL")?);
        let base_configured = base.is_some() || in_file;
        if let Some(base) = base {
            config.openai.base_url = base;
        }
        let screen = &mut config.screen;
        screen.theme = flags.theme.or(theme(env)?).unwrap_or(screen.theme);
        screen.ascii = flags.ascii.or(switch(env, "STANCH_ASCII")?).unwrap_or(screen.ascii);
        screen.mouse = flags.mouse.unwrap_or(screen.mouse);
        Ok(Self { config, file, base_configured, store: store(env)? })
    }
}

/// The incidents below `$STANCH_STATE_DIR`, or in the standard place.
pub fn store(env: Lookup<'_>) -> Result<Store> {
    let Some(named) = set(env, "STANCH_STATE_DIR") else { return Store::standard() };
    let root = std::path::absolute(PathBuf::from(named))
        .map_err(|e| Fault::input("STANCH_STATE_DIR can't be used", e.to_string()).hint("give an absolute path"))?;
    Ok(Store::new(root.join("incidents")))
}

/// A small text file a user named: a playbook, a price list, a script.
pub fn text_file(path: &Path) -> Result<String> {
    let cant = |why: String| {
        Fault::input(format!("{} can't be read", path.display()), why).hint("give the path of a text file")
    };
    let size = path.metadata().map_err(|e| cant(e.to_string()))?;
    if !size.is_file() {
        return Err(cant("it is not a file".into()));
    }
    if size.len() > LARGEST {
        return Err(cant(format!("it has {} bytes, at most {LARGEST} are read", size.len())));
    }
    std::fs::read_to_string(path).map_err(|e| cant(e.to_string()))
}

/// The config file to read, and whether somebody named it (then it must be there).
fn find(flags: &Flags, env: Lookup<'_>) -> Option<(PathBuf, bool)> {
    use etcetera::BaseStrategy as _;
    if let Some(path) = &flags.config {
        return Some((path.clone(), true));
    }
    if let Some(path) = set(env, "STANCH_CONFIG") {
        return Some((path.into(), true));
    }
    // `etcetera` goes by the same rule, but only the process's own environment; `env` may be another.
    let folder = set(env, "XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = folder.or_else(|| etcetera::base_strategy::Xdg::new().ok().map(|xdg| xdg.config_dir()))?;
    Some((folder.join("stanch/stanch.toml"), false))
}

/// The file's settings, its path, and whether it sets the provider's address.
fn read(path: &Path, named: bool) -> Result<(Config, Option<PathBuf>, bool)> {
    let cant = |why: &dyn std::fmt::Display| {
        Fault::input(format!("the config file {} can't be read", path.display()), why.to_string())
            .hint("name another with --config FILE or STANCH_CONFIG")
            .hint("`stanch print config` prints one to start from")
    };
    match path.metadata() {
        Ok(about) if about.len() > LARGEST => {
            return Err(cant(&format!("it has {} bytes, a config has at most {LARGEST}", about.len())));
        }
        Err(e) if !named && matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok((Config::default(), None, false));
        }
        _ => {}
    }
    // Zeroed, because the next line may find a key in it.
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(path).map_err(|e| cant(&e))?);
    if looks_like_key(text.as_bytes()) {
        // Before it is parsed: a parser's error would repeat the line.
        let what = format!("the config file {} was not used", path.display());
        return Err(Fault::input(what, "it holds something that looks like a key, and no key belongs in there")
            .hint("take it out, and replace that key if others can read the file")
            .hint("name the variable that holds it instead: [openai] admin_key_env = \"OPENAI_ADMIN_KEY\""));
    }
    let config = Config::parse(&text, path)?;
    let table: toml::Table = toml::from_str(&text).map_err(|e| cant(&e))?;
    let in_file = table.get("openai").and_then(|openai| openai.get("base_url")).is_some();
    Ok((config, Some(path.to_owned()), in_file))
}

fn theme(env: Lookup<'_>) -> Result<Option<ThemeName>> {
    match text(env, "STANCH_THEME")?.as_deref() {
        Some("auto") => Ok(Some(ThemeName::Auto)),
        Some("dark") => Ok(Some(ThemeName::Dark)),
        Some("light") => Ok(Some(ThemeName::Light)),
        Some("mono") => Ok(Some(ThemeName::Mono)),
        Some(other) => Err(wrong("STANCH_THEME", other, "auto, dark, light or mono")),
        // no-color.org: any value but the empty one.
        None => Ok(set(env, "NO_COLOR").map(|_| ThemeName::Mono)),
    }
}

fn switch(env: Lookup<'_>, name: &str) -> Result<Option<bool>> {
    match text(env, name)?.as_deref() {
        None => Ok(None),
        Some("1" | "true" | "yes" | "on") => Ok(Some(true)),
        Some("0" | "false" | "no" | "off") => Ok(Some(false)),
        Some(other) => Err(wrong(name, other, "1 or 0")),
    }
}

fn wrong(name: &str, value: &str, can_be: &str) -> Fault {
    // Somebody may have put a key into the wrong variable.
    let said =
        if looks_like_key(value.as_bytes()) { "its value can't be used".into() } else { format!("it is `{value}`") };
    Fault::input(format!("the variable {name} can't be used"), said).hint(format!("set it to {can_be}, or unset it"))
}

/// A variable's value; empty counts as not set.
fn set(env: Lookup<'_>, name: &str) -> Option<OsString> {
    env(name).filter(|value| !value.is_empty())
}

fn text(env: Lookup<'_>, name: &str) -> Result<Option<String>> {
    let value = set(env, name).map(OsString::into_string).transpose();
    value.map_err(|_| Fault::input(format!("the variable {name} can't be used"), "it is not text (not UTF-8)"))
}
