//! The history engine against git itself: hiding places, exactness of the rewrite, refusals, undo, push, power cuts.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use stanch::base::FaultKind;
use stanch::effect::git::{CopyKind, GitReply};
use stanch::git;

use crate::gitrepo::World;

const MARK: &str = "REMOVED-BY-STANCH";

// ---- hiding places

#[test]
fn an_old_commit_is_cleaned_and_the_history_before_it_keeps_its_ids() {
    let world = World::new();
    let first = world.head();
    world.old_leak();
    let plan = world.purge();
    assert_eq!((plan.commits_changed, plan.commits_total), (2, 3));
    assert_eq!(plan.phrase, "work");
    assert_eq!(plan.files, ["f"]);
    assert_eq!(plan.first_changed.len(), 1);
    assert!(
        plan.diff.contains(&"-k=[leaked]".to_owned()) && plan.diff.contains(&format!("+k={MARK}")),
        "{:?}",
        plan.diff
    );
    assert!(!plan.push_needed);
    assert_eq!(world.git(&["rev-parse", "HEAD~2"]), first);
    assert_eq!(world.git(&["log", "--format=%s"]), "fix\nleak\nbase");
    assert!(world.git(&["show", "HEAD~1:f"]).ends_with(&format!("k={MARK}")));
}

#[test]
fn a_key_in_head_is_replaced_in_the_file_and_nothing_else_changes() {
    let world = World::new();
    let content = format!("a\r\nk={}\r\nz", world.key);
    world.write("x", &content);
    fs::set_permissions(world.repo.join("x"), fs::Permissions::from_mode(0o755)).unwrap();
    world.commit("leak");
    world.git(&["branch", "b"]);
    world.write("untracked", "stays");
    world.purge();
    assert_eq!(world.read("x"), content.replace(&world.key, MARK).into_bytes());
    assert_eq!(fs::metadata(world.repo.join("x")).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(world.git(&["status", "--porcelain"]), "?? untracked");
    assert_eq!(world.git(&["rev-parse", "main"]), world.git(&["rev-parse", "b"]));
    assert!(world.git(&["ls-tree", "HEAD", "x"]).starts_with("100755"));
}

#[test]
fn an_evil_merge_and_an_octopus_keep_their_shape() {
    let world = World::new();
    for side in ["one", "two", "three"] {
        world.git(&["checkout", "-q", "-b", side, "main"]);
        world.write(side, side);
        world.commit(side);
    }
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "--no-ff", "--no-commit", "one"]);
    world.write("evil", &world.key);
    world.commit("evil merge");
    world.git(&["rm", "-q", "evil"]);
    world.commit("gone");
    world.git(&["merge", "-q", "-m", "octopus", "two", "three"]);
    let shape = world.git(&["log", "--graph", "--format=%s %an %ad"]);
    let sides = world.git(&["rev-parse", "one", "two", "three"]);
    world.purge();
    assert_eq!(world.git(&["log", "--graph", "--format=%s %an %ad"]), shape);
    assert_eq!(world.git(&["rev-parse", "one", "two", "three"]), sides);
    assert_eq!(world.git(&["rev-parse", "HEAD^2", "HEAD^3"]), sides.split_once('\n').unwrap().1);
}

#[test]
fn three_stashes_keep_their_order_and_apply() {
    let world = World::new();
    let k = world.key.clone();
    world.write("f", format!("base\n1 {k}\n"));
    world.git(&["stash", "push", "-q", "-m", "first"]);
    world.write("f", format!("base\n2 {k}\n"));
    world.git(&["add", "f"]);
    world.git(&["stash", "push", "-q", "-m", &format!("second {k}")]);
    world.write("u", format!("3 {k}\n"));
    world.git(&["stash", "push", "-q", "-u", "-m", "third"]);
    world.purge();
    let list = world.git(&["stash", "list", "--format=%gs"]);
    assert_eq!(list, format!("On main: third\nOn main: second {MARK}\nOn main: first"));
    for (n, path, content) in [(0, "u", "3"), (1, "f", "base\n2"), (2, "f", "base\n1")] {
        world.git(&["stash", "apply", "-q", &format!("stash@{{{n}}}")]);
        assert_eq!(String::from_utf8(world.read(path)).unwrap(), format!("{content} {MARK}\n"));
        world.git(&["reset", "-q", "--hard"]);
        world.git(&["clean", "-qfd"]);
    }
}

