//! Random repositories: a purge leaves no copy, changes no commit without the key below it, nor a byte of anything that
//! has nothing to do with the key, and an undo brings back every ref, index and object. Git itself is the oracle.
//!
//! `PROPTEST_CASES` sets how many (12 without it).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use base64::Engine as _;
use proptest::prelude::*;
use proptest::test_runner::Config;

use crate::git_cases::oracle::Before;
use crate::gitrepo::{World, walk};

#[derive(Debug, Clone)]
struct Spec {
    commits: Vec<Commit>,
    /// Of which commit, with the key in the message, in the name.
    tags: Vec<(usize, bool, bool)>,
    /// A branch with the key in its name, at this commit.
    named: Option<usize>,
    notes: bool,
    stash: bool,
    shape: Shape,
}

/// How the objects lie.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Loose,
    Packed,
    Both,
    TwoPacks,
    NamedBases,
}

#[derive(Debug, Clone)]
struct Commit {
    branch: usize,
    /// Other parents, as marks modulo what there is.
    merges: Vec<usize>,
    keyed_message: bool,
    keyed_author: bool,
    changes: Vec<Change>,
}

#[derive(Debug, Clone)]
enum Change {
    Put {
        path: usize,
        form: Form,
        lines: usize,
        exec: bool,
    },
    /// A file whose name, or its folder's, holds the key.
    Named {
        folder: bool,
        form: Form,
    },
    Link {
        path: usize,
        keyed: bool,
    },
    Rename {
        from: usize,
        to: usize,
    },
    Delete {
        path: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Clean,
    Binary,
    Plain,
    Twice,
    InBinary,
    Utf16,
    Utf16Be,
    Base64,
    /// With something before it.
    Base64Of,
    Hex,
}

/// All that the key may look like in what is made here.
const FORMS: [Form; 6] = [Form::Plain, Form::Utf16, Form::Utf16Be, Form::Base64, Form::Base64Of, Form::Hex];

const PATHS: [&str; 8] = ["a", "b.txt", "src/main.rs", "src/deep/er/x", "src/deep/y", "bin/tool", "z z", "docs/é"];

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        6 => Just(Form::Clean),
        1 => Just(Form::Binary),
        2 => Just(Form::Plain),
        1 => Just(Form::Twice),
        1 => Just(Form::InBinary),
        1 => Just(Form::Utf16),
        1 => Just(Form::Utf16Be),
        1 => Just(Form::Base64),
        1 => Just(Form::Base64Of),
        1 => Just(Form::Hex),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let path = || 0..PATHS.len();
    prop_oneof![
        8 => (path(), form(), 1..60_usize, any::<bool>())
            .prop_map(|(path, form, lines, exec)| Change::Put { path, form, lines, exec }),
        1 => (path(), any::<bool>()).prop_map(|(path, keyed)| Change::Link { path, keyed }),
        3 => (path(), path()).prop_map(|(from, to)| Change::Rename { from, to }),
        1 => path().prop_map(|path| Change::Delete { path }),
        1 => (any::<bool>(), form()).prop_map(|(folder, form)| Change::Named { folder, form }),
    ]
}

fn commit() -> impl Strategy<Value = Commit> {
    let merges = prop_oneof![6 => Just(vec![]), 2 => prop::collection::vec(0..99_usize, 1), 1 => prop::collection::vec(0..99_usize, 2..4)];
    (0..3_usize, merges, prop::bool::weighted(0.1), prop::bool::weighted(0.05), prop::collection::vec(change(), 0..4))
        .prop_map(|(branch, merges, keyed_message, keyed_author, changes)| Commit {
            branch,
            merges,
            keyed_message,
            keyed_author,
            changes,
        })
}

fn spec() -> impl Strategy<Value = Spec> {
    let shape = prop_oneof![
        Just(Shape::Loose),
        Just(Shape::Packed),
        Just(Shape::Both),
        Just(Shape::TwoPacks),
        Just(Shape::NamedBases)
    ];
    let tags = prop::collection::vec((0..99_usize, any::<bool>(), prop::bool::weighted(0.2)), 0..4);
    let named = prop::option::weighted(0.2, 0..99_usize);
    (prop::collection::vec(commit(), 2..16), tags, named, any::<bool>(), any::<bool>(), shape)
        .prop_map(|(commits, tags, named, notes, stash, shape)| Spec { commits, tags, named, notes, stash, shape })
}

