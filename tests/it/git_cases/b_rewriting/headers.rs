//! Headers, encodings, signatures.

use std::fs;
use std::process::Command;

use stanch::effect::git::Plan;

use super::raw_tip;
use crate::git_cases::Expect::{Clean, Course};
use crate::git_cases::{Case, MARK, SKIPPED, case, oracle};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(38, "messages in ISO-8859-1, invalid UTF-8, without an end; before and after", Clean(|| {
            let w = World::new();
            let odd = |w: &World, words: &str| {
                let (tree, parent) = (w.git(&["rev-parse", "HEAD^{tree}"]), w.head());
                for (header, tail) in [("encoding ISO-8859-1\n", &b"\xe9\n"[..]), ("", b"\xff\xfe"), ("", b"no end")] {
                    let head = format!("tree {tree}\nparent {parent}\nauthor A <a@b> 1700000000 -0730\ncommitter A <a@b> 1700000001 +0545\n{header}\n{words} ");
                    raw_tip(w, &[head.as_bytes(), tail].concat());
                }
            };
            odd(&w, "before");
            w.git(&["branch", "before"]);
            w.leak();
            let k = w.key.clone();
            odd(&w, &k);
            w
        }))
        .and(|w, _| {
            let out = w.command(&w.repo, &["cat-file", "commit", "HEAD"]).output().unwrap().stdout;
            assert!(out.ends_with(format!("\n\n{MARK} no end").as_bytes()));
            let out = w.command(&w.repo, &["cat-file", "commit", "before"]).output().unwrap().stdout;
            assert!(out.ends_with(b"\n\nbefore no end"));
        }),
        case(39, "headers: gpgsig, HG:extra, change-id, encoding; every other byte stays", Clean(odd_headers)).and(
            headers_stay,
        ),
        case(39, "real ssh signatures: what is before the leak still verifies, what is after is listed", Course(signed)),
        case(39, "signed before the leak: kept; signed after: lost and listed; mergetag", Clean(|| {
            let w = World::new();
            let signed = |w: &World, more: &str, words: &str| {
                let (tree, parent) = (w.git(&["rev-parse", "HEAD^{tree}"]), w.head());
                raw_tip(w, format!("tree {tree}\nparent {parent}\n{more}author A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\ngpgsig -----BEGIN SSH SIGNATURE-----\n abc\n -----END SSH SIGNATURE-----\n\n{words}\n").as_bytes())
            };
            signed(&w, "", "signed before");
            w.git(&["tag", "before"]);
            w.git(&["checkout", "-q", "-b", "side"]);
            w.leak();
            w.git(&["tag", "-a", "-m", "side\n-----BEGIN PGP SIGNATURE-----\nx\n-----END PGP SIGNATURE-----", "s"]);
            w.git(&["checkout", "-q", "main"]);
            w.git(&["merge", "-q", "--no-ff", "--no-edit", "s"]);
            assert!(w.git(&["cat-file", "commit", "HEAD"]).contains("mergetag"));
            signed(&w, "", "signed after");
            w
        }))
        .and(|w, plan| {
            // The commit signed after, the merge's mergetag, and the tag itself.
            assert_eq!(plan.signatures_lost.len(), 3);
            assert!(w.git(&["cat-file", "commit", "before"]).contains("gpgsig"));
            assert!(!w.git(&["cat-file", "commit", "HEAD"]).contains("gpgsig"));
        }),
    ]
}

/// Headers that no git of today writes, around the key.
fn odd_headers() -> World {
    let w = World::new();
    let (tree, parent) = (w.git(&["rev-parse", "HEAD^{tree}"]), w.head());
    let raw = format!(
        "tree {tree}\nparent {parent}\nauthor N {k} <a@b> 1700000000 -0730\ncommitter \u{e9} <{k}@x> 1700000001 +0545\n\
         encoding ISO-8859-1\nHG:extra x\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\
         change-id abcdef\n\nno newline at the end",
        k = w.key
    );
    let mut bytes = raw.into_bytes();
    bytes.push(0xe9);
    raw_tip(&w, &bytes);
    fs::write(w.temp().join("raw"), bytes).unwrap();
    w
}

fn headers_stay(w: &World, plan: &Plan) {
    assert_eq!(plan.signatures_lost.len(), 1);
    let raw = fs::read(w.temp().join("raw")).unwrap();
    let find = |what: &[u8]| memchr::memmem::find(&raw, what).unwrap();
    let mut want = [&raw[..find(b"gpgsig")], &raw[find(b"change-id")..]].concat();
    while let Some(at) = memchr::memmem::find(&want, w.key.as_bytes()) {
        want.splice(at..at + w.key.len(), MARK.bytes());
    }
    let out = w.command(&w.repo, &["cat-file", "commit", "HEAD"]).output().unwrap().stdout;
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&want));
    assert_eq!(out, want);
}

fn signed() -> String {
    let w = World::new();
    let (key, allowed) = (w.temp().join("signer"), w.temp().join("allowed"));
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status();
    if !made.is_ok_and(|status| status.success()) {
        return format!("{SKIPPED}there is no ssh-keygen");
    }
    let public = fs::read_to_string(key.with_extension("pub")).unwrap();
    fs::write(&allowed, format!("ann@example.com {public}")).unwrap();
    for (name, value) in [
        ("gpg.format", "ssh"),
        ("commit.gpgSign", "true"),
        ("tag.gpgSign", "true"),
        ("user.signingKey", key.to_str().unwrap()),
        ("gpg.ssh.allowedSignersFile", allowed.to_str().unwrap()),
    ] {
        w.git(&["config", name, value]);
    }
    w.write("g", "x");
    let before = w.commit("signed before");
    w.git(&["tag", "-s", "-m", "signed before", "v1"]);
    w.leak();
    w.write("g", "y");
    w.commit("signed after");
    w.git(&["tag", "-s", "-m", "signed after", "v2"]);
    let was = oracle::Before::take(&w);
    let plan = w.purge();
    was.untouched(&w, &plan);
    oracle::clean(&w);
    w.git(&["verify-commit", &before]);
    w.git(&["verify-tag", "v1"]);
    assert!(!w.try_git(&["verify-commit", "HEAD"]).0 && !w.try_git(&["verify-tag", "v2"]).0);
    assert_eq!(plan.signatures_lost.len(), 3, "the leak, what came after it, its tag");
    w.undo(&plan.id);
    was.is_back(&w);
    for made in [&["verify-commit", "HEAD"], &["verify-commit", "HEAD~"], &["verify-tag", "v2"]] {
        w.git(made);
    }
    "clean: 2 verify as before, 3 signatures lost".into()
}
