//! Where keys come from, and what is said when what came is no key.

use std::ffi::OsString;
use std::fs;
use std::io::{Read as _, Write};
use std::ops::Range;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

use portable_pty::{PtyPair, PtySize, native_pty_system};
use rustix::termios::{LocalModes, tcgetattr};
use stanch::base::{Fault, FaultKind, Secret};
use stanch::shell::input::{self, MOST, Prompt, find_by_shape, key_env, key_file, key_stdin, prompt_on};

fn key() -> String {
    format!("sk-{}-{}", "proj", "Qx7".repeat(12))
}

#[test]
fn standard_input_is_one_key_or_a_reason() {
    let taken = key_stdin(format!("  {}\r\n", key()).as_bytes()).unwrap();
    assert_eq!((taken.secret.expose(), taken.cut), (key().as_bytes(), None));
    let two = format!("{}\n{}\n", key(), key());
    let (huge, too_huge) = ("a".repeat(MOST), "a".repeat(MOST + 1));
    let bad: [(&[u8], &str); 6] = [
        (b"", "standard input is empty"),
        (b" \t\n", "it is empty"),
        (two.as_bytes(), "several lines"),
        (huge.as_bytes(), "a key has at most"),
        (too_huge.as_bytes(), "more than 1048576 bytes"),
        (&[0xff; 40], "UTF-8"),
    ];
    for (bytes, why) in bad {
        let fault = key_stdin(bytes).unwrap_err();
        assert!(fault.why.contains(why), "{fault}");
        assert!(!fault.hints.is_empty() && !fault.to_string().contains("Qx7"), "{fault}");
    }
}

#[test]
fn a_key_file_is_read_and_its_mode_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    fs::write(&path, key() + "\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let taken = key_file(&path).unwrap();
    assert_eq!(taken.secret.expose(), key().as_bytes());
    assert!(taken.warnings[0].contains("mode 0644") && taken.warnings[0].contains("chmod 600"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(key_file(&path).unwrap().warnings.is_empty());
    fs::write(&path, format!("export OPENAI_API_KEY=\"{}\"\n", key())).unwrap();
    let taken = key_file(&path).unwrap();
    assert_eq!(taken.secret.expose(), key().as_bytes());
    assert_eq!(taken.cut.as_deref(), Some("took the value without OPENAI_API_KEY= and the quotes"));

    let why = |fault: Fault| fault.to_string();
    assert!(why(key_file(dir.path()).unwrap_err()).contains("it is a directory"));
    assert!(why(key_file(&dir.path().join("none")).unwrap_err()).contains("No such file"));
    fs::write(&path, "x".repeat(MOST + 1)).unwrap();
    assert!(why(key_file(&path).unwrap_err()).contains("more than 1048576 bytes"));
    fs::write(&path, "two words are no key at all").unwrap();
    let fault = key_file(&path).unwrap_err();
    assert!(fault.what.contains("holds no single key") && fault.what.contains("key"), "{fault}");
}

#[test]
fn a_variable_is_read_by_its_name() {
    let has = |value: &str| {
        let value = OsString::from(value);
        move |name: &str| (name == "LEAKED").then(|| value.clone())
    };
    assert_eq!(key_env("LEAKED", has(&key())).unwrap().secret.expose(), key().as_bytes());
    assert_eq!(key_env("LEAKED", has(&format!("'{}'", key()))).unwrap().secret.expose(), key().as_bytes());
    assert!(key_env("OTHER", has(&key())).unwrap_err().why.contains("not set"));
    assert!(key_env("LEAKED", has(" ")).unwrap_err().why.contains("empty"));
    assert!(key_env("LEAKED", has("short")).unwrap_err().what.contains("LEAKED holds no key"));
    let slip = key_env(&format!("LEAKED={}", key()), has("")).unwrap_err();
    assert!(slip.why.contains("no name") && !slip.to_string().contains("Qx7"), "never repeats the key: {slip}");
}

/// What became of a prompt. The terminal lives as long as its pair, and its keyboard types an end of line when dropped.
struct Asked {
    taken: Result<Vec<u8>, Fault>,
    shown: String,
    tty: fs::File,
    _keyboard: Box<dyn Write + Send>,
    _pty: PtyPair,
}

/// Types each of `typed` as soon as the prompt stands. A key of `x` alone is doubted.
fn at_the_prompt(typed: &[&[u8]]) -> Asked {
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).custom_flags(i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap());
    let tty = options.open(pty.master.tty_name().unwrap()).unwrap();
    let after = tty.try_clone().unwrap();
    let doubt = |secret: &Secret| {
        secret.expose().iter().all(|b| *b == b'x').then(|| Fault::input("this does not look like a key", "it is all x"))
    };
    let asked = std::thread::spawn(move || {
        let prompt = Prompt { words: "The leaked key", may_be_empty: false, doubt: &doubt };
        prompt_on(tty, &prompt).map(|taken| taken.secret.expose().to_vec())
    });
    let mut screen = pty.master.try_clone_reader().unwrap();
    let mut keyboard = pty.master.take_writer().unwrap();
    let mut seen = Vec::new();
    let mut until = |end: &str| {
        let mut byte = [0];
        // Always something new: the prompt before it ends the same way.
        loop {
            assert_eq!(screen.read(&mut byte).unwrap(), 1);
            seen.push(byte[0]);
            if String::from_utf8_lossy(&seen).ends_with(end) {
                break;
            }
        }
        String::from_utf8_lossy(&seen).into_owned()
    };
    for answer in typed {
        until("Enter ends): ");
        keyboard.write_all(answer).unwrap();
    }
    let shown = until("\n");
    Asked { taken: asked.join().unwrap(), shown, tty: after, _keyboard: keyboard, _pty: pty }
}

#[test]
fn the_prompt_shows_nothing_and_leaves_the_terminal_as_it_was() {
    let typed = format!("\x1b[200~{}\r\x1b[201~ \n", key());
    let Asked { taken, shown, tty, _keyboard, _pty } = at_the_prompt(&[typed.as_bytes()]);
    assert_eq!(taken.unwrap(), key().as_bytes());
    assert!(shown.starts_with("The leaked key") && !shown.contains("Qx7"), "{shown}");
    assert!(tcgetattr(&tty).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG));
    assert_eq!(rustix::io::ioctl_fionread(&tty).unwrap(), 0, "the rest of the paste is gone");
}