fn content(form: Form, lines: usize, salt: usize, key: &str) -> Vec<u8> {
    let mut body: Vec<u8> =
        (0..lines).flat_map(|n| format!("line {n} {}\n", if n % 9 == 0 { salt } else { 0 }).into_bytes()).collect();
    let middle = body.len() / 2;
    let plain = format!("k={key}\n").into_bytes();
    let put = match form {
        Form::Clean => Vec::new(),
        Form::Binary => vec![0, 1, 2, 255, 0],
        Form::Plain => plain,
        Form::Twice => [&plain[..], &plain].concat(),
        Form::InBinary => [&[0, 200, 0][..], key.as_bytes(), &[0, 201]].concat(),
        Form::Utf16 => key.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Form::Utf16Be => key.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Form::Base64 => base64::engine::general_purpose::STANDARD.encode(key).into_bytes(),
        Form::Base64Of => base64::engine::general_purpose::STANDARD.encode(format!("u:{key}")).into_bytes(),
        Form::Hex => stanch::base::id::hex(key.as_bytes()).into_bytes(),
    };
    body.splice(middle..middle, put);
    body
}

fn stream(spec: &Spec, key: &str) -> Vec<u8> {
    let mut out: Vec<u8> = b"feature done\n".to_vec();
    let mut tips: [Option<usize>; 3] = [None; 3];
    // The paths that each commit has: what is not there can't be renamed.
    let mut has: Vec<BTreeSet<usize>> = vec![BTreeSet::new()];
    let data = |out: &mut Vec<u8>, body: &[u8]| {
        out.extend_from_slice(format!("data {}\n", body.len()).as_bytes());
        out.extend_from_slice(body);
        out.push(b'\n');
    };
    for (n, commit) in spec.commits.iter().enumerate() {
        let mark = n + 1;
        let name = if commit.keyed_author { format!("Ann {key}") } else { "Ann".into() };
        let when = 1_600_000_000 + n * 100;
        // The first commit is on main, so that it exists.
        let branch = if n == 0 { 0 } else { commit.branch };
        let head = ["main", "side", "other"][branch];
        out.extend_from_slice(
            format!("commit refs/heads/{head}\nmark :{mark}\nauthor {name} <a@example.com> {when} +0100\ncommitter Bo <b@example.com> {when} -0230\n")
                .as_bytes(),
        );
        let words = if commit.keyed_message { format!("commit {n}\n\nuses {key} here") } else { format!("commit {n}") };
        data(&mut out, words.as_bytes());
        let mut parents = BTreeSet::new();
        if let Some(tip) = tips[branch] {
            out.extend_from_slice(format!("from :{tip}\n").as_bytes());
            parents.insert(tip);
            for merge in commit.merges.iter().map(|m| m % n + 1) {
                if parents.insert(merge) {
                    out.extend_from_slice(format!("merge :{merge}\n").as_bytes());
                }
            }
        }
        let mut paths = tips[branch].map(|tip| has[tip].clone()).unwrap_or_default();
        tips[branch] = Some(mark);
        for change in &commit.changes {
            let path = |n: &usize| format!("\"{}\"", PATHS[*n]);
            match change {
                Change::Put { path: at, form, lines, exec } => {
                    let mode = if *exec { "100755" } else { "100644" };
                    out.extend_from_slice(format!("M {mode} inline {}\n", path(at)).as_bytes());
                    data(&mut out, &content(*form, *lines, n, key));
                    paths.insert(*at);
                }
                Change::Named { folder, form } => {
                    let name = if *folder { format!("in-{key}/x") } else { format!("{key}.txt") };
                    out.extend_from_slice(format!("M 100644 inline {name}\n").as_bytes());
                    data(&mut out, &content(*form, 20, n, key));
                }
                Change::Link { path: at, keyed } => {
                    out.extend_from_slice(format!("M 120000 inline {}\n", path(at)).as_bytes());
                    data(&mut out, if *keyed { format!("/x/{key}") } else { "/x/y".to_owned() }.as_bytes());
                    paths.insert(*at);
                }
                // With the key in it, if it is there.
                Change::Rename { from, to } => {
                    if from != to && paths.remove(from) {
                        out.extend_from_slice(format!("R {} {}\n", path(from), path(to)).as_bytes());
                        paths.insert(*to);
                    }
                }
                Change::Delete { path: at } => {
                    out.extend_from_slice(format!("D {}\n", path(at)).as_bytes());
                    paths.remove(at);
                }
            }
        }
        has.push(paths);
    }
    if let Some(at) = spec.named {
        let of = at % spec.commits.len() + 1;
        out.extend_from_slice(format!("reset refs/heads/b-{key}\nfrom :{of}\n\n").as_bytes());
    }
    for (n, (at, keyed, named)) in spec.tags.iter().enumerate() {
        let of = at % spec.commits.len() + 1;
        let suffix = if *named { key } else { "" };
        out.extend_from_slice(
            format!("tag t{n}{suffix}\nfrom :{of}\ntagger Ann <a@example.com> 1700000000 +0000\n").as_bytes(),
        );
        data(&mut out, if *keyed { format!("tag {key}") } else { "tag".into() }.as_bytes());
    }
    out.extend_from_slice(b"done\n");
    out
}

