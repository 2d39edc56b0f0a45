//! Git's own word on a repository: every object, every file of the git folder, a fresh clone, every working tree. And
//! what a purge must leave alone, worked out here without the engine.

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use stanch::effect::git::{Emptied, Plan};

use super::MARK;
use crate::gitrepo::{World, walk};

/// Id to kind and content.
type Objects = BTreeMap<String, (String, Vec<u8>)>;

/// The key as it may be written; none of these may be left.
pub(crate) fn needles(key: &str) -> Vec<Vec<u8>> {
    let bytes = key.as_bytes();
    let hex = stanch::base::id::hex(bytes);
    let mut all = vec![
        bytes.to_vec(),
        key.replace('\n', "\r\n").into_bytes(),
        bytes.iter().flat_map(|b| [*b, 0]).collect(),
        bytes.iter().flat_map(|b| [0, *b]).collect(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        bytes.iter().flat_map(|b| format!("\\u{b:04x}").into_bytes()).collect(),
        bytes.iter().flat_map(|b| format!("%{b:02X}").into_bytes()).collect(),
    ];
    for skew in 0..3usize {
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let text = engine.encode([&vec![b'x'; skew][..], bytes].concat());
            // Characters that also depend on what stands before or after are left out.
            all.push(text.as_bytes()[(8 * skew).div_ceil(6)..8 * (skew + bytes.len()) / 6].to_vec());
        }
    }
    all
}

fn holds(hay: &[u8], needles: &[Vec<u8>]) -> bool {
    if needles.iter().any(|needle| memchr::memmem::find(hay, needle).is_some()) {
        return true;
    }
    if unpacked(hay).iter().any(|inside| holds(inside, needles)) {
        return true;
    }
    // Broken into lines. Large ones are not written that way here.
    let joined: Vec<u8> =
        if hay.len() > 1 << 16 { Vec::new() } else { hay.iter().copied().filter(|b| *b != b'\n').collect() };
    needles.iter().any(|needle| memchr::memmem::find(&joined, needle).is_some())
}

/// What is packed in it, by the usual programs and none of ours: `tar`, and `gzip`, which also reads the first file of a
/// zip, so that each is given to it as the first.
fn unpacked(hay: &[u8]) -> Vec<Vec<u8>> {
    if hay.starts_with(b"\x1f\x8b") {
        return vec![through("gzip", &["-dc"], hay)];
    }
    if hay.get(257..262) == Some(b"ustar") {
        return vec![through("tar", &["-xOf", "-"], hay)];
    }
    if hay.starts_with(b"PK\x03\x04") {
        return memchr::memmem::find_iter(hay, b"PK\x03\x04").map(|at| through("gzip", &["-dc"], &hay[at..])).collect();
    }
    Vec::new()
}

/// What `program` says to `input`.
fn through(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // It may have had enough before the end.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap().stdout
    })
}

/// Every object, read out by git.
pub(crate) fn objects(world: &World, dir: &Path) -> Objects {
    let args = ["cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"];
    let out = world.command(dir, &args).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut objects = Objects::new();
    let mut rest = &out.stdout[..];
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        let [id, kind, size] = head.split(' ').collect::<Vec<_>>()[..] else { panic!("{head}") };
        let size: usize = size.parse().unwrap();
        objects.insert(id.to_owned(), (kind.to_owned(), rest[end + 1..=end + size].to_vec()));
        rest = &rest[end + size + 2..];
    }
    objects
}

/// The directory that all working trees share.
fn common_dir(world: &World) -> PathBuf {
    world.repo.join(world.git(&["rev-parse", "--git-common-dir"])).canonicalize().unwrap()
}

/// Folders of every working tree, the main one first; none for a bare repository.
pub(crate) fn trees(world: &World) -> Vec<PathBuf> {
    let listed = world.git(&["worktree", "list", "--porcelain"]);
    let bare = world.git(&["rev-parse", "--is-bare-repository"]) == "true";
    let mut trees: Vec<PathBuf> =
        listed.lines().filter_map(|line| line.strip_prefix("worktree ")).map(PathBuf::from).collect();
    // Git names the git directory itself as the main working tree when that is bare or separate.
    trees.remove(0);
    if !bare {
        trees.insert(0, PathBuf::from(world.git(&["rev-parse", "--show-toplevel"])));
    }
    trees
}

/// The files of the git directory but for objects.
fn git_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = walk(dir);
    files.retain(|path| !path.starts_with(dir.join("objects")));
    files
}

