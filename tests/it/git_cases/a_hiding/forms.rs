//! Encodings, binaries, archives, attributes and filters.

use std::collections::BTreeMap;

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use stanch::effect::git::{Archives, Binaries, Emptied, Policy};

use crate::git_cases::Expect::{Clean, CleanAs, Refused, Reported};
use crate::git_cases::{Case, MARK, case};
use crate::gitrepo::World;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            17,
            "UTF-16, both byte orders, with and without a mark",
            Clean(|| {
                let w = World::new();
                for (name, mark) in [("with", "\u{feff}"), ("without", "")] {
                    let text = format!("{mark}k={}\n", w.key);
                    w.write(&format!("le-{name}"), text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
                    w.write(&format!("be-{name}"), text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
                }
                w.commit("wide");
                w
            }),
        )
        .and(|w, _| {
            let units = |bytes: &[u8], of: fn([u8; 2]) -> u16| {
                String::from_utf16(&bytes.chunks(2).map(|c| of([c[0], c[1]])).collect::<Vec<u16>>()).unwrap()
            };
            assert!(units(&w.read("le-with"), u16::from_le_bytes).starts_with(&format!("\u{feff}k={MARK}")));
            assert!(units(&w.read("be-without"), u16::from_be_bytes).starts_with(&format!("k={MARK}")));
        }),
        case(18, "a binary file with NULs: same length, shown", Clean(binary)).and(|w, plan| {
            assert_eq!(w.read("bin").len(), w.key.len() + 5, "the length is kept");
            assert!(plan.choices[0].way.contains("every length stays"));
        }),
        case(18, "a binary file that is dropped, as chosen", CleanAs(binary, policy(Archives::Ask, Binaries::Drop)))
            .and(|w, _| assert_eq!(w.git(&["ls-tree", "-r", "--name-only", "HEAD"]), "f")),
        case(
            19,
            "gzip, zip, tar in gzip, tar in tar: nothing is done until it is chosen",
            Refused(archives, "the key is inside of an archive, which can't be edited in place"),
        )
        .and(|_, plan| {
            for form in [
                "gzip: plain",
                "zip > app/.env: plain",
                "gzip > tar > app/.env: plain",
                "tar > layer.tar > tar > app/.env: plain",
            ] {
                assert!(plan.copies.iter().any(|c| c.form == form), "{form}: {:?}", plan.copies);
            }
        }),
        case(19, "the same, packed anew", CleanAs(archives, policy(Archives::Repack, Binaries::SameLength))).and(
            |w, _| {
                let run = |program: &str, args: &[&str]| {
                    Command::new(program).args(args).current_dir(&w.repo).output().unwrap()
                };
                assert_eq!(run("gzip", &["-dc", "log.gz"]).stdout, format!("k={MARK}\n").as_bytes());
                assert_eq!(run("tar", &["-xzOf", "image.tar.gz", "app/.env"]).stdout, format!("K={MARK}\n").as_bytes());
                let inner = "tar -xOf docker.tar layer.tar | tar -xOf - app/.env";
                assert_eq!(run("sh", &["-c", inner]).stdout, format!("K={MARK}\n").as_bytes());
            },
        ),
        case(19, "the same, dropped", CleanAs(archives, policy(Archives::Drop, Binaries::SameLength)))
            .and(|w, _| assert_eq!(w.git(&["ls-tree", "-r", "--name-only", "HEAD"]), "f\nstays")),
        case(
            19,
            "a compressed kind that is not unpacked is told with its place",
            Reported(
                || {
                    let w = World::new();
                    w.write("a.xz", b"\xfd7zXZ\0 and so on");
                    w.write("k", &w.key);
                    w.commit("xz");
                    w
                },
                "xz is not unpacked",
            ),
        ),
        case(
            20,
            "base64 at three alignments, of user:key, for URLs, wrapped",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                w.write("b64-0", STANDARD.encode(&k));
                w.write("b64-1", STANDARD.encode(format!("u{k}:")));
                w.write("b64-2", STANDARD.encode(format!("us{k}:tail")));
                w.write("url", URL_SAFE.encode(format!("user:{k}")));
                for width in [30, 76] {
                    let text = STANDARD.encode(format!("user:{k}:{}", "more ".repeat(30)));
                    let lines: Vec<&str> =
                        text.as_bytes().chunks(width).map(|c| std::str::from_utf8(c).unwrap()).collect();
                    w.write(&format!("wrapped-{width}"), lines.join("\n"));
                }
                w.commit("base64");
                w
            }),
        )
        .and(|w, _| {
            let text = STANDARD.decode(w.read("b64-2")).unwrap();
            assert!(text.starts_with(b"us") && text.ends_with(b":tail"));
            let wrapped: Vec<u8> = w.read("wrapped-76").into_iter().filter(|b| *b != b'\n').collect();
            assert!(STANDARD.decode(wrapped).unwrap().starts_with(b"user:REMOVED"));
        }),
        case(
            20,
            "hexadecimal, percent-encoded, \\u escapes, JSON",
            Clean(|| {
                let w = World::new();
                let hex = stanch::base::id::hex(w.key.as_bytes());
                let percent = w.key.bytes().map(|b| format!("%{b:02X}")).collect::<Vec<_>>().concat();
                let escaped = w.key.bytes().map(|b| format!("\\u{b:04x}")).collect::<Vec<_>>().concat();
                for (name, text) in
                    [("hex", hex.clone()), ("HEX", hex.to_uppercase()), ("pct", percent), ("u", escaped)]
                {
                    w.write(&format!("{name}.txt"), text);
                }
                w.write("j.json", format!("{{\"k\": \"{}\"}}", w.key));
                w.commit("encoded");
                w
            }),
        ),
        case(
            21,
            "twice in a line, glued, at the very start and end of a file",
            Clean(|| {
                let w = World::new();
                let k = w.key.clone();
                w.write("x", format!("{k}{k} {k}\n{}{k}", "long ".repeat(20_000)));
                w.commit("glued");
                w
            }),
        )
        .and(|w, _| assert_eq!(String::from_utf8(w.read("x")).unwrap().matches(MARK).count(), 4)),
        case(
            22,
            "attributes: -diff, binary, export-subst; a filter that must not run",
            Clean(|| {
                let w = World::new();
                w.write(".gitattributes", "*.env -diff\n*.bin binary\n*.sub export-subst\n*.sec filter=spy\n");
                let k = w.key.clone();
                for name in ["a.env", "b.bin", "c.sub"] {
                    w.write(name, format!("k={k}\n"));
                }
                // The filter says that it ran; what is stored is in upper case around the key.
                w.write("d.sec", format!("k={k}\n"));
                w.commit("attributes");
                let spy = w.temp().join("spy");
                for verb in ["clean", "smudge"] {
                    w.git(&[
                        "config",
                        &format!("filter.spy.{verb}"),
                        &format!("echo {verb} >> {} ; cat", spy.display()),
                    ]);
                }
                w.git(&["config", "filter.spy.required", "true"]);
                w
            }),
        )
        .and(|w, _| {
            for name in ["a.env", "b.bin", "c.sub", "d.sec"] {
                assert_eq!(w.read(name), format!("k={MARK}\n").into_bytes(), "{name}");
            }
        }),
        case(
            22,
            "a file that differs on disk from what is stored, through a filter",
            crate::git_cases::Expect::Course(filtered),
        ),
    ]
}

