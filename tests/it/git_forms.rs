//! Several keys at once, keys that overlap, and files too large to be looked at in one piece.

use std::io::Write as _;

use stanch::git::{self, Ask};

use crate::gitrepo::World;

const MARK: &str = "REMOVED-BY-STANCH";

fn with_keys<T>(world: &World, keys: &[&str], work: impl FnOnce(&Ask<'_>) -> T) -> T {
    let backup = world.backup();
    let keys: Vec<&[u8]> = keys.iter().map(|k| k.as_bytes()).collect();
    work(&Ask { repo: &world.repo, backup_root: &backup, keys: &keys, cancel: &|| false, progress: &|_| {} })
}

#[test]
fn overlapping_keys_leave_no_tail() {
    let world = World::new();
    let short = format!("sk_{}_{}", "live", "aB3xQ9zLm2");
    let long = format!("{short}defK7");
    let other = format!("gh{}_{}", "p", "Zq8Wm3Lx0Vt5Rk2");
    world.write("f", format!("a={short}\nb={long}\nc={other}\nd={long}{other}\n"));
    world.commit(&format!("both {long} {other}"));
    let keys = [short.as_str(), &long, &other];
    let plan = with_keys(&world, &keys, |ask| git::plan(ask).unwrap());
    with_keys(&world, &keys, |ask| git::apply(ask, &plan.id).unwrap());
    let want = format!("a={MARK}\nb={MARK}\nc={MARK}\nd={MARK}{MARK}\n");
    assert_eq!(String::from_utf8(world.read("f")).unwrap(), want);
    assert_eq!(world.git(&["log", "-1", "--format=%s"]), format!("both {MARK} {MARK}"));
    for key in keys {
        assert!(world.copies(key).is_empty());
    }
}

#[test]
fn a_large_file_with_the_key_across_a_blocks_edge() {
    let world = World::new();
    let mut file = std::io::BufWriter::new(std::fs::File::create(world.repo.join("large.txt")).unwrap());
    let line = format!("{}\n", "line of text ".repeat(5));
    let edge = (40 << 20) / 65536 * 65536;
    for _ in 0..(edge - 20) / line.len() {
        file.write_all(line.as_bytes()).unwrap();
    }
    write!(file, "{}k={}\nend\n", "x".repeat((edge - 20) % line.len()), world.key).unwrap();
    file.flush().unwrap();
    drop(file);
    world.commit("large");
    for packed in [false, true] {
        if packed {
            world.git(&["repack", "-adq"]);
        }
        let map = world.find();
        assert_eq!(map.copies.len(), 1);
        assert_eq!(map.copies[0].path.as_deref(), Some("large.txt"));
    }
    let plan = world.plan();
    assert_eq!(plan.diff.len(), 2, "{:?}", plan.diff);
    assert!(plan.diff[0].len() < 300 && plan.diff[0].ends_with("k=[leaked]"), "{:?}", plan.diff);
    world.apply(&plan.id);
    let text = world.read("large.txt");
    assert!(text.ends_with(format!("k={MARK}\nend\n").as_bytes()));
    assert!(world.find().copies.is_empty());
}