#[test]
fn what_only_a_reflog_holds_goes_without_moving_a_ref() {
    let world = World::new();
    world.leak();
    world.git(&["reset", "-q", "--hard", "HEAD~"]);
    let refs = world.git(&["for-each-ref"]);
    let map = world.find();
    assert!(map.copies.iter().any(|c| c.what == CopyKind::Blob && !c.reachable && c.remedy.contains("reflog")));
    let plan = world.purge();
    assert!(plan.refs.is_empty() && plan.prune_only >= 1 && !plan.push_needed);
    assert_eq!(plan.commits_changed, 0);
    // The reset wrote ORIG_HEAD: it led to the lost commit.
    assert!(!world.repo.join(".git/ORIG_HEAD").exists());
    assert_eq!(world.git(&["for-each-ref"]), refs);
    assert!(world.git(&["reflog"]).contains("commit (initial): base"));
}

#[test]
fn a_blob_that_was_never_committed_is_pruned() {
    let world = World::new();
    world.write("x", &world.key);
    world.git(&["add", "x"]);
    world.git(&["rm", "-q", "--cached", "x"]);
    fs::remove_file(world.repo.join("x")).unwrap();
    let plan = world.purge();
    assert_eq!(plan.prune_only, 1);
    assert_eq!(plan.copies[0].remedy, "prune; nothing reaches it, no ref changes, nothing to push");
}

#[test]
fn messages_of_normal_empty_merge_and_delete_commits() {
    let world = World::new();
    let k = world.key.clone();
    world.git(&["commit", "-q", "--allow-empty", "-m", &format!("empty {k}\n\nCo-authored-by: A {k} <a@b>")]);
    world.git(&["checkout", "-q", "-b", "side"]);
    world.write("s", "s");
    world.commit(&format!("side {k}"));
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "--no-ff", "-m", &format!("merge {k}"), "side"]);
    world.git(&["rm", "-q", "s"]);
    world.git(&["commit", "-q", "-m", &format!("delete {k}")]);
    let plan = world.purge();
    assert!(plan.files.is_empty());
    let log = world.git(&["log", "--format=%B"]);
    assert_eq!(log.matches(MARK).count(), 5, "{log}");
}

#[test]
fn names_of_people_and_other_headers_stay_byte_for_byte() {
    let world = World::new();
    let tree = world.git(&["rev-parse", "HEAD^{tree}"]);
    let parent = world.head();
    let raw = format!(
        "tree {tree}\nparent {parent}\nauthor N {k} <a@b> 1700000000 -0730\ncommitter \u{e9} <{k}@x> 1700000001 +0545\n\
         encoding ISO-8859-1\nHG:extra x\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\
         change-id abcdef\n\nno newline at the end",
        k = world.key
    );
    let mut bytes = raw.clone().into_bytes();
    bytes.push(0xe9);
    let id = world.pipe(&["hash-object", "-t", "commit", "--literally", "-w", "--stdin"], &bytes);
    world.git(&["reset", "-q", "--hard", &id]);
    let plan = world.plan();
    world.apply(&plan.id);
    assert_eq!(plan.signatures_lost, [id]);
    let mut want = raw.replace(&world.key, MARK).into_bytes();
    let (from, to) = (raw.find("gpgsig").unwrap(), raw.find("change-id").unwrap());
    let shrunk = raw[..from].matches(&world.key).count() * (world.key.len() - MARK.len());
    want.drain(from - shrunk..to - shrunk);
    want.push(0xe9);
    let out = world.command(&world.repo, &["cat-file", "commit", "HEAD"]).output().unwrap().stdout;
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&want));
    assert_eq!(out, want);
    assert!(world.copies(&world.key).is_empty());
}