#[test]
fn the_prompt_takes_no_part_of_a_wrapped_key_and_asks_again() {
    let wrapped = format!("{}\r{}\r", &key()[..24], &key()[24..]);
    let Asked { taken, shown, tty, _keyboard, _pty } =
        at_the_prompt(&[b"\r", wrapped.as_bytes(), format!("{}\r", key()).as_bytes()]);
    assert_eq!(taken.unwrap(), key().as_bytes());
    assert!(shown.contains("it is empty. Nothing was taken") && !shown.contains("Qx7"), "{shown}");
    assert!(shown.contains("several lines were pasted. Nothing was taken"), "{shown}");
    assert_eq!(rustix::io::ioctl_fionread(&tty).unwrap(), 0, "the rest of the paste is gone");
}

#[test]
fn the_prompt_takes_what_does_not_look_like_a_key_only_when_told_so() {
    let odd = "x".repeat(30);
    let line = format!("{odd}\r");
    let Asked { taken, shown, .. } = at_the_prompt(&[line.as_bytes(), b"anyway\r"]);
    assert_eq!(taken.unwrap(), odd.as_bytes());
    assert!(shown.contains("does not look like a key") && shown.contains("type `anyway`"), "{shown}");
    let three = [line.as_bytes(); 3];
    assert!(at_the_prompt(&three).taken.unwrap_err().what.contains("does not look like"));
    let quoted = format!("\"{}\",\r", key());
    assert_eq!(at_the_prompt(&[quoted.as_bytes()]).taken.unwrap(), key().as_bytes());
}

#[test]
fn the_prompt_can_be_interrupted_and_takes_no_nonsense() {
    let Asked { taken, tty, _keyboard, _pty, .. } = at_the_prompt(&[b"sk-half\x03"]);
    assert_eq!(taken.unwrap_err().kind, FaultKind::Cancelled);
    assert!(tcgetattr(&tty).unwrap().local_modes.contains(LocalModes::ECHO));
    assert!(at_the_prompt(&[b"\r".as_slice(); 3]).taken.unwrap_err().why.contains("empty"));
    // More than a line of the kernel's own editing holds.
    let long = "k".repeat(5000);
    assert_eq!(at_the_prompt(&[(long.clone() + "\r").as_bytes()]).taken.unwrap(), long.as_bytes());
}

/// Anything that starts like a key, up to the next byte a key has not.
fn spot(text: &[u8]) -> Vec<Range<usize>> {
    let start = b"sk-proj-";
    let end = |from: usize| text[from..].iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'-');
    let starts = (0..text.len().saturating_sub(start.len())).filter(|at| text[*at..].starts_with(start));
    starts.map(|at| at..end(at).map_or(text.len(), |n| at + n)).collect()
}

#[test]
fn finds_by_shape_where_keys_live_and_holds_them_until_one_is_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, content: Vec<u8>| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    let (one, two) = (key() + "one1", key() + "two2");
    put(".gitignore", b".env\n".to_vec());
    put(".env", format!("# secrets\nA={one}\nB=\"{two}\"\n").into_bytes());
    put("src/app.py", format!("key = '{one}'\n").into_bytes());
    put(".git/config", format!("url = {two}\n").into_bytes());
    put("node_modules/x.js", format!("{two}\n").into_bytes());
    put("image.png", format!("\0{two}\n").into_bytes());
    put("huge.log", vec![b'a'; (4 << 20) + 1]);
    std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();

    let found = find_by_shape(&[dir.path().to_owned()], &spot, "salt").unwrap();
    let seen: Vec<_> = found.list.iter().map(|c| (c.print.last4.as_str(), c.count)).collect();
    assert_eq!(seen, [("one1", 2), ("two2", 1)]);
    assert!(found.list[0].place.ends_with("/.env:2") && found.list[1].place.ends_with("/.env:3"));
    assert_eq!((found.files, found.not_read.len()), (3, 1), "{:?}", found.not_read);
    assert!(found.not_read[0].place.ends_with("huge.log"));
    assert!(!format!("{found:?}").contains("Qx7"), "masked");
    assert_eq!(found.choose(1).unwrap().expose(), two.as_bytes());

    let alone = find_by_shape(&[dir.path().join("src/app.py")], &spot, "salt").unwrap();
    assert_eq!(alone.list.len(), 1);
    assert!(alone.choose(1).is_err());
    assert!(find_by_shape(&[dir.path().join("gone")], &spot, "salt").is_err());
}

#[test]
fn argv_is_refused_before_anything_else() {
    assert!(input::refuse_argv(["stanch", "check", &key()]).is_some());
    assert!(input::refuse_argv(["stanch", "check", "--key-env", "OPENAI_API_KEY"]).is_none());
}
