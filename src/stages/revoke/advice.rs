//! The one next thing of the stage, and who will feel it.
//!
//! Must not know: the rest of the pane.

use crate::base::words::count;
use crate::base::{FaultKind, SecretRef, Stamp};
use crate::effect::Verdict;
use crate::effect::provider::KeyRow;
use crate::incident::death::{self, Death};
use crate::incident::{Mode, StepState};
use crate::stages::{DoNow, View};

use super::state::{SUSPECT_S, by_word, kill_state, killed_at, still_live, survived};
use super::step;

pub(super) fn do_now(at: &View<'_>) -> DoNow {
    let death = Death::of(at.incident, SecretRef::Leaked);
    let nothing = |what: String, check: &str| DoNow { what, check: check.into(), ..DoNow::default() };
    if let StepState::Unknown(what) = kill_state(at) {
        return DoNow {
            action: Some("revoke.check"),
            what: format!("Check what happened: {what}"),
            effect: "A read; it deletes nothing.".into(),
            check: "The provider's list and a probe tell.".into(),
        };
    }
    if let Some(running) = at.running_in("revoke").find(|r| r.effect.writes()) {
        let check = "I probe until the old key is refused.".into();
        return DoNow { check, ..nothing(format!("Wait: {}", running.effect.words()), "") };
    }
    if death.doubtful() && !at.incident.by_hand.contains_key(&step("kill")) {
        return DoNow {
            action: Some("revoke.by_hand"),
            what: format!("Make sure that it is the right key: it never answered, {}", death.words()),
            effect: "A key that is dead already and a wrong key are refused alike. Compare with the provider's page."
                .into(),
            check: "h takes your word: the last four characters of the row you saw.".into(),
        };
    }
    if death.doubtful() {
        return nothing(
            format!("Nothing. It never answered here, {}", death.words()),
            "That it is the right key is your word.",
        );
    }
    if death.verdict() == Verdict::Dead {
        let late = if death.late_at.is_some() {
            "The late probe agrees."
        } else {
            "A late probe follows 10 min after the proof."
        };
        return nothing(format!("Nothing. The key is dead: {}", death.words()), late);
    }
    if let Some(how) = survived(at) {
        return DoNow {
            action: Some(if at.has_admin() { "revoke.locate" } else { "revoke.by_hand" }),
            what: format!("Look for its row again: {how}"),
            effect: "Then r or h again. The key may live in another project or organisation.".into(),
            check: "I go on probing the key itself.".into(),
        };
    }
    if let (Some((late, probes)), true) = (still_live(at), by_word(at)) {
        let of = count(probes, "probe");
        return DoNow {
            // Recommended only when spreading can hardly be the reason any more.
            action: (late >= SUSPECT_S).then_some("revoke.by_hand"),
            what: format!(
                "STILL LIVE {late} s after you said it was deleted ({of}). Wrong row or organisation? h again"
            ),
            effect: "A deletion can take minutes to spread; another key's row never does it. Look at the page again."
                .into(),
            check: "I go on probing the key itself.".into(),
        };
    }
    if let Some(why) = unreachable(at) {
        return nothing(
            format!("The provider can't be reached from here ({why}): nothing can be proven"),
            "I try again by myself.",
        );
    }
    if killed_at(at).is_some() || death.run > 0 {
        if let Some(first) = at.without_leaked() {
            return first;
        }
        let effect = "Go on with the next stage (n) meanwhile.".into();
        return DoNow {
            effect,
            ..nothing(
                format!("Nothing here: I probe until it is refused {} times ({})", death::WANTED, death.words()),
                "One refusal proves nothing: a deleted key can keep answering for a while.",
            )
        };
    }
    if !at.has_admin() {
        let drill = at.incident.opened.mode == Mode::Drill;
        return DoNow {
            action: Some("revoke.by_hand"),
            what: if drill {
                "Ask the colleague who has the dashboard to delete it (h)".into()
            } else {
                "Delete the key on the provider's page, then say so here (h)".into()
            },
            effect: "Way out, below, has the steps.".into(),
            check: "I probe the key itself until it is refused.".into(),
        };
    }
    match (at.incident.row(), &at.incident.located) {
        (Some(row), _) if at.incident.account_only.is_some() => DoNow {
            action: Some("revoke.account"),
            what: format!("Delete the service account {}: its key can't be deleted alone", row.owner.name),
            effect: format!("This can't be undone. {} die with it.", count(siblings(at, row).len(), "other key")),
            check: "I probe until the old key is refused.".into(),
        },
        (Some(row), _) => DoNow {
            action: Some("revoke.kill"),
            what: format!("Revoke {} ({})", row.id, used(row, at.now)),
            effect: format!("This can't be undone. {}", holders(at)),
            check: "I probe until the old key is refused.".into(),
        },
        (None, None) => nothing("Wait: looking for the key's row in all projects".into(), "Reads only."),
        (None, Some((_, report))) if report.matches.is_empty() => DoNow {
            action: Some("revoke.by_hand"),
            what: "No row fits the leaked key. Delete it by hand where it lives".into(),
            effect: "Another organisation, a legacy user key, or deleted already.".into(),
            check: "I probe the key itself until it is refused.".into(),
        },
        (None, Some((_, report))) => DoNow {
            action: Some("revoke.choose"),
            what: format!("Choose which of {} rows it is", report.matches.len()),
            effect: "Nothing is deleted by choosing.".into(),
            check: "Compare created, owner and last use; never guess.".into(),
        },
    }
}

/// Why the last probe brought no answer at all, once it matters: after the deletion, or with no admin key to see more.
fn unreachable(at: &View<'_>) -> Option<String> {
    let waits = killed_at(at).is_some() || !at.has_admin();
    let (when, fault) = at.incident.faults.get(&step("prove")).filter(|_| waits)?;
    let newer = at.incident.probes.iter().any(|(seen, p)| p.key == SecretRef::Leaked && seen >= when);
    (fault.kind == FaultKind::Unreachable && !newer).then(|| fault.why.clone())
}

/// When it was last used, as it was listed: an instant does not go stale, an age would.
pub(super) fn used(row: &KeyRow, now: Stamp) -> String {
    match row.last_used {
        None => "never used when listed".into(),
        Some(at) if now.since(at) < 86_400 => format!("last used {} when listed", at.minute()),
        Some(at) => format!("last used {} when listed", at.date()),
    }
}

/// Who will fail when the key dies, as far as is known.
pub(super) fn holders(at: &View<'_>) -> String {
    let names: Vec<String> =
        at.incident.targets.values().filter(|t| t.written.is_none()).map(|t| t.found.at.short()).collect();
    match (at.incident.discovered, names.as_slice()) {
        (None, _) => "Which targets hold it is not known yet.".into(),
        (Some(_), []) if at.incident.targets.is_empty() => "No target found below the env roots holds it.".into(),
        (Some(_), []) => "No target found below the env roots holds it any more.".into(),
        (Some(_), names) => format!("{} will fail: {}", count(names.len(), "target"), names.join(", ")),
    }
}

pub(super) fn siblings<'a>(at: &'a View<'_>, row: &KeyRow) -> Vec<&'a KeyRow> {
    at.incident.located.as_ref().map_or_else(Vec::new, |(_, report)| {
        report.siblings.iter().filter(|s| s.owner.id == row.owner.id && s.id != row.id).collect()
    })
}
