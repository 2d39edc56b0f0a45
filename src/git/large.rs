//! A file that is too large to be held in memory, and holds the key: what becomes of it, worked out as a stream that is
//! read again for each question. Archives are the exception: what is packed anew must be held, within their bounds.
//!
//! Must not know: where the stream comes from, trees, commits.

use std::io::{self, Read};

use git2::{ObjectType, Oid};
use sha1::{Digest as _, Sha1};

use super::archive::{self, Bounds};
use super::fresh::Fresh;
use super::needle::{Cleaned, binary_stream};
use super::pack::entry::{Id, Kind};
use super::pack::flow::Flow;
use super::policy::{self, Sort, Wanted, Way};
use super::repo::Repo;
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};

/// The file from its start; each call begins anew.
pub(super) type Open<'o> = &'o dyn Fn() -> Option<Flow<'o>>;

fn open(open: Open<'_>) -> Result<Flow<'_>> {
    open().ok_or_else(|| damaged("it can't be opened"))
}

fn damaged(why: impl std::fmt::Display) -> Fault {
    Fault::refused("the repository is damaged", format!("a large file can't be read: {why}"))
        .hint("`git fsck` lists what is broken; fetch it, or work on a fresh clone")
}

/// Of what kind a whole archive is, by its start.
fn archive_kind(file: Open<'_>) -> Result<Option<archive::Kind>> {
    let mut start = Vec::with_capacity(archive::HEAD);
    open(file)?.take(archive::HEAD as u64).read_to_end(&mut start).map_err(damaged)?;
    Ok(archive::looks_like(&start).filter(|kind| kind.opens()))
}

fn is_binary(file: Open<'_>) -> Result<bool> {
    binary_stream(&mut open(file)?).map_err(damaged)
}

/// `packed`: the key is inside of something. `None`: it is text.
fn sort(file: Open<'_>, packed: bool) -> Result<Option<Sort>> {
    if archive_kind(file)?.is_some() {
        return Ok(Some(Sort::Archive));
    }
    if packed {
        return Ok(Some(Sort::Amid));
    }
    Ok(binary_stream(&mut open(file)?).map_err(damaged)?.then_some(Sort::Binary))
}

/// What the file `id` is, when it is to be left as it is although it holds the key.
pub(super) fn leaves(repo: &Repo<'_>, id: &str, file: Open<'_>, packed: bool) -> Result<Option<&'static str>> {
    let Some(sort) = sort(file, packed)? else { return Ok(None) };
    let mut hits = Vec::new();
    if sort == Sort::Amid {
        // What stands in the open beside it is no reason to leave it.
        repo.search.stream(&mut open(file)?, &mut hits).map_err(damaged)?;
    }
    let leave = hits.is_empty() && policy::wanted(&repo.policy, id, sort) == Wanted::Leave;
    Ok(leave.then_some(sort.word()))
}

/// What the file `id` is when it is no text, the way, and its new id.
pub(super) fn rewritten(
    repo: &Repo<'_>,
    id: Oid,
    file: Open<'_>,
    packed: bool,
    fresh: Option<&Fresh>,
) -> Result<(Option<&'static str>, Way, Option<Oid>)> {
    let Some(sort) = sort(file, packed)? else {
        return Ok((None, Way::Edited, Some(clean(repo, id, file, false, fresh)?)));
    };
    let what = Some(sort.word());
    let held = Bounds::new(repo.ask.cancel).held;
    Ok(match (policy::wanted(&repo.policy, &id.to_string(), sort), sort) {
        (Wanted::Drop, _) => (what, Way::Dropped, Some(small(policy::GONE, fresh)?)),
        (Wanted::Leave, Sort::Amid) => (what, Way::Left, Some(clean(repo, id, file, is_binary(file)?, fresh)?)),
        (Wanted::Leave, _) => (what, Way::Left, None),
        (_, Sort::Binary) => (what, Way::SameLength, Some(clean(repo, id, file, true, fresh)?)),
        _ if open(file)?.size > held => (what, Way::Stuck("it is too large to be packed anew"), None),
        _ => {
            let mut data = Vec::new();
            open(file)?.read_to_end(&mut data).map_err(damaged)?;
            let (what, way, clean) = policy::decide(policy::By::of(repo), &id.to_string(), &data)?;
            (what, way, clean.map(|clean| small(&clean, fresh)).transpose()?)
        }
    })
}

fn small(bytes: &[u8], fresh: Option<&Fresh>) -> Result<Oid> {
    let id = super::raw::id(ObjectType::Blob, bytes)?;
    if let Some(fresh) = fresh {
        fresh.put(id, ObjectType::Blob, bytes)?;
    }
    Ok(id)
}

/// Several times through: its new length stands before its content in what an id is made of, and what comes out is
/// searched once more, as all that is written is.
fn clean(repo: &Repo<'_>, id: Oid, file: Open<'_>, fit: bool, fresh: Option<&Fresh>) -> Result<Oid> {
    let cleaned = || open(file).map(|flow| Cleaned::new(repo.search, Going { repo, inner: flow }, fit));
    let lost = |e: io::Error| repo.go_on().err().unwrap_or_else(|| damaged(e));
    let flow = open(file)?;
    let mut whole = Hashed::new(flow.kind, flow.size, Going { repo, inner: flow });
    let size = io::copy(&mut Cleaned::new(repo.search, &mut whole, fit), &mut io::sink()).map_err(lost)?;
    // Nothing new is made of what is damaged.
    if Oid::from_bytes(&whole.id()).ok() != Some(id) {
        return Err(damaged("it is not what its id says"));
    }
    let mut hashed = Hashed::new(Kind::Blob, size, cleaned()?);
    let mut hits = Vec::new();
    repo.search.stream(&mut hashed, &mut hits).map_err(lost)?;
    if !hits.is_empty() {
        return Err(Fault::new(
            FaultKind::Internal,
            "the key could not be taken out of a large file",
            "its parts together spell the key again",
        ));
    }
    let id = Oid::from_bytes(&hashed.id()).map_err(|e| damaged(e.message()))?;
    if let Some(fresh) = fresh {
        fresh.put_stream(id, size, &mut cleaned()?).map_err(|fault| repo.go_on().err().unwrap_or(fault))?;
    }
    Ok(id)
}

/// A reader that ends when somebody cancels.
pub(super) struct Going<'r, 'a, R> {
    pub(super) repo: &'r Repo<'a>,
    pub(super) inner: R,
}

impl<R> std::fmt::Debug for Going<'_, '_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Going")
    }
}

impl<R: Read> Read for Going<'_, '_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.repo.go_on().map_err(|fault| io::Error::other(fault.why))?;
        self.inner.read(buf)
    }
}

/// A reader that hashes what it gives, as an object.
pub(super) struct Hashed<R> {
    inner: R,
    sum: Sha1,
}

impl<R> Hashed<R> {
    pub(super) fn new(kind: Kind, size: u64, inner: R) -> Self {
        let kind = match kind {
            Kind::Commit => "commit",
            Kind::Tree => "tree",
            Kind::Blob => "blob",
            Kind::Tag => "tag",
        };
        Self { inner, sum: Sha1::new().chain_update(format!("{kind} {size}\0")) }
    }

    /// The id of what was given.
    pub(super) fn id(&self) -> Id {
        self.sum.clone().finalize().into()
    }
}

impl<R> std::fmt::Debug for Hashed<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hashed")
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.sum.update(buf.get(..read).unwrap_or_default());
        Ok(read)
    }
}
