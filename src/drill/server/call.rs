//! Who calls and with what: the bearer, the query, the body.
//!
//! Must not know: what is asked for.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::problem::Problem;
use super::{Shared, Sim};
use crate::base::Stamp;
use crate::drill::state::{Actor, AuditEntry, Class, Key, State};

/// The bearer and the query of one request.
#[derive(Debug)]
pub(super) struct Call {
    bearer: Option<Bearer>,
    pub(super) query: Query,
}

/// The presented key; its `Debug` shows nothing.
pub(super) struct Bearer(pub(super) Zeroizing<String>);

impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bearer(hidden)")
    }
}

/// The bearer token of a request, if it has one.
pub(super) fn bearer(headers: &axum::http::HeaderMap) -> Option<Bearer> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let token = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer "))?.trim();
    (!token.is_empty()).then(|| Bearer(Zeroizing::new(token.to_owned())))
}

impl FromRequestParts<Shared> for Call {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Infallible> {
        Ok(Self { bearer: bearer(&parts.headers), query: Query::parse(parts.uri.query().unwrap_or_default()) })
    }
}

impl Call {
    /// The calling key, if the provider takes it for this request. Counts the use.
    pub(super) fn key(&self, sim: &Sim, state: &mut State, now: Stamp) -> Result<Key, Problem> {
        let Some(Bearer(token)) = &self.bearer else {
            let message = "You didn't provide an API key. You need to provide your API key in an Authorization \
                           header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
            return Err(Problem::unauthorized(None, message));
        };
        let one_in = sim.scenario.propagation.one_in;
        if let Some(key) = state.by_token(token.as_bytes())
            && key.answers(now, one_in)
        {
            key.used = key.used.max(Some(now));
            return Ok(key.clone());
        }
        Err(Problem::incorrect_key(token))
    }

    /// The calling key, which must be an admin key.
    pub(super) fn admin(&self, sim: &Sim, state: &mut State, now: Stamp) -> Result<Key, Problem> {
        let key = self.key(sim, state, now)?;
        if key.class == Class::Admin {
            return Ok(key);
        }
        let message = "You have insufficient permissions for this operation. Missing scopes: api.management.read. \
                       Check that you have the correct role in your organization.";
        Err(Problem::unauthorized(None, message))
    }
}

/// Notes an administrative act of `by` in the audit log.
pub(super) fn note(
    state: &mut State,
    by: &Key,
    at: Stamp,
    what: &str,
    project: Option<&str>,
    details: serde_json::Value,
) {
    let id = state.id("audit_log-", 24);
    let actor = Actor::ApiKey { key: by.id.clone(), owner: by.owner.id.clone() };
    state.audit.push(AuditEntry { id, at, what: what.into(), actor, project: project.map(str::to_owned), details });
}

/// Reads a JSON body, strictly as far as the endpoint knows it.
pub(super) fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|e| Problem::bad_request(format!("We could not parse the JSON body of your request. ({e})"), None))
}

/// Query parameters; a name may come several times.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Every value of `name` and `name[]`: both ways of sending a list are in use.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let mine = |n: &str| n == name || n.strip_suffix("[]") == Some(name);
        self.0.iter().filter(|(n, _)| mine(n)).map(|(_, value)| value.as_str()).collect()
    }

    /// Every value of exactly `name[]`: the audit log takes no other.
    pub(super) fn bracketed(&self, name: &str) -> Vec<&str> {
        let mine = |n: &str| n.strip_suffix("[]") == Some(name);
        self.0.iter().filter(|(n, _)| mine(n)).map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Problem> {
        self.one(name)
            .map(|text| {
                let message = || format!("Invalid type for '{name}': expected an integer, but got {text:?} instead.");
                text.parse().map_err(|_| Problem::bad_request(message(), Some(name)))
            })
            .transpose()
    }

    /// `limit`, within `1..=most`.
    pub(super) fn limit(&self, usual: usize, most: usize) -> Result<usize, Problem> {
        match self.number("limit")? {
            None => Ok(usual),
            Some(n) => usize::try_from(n).ok().filter(|n| (1..=most).contains(n)).ok_or_else(|| {
                let message = format!("Invalid 'limit': expected a value between 1 and {most}, but got {n} instead.");
                Problem::bad_request(message, Some("limit"))
            }),
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.one(name) == Some("true")
    }
}
