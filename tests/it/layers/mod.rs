//! Holds the house together: ranks and absences over every source file, and that nothing stands beside the registers.

mod rules;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use rules::{Ranks, complaints, ranks, test_files};
use stanch::{providers, targets};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every `.rs` below `src/`: path below it, and text.
fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    let mut all = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let below = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
                all.push((below, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    all.sort();
    all
}

fn table() -> Ranks {
    ranks(&fs::read_to_string(root().join("src/lib.rs")).unwrap())
}

#[test]
fn every_source_keeps_to_its_layer() {
    let (sources, table) = (sources(), table());
    assert!(sources.len() > 20 && table.len() >= 14, "the check sees the house: {} {table:?}", sources.len());
    let tests: Vec<String> = sources.iter().flat_map(|(path, text)| test_files(path, text)).collect();
    let check = |(path, text): &(String, String)| complaints(path, text, tests.contains(path), &table);
    let wrong: Vec<String> = sources.iter().flat_map(check).collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_module_of_the_crate_is_in_the_table() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let missing: Vec<&str> = modules.filter(|name| !table().contains_key(*name)).collect();
    assert!(missing.is_empty(), "not in the layer table of lib.rs: {missing:?}");
}

/// A planted violation of each kind, and what the complaint says.
#[test]
fn a_planted_violation_is_caught() {
    let planted = [
        ("incident/fold.rs", "use crate::shell::vault::Vault;", "`incident` (L2) imports `shell` (L6)"),
        ("incident/fold.rs", "use crate::{base::Stamp, git::Plan};", "`incident` (L2) imports `git` (L2)"),
        ("incident/fold.rs", "use super::super::ui::Theme;", "`incident` (L2) imports `ui` (L3)"),
        ("incident/mod.rs", "use super::ui::Theme;", "`incident` (L2) imports `ui` (L3)"),
        ("drill/sim.rs", "fn a() { crate::shell::run() }", "`drill` (L6) imports `shell` (L6)"),
        ("attic/x.rs", "use crate::base::Stamp;", "`attic` is not in the layer table"),
        ("ui/x.rs", "use crate::attic::X;", "imports `attic`, which is not"),
        ("shell/exec.rs", "use reqwest::Client;", "only shell/http talks HTTP"),
        ("shell/exec.rs", "fn a(r: git2::Repository) {}", "only git/ uses libgit2"),
        ("stages/revoke.rs", "fn a(s: S) { s.expose() }", "only input, vault, http"),
        ("app/mod.rs", "fn a() { Secret::expose(&s) }", "only input, vault, http"),
        ("providers/openai.rs", "use ratatui::Frame;", "no screen below ui"),
        ("targets/dotenv.rs", "use crate::base::{Clock, Stamp};", "`Clock`: the core has no clock"),
        ("app/update.rs", "use std::time::Instant;", "`Instant`: the core has no clock"),
        ("app.rs", "use tokio::spawn;", "`tokio`: the core has no clock"),
        ("stages/purge.rs", "use std::fs::File;", "the core does no I/O"),
        ("stages/purge.rs", "use std::{io::Read, net};", "the core does no I/O"),
        ("base/x.rs", "fn a() { b().unwrap() }", "`.unwrap()` can end the program"),
        ("base/x.rs", "fn a() { b()\n    .expect(\"c\") }", ":3: `.expect()` can end the program"),
        ("base/x.rs", "fn a() { todo!() }", "`todo!` has no place"),
        ("shell/x.rs", "fn a() { println!(\"b\") }", "`println!` has no place"),
        ("shell/x.rs", "fn a() { unsafe { b() } }", "`unsafe` has no place"),
    ];
    for (path, line, why) in planted {
        let found = complaints(path, &format!("//! x\n{line}\n"), false, &table());
        assert!(found.len() == 1 && found[0].contains(why), "{path}: {line}: {found:?}");
        assert!(found[0].starts_with(&format!("src/{path}:")), "{found:?}");
    }
    assert!(complaints("base/x.rs", "fn a() {}", false, &table())[0].contains("opens with `//!`"));
}

#[test]
fn what_is_fine_is_left_alone() {
    let fine = [
        ("incident/fold.rs", "use crate::base::Stamp;\nuse crate::incident::Event;\nuse super::event::Record;"),
        ("stages/usage/pane.rs", "use super::super::Stage;\nuse crate::{ui, effect::{git, provider}};"),
        ("incident/fold.rs", "/// See [`crate::shell`]. Never reqwest, `Clock` or tokio: they panic!().\nfn a() {}"),
        ("app/x.rs", "fn a() -> &'static str { \"unsafe std::fs .unwrap() crate::shell::x\" }"),
        ("app/x.rs", "fn a() { b().unwrap_or_default(); c.is_instant(); d != e; let unwrap = 1; }"),
        (
            "base/x.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    use super::*;\n    fn t() { a().unwrap(); panic!() }\n}",
        ),
        ("shell/http/client.rs", "use reqwest::Client;\nfn a(s: &Secret) { s.expose(); }"),
        ("shell/clock.rs", "use std::time::Instant;\nuse crate::base::Clock;"),
        ("app/x.rs", "fn a() -> Role { Role::Clock }"),
        ("main.rs", "use stanch::cli;\nfn main() { cli::run() }"),
    ];
    for (path, text) in fine {
        assert_eq!(
            complaints(path, &format!("//! x\n{text}\n"), false, &table()),
            Vec::<String>::new(),
            "{path}: {text}"
        );
    }
}

#[test]
fn a_file_that_is_a_test_may_unwrap_but_not_climb() {
    let mods = "#[cfg(test)]\nmod tests;\n#[cfg(test)]\n#[path = \"lex_tests.rs\"]\nmod more;\nmod real;\n#[cfg(test)]\nfn x() {}";
    assert_eq!(test_files("a/mod.rs", mods), ["a/tests.rs", "a/tests/mod.rs", "a/lex_tests.rs"]);
    assert_eq!(test_files("a/lex.rs", mods)[0], "a/lex/tests.rs");
    assert_eq!(test_files("a/mod.rs", "#[cfg(debug_assertions)]\nmod hold;\nmod real;")[0], "a/hold.rs");
    let text = "//! x\nfn t() { a().unwrap() }\nuse crate::shell::X;";
    let found = complaints("base/x.rs", text, true, &table());
    assert!(found.len() == 1 && found[0].contains("imports `shell`"), "{found:?}");
}

/// Modules beside the registered ones that only help them.
const HELPERS: [&str; 4] = ["act", "prices", "running", "sheet"];

/// Names of the modules in a folder: files and subfolders, without `mod.rs` and the helpers.
fn entries(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(root().join(folder)) else { return Vec::new() };
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let is_noun = |name: &String| name != "mod" && !HELPERS.contains(&name.as_str());
    let mut names: Vec<String> = entries.map(|e| stem(e.unwrap().path())).filter(is_noun).collect();
    names.sort();
    names
}

/// Modules of a folder that its `ALL` does not name. `text` is its `mod.rs`.
fn unlisted(text: &str, modules: &[String]) -> Vec<String> {
    let text = source::code(text);
    let list = text.split_once("static ALL").and_then(|(_, rest)| rest.split_once('='));
    let list = list.and_then(|(_, rest)| rest.split_once(';')).map_or("", |(list, _)| list);
    let named: Vec<&str> = source::words(list).iter().map(|word| word.text).collect();
    modules.iter().filter(|module| !named.contains(&module.as_str())).cloned().collect()
}

#[test]
fn every_provider_target_and_stage_is_registered() {
    for folder in ["src/providers", "src/targets", "src/stages"] {
        let modules = entries(folder);
        if modules.is_empty() {
            continue;
        }
        let text = fs::read_to_string(root().join(folder).join("mod.rs")).unwrap();
        let missing = unlisted(&text, &modules);
        assert!(missing.is_empty(), "{folder}: not in ALL: {missing:?}");
    }
    assert_eq!(unlisted("static ALL: [&dyn P; 1] = [&a::A];\nmod b;", &["a".into(), "b".into()]), ["b"]);
}

#[test]
fn ids_are_the_names_of_their_files_and_unique() {
    let mut provided: Vec<&str> = providers::ALL.iter().map(|p| p.id()).collect();
    provided.sort_unstable();
    assert_eq!(provided, entries("src/providers"));
    let mut targeted: Vec<&str> = targets::ALL.iter().map(|t| t.id()).collect();
    targeted.sort_unstable();
    assert_eq!(targeted, entries("src/targets"));
}

/// A scenario, playbook or price file that no source includes would ship to nobody.
#[test]
fn every_asset_is_built_in() {
    let sources = sources();
    for folder in ["assets/drills", "assets/playbooks", "assets/prices"] {
        let Ok(files) = fs::read_dir(root().join(folder)) else { continue };
        for file in files.map(|f| f.unwrap().file_name().into_string().unwrap()) {
            let included = format!("{folder}/{file}\")");
            assert!(sources.iter().any(|(_, text)| text.contains(&included)), "{folder}/{file} is in no include_str!");
        }
    }
}
