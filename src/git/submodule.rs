//! Submodules that live inside the git directory: each is a repository of its own, looked into and told. It is purged by
//! itself, before the repository around it.
//!
//! Must not know: what a rewrite does.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::repo::{self, Repo};
use super::{Ask, plan};
use crate::base::fault::Result;
use crate::base::words::count;
use crate::effect::git::{Copy, CopyKind, Refusal};

/// A submodule that holds the key.
#[derive(Debug)]
pub(super) struct Held {
    /// `modules/<name>`, masked.
    name: String,
    /// Its working tree, or its git directory.
    place: String,
    form: String,
    copies: usize,
}

/// What a look into all of them gave.
#[derive(Debug, Default)]
pub(super) struct Submodules {
    pub(super) held: Vec<Held>,
    /// Those that could not be looked into, and what in them was not.
    pub(super) not_looked_into: Vec<String>,
}

pub(super) fn find(repo: &Repo<'_>) -> Result<Submodules> {
    let mut found = Submodules::default();
    for dir in dirs(&repo.dir.join("modules")) {
        repo.go_on()?;
        let name = repo.search.text(dir.strip_prefix(&repo.dir).unwrap_or(&dir).as_os_str().as_bytes());
        let ask = Ask { repo: &dir, ..*repo.ask };
        let looked = repo::open(&ask, repo.search).and_then(|sub| {
            let place = repo.search.text(sub.work.as_deref().unwrap_or(&sub.dir).as_os_str().as_bytes());
            plan::copy_map(&sub).map(|map| (place, map))
        });
        repo.go_on()?;
        match looked {
            Ok((place, map)) => {
                found.not_looked_into.extend(map.not_looked_into.iter().map(|line| format!("{name}: {line}")));
                if let Some(first) = map.copies.first() {
                    found.held.push(Held { name, place, form: first.form.clone(), copies: map.copies.len() });
                }
            }
            Err(fault) => found.not_looked_into.push(format!("submodule {name}: {}: {}", fault.what, fault.why)),
        }
    }
    Ok(found)
}

/// Git directories below `modules`; a submodule's name may have folders.
fn dirs(modules: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![modules.to_owned()];
    while let Some(dir) = open.pop() {
        if dir.join("HEAD").is_file() && dir.join("objects").is_dir() {
            found.push(dir);
            continue;
        }
        let entries = std::fs::read_dir(&dir).into_iter().flatten().flatten();
        open.extend(entries.filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir())).map(|e| e.path()));
    }
    found.sort();
    found
}

impl Held {
    fn way(&self) -> String {
        format!("purge the submodule first: `stanch purge --repo {} --plan`", self.place)
    }

    pub(super) fn copy(&self) -> Copy {
        Copy {
            id: self.name.clone(),
            what: CopyKind::Leftover,
            form: self.form.clone(),
            path: Some(self.name.clone()),
            first: None,
            last: None,
            refs: Vec::new(),
            on_remote: false,
            reachable: false,
            remedy: self.way(),
        }
    }

    pub(super) fn refusal(&self) -> Refusal {
        Refusal {
            why: format!("the submodule {} holds the key ({})", self.name, count(self.copies, "copy")),
            way_forward: format!("{}; then commit its new tip here and plan again", self.way()),
            asks: false,
        }
    }
}