/// Not one copy is left, by git and by reading every file.
pub(crate) fn clean(world: &World) {
    let needles = needles(&world.key);
    let dir = common_dir(world);
    let fresh = world.temp().join("oracle-clone");
    let _ = std::fs::remove_dir_all(&fresh);
    let url = dir.to_str().unwrap();
    world.git_in(world.temp(), &["clone", "-q", "--no-local", "--mirror", url, fresh.to_str().unwrap()]);
    for place in [&dir, &fresh] {
        for (id, (kind, bytes)) in objects(world, place) {
            assert!(!holds(&bytes, &needles), "{kind} {id} holds the key in {}", place.display());
        }
    }
    for file in git_files(&dir) {
        let name = file.strip_prefix(&dir).unwrap().as_os_str().as_bytes();
        assert!(!holds(name, &needles), "the key is in a name: {}", file.display());
        assert!(!holds(&std::fs::read(&file).unwrap(), &needles), "{} holds the key", file.display());
    }
    assert!(!holds(world.git(&["for-each-ref"]).as_bytes(), &needles), "a ref's name holds the key");
    fsck(world, &world.repo);
    for tree in trees(world) {
        fsck(world, &tree);
        assert_eq!(
            world.git_in(&tree, &["--no-replace-objects", "status", "--porcelain", "-uno"]),
            "",
            "{}",
            tree.display()
        );
        for path in world.git_in(&tree, &["-c", "core.quotePath=false", "ls-files"]).lines() {
            let file = tree.join(path);
            assert!(!holds(path.as_bytes(), &needles), "a tracked name holds the key");
            if let Ok(target) = std::fs::read_link(&file) {
                assert!(!holds(target.as_os_str().as_bytes(), &needles), "{path} points at the key");
            } else if let Ok(bytes) = std::fs::read(&file) {
                assert!(!holds(&bytes, &needles), "{path} holds the key in {}", tree.display());
            }
        }
    }
    let proof = world.prove();
    assert!(proof.clean(), "{:#?}", proof.checks);
    let left = world.find().copies;
    assert!(left.is_empty(), "the engine still finds {left:?}");
}

/// The same for what branches and tags of the repository at `dir` lead to: all that a push can clean.
pub(crate) fn clean_there(world: &World, dir: &Path) {
    let needles = needles(&world.key);
    let listed = world.git_in(dir, &["rev-list", "--objects", "--no-object-names", "--branches", "--tags"]);
    let all = objects(world, dir);
    for id in listed.lines() {
        assert!(!holds(&all[id].1, &needles), "{} {id} holds the key in {}", all[id].0, dir.display());
    }
    assert!(!holds(world.git_in(dir, &["for-each-ref"]).as_bytes(), &needles), "a ref's name holds the key");
    fsck(world, dir);
}

fn fsck(world: &World, dir: &Path) {
    let out = world.command(dir, &["fsck", "--full", "--strict"]).output().unwrap();
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert!(out.status.success(), "fsck: {said}");
    // It tells of a broken log or ref and still ends well.
    assert!(!said.lines().any(|line| line.starts_with("error")), "fsck: {said}");
}

/// A file with its mode, its content or a link's target.
type Files = BTreeMap<PathBuf, (u32, Vec<u8>)>;

fn read(path: &Path) -> (u32, Vec<u8>) {
    let meta = std::fs::symlink_metadata(path).unwrap();
    if meta.file_type().is_symlink() {
        return (0o120_000, std::fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec());
    }
    (meta.permissions().mode(), std::fs::read(path).unwrap())
}

/// A repository as it was.
pub(crate) struct Before {
    objects: Objects,
    /// Name to id, by `for-each-ref`.
    refs: BTreeMap<String, String>,
    dump: String,
    /// Of each working tree, by its folder: `ls-files -s`.
    indexes: BTreeMap<PathBuf, String>,
    /// Of the git directory and all working trees.
    files: Files,
    common: PathBuf,
    needles: Vec<Vec<u8>>,
}

fn refs(world: &World) -> BTreeMap<String, String> {
    let listed = world.git(&["for-each-ref", "--format=%(objectname) %(refname)"]);
    listed.lines().filter_map(|line| line.split_once(' ')).map(|(id, name)| (name.to_owned(), id.to_owned())).collect()
}

fn indexes(world: &World) -> BTreeMap<PathBuf, String> {
    trees(world).into_iter().map(|tree| (tree.clone(), world.git_in(&tree, &["ls-files", "-s"]))).collect()
}

impl Before {
    pub(crate) fn take(world: &World) -> Self {
        let common = common_dir(world);
        let mut files: Files = git_files(&common).into_iter().map(|path| (path.clone(), read(&path))).collect();
        for tree in trees(world) {
            let own = walk(&tree)
                .into_iter()
                .filter(|path| !path.starts_with(tree.join(".git")) && !path.starts_with(&common));
            files.extend(own.map(|path| (path.clone(), read(&path))));
        }
        Self {
            objects: objects(world, &common),
            refs: refs(world),
            dump: world.dump(),
            indexes: indexes(world),
            files,
            common,
            needles: needles(&world.key),
        }
    }

