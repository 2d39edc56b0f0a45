//! Where the keys are after a whole scripted drill, and where they are not.
//!
//! The leaked and the new key are searched plain, as base64 at every offset, hexadecimal and URL-encoded: in everything
//! the program printed, in the arguments and environments of its children, in every file it left, in every git object of
//! the clone and its remote.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use stanch::app::{App, linear};
use stanch::base::{Secret, SecretRef};
use stanch::drill::{Scenario, World, open_clock};
use stanch::shell::panics::Panics;
use stanch::shell::vault::Vault;
use stanch::ui::{Palette, screenshot};

use crate::gitrepo::walk;
use crate::program::{Home, executable};
use crate::screens::{frame, play};

/// A key and the forms it could hide in.
struct Canary {
    name: &'static str,
    plain: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Canary {
    fn new(name: &'static str, plain: &str) -> Self {
        assert!(plain.starts_with("sk-") && plain.len() > 40, "{name} is a key");
        let mut forms = vec![("plain", plain.as_bytes().to_vec())];
        for pad in 0..3 {
            let text = [&vec![b'x'; pad], plain.as_bytes()].concat();
            for engine in
                [base64::engine::general_purpose::STANDARD_NO_PAD, base64::engine::general_purpose::URL_SAFE_NO_PAD]
            {
                let coded = engine.encode(&text).into_bytes();
                // The first and last characters depend on what stands beside the key.
                forms.push(("base64", coded[2 + pad..coded.len() - 2].to_vec()));
            }
        }
        let hex = stanch::base::id::hex(plain.as_bytes());
        forms.push(("HEX", hex.to_uppercase().into_bytes()));
        forms.push(("hex", hex.into_bytes()));
        let whole: String = plain.bytes().map(|b| format!("%{b:02X}")).collect::<Vec<_>>().concat();
        forms.push(("url", whole.to_lowercase().into_bytes()));
        forms.push(("URL", whole.into_bytes()));
        let some: String = plain.replace('-', "%2D").replace('_', "%5F");
        forms.push(("url, in part", some.into_bytes()));
        Self { name, plain: plain.to_owned(), forms }
    }

    fn form_in(&self, bytes: &[u8]) -> Option<&'static str> {
        self.forms.iter().find(|(_, form)| memchr::memmem::find(bytes, form).is_some()).map(|(name, _)| *name)
    }
}

/// Reports every canary found in `bytes`.
fn search(canaries: &[Canary], place: &str, bytes: &[u8], found: &mut Vec<String>) {
    for canary in canaries {
        if let Some(form) = canary.form_in(bytes) {
            found.push(format!("{} ({form}) in {place}", canary.name));
        }
    }
}

/// `git` and `sh` that write down what they were started with, and become the real ones.
fn wrappers(home: &Home) -> (String, PathBuf) {
    let (bin, seen) = (home.path("bin"), home.path("seen"));
    fs::create_dir(&bin).unwrap();
    fs::create_dir(&seen).unwrap();
    for name in ["git", "sh"] {
        let paths = std::env::var("PATH").unwrap();
        let real = paths.split(':').map(|dir| Path::new(dir).join(name)).find(|path| path.is_file()).unwrap();
        let script = format!(
            "#!/bin/bash\n{{ printf '%s\\0' {name} \"$@\"; cat /proc/$$/environ; }} >\"{}/$$\" \nexec '{}' \"$@\"\n",
            seen.display(),
            real.display(),
        );
        executable(&bin.join(name), script);
    }
    (format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()), seen)
}

/// The leaked and the admin key of a drill: the same scenario and seed make the same.
fn known(scenario: &str, seed: u64) -> Vec<Canary> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let scenario = Scenario::load(scenario).unwrap();
        let clock = open_clock(&scenario, dir.path(), 0, None).unwrap();
        let world = World::open(scenario, seed, dir.path(), clock).await.unwrap();
        let text = |secret: &stanch::base::Secret| String::from_utf8(secret.expose().to_vec()).unwrap();
        let mut all = vec![Canary::new("the leaked key", &text(&world.leaked().unwrap()))];
        all.extend(world.admin().unwrap().map(|admin| Canary::new("the admin key", &text(&admin))));
        all
    })
}

