//! The proof of death. One refusal proves nothing: a deleted key may keep answering for a while.
//!
//! Must not know: how a probe is made. Facts: the vendor's community reports of deleted keys that still answer.

use crate::base::{SecretRef, Stamp};
use crate::effect::Verdict;

use super::Incident;

/// Consecutive refusals wanted.
pub const WANTED: usize = 8;
/// Over at least this many seconds.
pub const OVER_S: i64 = 60;
/// Seconds between two probes of a proof: eight of them span 63 s.
pub const EVERY_S: i64 = 9;
/// The late probe comes this long after the proof.
pub const LATE_S: i64 = 600;

/// What the probes of one key say, all of them taken together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Death {
    /// Probes made so far.
    pub probes: usize,
    /// Length of the run of refusals at the end.
    pub run: usize,
    pub run_from: Option<Stamp>,
    pub last: Option<(Stamp, Verdict)>,
    /// When the run first met both conditions.
    pub proven_at: Option<Stamp>,
    /// A refusal at least [`LATE_S`] after the proof.
    pub late_at: Option<Stamp>,
    /// The key answered again after a refusal.
    pub came_back: bool,
    /// Somebody saw that this is a key of the provider's: it answered once, or its row was found. A wrong key is refused
    /// just as a dead one is.
    pub known: bool,
    /// Start of the run that proved it, and its length at that moment.
    contained: Option<(Stamp, usize)>,
    /// `401 invalid_api_key`, as last seen.
    pub seen: String,
    /// The same of the last refusal: an unknown answer after it does not change what was seen.
    refusal: String,
}

impl Death {
    pub fn of(incident: &Incident, key: SecretRef) -> Self {
        let row = key == SecretRef::Leaked && incident.row().is_some();
        let mut death = Self { known: row, ..Self::default() };
        for (at, probe) in incident.probes.iter().filter(|(_, probe)| probe.key == key) {
            death.take(*at, probe.verdict, probe.short());
        }
        death
    }

    fn take(&mut self, at: Stamp, verdict: Verdict, seen: String) {
        self.probes += 1;
        self.last = Some((at, verdict));
        self.seen = seen;
        self.known |= verdict == Verdict::Live;
        match verdict {
            Verdict::Dead => {
                self.refusal.clone_from(&self.seen);
                let from = *self.run_from.get_or_insert(at);
                self.run += 1;
                if self.proven_at.is_none() && self.run >= WANTED && at.since(from) >= OVER_S {
                    self.proven_at = Some(at);
                    self.contained = Some((from, self.run));
                }
                if self.proven_at.is_some_and(|proven| at.since(proven) >= LATE_S) {
                    self.late_at.get_or_insert(at);
                }
            }
            // An unknown answer breaks the run of "consecutive", and proves nothing either way.
            Verdict::Live | Verdict::Unknown => {
                self.came_back |= self.run > 0 && verdict == Verdict::Live;
                self.run = 0;
                self.run_from = None;
                if verdict == Verdict::Live {
                    self.proven_at = None;
                    self.contained = None;
                    self.late_at = None;
                }
            }
        }
    }

    /// Dead only with the whole proof, live when the last answer says so, otherwise unknown.
    pub fn verdict(&self) -> Verdict {
        match self.last {
            Some((_, Verdict::Live)) => Verdict::Live,
            _ if self.proven_at.is_some() => Verdict::Dead,
            _ => Verdict::Unknown,
        }
    }

    /// Proven refused, and yet nobody ever saw that it is the right key.
    pub fn doubtful(&self) -> bool {
        self.proven_at.is_some() && !self.known
    }

    /// Seconds that the run at the end spans.
    pub fn span(&self) -> i64 {
        match (self.run_from, self.last) {
            (Some(from), Some((last, _))) => last.since(from),
            _ => 0,
        }
    }

    /// `401 invalid_api_key, 8 of 8 over 63 s`
    pub fn words(&self) -> String {
        // What comes after a proof, short of an answer, makes it longer, never less.
        if let Some(proof) = self.proof().filter(|_| self.run_from != self.contained.map(|(from, _)| from)) {
            return proof;
        }
        if self.run == 0 {
            return match self.last {
                None => "not probed yet".into(),
                Some((_, verdict)) => format!("last probe: {} ({})", verdict.word(), self.seen),
            };
        }
        let of = self.run.max(WANTED);
        format!("{}, {} of {of} over {} s", self.refusal, self.run, self.span())
    }

    /// The proof as it was when it was complete, without the probes after it: `401 invalid_api_key, 8 of 8 over 63 s`
    pub fn proof(&self) -> Option<String> {
        let (when, (from, run)) = (self.proven_at?, self.contained?);
        Some(format!("{}, {run} of {run} over {} s", self.refusal, when.since(from)))
    }

    /// When the first refusal of the run that still stands was seen: the end of the exposure.
    pub fn contained_at(&self) -> Option<Stamp> {
        self.contained.map(|(from, _)| from).or(self.run_from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(answers: &[(i64, Verdict)]) -> Death {
        let mut death = Death::default();
        for (at, verdict) in answers {
            death.take(Stamp::from_secs(*at), *verdict, "x".into());
        }
        death
    }

    fn dead(times: impl IntoIterator<Item = i64>) -> Vec<(i64, Verdict)> {
        times.into_iter().map(|t| (t, Verdict::Dead)).collect()
    }

    #[test]
    fn eight_over_a_minute_prove_and_less_does_not() {
        assert_eq!(run(&dead((0..8).map(|n| n * 9))).verdict(), Verdict::Dead);
        assert_eq!(run(&dead((0..7).map(|n| n * 30))).verdict(), Verdict::Unknown, "only seven");
        assert_eq!(run(&dead((0..20).map(|n| n * 2))).verdict(), Verdict::Unknown, "only 38 seconds");
    }

    #[test]
    fn one_answer_undoes_the_proof() {
        let mut answers = dead((0..8).map(|n| n * 9));
        answers.push((100, Verdict::Live));
        let death = run(&answers);
        assert_eq!((death.verdict(), death.came_back, death.run), (Verdict::Live, true, 0));
    }

    #[test]
    fn an_unknown_answer_breaks_the_run_but_not_a_proof_that_stands() {
        let mut answers = dead((0..7).map(|n| n * 9));
        answers.push((63, Verdict::Unknown));
        assert_eq!(run(&answers).verdict(), Verdict::Unknown);
        let mut answers = dead((0..8).map(|n| n * 9));
        answers.push((70, Verdict::Unknown));
        assert_eq!(run(&answers).verdict(), Verdict::Dead);
    }

    #[test]
    fn the_late_probe_counts_from_the_proof() {
        let mut answers = dead((0..8).map(|n| n * 9));
        answers.push((63 + 599, Verdict::Dead));
        assert_eq!(run(&answers).late_at, None);
        answers.push((63 + 600, Verdict::Dead));
        assert_eq!(run(&answers).late_at, Some(Stamp::from_secs(663)));
    }
}
