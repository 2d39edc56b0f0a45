//! Small objects that claim or make a lot: told, and neither built nor followed without end.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use crate::gitrepo::World;

use super::run::{command, ended, err, json, out, stanch};

/// What a power cut leaves: the library we open repositories with has no end where one is cut.
#[test]
fn loose_objects_that_were_cut_hang_nothing() {
    let world = World::new();
    for n in 0..8 {
        world.write(&format!("name-{n}-{n}/f"), format!("{n}\n"));
    }
    world.old_leak();
    for name in ["HEAD", "HEAD^{tree}"] {
        let id = world.git(&["rev-parse", name]);
        let file = world.repo.join(".git/objects").join(&id[..2]).join(&id[2..]);
        let whole = std::fs::read(&file).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        for len in [0, 2, 9, 20, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&file, &whole[..len]).unwrap();
            for args in [&["find"][..], &["purge", "--plan"]] {
                let said = stanch(&world, args);
                assert!(matches!(said.status.code(), Some(1 | 3)), "{name} {len}: {}{}", out(&said), err(&said));
            }
            // How often a short key is there is counted before it is refused.
            let mut short = World::at(world.repo.clone(), &world);
            short.key = "k=sk-proj".into();
            let fault = short.ask(stanch::git::find).unwrap_err();
            assert!(fault.why.contains("it stands in "), "{name} {len}: {fault}");
        }
        std::fs::write(&file, whole).unwrap();
    }
}

fn little_memory(world: &World, kib: u64, args: &[&str]) -> Output {
    let mut limited = Command::new("sh");
    let inner = command(world, args);
    limited
        .args(["-c", &format!("ulimit -v {kib}; exec \"$@\""), "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    limited.envs(inner.get_envs().filter_map(|(k, v)| Some((k, v?))));
    ended(limited)
}

/// A hole takes no room on disk; read as a whole it would take more memory than there is.
#[test]
fn a_large_dirty_file_is_not_held() {
    use std::io::{Seek as _, Write as _};
    let world = World::new();
    world.old_leak();
    let mut file = std::fs::File::options().write(true).open(world.repo.join("f")).unwrap();
    file.seek(std::io::SeekFrom::Start(2 << 30)).unwrap();
    file.write_all(world.key.as_bytes()).unwrap();
    let plan = little_memory(&world, 1_500_000, &["purge", "--plan", "--json"]);
    let why = json(&plan)["refusals"][0]["why"].to_string();
    assert!(why.contains("f (holds the key)"), "{why}");
}

/// Its id, kind as packs number it, base and bytes.
type Packed = ([u8; 20], u8, Option<[u8; 20]>, Vec<u8>);

/// Seven bits a byte, low ones first.
fn sevens(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n > 0x7f {
        bytes.push(n.to_le_bytes()[0] | 0x80);
        n >>= 7;
    }
    bytes.push(n.to_le_bytes()[0]);
    bytes
}

/// Puts a pack into the store. Nobody reads the sums.
fn pack(world: &World, mut objects: Vec<Packed>) {
    objects.sort_by_key(|(id, ..)| *id);
    let count = u32::try_from(objects.len()).unwrap().to_be_bytes();
    let (mut pack, mut starts) = ([&b"PACK\0\0\0\x02"[..], &count].concat(), Vec::new());
    for (_, kind, base, bytes) in &objects {
        starts.extend(u32::try_from(pack.len()).unwrap().to_be_bytes());
        pack.push(kind << 4 | 0x80 | (bytes.len() & 15).to_le_bytes()[0]);
        pack.extend(sevens(bytes.len() >> 4));
        pack.extend(base.iter().flatten());
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut zlib, bytes).unwrap();
        pack.extend(zlib.finish().unwrap());
    }
    pack.extend([7; 20]);
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    for first in 0..=255 {
        let upto = objects.iter().filter(|(id, ..)| id[0] <= first).count();
        index.extend(u32::try_from(upto).unwrap().to_be_bytes());
    }
    index.extend(objects.iter().flat_map(|(id, ..)| id));
    index.extend(vec![0; 4 * objects.len()]);
    index.extend(starts);
    index.extend([7; 40]);
    world.write(".git/objects/pack/pack-0707070707070707070707070707070707070707.pack", pack);
    world.write(".git/objects/pack/pack-0707070707070707070707070707070707070707.idx", index);
}

/// A few thousand bytes that claim to be gigabytes, and are.
#[test]
fn small_deltas_that_make_gigabytes_are_told_and_not_built() {
    let entries = [&b"100644 a\0"[..], &[1; 20]].concat().repeat(1 << 18);
    // What an archive begins with, over and over.
    let signs = b"PK\x03\x04".repeat(1 << 19);
    for (kind, base) in [(1, &entries), (2, &entries), (3, &signs), (4, &entries)] {
        let world = World::new();
        world.old_leak();
        let copy = [&[0xf0][..], &base.len().to_le_bytes()[..3]].concat();
        let delta = [sevens(base.len()), sevens(base.len() * 5_000), copy.repeat(5_000)].concat();
        pack(&world, vec![([0x11; 20], kind, None, base.clone()), ([0x77; 20], 7, Some([0x11; 20]), delta)]);
        let said = little_memory(&world, 4_000_000, &["find"]);
        assert_eq!(said.status.code(), Some(3), "{kind}: {}{}", out(&said), err(&said));
        assert!(out(&said).contains("1 object(s) that can't be read"), "{kind}: {}", out(&said));
    }
}

#[test]
fn a_size_that_is_a_lie_takes_no_memory() {
    let world = World::new();
    world.old_leak();
    // A loose blob that claims 2^60 bytes.
    let id = "1234567890123456789012345678901234567890";
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, format!("blob {}\0abc", 1_u64 << 60).as_bytes()).unwrap();
    world.write(&format!(".git/objects/{}/{}", &id[..2], &id[2..]), zlib.finish().unwrap());
    let said = little_memory(&world, 4_000_000, &["find"]);
    assert_eq!(said.status.code(), Some(3), "{}{}", out(&said), err(&said));
    assert!(out(&said).contains("can't be read"), "{}", out(&said));
}

