//! `find` and `purge` on their own: exit codes, the JSON contract, and that a plan changes nothing.

use crate::gitrepo::World;
use std::process::{Command, Output};

fn stanch(world: &World, state: &std::path::Path, key: &str, args: &[&str]) -> Output {
    let file = state.join("key");
    std::fs::write(&file, key).unwrap();
    Command::new(env!("CARGO_BIN_EXE_stanch"))
        .env("STANCH_STATE_DIR", state)
        .env("STANCH_CONFIG", "/dev/null")
        .args(args)
        .arg("--repo")
        .arg(&world.repo)
        .arg("--key-file")
        .arg(file)
        .output()
        .unwrap()
}

/// The document, which must be as the program's own schema `name` says.
fn told(world: &World, name: &str, output: &Output) -> serde_json::Value {
    let printed = Command::new(env!("CARGO_BIN_EXE_stanch")).args(["print", "schema"]).output().unwrap();
    let schemas = json(&printed);
    let value = json(output);
    let wrong = crate::schema::wrong(&schemas[name], &value);
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    assert!(!value.to_string().contains(&world.key));
    value
}

fn json(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text} {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn find_plan_apply_undo_apply_finish() {
    let state = tempfile::tempdir().unwrap();
    let world = World::new();
    let key = &world.key;
    world.old_leak();
    let head = || world.git(&["rev-parse", "HEAD"]);
    let before = head();
    let run = |args: &[&str]| stanch(&world, state.path(), key, args);

    let found = run(&["find", "--json"]);
    assert_eq!(found.status.code(), Some(3));
    assert_eq!(told(&world, "find", &found)[0]["found"]["copies"].as_array().unwrap().len(), 1);

    let plan = run(&["purge", "--plan", "--json"]);
    assert_eq!(plan.status.code(), Some(3));
    let plan = told(&world, "plan", &plan);
    for field in [
        "phrase",
        "nothing_to_do",
        "commits_changed",
        "first_changed",
        "refs",
        "copies",
        "signatures_lost",
        "not_looked_into",
    ] {
        assert!(!plan[field].is_null(), "{field} is missing in {plan}");
    }
    assert_eq!(head(), before, "a plan moves nothing");
    let phrase = format!("--yes={}", plan["phrase"].as_str().unwrap());

    assert_eq!(run(&["purge", "--apply", "--yes=y"]).status.code(), Some(2), "never a bare yes");
    assert_eq!(head(), before);
    let applied = run(&["purge", "--apply", &phrase, "--json"]);
    assert_eq!(applied.status.code(), Some(0));
    assert_eq!(told(&world, "apply", &applied)["refs"], 1);
    assert_ne!(head(), before);
    let undone = run(&["purge", "--undo", "--json"]);
    assert_eq!(undone.status.code(), Some(3), "the key is there again");
    told(&world, "undo", &undone);
    assert_eq!(head(), before);
    assert_eq!(run(&["purge", "--apply", &phrase]).status.code(), Some(0));
    let finished = run(&["purge", "--finish", &phrase, "--json"]);
    assert_eq!(finished.status.code(), Some(0));
    told(&world, "finish", &finished);
    assert_eq!(run(&["purge", "--undo"]).status.code(), Some(2), "nothing to undo any more");
    assert_eq!(run(&["find"]).status.code(), Some(0));
    let again = run(&["purge", "--plan", "--json"]);
    assert_eq!((again.status.code(), &told(&world, "plan", &again)["nothing_to_do"]), (Some(0), &true.into()));
    let nothing = run(&["purge", "--apply", &phrase, "--json"]);
    assert_eq!((nothing.status.code(), &told(&world, "apply", &nothing)["nothing_to_do"]), (Some(0), &true.into()));
}

/// Everything below the repository: names, lengths and times.
fn untouched(world: &World) -> impl PartialEq + std::fmt::Debug + use<> {
    world.footprint()
}

#[test]
fn a_bare_repository_is_planned_without_a_trace_purged_pushed_and_checked() {
    let state = tempfile::tempdir().unwrap();
    let mut world = World::new();
    world.old_leak();
    world.git(&["tag", "t"]);
    world.git_in(world.temp(), &["clone", "-q", "--bare", "work", "server.git"]);
    world.git_in(world.temp(), &["clone", "-q", "--mirror", "server.git", "mirror.git"]);
    world.repo = world.temp().join("mirror.git");
    let key = world.key.clone();
    let run = |args: &[&str]| stanch(&world, state.path(), &key, args);

    let before = untouched(&world);
    let plan = told(&world, "plan", &run(&["purge", "--plan", "--json"]));
    assert_eq!(untouched(&world), before, "a plan leaves nothing in the repository");
    assert_eq!((&plan["push_needed"], &plan["copies"][0]["on_remote"]), (&true.into(), &true.into()), "{plan}");
    let phrase = format!("--yes={}", plan["phrase"].as_str().unwrap());
    assert_eq!(run(&["purge", "--push", &phrase]).status.code(), Some(2), "nothing is applied");

    told(&world, "apply", &run(&["purge", "--apply", &phrase, "--json"]));
    let open = run(&["purge", "--check", "--json"]);
    assert_eq!(open.status.code(), Some(3), "the remote still has it");
    let open = told(&world, "check", &open);
    assert_eq!(open["after"]["remotes"][0]["old"], serde_json::json!(["refs/heads/main", "refs/tags/t"]));
    let pushed = run(&["purge", "--push", &phrase, "--json"]);
    assert_eq!(pushed.status.code(), Some(0), "{pushed:?}");
    assert!(told(&world, "push", &pushed)["proof"]["checks"].as_array().unwrap().len() > 3);
    world.git_in(&world.temp().join("server.git"), &["gc", "-q", "--prune=now"]);
    let gone = run(&["purge", "--check", "--json"]);
    assert_eq!(gone.status.code(), Some(0), "{}", told(&world, "check", &gone));

    let dir = world.temp().join("papers");
    let filed = run(&["purge", "--papers", dir.to_str().unwrap(), "--json"]);
    assert_eq!(filed.status.code(), Some(0), "{filed:?}");
    told(&world, "papers", &filed);
    assert!(dir.join("support-request.txt").is_file() && dir.join("colleagues.sh").is_file());
    told(&world, "finish", &run(&["purge", "--finish", &phrase, "--json"]));
    assert_eq!(run(&["purge", "--check"]).status.code(), Some(0), "looks go on after the end");
    assert_eq!(run(&["purge", "--undo"]).status.code(), Some(2));
}

/// What a person reads fits the terminal and says what to do.
#[test]
fn a_stranger_can_read_it_at_80_columns() {
    let state = tempfile::tempdir().unwrap();
    let world = World::new();
    world.old_leak();
    let run = |args: &[&str]| {
        let out = stanch(&world, state.path(), &world.key, args);
        let text = String::from_utf8(out.stdout).unwrap();
        for line in text.lines().filter(|line| line.contains(' ')) {
            let long = line.chars().count() > 80 && !line.contains('/');
            assert!(!long, "too wide: {line}");
        }
        assert!(!text.contains(&world.key));
        text
    };
    let found = run(&["find"]);
    assert!(found.contains("1 copy of the key") && found.contains("to do: rewrite the history here"), "{found}");
    let plan = run(&["purge", "--plan"]);
    for words in ["A rewrite costs:", "2 of 3 commits get a new id", "no force push is needed", "--apply --yes=work"] {
        assert!(plan.contains(words), "{words} is not in\n{plan}");
    }
    let applied = run(&["purge", "--apply", "--yes=work"]);
    assert!(applied.contains("Proof, by git itself:") && applied.contains("STILL CONTAINS THE KEY"), "{applied}");
    assert!(run(&["purge", "--check"]).contains("The clean history stands; the backup still contains the key."));
    assert!(run(&["find"]).contains("No copy of the key in"));
}

#[test]
fn archives_wait_for_a_choice_and_apply_does_what_was_planned() {
    let state = tempfile::tempdir().unwrap();
    let world = World::new();
    let key = &world.key;
    // A tar, as simple as can be: git writes it.
    world.old_leak();
    let tar = world.repo.join("old.tar");
    world.git(&["archive", &format!("--output={}", tar.display()), "HEAD~1"]);
    world.commit("a tar");
    let run = |args: &[&str]| stanch(&world, state.path(), key, args);
    let asked = told(&world, "plan", &run(&["purge", "--plan", "--json"]));
    assert!(asked["refusals"][0]["way_forward"].as_str().unwrap().contains("--archives=drop"), "{asked}");
    assert_eq!(asked["choices"][0]["holds"][0], "tar > f: plain");
    assert_ne!(run(&["purge", "--apply", "--yes=work"]).status.code(), Some(0));
    let planned = told(&world, "plan", &run(&["purge", "--plan", "--archives=repack", "--json"]));
    assert_eq!(planned["policy"]["archives"], "repack");
    let shown = run(&["purge", "--plan", "--archives=repack"]);
    let shown = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.contains("archive old.tar") && shown.contains("--apply --yes=work --archives=repack"), "{shown}");
    // One file can have a fate of its own; left, it is told with its path and where in it the key is.
    let alone = ["purge", "--plan", "--archives=repack", "--file", "old.tar=leave", "--json"];
    let left = told(&world, "plan", &run(&alone));
    let of = |name: &str| left["choices"][0][name].clone();
    assert_eq!(
        (of("path"), of("fate"), of("holds")[0].clone()),
        ("old.tar".into(), "left".into(), "tar > f: plain".into())
    );
    assert_eq!(left["policy"]["files"].as_object().unwrap().len(), 1, "{left}");
    let none = run(&["purge", "--plan", "--file", "other.tar=drop"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&none.stderr).contains("those that do: old.tar"), "{none:?}");
    assert_eq!(run(&["purge", "--apply", "--yes=work", "--archives=repack"]).status.code(), Some(0));
    assert_eq!(run(&["find"]).status.code(), Some(0));
}

