//! A page of text at 80 columns that grows line by line, and the few words that all pages share.
//!
//! Must not know: what any page is about.

use crate::base::words::{self, count};
use crate::ui::text::wrap;

const WIDTH: usize = 80;
/// Lines of one list; `--json` has all.
pub(super) const SHOWN: usize = 12;

/// Lines that grow, each broken at the terminal's edge.
#[derive(Default)]
pub(super) struct Page(Vec<String>);

impl Page {
    pub(super) fn say(&mut self, text: impl AsRef<str>) {
        // One line, whatever a name in it holds: it must not look like a word of ours.
        self.0.extend(wrap(&words::tame(text.as_ref()), WIDTH));
    }

    pub(super) fn list<T>(&mut self, all: &[T], line: impl Fn(&T) -> String) {
        for item in all.iter().take(SHOWN) {
            self.say(line(item));
        }
        let more = all.len().saturating_sub(SHOWN);
        if more > 0 {
            self.say(format!("    and {more} more (--json has all)"));
        }
    }

    pub(super) fn end(self) -> String {
        self.0.join("\n")
    }
}

pub(super) fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

pub(super) fn number(n: u64, thing: &str) -> String {
    count(usize::try_from(n).unwrap_or(usize::MAX), thing)
}

/// Which keys are meant, where there are several.
pub(super) fn keys(page: &mut Page, keys: &[String]) {
    if keys.len() > 1 {
        page.say(format!("{} looked for: {}", count(keys.len(), "key"), keys.join(", ")));
    }
}

pub(super) fn not(page: &mut Page, title: &str, what: &[String]) {
    if !what.is_empty() {
        page.say(format!("{title}:"));
        page.list(what, |w| format!("  - {w}"));
    }
}
