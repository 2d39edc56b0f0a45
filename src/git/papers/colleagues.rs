//! The script a colleague runs in their clone: the exact old base of each branch comes from the plan.
//!
//! Must not know: who the colleagues are.

use super::facts::{Facts, Remote};
use super::fill;

const TEMPLATE: &str = include_str!("../../../assets/papers/colleagues.sh");

pub(super) fn script(facts: &Facts, remote: &Remote) -> String {
    let starts: Vec<String> = facts.starts().iter().map(|(old, new)| format!("{old} {new}")).collect();
    let branches: Vec<String> = remote.branches.iter().map(|(name, old, new)| format!("{old} {new} {name}")).collect();
    let tags: Vec<String> = facts.tags().iter().map(|(old, name)| format!("{old} {name}")).collect();
    fill(
        TEMPLATE,
        &[
            ("REPO", facts.repo()),
            ("REMOTE", &quoted(&remote.look.name)),
            ("STARTS", &starts.join("\n")),
            ("BRANCHES", &branches.join("\n")),
            ("TAGS", &tags.join("\n")),
        ],
    )
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_stays_one_word() {
        assert_eq!(super::quoted("o'r$i"), r"'o'\''r$i'");
    }
}
