//! The world around the provider: repository, remote, env files, services, and a folder that survives a kill.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use stanch::base::{Clock, Stamp};
use stanch::drill::truth::Running;
use stanch::drill::{Colleague, Scenario, Script, World, open_clock};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::drill_sim::Play;
use super::gitrepo::GITCONFIG;

fn git(dir: &Path, args: &[&str]) -> String {
    let out = Command::new("git").args(args).current_dir(dir).env("GIT_CONFIG_GLOBAL", GITCONFIG).output().unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Ids of the objects of a repository that hold `token`, asked of git itself.
fn holders(repo: &Path, token: &str) -> Vec<(String, String)> {
    let list = git(repo, &["cat-file", "--batch-check", "--batch-all-objects"]);
    let objects = list.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    });
    objects.filter(|(id, kind)| kind != "tree" && git(repo, &["cat-file", kind, id]).contains(token)).collect()
}

#[tokio::test]
async fn the_repository_and_its_remote_really_hold_the_key() {
    let play = Play::new("friday-push").await;
    let brief = play.world.brief().unwrap();
    let repo = &brief.repos[0];
    let leaked = play.leaked();
    let token = std::str::from_utf8(leaked.expose()).unwrap();
    assert_eq!(git(repo, &["status", "--porcelain"]), "");
    assert!(!repo.join(".env").exists(), "removed in the last commit, and still in the history");

    let kinds = |dir: &Path| {
        let all = holders(dir, token);
        ["blob", "commit", "tag"].map(|kind| all.iter().filter(|(_, k)| k == kind).count())
    };
    // notebooks/labels.py, .env, the stashed app/local.py; the message on wip/retry; the tag v0.2.0.
    assert_eq!(kinds(repo), [3, 1, 1]);
    assert_eq!(kinds(&play.path().join("origin.git")), [2, 0, 1], "the side branch and the stash were not pushed");

    let branches = git(repo, &["branch", "--format=%(refname:short)"]);
    assert_eq!(branches.split_whitespace().collect::<Vec<_>>(), ["feature/labels", "main", "wip/retry"]);
    assert_eq!(git(repo, &["rev-list", "--merges", "--count", "main"]).trim(), "1");
    assert_eq!(git(repo, &["cat-file", "-t", "v0.2.0"]).trim(), "tag");
    assert_eq!(git(repo, &["stash", "list"]).lines().count(), 1);
    assert_eq!(git(repo, &["rev-parse", "main"]), git(repo, &["rev-parse", "origin/main"]));
    let newest = git(repo, &["log", "-1", "--format=%ct", "main"]);
    assert_eq!(newest.trim(), (play.world.start().unwrap().secs() - 12 * 60).to_string());
    git(repo, &["fsck", "--strict"]);
}

