//! Bad input, met as a user meets it: a clear error with a way forward, and nothing is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::program::{Home, Ran, key, repository};

const OPEN: i32 = 3;

/// A home whose provider is on this machine, on a port where nobody listens.
fn alone() -> Home {
    Home::new().with("STANCH_OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
}

/// An incident about `key(1)`, left open.
fn opened(home: &Home) -> String {
    let file = home.file("leaked", key(1));
    let ran = home.run(&["respond", "--linear", "--key-file", &file]);
    assert_eq!(ran.code, Some(OPEN), "{ran:#?}");
    home.incidents().pop().unwrap()
}

fn respond(home: &Home, more: &[&str]) -> Ran {
    let file = home.file("leaked", key(1));
    let ran = home.run(&[&["respond", "--linear", "--key-file", &file][..], more].concat());
    ran.hides(&key(1));
    ran
}

// ---- keys

#[test]
fn a_key_that_is_none_is_refused_from_every_source_and_never_repeated() {
    let home = alone();
    let tail = "Zq8".repeat(14);
    let cases: [(&str, Vec<u8>, &str); 8] = [
        ("empty", Vec::new(), "empty"),
        ("whitespace", b" \n\t\r\n ".to_vec(), "empty"),
        ("several lines", format!("sk-proj-{tail}\nsk-proj-{tail}\n").into_bytes(), "several lines"),
        ("words", format!("the key is sk-proj-{tail}").into_bytes(), "no key has"),
        ("short", b"sk-proj-Zq8".to_vec(), "fewer than"),
        ("long", b"a".repeat(9000), "at most"),
        ("a megabyte", b"a".repeat((1 << 20) + 1), "at most"),
        ("not UTF-8", [b"sk-proj-".as_slice(), &[0xff; 30]].concat(), "UTF-8"),
    ];
    for (name, bytes, why) in cases {
        let file = home.file("bad", &bytes);
        for verb in ["check", "respond"] {
            for ran in [home.feed(&[verb, "--key-stdin"], &bytes), home.run(&[verb, "--key-file", &file])] {
                assert!(ran.out.is_empty(), "{name}: {ran:#?}");
                ran.fails(2, &[why, "key"]);
                ran.hides(&tail);
            }
        }
        if let Ok(text) = String::from_utf8(bytes)
            && text.len() < 10_000
        {
            let mut command = home.command(&["check", "--key-env", "LEAKED"]);
            let ran: Ran = command.env("LEAKED", text).stdin(Stdio::null()).output().unwrap().into();
            ran.fails(2, &["LEAKED", why]);
            ran.hides(&tail);
        }
    }
    assert!(home.incidents().is_empty(), "nothing was opened");
}

/// A wrong key is refused by the provider and found nowhere: both would be good news.
#[test]
fn what_does_not_look_like_a_key_is_not_asked_about_and_what_stands_around_one_is_left_out() {
    let home = alone();
    repository(&home.path("repo"));
    let repo = home.path("repo").display().to_string();
    let tail = "Zq8".repeat(14);
    for (text, words) in [
        (format!("sk-ant-{tail}"), "this is a key of Anthropic, not of OpenAI"),
        (format!("AKIA{tail}"), "this is a key of AWS, not of OpenAI"),
        (format!("(sk-proj-{tail})"), "does not look like a key of OpenAI"),
        (format!("sk-proj-{tail}\\n"), "does not look like a key of OpenAI"),
    ] {
        let file = home.file("odd", &text);
        for verb in ["check", "respond"] {
            let ran = home.run(&[verb, "--key-file", &file]);
            ran.fails(2, &[words, "--any-key"]);
            ran.hides(&tail);
        }
        let known = text.starts_with("sk-ant") || text.starts_with("AKIA");
        let found = home.run(&["find", "--repo", &repo, "--key-file", &file]);
        assert_eq!(found.code, Some(if known { 0 } else { 2 }), "{found:#?}");
        let insisted = home.run(&["find", "--repo", &repo, "--key-file", &file, "--any-key"]);
        assert_eq!((insisted.code, insisted.err.contains("--any-key")), (Some(0), !known), "{insisted:#?}");
        assert_eq!(home.run(&["check", "--key-file", &file, "--any-key"]).code, Some(4), "nobody answers there");
    }
    assert!(home.incidents().is_empty());
    let file = home.file("env", format!("export OPENAI_API_KEY=\"{}\";\n", key(1)));
    let ran = home.run(&["check", "--json", "--key-file", &file]);
    assert!(ran.err.contains("took the value without OPENAI_API_KEY=, the"), "{ran:#?}");
    let last4 = &key(1)[key(1).len() - 4..];
    assert_eq!(ran.json()["key"], format!("sk-proj-...{last4}"));
    ran.hides(&key(1));
}

#[test]
fn a_second_incident_about_the_same_key_is_not_opened_silently() {
    let home = alone();
    let id = opened(&home);
    let ran = respond(&home, &[]);
    assert!(ran.err.contains("is open about the same key; `stanch resume"), "{ran:#?}");
    assert!(ran.err.contains(stanch::base::id::short(&id)), "{ran:#?}");
    let other = home.file("other", key(2));
    assert!(!home.run(&["respond", "--linear", "--key-file", &other]).err.contains("same key"));
}

#[test]
fn a_key_source_that_is_not_there_is_named() {
    let home = alone();
    home.run(&["check", "--key-env", "NOT_SET"]).fails(2, &["NOT_SET", "not set"]);
    home.run(&["check", "--key-file", "nowhere"]).fails(2, &["nowhere", "No such file"]);
    home.run(&["check", "--key-file", "."]).fails(2, &["directory"]);
    home.run(&["check"]).fails(2, &["no key was given", "no terminal", "--key-stdin"]);
    home.run(&["respond", "--leaked-in", "nowhere"]).fails(2, &["nowhere"]);
    let both = home.run(&["check", "--key-stdin", "--key-env", "X"]);
    assert!(both.code == Some(2) && both.err.contains("cannot be used with"), "{both:#?}");
    assert!(home.incidents().is_empty());
}

#[test]
fn a_key_in_an_argument_is_refused_by_every_command_and_not_repeated() {
    let (home, word) = (alone(), key(2));
    let one = format!("--key-file={word}");
    for args in [
        &["respond", &word][..],
        &["check", &one],
        &["find", "--repo", ".", &word],
        &["purge", "--repo", ".", "--apply", &one],
        &["resume", &word],
        &["status", &word],
        &["export", &word],
        &["replay", &word],
        &["drill", &word],
        &["nonsense", &word],
        &[&word],
    ] {
        let ran = home.run(args);
        ran.fails(2, &["looks like a key, and was not used", "--key-stdin", "history"]);
        ran.hides(&word);
        assert!(ran.out.is_empty());
    }
}

#[test]
fn a_key_from_a_pipe_with_nobody_to_answer_is_refused_before_anything_is_opened() {
    let home = alone();
    let word = key(1);
    for args in [&["respond", "--key-stdin"][..], &["respond", "--key-stdin", "--linear"]] {
        let ran = home.feed(args, format!("{word}\na\n").as_bytes());
        ran.fails(2, &["several lines"]);
        let ran = home.feed(args, word.as_bytes());
        ran.fails(2, &["no incident was opened", "no terminal to answer on", "--key-file"]);
        ran.hides(&word);
    }
    assert!(home.incidents().is_empty());
}

/// "I only know where it leaked" talks on standard error: the answer alone is on standard output.
#[test]
fn a_key_that_is_looked_for_leaves_the_answer_alone() {
    let home = alone();
    let place = home.file("leak/post.txt", format!("use {} for now", key(1)));
    let ran = home.run(&["check", "--json", "--leaked-in", &place]);
    assert_eq!((ran.code, &ran.json()["verdict"]), (Some(4), &"unknown".into()), "{ran:#?}");
    assert!(ran.err.contains("The only one; taken"), "{ran:#?}");
    ran.hides(&key(1));
    let none = home.file("none.txt", "nothing here");
    home.run(&["check", "--leaked-in", &none]).fails(2, &["no key was found", "--key-file"]);
}

// ---- places

#[test]
fn places_that_are_none_are_refused_before_anything_is_opened() {
    let home = alone();
    let folder = home.path("plain").to_str().unwrap().to_owned();
    fs::create_dir(&folder).unwrap();
    let file = home.file("just-a-file", "x");
    respond(&home, &["--repo", &folder]).fails(2, &[&folder, "no git repository"]);
    respond(&home, &["--repo", &file]).fails(2, &["just-a-file"]);
    respond(&home, &["--repo", "nowhere"]).fails(2, &["nowhere", "No such file"]);
    respond(&home, &["--env-root", "nowhere"]).fails(2, &["nowhere"]);
    respond(&home, &["--playbook", "nowhere"]).fails(2, &["nowhere"]);
    respond(&home, &["--playbook", &folder]).fails(2, &["not a file"]);
    respond(&home, &["--playbook", &file]).fails(2, &["just-a-file"]);
    respond(&home, &["--provider", "acme"]).fails(2, &["acme", "openai"]);
    respond(&home, &["--since", "tomorrow-ish"]).fails(2, &["tomorrow-ish", "2026-11-20 13:52"]);
    assert!(home.incidents().is_empty(), "nothing was opened");

    let repo = repository(&home.path("repo"));
    assert_eq!(respond(&home, &["--repo", &repo]).code, Some(OPEN));
}

/// A folder that moved since the config was written does not stop tonight's response.
#[test]
fn what_only_the_config_names_is_left_out_with_a_word() {
    let home = alone();
    let repo = repository(&home.path("repo"));
    let config = home.file("c.toml", format!("repos = [\"/nowhere/at/all\", \"{repo}\"]\n"));
    let ran = respond(&home, &["--config", &config]);
    assert_eq!(ran.code, Some(OPEN), "{ran:#?}");
    assert!(ran.err.contains("/nowhere/at/all") && ran.err.contains("left out"), "{ran:#?}");
    assert!(ran.out.contains("1 repository"), "{}", ran.out);
}

/// The process gives up its rights first, when it has any: root may read and write everything.
fn common(home: &Home, args: &[&str]) -> Ran {
    let mut command = home.command(args);
    if rustix::process::geteuid().is_root() {
        let copy = home.path("stanch");
        if !copy.exists() {
            let program = env!("CARGO_BIN_EXE_stanch");
            fs::hard_link(program, &copy).or_else(|_| fs::copy(program, &copy).map(drop)).unwrap();
        }
        for folder in ["", "home", "tmp", "state"] {
            std::os::unix::fs::chown(home.path(folder), Some(65534), Some(65534)).unwrap();
        }
        let mut lesser = Command::new(copy);
        lesser.args(args).env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command = lesser;
        command.current_dir(home.path("home")).uid(65534).gid(65534);
    }
    command.stdin(Stdio::null()).output().unwrap().into()
}

#[test]
fn what_may_not_be_read_or_written_is_said() {
    let home = alone();
    let locked = home.file("locked", key(1));
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    common(&home, &["check", "--key-file", &locked]).fails(2, &["locked", "Permission denied"]);
    common(&home, &["--config", &locked, "status"]).fails(2, &["config", "Permission denied"]);

    let leaked = home.file("leaked", key(1));
    fs::set_permissions(&leaked, fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(home.path("state"), fs::Permissions::from_mode(0o555)).unwrap();
    let ran = common(&home, &["respond", "--linear", "--key-file", &leaked]);
    ran.fails(1, &["Permission denied", "STANCH_STATE_DIR"]);
    ran.hides(&key(1));
    common(&home, &["drill", "--script", "reference", "--json"]).fails(1, &["Permission denied", "STANCH_STATE_DIR"]);
    let ready = common(&home, &["ready"]);
    assert!(ready.code == Some(OPEN) && ready.out.contains("MISSING  place for journals"), "{ready:#?}");
}

#[test]
fn a_home_that_takes_nothing_is_said_and_looks_still_work() {
    let home = alone();
    let leaked = home.file("leaked", key(1));
    let run = |args: &[&str]| -> Ran {
        let mut command = home.command(args);
        // Nobody, not even root, makes a folder below a file.
        command.env_remove("STANCH_STATE_DIR").env("HOME", home.path("leaked")).stdin(Stdio::null());
        command.output().unwrap().into()
    };
    run(&["respond", "--linear", "--key-file", &leaked]).fails(1, &["can't be made", "STANCH_STATE_DIR"]);
    run(&["drill", "--script", "reference"]).fails(1, &["can't be made", "STANCH_STATE_DIR"]);
    run(&["status"]).fails(1, &["can't be listed", "STANCH_STATE_DIR"]);
    assert_eq!(run(&["print", "config"]).code, Some(0), "needs no home at all");
}

// ---- journals

/// Runs the looks and resume on an incident whose journal was spoiled, and holds that none of it touched the file.
fn spoiled(bytes: impl AsRef<[u8]>, looks: i32, words: &[&str]) -> Home {
    let home = alone();
    let id = opened(&home);
    let path = home.journal(&id);
    fs::write(&path, bytes).unwrap();
    let before = fs::read(&path).unwrap();
    let file = home.file("leaked", key(1));
    home.run(&["resume", &id, "--linear", "--key-file", &file]).fails(1, words);
    for look in [&["status", &id][..], &["replay", &id], &["export", &id]] {
        let ran = home.run(look);
        assert_eq!(ran.code, Some(if looks == OPEN && look[0] != "status" { 0 } else { looks }), "{look:?} {ran:#?}");
        assert!(words.iter().all(|word| ran.err.contains(word)), "{look:?} {words:?} {ran:#?}");
    }
    let listed = home.run(&["status"]);
    assert!(listed.code == Some(0) && listed.out.contains(&id), "{listed:#?}");
    assert_eq!(fs::read(&path).unwrap(), before, "nothing touched it");
    home
}

fn good() -> String {
    let home = alone();
    let id = opened(&home);
    fs::read_to_string(home.journal(&id)).unwrap()
}

#[test]
fn journals_that_can_not_be_believed_are_shown_up_to_the_damage_and_never_written() {
    spoiled("", 1, &["holds no record"]);
    spoiled("not a journal\n", 1, &["line 1", "not a record"]);
    spoiled([0xff, 0xfe, b'\n'], 1, &["line 1"]);
    let good = good();
    assert!(good.lines().count() >= 2);
    spoiled(good.replacen("found_by\":\"", "found_by\":\"un", 1), OPEN, &["line 2", "hash", "--observe"]);
    spoiled(good.lines().skip(1).collect::<Vec<_>>().join("\n") + "\n", 1, &["line 1"]);
}

#[test]
fn a_journal_of_a_newer_program_is_looked_at_and_not_written() {
    let newer = good().replacen("{\"v\":1,\"seq\":1", "{\"v\":2,\"seq\":1", 1);
    let home = alone();
    let id = opened(&home);
    fs::write(home.journal(&id), &newer).unwrap();
    let file = home.file("leaked", key(1));
    home.run(&["resume", &id, "--linear", "--key-file", &file]).fails(1, &["format 2", "update stanch", "--observe"]);
    let seen = home.run(&["resume", &id, "--linear", "--observe"]);
    assert!(seen.code == Some(OPEN) && seen.out.contains("Intake"), "{seen:#?}");
    assert_eq!(fs::read_to_string(home.journal(&id)).unwrap(), newer);
}

#[test]
fn a_half_written_line_is_cut_and_noted_and_the_incident_goes_on() {
    let home = alone();
    let id = opened(&home);
    let path = home.journal(&id);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let file = home.file("leaked", key(1));
    let ran = home.run(&["resume", &id, "--linear", "--key-file", &file]);
    assert_eq!((ran.code, ran.err.contains("This is a bug")), (Some(OPEN), false), "{ran:#?}");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("torn") || text.contains("half"), "the cut is on record: {text}");
    assert_eq!(home.run(&["replay", &id]).err, "");
}

#[test]
fn a_journal_another_process_works_on_is_only_looked_at() {
    let home = alone();
    let file = home.file("leaked", key(1));
    let mut command = home.command(&["respond", "--linear", "--key-file", &file]);
    let mut first = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = std::io::BufReader::new(first.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("NEXT:") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut said, &mut line).unwrap() > 0, "it ended");
    }
    let id = home.incidents().pop().unwrap();
    let pid = first.id().to_string();
    home.run(&["resume", &id, "--linear", "--key-file", &file]).fails(1, &[&pid, "--observe"]);
    let seen = home.run(&["resume", &id, "--linear", "--observe"]);
    assert!(seen.code == Some(OPEN) && seen.out.contains("Opened (LIVE)"), "{seen:#?}");
    assert_eq!(home.run(&["status", &id]).code, Some(OPEN));
    drop(first.stdin.take());
    std::io::copy(&mut said, &mut std::io::sink()).unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(OPEN));
}

