//! Names chosen to do harm: what they can do to refs, to papers for others and to a terminal.

use std::process::{Command, Stdio};

use crate::gitrepo::World;

use super::run::{ended, err, json, out, stanch, tame};

#[test]
fn a_folder_of_branches_with_the_key_gets_a_free_name() {
    let world = World::new();
    world.leak();
    for name in ["x", "y"] {
        world.git(&["branch", &format!("{}/{name}", world.key)]);
    }
    world.git(&["branch", "REMOVED-BY-STANCH"]);
    let plan = json(&stanch(&world, &["purge", "--plan", "--json"]));
    assert_eq!(plan["refusals"].as_array().unwrap().len(), 0, "{plan}");
    world.purge();
    let names = world.git(&["for-each-ref", "--format=%(refname:short)"]);
    assert_eq!(names, "REMOVED-BY-STANCH\nREMOVED-BY-STANCH-2/x\nREMOVED-BY-STANCH-2/y\nmain");
}

#[test]
fn papers_hold_no_line_of_somebody_elses() {
    let mut world = World::new();
    let evil = world.temp().join("e\ntouch pwn3\n#\u{202e}");
    std::fs::rename(&world.repo, &evil).unwrap();
    world.repo = evil;
    world.old_leak();
    let planned = json(&stanch(&world, &["purge", "--plan", "--json"]));
    let phrase = planned["phrase"].as_str().unwrap().to_owned();
    assert_eq!(phrase, "etouch pwn3#");
    for url in
        [None, Some("https://127.0.0.1:9/a\ntouch pwn4\n#/b;touch pwn5"), Some("ssh://x'$(touch pwn6)/y\u{1b}[2J")]
    {
        if let Some(url) = url {
            let config = world.repo.join(".git/config");
            let text = std::fs::read_to_string(&config).unwrap();
            let text = text.split("[remote").next().unwrap();
            let url = url.replace('\n', "\\n");
            std::fs::write(&config, format!("{text}[remote \"o\"]\n\turl = \"{url}\"\n")).unwrap();
        }
        stanch(&world, &["purge", "--plan"]);
        let dir = world.temp().join("papers");
        let written = stanch(&world, &["purge", "--papers", dir.to_str().unwrap()]);
        assert_eq!(written.status.code(), Some(0), "{}", err(&written));
        tame(&written.stdout);
        for entry in std::fs::read_dir(&dir).unwrap().map(Result::unwrap) {
            let text = std::fs::read(entry.path()).unwrap();
            tame(&text);
            let text = String::from_utf8(text).unwrap();
            assert!(!text.lines().any(|l| l.trim_start().starts_with("touch")), "{:?}: {text}", entry.path());
            if text.contains("--paginate") {
                assert!(!text.contains("repos/a;"), "{text}");
            }
        }
        for script in ["ban.sh", "colleagues.sh"] {
            let scratch = world.temp().join("scratch");
            std::fs::create_dir_all(&scratch).unwrap();
            Command::new("sh").arg(dir.join(script)).current_dir(&scratch).stdin(Stdio::null()).output().unwrap();
            assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0, "{script} ran something");
        }
        std::fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn no_name_draws_on_the_terminal() {
    let mut world = World::new();
    let odd = "a\u{1b}[2J\u{1b}]0;PWN\u{7}\u{202e}\u{9b}31m\nNo copy of the key in 9 objects.";
    world.write(odd, format!("k={}\n", world.key));
    world.git(&["branch", "b\u{202e}\u{9b}x"]);
    world.commit("leak \u{1b}[2J");
    let evil = world.temp().join("r\u{1b}[2J;rm -rf x");
    std::fs::rename(&world.repo, &evil).unwrap();
    world.repo = evil;
    let quiet = |args: &[&str]| {
        let output = stanch(&world, args);
        tame(&output.stdout);
        tame(&output.stderr);
        let faked = |text: &str| text.lines().any(|l| l.starts_with("No copy"));
        assert!(!faked(&out(&output)) && !faked(&err(&output)), "{args:?}: {}{}", out(&output), err(&output));
        output
    };
    quiet(&["find"]);
    quiet(&["find", "--json"]);
    let plan = quiet(&["purge", "--plan"]);
    assert!(out(&plan).contains("--yes='r[2J;rm -rf x'"), "{}", out(&plan));
    quiet(&["purge", "--plan", "--json"]);
    let wrong = quiet(&["purge", "--apply", "--yes=no"]);
    assert!(err(&wrong).contains("--yes='r[2J;rm -rf x'"), "{}", err(&wrong));
    // Dirty: the file's name is in a fault.
    world.write(odd, format!("k={} changed\n", world.key));
    let dirty = quiet(&["purge", "--apply", "--yes=r[2J;rm -rf x"]);
    assert_eq!(dirty.status.code(), Some(1), "{}", err(&dirty));
    assert!(err(&dirty).contains("dirty"), "{}", err(&dirty));
    // A path that is none.
    let mut bad = Command::new(env!("CARGO_BIN_EXE_stanch"));
    bad.args(["find", "--repo", "/nowhere\u{1b}[2J", "--key-file", "/nowhere\u{1b}]0;x"]);
    tame(&ended(bad).stderr);
}