    /// What has nothing to do with the key is as it was, to the byte.
    pub(crate) fn untouched(&self, world: &World, plan: &Plan) {
        let (now, new_refs) = (objects(world, &self.common), refs(world));
        let links: HashSet<&str> = plan.gitlinks.iter().map(|link| link.old.as_str()).collect();
        let dirty = dirty(&self.objects, &self.needles, &links);
        let drops = plan.policy.emptied == Emptied::Drop;
        let gone: HashSet<&str> = plan.became_empty.iter().filter(|_| drops).map(String::as_str).collect();
        let mut seen = HashSet::new();
        for (name, id) in &self.refs {
            let special = ["refs/notes/", "refs/replace/"].iter().any(|start| name.starts_with(start));
            if holds(name.as_bytes(), &self.needles) || special {
                continue;
            }
            if dirty.contains(id) {
                let new = new_refs.get(name).unwrap_or_else(|| panic!("{name} is gone"));
                self.same_people(world, id, &now, new, &gone, &mut seen);
            } else {
                assert_eq!(new_refs.get(name), Some(id), "{name} moved without need");
            }
        }
        // Clean commits that a ref reaches: still there, and the same bytes, since git read both by the same id.
        for id in self.reached() {
            if !dirty.contains(&id) {
                assert_eq!(now.get(&id), self.objects.get(&id), "clean object {id} changed or is gone");
            }
        }
        for (tree, lines) in indexes(world) {
            for line in self.indexes[&tree].lines() {
                let (head, path) = line.split_once('\t').unwrap();
                let id = head.split(' ').nth(1).unwrap();
                let dirty =
                    self.objects.get(id).is_some_and(|(_, bytes)| holds(bytes, &self.needles)) || links.contains(id);
                if !dirty && !holds(path.as_bytes(), &self.needles) {
                    assert!(lines.lines().any(|l| l == line), "the index lost {line} in {}", tree.display());
                }
            }
        }
        for path in git_files(&self.common) {
            let known = self.files.contains_key(&path) || path.starts_with(self.common.join("refs"));
            let name = path.to_string_lossy();
            assert!(
                known || path.ends_with("packed-refs") || name.contains(MARK),
                "{name} is new in the git directory"
            );
        }
        for (path, (mode, bytes)) in &self.files {
            let name = path.strip_prefix(&self.common).unwrap_or(path);
            let inner: PathBuf = name.iter().skip(if name.starts_with("worktrees") { 2 } else { 0 }).collect();
            let text = name.to_string_lossy();
            let moves = ["refs", "logs"].iter().any(|folder| inner.starts_with(folder))
                || ["HEAD", "index", "packed-refs", "info/refs"].iter().any(|own| inner == Path::new(own))
                || text.ends_with("_HEAD");
            if moves || holds(bytes, &self.needles) || holds(path.as_os_str().as_bytes(), &self.needles) {
                continue;
            }
            assert!(path.symlink_metadata().is_ok(), "{text} is gone");
            assert!(read(path) == (*mode, bytes.clone()), "{text} changed");
        }
    }

    /// Authors, committers, dates and numbers of parents below a rewritten ref are as they were, but for the key.
    /// Those of `gone` were left out: their parents stand for them.
    fn same_people(
        &self,
        world: &World,
        then: &str,
        now: &Objects,
        new: &str,
        gone: &HashSet<&str>,
        seen: &mut HashSet<String>,
    ) {
        let people = |id: &str, objects: &Objects| {
            let (kind, bytes) = &objects[id];
            let text = String::from_utf8_lossy(bytes).replace(&world.key, MARK);
            let head = text.split("\n\n").next().unwrap_or_default();
            let is_own = |l: &&str| ["author ", "committer ", "tagger "].iter().any(|key| l.starts_with(key));
            let own: Vec<String> = head.lines().filter(is_own).map(str::to_owned).collect();
            (kind.clone(), own, links(kind, head))
        };
        let stands = |mut id: String| {
            while gone.contains(id.as_str()) {
                id = people(&id, &self.objects).2.swap_remove(0);
            }
            id
        };
        let mut open = vec![(stands(then.to_owned()), new.to_owned())];
        while let Some((old, new)) = open.pop() {
            if seen.insert(old.clone()) {
                let (mut was, is) = (people(&old, &self.objects), people(&new, now));
                was.2 = was.2.into_iter().map(stands).collect();
                was.2.dedup();
                assert_eq!((&is.0, &is.1, is.2.len()), (&was.0, &was.1, was.2.len()), "{old}: other people or parents");
                open.extend(was.2.into_iter().zip(is.2));
            }
        }
    }

