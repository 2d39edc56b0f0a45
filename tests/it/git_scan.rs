//! The fast search against a slow one: git prints every object, and a plain substring search reads it. On random
//! repositories whose packs are full of deltas that cut the key, join it, and move it about.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use base64::Engine as _;
use stanch::effect::git::{CopyKind, CopyMap};
use stanch::git;

use super::gitrepo::{World, walk};

/// Small, and the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn noise(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| b"abcdefghijklmnop \n={}\""[self.roll(22)]).collect()
    }
}

/// The key as it may be written; each is looked for by the oracle.
fn forms(key: &str) -> Vec<Vec<u8>> {
    let wide: Vec<u8> = key.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex: String = key.bytes().fold(String::new(), |mut text, b| {
        write!(text, "{b:02x}").unwrap();
        text
    });
    // Three bytes before it: every character depends on the key alone.
    let base64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&key.as_bytes()[..key.len() / 3 * 3]);
    let base64 = base64.as_bytes().to_vec();
    vec![key.as_bytes().to_vec(), wide, hex.into_bytes(), base64]
}

/// One random edit: noise, pieces of a form, or a whole one put in, or a stretch taken out, doubled or moved.
fn edit(dice: &mut Dice, text: &mut Vec<u8>, forms: &[Vec<u8>]) {
    let at = dice.roll(text.len() + 1);
    let form = &forms[dice.roll(forms.len())];
    let (from, to) = (dice.roll(form.len()), dice.roll(form.len() + 1));
    let put = match dice.roll(10) {
        0 => form.clone(),
        1..=3 => form[from.min(to)..from.max(to)].to_vec(),
        4 => form[..to].to_vec(),
        5 => form[from..].to_vec(),
        6 => {
            // The rest of a form right after a piece of it that is already there.
            let cut = 4 + dice.roll(form.len() - 8);
            match memchr::memmem::find(text, &form[cut - 4..cut]) {
                Some(found) => return drop(text.splice(found + 4..found + 4, form[cut..].iter().copied())),
                None => form[..cut].to_vec(),
            }
        }
        7 => {
            let end = (at + dice.roll(60)).min(text.len());
            return drop(text.drain(at..end));
        }
        8 => {
            let end = (at + 30 + dice.roll(400)).min(text.len());
            text[at..end].to_vec()
        }
        _ => {
            let len = dice.roll(50);
            dice.noise(len)
        }
    };
    text.splice(at..at, put);
}

/// A stream for `git fast-import`: a few files, changed again and again, on two branches; keys in messages, names and tags.
fn history(dice: &mut Dice, key: &str, commits: usize, large: bool) -> Vec<u8> {
    let forms = forms(key);
    let mut files: Vec<Vec<u8>> = (0..5)
        .map(|n| {
            let len = if large && n == 0 { 90_000 } else { 200 + dice.roll(2500) };
            dice.noise(len)
        })
        .collect();
    let mut stream = Vec::new();
    for n in 0..commits {
        let branch = if dice.roll(4) == 0 { "side" } else { "main" };
        let message = if dice.roll(15) == 0 { format!("says {key}") } else { format!("change {n}") };
        let head =
            format!("commit refs/heads/{branch}\ncommitter A <a@b> {} +0000\ndata {}\n", 1000 + n, message.len());
        stream.extend_from_slice(head.as_bytes());
        stream.extend_from_slice(message.as_bytes());
        for _ in 0..=dice.roll(2) {
            let which = dice.roll(files.len());
            for _ in 0..=dice.roll(3) {
                edit(dice, &mut files[which], &forms);
            }
            let name = if dice.roll(25) == 0 { format!("d{which}/{key}") } else { format!("d{which}/s/f{which}") };
            stream.extend_from_slice(format!("\nM 100644 inline {name}\ndata {}\n", files[which].len()).as_bytes());
            stream.extend_from_slice(&files[which]);
        }
        stream.push(b'\n');
    }
    let tag = format!("tag v1\nfrom refs/heads/main\ntagger A <a@b> 5000 +0000\ndata {}\nt {key}\n", key.len() + 3);
    stream.extend_from_slice(tag.as_bytes());
    stream
}

/// Ids of all objects that hold one of `forms`, by git's own reading.
fn oracle(world: &World, forms: &[Vec<u8>]) -> BTreeSet<String> {
    let out =
        world.command(&world.repo, &["cat-file", "--batch-all-objects", "--batch", "--unordered"]).output().unwrap();
    let mut rest = &out.stdout[..];
    let mut found = BTreeSet::new();
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let head: Vec<&str> = std::str::from_utf8(&rest[..end]).unwrap().split(' ').collect();
        let size: usize = head[2].parse().unwrap();
        let body = &rest[end + 1..end + 1 + size];
        if forms.iter().any(|form| memchr::memmem::find(body, form).is_some()) {
            found.insert(head[0].to_owned());
        }
        rest = &rest[end + size + 2..];
    }
    found
}

fn objects(map: &CopyMap) -> BTreeSet<String> {
    let object = |kind| matches!(kind, CopyKind::Blob | CopyKind::Tree | CopyKind::Commit | CopyKind::Tag);
    map.copies.iter().filter(|copy| object(copy.what)).map(|copy| copy.id.clone()).collect()
}

