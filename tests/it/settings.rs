//! Settings: who wins, where they are looked for, and that the sample tells all of them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use stanch::base::Fault;
use stanch::config::{Config, DEFAULT_BASE, Hooks, ThemeName};
use stanch::shell::settings::{Flags, SAMPLE, Settings};

fn load(flags: &Flags, vars: &[(&str, &str)]) -> Result<Settings, Fault> {
    let vars: BTreeMap<String, OsString> = vars.iter().map(|(name, v)| ((*name).to_owned(), (*v).into())).collect();
    Settings::load(flags, &|name| vars.get(name).cloned())
}

/// A folder with a config file in the standard place below it.
fn home(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("stanch/stanch.toml");
    fs::create_dir(dir.path().join("stanch")).unwrap();
    fs::write(&file, text).unwrap();
    (dir, file)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let (dir, file) = home("[openai]\nbase_url = \"https://file/v1\"\n[screen]\ntheme = \"dark\"\nascii = true\n");
    let place = ("XDG_CONFIG_HOME", text(dir.path()));
    let got = load(&Flags::default(), &[place]).unwrap();
    assert_eq!((got.config.openai.base_url.as_str(), got.base_configured), ("https://file/v1", true));
    assert_eq!((got.config.screen.theme, got.config.screen.ascii), (ThemeName::Dark, true));
    assert_eq!(got.file, Some(file));

    let vars = [place, ("STANCH_OPENAI_BASE_URL", "https://env/v1"), ("STANCH_THEME", "light"), ("STANCH_ASCII", "0")];
    let got = load(&Flags::default(), &vars).unwrap();
    assert_eq!(got.config.openai.base_url, "https://env/v1");
    assert_eq!((got.config.screen.theme, got.config.screen.ascii), (ThemeName::Light, false));

    let base_url = Some("https://flag/v1".to_owned());
    let flags = Flags { base_url, theme: Some(ThemeName::Mono), ascii: Some(true), ..Flags::default() };
    let got = load(&flags, &vars).unwrap();
    assert_eq!(got.config.openai.base_url, "https://flag/v1");
    assert_eq!((got.config.screen.theme, got.config.screen.ascii), (ThemeName::Mono, true));
}

#[test]
fn nothing_set_is_the_default_and_not_configured() {
    let dir = tempfile::tempdir().unwrap();
    let got = load(&Flags::default(), &[("XDG_CONFIG_HOME", text(dir.path())), ("STANCH_THEME", "")]).unwrap();
    assert_eq!((got.config, got.file, got.base_configured), (Config::default(), None, false));
    let got = load(&Flags::default(), &[("XDG_CONFIG_HOME", text(dir.path())), ("NO_COLOR", "1")]).unwrap();
    assert_eq!(got.config.screen.theme, ThemeName::Mono);
}

#[test]
fn a_named_file_must_be_there_and_sound() {
    let (dir, file) = home("[openai]\nbase_ulr = 1\n");
    let named = |path: &Path| Flags { config: Some(path.to_owned()), ..Flags::default() };
    assert!(load(&named(&file), &[]).unwrap_err().why.contains("base_ulr"));
    let gone = dir.path().join("gone.toml");
    for (flags, vars) in [(named(&gone), vec![]), (Flags::default(), vec![("STANCH_CONFIG", text(&gone))])] {
        let fault = load(&flags, &vars).unwrap_err();
        assert!(fault.what.contains("gone.toml") && fault.hints[0].contains("--config"), "{fault}");
    }
    assert!(load(&named(dir.path()), &[]).unwrap_err().what.contains("can't be read"), "a directory");
    fs::write(&file, [0xff, 0xfe]).unwrap();
    assert!(load(&named(&file), &[]).unwrap_err().why.contains("UTF-8"));
}

#[test]
fn a_key_in_the_config_is_refused_and_not_repeated() {
    let key = format!("sk-{}-{}", "admin", "Qx7".repeat(12));
    let (_dir, file) = home(&format!("[openai]\nadmin_key = \"{key}\"\n"));
    let fault = load(&Flags { config: Some(file), ..Flags::default() }, &[]).unwrap_err();
    assert!(fault.why.contains("looks like a key") && !fault.to_string().contains("Qx7"), "{fault}");
    let fault = load(&Flags::default(), &[("STANCH_THEME", &key)]).unwrap_err();
    assert!(!fault.to_string().contains("Qx7") && fault.hints[0].contains("mono"), "{fault}");
}

#[test]
fn the_state_folder_can_be_named() {
    let got = load(&Flags::default(), &[("STANCH_STATE_DIR", "/var/tmp/s")]).unwrap();
    assert_eq!(got.store.root(), Path::new("/var/tmp/s/incidents"));
}

/// The sample with its keys uncommented.
fn uncommented() -> String {
    let is_setting = |line: &str| {
        let name = line.split([' ', '=']).next().unwrap_or_default();
        line.starts_with('[') || (line.contains(" = ") && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    let line = |line: &'static str| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line);
    SAMPLE.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn names(value: &toml::Value, path: &str, all: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, v) in table {
                names(v, &format!("{path}.{name}"), all);
            }
        }
        toml::Value::Array(list) if list.iter().any(toml::Value::is_table) => {
            for v in list {
                names(v, &format!("{path}[]"), all);
            }
        }
        _ => all.push(path.to_owned()),
    }
}

#[test]
fn the_sample_parses_as_it_is_and_names_every_key_with_its_default() {
    assert_eq!(Config::parse(SAMPLE, Path::new("/c/s.toml")).unwrap(), Config::default());
    let told = Config::parse(&uncommented(), Path::new("/c/s.toml")).unwrap();
    assert_eq!((&told.openai, &told.screen), (&Config::default().openai, &Config::default().screen));
    assert_eq!(told.openai.base_url, DEFAULT_BASE);

    // Every field with a value, so that serialising shows every key there is.
    let hooks = Hooks { place: "/p".into(), name: Some("n".into()), reload: vec![], check: vec![], timeout_s: 30 };
    let full = Config {
        targets: vec![hooks],
        env_roots: vec!["/e".into()],
        repos: vec!["/r".into()],
        prices: Some("/p".into()),
        ..Config::default()
    };
    let (mut exist, mut told) = (Vec::new(), Vec::new());
    names(&toml::Value::try_from(full).unwrap(), "", &mut exist);
    names(&toml::from_str(&uncommented()).unwrap(), "", &mut told);
    exist.sort();
    told.sort();
    assert_eq!(told, exist);
}
