//! Size: many commits, many refs, a large file; in short, and in full when asked for.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

use crate::git_cases::Expect::{Clean, Course};
use crate::git_cases::{Case, SKIPPED, case};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            46,
            "600 commits on three branches with merges, 10,000 tags",
            Clean(|| {
                let w = many_commits();
                let commits = w.git(&["rev-list", "main"]);
                let tags = commits.lines().cycle().take(10_000).enumerate();
                let tags = tags.map(|(n, id)| format!("create refs/tags/t{n} {id}\n")).collect::<Vec<_>>().concat();
                w.pipe(&["update-ref", "--stdin"], tags.as_bytes());
                w
            }),
        )
        .and(|w, plan| {
            assert_eq!(plan.commits_total, 600);
            assert!(plan.refs.len() > 8000 && w.git(&["tag"]).lines().count() == 10_000);
        }),
        case(
            46,
            "a 2 MB text with the key across a 64 KiB boundary",
            Clean(|| {
                let w = World::new();
                let line = "0123456789abcde\n".repeat(4096);
                let mut text = line.repeat(32);
                text.insert_str(65_536 - 20, &w.key);
                w.write("big", text);
                w.commit("big");
                w
            }),
        ),
        case(46, "in full: 300 MB of text, 50,000 commits, 10,000 branches", Course(full_size)),
    ]
}

/// The whole sizes, in a process of its own whose memory is measured. Minutes: only when it is asked for.
fn full_size() -> String {
    if std::env::var_os("STANCH_FULL").is_none() {
        return format!("{SKIPPED}takes minutes; STANCH_FULL=1 runs it");
    }
    let w = World::empty(&[]);
    let mut stream = Vec::with_capacity(330 << 20);
    let line = "0123456789abcde\n";
    let mut text = line.repeat(300 * 65_536);
    // Across a 64 KiB boundary at the start, in the middle, and as the last bytes.
    for at in [65_536 - 20, 150 << 20, text.len()] {
        text.insert_str(at, &w.key);
    }
    stream.extend_from_slice(b"blob\nmark :900000\n");
    stream.extend_from_slice(format!("data {}\n", text.len()).as_bytes());
    stream.extend_from_slice(text.as_bytes());
    drop(text);
    stream.push(b'\n');
    for n in 1..=50_000_u32 {
        let clock = 1_600_000_000 + n * 60;
        let body = format!("n={n} k={}\n", if n % 997 == 5 { w.key.as_str() } else { "clean" });
        let big = if n == 25_000 { "M 100644 :900000 big\n" } else { "" };
        let gone = if n == 25_001 { "D big\n" } else { "" };
        stream.extend_from_slice(
            format!(
                "commit refs/heads/main\nmark :{n}\ncommitter A <a@b> {clock} +0000\ndata 2\nc\n{big}{gone}M 100644 inline dir/{}/file\ndata {}\n{body}\n",
                n % 200,
                body.len()
            )
            .as_bytes(),
        );
    }
    for n in 1..=10_000 {
        stream.extend_from_slice(format!("reset refs/heads/b{n}\nfrom :{}\n\n", n * 5).as_bytes());
    }
    w.pipe(&["fast-import", "--quiet", "--force"], &stream);
    drop(stream);
    w.git(&["reset", "-q", "--hard", "main"]);
    w.git(&["pack-refs", "--all"]);
    let mut most = 0;
    let mut run = |args: &[&str]| {
        let since = std::time::Instant::now();
        let (code, said, peak) = measured(&w, args);
        most = most.max(peak);
        (code, said, since.elapsed().as_secs())
    };
    let (code, said, planned) = run(&["purge", "--plan", "--json"]);
    assert_eq!(code, Some(3), "{said}");
    let plan: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(plan["refs"].as_array().unwrap().len() > 9_990 && plan["commits_total"] == 50_000);
    let (code, said, applied) = run(&["purge", "--apply", "--yes=work"]);
    assert_eq!(code, Some(0), "{said}");
    w.whole();
    let out = w
        .command(&w.repo, &["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"])
        .output()
        .unwrap();
    assert!(out.status.success() && memchr::memmem::find(&out.stdout, w.key.as_bytes()).is_none(), "a copy is left");
    let (code, said, _) = run(&["purge", "--plan"]);
    assert!(code == Some(0) && said.contains("Nothing to do"), "{said}");
    format!("clean: planned in {planned} s, applied and proven in {applied} s, {most} MiB at most")
}

/// The program with `args`: its exit code, what it said, and the most memory it held, in MiB.
fn measured(w: &World, args: &[&str]) -> (Option<i32>, String, u64) {
    let key = w.temp().join("key-file");
    fs::write(&key, &w.key).unwrap();
    let out = fs::File::create(w.temp().join("said")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_stanch"))
        .args(args)
        .arg("--repo")
        .arg(&w.repo)
        .arg("--key-file")
        .arg(&key)
        .env("STANCH_STATE_DIR", w.temp().join("state/incidents"))
        .env("STANCH_CONFIG", "/dev/null")
        .stdout(out)
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut most = 0;
    let code = loop {
        // Its high water, as the kernel keeps it; gone with the process, so it is looked at while it runs.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(peak.unwrap_or(0_u64));
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    (code, fs::read_to_string(w.temp().join("said")).unwrap(), most >> 10)
}

fn many_commits() -> World {
    let w = World::empty(&[]);
    let mut stream = String::new();
    for n in 1..=600u32 {
        let clock = 1_700_000_000 + n * 60;
        let branch = ["main", "dev", "fix"][(n % 3) as usize];
        let from = if n == 2 || n == 3 { "from refs/heads/dev\n" } else { "" };
        let merge = if n % 50 == 0 && n > 10 {
            format!("merge refs/heads/{}\n", ["dev", "fix", "main"][(n % 3) as usize])
        } else {
            String::new()
        };
        let key = if n % 97 == 5 { w.key.as_str() } else { "clean" };
        let body = format!("n={n} k={key}\n");
        let message = format!("commit {n}\n");
        write!(
            stream,
            "commit refs/heads/{branch}\ncommitter A <a@b> {clock} +0000\ndata {}\n{message}{from}{merge}M 100644 inline dir/{}/file\ndata {}\n{body}\n",
            message.len(),
            n % 20,
            body.len()
        )
        .unwrap();
    }
    w.pipe(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    w.git(&["reset", "-q", "--hard", "main"]);
    w
}
