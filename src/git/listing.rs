//! A repository's refs from git's own files, where those are as plain as they nearly always are: what `git for-each-ref`
//! would say without starting it. What is not plain in any way is left to git.
//!
//! Must not know: what refs are for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use git2::Oid;

use super::repo::{Ref, Refs};
use super::{raw, store};

/// End of a name that no ref has.
const LOCK: &str = ".lock";

/// What a ref's file says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Held {
    Id(Oid),
    Name(String),
}

impl Refs {
    /// Adds every ref of the git directory `dir`, by name. False, and nothing is added: git has to be asked.
    pub(super) fn plain(&mut self, dir: &Path) -> bool {
        let Some(all) = listed(dir) else { return false };
        for (name, held) in all {
            match held {
                Held::Id(id) => self.direct.push(Ref { name, id }),
                Held::Name(to) => self.symbolic.push((name, to)),
            }
        }
        true
    }
}

fn listed(dir: &Path) -> Option<BTreeMap<String, Held>> {
    // In this order: who packs refs writes the list first, and removes the files after it.
    let mut all = BTreeMap::new();
    loose(&dir.join("refs"), "refs", &mut all)?;
    if let Some(bytes) = store::read_if(&dir.join("packed-refs")).ok()? {
        packed(std::str::from_utf8(&bytes).ok()?, &mut all)?;
    }
    // One that leads nowhere, or to another such, is git's affair.
    let leads = |to: &str| matches!(all.get(to), Some(Held::Id(_)));
    let plain = all.values().all(|held| matches!(held, Held::Id(_)) || matches!(held, Held::Name(to) if leads(to)));
    plain.then_some(all)
}

fn loose(folder: &Path, name: &str, all: &mut BTreeMap<String, Held>) -> Option<()> {
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let own = entry.file_name().into_string().ok()?;
        // Not finished, or not git's.
        if own.starts_with('.') || own.ends_with(LOCK) {
            continue;
        }
        let name = format!("{name}/{own}");
        let kind = entry.file_type().ok()?;
        if kind.is_dir() {
            loose(&entry.path(), &name, all)?;
        } else {
            let bytes = kind.is_file().then(|| store::read_if(&entry.path()).ok().flatten())??;
            let text = std::str::from_utf8(&bytes).ok()?.strip_suffix('\n')?;
            let held = text.strip_prefix("ref: ").map_or_else(|| id(text), |to| named(to).map(Held::Name))?;
            all.insert(named(&name)?, held);
        }
    }
    Some(())
}

/// Lines of `packed-refs`: a ref's file counts before its line, and what a tag leads to is said below it.
fn packed(text: &str, all: &mut BTreeMap<String, Held>) -> Option<()> {
    for line in text.split_terminator('\n').filter(|line| !line.starts_with(['#', '^'])) {
        let (digits, name) = line.split_once(' ')?;
        let held = id(digits)?;
        all.entry(named(name)?).or_insert(held);
    }
    (text.is_empty() || text.ends_with('\n')).then_some(())
}

fn id(digits: &str) -> Option<Held> {
    let id = raw::oid(digits.as_bytes()).filter(|id| !id.is_zero())?;
    (!digits.bytes().any(|b| b.is_ascii_uppercase())).then_some(Held::Id(id))
}

/// `name`, if no git could take it for anything but the name of a ref.
fn named(name: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_+.=,#%@/".contains(&b);
    let part = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && !part.ends_with(LOCK) && part != "@"
    };
    let sound =
        name.starts_with("refs/") && name.bytes().all(plain) && !name.contains("..") && name.split('/').all(part);
    sound.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    /// A git directory with these files below it.
    fn dir(files: &[(&str, String)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("refs/heads")).unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    #[test]
    fn files_count_before_the_packed_list() {
        let packed =
            format!("# pack-refs with: peeled fully-peeled sorted \n{TWO} refs/heads/a\n{TWO} refs/tags/t\n^{ONE}\n");
        let dir = dir(&[
            ("packed-refs", packed),
            ("refs/heads/a", format!("{ONE}\n")),
            ("refs/heads/a.lock", String::new()),
            ("refs/heads/b/c", format!("{TWO}\n")),
            ("refs/remotes/o/HEAD", "ref: refs/heads/a\n".into()),
        ]);
        let mut refs = Refs::default();
        assert!(refs.plain(dir.path()));
        let direct: Vec<_> = refs.direct.iter().map(|r| (r.name.clone(), r.id.to_string())).collect();
        let wanted = [("refs/heads/a", ONE), ("refs/heads/b/c", TWO), ("refs/tags/t", TWO)];
        assert_eq!(direct, wanted.map(|(name, id)| (name.to_owned(), id.to_owned())));
        assert_eq!(refs.symbolic, [("refs/remotes/o/HEAD".to_owned(), "refs/heads/a".to_owned())]);
    }

    #[test]
    fn what_is_not_plain_is_left_to_git() {
        for (name, text) in [
            ("refs/heads/x", String::new()),
            ("refs/heads/x", ONE.to_owned()),
            ("refs/heads/x", format!("{ONE} \n")),
            ("refs/heads/x", format!("{}\n", "0".repeat(40))),
            ("refs/heads/x", "ref: refs/heads/nowhere\n".into()),
            ("refs/heads/a b", format!("{ONE}\n")),
            ("refs/heads/ä", format!("{ONE}\n")),
            ("packed-refs", format!("{ONE} refs/heads/..\n")),
            ("packed-refs", format!("{ONE} refs/heads/x")),
            ("packed-refs", format!("{ONE}\n")),
        ] {
            let mut refs = Refs::default();
            assert!(
                !refs.plain(dir(&[("refs/heads/a", format!("{ONE}\n")), (name, text.clone())]).path()),
                "{name} {text}"
            );
            assert!(refs.direct.is_empty());
        }
        assert!(!Refs::default().plain(tempfile::tempdir().unwrap().path()), "a reftable has no such folder");
    }
}
