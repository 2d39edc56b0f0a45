//! The only way to a provider's API: the client, one request out, one answer in. `turns` makes operations of it.
//!
//! Must not know: any provider's endpoints. Secrets go out in one header and come in at one pointer; nothing else that
//! leaves this folder (answers, faults) has one in it.

mod address;
mod answer;
mod client;
mod snag;

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, RETRY_AFTER};
use url::Url;
use zeroize::Zeroizing;

use super::endpoints::Endpoints;
use super::redact::{append, snippet};
use super::retry::{Came, retry_after};
use super::vault::Vault;
use crate::base::fault::Result;
use crate::base::{Clock, Fault, FaultKind, Secret};
use crate::providers::{Method, Request};

use client::{bearer, client};

/// Bytes of one answer.
const LARGEST: usize = 16 << 20;

/// How long things may take, in the machine's own time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connect: Duration,
    /// From the first byte out to the last byte in.
    pub request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), request: Duration::from_secs(30) }
    }
}

/// The client. One for each incident: it holds the incident's vault, clock and addresses.
#[derive(Debug)]
pub struct Http {
    client: reqwest::Client,
    endpoints: Endpoints,
    pub(super) vault: Vault,
    pub(super) clock: Clock,
    limits: Limits,
}

/// A whole answer, as it came.
pub(super) struct Raw {
    pub(super) status: u16,
    /// What `Retry-After` asks for, milliseconds.
    pub(super) wait: Option<i64>,
    request_id: Option<String>,
    body: Zeroizing<Vec<u8>>,
}

/// No whole answer.
pub(super) struct Snag {
    pub(super) came: Came,
    pub(super) fault: Fault,
}

impl Http {
    pub fn new(endpoints: Endpoints, vault: Vault, clock: Clock) -> Result<Self> {
        Self::with_limits(endpoints, vault, clock, Limits::default())
    }

    /// As [`Http::new`], with other limits: for tests and for slow lines.
    pub fn with_limits(endpoints: Endpoints, vault: Vault, clock: Clock, limits: Limits) -> Result<Self> {
        // An error means that one is installed already, which is all we want.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = client(&endpoints, limits)?;
        Ok(Self { client, endpoints, vault, clock, limits })
    }

    /// Sends once. The body is kept in a buffer that is zeroed when dropped.
    pub(super) async fn send(&self, request: &Request, url: Url, secret: &Secret) -> Result<Raw, Snag> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut sending = self.client.request(method, url).header(AUTHORIZATION, bearer(secret)?);
        if let Some(body) = &request.body {
            sending = sending.json(body);
        }
        let mut response = sending.send().await.map_err(|error| self.snag(&error))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let wait = header(RETRY_AFTER.as_str()).and_then(|text| retry_after(&text, self.clock.now()));
        let request_id = header("x-request-id").map(|id| snippet(&self.vault.clean(&id)));
        let status = response.status().as_u16();
        let mut body = Zeroizing::new(Vec::with_capacity(16 << 10));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.snag(&error))? {
            if body.len().saturating_add(chunk.len()) > LARGEST {
                let why = format!("the answer is larger than {} MB", LARGEST >> 20);
                let fault = Fault::new(FaultKind::Malformed, "the answer was not read", why);
                return Err(Snag { came: Came::TooLarge, fault });
            }
            append(&mut body, &chunk);
        }
        Ok(Raw { status, wait, request_id, body })
    }
}
