//! The hook that keeps the key and the old history out: one script for a server, a clone and CI.
//!
//! Must not know: the key; only its length, public start and hash, and those not where it could be guessed.

use super::facts::Facts;
use super::fill;
use crate::base::words;

const TEMPLATE: &str = include_str!("../../../assets/papers/ban.sh");
/// Objects named by id; the hash finds the key in all others.
const OBJECTS: usize = 500;

pub(super) fn script(facts: &Facts) -> String {
    let starts: Vec<&str> = facts.plan.first_changed.iter().map(String::as_str).collect();
    // An object's id is a hash over its text: for a key that could be guessed it would confirm a guess.
    let objects: Vec<&str> = match facts.key {
        Some(_) => facts.details.dirty.iter().take(OBJECTS).map(String::as_str).collect(),
        None => Vec::new(),
    };
    let (length, prefix, digest) =
        facts.key.as_ref().map_or((0, "", ""), |key| (key.length, key.prefix, key.digest.as_str()));
    fill(
        TEMPLATE,
        &[
            ("REPO", &[facts.repo()]),
            ("STARTS", &starts),
            ("OBJECTS", &objects),
            ("LENGTH", &[&length.to_string()]),
            ("PREFIX", &[&words::quoted(prefix)]),
            ("DIGEST", &[&words::quoted(digest)]),
        ],
    )
}
