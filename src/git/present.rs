//! Which objects there are, from git's own files: git itself lists its packs anew for each object that it does not find.
//!
//! Must not know: why they should be there, or gone.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use git2::Oid;

use super::pack::index::Index;
use super::store;

/// Those of `ids` that are below the folder `objects`. `None` where packs and loose files alone can't tell: then git has
/// to be asked.
pub(super) fn of(objects: &Path, ids: impl Iterator<Item = Oid>) -> Option<HashSet<Oid>> {
    let packs = objects.join("pack");
    if objects.join("info/alternates").exists() || packs.join("multi-pack-index").exists() {
        return None;
    }
    let mut indexes = Vec::new();
    for path in store::files(&packs, &|_| false).ok()? {
        if path.extension().is_some_and(|end| end == "idx") {
            indexes.push(Index::read(&path).ok()?);
        }
    }
    let listed = std::fs::read_dir(objects).ok()?.map(|entry| entry.map(|entry| entry.file_name()));
    let folders = listed.collect::<std::io::Result<HashSet<_>>>().ok()?;
    let there = |id: &Oid| {
        let packed = id.as_bytes().first_chunk().is_some_and(|id| indexes.iter().any(|index| index.find(id).is_some()));
        let text = id.to_string();
        let (two, rest) = text.split_at(2);
        packed || folders.contains(OsStr::new(two)) && objects.join(two).join(rest).exists()
    };
    Some(ids.filter(there).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use git2::{Buf, ObjectType, PackBuilder, Repository};

    #[test]
    fn what_is_loose_or_packed_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(folder.path()).unwrap();
        let objects = folder.path().join("objects");
        let (one, two) = (Oid::hash_object(ObjectType::Blob, b"one").unwrap(), Oid::from_bytes(&[2; 20]).unwrap());
        let there = || of(&objects, [two, one].into_iter());
        assert_eq!(there(), Some(HashSet::new()));
        repo.blob(b"one").unwrap();
        assert_eq!(there(), Some(HashSet::from([one])));

        let mut pack: PackBuilder<'_> = repo.packbuilder().unwrap();
        pack.insert_object(one, None).unwrap();
        let mut bytes = Buf::new();
        pack.write_buf(&mut bytes).unwrap();
        let odb = repo.odb().unwrap();
        let mut writer = odb.packwriter().unwrap();
        std::io::Write::write_all(&mut writer, &bytes).unwrap();
        writer.commit().unwrap();
        std::fs::remove_dir_all(objects.join(&one.to_string()[..2])).unwrap();
        assert_eq!(there(), Some(HashSet::from([one])));
        std::fs::remove_dir_all(objects.join("pack")).unwrap();
        assert_eq!(there(), Some(HashSet::new()));
    }

    #[test]
    fn what_can_not_be_told_is_left_to_git() {
        for (name, text) in [
            ("info/alternates", "/elsewhere\n"),
            ("pack/multi-pack-index", "MIDX"),
            ("pack/pack-1.idx", "half an index"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
            assert_eq!(of(folder.path(), std::iter::empty()), None, "{name}");
        }
    }
}
