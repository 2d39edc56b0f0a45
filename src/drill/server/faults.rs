//! The scenario's faults, in front of every endpoint: slow, busy, broken, silent, indiscreet.
//!
//! Must not know: what the endpoints do.

use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State as Extract};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Shared;
use super::call::{Bearer, bearer};
use super::line::Cut;
use super::problem::Problem;
use crate::drill::scenario::{FaultKind, FaultSpec};
use crate::drill::state::State;

pub(super) async fn layer(
    Extract(sim): Extract<Shared>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    if sim.gone.is_cancelled() {
        return silence(&cut);
    }
    let asked = format!("{} {}", request.method(), request.uri().path());
    let fault = match sim.with(|state, _| due(&sim.scenario.faults, state, &asked)) {
        Ok(fault) => fault,
        Err(fault) => return Problem::internal(&fault.why).into_response(),
    };
    let Some(fault) = fault else { return next.run(request).await };
    match fault.kind {
        FaultKind::RateLimited => rate_limited(fault.value).into_response(),
        FaultKind::ServerError => {
            let status = status(fault.value);
            Problem { status, ..Problem::internal("Sorry about that!") }.into_response()
        }
        FaultKind::EchoKey => {
            let token = bearer(request.headers());
            let token = token.as_ref().map_or("", |Bearer(token)| token.as_str());
            let status = status(fault.value);
            Problem { status, ..Problem::internal(&format!("authorization: Bearer {token}")) }.into_response()
        }
        FaultKind::Latency => {
            sim.clock.sleep(i64::from(fault.value)).await;
            next.run(request).await
        }
        FaultKind::AppliedThenTimeout => {
            next.run(request).await;
            sim.clock.sleep(i64::from(fault.value)).await;
            silence(&cut)
        }
    }
}

/// Ends the connection; the answer given here never leaves.
fn silence(cut: &Cut) -> Response {
    cut.pull();
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn status(value: u32) -> StatusCode {
    u16::try_from(value)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
        .filter(|status| status.is_client_error() || status.is_server_error())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn rate_limited(secs: u32) -> Problem {
    let wait = Duration::from_secs(u64::from(secs.max(1)));
    let message = format!("Rate limit reached for requests. Please try again in {}s.", wait.as_secs());
    let status = StatusCode::TOO_MANY_REQUESTS;
    let problem = Problem::new(status, "requests", Some("rate_limit_exceeded"), message);
    Problem { retry_after: Some(secs.max(1)), ..problem }
}

/// The fault that hits this request, if one does; counts the request for all that match.
fn due(faults: &[FaultSpec], state: &mut State, asked: &str) -> Option<FaultSpec> {
    let mut hit = None;
    for (fault, seen) in faults.iter().zip(&mut state.fault_hits) {
        if matches(&fault.on, asked) {
            *seen = seen.saturating_add(1);
            let last = fault.nth.saturating_add(fault.times.max(1));
            if hit.is_none() && (fault.nth..last).contains(seen) {
                hit = Some(fault.clone());
            }
        }
    }
    hit
}

/// Does `asked` (`METHOD /path`) fit `pattern`? `*` stands for one segment or method, a final `**` for any rest.
fn matches(pattern: &str, asked: &str) -> bool {
    let (Some((wanted, glob)), Some((method, path))) = (pattern.split_once(' '), asked.split_once(' ')) else {
        return false;
    };
    let (mut globs, mut parts) = (glob.split('/'), path.split('/'));
    (wanted == "*" || wanted == method)
        && loop {
            match (globs.next(), parts.next()) {
                (None, None) | (Some("**"), Some(_)) => break true,
                (Some("*"), Some(_)) => {}
                (Some(glob), Some(part)) if glob == part => {}
                _ => break false,
            }
        }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_fit_whole_paths() {
        let keys = "DELETE /v1/organization/projects/*/api_keys/*";
        assert!(matches(keys, "DELETE /v1/organization/projects/p/api_keys/k"));
        assert!(!matches(keys, "GET /v1/organization/projects/p/api_keys/k"));
        assert!(!matches(keys, "DELETE /v1/organization/projects/p/api_keys"));
        assert!(!matches(keys, "DELETE /v1/organization/projects/p/api_keys/k/more"));
        assert!(matches("* /v1/organization/**", "POST /v1/organization/usage/completions"));
        assert!(!matches("* /v1/organization/**", "GET /v1/models"));
    }
}