#[test]
fn trees_that_name_the_way_out_are_only_names() {
    let world = World::new();
    let blob = world.pipe(&["hash-object", "-w", "--stdin"], format!("k={}\n", world.key).as_bytes());
    let mut tree = Vec::new();
    let id: Vec<u8> = (0..20).map(|n| u8::from_str_radix(&blob[2 * n..2 * n + 2], 16).unwrap()).collect();
    for name in ["../../escape", "..", ".git"] {
        tree.extend_from_slice(format!("100644 {name}\0").as_bytes());
        tree.extend_from_slice(&id);
    }
    let tree = world.pipe(&["hash-object", "-w", "-t", "tree", "--stdin", "--literally"], &tree);
    let commit = world.pipe(&["commit-tree", "-p", "HEAD", &tree], b"out");
    world.git(&["update-ref", "refs/heads/odd", &commit]);
    let applied = stanch(&world, &["purge", "--apply", "--yes=work"]);
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    assert!(!world.temp().join("escape").exists());
    assert!(world.copies(&world.key).is_empty());
}

#[test]
fn a_tag_that_names_itself_hangs_nothing() {
    let world = World::new();
    world.old_leak();
    // No such id can be made: it is written down.
    let id = "ab".repeat(20);
    let body = format!("object {id}\ntype tag\ntag x\ntagger a <a@b> 1 +0000\n\nx\n");
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut zlib, format!("tag {}\0{body}", body.len()).as_bytes()).unwrap();
    world.write(&format!(".git/objects/{}/{}", &id[..2], &id[2..]), zlib.finish().unwrap());
    world.write(".git/refs/tags/x", format!("{id}\n"));
    let found = stanch(&world, &["find"]);
    assert_eq!(found.status.code(), Some(3), "{}{}", out(&found), err(&found));
    stanch(&world, &["purge", "--plan"]);
}

#[test]
fn folders_deeper_than_any_stack_are_refused() {
    let world = World::new();
    let blob = world.pipe(&["hash-object", "-w", "--stdin"], format!("k={}\n", world.key).as_bytes());
    let mut tree = (0..20).map(|n| u8::from_str_radix(&blob[2 * n..2 * n + 2], 16).unwrap()).collect::<Vec<_>>();
    let mut name = "100644 f\0";
    // Written as git writes them: a process for each would take minutes.
    for _ in 0..4_000 {
        let body = [name.as_bytes(), &tree].concat();
        name = "40000 a\0";
        let id = git2::Oid::hash_object(git2::ObjectType::Tree, &body).unwrap();
        tree = id.as_bytes().to_vec();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut zlib, format!("tree {}\0", body.len()).as_bytes()).unwrap();
        std::io::Write::write_all(&mut zlib, &body).unwrap();
        let id = id.to_string();
        world.write(&format!(".git/objects/{}/{}", &id[..2], &id[2..]), zlib.finish().unwrap());
    }
    let tree = git2::Oid::from_bytes(&tree).unwrap().to_string();
    let commit = world.pipe(&["commit-tree", "-p", "HEAD", &tree], b"deep");
    world.git(&["update-ref", "refs/heads/deep", &commit]);
    let plan = stanch(&world, &["purge", "--plan"]);
    assert_eq!(plan.status.code(), Some(1), "{}", err(&plan));
    assert!(err(&plan).contains("folders or tags deep"), "{}", err(&plan));
}
