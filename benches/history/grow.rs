//! How time and memory grow with the history: made-up repositories of 1,000, 10,000 and 100,000 commits, the key in few.
//!
//! Must not know: how the engine works.

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cost::{Cost, RUNS, median, said, timed};
use crate::plant;
use crate::purge::fresh;

/// Commits of each history.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

pub(crate) fn run() {
    println!("\ngrowth: seconds (MB of the largest process), median of {RUNS}; goals: linear, at most 600 MB");
    println!(
        "{:>9} {:>9} {:>16} {:>16} {:>16} {:>22} {:>22}",
        "commits", "objects", "find", "plan", "whole purge", "find, us per object", "purge, us per object"
    );
    for commits in SIZES {
        let temp = tempfile::tempdir().expect("a folder");
        let repo = temp.path().join("made.git");
        let key = plant::key();
        make(&repo, &key, commits);
        std::fs::write(temp.path().join("key"), &key).expect("a file");
        let at = |path: &Path| path.to_string_lossy().into_owned();
        let (dir, key_file) = (at(&repo), at(&temp.path().join("key")));
        let stanch = env!("CARGO_BIN_EXE_stanch");
        let cost = |args: &[&str], fine| median((0..RUNS).filter_map(|_| timed(temp.path(), args, fine)).collect());
        let find = cost(&[stanch, "find", "--repo", &dir, "--key-file", &key_file, "--json"], 3);
        let plan = cost(&[stanch, "purge", "--repo", &dir, "--key-file", &key_file, "--plan", "--json"], 3);
        let me = at(&std::env::current_exe().expect("this program"));
        let (work, backup) = (temp.path().join("work.git"), temp.path().join("backup"));
        let purge = median(
            (0..RUNS)
                .filter_map(|_| {
                    fresh(&repo, &work);
                    let _ = std::fs::remove_dir_all(&backup);
                    timed(temp.path(), &[&me, "--child", "apply", &at(&work), &at(&backup), &key_file], 0)
                })
                .collect(),
        );
        let counted = plant::git(&repo, &["count-objects", "-v"]);
        let objects: f64 =
            counted.lines().find_map(|line| line.strip_prefix("in-pack: ")?.parse().ok()).unwrap_or_default();
        let each = |cost: Option<Cost>| cost.map_or("-".into(), |c| format!("{:.2}", 1e6 * c.seconds / objects));
        println!(
            "{commits:>9} {objects:>9} {:>16} {:>16} {:>16} {:>22} {:>22}",
            said(find),
            said(plan),
            said(purge),
            each(find),
            each(purge)
        );
    }
}

/// Files three folders deep, one changed at a time; a side branch is merged now and then; the key comes and goes ten times.
fn make(repo: &Path, key: &str, commits: usize) {
    plant::git(Path::new("/"), &["init", "-q", "--bare", "-b", "main", &repo.to_string_lossy()]);
    let mut import = Command::new("git");
    import.arg("-C").arg(repo).args(["fast-import", "--quiet"]).stdin(Stdio::piped());
    let mut child = import.spawn().expect("git runs");
    let mut out = BufWriter::with_capacity(1 << 20, child.stdin.take().expect("a pipe"));
    let mut lines: Vec<Vec<String>> =
        (0..200).map(|f| (0..60).map(|n| format!("file {f} line {n} as it was at first")).collect()).collect();
    for n in 1..=commits {
        let file = n * 7919 % lines.len();
        let step = (commits / 10).max(2);
        if let Some(line) = lines.get_mut(file).and_then(|lines| lines.get_mut(n * 31 % 60)) {
            *line = format!("line changed by commit {n}, which had its reasons");
        }
        let mut body = lines.get(file).map(|lines| lines.join("\n")).unwrap_or_default();
        if n % step == step / 2 {
            body.extend(["\ntoken = ", key]);
        }
        write!(
            out,
            "commit refs/heads/main\nmark :{n}\ncommitter A <a@example.com> {} +0000\ndata 9\nchange it\n",
            1_000_000_000 + 60 * n
        )
        .and_then(|()| if n % 10 == 0 && n > 9 { writeln!(out, "merge :{}", n - 9) } else { Ok(()) })
        .and_then(|()| {
            let path = format!("src/part{}/area{}/file{file}.txt", file % 7, file % 31);
            write!(out, "M 100644 inline {path}\ndata {}\n{body}\n", body.len())
        })
        .expect("git reads");
    }
    drop(out);
    assert!(child.wait().expect("git ends").success());
    plant::git(repo, &["repack", "-q", "-a", "-d"]);
}
