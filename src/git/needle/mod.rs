//! Looking for keys, and putting something else in their place. Find, rewrite, prove and clean all use this one search.
//!
//! How it works: `forms` says in which rows of symbols a key travels, `units` how a symbol may be written, `anchors` finds
//! four-byte pieces of them all in one pass, `walk` reads on from a piece to the whole, `put` writes the placeholder in
//! the same form. A text without any anchor holds no key: that is what makes it fast. `search` asks what is there, `name`
//! says it to a person, `replace` takes it out; `stream` and `clean` do the same for what can't be held.
//!
//! Must not know: repositories.

mod anchors;
mod binary;
mod clean;
mod forms;
mod name;
mod put;
mod replace;
mod search;
mod signs;
mod stream;
#[cfg(test)]
mod tests;
mod units;
mod walk;

use crate::base::Fault;
use crate::base::fault::Result;
pub(super) use anchors::ANCHOR;
use anchors::Anchors;
pub(super) use binary::binary;
pub(super) use clean::{Cleaned, Pieces, binary_stream};
use forms::{Form, PLACEHOLDER};
pub(super) use search::{Hit, Search};
pub(super) use signs::Sign;

/// All forms of one or many keys. Zeroed on drop, but for the anchors (see `anchors`).
pub(super) struct Needles {
    forms: Vec<Form>,
    anchors: Anchors,
    reach: usize,
}

impl std::fmt::Debug for Needles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Needles({} forms)", self.forms.len())
    }
}

impl Needles {
    /// Refuses a key that is too short, and one that is a part of the text that would take its place.
    pub(super) fn new(keys: &[&[u8]]) -> Result<Self> {
        let forms = forms::all(keys)?;
        let needles =
            Self { anchors: Anchors::new(&forms)?, reach: forms.iter().map(walk::longest).max().unwrap_or(0), forms };
        let search = needles.search();
        let echo = |text: &[u8]| search.first(text).is_some();
        let narrow = |form: &Form| -> Vec<u8> { form.same.iter().map(|c| c.to_le_bytes()[0]).collect() };
        if echo(PLACEHOLDER.as_bytes()) || needles.forms.iter().any(|form| echo(&narrow(form))) {
            return Err(Fault::input(
                "this value can't be purged",
                format!("it is a part of {PLACEHOLDER}, the text that would take its place"),
            )
            .hint("check that you gave the leaked key, not a placeholder"));
        }
        Ok(needles)
    }

    /// A search that borrows the keys' bytes; nothing is copied.
    pub(super) fn search(&self) -> Search<'_> {
        Search { needles: self }
    }
}