#[tokio::test]
async fn a_service_switches_when_it_is_reloaded_and_not_before() {
    let play = Play::new("no-admin-key").await;
    let hook = play.world.hooks().remove(0);
    let folder = hook.place.parent().unwrap();
    let run = |command: &[String]| {
        let out = Command::new(&command[0]).args(&command[1..]).current_dir(folder).output().unwrap();
        (out.status.success(), String::from_utf8(out.stdout).unwrap())
    };
    let now = |play: &Play| play.world.truth(play.clock.now()).unwrap();
    assert_eq!(std::fs::metadata(&hook.place).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(run(&hook.check), (true, "site-search runs the current .env\n".into()));
    assert_eq!(now(&play).services[0].runs, Running::Leaked);

    let fresh = play.world.colleague(Colleague::Issue { name: "n".into() }).await.unwrap().unwrap();
    let (old, new) = (play.leaked(), std::str::from_utf8(fresh.expose()).unwrap());
    let last4 = std::str::from_utf8(&old.expose()[old.expose().len() - 4..]).unwrap().to_owned();
    play.world.colleague(Colleague::Revoke { last4 }).await.unwrap();
    let text = std::fs::read_to_string(&hook.place).unwrap();
    std::fs::write(&hook.place, text.replace(std::str::from_utf8(old.expose()).unwrap(), new)).unwrap();
    play.clock.sleep(90_000).await;
    assert_eq!(now(&play).services[0].runs, Running::Leaked, "written is not reloaded");
    assert!(!run(&hook.check).0);
    assert!(now(&play).made.iter().all(|key| key.alive && !key.in_use));

    assert_eq!(run(&hook.reload), (true, "site-search restarted\n".into()));
    assert!(run(&hook.check).0);
    let truth = now(&play);
    assert_eq!(truth.services[0].runs, Running::Replacement);
    assert_eq!(truth.production_refused_s, 90);
    assert!(truth.made[0].in_use);
    play.clock.sleep(600_000).await;
    assert_eq!(now(&play).production_refused_s, 90, "it runs again");
}

#[tokio::test]
async fn a_killed_drill_goes_on_where_it_was() {
    let play = Play::new("friday-push").await;
    let (dir, path) = (play.path(), play.key_path().await);
    let token = play.leaked();
    play.clock.sleep(120_000).await;
    assert_eq!(play.admin("DELETE", &path, None).await.status, 200);
    assert_eq!(play.probe().await, 401);
    let (keys, start, at) = (play.keys().await, play.world.start().unwrap(), play.clock.now());
    let head = git(&dir.join("prototype"), &["rev-parse", "main"]);
    let Play { world, dir: _folder, .. } = play;
    drop(world);

    let saved = std::fs::read_to_string(dir.join("world.json")).unwrap();
    assert!(!saved.contains(std::str::from_utf8(token.expose()).unwrap()) && !saved.contains("T3BlbkFJ"));
    assert_eq!(std::fs::metadata(dir.join("world.json")).unwrap().permissions().mode() & 0o777, 0o600);

    let scenario = Scenario::load("friday-push").unwrap();
    let clock = open_clock(&scenario, &dir, 0, None).unwrap();
    assert_eq!(clock.now(), at, "a stepped clock goes on at the last change");
    assert!(open_clock(&scenario, &dir, 10, None).unwrap().now() >= at);
    let world = World::open(scenario.clone(), 7, &dir, clock.clone()).await.unwrap();
    let again = Play { world, clock, dir: tempfile::tempdir().unwrap() };
    assert_eq!(again.world.start().unwrap(), start);
    assert_eq!(again.leaked().expose(), token.expose());
    assert_eq!(again.keys().await, keys);
    assert_eq!(git(&dir.join("prototype"), &["rev-parse", "main"]), head, "the repository was not made again");
    // The key had been asked once since its deletion: the flicker goes on at its fourth request.
    assert_eq!([again.probe().await, again.probe().await, again.probe().await], [401, 401, 200]);

    let other = World::open(scenario, 8, &dir, again.clock.clone()).await.unwrap_err();
    assert!(other.what.contains("another drill"), "{other}");
}

#[tokio::test]
async fn half_made_worlds_are_made_anew_and_foreign_folders_left_alone() {
    let scenario = Scenario::load("no-admin-key").unwrap();
    let clock = Clock::stepped(scenario.starts);
    let temp = tempfile::tempdir().unwrap();
    std::fs::write(temp.path().join("mine.txt"), "x").unwrap();
    let fault = World::open(scenario.clone(), 1, temp.path(), clock.clone()).await.unwrap_err();
    assert!(fault.why.contains("no drill made"), "{fault}");
    assert!(temp.path().join("mine.txt").exists());

    let half = tempfile::tempdir().unwrap();
    std::fs::write(half.path().join("THIS-IS-A-DRILL"), "").unwrap();
    std::fs::create_dir_all(half.path().join("website/.git")).unwrap();
    let world = World::open(scenario, 1, half.path(), clock).await.unwrap();
    assert!(world.brief().unwrap().repos[0].join(".git/HEAD").is_file());
}

#[tokio::test]
async fn lines_reach_the_player_in_time() {
    let play = Play::new("friday-push").await;
    let start = play.world.start().unwrap();
    assert!(play.world.injects(start).unwrap().is_empty());
    assert_eq!(play.world.next_inject(start).unwrap(), Some(start.plus_secs(75)));
    assert_eq!(play.world.injects(start.plus_secs(240)).unwrap().len(), 2);
    assert_eq!(play.world.next_inject(start.plus_secs(9999)).unwrap(), None);
}

#[test]
fn shipped_scenarios_read_and_others_are_refused_with_the_reason() {
    let all = Scenario::shipped().unwrap();
    assert_eq!(all.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["friday-push", "storefront", "no-admin-key"]);
    for scenario in &all {
        assert!(!scenario.script.is_empty() && !scenario.hints.is_empty() && scenario.starts > Stamp(0));
    }
    let (_, good) = stanch::drill::scenario::SHIPPED[0];
    let changed = |from: &str, to: &str| Scenario::parse(&good.replacen(from, to, 1), "t").unwrap_err().why;
    for (from, to, why) in [
        ("usage_lag_s", "usage_lag", "usage_lag"),
        ("usd_per_minute = 4.0", "usd_per_minute = 40.0", "come to"),
        ("project = \"research\"", "project = \"nowhere\"", "nowhere"),
        ("path = \".env\"", "path = \"../.env\"", "not a path inside"),
        ("path = \".env\"", "path = \".git/config\"", "not a path inside"),
        ("servers/label-worker/.env", "servers/../../x", "below servers/"),
        ("merge = \"feature/labels\"", "merge = \"nothing\"", "no commit yet"),
        ("one_in = 4", "one_in = 0", "one_in"),
        ("model = \"gpt-5.1\"", "model = \"gpt-99\"", "has no price"),
    ] {
        assert!(changed(from, to).contains(why), "{to}: {}", changed(from, to));
    }
    let own = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(own.path(), good.replacen("id = \"friday-push\"", "id = \"ours\"", 1)).unwrap();
    assert_eq!(Scenario::load(own.path().to_str().unwrap()).unwrap().id, "ours");
    assert!(Scenario::load("no-such").unwrap_err().hints[0].contains("friday-push"));
    assert!(Script::parse("[[script]]\nthink = 3\ndo = \"x\"", "f").is_err());
}

/// The storefront played right, by hand: nobody is refused, and the new key shows that it is used.
#[tokio::test]
async fn production_that_moves_first_is_never_refused() {
    let play = Play::new("storefront").await;
    let (project, row) = play.leaked_row().await;
    let account = row["owner"]["service_account"]["id"].as_str().unwrap().to_owned();
    let accounts = format!("/organization/projects/{project}/service_accounts");
    let body = || Some(serde_json::json!({"name": "storefront-2"}));
    assert_eq!(play.admin("POST", &accounts, body()).await.status, 429);
    let made = play.admin("POST", &accounts, body()).await.json;
    let (new_id, new) = (made["api_key"]["id"].as_str().unwrap(), made["api_key"]["value"].as_str().unwrap());
    let old = play.leaked();
    for hook in play.world.hooks() {
        let text = std::fs::read_to_string(&hook.place).unwrap();
        std::fs::write(&hook.place, text.replace(std::str::from_utf8(old.expose()).unwrap(), new)).unwrap();
        assert!(Command::new(&hook.reload[0]).args(&hook.reload[1..]).output().unwrap().status.success());
    }
    play.world.look().unwrap();
    play.clock.sleep(300_000).await;
    assert_eq!(play.admin("DELETE", &format!("{accounts}/{account}"), None).await.status, 200);
    play.clock.sleep(600_000).await;

    let truth = play.world.truth(play.clock.now()).unwrap();
    assert_eq!(truth.production_refused_s, 0);
    assert!(truth.services.iter().all(|service| service.runs == Running::Replacement));
    let used = play.get(&format!("/organization/projects/{project}/api_keys/{new_id}")).await;
    assert!(used["last_used_at"].as_i64().unwrap() > play.clock.now().secs() - 300, "{used}");
    let usage = format!("/organization/usage/completions?bucket_width=1h&start_time={}", play.clock.now().secs() - 600);
    let sum = async |id: &str| {
        let page = play.get(&format!("{usage}&api_key_ids={id}")).await;
        page["data"].as_array().unwrap().iter().map(|b| b["results"].as_array().unwrap().len()).sum::<usize>()
    };
    assert!(sum(new_id).await > 0, "production's traffic moved along");
    assert_eq!(sum(row["id"].as_str().unwrap()).await, 0, "nothing is left on the old key");
}

#[tokio::test]
async fn the_server_ends_with_its_world() {
    let play = Play::new("friday-push").await;
    let base = play.world.base_url();
    let host = base.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    let mut open = tokio::net::TcpStream::connect(&host).await.unwrap();
    drop(play.world);
    // Whether the request still leaves or not, no answer comes.
    let _ = open.write_all(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let mut heard = Vec::new();
    let _ = open.read_to_end(&mut heard).await;
    assert!(heard.is_empty());
}
