//! Whether objects are gone, from git's own files: git itself lists its packs anew for each object that it does not find.
//!
//! Must not know: why they should be gone.

use std::path::Path;

use super::pack::index::Index;
use super::{raw, store};

/// Is none of `ids` below the folder `objects`? False as well where that can't be told from packs and loose files alone:
/// then git has to be asked.
pub(super) fn all<'i>(objects: &Path, ids: impl Iterator<Item = &'i str>) -> bool {
    none(objects, ids) == Some(true)
}

fn none<'i>(objects: &Path, mut ids: impl Iterator<Item = &'i str>) -> Option<bool> {
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
    let there = |text: &str| {
        let id = raw::oid(text.as_bytes())?;
        let (two, rest) = text.split_at_checked(2)?;
        let packed = indexes.iter().any(|index| id.as_bytes().first_chunk().is_none_or(|id| index.find(id).is_some()));
        Some(packed || std::fs::symlink_metadata(objects.join(two).join(rest)).is_ok())
    };
    ids.try_fold(true, |none, id| Some(none && !there(id)?))
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
        let (one, two) = (git2::Oid::hash_object(ObjectType::Blob, b"one").unwrap(), "2".repeat(40));
        let none = |ids: &[&str]| all(&objects, ids.iter().copied());
        let text = one.to_string();
        assert!(none(&[&text, &two]));
        repo.blob(b"one").unwrap();
        assert!(!none(&[&two, &text]) && none(&[&two]) && none(&[]));

        let mut pack: PackBuilder<'_> = repo.packbuilder().unwrap();
        pack.insert_object(one, None).unwrap();
        let mut bytes = Buf::new();
        pack.write_buf(&mut bytes).unwrap();
        let odb = repo.odb().unwrap();
        let mut writer = odb.packwriter().unwrap();
        std::io::Write::write_all(&mut writer, &bytes).unwrap();
        writer.commit().unwrap();
        std::fs::remove_dir_all(objects.join(&text[..2])).unwrap();
        assert!(!none(&[&two, &text]) && none(&[&two]));
    }

    #[test]
    fn what_can_not_be_told_is_left_to_git() {
        let two = "2".repeat(40);
        for (name, text) in [
            ("info/alternates", "/elsewhere\n"),
            ("pack/multi-pack-index", "MIDX"),
            ("pack/pack-1.idx", "half an index"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
            assert!(!all(folder.path(), [&two[..]].into_iter()), "{name}");
        }
        assert!(!all(tempfile::tempdir().unwrap().path(), ["no id"].into_iter()));
    }
}
