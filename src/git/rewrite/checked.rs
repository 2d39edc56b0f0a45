//! Objects on their way in and out: each that is read is what its id says, and none that is new holds the key.
//!
//! Must not know: what objects mean.

use std::rc::Rc;

use git2::{ObjectType, Oid};

use super::Rewriter;
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::git::find::object_type;
use crate::git::raw;

impl Rewriter<'_> {
    /// The bytes of an object, held against its id: nothing new is made of what is damaged. What our own reader can't
    /// read, git is asked for, in a process of its own.
    pub(in crate::git) fn read(&self, id: Oid) -> Result<Rc<Vec<u8>>> {
        let damaged = |why: &str| {
            Fault::refused("the repository is damaged", format!("object {id} can't be read: {why}"))
                .hint("`git fsck` lists what is missing; fetch it, or work on a fresh clone")
        };
        if let Some((kind, data)) = self.desk.borrow_mut().read(id)
            && raw::id(object_type(kind), &data)? == id
        {
            return Ok(data);
        }
        let said = self.repo.git.ask_git(&["cat-file", "--batch"], Some(format!("{id}\n").as_bytes()))?;
        let (kind, data) = answer(&said.out).ok_or_else(|| damaged("git can't read it either"))?;
        if raw::id(kind, data)? != id {
            return Err(damaged("it is not what its id says"));
        }
        Ok(Rc::new(data.to_vec()))
    }

    pub(in crate::git) fn put(&self, kind: ObjectType, bytes: &[u8]) -> Result<Oid> {
        let id = self.named(kind, bytes)?;
        if let Some(fresh) = self.fresh {
            fresh.put(id, kind, bytes)?;
        }
        Ok(id)
    }

    /// The id of a new object, which must not hold the key.
    pub(super) fn named(&self, kind: ObjectType, bytes: &[u8]) -> Result<Oid> {
        if self.repo.search.form_in(bytes).is_some() {
            return Err(Fault::new(
                FaultKind::Internal,
                "the key could not be taken out of an object",
                "its parts together spell the key again",
            ));
        }
        raw::id(kind, bytes)
    }
}

/// What `git cat-file --batch` says of one object.
fn answer(said: &[u8]) -> Option<(ObjectType, &[u8])> {
    let end = memchr::memchr(b'\n', said)?;
    let mut words = std::str::from_utf8(said.get(..end)?).ok()?.split(' ').skip(1);
    let kind = ObjectType::from_str(words.next()?)?;
    let size: usize = words.next()?.parse().ok()?;
    Some((kind, said.get(end + 1..)?.get(..size)?))
}
