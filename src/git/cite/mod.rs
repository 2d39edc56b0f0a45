//! Ids of commits in messages: `(cherry picked from commit …)`, `This reverts commit …`, `Fixes: 1a2b3c4 ("…")`. Where a
//! rewritten message names a rewritten commit, the new id takes the old one's place, as long and in the same case.
//!
//! A message can only name what existed before it, so citations make no circles, and one pass in the right order is
//! enough, whatever branch the cited commit is on. Abbreviations can make a circle by chance; such a one is left.
//!
//! Must not know: how commits are written.

mod follow;
mod words;

pub(super) use follow::Cites;
pub(super) use words::{Style, swapped};
