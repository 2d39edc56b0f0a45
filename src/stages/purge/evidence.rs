//! What was seen that proves it: the newest and the shortest first, each line of a table below.
//!
//! Must not know: what to do about it.

use std::path::Path;

use crate::base::Stamp;
use crate::base::words::count;
use crate::effect::git::{CopyMap, Proof, PushOutcome, PushReport};
use crate::incident::RepoFacts;
use crate::stages::{Text, Tone, View};

use super::next::accepted;
use super::{emptied, outside, policy};

pub(super) fn evidence(at: &View<'_>, repo: &Path, facts: &RepoFacts) -> Vec<Text> {
    let mut seen = Vec::new();
    if let Some(when) = facts.finished {
        seen.push(line(Tone::Good, "gone", format!("the backup: destroyed at {}", when.time())));
    }
    seen.extend(outside::evidence(facts));
    seen.extend(facts.proof.iter().filter(|(_, proof)| proof.clean()).map(|(when, proof)| proven(*when, proof)));
    if let Some((when, proof)) = &facts.proof
        && let Some(word) = accepted(at, repo, *when, proof)
    {
        let left = policy::paths(policy::left_in(facts));
        let said = format!("{} compared it at {}: it names only what was left ({left})", word.by, word.at.time());
        seen.push(line(Tone::Warn, "accepted", said));
    }
    let emptied = facts.plan.as_ref().filter(|_| facts.applied.is_some()).and_then(|(_, plan)| emptied::line(plan));
    seen.extend(emptied.map(|said| line(Tone::Plain, "emptied", said)));
    let searched = facts.map.as_ref().filter(|_| facts.applied.is_none());
    seen.extend(searched.map(|(when, map)| self::searched(*when, map)));
    // Each line of what is summed up above.
    seen.extend(facts.push.iter().flat_map(|(_, push)| pushed(push)));
    if let Some((_, proof)) = &facts.proof {
        seen.extend(proof.checks.iter().map(|check| {
            let (tone, word) = if check.clean { (Tone::Good, "clean") } else { (Tone::Bad, "NOT CLEAN") };
            line(tone, word, format!("{}: {}", check.what, check.saw))
        }));
        // The proof is from before the backup's end; what it says of the backup is over then.
        let over = |n: &&String| facts.finished.is_some() && n.starts_with("the backup");
        let unseen = proof.not_checked.iter().filter(|n| !over(n));
        seen.extend(unseen.map(|n| Text::tone(Tone::Dim, format!("not checked: {n}"))));
    }
    seen
}

pub(super) fn line(tone: Tone, word: &str, rest: impl AsRef<str>) -> Text {
    Text::tone(tone, word).and(Tone::Plain, format!("  {}", rest.as_ref()))
}

fn searched(when: Stamp, map: &CopyMap) -> Text {
    let objects = count(usize::try_from(map.objects).unwrap_or(usize::MAX), "object");
    let (tone, found) = match map.copies.len() {
        0 => (Tone::Good, "no copy of the key".to_owned()),
        n => (Tone::Plain, format!("{} of the key", count(n, "copy"))),
    };
    line(tone, "searched", format!("at {}: {found} in {objects}, read in every form", when.time()))
}

fn proven(when: Stamp, proof: &Proof) -> Text {
    let checks = count(proof.checks.len(), "check");
    line(Tone::Good, "proven", format!("at {}: {checks} by git itself, none finds the key", when.time()))
}

/// The table of a push, ref by ref.
fn pushed(push: &PushReport) -> Vec<Text> {
    let refs = push.refs.iter().map(|pushed| {
        let (tone, word) = if pushed.ok { (Tone::Good, "pushed") } else { (Tone::Bad, "not pushed") };
        let said = if pushed.outcome == PushOutcome::Pushed { "" } else { pushed.said.as_str() };
        line(tone, word, format!("{} {said}", pushed.name).trim_end())
    });
    let support = push.needs_support.iter();
    let support = support.map(|r| Text::tone(Tone::Warn, format!("only the host's support can clean {r}")));
    refs.chain(support).collect()
}