fn build(spec: &Spec) -> World {
    let world = World::empty(&[]);
    // Few objects stay loose, many become a pack: the limit decides.
    let limit = match spec.shape {
        Shape::Loose => "fastimport.unpackLimit=100000",
        _ => "fastimport.unpackLimit=1",
    };
    world.pipe(&["-c", limit, "fast-import", "--quiet", "--force"], &stream(spec, &world.key));
    world.git(&["checkout", "-q", "main"]);
    match spec.shape {
        Shape::Loose | Shape::TwoPacks => {}
        Shape::Packed | Shape::Both => drop(world.git(&["repack", "-q", "-a", "-d", "-f", "--depth=30"])),
        Shape::NamedBases => {
            drop(world.git(&["-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f", "--depth=30"]));
        }
    }
    if matches!(spec.shape, Shape::Both | Shape::TwoPacks) {
        world.write("later", format!("later {}\n", world.key));
        world.commit("later");
    }
    if matches!(spec.shape, Shape::TwoPacks) {
        world.git(&["repack", "-q", "-d"]);
    }
    if spec.notes {
        world.git(&["notes", "add", "-m", &format!("of main {}", world.key)]);
        world.git(&[
            "notes",
            "add",
            "-f",
            "-m",
            "of the first",
            &world.git(&["rev-list", "--max-parents=0", "-1", "main"]),
        ]);
    }
    if spec.stash {
        world.write("stash-me", "x");
        world.git(&["add", "stash-me"]);
        world.git(&["stash", "-q"]);
    }
    // Rubbish that nothing needs.
    world.pipe(&["hash-object", "-w", "--stdin"], b"dangling and clean");
    world
}

/// Every object: id, kind, content.
fn objects(world: &World) -> BTreeMap<String, (String, Vec<u8>)> {
    let args = ["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"];
    let out = world.command(&world.repo, &args).output().unwrap();
    assert!(out.status.success());
    let mut all = BTreeMap::new();
    let mut rest = &out.stdout[..];
    while !rest.is_empty() {
        let (head, after) = rest.split_at(memchr::memchr(b'\n', rest).unwrap());
        let words: Vec<String> = String::from_utf8_lossy(head).split(' ').map(str::to_owned).collect();
        let size: usize = words[2].parse().unwrap();
        all.insert(words[0].clone(), (words[1].clone(), after[1..=size].to_vec()));
        rest = &after[size + 2..];
    }
    all
}

