//! The hook that keeps the key and the old history out: one script for a server, a clone and CI.
//!
//! Must not know: the key; only length, public start and hash of its forms, and those not where it could be guessed.

use super::facts::Facts;
use super::fill;

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
    let windows: Vec<String> = facts
        .key
        .iter()
        .flatten()
        .map(|w| format!("{} {} {}", w.length, w.digest, w.prefix).trim_end().to_owned())
        .collect();
    let windows: Vec<&str> = windows.iter().map(String::as_str).collect();
    fill(TEMPLATE, &[("REPO", &[facts.repo()]), ("STARTS", &starts), ("OBJECTS", &objects), ("WINDOWS", &windows)])
}
