//! One place, looked at: which key stands there, where, what a write would change, and what speaks against it.
//!
//! Must not know: how it is written.

use std::fs::Metadata;
use std::ops::Range;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::child::{self, Ended as ChildEnd};
use super::content::Content;
use super::find::{Hit, Reading};
use super::{Files, format_of, path_of, shown};
use crate::base::{Fault, SecretRef};
use crate::effect::TargetOp;
use crate::effect::target::{Found, Holds, Spot, TargetRef};
use crate::shell::finish::Wire;
use crate::targets::{FileFormat, Judgement};

/// How long git may think about one file.
const GIT_TIME: Duration = Duration::from_secs(2);

impl Files {
    pub(super) fn inspect(&self, op: &TargetOp, at: &TargetRef, wire: &Wire) -> Result<Found, Fault> {
        let content = Content::read(path_of(at)?)?;
        self.look(format_of(op, at)?, at, &content, wire)
    }

    /// Everything a person should see before a write.
    pub(super) fn look(
        &self,
        format: &'static dyn FileFormat,
        at: &TargetRef,
        content: &Content,
        wire: &Wire,
    ) -> Result<Found, Fault> {
        let reading = Reading::new(format, &content.bytes)?;
        let hits = reading.hits(self.key(SecretRef::Leaked)?.expose());
        let print = self.print(SecretRef::Leaked)?.to_string();
        let place = path_of(at)?;
        let judgement = judge(format, place, &reading, &hits);
        let mut warnings = judgement.warnings;
        warnings.extend(of_file(place, content));
        warnings.extend(self.of_git(&content.real, wire));
        Ok(Found {
            at: at.clone(),
            content: content.hash.clone(),
            spots: self.spots(&reading, &hits),
            holds: self.holds(&reading)?,
            blocked: judgement.blocked.or_else(|| unwritable(content)).map(|why| self.vault.clean(&why)),
            warnings: warnings.iter().map(|warning| self.vault.clean(warning)).collect(),
            diff: shown::diff(&reading, &hits, &print, &|text| self.vault.clean(text)),
            can_reload: self.hook_for(place, |hooks| &hooks.reload).is_some(),
            can_prove: self.hook_for(place, |hooks| &hooks.check).is_some(),
        })
    }

    /// Which key stands there.
    pub(super) fn holds(&self, reading: &Reading<'_>) -> Result<Holds, Fault> {
        let leaked = !reading.hits(self.key(SecretRef::Leaked)?.expose()).is_empty();
        let new = self.vault.get(SecretRef::Replacement).is_some_and(|key| !reading.hits(key.expose()).is_empty());
        Ok(match (leaked, new) {
            (true, true) => Holds::Both,
            (true, false) => Holds::Leaked,
            (false, true) => Holds::Replacement,
            (false, false) => Holds::Neither,
        })
    }

    /// One for each variable and each line of other text.
    pub(super) fn spots(&self, reading: &Reading<'_>, hits: &[Hit]) -> Vec<Spot> {
        let (mut line, mut counted) = (1, 0);
        let mut spots: Vec<Spot> = Vec::new();
        for hit in hits {
            line += line_ends(reading.bytes, counted..hit.at.start);
            counted = hit.at.start;
            let spot = match hit.span.and_then(|index| reading.spans.get(index)) {
                Some(span) => Spot { name: self.vault.clean(&span.name), line: span.line },
                None => Spot { name: elsewhere(reading.bytes, hit.at.start).to_owned(), line },
            };
            spots.push(spot);
        }
        spots.dedup();
        spots
    }

