//! Plants a key nobody issued into a copy of a repository: in few objects near the tip, or in many versions of a file
//! from early on.
//!
//! Must not know: who looks for it.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Length of the key: that of a project key of today.
const KEY: usize = 164;
/// Versions of the file with the key, about.
const MANY: usize = 1_300;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Few,
    Many,
}

impl How {
    pub(crate) fn word(self) -> &'static str {
        if self == Self::Few { "few" } else { "many" }
    }
}

/// Made anew at each run, from parts.
pub(crate) fn key() -> String {
    let mut seed = u64::from(std::process::id()) | 1;
    let body: String = (0..KEY - 8)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[(seed >> 33) as usize % 62])
        })
        .collect();
    format!("{}-{}-{body}", "sk", "proj")
}

pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let out = Command::new("git").arg("-C").arg(dir).args(args).stderr(Stdio::inherit()).output().expect("git runs");
    assert!(out.status.success(), "git {args:?}");
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

/// The same for whoever wants to look at one with tools of their own: the repository at `to`, its key in the file `key`.
pub(crate) fn keep(how: &str, from: &Path, to: &Path, key_file: &Path) {
    let key = key();
    let how = if how == How::Many.word() { How::Many } else { How::Few };
    plant(from, to, &key, how);
    std::fs::write(key_file, key).expect("a file");
}

/// A bare copy of the history of `from`'s HEAD at `to`, in one pack, with the key in it.
pub(crate) fn plant(from: &Path, to: &Path, key: &str, how: How) {
    git(Path::new("/"), &["init", "-q", "--bare", "-b", "main", &to.to_string_lossy()]);
    match how {
        How::Few => few(from, to, key),
        How::Many => many(from, to, key),
    }
    let force: &[&str] = if how == How::Many { &["-f"] } else { &[] };
    git(to, &[&["repack", "-q", "-a", "-d"], force].concat());
}

fn few(from: &Path, to: &Path, key: &str) {
    let source = from.to_string_lossy();
    git(to, &["fetch", "-q", "--no-tags", &source, "HEAD:refs/heads/main"]);
    let lines: Vec<String> = (0..200).map(|n| format!("line {n}\n")).collect();
    let lines = lines.concat();
    let mut text = String::new();
    for n in 0..4 {
        writeln!(text, "commit refs/heads/main\ncommitter A <a@example.com> {} +0000", 1_790_000_000 + n)
            .expect("text");
        let words = if n == 1 { format!("planted {key}") } else { "planted".into() };
        write!(text, "data {}\n{words}\n", words.len()).expect("text");
        if n == 0 {
            text.push_str("from refs/heads/main^0\n");
        }
        let body = if n == 0 { format!("{lines}token = {key}\n") } else { lines.clone() };
        write!(text, "M 100644 inline config/planted.txt\ndata {}\n{body}\n", body.len()).expect("text");
    }
    let mut import =
        Command::new("git").arg("-C").arg(to).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn();
    let import = import.as_mut().expect("git runs");
    import.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("git reads");
    assert!(import.wait().expect("git ends").success());
}

/// The history is written anew, and every so many commits the file changes.
fn many(from: &Path, to: &Path, key: &str) {
    let total: usize = git(from, &["rev-list", "--count", "HEAD"]).parse().expect("a number");
    let first = total / 20;
    let step = ((total - first) / MANY).max(1);
    let args = ["fast-export", "--signed-tags=strip", "--reencode=no", "HEAD"];
    let mut export =
        Command::new("git").arg("-C").arg(from).args(args).stdout(Stdio::piped()).spawn().expect("git runs");
    let mut import = Command::new("git")
        .arg("-C")
        .arg(to)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut input = BufReader::with_capacity(1 << 20, export.stdout.take().expect("a pipe"));
    let mut output = BufWriter::with_capacity(1 << 20, import.stdin.take().expect("a pipe"));
    let (mut commits, mut due) = (0, false);
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).expect("git writes") == 0 {
            break;
        }
        if line.starts_with(b"commit ") {
            commits += 1;
            due = commits >= first && (commits - first).is_multiple_of(step);
            line = b"commit refs/heads/main\n".to_vec();
        } else if line.starts_with(b"reset ") {
            line = b"reset refs/heads/main\n".to_vec();
        } else if line == b"\n" && due {
            due = false;
            let lines = (0..150).map(|n| format!("line {n} of {}\n", if n % 37 == commits % 37 { commits } else { 0 }));
            let mut body = lines.collect::<Vec<_>>().concat();
            writeln!(body, "token = {key}").expect("text");
            write!(output, "M 100644 inline config/planted.txt\ndata {}\n{body}\n", body.len()).expect("git reads");
        }
        output.write_all(&line).expect("git reads");
        if let Some(size) = line.strip_prefix(b"data ") {
            let size: u64 = String::from_utf8_lossy(size).trim().parse().expect("a number");
            std::io::copy(&mut (&mut input).take(size), &mut output).expect("git reads");
        }
    }
    drop(output);
    assert!(import.wait().expect("git ends").success() && export.wait().expect("git ends").success());
}
