//! Headers, encodings, signatures.

use super::raw_tip;
use crate::git_cases::Expect::{Clean, Course};
use crate::git_cases::{Case, MARK, case};
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
        case(39, "headers: gpgsig, HG:extra, change-id, encoding; every other byte stays", Course(headers_stay)),
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

fn headers_stay() -> String {
    let w = World::new();
    let (tree, parent) = (w.git(&["rev-parse", "HEAD^{tree}"]), w.head());
    let raw = format!(
        "tree {tree}\nparent {parent}\nauthor N {k} <a@b> 1700000000 -0730\ncommitter \u{e9} <{k}@x> 1700000001 +0545\n\
         encoding ISO-8859-1\nHG:extra x\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\
         change-id abcdef\n\nno newline at the end",
        k = w.key
    );
    let mut bytes = raw.clone().into_bytes();
    bytes.push(0xe9);
    let id = raw_tip(&w, &bytes);
    let plan = w.plan();
    w.apply(&plan.id);
    assert_eq!(plan.signatures_lost, [id]);
    let (from, to) = (raw.find("gpgsig").unwrap(), raw.find("change-id").unwrap());
    let mut want = [raw[..from].replace(&w.key, MARK), raw[to..].to_owned()].concat().into_bytes();
    want.push(0xe9);
    let out = w.command(&w.repo, &["cat-file", "commit", "HEAD"]).output().unwrap().stdout;
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&want));
    assert_eq!(out, want);
    assert!(w.copies(&w.key).is_empty());
    "clean: 1 of 2 commits, 1 signature lost".into()
}
