//! What may stand where: the ranks of the folders and the absences. Pure: a path and a text give complaints.

use std::collections::BTreeMap;

use super::source::{Word, code, first_names, without_tests, words};

/// Rank of each folder or file below `src`, read from the table in `lib.rs`: the one that people read is the one that holds.
pub(super) type Ranks = BTreeMap<String, u32>;

pub(super) fn ranks(lib: &str) -> Ranks {
    let row = |line: &str| {
        let mut cells = line.strip_prefix("//! | L")?.split('|');
        let rank: u32 = cells.next()?.trim().parse().ok()?;
        let names: Vec<String> = cells.next()?.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Some(names.into_iter().map(move |name| (name, rank)))
    };
    lib.lines().filter_map(row).flatten().collect()
}

/// `word` may stand only in these places, or must not stand in those. A place is a path's start below `src/`.
struct Absence {
    words: &'static [&'static str],
    place: Place,
    why: &'static str,
}

enum Place {
    OnlyIn(&'static [&'static str]),
    NeverIn(&'static [&'static str]),
}

const ABSENCES: [Absence; 6] = [
    Absence { words: &["reqwest"], place: Place::OnlyIn(&["shell/http"]), why: "only shell/http talks HTTP" },
    Absence { words: &["git2", "libgit2_sys"], place: Place::OnlyIn(&["git/"]), why: "only git/ uses libgit2" },
    Absence {
        words: &["expose"],
        place: Place::OnlyIn(&[
            "base/secret.rs",
            "shell/input",
            "shell/vault",
            "shell/http",
            "shell/git",
            "shell/files",
            "drill/seed",
        ]),
        why: "only input, vault, http, git, files and the drill's seeding read a secret's bytes",
    },
    Absence {
        words: &["ratatui", "crossterm"],
        place: Place::NeverIn(&["base/", "effect/", "incident/", "providers/", "targets/", "git/"]),
        why: "no screen below ui",
    },
    Absence {
        words: &["tokio", "Clock", "SystemTime", "Instant"],
        place: Place::NeverIn(&["incident/", "providers/", "targets/", "stages/", "app/"]),
        why: "the core has no clock and no runtime; instants come as data",
    },
    Absence {
        words: &["std::fs", "std::net", "std::process", "std::env", "std::thread"],
        place: Place::NeverIn(&["incident/", "providers/", "targets/", "stages/", "app/"]),
        why: "the core does no I/O; effects are data",
    },
];

const NO_CALLS: [&str; 3] = ["unwrap", "expect", "unwrap_err"];
const NO_MACROS: [&str; 7] = ["panic", "todo", "unimplemented", "unreachable", "dbg", "print", "println"];

/// Everything wrong with one file. `path` is below `src/`, with `/`. Only imports count in a file that is a test as a whole.
pub(super) fn complaints(path: &str, text: &str, is_test: bool, ranks: &Ranks) -> Vec<String> {
    let all = code(text);
    let live = if is_test { String::new() } else { without_tests(&all) };
    let mut found = Vec::new();
    if !text.trim().is_empty() && !text.starts_with("//!") {
        found.push((1, "a file opens with `//!`: what it is for and what it must not know".to_owned()));
    }
    imports(path, &all, ranks, &mut found);
    climbs(path, &live, ranks, &mut found);
    absences(path, &live, &mut found);
    aborts(&live, &mut found);
    found.sort();
    found.dedup();
    found.into_iter().map(|(line, why)| format!("src/{path}:{line}: {why}")).collect()
}

/// The files that the file `path` takes in for tests only: `#[cfg(test)] mod tests;`, with or without a `#[path]`, or in
/// builds with debug assertions only.
pub(super) fn test_files(path: &str, text: &str) -> Vec<String> {
    let (folder, file) = path.rsplit_once('/').map_or(("", path), |(folder, file)| (folder, file));
    let below = |parts: &[&str]| parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("/");
    let own = if matches!(file, "mod.rs" | "lib.rs" | "main.rs") { "" } else { file.trim_end_matches(".rs") };
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    // What only builds with debug assertions have stands there for tests: a place to hold or break a run.
    while lines.any(|line| matches!(line, "#[cfg(test)]" | "#[cfg(debug_assertions)]")) {
        let mut named = None;
        for line in lines.by_ref() {
            if let Some(rest) = line.strip_prefix("#[path = \"") {
                named = rest.split_once('"').map(|(name, _)| name);
            } else if let Some(module) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                if let Some(name) = named {
                    found.push(below(&[folder, name]));
                } else {
                    found.push(below(&[folder, own, &format!("{module}.rs")]));
                    found.push(below(&[folder, own, module, "mod.rs"]));
                }
                break;
            } else if !line.starts_with("#[") {
                break;
            }
        }
    }
    found
}

