//! The same binary for real: `respond`, against a stand-in given by its address, on real files and a real repository.
//! No drill mode anywhere: what is tested is what runs on the night.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use stanch::base::Clock;
use stanch::base::clock::machine_now;
use stanch::drill::{Scenario, World};

/// Longest a state is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

struct Session {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Session {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, stdin, lines, seen: Vec::new() }
    }

    /// Waits until a line not waited for before holds `words`.
    fn wait(&mut self, words: &str) {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    let found = line.contains(words);
                    self.seen.push(line);
                    if found {
                        return;
                    }
                }
                Err(why) => panic!("never saw {words:?} ({why}); saw:\n{}", self.seen.join("\n")),
            }
        }
    }

    /// The same, for a line that may have come while others were waited for.
    fn has_said(&mut self, words: &str) {
        if !self.seen.iter().any(|line| line.contains(words)) {
            self.wait(words);
        }
    }

    /// Waits for several lines that may come in any order: work on several places runs side by side.
    fn wait_all(&mut self, words: &[&str]) {
        let from = self.seen.len();
        for one in words {
            if !self.seen[from..].iter().any(|line| line.contains(one)) {
                self.wait(one);
            }
        }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }
}

fn stanch(state: &Path, world: &World, admin: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    command
        .env_remove("NO_COLOR")
        .env("STANCH_STATE_DIR", state)
        .env("STANCH_CONFIG", state.join("stanch.toml"))
        .env("STANCH_OPENAI_BASE_URL", world.base_url())
        .env("OPENAI_ADMIN_KEY", admin);
    command
}

#[test]
fn a_live_incident_from_the_key_to_the_clean_history() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::create_dir_all(&state).unwrap();
    let scenario = Scenario::load("friday-push").unwrap();
    let clock = Clock::paced(machine_now(), 1);
    let world = runtime.block_on(World::open(scenario, 7, &folder.path().join("world"), clock)).unwrap();
    let brief = world.brief().unwrap();
    let text = |secret: &stanch::base::Secret| String::from_utf8(secret.expose().to_vec()).unwrap();
    let (leaked, admin) = (text(&world.leaked().unwrap()), text(&world.admin().unwrap().unwrap()));
    std::fs::write(folder.path().join("key"), format!("{leaked}\n")).unwrap();
    let hooks = world.hooks().iter().fold(String::new(), |all, h| {
        all + &format!("[[targets]]\nplace = {:?}\nreload = {:?}\ncheck = {:?}\n", h.place, h.reload, h.check)
    });
    std::fs::write(state.join("stanch.toml"), hooks).unwrap();

    let mut respond = stanch(&state, &world, &admin);
    respond.args(["respond", "--linear", "--found-by", "scanner", "--since", "2026-11-20 10:00", "--key-file"]);
    respond.arg(folder.path().join("key")).arg("--repo").arg(&brief.repos[0]).arg("--env-root").arg(&brief.roots[0]);
    let mut walk = Session::start(respond);
    walk.wait("LIVE");
    walk.wait(" fitted");
    walk.say("a");
    walk.wait("Revoke. Goal");
    walk.say("r");
    walk.wait("and Enter to do it");
    walk.say("nope");
    walk.wait("Type");
    walk.say(&leaked[leaked.len() - 4..]);
    walk.wait("Probed the leaked key: refused");
    assert!(world.truth(machine_now()).unwrap().deleted.is_some(), "the key is gone at its provider");
    walk.say(":issue.issue");
    walk.wait("y and Enter does it");
    walk.say("y");
    walk.wait("Probed the new key: live");
    walk.say(":targets.write");
    walk.wait("y and Enter does it");
    walk.say("y");
    walk.wait_all(&["mail-digest/.env.local back: it held", "label-worker/.env back: it held"]);
    walk.say(":targets.reload");
    walk.wait("y and Enter does it");
    walk.say("y");
    // Without figures the verdict, later, would need words as well.
    walk.has_said("Read the usage");
    // A write that still runs would make leaving a question.
    walk.wait_all(&["Ran the reload command of mail-digest", "Ran the reload command of label-worker"]);
    walk.say("q");
    let code = walk.child.wait().unwrap().code();
    assert_eq!(code, Some(3), "steps are open");

    let all = walk.seen.join("\n");
    assert!(!all.contains(&leaked) && !all.contains(&admin), "no key on the screen");
    let env = std::fs::read_to_string(brief.roots[0].join("label-worker/.env")).unwrap();
    assert!(!env.contains(&leaked) && env.starts_with("# label-worker\nMODEL=gpt-5-mini\nOPENAI_API_KEY=sk-"));

    resumes_and_purges(&state, &world, &admin, folder.path(), &brief.repos[0]);
}

/// Another process, later: the leaked key is given again, the new one comes back from the file it was written to.
fn resumes_and_purges(state: &Path, world: &World, admin: &str, folder: &Path, repo: &Path) {
    let mut resume = stanch(state, world, admin);
    resume.args(["resume", "--linear", "--key-file"]).arg(folder.join("key"));
    let mut walk = Session::start(resume);
    walk.wait("LIVE");
    walk.say(":targets.prove");
    walk.wait("Ran the check command of mail-digest");
    walk.say(":purge.plan");
    walk.wait("Planned");
    walk.say(":purge.switch");
    walk.wait("and Enter to do it");
    walk.say(&repo.file_name().unwrap().to_string_lossy());
    walk.wait("Asked git itself");
    walk.say(":usage.verdict");
    walk.wait("Type a number");
    walk.say("1");
    walk.wait("Recorded the verdict");
    walk.say("q");
    walk.child.wait().unwrap();
    let all = walk.seen.join("\n");
    assert!(all.contains("checks: clean"), "{all}");

    let export = stanch(state, world, admin).args(["export", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&export.stdout).unwrap();
    assert_eq!(report["mode"], "live");
    assert_eq!(report["stages"][1]["id"], "revoke");
    assert_eq!(report["found_by"], "scanner");
}
