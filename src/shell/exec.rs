//! The executor: takes an armed effect, and nothing else, and carries it out.
//!
//! Must not know: why. One file per medium does the work; this one only sorts.

use std::sync::Arc;
use std::time::Instant;

use crate::base::{Clock, Fault};
use crate::effect::{Effect, LogLine, Outcome};
use crate::providers;

use super::background::Background;
use super::files::Files;
use super::finish::{Finish, Wire};
use super::git::GitJobs;
use super::http::Http;
use super::journal::Armed;

/// Everything an effect can be carried out with.
#[derive(Debug, Clone)]
pub struct Hands {
    pub http: Arc<Http>,
    pub files: Arc<Files>,
    pub git: Arc<GitJobs>,
    pub clock: Clock,
    pub background: Background,
}

/// What is known of work before it begins.
struct Work {
    verb: &'static str,
    words: String,
    writes: bool,
    /// It may read for minutes: it does not get in anybody's way.
    long: bool,
}

impl Hands {
    /// Carries `armed` out and gives it back with its end: whoever called settles it in the journal.
    pub async fn carry_out(self, armed: Armed, wire: Wire) -> (Armed, Finish) {
        #[cfg(debug_assertions)]
        super::hold::at("before", &armed).await;
        let (hands, effect) = (self, armed.effect().clone());
        let writes = effect.writes();
        // On a task of its own: if it panics, the effect still has an end, and the journal says which.
        let work = tokio::spawn(async move { hands.work(&effect, wire).await });
        let finish = work.await.unwrap_or_else(|error| broken(ended(&error), writes));
        #[cfg(debug_assertions)]
        super::hold::at("after", &armed).await;
        (armed, finish)
    }

    async fn work(&self, effect: &Effect, wire: Wire) -> Finish {
        #[cfg(debug_assertions)]
        super::hold::break_if_told("worker");
        match effect {
            Effect::Provider { provider, op } => match providers::by_id(provider) {
                Some(provider) => self.http.drive(provider, op, &wire).await,
                None => unknown(provider),
            },
            Effect::Target { op } => {
                let (files, op) = (self.files.clone(), op.clone());
                let words = op.words();
                let about = Work { verb: "file", words, writes: effect.writes(), long: false };
                self.blocking(about, wire, move |wire| files.run(&op, wire)).await
            }
            Effect::Git { repo, op } => {
                let (git, repo, op) = (self.git.clone(), repo.clone(), op.clone());
                let words = effect.words();
                let writes = effect.writes();
                let about = Work { verb: "git", words, writes, long: !writes };
                self.blocking(about, wire, move |wire| git.run(&repo, &op, wire)).await
            }
        }
    }

    /// Work that waits for disks and processes, on a thread for it, with a line in the log.
    async fn blocking(&self, about: Work, wire: Wire, work: impl FnOnce(&Wire) -> Finish + Send + 'static) -> Finish {
        let (at, begun, note) = (self.clock.now(), Instant::now(), wire.clone());
        let done = if about.long {
            self.background.run(&note.cancel, move || work(&wire)).await.ok_or("the work panicked")
        } else {
            let work = tokio::task::spawn_blocking(move || work(&wire)).await;
            work.map_err(|error| ended(&error))
        };
        let finish = done.unwrap_or_else(|why| broken(why, about.writes));
        let (status, said) = match &finish {
            Finish::Outcome(Outcome::Done { .. }) => (Some(0), String::new()),
            Finish::Outcome(Outcome::Refused { fault } | Outcome::Failed { fault }) => (Some(1), fault.why.clone()),
            Finish::Lost(why) => (None, why.clone()),
        };
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        note.note(LogLine { at, verb: about.verb.into(), what: about.words, status, millis, note: said });
        finish
    }
}

fn ended(error: &tokio::task::JoinError) -> &'static str {
    if error.is_panic() { "the work panicked" } else { "the work was dropped" }
}

/// The end of work that ended in the middle: a write may have happened.
fn broken(why: &str, writes: bool) -> Finish {
    if writes { Finish::Lost(why.into()) } else { failed(why) }
}

fn failed(why: &str) -> Finish {
    let fault = Fault::new(crate::base::FaultKind::Internal, "it ended in the middle", why)
        .hint("nothing was changed; try again, and please report it as a bug");
    Finish::Outcome(Outcome::Failed { fault })
}

fn unknown(provider: &str) -> Finish {
    let known: Vec<&str> = providers::ALL.iter().map(|p| p.id()).collect();
    let fault = Fault::refused("nothing was sent", format!("there is no provider {provider} in this version"))
        .hint(format!("this version knows {}; open the incident with the version that made it", known.join(", ")));
    Finish::Outcome(Outcome::Refused { fault })
}