/// Several keys at once: from several files, and several lines of one; told by their fingerprints.
#[test]
fn several_keys_are_looked_for_at_once_and_told_by_fingerprint_only() {
    let state = tempfile::tempdir().unwrap();
    let world = World::new();
    let other = format!("sk-{}-{}", "svcacct", "Hh4_k2Q".repeat(6));
    world.old_leak();
    world.write("two", format!("a={other}\n"));
    world.commit("another key");
    let file = |name: &str, text: String| {
        let path = state.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let lines = file("lines", format!("{}\n\n{other}\n", world.key));
    let (one, two) = (file("one", world.key.clone()), file("two", other.clone()));
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
        command.env("STANCH_STATE_DIR", state.path()).env("STANCH_CONFIG", "/dev/null");
        let out = command.args(args).arg("--repo").arg(&world.repo).output().unwrap();
        for key in [&world.key, &other] {
            assert!(!String::from_utf8_lossy(&[&out.stdout[..], &out.stderr].concat()).contains(key.as_str()));
        }
        out
    };
    let found = told(&world, "find", &run(&["find", "--json", "--key-file", &lines]));
    assert_eq!(found[0]["found"]["copies"].as_array().unwrap().len(), 2, "{found}");
    let prints = found[0]["keys"].as_array().unwrap();
    assert!(prints.len() == 2 && prints[1].as_str().unwrap().starts_with("sk-svcacct-..."), "{prints:?}");
    let both = ["--key-file", one.as_str(), "--key-file", two.as_str(), "--key-file", one.as_str()];
    let plan = told(&world, "plan", &run(&[&["purge", "--plan", "--json"], &both[..]].concat()));
    assert_eq!(plan["keys"].as_array().unwrap().len(), 2, "the same key twice is one: {plan}");
    let shown = run(&[&["find"], &both[..]].concat());
    assert!(String::from_utf8_lossy(&shown.stdout).contains("2 keys looked for: "), "{shown:?}");
    assert_eq!(run(&[&["purge", "--apply", "--yes=work"], &both[..]].concat()).status.code(), Some(0));
    assert_eq!(run(&["find", "--key-file", &lines]).status.code(), Some(0));
    let bad = file("bad", format!("{}\nshort\n", world.key));
    let refused = run(&["find", "--key-file", &bad]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("line 2 of"), "{refused:?}");
}