    /// Would git carry the new key away? `None` outside of a repository.
    fn of_git(&self, real: &Path, wire: &Wire) -> Option<String> {
        let (folder, name) = (real.parent()?, real.file_name()?);
        folder.ancestors().find(|above| above.join(".git").exists())?;
        let ask = |words: &[&str]| {
            let mut git = Command::new("git");
            // A hostile repository's config must not run a program of its choice.
            git.args(["-c", "core.fsmonitor=false"]).args(words).arg("--").arg(name).current_dir(folder);
            git.env("GIT_OPTIONAL_LOCKS", "0");
            for local in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
                git.env_remove(local);
            }
            child::without_secrets(&mut git, &self.vault);
            match child::run(git, GIT_TIME, &wire.cancel).map(|ran| ran.ended) {
                Ok(ChildEnd::Exit(status)) => status.code(),
                _ => None,
            }
        };
        match ask(&["--literal-pathspecs", "ls-files", "--error-unmatch"]) {
            Some(0) => Some(
                "git tracks this file: the next commit would put the new key into history. `git rm --cached` it and ignore it"
                    .into(),
            ),
            Some(1) => match ask(&["check-ignore", "-q"]) {
                Some(0) => None,
                Some(1) => Some("git does not ignore this file: one `git add .` would take the new key along".into()),
                _ => Some("git could not say whether it ignores this file: check before you commit".into()),
            },
            _ => Some("git could not say whether it tracks this file: check before you commit".into()),
        }
    }
}

/// The format's word on the spans that hold the key.
pub(super) fn judge(format: &dyn FileFormat, place: &Path, reading: &Reading<'_>, hits: &[Hit]) -> Judgement {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let mut holding: Vec<usize> = hits.iter().filter_map(|hit| hit.span).collect();
    holding.dedup();
    let mut judgement = format.judge(&name, &reading.spans, &holding);
    if let Some(line) = reading.goes_on(hits) {
        judgement.blocked = Some(format!(
            "the key goes on in line {line}: you gave only its beginning. Leave (q), and open it anew with the whole key"
        ));
    }
    judgement
}

/// Why this file can't be written, if so. Mode bits count for root too: they say what its owner wants.
pub(super) fn unwritable(content: &Content) -> Option<String> {
    let mode = content.meta.permissions().mode() & 0o7777;
    if mode & 0o222 == 0 {
        return Some(format!("it is read-only (mode {mode:04o}): `chmod u+w` it, then look again"));
    }
    rustix::fs::access(&content.real, rustix::fs::Access::WRITE_OK).err().map(|e| {
        if e == rustix::io::Errno::ROFS {
            "its file system is mounted read-only: change it where the mount comes from".to_owned()
        } else {
            format!("this user may not write it (mode {mode:04o}, owner {}): run as its owner", content.meta.uid())
        }
    })
}

fn of_file(place: &Path, content: &Content) -> Vec<String> {
    let mut warnings = Vec::new();
    if place.symlink_metadata().is_ok_and(|meta: Metadata| meta.is_symlink()) {
        warnings.push(format!("it is a link: {} will be changed, the link stays", content.real.display()));
    }
    let names = content.meta.nlink();
    if names > 1 {
        warnings.push(format!(
            "the file has {names} names (hard links): it is written in place, all names get the new key"
        ));
    }
    let mode = content.meta.permissions().mode() & 0o777;
    if mode & 0o027 != 0 {
        let who = if mode & 0o004 != 0 {
            "everybody on this machine can read it"
        } else {
            "others than its owner can change or enter it"
        };
        warnings.push(format!("{who} (mode {mode:04o}): `chmod 600` it if nothing else needs that"));
    }
    let folder = content.real.parent().map(PathBuf::from).unwrap_or_default();
    if names == 1 && rustix::fs::access(&folder, rustix::fs::Access::WRITE_OK).is_err() {
        warnings.push("its directory can't be written: the file is written in place, with a backup".into());
    }
    warnings
}

/// What a hit that is no variable's value stands in.
fn elsewhere(bytes: &[u8], at: usize) -> &'static str {
    let line = bytes.get(..at).unwrap_or_default().rsplit(|b| b"\r\n".contains(b)).next().unwrap_or_default();
    if line.contains(&b'#') { "comment" } else { "other text" }
}

/// `\n`, `\r\n` and a lone `\r` end a line each.
fn line_ends(bytes: &[u8], range: Range<usize>) -> u32 {
    let ends = range.filter(|i| match bytes.get(*i) {
        Some(b'\n') => true,
        Some(b'\r') => bytes.get(i + 1) != Some(&b'\n'),
        _ => false,
    });
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}