fn imported(seed: u64, commits: usize, large: bool) -> World {
    let world = World::empty(&[]);
    let mut dice = Dice(seed);
    let stream = history(&mut dice, &world.key, commits, large);
    // Some are left loose.
    let limit = format!("fastimport.unpackLimit={}", if seed.is_multiple_of(3) { 10_000 } else { 1 });
    world.pipe(&["-c", &limit, "fast-import", "--quiet"], &stream);
    world
}

fn agree(world: &World, why: &str) {
    let forms = forms(&world.key);
    let (want, map) = (oracle(world, &forms), world.find());
    assert!(!want.is_empty(), "{why}: the key never came to be");
    assert_eq!(objects(&map), want, "{why}");
    assert!(!map.not_looked_into.iter().any(|line| line.contains("can't be read")), "{why}: {:?}", map.not_looked_into);
}

#[test]
fn deltas_of_every_sort_hide_nothing() {
    for seed in 1..=24 {
        let world = imported(seed * 7919, 30, seed % 6 == 0);
        match seed % 4 {
            0 => world.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-qadf", "--depth=50", "--window=50"]),
            1 => world.git(&["repack", "-qadf", "--depth=250", "--window=50"]),
            2 => world.git(&["repack", "-qadf", "--depth=3", "--window=50", "--max-pack-size=1m"]),
            _ => String::new(),
        };
        agree(&world, &format!("seed {seed}"));
    }
}

#[test]
fn several_packs_loose_objects_and_borrowed_ones() {
    let world = imported(4242, 25, false);
    world.git(&["repack", "-qadf"]);
    for seed in [77, 78] {
        let stream = history(&mut Dice(seed), &world.key, 12, false);
        world.pipe(&["-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--force"], &stream);
    }
    world.pipe(&["hash-object", "-w", "--stdin"], format!("loose {}", world.key).as_bytes());
    agree(&world, "packs and loose");
    // A copy that borrows everything, and adds one of its own.
    let path = world.temp().join("borrower");
    world.git_in(world.temp(), &["clone", "-q", "--bare", "-s", world.repo.to_str().unwrap(), path.to_str().unwrap()]);
    let borrower = World::at(path, &world);
    let own = borrower.pipe(&["hash-object", "-w", "--stdin"], format!("own {}", world.key).as_bytes());
    agree(&borrower, "borrowed");
    let map = borrower.find();
    let remedy = |id: &str| map.copies.iter().find(|copy| copy.id == id).unwrap().remedy.clone();
    assert!(!remedy(&own).contains("borrowed"));
    let other = objects(&map).into_iter().find(|id| *id != own).unwrap();
    assert!(remedy(&other).contains("borrowed"), "{}", remedy(&other));
}

/// Old tools wrote them so, and git goes in all the same.
#[test]
fn folders_with_an_odd_mode_are_folders() {
    for mode in ["40755", "040000", "42000"] {
        let world = World::new();
        let blob = world.pipe(&["hash-object", "-w", "--stdin"], format!("k={}\n", world.key).as_bytes());
        let below = world.pipe(&["mktree"], format!("100644 blob {blob}\tf\n").as_bytes());
        let raw = [format!("{mode} d\0").as_bytes(), git2::Oid::from_str(&below).unwrap().as_bytes()].concat();
        let top = world.pipe(&["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], &raw);
        let commit = world.git(&["commit-tree", "-p", "main", "-m", "odd", &top]);
        world.git(&["reset", "-q", "--hard", &commit]);
        let map = world.find();
        let copy = map.copies.iter().find(|copy| copy.id == blob).unwrap();
        assert_eq!((copy.path.as_deref(), copy.reachable), (Some("d/f"), true), "{mode}");
        let plan = world.plan();
        assert!(plan.refusals.is_empty(), "{mode}: {:?}", plan.refusals);
        world.apply(&plan.id);
        assert!(world.copies(&world.key).is_empty() && world.find().copies.is_empty(), "{mode}");
        let written = world.command(&world.repo, &["cat-file", "tree", "main"]).output().unwrap().stdout;
        assert!(written.starts_with(format!("{mode} d").as_bytes()), "it stays as written");
    }
}

#[test]
fn what_is_damaged_is_told_and_never_fatal() {
    let world = imported(99, 20, false);
    world.git(&["repack", "-qadf", "--depth=50", "--window=50"]);
    let packs: Vec<PathBuf> = walk(&world.repo.join(".git/objects/pack"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "pack" || e == "idx"))
        .collect();
    let whole = world.find();
    let mut dice = Dice(5);
    let mut told = 0;
    for round in 0..60 {
        let path = &packs[round % packs.len()];
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let good = std::fs::read(path).unwrap();
        let mut bad = good.clone();
        match dice.roll(4) {
            0 => bad.truncate(dice.roll(good.len())),
            _ => {
                for _ in 0..=dice.roll(3) {
                    let at = dice.roll(bad.len());
                    bad[at] ^= 1 << dice.roll(8);
                }
            }
        }
        std::fs::write(path, &bad).unwrap();
        match world.ask(git::find) {
            Ok(map) => {
                let lines = map.not_looked_into.iter().any(|line| line.contains("can't be read"));
                assert!(
                    lines || objects(&map) == objects(&whole) || path.extension().unwrap() == "idx",
                    "round {round}"
                );
                told += usize::from(lines);
            }
            Err(fault) => assert!(!fault.what.is_empty()),
        }
        std::fs::write(path, &good).unwrap();
    }
    assert!(told > 10, "{told}");
    assert_eq!(objects(&world.find()), objects(&whole));
}
