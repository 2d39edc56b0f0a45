//! What our own reader can't read is asked of git: it may know another copy, or another way. It runs in a process of its
//! own, because libraries have been seen to die of damaged packs.
//!
//! Must not know: packs' insides.

use std::collections::HashSet;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::family::Seen;
use super::note::Notes;
use super::places::Places;
use super::sweep::Grown;
use super::upward::Upward;
use crate::base::fault::Result;
use crate::base::id::hex;
use crate::git::cite::Style;
use crate::git::pack::entry::{Id, Kind};
use crate::git::raw;
use crate::git::repo::Repo;

/// Objects that git is asked for at a time.
const FEW: usize = 64;
/// And so many of their bytes.
const TOGETHER: usize = 1 << 28;
/// Git may end at an object it can't read. So often it is started again; what is left then counts as broken.
const ENDS: usize = 100;

#[derive(Debug)]
pub(super) struct Rescue<'r, 'a> {
    repo: &'r Repo<'a>,
    ends: usize,
    /// What nobody can read.
    pub(super) broken: HashSet<Id>,
    pub(super) style: &'r Arc<Style>,
}

impl<'r, 'a> Rescue<'r, 'a> {
    pub(super) fn new(repo: &'r Repo<'a>, style: &'r Arc<Style>) -> Self {
        Self { repo, ends: 0, broken: HashSet::new(), style }
    }

    /// Entries whose bases lead nowhere, and everything in packs that could not be opened.
    pub(super) fn strangers(&mut self, places: &Places, grown: &[Grown<'_>], all: &mut Vec<Notes>) -> Result<()> {
        let mut ids: HashSet<Id> = grown.iter().flat_map(Grown::lost).collect();
        if !places.unread.is_empty() {
            let args = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"];
            let listed = self.repo.git.ask_git(&args, None)?;
            let named = listed.out.split(|b| *b == b'\n').filter_map(id);
            ids.extend(named.filter(|id| !places.has(id)));
        }
        all.push(self.search(ids, None)?);
        Ok(())
    }

    /// What a pass could not read.
    pub(super) fn broken(&mut self, all: &mut Vec<Notes>, upward: Option<&Upward<'_>>) -> Result<()> {
        let ids: HashSet<Id> = all.iter_mut().flat_map(|notes| std::mem::take(&mut notes.broken)).collect();
        all.push(self.search(ids, upward)?);
        Ok(())
    }

    /// Asks trees what they hold.
    pub(super) fn trees(&mut self, ids: Vec<Id>, upward: &Upward<'_>) -> Result<Notes> {
        let mut notes = Notes::default();
        self.read(ids, &mut |id, _, data| upward.tree(id, data, &mut notes))?;
        Ok(notes)
    }

    fn search(&mut self, ids: HashSet<Id>, upward: Option<&Upward<'_>>) -> Result<Notes> {
        let mut notes = Notes::citing(self.style);
        let mut ids: Vec<Id> = ids.into_iter().collect();
        ids.sort_unstable();
        let search = self.repo.search;
        self.read(ids, &mut |id, kind, data| {
            if kind == Kind::Tree && upward.is_none() {
                notes.trees.push(*id);
            }
            let form = search.form_in(data);
            let packed = kind == Kind::Blob && search.signs(data).next().is_some();
            notes.saw(id, 0, &Seen::alone(kind, data, form, packed), upward);
        })?;
        Ok(notes)
    }

    /// Shows each of `ids` that git can read.
    fn read(&mut self, mut ids: Vec<Id>, show: &mut dyn FnMut(&Id, Kind, &[u8])) -> Result<()> {
        while !ids.is_empty() {
            self.repo.go_on()?;
            let few = self.few(&mut ids)?;
            let said = self.ask("--batch", &few)?;
            let mut rest = &said[..];
            let mut told = 0;
            for id in &few {
                let Some((answer, after)) = answer(rest) else { break };
                rest = after;
                told += 1;
                match answer {
                    Some((kind, data)) => show(id, kind, data),
                    None => drop(self.broken.insert(*id)),
                }
            }
            self.untold(few, told, &mut ids);
        }
        Ok(())
    }

    /// Takes some of `ids` that fit into memory together. What is too large for any counts as broken.
    fn few(&mut self, ids: &mut Vec<Id>) -> Result<Vec<Id>> {
        let mut few = ids.split_off(ids.len().saturating_sub(FEW));
        let said = self.ask("--batch-check", &few)?;
        let sizes: Vec<_> = said.split_inclusive(|b| *b == b'\n').filter(|line| line.ends_with(b"\n")).collect();
        let left = few.split_off(sizes.len().min(few.len()));
        self.untold(left, 0, ids);
        let mut bytes = 0;
        let mut fit = Vec::new();
        for (id, line) in few.iter().zip(sizes) {
            let Some((kind, size)) = head(line) else {
                self.broken.insert(*id);
                continue;
            };
            if size > kind.most() {
                self.broken.insert(*id);
            } else if fit.is_empty() || bytes + size <= TOGETHER {
                bytes += size;
                fit.push(*id);
            } else {
                ids.push(*id);
            }
        }
        Ok(fit)
    }

    fn ask(&self, how: &str, ids: &[Id]) -> Result<Zeroizing<Vec<u8>>> {
        if ids.is_empty() {
            return Ok(Zeroizing::default());
        }
        let asked: String = ids.iter().map(|id| hex(id) + "\n").collect();
        Ok(self.repo.git.ask_git(&["cat-file", how], Some(asked.as_bytes()))?.out)
    }

    /// Git told of only so many of `few`. It ended at one: that one is broken, the others are asked for again.
    fn untold(&mut self, few: Vec<Id>, told: usize, ids: &mut Vec<Id>) {
        let mut left = few.into_iter().skip(told);
        if let Some(id) = left.next() {
            self.broken.insert(id);
            self.ends += 1;
        }
        if self.ends < ENDS {
            ids.extend(left);
        } else {
            self.broken.extend(left.chain(ids.drain(..)));
        }
    }
}

/// One answer, `None` for an object that is missing, and what comes after it.
#[expect(clippy::type_complexity, reason = "read once, right above")]
fn answer(out: &[u8]) -> Option<(Option<(Kind, &[u8])>, &[u8])> {
    let end = memchr::memchr(b'\n', out)?;
    let rest = out.get(end + 1..)?;
    let Some((kind, size)) = head(out.get(..end)?) else { return Some((None, rest)) };
    Some((Some((kind, rest.get(..size)?)), rest.get(size + 1..)?))
}

/// Kind and size in the line about an object; `None`: it is missing.
fn head(line: &[u8]) -> Option<(Kind, usize)> {
    let mut words = line.trim_ascii_end().split(|b| *b == b' ').skip(1);
    let kind = match words.next()? {
        b"blob" => Kind::Blob,
        b"tree" => Kind::Tree,
        b"commit" => Kind::Commit,
        b"tag" => Kind::Tag,
        _ => return None,
    };
    Some((kind, std::str::from_utf8(words.next()?).ok()?.parse().ok()?))
}

fn id(hex: &[u8]) -> Option<Id> {
    raw::oid(hex)?.as_bytes().first_chunk().copied()
}
