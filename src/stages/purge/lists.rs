//! The long lists of the stage, each to be read in a pane of its own: the map of copies, and what a plan changes.
//!
//! Must not know: how they are scrolled.

use crate::base::words::bytes;
use crate::effect::git::{Choice, Copy, Emptied, LfsObject};
use crate::incident::RepoFacts;
use crate::stages::targets::diff_line;
use crate::stages::{Listing, Text, Tone};

use super::body::short;
use super::policy;

/// Where a copy is, in a word.
pub(super) fn place(copy: &Copy) -> &'static str {
    match (copy.on_remote, copy.reachable) {
        (true, _) => "pushed",
        (false, true) => "local",
        (false, false) => "unreachable",
    }
}

pub(super) fn what(copy: &Copy) -> String {
    format!("{:?}", copy.what).to_lowercase()
}

/// Every copy: what and where, in which commits and refs, and what removes it.
pub(super) fn copies(repo: &str, facts: &RepoFacts) -> Listing {
    let copies = facts.map.iter().flat_map(|(_, map)| &map.copies);
    Listing { title: format!("Copies in {repo}"), items: copies.map(item).collect() }
}

fn item(copy: &Copy) -> Vec<Text> {
    let path = copy.path.clone().unwrap_or_else(|| "(its message)".into());
    let tone = if copy.on_remote { Tone::Warn } else { Tone::Strong };
    let mut lines = vec![Text::tone(tone, format!("{} {path}: {}, {}", what(copy), copy.form, place(copy)))];
    let commits = match (&copy.first, &copy.last) {
        (Some(first), Some(last)) if first != last => {
            Some(format!("in commits from {} to {}", short(first), short(last)))
        }
        (Some(only), _) => Some(format!("in commit {}", short(only))),
        _ => None,
    };
    let refs = (!copy.refs.is_empty()).then(|| format!("held by {}", copy.refs.join(", ")));
    let held: Vec<String> = std::iter::once(short(&copy.id).to_owned()).chain(commits).chain(refs).collect();
    lines.push(Text::tone(Tone::Dim, format!("    {}", held.join(", "))));
    if !copy.remedy.is_empty() {
        lines.push(Text::plain(format!("    to remove it: {}", copy.remedy)));
    }
    lines
}

/// A plan to the id: lines, refs, files, signatures.
pub(super) fn preview(repo: &str, facts: &RepoFacts) -> Listing {
    let mut items = Vec::new();
    if let Some((_, plan)) = &facts.plan {
        items.extend(policy::lines(plan).into_iter().map(|line| vec![Text::tone(Tone::Strong, line)]));
        items.extend(plan.choices.iter().map(file));
        items.extend(plan.diff.iter().map(|line| vec![diff_line(line)]));
        let moved = |r: &crate::effect::git::RefMove| {
            vec![Text::plain(format!("ref {}  {} -> {}", r.name, short(&r.old), short(&r.new)))]
        };
        items.extend(plan.refs.iter().map(moved));
        items.extend(plan.files.iter().map(|file| vec![Text::plain(format!("file {file}"))]));
        let lost = |id: &String| vec![Text::tone(Tone::Warn, format!("loses its signature: {id}"))];
        items.extend(plan.signatures_lost.iter().map(lost));
        let fate = if plan.policy.emptied == Emptied::Drop { "dropped" } else { "kept as an empty commit" };
        let empty = |id: &String| vec![Text::plain(format!("changed only the key, {fate}: {id}"))];
        items.extend(plan.became_empty.iter().map(empty));
        let cited = |what: &String| vec![Text::tone(Tone::Warn, format!("an old id stays in a message: {what}"))];
        items.extend(plan.citations_left.iter().map(cited));
        items.extend(plan.lfs.iter().map(large));
        let unseen = |what: &String| vec![Text::tone(Tone::Warn, format!("not looked into: {what}"))];
        items.extend(plan.not_looked_into.iter().map(unseen));
    }
    Listing { title: format!("What the plan changes in {repo}"), items }
}

/// One file that can't be edited as text: its fate, and where in it the key is.
pub(super) fn file(choice: &Choice) -> Vec<Text> {
    let tone = if choice.is_left() { Tone::Warn } else { Tone::Plain };
    let head = format!("{} {}: {}", choice.what, policy::path(choice), choice.way);
    let holds = choice.holds.iter().map(|inside| Text::tone(Tone::Dim, format!("    holds it as {inside}")));
    std::iter::once(Text::tone(tone, head)).chain(holds).collect()
}

/// One large file that git LFS keeps.
fn large(object: &LfsObject) -> Vec<Text> {
    let paths = if object.paths.is_empty() { "no path".into() } else { object.paths.join(", ") };
    vec![
        Text::tone(Tone::Warn, format!("large file {paths} ({}): its server must delete it too", bytes(object.size))),
        Text::tone(Tone::Dim, format!("    sha256 {}", object.oid)),
    ]
}