#[test]
fn a_signature_before_the_leak_survives() {
    let world = World::new();
    let tree = world.git(&["rev-parse", "HEAD^{tree}"]);
    let raw = format!("tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\ngpgsig sig\n\nsigned\n");
    let id = world.pipe(&["hash-object", "-t", "commit", "-w", "--stdin"], raw.as_bytes());
    world.git(&["reset", "-q", "--hard", &id]);
    world.old_leak();
    let plan = world.purge();
    assert!(plan.signatures_lost.is_empty());
    assert_eq!(world.git(&["rev-parse", "HEAD~2"]), id);
}

#[test]
fn annotated_tags_tags_of_tags_and_their_signatures() {
    let world = World::new();
    world.git(&["tag", "-a", "-m", "untouched", "v0"]);
    let v0 = world.git(&["rev-parse", "v0"]);
    world.leak();
    let signed = format!("v1 {}\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n", world.key);
    world.git(&["tag", "-a", "-m", &signed, "v1"]);
    let v1 = world.git(&["rev-parse", "v1"]);
    world.git(&["tag", "-a", "-m", "tag of a tag", "v2", "v1"]);
    world.git(&["tag", "light"]);
    world.git(&["tag", "-a", "-m", "of a blob", "blob", "HEAD:f"]);
    world.git(&["tag", "-a", "-m", "of a tree", "tree", "HEAD^{tree}"]);
    let tagger = world.git(&["for-each-ref", "--format=%(refname) %(tagger) %(*objecttype)", "refs/tags"]);
    let plan = world.purge();
    assert_eq!(plan.signatures_lost, [v1]);
    assert_eq!(world.git(&["rev-parse", "v0"]), v0);
    assert_eq!(world.git(&["for-each-ref", "--format=%(refname) %(tagger) %(*objecttype)", "refs/tags"]), tagger);
    let head = world.head();
    for tag in ["v1^{commit}", "v2^{commit}", "light"] {
        assert_eq!(world.git(&["rev-parse", tag]), head, "{tag}");
    }
    assert_eq!(world.git(&["cat-file", "-t", "v2"]), "tag");
    assert_eq!(world.git(&["tag", "-l", "--format=%(contents)", "v1"]), format!("v1 {MARK}"));
    assert_eq!(world.git(&["rev-parse", "tree^{tree}"]), world.git(&["rev-parse", "HEAD^{tree}"]));
}

#[test]
fn notes_follow_their_commits() {
    let world = World::new();
    world.git(&["notes", "add", "-m", "on the first"]);
    world.leak();
    world.git(&["notes", "add", "-m", &format!("n {}", world.key)]);
    world.git(&["notes", "--ref=ci", "add", "-m", "green"]);
    world.purge();
    assert_eq!(world.git(&["notes", "show", "HEAD"]), format!("n {MARK}"));
    assert_eq!(world.git(&["notes", "show", "HEAD~1"]), "on the first");
    assert_eq!(world.git(&["notes", "--ref=ci", "show", "HEAD"]), "green");
    assert_eq!(world.git(&["notes", "list"]).lines().count(), 2);
}

#[test]
fn many_notes_with_folders_stay_readable() {
    let world = World::new();
    world.leak();
    let tree = world.git(&["rev-parse", "HEAD^{tree}"]);
    let mut ids = Vec::new();
    let mut parent = world.head();
    for n in 0..300 {
        parent = world.git(&["commit-tree", "-p", &parent, "-m", &format!("c{n}"), &tree]);
        ids.push(parent.clone());
    }
    world.git(&["reset", "-q", "--hard", &parent]);
    let blob = world.pipe(&["hash-object", "-w", "--stdin"], b"a note\n");
    let mut stream = String::from("commit refs/notes/commits\ncommitter A <a@b> 1 +0000\ndata 0\n");
    for id in &ids {
        writeln!(stream, "N {blob} {id}").unwrap();
    }
    world.pipe(&["fast-import", "--quiet"], stream.as_bytes());
    assert!(world.git(&["ls-tree", "refs/notes/commits"]).contains(" tree "), "no fan-out");
    let plan = world.purge();
    assert_eq!(plan.commits_changed, 302);
    assert_eq!(world.git(&["log", "-300", "--format=%N"]).matches("a note").count(), 300);
}

