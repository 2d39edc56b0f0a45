//! What stands beside the history: large files of git LFS, and submodules.

use sha2::{Digest as _, Sha256};
use stanch::effect::git::CopyKind;
use stanch::git;

use crate::gitrepo::World;

#[test]
fn a_large_file_of_lfs_is_found_set_aside_listed_and_comes_back() {
    let world = World::new();
    let content = format!("{}k={}\n", "data\n".repeat(1000), world.key);
    let oid = stanch::base::id::hex(&Sha256::digest(content.as_bytes()));
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n", content.len());
    world.write("media/big.dat", &pointer);
    let commit = world.commit("a large file");
    let object = format!(".git/lfs/objects/{}/{}/{oid}", &oid[..2], &oid[2..4]);
    world.write(&object, &content);
    world.write(".git/lfs/objects/aa/bb/aabb", "harmless");
    let map = world.find();
    assert_eq!(map.copies.len(), 1);
    let copy = &map.copies[0];
    assert_eq!((copy.what, copy.first.as_deref()), (CopyKind::Leftover, Some(&*commit)));
    assert!(copy.remedy.contains("media/big.dat") && copy.remedy.contains(&oid), "{copy:?}");
    let plan = world.plan();
    assert!(plan.refs.is_empty() && plan.refusals.is_empty() && !plan.nothing_to_do, "{:?}", plan.refusals);
    assert_eq!((&plan.lfs[0].oid, &plan.lfs[0].paths), (&oid, &vec!["media/big.dat".to_owned()]));
    assert_eq!(plan.lfs[0].commits, [commit.clone()]);
    world.apply(&plan.id);
    assert!(!world.repo.join(&object).exists());
    assert!(world.repo.join(".git/lfs/objects/aa/bb/aabb").exists());
    assert_eq!(world.head(), commit, "a pointer holds no key: the history stays");
    world.clean();
    world.undo(&plan.id);
    assert_eq!(world.read(&object), content.as_bytes());
}

#[test]
fn a_submodule_that_holds_the_key_is_purged_first() {
    let world = World::new();
    let other = World::new();
    other.old_leak();
    let from = other.repo.to_str().unwrap().to_owned();
    world.git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &from, "vendor/sub"]);
    world.commit("a submodule");
    let map = world.find();
    assert_eq!(map.copies.len(), 1);
    assert_eq!(map.copies[0].path.as_deref(), Some("modules/vendor/sub"));
    assert!(map.copies[0].remedy.contains("purge the submodule first"), "{:?}", map.copies);
    let plan = world.plan();
    assert!(plan.refusals[0].why.contains("vendor/sub") && plan.refusals[0].way_forward.contains("--repo"));
    // As told: by itself, and then nothing is left here.
    let backup = world.temp().join("backup-sub");
    let sub = world.repo.join("vendor/sub");
    let key = [world.key.as_bytes()];
    let ask = git::Ask { repo: &sub, backup_root: &backup, keys: &key, cancel: &|| false, progress: &|_| {} };
    let plan = git::plan(&ask).unwrap();
    git::apply(&ask, &plan.id).unwrap();
    assert!(world.find().copies.is_empty());
}
