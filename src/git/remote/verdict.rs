//! Reads what `git push --porcelain` said about each ref, and says what to do about a refusal.
//!
//! Must not know: which refs were pushed, or why.

use std::collections::HashMap;

use super::super::cli::Said;
use crate::effect::git::PushOutcome;

/// What became of one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Moved,
    /// The server keeps such refs to itself.
    Hidden,
    No(PushOutcome, String),
}

/// The verdict for each ref that git named. One that is missing: the push ended before it came to refs.
pub(super) fn read(said: &Said) -> HashMap<String, Verdict> {
    let out = String::from_utf8_lossy(&said.out);
    // `<flag>\t<from>:<to>\t<summary> (<reason>)`
    let lines = out.lines().filter_map(|line| {
        let mut parts = line.splitn(3, '\t');
        let (flag, refs, words) = (parts.next()?, parts.next()?, parts.next()?);
        let (_, name) = refs.split_once(':')?;
        Some((flag.to_owned(), name.to_owned(), words.to_owned()))
    });
    lines
        .map(|(flag, name, words)| (name, if flag == "!" { refused(&words, &said.err) } else { Verdict::Moved }))
        .collect()
}

/// A push that ended before git spoke of refs.
pub(super) fn nothing_said(said: &Said) -> Verdict {
    refused(&last_words(&said.err), &said.err)
}

/// All refs of one push fall together when a hook says no: each deserves a try of its own.
pub(super) fn fell_together(verdict: Option<&Verdict>) -> bool {
    match verdict {
        None => true,
        Some(Verdict::No(_, words)) => words.contains("pre-receive hook declined"),
        Some(_) => false,
    }
}

fn last_words(err: &str) -> String {
    let telling = |l: &&str| l.starts_with("remote:") || l.starts_with("fatal:");
    err.lines().find(telling).or_else(|| err.lines().next_back()).unwrap_or("git gave no reason").to_owned()
}

fn refused(words: &str, err: &str) -> Verdict {
    let said = err.lines().find(|l| l.starts_with("remote:") && l.trim_end().len() > "remote:".len());
    let words = match said {
        Some(said) if !words.contains(said) => format!("{words} {}", said.trim_end()),
        _ => words.to_owned(),
    };
    let has = |any: &[&str]| any.iter().any(|w| words.contains(w));
    if has(&["hidden ref", "read-only"]) {
        return Verdict::Hidden;
    }
    if has(&["stale info", "fetch first"]) {
        let words = format!("{words}: somebody pushed meanwhile. `git fetch`, then plan, apply and push again");
        return Verdict::No(PushOutcome::Behind, words);
    }
    if has(&["currently checked out"]) {
        let way = "it is checked out there: check out another branch on that side, then push again";
        return Verdict::No(PushOutcome::Protected, format!("{words}: {way}"));
    }
    if has(&["deletion of the current branch", "deletion prohibited"]) {
        let way = "make another branch the default there, or allow deletions for the moment, then push again";
        return Verdict::No(PushOutcome::Protected, format!("{words}: {way}"));
    }
    if has(&["protected", "denied", "deny", "hook", "declined", "prohibited", "rule violations", "not allowed"]) {
        let words = format!("{words}: lift the branch's protection for the moment, then push again");
        return Verdict::No(PushOutcome::Protected, words);
    }
    Verdict::No(PushOutcome::Failed, words)
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn said(out: &str, err: &str) -> Said {
        Said { ok: false, code: Some(1), out: Zeroizing::new(out.as_bytes().to_vec()), err: err.into() }
    }

    #[test]
    fn each_ref_has_its_own_verdict() {
        let out = "To /srv/x.git\n+\tabc:refs/heads/a\tabc...def (forced update)\n\
            !\tabc:refs/heads/b\t[rejected] (stale info)\n\
            !\tabc:refs/heads/c\t[remote rejected] (protected branch hook declined)\n\
            !\tabc:refs/pull/1/head\t[remote rejected] (deny updating a hidden ref)\nDone\n";
        let read = read(&said(out, "remote: error: GH006: Protected branch update failed\nerror: failed to push"));
        assert_eq!(read.len(), 4);
        assert_eq!(read["refs/heads/a"], Verdict::Moved);
        assert!(matches!(&read["refs/heads/b"], Verdict::No(PushOutcome::Behind, w) if w.contains("git fetch")));
        assert!(matches!(&read["refs/heads/c"], Verdict::No(PushOutcome::Protected, w) if w.contains("GH006")));
        assert_eq!(read["refs/pull/1/head"], Verdict::Hidden);
    }

    #[test]
    fn a_lost_connection_is_no_protection() {
        let lost = nothing_said(&said("", "fatal: unable to access: Could not resolve host"));
        assert!(matches!(lost, Verdict::No(PushOutcome::Failed, w) if w.contains("resolve host")));
        assert!(fell_together(None));
    }
}
