//! The command line: its printed documents as snapshots, so that they can't go stale unseen, and the looks at incidents.

use clap::CommandFactory as _;
use serde_json::Value;

use crate::program::{Home, key, repository};

const VERBS: [&str; 11] =
    ["respond", "resume", "drill", "find", "purge", "check", "status", "export", "replay", "ready", "print"];

/// Holds `text` against the recording `name`.
fn recorded(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

fn printed(args: &[&str]) -> String {
    let ran = Home::new().run(args);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{args:?}");
    ran.out
}

#[test]
fn help_of_every_command() {
    let known: Vec<String> = stanch::cli::Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
    assert_eq!(known, VERBS);
    let mut text = printed(&["--help"]);
    for verb in VERBS {
        assert!(text.contains(&format!("\n  {verb} ")), "{verb} is in the list");
    }
    for verb in VERBS {
        text.extend(["\n======== stanch ", verb, " --help\n", &printed(&[verb, "--help"])]);
    }
    recorded("cli_help", &text);
    let version = printed(&["--version"]);
    assert_eq!(version.trim(), concat!("stanch ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_man_page() {
    let page = printed(&["print", "man"]);
    for part in [".SH NAME", ".SH SYNOPSIS", ".SH \"EXIT STATUS\"", ".SH ENVIRONMENT", ".SH KEYS", "OPENAI_ADMIN_KEY"] {
        assert!(page.contains(part) || page.contains(&part.replace('"', "")), "{part}");
    }
    recorded("cli_man", &page.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn the_keys() {
    recorded("cli_keys", &printed(&["print", "keys"]));
}

#[test]
fn the_sample_config_is_the_file_and_is_taken() {
    let sample = printed(&["print", "config"]);
    assert_eq!(sample.trim_end(), include_str!("../../assets/stanch.sample.toml").trim_end());
    let home = Home::new();
    let file = home.file("stanch.toml", &sample);
    assert_eq!(home.run(&["--config", &file, "status"]).code, Some(0));
}

#[test]
fn completions_for_every_shell_know_every_command() {
    recorded("cli_completions_bash", &printed(&["print", "completions", "--shell", "bash"]));
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["print", "completions", "--shell", shell]);
        assert!(VERBS.iter().all(|verb| script.contains(verb)), "{shell}");
    }
    let by_variable = Home::new().with("SHELL", "/usr/bin/fish").run(&["print", "completions"]);
    assert!(by_variable.code == Some(0) && by_variable.out.contains("complete -c stanch"), "{by_variable:#?}");
    Home::new().run(&["print", "completions"]).fails(2, &["which shell?", "--shell bash"]);
}

#[test]
fn wrong_usage_is_two_and_says_what_there_is() {
    let home = Home::new();
    for args in
        [&["nonsense"][..], &["drill", "--nope"], &["export", "--format", "pdf"], &["print"], &["status", "a", "b"]]
    {
        let ran = home.run(args);
        assert!(ran.code == Some(2) && ran.out.is_empty() && ran.err.contains("--help"), "{args:?} {ran:#?}");
    }
    assert!(home.incidents().is_empty());
}

// ---- looks at incidents

/// A live incident with a note, made by lines on standard input, against a provider nobody answers for.
fn lived(home: &Home) -> (String, String) {
    let file = home.file("leaked", key(1));
    let repo = repository(&home.path("repo"));
    let ran = home.feed(
        &[
            "respond",
            "--linear",
            "--key-file",
            &file,
            "--repo",
            &repo,
            "--found-by",
            "scanner",
            "--since",
            "2026-01-02 03:04",
        ],
        b"p\n:note\ncalled the owner\n",
    );
    assert_eq!(ran.code, Some(3), "{ran:#?}");
    assert!(ran.out.contains("called the owner"), "{ran:#?}");
    let id = home.incidents().pop().unwrap();
    let short = stanch::base::id::short(&id).to_owned();
    assert!(ran.out.ends_with(&format!("stanch resume {short}\n")), "the way back is the last line: {}", ran.out);
    ran.hides(&key(1));
    (id, short)
}

fn alone() -> Home {
    Home::new().with("STANCH_OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
}

#[test]
fn a_live_incident_is_listed_shown_exported_and_replayed() {
    let home = alone();
    let nothing = home.run(&["status"]);
    assert!(nothing.code == Some(0) && nothing.out.contains("stanch drill"), "{nothing:#?}");
    assert_eq!(home.run(&["status", "--json"]).json(), serde_json::json!([]));

    let (id, short) = lived(&home);
    let list = home.run(&["status"]);
    assert!(list.code == Some(0) && list.out.contains(&id) && list.out.contains("LIVE") && list.out.contains("open"));
    let rows = home.run(&["status", "--json"]).json();
    assert_eq!(
        (&rows[0]["id"], &rows[0]["fault"], &rows[0]["closed"]),
        (&id.clone().into(), &Value::Null, &Value::Null)
    );

    for said in [&id, &short, &id[..10].to_owned()] {
        assert_eq!(home.run(&["status", said]).code, Some(3), "{said}: steps are open");
    }
    let shown = home.run(&["status", &short, "--json"]);
    assert_eq!(shown.code, Some(3));
    let shown = shown.json();
    assert_eq!(shown["found_by"], "scanner");
    assert!(shown["exposed_since"].as_str().unwrap().starts_with("2026-01-02T03:04:00"), "{shown}");

    let md = home.run(&["export", &short]);
    assert!(md.code == Some(0) && md.out.starts_with("# LIVE ") && md.out.contains("called the owner"), "{md:#?}");
    for part in ["## Summary", "## Impact", "## What was done", "## Open points", "## Timeline", "## Questions"] {
        assert!(md.out.contains(part), "{part}");
    }
    let json = home.run(&["export", &short, "--format", "json"]).json();
    assert_eq!((&json["incident"], &json["version"], &json["mode"]), (&id.clone().into(), &1.into(), &"live".into()));

    let story = home.run(&["replay", &short]);
    assert!(story.code == Some(0) && story.out.lines().count() >= 3, "{story:#?}");
    assert!(story.out.lines().next().unwrap().contains("Opened (LIVE)"));
    assert_eq!(home.run(&["replay"]).out, story.out, "without an id: the newest");
    for ran in [list, md, story] {
        ran.hides(&key(1));
    }
}

#[test]
fn an_incident_is_taken_up_again_by_its_short_name() {
    let home = alone();
    let (id, short) = lived(&home);
    let file = home.path("leaked").to_str().unwrap().to_owned();
    let again = home.feed(&["resume", &short, "--linear", "--key-file", &file], b":note\nback again\n");
    assert_eq!(again.code, Some(3), "{again:#?}");
    let newest = home.feed(&["resume", "--linear"], b":note\nwithout the key\n");
    assert_eq!(newest.code, Some(3), "{newest:#?}");
    let story = home.run(&["replay", &id]).out;
    for words in ["called the owner", "back again", "without the key"] {
        assert!(story.contains(words), "{words}: {story}");
    }
    assert_eq!(home.incidents(), [id]);
}

#[test]
fn looks_change_nothing() {
    let home = alone();
    let (id, _) = lived(&home);
    let before = (std::fs::read(home.journal(&id)).unwrap(), crate::gitrepo::walk(&home.state()));
    for args in [
        &["status"][..],
        &["status", &id],
        &["export"],
        &["replay"],
        &["ready"],
        &["resume", &id, "--observe", "--linear"],
    ] {
        home.run(args);
    }
    assert_eq!(before, (std::fs::read(home.journal(&id)).unwrap(), crate::gitrepo::walk(&home.state())));
}

#[test]
fn ready_says_what_is_missing_and_what_to_do() {
    let home = Home::new();
    let bare = home.run(&["ready", "--json"]);
    assert_eq!(bare.code, Some(3));
    let lines = bare.json();
    let lines = lines.as_array().unwrap();
    assert_eq!(lines.len(), 7);
    assert!(lines.iter().all(|line| ["what", "seen", "todo"].iter().all(|k| !line[k].as_str().unwrap().is_empty())));
    let ok = |lines: &[Value], what: &str| lines.iter().find(|l| l["what"] == what).unwrap()["ok"] == true;
    assert!(ok(lines, "git") && ok(lines, "place for journals") && !ok(lines, "admin key") && !ok(lines, "last drill"));

    let repo = repository(&home.path("repo"));
    let target = "[[targets]]\nplace = \"/x/.env\"\nreload = [\"true\"]\ncheck = [\"true\"]\n";
    let config = home.file("c.toml", format!("repos = [\"{repo}\"]\nenv_roots = [\"{repo}\"]\n{target}"));
    let home = home.with("OPENAI_ADMIN_KEY", "set").with("STANCH_CONFIG", &config);
    assert_eq!(home.run(&["drill", "--script", "reference", "--seed", "1"]).code, Some(0));
    let whole = home.run(&["ready"]);
    assert!(whole.code == Some(0) && !whole.out.contains("MISSING"), "{whole:#?}");
}
