//! Operations over HTTP: asks what a provider wants asked, in turns, until the operation ends; with retries, cancel, a line
//! in the request log and progress for each request.
//!
//! Must not know: any provider's endpoints, secrets' bytes.

use std::time::{Duration, Instant};

use super::finish::{Finish, Wire};
use super::http::Http;
use super::retry::{Asked, Came, Next, next};
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind};
use crate::effect::{LogLine, Outcome, Progress, ProviderOp, Reply};
use crate::providers::{Answer, Exchange, Method, Provider, Request, Turn};

/// Requests of one operation.
const MOST_TURNS: usize = 600;

impl Http {
    /// Does `op`: asks `provider` for the next request, sends it, hands it the answer, until it is done or fails.
    /// A failure after a write that went through is not a failure: then nobody knows, and the run is lost.
    pub async fn drive(&self, provider: &'static dyn Provider, op: &ProviderOp, wire: &Wire) -> Finish {
        let mut so_far: Vec<Exchange> = Vec::new();
        loop {
            match provider.turn(op, &so_far) {
                Turn::Done(reply) => return Finish::Outcome(Outcome::Done { reply: Reply::Provider { reply } }),
                Turn::Fail(fault) => return self.failed(provider, &fault, &so_far),
                Turn::Send(_) if so_far.len() >= MOST_TURNS => {
                    let why = format!("{} needed more than {MOST_TURNS} requests", provider.name());
                    let fault = Fault::new(FaultKind::Malformed, format!("could not {}", op.words()), why)
                        .hint("do this step by hand in the dashboard, or give a narrower span");
                    return self.failed(provider, &fault, &so_far);
                }
                Turn::Send(request) => match self.exchange(provider, op, &request, &so_far, wire).await {
                    Ok(answer) => so_far.push(Exchange { request, answer }),
                    Err(finish) => return finish,
                },
            }
        }
    }

    /// One request and its answer, asked again as the policy says. `Err` ends the operation.
    async fn exchange(
        &self,
        provider: &'static dyn Provider,
        op: &ProviderOp,
        request: &Request,
        so_far: &[Exchange],
        wire: &Wire,
    ) -> Result<Result<Answer>, Finish> {
        let (secret, url) = self
            .secret(request)
            .and_then(|secret| Ok((secret, self.url(provider, request)?)))
            .map_err(|fault| self.failed(provider, &fault, so_far))?;
        let asked = match (op, request.method) {
            (_, Method::Post | Method::Delete) => Asked::Write,
            (ProviderOp::Probe { .. }, _) => Asked::Probe,
            _ => Asked::Read,
        };
        let mut attempt = 1;
        loop {
            let progress = self.progress(request, so_far, attempt);
            wire.say(progress.clone());
            if wire.cancel.is_cancelled() {
                return Err(self.failed(provider, &cancelled(op), so_far));
            }
            let begun = Instant::now();
            let result = tokio::select! {
                biased;
                result = self.send(request, url.clone(), &secret) => Some(result),
                () = wire.cancel.cancelled() => None,
            };
            let log = |status: Option<u16>, note: &str| self.log(wire, request, begun, status, note);
            let Some(result) = result else {
                log(None, "cancelled");
                let why = "cancelled while the request was under way: it may have been carried out";
                return Err(match asked {
                    Asked::Write => Finish::Lost(why.to_owned()),
                    Asked::Read | Asked::Probe => self.failed(provider, &cancelled(op), so_far),
                });
            };
            let (came, status, note) = match &result {
                Ok(raw) => (Came::Status { status: raw.status, wait: raw.wait }, Some(raw.status), String::new()),
                Err(snag) => (snag.came, None, snag.fault.why.clone()),
            };
            match next(asked, came, attempt, self.jitter()) {
                Next::Take => {
                    log(status, &with_attempt(note, attempt));
                    return Ok(match result {
                        Ok(raw) => Ok(self.answer(provider, request, &secret, &raw)),
                        Err(snag) => Err(self.clean_fault(provider, &snag.fault)),
                    });
                }
                Next::Lost => {
                    let why = status.map_or(note, |status| format!("{} answered {status}", provider.name()));
                    let why = self.clean(provider, &format!("{why}: the request may have been carried out"));
                    log(status, &with_attempt(why.clone(), attempt));
                    return Err(Finish::Lost(why));
                }
                Next::Again(millis) => {
                    let words = format!("again in {:.1} s", Duration::from_millis(millis.unsigned_abs()).as_secs_f64());
                    let said = if note.is_empty() { words.clone() } else { format!("{note}; {words}") };
                    log(status, &with_attempt(said, attempt));
                    wire.say(Progress { words: format!("{}: {words}", progress.words), ..progress });
                    tokio::select! {
                        () = self.clock.sleep(millis) => {}
                        () = wire.cancel.cancelled() => return Err(self.failed(provider, &cancelled(op), so_far)),
                    }
                    attempt += 1;
                }
            }
        }
    }

    /// How an operation ends that went wrong, in view of what was done before.
    fn failed(&self, provider: &'static dyn Provider, fault: &Fault, so_far: &[Exchange]) -> Finish {
        let fault = self.clean_fault(provider, fault);
        let wrote = so_far.iter().any(|exchange| {
            let done = exchange.answer.as_ref().is_ok_and(|answer| (200..300).contains(&answer.status));
            exchange.request.method != Method::Get && done
        });
        if wrote {
            return Finish::Lost(format!("the request went through, but then: {}: {}", fault.what, fault.why));
        }
        Finish::Outcome(match fault.kind {
            FaultKind::Refused | FaultKind::Changed | FaultKind::Input => Outcome::Refused { fault },
            _ => Outcome::Failed { fault },
        })
    }

    fn progress(&self, request: &Request, so_far: &[Exchange], attempt: u32) -> Progress {
        let noun = request.path.rsplit('/').next().unwrap_or_default().replace('_', " ");
        let page = so_far.iter().rev().take_while(|before| before.request.path == request.path).count() + 1;
        let words = match request.method {
            Method::Get if page > 1 => format!("page {page} of {noun}"),
            Method::Get => format!("read {noun}"),
            Method::Post => format!("create {noun}"),
            Method::Delete => format!("delete {noun}"),
        };
        let done = u64::try_from(so_far.len()).unwrap_or(u64::MAX);
        Progress { words: self.vault.clean(&words), done, total: 0, attempt, bytes: 0 }
    }

    /// The path and the query's names, never its values.
    fn log(&self, wire: &Wire, request: &Request, begun: Instant, status: Option<u16>, note: &str) {
        let names: Vec<&str> = request.query.iter().map(|(name, _)| name.as_str()).collect();
        let what =
            if names.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, names.join("&")) };
        wire.note(LogLine {
            at: self.clock.now(),
            verb: request.method.word().to_owned(),
            what: self.vault.clean(&what),
            status: status.map(i32::from),
            millis: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            note: self.vault.clean(note),
        });
    }

    /// A stepped clock is for runs that must be the same each time: no chance there.
    fn jitter(&self) -> u8 {
        let mut byte = [128];
        if !self.clock.is_stepped() && getrandom::fill(&mut byte).is_err() {
            byte = [128];
        }
        byte[0]
    }
}

fn cancelled(op: &ProviderOp) -> Fault {
    Fault::new(FaultKind::Cancelled, format!("stopped: {}", op.words()), "cancelled before anything was changed")
}

fn with_attempt(note: String, attempt: u32) -> String {
    match (attempt, note.is_empty()) {
        (1, _) => note,
        (_, true) => format!("attempt {attempt}"),
        (_, false) => format!("attempt {attempt}: {note}"),
    }
}
