//! Files that a git directory's configuration includes: whether git would come to a pipe or a device by one of them,
//! wherever that is, on whatever condition.
//!
//! Must not know: what the configuration says else.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::odd::{is_nothing, is_wild, waits};
use super::store;
use crate::base::Fault;
use crate::base::fault::Result;

/// Files that are included, all together: for each git may have to be asked.
const MOST: usize = 256;

/// The included files of one repository.
#[derive(Debug)]
pub(super) struct Includes<'r> {
    repo: &'r Path,
    /// By the real folder they were found in: what a file names begins there, also where the file is a link.
    seen: HashSet<PathBuf>,
    named: usize,
}

impl<'r> Includes<'r> {
    pub(super) fn of(repo: &'r Path) -> Self {
        Self { repo, seen: HashSet::new(), named: 0 }
    }

    /// Follows every configuration of the git directory `dir`: its own, and those of its linked working trees.
    pub(super) fn check(&mut self, dir: &Path) -> Result<()> {
        self.follow(dir.join("config"))?;
        self.follow(dir.join("config.worktree"))?;
        let linked = fs::read_dir(dir.join("worktrees")).into_iter().flatten().flatten();
        linked.map(|tree| tree.path().join("config.worktree")).try_for_each(|config| self.follow(config))
    }

    fn follow(&mut self, config: PathBuf) -> Result<()> {
        let mut open = vec![config];
        while let Some(config) = open.pop() {
            let real = config.parent().and_then(|folder| fs::canonicalize(folder).ok());
            let Some(place) = real.zip(config.file_name()).map(|(folder, name)| folder.join(name)) else { continue };
            if !self.seen.insert(place) {
                continue;
            }
            let Some(text) = store::read_if(&config).ok().flatten() else { continue };
            if !text.windows(7).any(|word| word.eq_ignore_ascii_case(b"include")) {
                continue;
            }
            for other in named(self.repo, &config)? {
                if fs::metadata(&other).is_ok_and(|meta| is_wild(meta.file_type())) && !is_nothing(&other) {
                    let hint = format!("take the `include` that names it out of {}", config.display());
                    return Err(waits(self.repo, &other).hint(hint));
                }
                self.named += 1;
                if self.named > MOST {
                    return Err(unreadable(
                        self.repo,
                        format!(
                            "its configuration includes more than {MOST} files, the last of them in {}",
                            config.display()
                        ),
                    )
                    .hint("take `include`s out of it, or put what they name into one file"));
                }
                open.push(other);
            }
        }
        Ok(())
    }
}

/// The files that `config` includes.
fn named(repo: &Path, config: &Path) -> Result<Vec<PathBuf>> {
    // Git alone knows how it reads its own files. Asked for one file, it reads nothing that is named there; and it stands
    // where no repository is.
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"GIT_")) {
        git.env_remove(name);
    }
    git.current_dir("/").args(["config", "-z", "--no-includes", "--type=path", "--file"]).arg(config);
    let said = git.args(["--get-regexp", r"^include(if\..*)?\.path$"]).stdin(Stdio::null()).output();
    let said = said.map_err(|e| Fault::machine("git can't be run", e))?;
    // 1: it names none.
    if !said.status.success() && said.status.code() != Some(1) {
        return Err(unreadable(repo, format!("git can't tell which files {} includes", config.display()))
            .hint("`git config --list` in it says what is wrong"));
    }
    let said = Zeroizing::new(said.stdout);
    let paths = said.split(|b| *b == 0).filter_map(|entry| {
        let at = memchr::memchr(b'\n', entry)?;
        Some(config.parent().unwrap_or(repo).join(OsStr::from_bytes(entry.get(at + 1..)?)))
    });
    Ok(paths.collect())
}

fn unreadable(repo: &Path, why: String) -> Fault {
    Fault::refused(format!("{} is no repository one can read", repo.display()), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dir: &Path) -> Result<()> {
        Includes::of(dir).check(dir)
    }

    #[test]
    fn a_file_that_includes_itself_is_read_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("config"), "[include]\npath = config\npath = other\n".repeat(2)).unwrap();
        fs::write(dir.path().join("other"), "[include]\npath = config\npath = ../x/../other\n".repeat(2)).unwrap();
        let mut includes = Includes::of(dir.path());
        includes.check(dir.path()).unwrap();
        assert_eq!(includes.named, 8);
    }

    #[test]
    fn too_many_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let paths = |count| (0..count).map(|n| format!("path = f{n}\n")).collect::<Vec<_>>().concat();
        fs::write(dir.path().join("config"), format!("[include]\n{}", paths(MOST))).unwrap();
        check(dir.path()).unwrap();
        fs::write(dir.path().join("config"), format!("[include]\n{}", paths(MOST + 1))).unwrap();
        assert!(check(dir.path()).unwrap_err().to_string().contains("more than 256 files"));
    }

    #[test]
    fn what_is_named_beside_a_link_counts_too() {
        let dir = tempfile::tempdir().unwrap();
        let side = dir.path().join("side");
        fs::create_dir(&side).unwrap();
        fs::write(dir.path().join("more"), "[include]\npath = pipe\n").unwrap();
        std::os::unix::fs::symlink("../more", side.join("more")).unwrap();
        fs::write(dir.path().join("config"), "[include]\npath = more\npath = side/more\n").unwrap();
        check(dir.path()).unwrap();
        std::os::unix::fs::symlink("/dev/zero", side.join("pipe")).unwrap();
        assert!(check(dir.path()).unwrap_err().to_string().contains("side/pipe is no file"));
    }
}
