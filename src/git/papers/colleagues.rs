//! The script a colleague runs in their clone: the exact old base of each branch comes from the plan.
//!
//! Must not know: who the colleagues are.

use super::facts::{Facts, Remote};
use super::fill;
use crate::base::words;

const TEMPLATE: &str = include_str!("../../../assets/papers/colleagues.sh");

pub(super) fn script(facts: &Facts, remote: &Remote) -> String {
    let starts: Vec<String> = facts.starts().iter().map(|(old, new)| format!("{old} {new}")).collect();
    let branches: Vec<String> = remote.branches.iter().map(|(name, old, new)| format!("{old} {new} {name}")).collect();
    let tags: Vec<String> = facts.tags().iter().map(|(old, name)| format!("{old} {name}")).collect();
    fill(
        TEMPLATE,
        &[
            ("REPO", &[facts.repo()]),
            ("REMOTE", &[&words::quoted(&remote.look.name)]),
            ("STARTS", &lines(&starts)),
            ("BRANCHES", &lines(&branches)),
            ("TAGS", &lines(&tags)),
        ],
    )
}

fn lines(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}