#[test]
fn a_symlinks_target_and_a_files_name() {
    let world = World::new();
    let k = world.key.clone();
    std::os::unix::fs::symlink(format!("/x/{k}"), world.repo.join("link")).unwrap();
    world.write(&format!("d-{k}/{k}.txt"), "x");
    world.write(&format!("d-{MARK}/taken"), "y");
    world.write("d", "file");
    world.commit("names");
    world.purge();
    assert_eq!(fs::read_link(world.repo.join("link")).unwrap().to_str().unwrap(), format!("/x/{MARK}"));
    assert!(world.git(&["ls-tree", "HEAD", "link"]).starts_with("120000"));
    assert_eq!(world.git(&["ls-files"]), format!("d\nd-{MARK}-2/{MARK}.txt\nd-{MARK}/taken\nf\nlink"));
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert!(!world.repo.join(format!("d-{k}")).exists());
}

#[test]
fn every_encoding_is_found_and_replaced_in_kind() {
    let world = World::new();
    let k = world.key.clone();
    let b64 = base64::engine::general_purpose::STANDARD;
    let wide: Vec<u8> = format!("\u{feff}k={k}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex = stanch::base::id::hex(k.as_bytes()).to_uppercase();
    world.write("utf16", wide);
    world.write("b64-0", b64.encode(&k));
    world.write("b64-1", b64.encode(format!("u{k}:")));
    world.write("b64-2", b64.encode(format!("us{k}:tail")));
    world.write("hex", hex);
    world.write("bin", [b"a\0k=", k.as_bytes(), b"\0"].concat());
    let lines: Vec<String> = b64
        .encode(format!("user:{k}:more"))
        .as_bytes()
        .chunks(30)
        .map(|c| String::from_utf8_lossy(c).into_owned())
        .collect();
    world.write("wrapped", lines.join("\n"));
    world.commit("forms");
    let forms: Vec<String> = world.find().copies.into_iter().map(|c| c.form).collect();
    for form in ["plain", "utf-16le", "base64", "hex"] {
        assert!(forms.iter().any(|f| f == form), "{form} not in {forms:?}");
    }
    world.purge();
    let text = b64.decode(world.read("b64-2")).unwrap();
    assert!(text.starts_with(b"us") && text.ends_with(b":tail"));
    assert_eq!(world.read("bin").len(), k.len() + 5);
    assert_eq!(world.read("utf16")[..2], [0xff, 0xfe]);
}

#[test]
fn leftover_files_of_the_git_directory() {
    let world = World::new();
    let k = world.key.clone();
    world.git(&["remote", "add", "old", &format!("https://u:{k}@example.invalid/r")]);
    world.write(".git/COMMIT_EDITMSG", format!("draft {k}\n"));
    world.write(".git/rr-cache/ab/preimage", format!("<<<\n{k}\n"));
    world.write(".git/hooks/pre-push", format!("#!/bin/sh\ncurl -H {k}\n"));
    fs::set_permissions(world.repo.join(".git/hooks/pre-push"), fs::Permissions::from_mode(0o755)).unwrap();
    let plan = world.purge();
    assert_eq!(plan.copies.iter().filter(|c| c.what == CopyKind::Leftover).count(), 4);
    assert_eq!(world.git(&["remote", "get-url", "old"]), format!("https://u:{MARK}@example.invalid/r"));
    assert_eq!(fs::metadata(world.repo.join(".git/hooks/pre-push")).unwrap().permissions().mode() & 0o777, 0o755);
    world.undo(&plan.id);
    assert_eq!(world.git(&["remote", "get-url", "old"]), format!("https://u:{k}@example.invalid/r"));
}

// ---- shapes

#[test]
fn a_detached_head_a_bare_repository_and_an_unborn_branch() {
    let world = World::new();
    world.leak();
    world.git(&["checkout", "-q", "--detach"]);
    let plan = world.purge();
    assert!(plan.refs.iter().any(|m| m.name == "HEAD"));
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.git(&["rev-parse", "main"]));

    let mut world = World::new();
    world.leak();
    let bare = world.temp().join("bare.git");
    world.git_in(world.temp(), &["clone", "-q", "--bare", "--no-local", "work", "bare.git"]);
    world.repo = bare;
    assert_eq!(world.purge().phrase, "bare.git");

    let world = World::empty(&[]);
    assert!(world.plan().nothing_to_do);
    assert!(world.find().copies.is_empty());
}