fn forms(key: &str) -> Vec<Vec<u8>> {
    FORMS
        .map(|form| match form {
            Form::Plain => key.as_bytes().to_vec(),
            // The digits at its ends also say what stands before and after.
            Form::Base64 | Form::Base64Of => {
                let text = content(form, 0, 0, key);
                text[if form == Form::Base64Of { 4 } else { 0 }..text.len() - 4].to_vec()
            }
            other => content(other, 0, 0, key),
        })
        .into()
}

fn holding(world: &World, all: &BTreeMap<String, (String, Vec<u8>)>) -> BTreeSet<String> {
    let forms = forms(&world.key);
    let holds = |data: &[u8]| forms.iter().any(|form| memchr::memmem::find(data, form).is_some());
    all.iter().filter(|(_, (_, data))| holds(data)).map(|(id, _)| id.clone()).collect()
}

/// Commits that refs keep, and that lead to no object with the key: they must keep their ids.
fn untouched(world: &World, all: &BTreeMap<String, (String, Vec<u8>)>) -> BTreeSet<String> {
    let dirty = holding(world, all);
    let mut tree_holds: HashMap<String, bool> = HashMap::new();
    let mut clean = BTreeSet::new();
    // Parents first.
    for line in world.git(&["rev-list", "--topo-order", "--reverse", "--parents", "--all"]).lines() {
        let ids: Vec<&str> = line.split(' ').collect();
        let tree = world.git(&["rev-parse", &format!("{}^{{tree}}", ids[0])]);
        let holds = *tree_holds.entry(tree.clone()).or_insert_with(|| {
            let listed = world.git(&["ls-tree", "-r", "-t", "--format=%(objectname)", &tree]);
            listed.lines().chain([&tree[..]]).any(|id| dirty.contains(id))
        });
        if !holds && !dirty.contains(ids[0]) && ids[1..].iter().all(|parent| clean.contains(*parent)) {
            clean.insert(ids[0].to_owned());
        }
    }
    clean
}

/// Every file below objects, to the byte.
fn files(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    walk(&world.repo.join(".git/objects"))
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

fn holds_true(spec: &Spec) {
    let world = build(spec);
    let before = objects(&world);
    let was = Before::take(&world);
    let dump = world.dump();
    let lies = files(&world);
    let keep = untouched(&world, &before);
    let shape = world.git(&["log", "--all", "--date-order", "--graph", "--format=%ad %cd"]);
    let plan = world.plan();
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    let in_names = world.git(&["for-each-ref", "--format=%(refname)"]).contains(&world.key);
    if holding(&world, &before).is_empty() && !in_names {
        assert!(plan.nothing_to_do);
        return;
    }
    world.apply(&plan.id);
    was.untouched(&world, &plan);
    let after = objects(&world);
    assert_eq!(holding(&world, &after), BTreeSet::new());
    world.whole();
    let commits: BTreeSet<String> = world.git(&["rev-list", "--all"]).lines().map(str::to_owned).collect();
    assert_eq!(keep.difference(&commits).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(keep.len() + usize::try_from(plan.commits_changed).unwrap(), commits.len());
    assert_eq!(world.git(&["log", "--all", "--date-order", "--graph", "--format=%ad %cd"]), shape);
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    assert!(world.plan().nothing_to_do);
    world.undo(&plan.id);
    assert_eq!(world.dump(), dump);
    assert!(objects(&world) == before, "objects differ after undo");
    let now = files(&world);
    let only = |a: &[(PathBuf, Vec<u8>)], b: &[(PathBuf, Vec<u8>)]| -> Vec<PathBuf> {
        a.iter().filter(|file| !b.contains(file)).map(|(path, _)| path.clone()).collect()
    };
    assert_eq!((only(&now, &lies), only(&lies, &now)), (vec![], vec![]), "the objects do not lie as they did");
    was.is_back(&world);
    world.whole();
}

#[test]
fn a_random_repository_purges_clean_and_undoes_exactly() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let config = Config { cases, max_shrink_iters: 40, failure_persistence: None, ..Config::default() };
    proptest!(config, |(spec in spec())| holds_true(&spec));
}
