//! Finds all pieces in one pass: by vector search while they are few, by an automaton when they are many.
//!
//! Must not know: keys and their forms.

use std::collections::BTreeMap;

use aho_corasick::packed;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, Span};
use zeroize::Zeroizing;

use super::{ANCHOR, Spot};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};

/// A vector search takes so many patterns at once.
pub(super) const PACKED: usize = if cfg!(target_arch = "x86_64") { 64 } else { 48 };
/// So many vector searches are still faster than one automaton.
pub(super) const SEARCHERS: usize = 5;

pub(super) enum Finder {
    Packed(Vec<packed::Searcher>),
    Automaton(AhoCorasick),
}

impl Finder {
    /// All patterns are of one length and differ, so only one can match at a place.
    pub(super) fn new(pieces: &BTreeMap<[u8; ANCHOR], Vec<Spot>>) -> Result<Self> {
        let pieces: Zeroizing<Vec<[u8; ANCHOR]>> = Zeroizing::new(pieces.keys().copied().collect());
        if pieces.len() <= PACKED * SEARCHERS {
            let packed = |part: &[[u8; ANCHOR]]| packed::Config::new().builder().extend(part).build();
            if let Some(searchers) = pieces.chunks(PACKED).map(packed).collect() {
                return Ok(Self::Packed(searchers));
            }
        }
        AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::LeftmostFirst)
            .build(pieces.iter())
            .map(Self::Automaton)
            .map_err(|e| Fault::new(FaultKind::Input, "so many keys can't be searched for at once", e.to_string()))
    }

    /// Where searcher `n` finds something at or after `from`, and which of its patterns.
    pub(super) fn next(&self, n: usize, hay: &[u8], from: usize) -> Option<(usize, usize)> {
        if from >= hay.len() {
            return None;
        }
        let span = Span { start: from, end: hay.len() };
        let found = match self {
            Self::Packed(searchers) => searchers.get(n)?.find_in(hay, span)?,
            Self::Automaton(finder) => finder.find(aho_corasick::Input::new(hay).span(span))?,
        };
        Some((found.start(), found.pattern().as_usize()))
    }
}