#[test]
fn packed_refs_packs_cruft_packs_and_a_commit_graph() {
    let world = World::new();
    world.old_leak();
    world.git(&["tag", "t"]);
    world.git(&["checkout", "-q", "-b", "gone"]);
    world.leak();
    world.git(&["checkout", "-q", "main"]);
    world.git(&["branch", "-q", "-D", "gone"]);
    world.git(&["reflog", "expire", "--expire=now", "--all"]);
    world.git(&["gc", "-q", "--cruft", "--prune=never"]);
    world.git(&["commit-graph", "write", "--reachable"]);
    world.git(&["multi-pack-index", "write"]);
    world.git(&["pack-refs", "--all"]);
    assert!(
        crate::gitrepo::walk(&world.repo.join(".git/objects/pack"))
            .iter()
            .any(|p| p.extension().is_some_and(|e| e == "mtimes"))
    );
    let before = world.dump();
    let plan = world.purge();
    assert!(world.repo.join(".git/objects/info/commit-graph").exists());
    world.undo(&plan.id);
    assert_eq!(world.dump(), before);
    world.whole();
}

#[test]
fn a_replaced_commit_is_found_behind_its_replacement() {
    let world = World::new();
    world.leak();
    let clean = world.git(&["commit-tree", "-p", "HEAD~", "-m", "c", "HEAD~^{tree}"]);
    world.git(&["replace", "HEAD", &clean]);
    let old = world.git(&["rev-parse", "refs/heads/main"]);
    world.purge();
    let new = world.git(&["rev-parse", "refs/heads/main"]);
    assert_ne!(old, new);
    assert_eq!(world.git(&["for-each-ref", "--format=%(refname)", "refs/replace"]), format!("refs/replace/{new}"));
}

// ---- doing nothing

#[test]
fn no_match_touches_nothing_and_a_second_run_neither() {
    let world = World::new();
    world.write("g", "nothing to see");
    world.commit("two");
    let before = world.footprint();
    let plan = world.plan();
    assert!(plan.nothing_to_do && plan.refs.is_empty() && plan.copies.is_empty());
    assert_eq!(
        world.apply(&plan.id),
        GitReply::Applied { plan: plan.id.clone(), refs: 0, backup: String::new(), dropped: 0 }
    );
    assert_eq!(world.footprint(), before);
    world.old_leak();
    let before = world.footprint();
    let planned = world.plan();
    assert_eq!(world.plan(), planned, "the same plan twice");
    assert_eq!(world.footprint(), before, "planning touches nothing");
    world.apply(&planned.id);
    let after = world.footprint();
    let again = world.plan();
    assert!(again.nothing_to_do);
    world.apply(&again.id);
    assert!(matches!(world.apply(&planned.id), GitReply::Applied { .. }), "applied already");
    assert_eq!(world.footprint(), after);
}

#[test]
fn a_short_key_and_a_backup_inside_are_refused() {
    let mut world = World::new();
    let inside = world.repo.join("backup");
    let ask = |root: &std::path::Path, key: &str| {
        let ask = git::Ask {
            repo: &world.repo,
            backup_root: root,
            keys: &[key.as_bytes()],
            cancel: &|| false,
            progress: &|_| {},
        };
        git::plan(&ask).unwrap_err()
    };
    assert!(ask(&inside, &world.key).why.contains("inside the repository"));
    world.key = "fifteen-letters".into();
    assert_eq!(ask(&world.backup(), &world.key).kind, FaultKind::Input);
}

