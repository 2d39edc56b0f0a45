//! "I only know where it leaked": looks through files for anything with a key's shape, shows what is found masked, and
//! holds the values until a person has chosen one.
//!
//! Must not know: any vendor's shape (that is handed in). Links are not followed. Hidden and ignored files are looked
//! into, since that is where keys live; `.git` (the history engine's) and `node_modules` are not.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::base::fault::Result;
use crate::base::{Fault, Fingerprint, Secret};
use crate::effect::target::NotRead;

/// Largest file looked into, bytes.
const LARGEST: u64 = 4 << 20;
/// Most files looked into.
const MOST_FILES: u64 = 50_000;
/// A null byte among the first of these makes a file binary.
const SNIFF: usize = 8192;
/// Most different keys held at a time.
const MOST_KEYS: usize = 200;

/// Something with a key's shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub print: Fingerprint,
    /// The first place it was seen: `path:line`.
    pub place: String,
    /// How often it was seen.
    pub count: usize,
}

/// What was found, in the order of the paths, with the values kept until one is chosen.
#[derive(Debug)]
pub struct Candidates {
    pub list: Vec<Candidate>,
    /// Files looked into.
    pub files: u64,
    /// What was left out, and why.
    pub not_read: Vec<NotRead>,
    secrets: Vec<Secret>,
}

impl Candidates {
    /// The value of `list[index]`; all others are zeroed.
    pub fn choose(mut self, index: usize) -> Result<Secret> {
        if index < self.secrets.len() {
            return Ok(self.secrets.swap_remove(index));
        }
        let why = format!("there are {} to choose from", self.secrets.len());
        Err(Fault::input(format!("there is no candidate {}", index + 1), why).hint("choose one from the list"))
    }
}

/// Looks through `paths` (files, or folders such as a repository's work tree) for what `spot` takes for a key.
/// `salt` is the incident's.
pub fn find_by_shape(paths: &[PathBuf], spot: &dyn Fn(&[u8]) -> Vec<Range<usize>>, salt: &str) -> Result<Candidates> {
    let mut found = Candidates { list: Vec::new(), files: 0, not_read: Vec::new(), secrets: Vec::new() };
    for path in paths {
        // A path given by name must be there; below a folder, trouble is noted and the rest goes on.
        std::fs::metadata(path).map_err(|e| {
            Fault::input(format!("{} can't be looked through", path.display()), e.to_string())
                .hint("give a file, or a folder such as a repository's work tree")
        })?;
        // `ignore` leaves links to files alone below a root but not the root itself, which the user named.
        for entry in walk(path) {
            match entry {
                Err(e) => found.skip(path, &e.to_string()),
                Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) || entry.depth() == 0 => {
                    if found.files >= MOST_FILES {
                        found.skip(path, &format!("only the first {MOST_FILES} files were looked into"));
                        return Ok(found);
                    }
                    found.look(entry.path(), spot, salt);
                }
                Ok(_) => {}
            }
        }
    }
    Ok(found)
}

fn walk(root: &Path) -> ignore::Walk {
    let mut builder = ignore::WalkBuilder::new(root);
    builder.standard_filters(false).follow_links(false).sort_by_file_name(std::ffi::OsStr::cmp);
    builder.filter_entry(|entry| {
        let left_out = [".git", "node_modules"].iter().any(|name| entry.file_name() == *name);
        entry.depth() == 0 || !left_out
    });
    builder.build()
}

impl Candidates {
    fn skip(&mut self, place: &Path, why: &str) {
        self.not_read.push(NotRead { place: place.display().to_string(), why: why.into() });
    }

    fn look(&mut self, path: &Path, spot: &dyn Fn(&[u8]) -> Vec<Range<usize>>, salt: &str) {
        let content = match content(path) {
            Ok(Some(content)) => content,
            Ok(None) => return,
            Err(why) => return self.skip(path, &why),
        };
        self.files += 1;
        for range in spot(&content) {
            let Some(bytes) = content.get(range.clone()) else { continue };
            let Ok(secret) = Secret::new(&Zeroizing::new(bytes.to_vec())) else { continue };
            let print = secret.fingerprint(salt);
            if let Some(known) = self.list.iter_mut().find(|known| known.print == print) {
                known.count += 1;
                continue;
            }
            if self.list.len() >= MOST_KEYS {
                return self.skip(path, &format!("more than {MOST_KEYS} different keys were found"));
            }
            let before = content.get(..range.start).unwrap_or_default();
            let line = memchr::memchr_iter(b'\n', before).count() + 1;
            self.list.push(Candidate { print, place: format!("{}:{line}", path.display()), count: 1 });
            self.secrets.push(secret);
        }
    }
}

/// The file's bytes; `None` for what is no ordinary file or is binary.
fn content(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    let about = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Ok(None);
    }
    if about.len() > LARGEST {
        return Err(format!("it has {} bytes, more than {LARGEST}", about.len()));
    }
    let file = File::open(path).map_err(|e| e.to_string())?;
    let size = usize::try_from(about.len()).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    // A file that grows meanwhile is read as far as it was: the buffer must not move and leave a copy.
    file.take(about.len()).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let head = bytes.get(..SNIFF.min(bytes.len())).unwrap_or_default();
    // UTF-16 has nulls too, but starts with a mark; a key in it would be seen by no shape anyway.
    Ok((memchr::memchr(0, head).is_none()).then_some(bytes))
}
