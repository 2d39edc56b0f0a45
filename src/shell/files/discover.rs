//! All places below some roots that hold the leaked key. Whatever was not read is said, with the reason.
//!
//! Must not know: what is done about them.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ignore::{DirEntry, WalkBuilder};
use memchr::memmem;

use super::content::Content;
use super::find::Reading;
use super::write::is_temp;
use super::{Ended, Files, cancelled};
use crate::base::{Fault, SecretRef};
use crate::effect::target::{Found, NotRead, TargetRef};
use crate::effect::{Progress, TargetOp, TargetReply};
use crate::shell::finish::Wire;
use crate::targets::{self, FileFormat, Job};

/// Progress is told this often at most.
const TELL: Duration = Duration::from_millis(100);
/// More reasons than this tell nothing more.
const MOST_SKIPPED: usize = 200;

/// A file worth opening, and who reads it.
struct Candidate {
    path: PathBuf,
    link: bool,
    kind: &'static str,
    format: &'static dyn FileFormat,
}

/// What a search brought so far.
#[derive(Default)]
struct Haul {
    found: Vec<Found>,
    /// Place and reason.
    skipped: BTreeSet<(String, String)>,
    /// Files of writes that have not ended.
    unfinished: Vec<PathBuf>,
    /// Real paths of files that were opened: a file reached twice is told once.
    seen: BTreeSet<PathBuf>,
}

struct Teller<'a> {
    wire: &'a Wire,
    last: Option<Instant>,
}

impl Files {
    pub(super) fn discover(&self, op: &TargetOp, roots: &[PathBuf], wire: &Wire) -> Ended {
        self.key(SecretRef::Leaked)?;
        let formats = formats(op)?;
        let mut haul = Haul::default();
        let mut teller = Teller { wire, last: None };
        let mut candidates = Vec::new();
        for root in roots {
            self.collect(root, roots, &formats, &mut candidates, &mut haul, &mut teller)?;
        }
        // Files before links to them: a file is known by its own name where it has one here.
        candidates.sort_by(|a, b| (a.link, &a.path).cmp(&(b.link, &b.path)));
        let total = u64::try_from(candidates.len()).unwrap_or(u64::MAX);
        for (done, candidate) in (0..).zip(&candidates) {
            cancelled(wire)?;
            teller.tell("reading env files", done, total);
            self.read_one(candidate, &mut haul, wire);
        }
        // A write that ran beside this has finished its file by now; what is still there was left over.
        let left: Vec<PathBuf> =
            std::mem::take(&mut haul.unfinished).into_iter().filter(|path| path.exists()).collect();
        for path in left {
            let why = "left over by a write that was interrupted; it may hold the new key. The next write in its folder removes it";
            haul.skip(&self.shown(&path), why.into());
        }
        haul.found.sort_by(|a, b| a.at.cmp(&b.at));
        let files = u64::try_from(haul.seen.len()).unwrap_or(u64::MAX);
        Ok(TargetReply::Discovered { found: haul.found, skipped: few(haul.skipped), files })
    }

    /// Adds the candidates at or below `root`.
    fn collect(
        &self,
        root: &Path,
        roots: &[PathBuf],
        formats: &[(&'static str, &'static dyn FileFormat)],
        candidates: &mut Vec<Candidate>,
        haul: &mut Haul,
        teller: &mut Teller<'_>,
    ) -> Result<(), Fault> {
        let real = match root.canonicalize() {
            Ok(real) => real,
            Err(e) => {
                haul.skip(
                    &self.vault.clean(&root.to_string_lossy()),
                    super::content::trouble("can't open", root, &e).why,
                );
                return Ok(());
            }
        };
        if !real.is_dir() {
            // A file somebody names is read whatever its name.
            let claimed = formats.iter().find(|(_, format)| format.claims(&name_of(&real))).or(formats.first());
            let path = std::path::absolute(root).unwrap_or(real);
            let link = path.is_symlink();
            candidates.extend(claimed.map(|&(kind, format)| Candidate { path, link, kind, format }));
            return Ok(());
        }
        let mut looked: u64 = 0;
        for entry in walk(&real) {
            cancelled(teller.wire)?;
            looked += 1;
            teller.tell("looking for env files", looked, 0);
            let entry = match entry {
                Ok(entry) => entry,
                Err(e) => {
                    haul.skip(&self.vault.clean(&real.to_string_lossy()), self.vault.clean(&e.to_string()));
                    continue;
                }
            };
            let Some(kind_of_file) = entry.file_type() else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if kind_of_file.is_symlink() && leads_outside(path, roots) {
                haul.skip(
                    &self.shown(path),
                    "a link to a directory outside of the roots: name that as a root too".into(),
                );
            } else if is_temp(&name) && kind_of_file.is_file() {
                haul.unfinished.push(path.to_owned());
            } else if kind_of_file.is_file() || (kind_of_file.is_symlink() && !path.is_dir()) {
                let claimed = formats.iter().find(|(_, format)| format.claims(&name));
                let (path, link) = (path.to_owned(), kind_of_file.is_symlink());
                candidates.extend(claimed.map(|&(kind, format)| Candidate { path, link, kind, format }));
            }
        }
        Ok(())
    }