#[test]
fn cancel_stops_and_changes_nothing() {
    let world = World::new();
    world.old_leak();
    let plan = world.plan();
    let before = world.dump();
    for let_pass in 0..6 {
        let left = std::sync::atomic::AtomicI32::new(let_pass);
        let cancel = || left.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) <= 0;
        let backup = world.backup();
        let ask = git::Ask {
            repo: &world.repo,
            backup_root: &backup,
            keys: &[world.key.as_bytes()],
            cancel: &cancel,
            progress: &|_| {},
        };
        assert_eq!(git::apply(&ask, &plan.id).unwrap_err().kind, FaultKind::Cancelled, "{let_pass}");
        assert_eq!(world.dump(), before);
    }
    world.purge();
}

// ---- size

#[test]
fn several_hundred_commits_on_several_branches() {
    let world = World::empty(&[]);
    let mut stream = String::new();
    let mut clock = 1_700_000_000;
    for n in 1..=600u32 {
        clock += 60;
        let branch = ["main", "dev", "fix"][(n % 3) as usize];
        let from = if n == 2 || n == 3 { "from refs/heads/dev\n" } else { "" };
        let merge = if n % 50 == 0 && n > 10 {
            format!("merge refs/heads/{}\n", ["dev", "fix", "main"][(n % 3) as usize])
        } else {
            String::new()
        };
        let key = if n % 97 == 5 { world.key.as_str() } else { "clean" };
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
    world.pipe(&["fast-import", "--quiet", "--force"], stream.as_bytes());
    world.git(&["reset", "-q", "--hard", "main"]);
    let shape = world.git(&["log", "--all", "--graph", "--format=%s %ad"]);
    let plan = world.purge();
    assert_eq!(plan.commits_total, 600);
    assert_eq!(world.git(&["log", "--all", "--graph", "--format=%s %ad"]), shape);
    assert_eq!(plan.refs.len(), 3);
    assert_eq!(world.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_sparse_checkout_stays_sparse_and_line_ends_stay_as_the_user_has_them() {
    let world = World::new();
    world.write("in/a", "x");
    world.write("out/b", format!("k={}", world.key));
    world.write(".gitattributes", "*.txt text eol=crlf\n");
    world.write("in/c.txt", format!("one\r\nk={}\r\n", world.key));
    world.commit("files");
    world.git(&["sparse-checkout", "set", "in"]);
    assert!(!world.repo.join("out").exists());
    world.purge();
    assert!(!world.repo.join("out").exists());
    assert_eq!(world.read("in/c.txt"), format!("one\r\nk={MARK}\r\n").into_bytes());
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert_eq!(world.git(&["show", "HEAD:out/b"]), format!("k={MARK}"));
}

#[test]
fn separate_git_dir_and_a_folder_below() {
    let mut world = World::empty(&["--separate-git-dir", "elsewhere.git"]);
    world.write("sub/f", format!("k={}", world.key));
    world.commit("leak");
    world.repo = world.repo.join("sub");
    let plan = world.purge();
    assert_eq!(plan.phrase, "work");
    assert_eq!(world.read("f"), format!("k={MARK}").into_bytes());
}

#[test]
fn a_conflict_that_was_solved_leaves_nothing_in_the_index() {
    let world = World::new();
    world.git(&["checkout", "-q", "-b", "side"]);
    world.write("f", format!("side {}\n", world.key));
    world.commit("side");
    world.git(&["checkout", "-q", "main"]);
    world.write("f", "main\n");
    world.commit("main");
    world.try_git(&["merge", "side"]);
    world.write("f", "solved\n");
    world.git(&["add", "f"]);
    world.git(&["commit", "-q", "-m", "merged"]);
    world.git(&["branch", "-D", "side"]);
    assert!(!world.git(&["ls-files", "--resolve-undo"]).is_empty());
    world.purge();
}