/// The env files of a drill and the key in them.
fn env_files(world: &Path) -> (Vec<PathBuf>, String) {
    let files: Vec<PathBuf> = walk(&world.join("servers"))
        .into_iter()
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".env"))
        .collect();
    let text = fs::read_to_string(&files[0]).unwrap();
    let start = text.find("sk-").unwrap();
    let key = text[start..].split(|c: char| c.is_whitespace() || "\"'".contains(c)).next().unwrap();
    (files, key.to_owned())
}

/// Content of every object of a repository, as git reads it.
fn objects(repo: &Path) -> Vec<u8> {
    let out = Command::new("git")
        .args(["cat-file", "--batch-all-objects", "--batch", "--unordered"])
        .current_dir(repo)
        .output()
        .unwrap();
    assert!(out.status.success() && !out.stdout.is_empty());
    out.stdout
}

/// Git repositories below `dir`: folders that hold `HEAD` and `objects`.
fn repositories(dir: &Path) -> Vec<PathBuf> {
    let heads = walk(dir).into_iter().filter(|path| path.file_name().unwrap() == "HEAD");
    heads.filter_map(|head| head.parent().map(Path::to_owned)).filter(|dir| dir.join("objects").is_dir()).collect()
}

fn nowhere_but_in_the_env_files(scenario: &str) {
    let home = Home::new();
    let (path, seen) = wrappers(&home);
    let home = home.with("PATH", &path).with("RUST_BACKTRACE", "1");
    let mut found = Vec::new();

    let drill = home.run(&["drill", scenario, "--script", "reference", "--seed", "5"]);
    assert_eq!(drill.code, Some(0), "{drill:#?}");
    let id = home.incidents().pop().unwrap();
    let world = home.state().join("drills").join(&id);
    let (files, new) = env_files(&world);
    let mut canaries = known(scenario, 5);
    assert_ne!(canaries[0].plain, new);
    canaries.push(Canary::new("the new key", &new));

    let mut runs = vec![("the drill", drill)];
    for args in [
        &["export", "--format", "md"][..],
        &["export", "--format", "json"],
        &["status", &id, "--json"],
        &["status", &id],
        &["status"],
        &["replay"],
        &["resume", "--observe", "--linear"],
        &["resume", "--linear"],
    ] {
        runs.push((args[0], home.run(args)));
    }
    for (name, ran) in &runs {
        assert!(ran.out.len() > 40, "{name} prints something: {ran:#?}");
        search(&canaries, &format!("what {name} prints"), ran.out.as_bytes(), &mut found);
        search(&canaries, &format!("what {name} complains"), ran.err.as_bytes(), &mut found);
    }

    let started = walk(&seen);
    assert!(started.len() > 10, "the wrappers saw the children");
    for file in started {
        let bytes = fs::read(&file).unwrap();
        assert!(memchr::memmem::find(&bytes, b"PATH=").is_some(), "the environment was seen");
        search(&canaries, "the arguments or environment of a child", &bytes, &mut found);
    }

    for folder in ["state", "tmp", "home"] {
        for file in walk(&home.path(folder)) {
            let bytes = fs::read(&file).unwrap();
            if files.contains(&file) {
                assert!(memchr::memmem::find(&bytes, new.as_bytes()).is_some(), "{} has the new key", file.display());
                search(&canaries[..canaries.len() - 1], &file.display().to_string(), &bytes, &mut found);
            } else {
                search(&canaries, &file.display().to_string(), &bytes, &mut found);
            }
            search(&canaries, "the name of a file", file.as_os_str().as_encoded_bytes(), &mut found);
        }
    }
    assert!(walk(&home.path("tmp")).is_empty(), "temporary files are left: {:?}", walk(&home.path("tmp")));

    let repos = repositories(&world);
    assert!(repos.len() >= 2, "the clone and its remote: {repos:?}");
    for repo in repos {
        search(&canaries, &format!("an object of {}", repo.display()), &objects(&repo), &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn after_friday_push_no_key_is_anywhere_but_in_the_env_files() {
    nowhere_but_in_the_env_files("friday-push");
}

#[test]
fn after_no_admin_key_no_key_is_anywhere_but_in_the_env_files() {
    nowhere_but_in_the_env_files("no-admin-key");
}

#[test]
fn after_storefront_no_key_is_anywhere_but_in_the_env_files() {
    nowhere_but_in_the_env_files("storefront");
}

/// Every frame of a scripted run, and the same as lines, after each key the operator presses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_frame_of_a_run_shows_a_key() {
    let frames = Arc::new(Mutex::new(HashSet::new()));
    let seen = frames.clone();
    let tell = move |app: &App| {
        let mut seen = seen.lock().unwrap();
        seen.insert(screenshot::plain(&frame(app, (100, 30), Palette::Dark)));
        let lines = [linear::status(app), linear::Pane::of(app).lines(), linear::question(app).unwrap_or_default()];
        seen.insert(lines.concat().join("\n"));
    };
    let (records, [leaked, admin, new]) = play::watched(Box::new(tell)).await;
    let canaries = [
        Canary::new("the leaked key", &leaked),
        Canary::new("the admin key", &admin),
        Canary::new("the new key", &new),
    ];
    let mut found = Vec::new();
    let frames = frames.lock().unwrap();
    assert!(frames.len() > 100, "{} frames", frames.len());
    let all = frames.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    search(&canaries, "a frame", all.as_bytes(), &mut found);
    // A key may be broken at the end of a line: the frames are also searched as one word.
    let one = all.replace(|c: char| c.is_whitespace() || !c.is_ascii(), "");
    search(&canaries, "a frame, broken into lines", one.as_bytes(), &mut found);
    for record in &records {
        search(&canaries, "a record", serde_json::to_string(record).unwrap().as_bytes(), &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// A panic's words, in a process of its own: the hook is the process's.
#[test]
fn a_panics_words_hold_no_key() {
    let word = crate::program::key(6);
    let me = std::env::current_exe().unwrap();
    let mut child = Command::new(me);
    child.args(["--exact", "canary::panics", "--ignored", "--nocapture"]).env("STANCH_TEST_WORD", &word);
    let out = child.output().unwrap();
    let said = [out.stdout, out.stderr].concat();
    let text = String::from_utf8_lossy(&said);
    assert!(text.contains("the worker had [leaked] in hand"), "{text}");
    let mut found = Vec::new();
    search(&[Canary::new("the leaked key", &word)], "a panic's words", &said, &mut found);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
#[ignore = "is started by the test before it, as a process of its own"]
fn panics() {
    let word = std::env::var("STANCH_TEST_WORD").unwrap();
    let _panics = Panics::install(stanch::shell::vault::clean_everywhere);
    let vault = Vault::new("salt");
    let secret = Secret::new(&zeroize::Zeroizing::new(word.clone().into_bytes())).unwrap();
    vault.put(SecretRef::Leaked, secret);
    let coded = base64::engine::general_purpose::STANDARD.encode(&word);
    let end = std::thread::spawn(move || panic!("the worker had {word} in hand, as {coded}")).join();
    assert!(end.is_err());
}

/// The search itself: were the forms wrong, everything would pass.
#[test]
fn the_search_finds_what_it_looks_for() {
    let canary = Canary::new("k", &crate::program::key(1));
    let mut texts = vec![canary.plain.clone().into_bytes()];
    for before in ["", "a", "ab", "KEY="] {
        let whole = format!("{before}{}\n", canary.plain);
        texts.push(base64::engine::general_purpose::STANDARD.encode(&whole).into_bytes());
        texts.push(base64::engine::general_purpose::URL_SAFE.encode(&whole).into_bytes());
    }
    texts.push(stanch::base::id::hex(canary.plain.as_bytes()).into_bytes());
    for text in texts {
        assert!(canary.form_in(&text).is_some(), "{}", String::from_utf8_lossy(&text));
    }
    assert!(canary.form_in(b"nothing to see").is_none());
    let dir = tempfile::tempdir().unwrap();
    let repo = dir.path().join("r");
    crate::program::repository(&repo);
    assert!(memchr::memmem::find(&objects(&repo), b"base\n").is_some());
    assert_eq!(repositories(dir.path()), [repo.join(".git")]);
}
