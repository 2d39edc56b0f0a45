//! Where it happens: a simulated provider with a leaked key, and repositories of 10,000 commits that hold it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stanch::drill::{Scenario, World, open_clock};
use tempfile::TempDir;

pub(crate) const COMMITS: u32 = 10_000;
/// Copies of the repository: more than are scanned at a time.
const COPIES: usize = 4;

pub(crate) struct Place {
    dir: TempDir,
    pub(crate) world: World,
    /// Files with the leaked key alone in it.
    pub(crate) key_file: PathBuf,
    pub(crate) admin: String,
    pub(crate) last4: String,
    pub(crate) repos: Vec<PathBuf>,
    pub(crate) objects: u64,
}

impl Place {
    pub(crate) fn new(runtime: &tokio::runtime::Runtime) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let world = world(runtime, &dir.path().join("world"));
        let leaked = world.leaked().unwrap();
        let key = std::str::from_utf8(leaked.expose()).unwrap();
        let key_file = dir.path().join("key");
        std::fs::write(&key_file, key).unwrap();
        std::fs::set_permissions(&key_file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let admin = String::from_utf8(world.admin().unwrap().unwrap().expose().to_vec()).unwrap();
        let first = dir.path().join("repo0.git");
        let objects = history(&first, key);
        let mut repos = vec![first.clone()];
        for n in 1..COPIES {
            let copy = dir.path().join(format!("repo{n}.git"));
            git(dir.path(), &["clone", "--quiet", "--mirror", first.to_str().unwrap(), copy.to_str().unwrap()]);
            repos.push(copy);
        }
        let last4 = key[key.len() - 4..].to_owned();
        Self { dir, world, key_file, admin, last4, repos, objects }
    }

    /// A fresh world of its own, for what changes it.
    pub(crate) fn another_world(&self, runtime: &tokio::runtime::Runtime, name: &str) -> World {
        world(runtime, &self.dir.path().join(name))
    }

    /// The program's environment, with incidents of their own and the provider at `base`.
    pub(crate) fn env<'a>(&'a self, state: &'a str, base: &'a str) -> Vec<(&'a str, &'a str)> {
        let home = self.dir.path().to_str().unwrap();
        vec![
            ("HOME", home),
            ("STANCH_STATE_DIR", state),
            ("STANCH_OPENAI_BASE_URL", base),
            ("OPENAI_ADMIN_KEY", &self.admin),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("LANG", "C.UTF-8"),
        ]
    }

    /// A place for incidents.
    pub(crate) fn state(&self, name: &str) -> String {
        self.dir.path().join("state").join(name).to_str().unwrap().to_owned()
    }
}

fn world(runtime: &tokio::runtime::Runtime, dir: &Path) -> World {
    let scenario = Scenario::load("friday-push").unwrap();
    let clock = open_clock(&scenario, dir, 1, None).unwrap();
    clock.start();
    runtime.block_on(World::open(scenario, 1, dir, clock)).unwrap()
}

pub(crate) fn address(world: &World) -> SocketAddr {
    let base = world.base_url();
    base.trim_start_matches("http://").trim_end_matches("/v1").parse().unwrap()
}

fn git(dir: &Path, args: &[&str]) -> String {
    let mut git = Command::new("git");
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").current_dir(dir).args(args);
    let done = git.output().unwrap();
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A bare repository of [`COMMITS`] commits, each with one new file three folders deep, the key in every hundredth.
/// Gives the number of objects.
fn history(path: &Path, key: &str) -> u64 {
    let folder = path.parent().unwrap();
    git(folder, &["init", "--quiet", "--bare", path.to_str().unwrap()]);
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet", "--done"])
        .current_dir(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut into = std::io::BufWriter::new(import.stdin.take().unwrap());
    let mut noise = 7_u32;
    for n in 0..COMMITS {
        let mut text = String::new();
        for line in 0..30 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let _ = writeln!(text, "setting_{line} = {noise:x}{n:x} # value {} of the day", noise >> 7);
        }
        if n % 100 == 7 {
            let _ = writeln!(text, "OPENAI_API_KEY={key}");
        }
        let (when, size) = (1_700_000_000 + n, text.len());
        writeln!(into, "commit refs/heads/main\ncommitter A <a@drill.example> {when} +0000\ndata 6\nchange").unwrap();
        let (a, b) = (n % 23, n / 23 % 31);
        writeln!(into, "M 100644 inline src/d{a}/e{b}/f{}.toml\ndata {size}\n{text}", n % 5).unwrap();
    }
    writeln!(into, "done").unwrap();
    into.flush().unwrap();
    drop(into);
    assert!(import.wait().unwrap().success());
    let count = git(path, &["count-objects", "-v"]);
    let figure = |name: &str| count.lines().find_map(|l| l.strip_prefix(name)).unwrap().trim().parse::<u64>().unwrap();
    figure("count:") + figure("in-pack:")
}