/// The stored file has the key, the file on disk has it in other words around it.
fn filtered() -> String {
    let w = World::new();
    let spy = w.temp().join("spy");
    let with = |program: &str| format!("echo ran >> {}; {program}", spy.display());
    w.git(&["config", "filter.case.smudge", &with("tr a-z A-Z < /dev/stdin | sed s/KEY=.*/key=$(cat ../key)/")]);
    w.git(&["config", "filter.case.clean", &with("sed s/WORDS/words/")]);
    fs::write(w.temp().join("key"), &w.key).unwrap();
    w.write(".gitattributes", "*.sec filter=case\n");
    w.write("a.sec", format!("words\nkey={}\n", w.key));
    w.commit("through a filter");
    fs::remove_file(w.repo.join("a.sec")).unwrap();
    w.git(&["checkout", "-q", "--", "a.sec"]);
    let smudged = format!("WORDS\nkey={}\n", w.key).into_bytes();
    assert_eq!(w.read("a.sec"), smudged);
    // Old enough for git to trust the index without asking the filter again.
    let file = fs::File::options().append(true).open(w.repo.join("a.sec")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)).unwrap();
    w.git(&["update-index", "--refresh"]);
    fs::remove_file(&spy).unwrap();
    let plan = w.plan();
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    w.apply(&plan.id);
    assert!(!spy.exists(), "a filter ran");
    assert_eq!(w.read("a.sec"), format!("WORDS\nkey={MARK}\n").into_bytes());
    assert!(w.copies(&w.key).is_empty());
    w.undo(&plan.id);
    assert!(!spy.exists(), "a filter ran");
    assert_eq!(w.read("a.sec"), smudged, "the file on disk is back as it was");
    "clean: no filter ran, undo exact".into()
}

const fn policy(archives: Archives, binaries: Binaries) -> Policy {
    Policy { archives, binaries, emptied: Emptied::Keep, files: BTreeMap::new() }
}

fn binary() -> World {
    let w = World::new();
    w.write("bin", [b"a\0k=", w.key.as_bytes(), b"\0"].concat());
    w.commit("binary");
    w
}

/// The key inside of archives alone, as the usual programs write them.
fn archives() -> World {
    let w = World::new();
    let other = World::new();
    other.write("app/.env", format!("K={}\n", w.key));
    other.commit("files");
    let out = |format: &str, name: &str| {
        let to = format!("--output={}", w.repo.join(name).display());
        other.git(&["archive", &format!("--format={format}"), &to, "HEAD"]);
    };
    out("tar.gz", "image.tar.gz");
    out("zip", "app.jar");
    out("tar", "layer.tar");
    w.write("log", format!("k={}\n", w.key));
    w.write("stays", "x");
    for line in ["gzip -n log", "tar --mtime=@0 -cf docker.tar layer.tar", "rm layer.tar"] {
        assert!(Command::new("sh").args(["-c", line]).current_dir(&w.repo).status().unwrap().success(), "{line}");
    }
    w.commit("archives");
    w
}
