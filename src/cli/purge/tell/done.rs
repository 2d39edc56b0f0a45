//! What was done, and its proof: the switch, the push, the papers.
//!
//! Must not know: how any of it was done.

use crate::base::words::{self, count};
use crate::effect::git::{Filed, Plan, Proof, PushOutcome, PushReport};

use super::page::{Page, not, number};

fn proof(page: &mut Page, proof: &Proof) {
    for check in &proof.checks {
        let word = if check.clean { "clean    " } else { "NOT CLEAN" };
        page.say(format!("  {word}  {}: {}", check.what, check.saw));
    }
    not(page, "Not checked", &proof.not_checked);
}

pub(in crate::cli::purge) fn applied(
    plan: &Plan,
    (backup, dropped): (&str, u64),
    came_back: &[String],
    shown: &Proof,
) -> String {
    let mut page = Page::default();
    page.say(format!("{}: the clean history stands. {} moved.", plan.phrase, count(plan.refs.len(), "ref")));
    page.say("Proof, by git itself:");
    proof(&mut page, shown);
    if !came_back.is_empty() {
        page.say("Somebody brought the old history back while the switch ran. It is kept, for their work rests on it:");
        page.list(came_back, |name| format!("    {name}"));
    }
    if !shown.clean() {
        page.say("A copy is left, or a check failed: plan again, or take it back with --undo.");
    } else if plan.push_needed {
        page.say(format!("Next: stanch purge --repo PATH --push --yes={}", words::shell(&plan.phrase)));
    }
    if dropped > 0 {
        page.say(format!("{} that nothing needed went, too: only the backup has them.", number(dropped, "object")));
    }
    if !backup.is_empty() {
        page.say(format!("The backup STILL CONTAINS THE KEY: {backup}"));
        page.say("--finish destroys it, --undo puts the old history back.");
    }
    page.end()
}

pub(in crate::cli::purge) fn pushed(report: &PushReport, shown: &Proof) -> String {
    let mut page = Page::default();
    for pushed in &report.refs {
        let word = match pushed.outcome {
            PushOutcome::Pushed => "pushed    ",
            PushOutcome::CleanAlready => "clean     ",
            PushOutcome::Deleted => "deleted   ",
            PushOutcome::Protected => "PROTECTED ",
            PushOutcome::Behind => "BEHIND    ",
            PushOutcome::Old | PushOutcome::Failed => "NOT pushed",
        };
        let said = if pushed.outcome == PushOutcome::Pushed { "" } else { pushed.said.as_str() };
        page.say(format!("  {word}  {}{}{said}", pushed.name, if said.is_empty() { "" } else { ": " }));
    }
    if report.refs.is_empty() {
        page.say("The remote has no ref that the rewrite changed.");
    }
    if !report.needs_support.is_empty() {
        page.say("Only the host's support can clean (`--papers DIR` writes the request):");
        page.list(&report.needs_support, |name| format!("    {name}"));
    }
    if !report.came_back.is_empty() {
        page.say("Something fetched the old history again before the push: plan and apply once more.");
    }
    page.say("Proof, once more after the push:");
    proof(&mut page, shown);
    if report.refs.iter().any(|r| !r.ok) {
        page.say("Push again when the reason is gone: what is done is left alone.");
    } else {
        page.say("Next: `stanch purge --repo PATH --check` shows what the remotes still serve.");
    }
    page.end()
}

pub(in crate::cli::purge) fn filed(filed: &Filed) -> String {
    let mut page = Page::default();
    page.say(format!("Written to {} (none holds the key):", filed.dir.display()));
    for (name, what) in &filed.files {
        page.say(format!("  {name}: {what}"));
    }
    page.end()
}