    /// Every commit and tag that refs reach.
    fn reached(&self) -> Vec<String> {
        let special = |name: &str| ["refs/notes/", "refs/replace/"].iter().any(|start| name.starts_with(start));
        let mut open: Vec<String> =
            self.refs.iter().filter(|(name, _)| !special(name)).map(|(_, id)| id.clone()).collect();
        let mut seen = std::collections::BTreeSet::new();
        while let Some(id) = open.pop() {
            let Some((kind, bytes)) = self.objects.get(&id).filter(|_| !seen.contains(&id)) else { continue };
            seen.insert(id);
            let text = String::from_utf8_lossy(bytes).into_owned();
            open.extend(links(kind, text.split("\n\n").next().unwrap_or_default()));
        }
        seen.into_iter().collect()
    }

    /// After an undo: everything is as it was, objects too.
    pub(crate) fn is_back(&self, world: &World) {
        let dump = world.dump();
        if dump != self.dump {
            let differs = dump.lines().zip(self.dump.lines()).find(|(a, b)| a != b);
            panic!("undo is not exact: {differs:?}, {} lines for {}", dump.lines().count(), self.dump.lines().count());
        }
        assert_eq!(refs(world), self.refs);
        assert_eq!(indexes(world), self.indexes);
        let now = objects(world, &self.common);
        for (id, object) in &self.objects {
            assert_eq!(now.get(id), Some(object), "object {id} did not come back");
        }
        for (path, then) in &self.files {
            let name = path.strip_prefix(&self.common).unwrap_or(path);
            let own = name.ends_with("index") || name.ends_with("packed-refs") || name.starts_with("refs");
            // Where a ref is kept, loose or packed, is git's affair; `for-each-ref` was compared.
            if !own && !name.starts_with("worktrees") {
                assert!(path.symlink_metadata().is_ok(), "{} did not come back", name.display());
                assert!(read(path) == *then, "{} is not as it was", name.display());
            }
        }
        let place = |path: &Path| ["refs", "logs"].iter().any(|folder| path.starts_with(self.common.join(folder)));
        for path in git_files(&self.common).iter().filter(|path| !place(path) && !path.ends_with("packed-refs")) {
            assert!(self.files.contains_key(path), "{} was not there before", path.display());
        }
        fsck(world, &world.repo);
    }
}

/// Objects that hold the key, or lead to one that does.
fn dirty(objects: &Objects, needles: &[Vec<u8>], subs: &HashSet<&str>) -> HashSet<String> {
    let below = |id: &str| -> Vec<String> {
        let Some((kind, bytes)) = objects.get(id) else { return Vec::new() };
        let mut ids = Vec::new();
        let mut rest = &bytes[..];
        while let ("tree", Some(nul)) = (kind.as_str(), memchr::memchr(0, rest)) {
            ids.push(stanch::base::id::hex(&rest[nul + 1..nul + 21]));
            rest = &rest[nul + 21..];
        }
        let text = String::from_utf8_lossy(bytes);
        let head = text.split("\n\n").next().unwrap_or_default();
        if kind == "commit" {
            ids.extend(head.lines().filter_map(|line| line.strip_prefix("tree ")).map(str::to_owned));
        }
        ids.extend(links(kind, head));
        ids
    };
    let mut dirty: HashSet<String> =
        objects.iter().filter(|(_, (_, bytes))| holds(bytes, needles)).map(|(id, _)| id.clone()).collect();
    // Commits of a submodule that changed: what names them changes, too.
    dirty.extend(subs.iter().map(|id| (*id).to_owned()));
    let mut seen = HashSet::new();
    for start in objects.keys() {
        let mut open = vec![(start.clone(), false)];
        while let Some((id, done)) = open.pop() {
            if done {
                if below(&id).iter().any(|id| dirty.contains(id)) {
                    dirty.insert(id);
                }
            } else if seen.insert(id.clone()) {
                let next = below(&id);
                open.push((id, true));
                open.extend(next.into_iter().map(|id| (id, false)));
            }
        }
    }
    dirty
}

/// What a commit's or tag's headers lead to, in order, but for the tree.
fn links(kind: &str, head: &str) -> Vec<String> {
    let key = match kind {
        "commit" => "parent ",
        "tag" => "object ",
        _ => return Vec::new(),
    };
    head.lines().filter_map(|line| line.strip_prefix(key)).map(str::to_owned).collect()
}
