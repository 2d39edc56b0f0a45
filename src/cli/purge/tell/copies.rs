//! Where the copies of the key are: one group for each place, and the smallest act that clears it.
//!
//! Must not know: what a rewrite would change.

use std::path::Path;

use crate::base::words::count;
use crate::effect::git::{Copy, CopyKind, CopyMap};
use crate::ui::text::{Cut, truncate};

use super::page::{Page, SHOWN, keys, not, number, short};

/// Cells of a path; some are made to fill a screen.
const PATH: usize = 320;

pub(in crate::cli::purge) fn found(repo: &Path, prints: &[String], map: &CopyMap) -> String {
    let mut page = Page::default();
    page.say(format!("{}", repo.display()));
    keys(&mut page, prints);
    if map.copies.is_empty() {
        page.say(format!("No copy of the key in {}.", number(map.objects, "object")));
    } else {
        page.say(format!(
            "{} of the key; {} looked through.",
            count(map.copies.len(), "copy"),
            number(map.objects, "object")
        ));
        copies(&mut page, &map.copies);
        page.say("Next: `stanch purge --plan` shows what a rewrite would change; it changes nothing.");
    }
    not(&mut page, "Not looked into", &map.not_looked_into);
    page.end()
}

/// The map: one group for each place, and the smallest act that clears it.
pub(super) fn copies(page: &mut Page, all: &[Copy]) {
    type Here = fn(&Copy) -> bool;
    let places: [(&str, Here); 4] = [
        ("On a remote", |c| c.on_remote),
        ("In this repository only, as far as this clone knows", |c| c.reachable && !c.on_remote),
        ("Unreachable: no ref leads to it", |c| !c.reachable && !apart(c)),
        ("In the index and in git's own files", |c| !c.on_remote && !c.reachable && apart(c)),
    ];
    for (title, here) in places {
        let these: Vec<&Copy> = all.iter().filter(|c| here(c)).collect();
        if these.is_empty() {
            continue;
        }
        page.say("");
        page.say(format!("{title} ({})", these.len()));
        let mut remedy = "";
        for copy in these.iter().take(SHOWN) {
            if copy.remedy != remedy {
                remedy = &copy.remedy;
                page.say(format!("  to do: {remedy}"));
            }
            page.say(format!("    {}", one(copy)));
        }
        if these.len() > SHOWN {
            page.say(format!("    and {} more (--json has all)", these.len() - SHOWN));
        }
    }
    page.say("");
}

fn apart(copy: &Copy) -> bool {
    !matches!(copy.what, CopyKind::Blob | CopyKind::Commit | CopyKind::Tag | CopyKind::Tree)
}

fn one(copy: &Copy) -> String {
    let what = match copy.what {
        CopyKind::Blob => "file",
        CopyKind::Commit => "commit message or name",
        CopyKind::Tag => "tag message",
        CopyKind::Tree => "file name",
        other => {
            return format!(
                "{} {} ({})",
                format!("{other:?}").to_lowercase(),
                copy.path.as_deref().unwrap_or(&copy.id),
                copy.form
            );
        }
    };
    let path =
        copy.path.as_ref().map(|path| format!(" {}", truncate(path, PATH, Cut::Middle, "…"))).unwrap_or_default();
    let since = match (&copy.first, &copy.last) {
        (Some(first), Some(last)) if first != last => format!(", from {} to {}", short(first), short(last)),
        (Some(first), _) => format!(", in {}", short(first)),
        _ => format!(", {}", short(&copy.id)),
    };
    let refs = if copy.refs.is_empty() { String::new() } else { format!("; {}", copy.refs.join(", ")) };
    format!("{what}{path} ({}){since}{refs}", copy.form)
}
