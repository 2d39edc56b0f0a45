//! `check`: one classified probe of one key. Opens no incident, writes nothing.
//!
//! Must not know: what the verdict is for.

use serde::Serialize;
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use crate::base::fault::Result;
use crate::base::{Clock, Fault, SecretRef};
use crate::effect::provider::Probe;
use crate::effect::{Outcome, ProviderOp, ProviderReply, Reply, Verdict};
use crate::incident::Mode;
use crate::providers;
use crate::shell::endpoints::Endpoints;
use crate::shell::finish::{Finish, Wire};
use crate::shell::http::Http;
use crate::shell::session;
use crate::shell::signals::{Sig, Signals};
use crate::shell::vault::Vault;

use super::args::Check;
use super::{Context, exit, key, say, say_json};

#[derive(Debug, Serialize)]
struct Answer {
    key: String,
    kind: &'static str,
    verdict: Verdict,
    status: Option<u16>,
    code: Option<String>,
    why: String,
    request_id: Option<String>,
}

pub(super) async fn check(args: Check, context: Context) -> Result<u8> {
    let clock = Clock::real();
    let (_, salt) = session::new_opened(Mode::Live, clock.now())?;
    let vault = Vault::new(&salt);
    let print = vault.put(SecretRef::Leaked, key::key(&args.key, "openai", &salt, key::Meant::Provider)?);
    let config = &context.settings.config;
    let endpoints = Endpoints::new(Mode::Live, &config.openai.base_url, context.settings.base_configured)?;
    let http = Http::new(endpoints, vault, clock)?;
    let (progress, _said) = unbounded_channel();
    let (log, _lines) = unbounded_channel();
    let wire = Wire { cancel: CancellationToken::new(), progress, log };
    let op = ProviderOp::Probe { key: SecretRef::Leaked };
    let provider = providers::by_id("openai").unwrap_or(providers::ALL[0]);
    let mut signals = Signals::listen()?;
    let finish = tokio::select! {
        finish = http.drive(provider, &op, &wire) => finish,
        signal = ended(&mut signals) => return Ok(signal),
    };
    let probe = match finish {
        Finish::Outcome(Outcome::Done { reply: Reply::Provider { reply: ProviderReply::Probed(probe) } }) => probe,
        Finish::Outcome(Outcome::Refused { fault } | Outcome::Failed { fault }) => return Err(fault),
        Finish::Outcome(Outcome::Done { .. }) => {
            return Err(Fault::refused("no verdict", "the answer was of another kind"));
        }
        Finish::Lost(why) => return Err(Fault::refused("no verdict", why)),
    };
    let verdict = probe.verdict;
    if args.json {
        let Probe { status, code, why, request_id, .. } = probe;
        say_json(&Answer { key: print.to_string(), kind: print.kind.words(), verdict, status, code, why, request_id })?;
    } else {
        let (word, once) = match verdict {
            // Dead needs more than one look; a wrong key is refused as well.
            Verdict::Dead => (
                "refused once",
                ". That is no proof: a deleted key can answer again for a while, and a wrong key is refused too",
            ),
            other => (other.word(), ""),
        };
        say(&format!("{} is {word} ({}, {}){once}", print, probe.short(), probe.why))?;
    }
    Ok(match verdict {
        Verdict::Dead => exit::DONE,
        Verdict::Live => exit::OPEN,
        Verdict::Unknown => exit::UNKNOWN,
    })
}

/// The exit code of the signal that ends the program. A probe changes nothing: it is simply dropped.
async fn ended(signals: &mut Signals) -> u8 {
    loop {
        let signal = signals.next().await;
        if matches!(signal, Sig::Int | Sig::Term | Sig::Hup) {
            return signal.exit_code();
        }
    }
}
