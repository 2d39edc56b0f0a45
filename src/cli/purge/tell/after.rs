//! Where the repository stands, and what the remotes still serve.
//!
//! Must not know: how a remote is asked.

use crate::effect::git::{Aftermath, Outside, RemoteAfter, Serves, Standing};

use super::page::{Page, not, short};

pub(in crate::cli::purge) fn checked(at: Standing, finished: bool, after: Option<&Aftermath>) -> String {
    let mut page = Page::default();
    page.say(match at {
        Standing::Old => "The old history stands, with the key.",
        Standing::New if finished => "The clean history stands; the backup is destroyed.",
        Standing::New => "The clean history stands; the backup still contains the key.",
        Standing::Mixed => "Some refs are old and some are new: plan and apply again.",
    });
    let Some(after) = after else { return page.end() };
    if !after.here.is_empty() {
        page.say("THE OLD HISTORY IS BACK HERE:");
        page.list(&after.here, |line| format!("    {line}"));
    }
    if !after.came_back.is_empty() {
        page.say("Objects that held the key are in this repository again: plan and apply once more.");
    }
    for remote in &after.remotes {
        one_remote(&mut page, remote);
    }
    not(&mut page, "Not checked", &after.not_checked);
    match after.outside() {
        Outside::Gone => page.say("Nothing outside was seen to have the old history."),
        Outside::Unknown => page.say("Nobody was seen to have the old history; not everything was answered."),
        Outside::Seen => {}
    }
    page.end()
}

fn one_remote(page: &mut Page, remote: &RemoteAfter) {
    page.say(format!("{} ({})", remote.name, remote.url));
    if let Some(why) = &remote.silent {
        page.say(format!("  UNKNOWN: {why}"));
        return;
    }
    page.list(&remote.old, |name| format!("  OLD      {name}: not pushed yet, --push"));
    page.list(&remote.again, |name| {
        format!("  BACK     {name}: somebody pushed from a clone of before; put it back, send them the script")
    });
    page.list(&remote.anew, |name| {
        format!("  KEY      {name}: its newer commits bring the key again; fetch, plan, apply, push")
    });
    if !remote.pull_requests.is_empty() {
        let numbers: Vec<String> = remote.pull_requests.iter().map(|n| format!("#{n}")).collect();
        page.say(format!("  OLD      pull requests {}: only the host's support can clean them", numbers.join(", ")));
    }
    for served in &remote.served {
        let word = match served.answer {
            Serves::Yes => "SERVED   ",
            Serves::No => "gone     ",
            Serves::Unknown => "unknown  ",
        };
        page.say(format!("  {word}{}: {}", short(&served.id), served.said));
    }
    for fork in &remote.forks {
        let word = match fork.holds {
            Some(true) => "FORK     ",
            Some(false) => "fork     ",
            None => "fork?    ",
        };
        page.say(format!("  {word}{}: {}", fork.place, fork.said));
    }
}