type Found = Vec<(usize, String)>;

/// The folder (or file) right below `src/` that `path` belongs to.
fn home(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

/// `crate::X` (and `stanch::X`, as the binary says it) names lower layers only.
fn imports(path: &str, code: &str, ranks: &Ranks, found: &mut Found) {
    for word in words(code).iter().filter(|w| matches!(w.text, "crate" | "stanch")) {
        if let Some(path_goes_on) = code[word.end..].trim_start().strip_prefix("::") {
            let after = code.len() - path_goes_on.len();
            for to in first_names(code, after) {
                step(path, to, word.line, ranks, found);
            }
        }
    }
}

/// `super::super::X` that leaves the folder is an import like any other.
fn climbs(path: &str, code: &str, ranks: &Ranks, found: &mut Found) {
    let depth = path.split('/').count() - usize::from(path.ends_with("/mod.rs"));
    let all = words(code);
    let mut climbed = 0;
    for word in &all {
        let goes_on = code[word.end..].starts_with("::");
        climbed = if word.text == "super" && goes_on { climbed + 1 } else { 0 };
        let last = climbed > 0 && !code[word.end + 2..].starts_with("super");
        if last && climbed >= depth {
            for to in first_names(code, word.end + 2) {
                step(path, to, word.line, ranks, found);
            }
        }
    }
}

fn step(path: &str, to: &str, line: usize, ranks: &Ranks, found: &mut Found) {
    let from = home(path);
    // The binary is the library's one guest and enters where it likes.
    if from == to || from == "lib" || from == "main" && ranks.contains_key(to) {
        return;
    }
    let Some(own) = ranks.get(from) else {
        found.push((line, format!("`{from}` is not in the layer table of lib.rs")));
        return;
    };
    match ranks.get(to) {
        Some(rank) if rank < own => {}
        Some(rank) => {
            found.push((line, format!("`{from}` (L{own}) imports `{to}` (L{rank}): lower layers only")));
        }
        None => found.push((line, format!("`{from}` imports `{to}`, which is not in the layer table of lib.rs"))),
    }
}

fn absences(path: &str, code: &str, found: &mut Found) {
    // A file stands for its folder: `config.rs`, `app.rs`.
    let as_folder = path.replace(".rs", "/");
    let stands_in = |places: &[&str]| {
        places.iter().any(|place| path.starts_with(place) || (!path.contains('/') && as_folder == *place))
    };
    for absence in &ABSENCES {
        let fine = match absence.place {
            Place::OnlyIn(places) => stands_in(places),
            Place::NeverIn(places) => !stands_in(places),
        };
        if fine {
            continue;
        }
        for word in words(code).iter().filter(|word| absence.words.iter().any(|named| names(code, word, named))) {
            found.push((word.line, format!("`{}`: {}", word.text, absence.why)));
        }
    }
}

/// `named` is one word, or `std::x`: then `word` is a `std` that leads to `x`, in a group too.
fn names(code: &str, word: &Word<'_>, named: &str) -> bool {
    match named.split_once("::") {
        // A variant of that name (`Role::Clock`) is another thing: what stands before it is a type, not a module.
        None => word.text == named && !is_variant(code, word),
        Some((root, child)) => {
            let goes_on = code[word.end..].starts_with("::");
            word.text == root && goes_on && first_names(code, word.end + 2).contains(&child)
        }
    }
}

/// Does `word` stand behind `Type::`?
fn is_variant(code: &str, word: &Word<'_>) -> bool {
    let before = code[..word.start].strip_suffix("::").unwrap_or_default();
    let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    before[start..].starts_with(|c: char| c.is_ascii_uppercase()) && word.text.starts_with(|c: char| c.is_uppercase())
}

/// Nothing that can end the program at 3 a.m., and nothing printed behind the screen's back.
fn aborts(code: &str, found: &mut Found) {
    for word in words(code) {
        let (before, after) = (code[..word.start].trim_end(), &code[word.end..]);
        let called = (before.ends_with('.') || before.ends_with("::")) && after.starts_with('(');
        let is_macro = after.starts_with('!') && !after.starts_with("!=");
        if called && NO_CALLS.contains(&word.text) {
            found.push((word.line, format!("`.{}()` can end the program: say what happens instead", word.text)));
        }
        if is_macro && NO_MACROS.contains(&word.text) {
            found.push((word.line, format!("`{}!` has no place outside tests", word.text)));
        }
        if word.text == "unsafe" {
            found.push((word.line, "`unsafe` has no place here".into()));
        }
    }
}