    /// Reads one candidate; it is found when the leaked key stands in it, anywhere.
    fn read_one(&self, candidate: &Candidate, haul: &mut Haul, wire: &Wire) {
        let shown = self.shown(&candidate.path);
        let place = match candidate.path.to_str() {
            Some(place) if place == shown => place.to_owned(),
            Some(_) => return haul.skip(&shown, "its path holds a key: rename it".into()),
            None => return haul.skip(&shown, "its path is not UTF-8: rename it, or look at it by hand".into()),
        };
        let content = match Content::read(&candidate.path) {
            Ok(content) => content,
            // Gone since it was listed: somebody's temporary file.
            Err(_) if candidate.path.symlink_metadata().is_err_and(|e| e.kind() == ErrorKind::NotFound) => return,
            Err(fault) => return haul.skip(&shown, self.vault.clean(&fault.why)),
        };
        if !haul.seen.insert(content.real.clone()) {
            return;
        }
        let Some(key) = self.vault.get(SecretRef::Leaked) else { return };
        let at = TargetRef { kind: candidate.kind.to_owned(), place };
        let found = Reading::new(candidate.format, &content.bytes)
            .map(|reading| !reading.hits(key.expose()).is_empty())
            .and_then(|holds| holds.then(|| self.look(candidate.format, &at, &content, wire)).transpose());
        match found {
            Ok(found) => haul.found.extend(found),
            Err(fault) if memmem::find(&content.bytes, key.expose()).is_some() => {
                let why = self.vault.clean(&fault.why);
                haul.skip(&shown, format!("{why}, and THE LEAKED KEY STANDS IN IT: change it by hand"));
            }
            Err(fault) => haul.skip(&shown, self.vault.clean(&fault.why)),
        }
    }

    fn shown(&self, path: &Path) -> String {
        self.vault.clean(&path.to_string_lossy())
    }
}

impl Haul {
    fn skip(&mut self, place: &str, why: String) {
        self.skipped.insert((place.to_owned(), why));
    }
}

impl Teller<'_> {
    fn tell(&mut self, words: &str, done: u64, total: u64) {
        if self.last.is_none_or(|last| last.elapsed() >= TELL) {
            self.last = Some(Instant::now());
            self.wire.say(Progress { words: words.to_owned(), done, total, attempt: 1, bytes: 0 });
        }
    }
}

/// Every registered file format.
fn formats(op: &TargetOp) -> Result<Vec<(&'static str, &'static dyn FileFormat)>, Fault> {
    let plan = |target: &&'static dyn targets::Target| {
        let Job::File(format) = target.plan(op)?;
        Ok((target.id(), format))
    };
    targets::ALL.iter().map(plan).collect()
}

/// Everything below `root`, hidden and ignored files too (that is where keys are), `node_modules` as well; only the inside of
/// git directories is left to the history engine. Links are told, not walked through.
fn walk(root: &Path) -> ignore::Walk {
    let git_dir = |entry: &DirEntry| entry.file_name() == ".git" && entry.file_type().is_some_and(|t| t.is_dir());
    WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(false)
        .filter_entry(move |entry| entry.depth() == 0 || !git_dir(entry))
        .build()
}

fn leads_outside(link: &Path, roots: &[PathBuf]) -> bool {
    let Ok(real) = link.canonicalize() else { return false };
    let inside = |root: &PathBuf| root.canonicalize().is_ok_and(|root| real.starts_with(root));
    real.is_dir() && !roots.iter().any(inside)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn few(skipped: BTreeSet<(String, String)>) -> Vec<NotRead> {
    let more = skipped.len().saturating_sub(MOST_SKIPPED);
    let mut few: Vec<NotRead> =
        skipped.into_iter().take(MOST_SKIPPED).map(|(place, why)| NotRead { place, why }).collect();
    if more > 0 {
        few.push(NotRead { place: format!("{more} more"), why: "too many to list: look below fewer roots".into() });
    }
    few
}
