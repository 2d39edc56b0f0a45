//! Ids that messages name.

use std::fmt::Write as _;
use std::fs;

use crate::git_cases::Expect::Clean;
use crate::git_cases::{Case, case, old_leak};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(42, "ids in messages: whole, short, upper case, described, another's, tickets", Clean(citing)).and(
            |w, plan| {
                let (new, clean) = (w.git(&["rev-parse", "HEAD~"]), w.git(&["rev-parse", "HEAD~2"]));
                let stays = fs::read_to_string(w.temp().join("stays")).unwrap();
                assert_eq!(w.git(&["log", "-1", "--format=%B"]), format!("{}\n\n{stays}", goes(&new, &clean)));
                assert_eq!((plan.citations_followed, plan.citations_left.len()), (7, 0));
            },
        ),
        case(42, "with `core.abbrev` at 6, six digits are an id as well", Clean(six_digits)).and(|w, plan| {
            let new = w.git(&["rev-parse", "HEAD~"]);
            let words = w.git(&["log", "-1", "--format=%s"]);
            assert!(plan.citations_followed == 0 || words == format!("see {}", &new[..6]), "{words}");
        }),
        case(
            42,
            "a cited commit on another branch, made before, rewritten too",
            Clean(|| {
                let w = World::new();
                w.git(&["checkout", "-q", "-b", "fixes"]);
                w.leak();
                w.write("g", "the fix");
                let fix = w.commit("the fix");
                w.git(&["checkout", "-q", "main"]);
                w.write("h", &w.key);
                w.commit("another leak");
                w.git(&["cherry-pick", "-x", &fix]);
                w.git(&["checkout", "-q", "-b", "clean", "main~2"]);
                w.write("z", "z");
                w.commit(&format!("clean branch, cites {fix}"));
                w
            }),
        )
        .and(|w, plan| {
            let fix = w.git(&["rev-parse", "fixes"]);
            assert!(
                w.git(&["log", "-1", "--format=%b", "main"]).contains(&format!("(cherry picked from commit {fix})"))
            );
            // It keeps its id, and so its message.
            assert_eq!(plan.citations_left.len(), 1);
            assert!(plan.citations_left[0].starts_with(&w.git(&["rev-parse", "clean"])));
        }),
        case(42, "abbreviations that would become ambiguous get longer", Clean(crowded)).and(|w, plan| {
            assert_eq!(plan.citations_followed, 60);
            let body = w.git(&["log", "-1", "--format=%B", "main"]);
            let cited: Vec<&str> = body.lines().filter_map(|line| line.strip_prefix("see ")).collect();
            assert_eq!(cited.len(), 60);
            for (n, word) in cited.iter().enumerate() {
                let subject = w.git(&["log", "-1", "--format=%s", &format!("{word}^{{commit}}")]);
                assert_eq!(subject, format!("work {n}"), "{word} is another's or nobody's");
            }
            assert!(cited.iter().any(|word| word.len() > 4), "none had to grow: {cited:?}");
        }),
        case(
            43,
            "ids in tags' messages, in stash subjects, in logs (`git checkout -`)",
            Clean(|| {
                let w = old_leak();
                let id = w.head();
                w.git(&["tag", "-a", "-m", &format!("release of {id}"), "v1"]);
                w.git(&["checkout", "-q", "--detach", &id]);
                w.git(&["checkout", "-q", "main"]);
                w.write("f", "wip");
                w.git(&["stash", "-q"]);
                w
            }),
        )
        .and(|w, _| {
            let id = w.git(&["rev-parse", "main"]);
            assert_eq!(w.git(&["tag", "-l", "--format=%(contents)", "v1"]), format!("release of {id}"));
            assert!(w.git(&["stash", "list"]).contains(&format!("WIP on main: {} fix", &id[..7])));
            assert!(w.git(&["log", "-1", "--format=%s", "stash"]).contains(&id[..7]));
            w.git(&["checkout", "-q", "-"]);
            assert_eq!(w.head(), id);
        }),
    ]
}

/// Every way to write the id of a commit.
fn goes(id: &str, clean: &str) -> String {
    format!(
        "This reverts commit {id}.\n{} ({}) {} v1-2-g{} {}..{} https://example.com/acme/pay/commit/{id}",
        &id[..7],
        &id[..12],
        id[..10].to_uppercase(),
        &id[..8],
        &id[..7],
        &clean[..7],
    )
}

fn citing() -> World {
    let w = World::new();
    let clean = w.head();
    let leak = w.leak();
    w.git(&["remote", "add", "origin", "git@example.com:acme/pay.git"]);
    // Nobody is to be asked there.
    w.git(&["config", "core.sshCommand", "false"]);
    let stays = format!(
        "{six} x{seven} {clean} 1234567 20240101 deadbeef https://example.com/other/repo/commit/{leak} other/repo@{seven} {leak}0",
        six = &leak[..6],
        seven = &leak[..7],
    );
    let upper = leak[..10].to_uppercase();
    assert!(upper.bytes().any(|b| b.is_ascii_uppercase()) && leak[..7].bytes().any(|b| b.is_ascii_alphabetic()));
    w.git(&["commit", "-q", "--allow-empty", "-m", &format!("{}\n\n{stays}", goes(&leak, &clean))]);
    fs::write(w.temp().join("stays"), stays).unwrap();
    w
}

fn six_digits() -> World {
    let w = World::new();
    let leak = w.leak();
    w.git(&["config", "core.abbrev", "6"]);
    w.git(&["commit", "-q", "--allow-empty", "-m", &format!("see {}", &leak[..6])]);
    w
}

/// 60 commits that change, cited by four digits; 3,000 clean ones whose ids the new abbreviations may meet.
fn crowded() -> World {
    let w = World::new();
    w.git(&["config", "core.abbrev", "4"]);
    let mut stream = String::new();
    let mut commit = |branch: &str, from: &str, n: u32, words: &str, body: &str| {
        let clock = 1_700_100_000 + n;
        write!(
            stream,
            "commit refs/heads/{branch}\ncommitter A <a@b> {clock} +0000\ndata {}\n{words}\n{from}M 100644 inline x\ndata {}\n{body}\n",
            words.len() + 1,
            body.len()
        )
        .unwrap();
    };
    for n in 0..3000 {
        commit("crowd", if n == 0 { "from refs/heads/main\n" } else { "" }, n, &format!("crowd {n}"), "x");
    }
    for n in 0..60 {
        commit(
            "main",
            if n == 0 { "from refs/heads/main^0\n" } else { "" },
            n,
            &format!("work {n}"),
            &format!("{n} {}", w.key),
        );
    }
    w.pipe(&["fast-import", "--quiet"], stream.as_bytes());
    w.git(&["reset", "-q", "--hard", "main"]);
    let mut message = String::from("all of it\n\n");
    for id in w.git(&["rev-list", "--reverse", "-60", "main"]).lines() {
        // The shortest name it has now, with a letter in it.
        let short = w.git(&["rev-parse", "--short=4", id]);
        let more = id.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(39) + 1;
        writeln!(message, "see {}", &id[..short.len().max(more)]).unwrap();
    }
    w.git(&["commit", "-q", "--allow-empty", "-m", &message]);
    w
}