#[test]
fn an_incident_that_is_not_there_and_a_key_that_is_another() {
    let home = alone();
    home.run(&["replay"]).fails(2, &["no incident", "stanch respond"]);
    let id = opened(&home);
    for verb in ["resume", "status", "export", "replay"] {
        home.run(&[verb, "nope"]).fails(2, &["nope", "stanch status"]);
    }
    let other = home.file("other", key(3));
    let ran = home.run(&["resume", &id, "--linear", "--key-file", &other]);
    ran.fails(2, &["not the incident's key"]);
    ran.hides(&key(3));
}

// ---- a full disk

/// Runs with files that may not grow beyond `blocks` (of 512 or 1024 bytes): a write beyond it fails, as on a full disk.
fn full(home: &Home, blocks: u32, args: &[&str], input: &str) -> Ran {
    let mut shell = Command::new("bash");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let command = home.command(args);
    shell.args(["-c", &script]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(home.path("home")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_full_disk_opens_nothing_or_says_what_was_not_written() {
    let home = alone();
    let file = home.file("leaked", key(1));
    let args = ["respond", "--linear", "--key-file", &file];
    let none = full(&home, 0, &args, "");
    none.fails(1, &["can't be", "disk"]);

    let notes = ":note\n".to_owned() + &"a long note that fills the disk. ".repeat(40) + "\n";
    let some = full(&home, 2, &args, &notes.repeat(3));
    some.fails(1, &["never written to disk"]);
    assert!(some.out.contains("disk"), "it is said while it happens: {}", some.out);
    for ran in [none, some] {
        ran.hides(&key(1));
    }
    let id = home.incidents().pop().unwrap();
    let whole = fs::read(home.journal(&id)).unwrap();
    assert!(whole.ends_with(b"\n"), "no half line is left");
    assert_eq!(home.run(&["replay", &id]).err, "");
}

// ---- settings

#[test]
fn settings_that_are_not_known_are_named() {
    let home = alone();
    for (text, words) in [
        ("opnai = 1\n", &["opnai", "expected one of", "print config"][..]),
        ("[openai]\nbase_ulr = \"x\"\n", &["base_ulr"]),
        ("[screen]\ntheme = \"pink\"\n", &["pink", "dark"]),
        ("[screen]\nascii = \"yes\"\n", &["boolean"]),
        ("repos = 3\n", &["repos"]),
        ("[[[", &["line 1"]),
    ] {
        let config = home.file("c.toml", text);
        let ran = home.run(&["--config", &config, "status"]);
        ran.fails(2, &[&["c.toml"][..], words].concat());
    }
    let config = home.file("c.toml", format!("[openai]\nadmin_key = \"{}\"\n", key(4)));
    let ran = home.run(&["--config", &config, "status"]);
    ran.fails(2, &["looks like a key", "admin_key_env"]);
    ran.hides(&key(4));
    home.run(&["--config", "nowhere.toml", "status"]).fails(2, &["nowhere.toml", "print config"]);
    home.run(&["--config", ".", "status"]).fails(2, &["directory"]);
    for (name, value) in [("STANCH_THEME", "pink"), ("STANCH_ASCII", "maybe"), ("STANCH_CONFIG", "/nowhere")] {
        Home::new().with(name, value).run(&["status"]).fails(2, &[value]);
    }
}

#[test]
fn addresses_that_are_unsafe_open_nothing() {
    for (url, why) in [
        ("nonsense", "can't be used"),
        ("http://api.example.com/v1", "without TLS"),
        ("https://user:word@api.example.com/v1", "user name or password"),
        ("ftp://127.0.0.1/v1", "can't be used"),
    ] {
        let home = Home::new().with("STANCH_OPENAI_BASE_URL", url);
        let file = home.file("leaked", key(1));
        respond(&home, &[]).fails(2, &[why]);
        home.run(&["check", "--key-file", &file]).fails(2, &[why]);
        assert!(home.incidents().is_empty(), "{url}: nothing was opened");
    }
}

// ---- drills

#[test]
fn drills_that_can_not_be_played_say_why_and_print_no_json() {
    let home = Home::new();
    let broken = home.file("broken.toml", "id = 3\n");
    let script = home.file("s.toml", "[[script]]\ndo = \"revoke.everything\"\n");
    let empty = home.file("e.toml", "");
    for (args, words) in [
        (&["nope", "--script", "reference"][..], &["nope", "friday-push"][..]),
        (&[&broken, "--script", "reference"], &["broken.toml"]),
        (&[], &["--script reference"]),
        (&["--script", "nowhere"], &["nowhere"]),
        (&["--script", &empty], &["no step"]),
        (&["--script", &script], &["revoke.everything"]),
        (&["--script", "."], &["not a file"]),
    ] {
        let ran = home.run(&[&["drill", "--json"][..], args].concat());
        assert!(matches!(ran.code, Some(1 | 2)) && ran.out.is_empty(), "{ran:#?}");
        ran.fails(ran.code.unwrap(), words);
    }
    for wrong in [&["--pace", "601"][..], &["--seed", "-1"], &["--seed", "x"], &["--pace", "9999"]] {
        let ran = home.run(&[&["drill"][..], wrong].concat());
        assert!(ran.code == Some(2) && ran.err.contains(wrong[1]) && ran.out.is_empty(), "{ran:#?}");
    }
}
