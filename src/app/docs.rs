//! The key table in words, for `print keys` and the man page: from the same tables that the keys themselves use.
//!
//! Must not know: where it is printed.

use std::fmt::Write as _;

use crate::ui::Key;

use super::commands;

/// Section, key, what, why.
pub fn keys_table() -> Vec<(String, String, String, String)> {
    let mut rows = Vec::new();
    for (at, stage) in crate::stages::ALL.iter().enumerate() {
        for action in stage.actions() {
            let section = format!("{at} {}", stage.title());
            rows.push((section, action.key.to_string(), action.label.to_owned(), action.why.to_owned()));
        }
    }
    for command in &commands::ALL {
        let keys: Vec<String> = command.keys.iter().map(Key::label).collect();
        rows.push(("everywhere".into(), keys.join(", "), command.label.to_owned(), command.why.to_owned()));
    }
    for (keys, what) in [
        ("0 to 6, tab, backtab", "go to a stage"),
        ("up, down, j, k, page up, page down, g, G", "move the cursor, or scroll"),
        ("esc", "back out one level"),
    ] {
        rows.push(("everywhere".into(), keys.into(), what.into(), String::new()));
    }
    rows
}

/// The same as a Markdown table per section.
pub fn keys_markdown() -> String {
    let mut text = String::new();
    let mut last = String::new();
    for (section, keys, what, why) in keys_table() {
        if section != last {
            let _ = write!(text, "\n## {section}\n\n| key | what | why |\n|---|---|---|\n");
            last = section;
        }
        let _ = writeln!(text, "| `{keys}` | {what} | {why} |");
    }
    text.trim_start().to_owned()
}
