//! The only way to a provider's API: the client, one request out, one answer in. `turns` makes operations of it.
//!
//! Must not know: any provider's endpoints. Secrets go out in one header and come in at one pointer; nothing else that
//! leaves this file (answers, faults) has one in it.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::endpoints::Endpoints;
use super::redact::{append, clean_json, fits, mask, snippet};
use super::retry::{Came, retry_after};
use super::vault::Vault;
use crate::base::fault::Result;
use crate::base::{Clock, Fault, FaultKind, Fingerprint, KeyKind, Secret};
use crate::incident::Mode;
use crate::providers::{Answer, Auth, Method, Provider, Request};

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

    /// What the provider may see of an answer: compared, captured, then cleaned, in this order.
    pub(super) fn answer(
        &self,
        provider: &'static dyn Provider,
        request: &Request,
        signer: &Secret,
        raw: &Raw,
    ) -> Answer {
        let mut json: Option<Value> = serde_json::from_slice(&raw.body).ok();
        let matched = json.as_ref().map(|json| self.matched(request, json)).unwrap_or_default();
        let good = (200..300).contains(&raw.status);
        let captured = json.as_mut().filter(|_| good).and_then(|json| self.capture(request, json));
        // An answer that was to carry a new key may carry it elsewhere: then everything of a key's shape goes.
        let wary = request.capture.is_some();
        if let Some(json) = &mut json {
            clean_json(json, &|text| if wary { self.clean(provider, text) } else { self.vault.clean(text) });
        }
        let snippet = (json.is_none() && !wary && !raw.body.is_empty()).then(|| {
            let text = Zeroizing::new(String::from_utf8_lossy(&raw.body).into_owned());
            snippet(&self.clean(provider, &text))
        });
        let signer = KeyKind::of(std::str::from_utf8(signer.expose()).unwrap_or_default());
        let (status, request_id, at) = (raw.status, raw.request_id.clone(), self.clock.now());
        Answer { status, json, snippet, request_id, matched, captured, signer, at }
    }

    fn matched(&self, request: &Request, json: &Value) -> Vec<usize> {
        let Some(compare) = &request.compare else { return Vec::new() };
        let Some(secret) = self.vault.get(compare.with) else { return Vec::new() };
        let items = json.pointer(&compare.list).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let fit = |item: &Value| {
            item.get(&compare.field).and_then(Value::as_str).is_some_and(|red| fits(red, secret.expose()))
        };
        items.iter().enumerate().filter(|(_, item)| fit(item)).map(|(index, _)| index).collect()
    }

    /// Moves the secret out of the answer into the vault.
    fn capture(&self, request: &Request, json: &mut Value) -> Option<Fingerprint> {
        let capture = request.capture.as_ref()?;
        let place = json.pointer_mut(&capture.pointer)?;
        let Value::String(value) = place.take() else { return None };
        *place = Value::String(capture.role.placeholder().to_owned());
        let secret = Secret::new(&Zeroizing::new(value.into_bytes())).ok()?;
        Some(self.vault.put(capture.role, secret))
    }

    pub(super) fn secret(&self, request: &Request) -> Result<Secret> {
        let Auth::Bearer(role) = request.auth;
        let missing = |role: crate::base::SecretRef| {
            Fault::refused(format!("{} is not at hand", role.words()), "this run of the program was not given it")
                .hint("give it again (hidden prompt, --key-stdin, --key-file or --key-env), then repeat")
        };
        if let Some(compare) = &request.compare
            && !self.vault.has(compare.with)
        {
            return Err(missing(compare.with));
        }
        self.vault.get(role).ok_or_else(|| missing(role))
    }

    /// The address, checked: it is below the provider's base, and in a drill on this machine.
    pub(super) fn url(&self, provider: &'static dyn Provider, request: &Request) -> Result<Url> {
        let bad = |why: &str| Fault::new(FaultKind::Internal, format!("{} can't be asked", provider.name()), why);
        let base = self.endpoints.base(provider.id()).ok_or_else(|| bad("no address is set for it"))?;
        let root = Url::parse(base).map_err(|error| bad(&error.to_string()))?;
        let mut url = Url::parse(&format!("{base}{}", request.path)).map_err(|error| bad(&error.to_string()))?;
        let below =
            url.path().strip_prefix(root.path().trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        if url.origin() != root.origin() || !below || url.query().is_some() || !request.path.starts_with('/') {
            return Err(bad("the request leads outside of its address"));
        }
        if self.endpoints.mode() == Mode::Drill && !self.endpoints.is_local() {
            return Err(bad("a drill talks to this machine only"));
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(url)
    }

    /// A transport error in plain words, and whether anything can have been sent.
    fn snag(&self, error: &reqwest::Error) -> Snag {
        let host = error.url().and_then(Url::host_str).unwrap_or("the provider").to_owned();
        let (came, why) = if let Some(tls) = tls_error(error) {
            (Came::Barred, format!("the TLS connection to {host} can't be trusted: {tls}"))
        } else if error.is_dns() {
            (Came::Unsent, format!("the name {host} can't be resolved: is this machine online?"))
        } else if error.is_connect() && error.is_timeout() {
            (Came::Unsent, format!("{host} did not take a connection within {} s", self.limits.connect.as_secs_f32()))
        } else if error.is_connect() {
            (Came::Unsent, format!("{host} can't be reached: {}", root_cause(error)))
        } else if error.is_timeout() {
            (Came::Cut, format!("timed out after {} s", self.limits.request.as_secs_f32()))
        } else if error.is_builder() {
            (Came::Barred, "the request could not be built".to_owned())
        } else {
            (Came::Cut, format!("the connection to {host} broke before the whole answer was there"))
        };
        let fault = Fault::new(FaultKind::Unreachable, "no answer came", self.vault.clean(&why))
            .hint("check the network, proxy and VPN of this machine, then repeat");
        Snag { came, fault }
    }

    /// Without any secret of the vault, and without any word of a key's shape.
    pub(super) fn clean(&self, provider: &'static dyn Provider, text: &str) -> String {
        let clean = self.vault.clean(text);
        mask(&clean, &provider.spot(clean.as_bytes()))
    }

    pub(super) fn clean_fault(&self, provider: &'static dyn Provider, fault: &Fault) -> Fault {
        let clean = |text: &str| self.clean(provider, text);
        Fault {
            kind: fault.kind,
            what: clean(&fault.what),
            why: clean(&fault.why),
            hints: fault.hints.iter().map(|hint| clean(hint)).collect(),
        }
    }
}

/// No redirect is followed: it would carry the key to another place. Nothing is asked again behind our back.
fn client(endpoints: &Endpoints, limits: Limits) -> Result<reqwest::Client> {
    let bad = |why: String| {
        Fault::machine("the HTTP client can't be set up", why)
            .hint("install the system's CA certificates (package ca-certificates)")
    };
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("stanch/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(limits.connect)
        .timeout(limits.request);
    if endpoints.is_local() {
        builder = builder.no_proxy();
    }
    if endpoints.is_plain() {
        // Then no certificate has to be installed on this machine.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| bad(root_cause(&error)))
}

fn bearer(secret: &Secret) -> Result<HeaderValue, Snag> {
    let mut text = Zeroizing::new(Vec::with_capacity(7 + secret.expose().len()));
    text.extend_from_slice(b"Bearer ");
    text.extend_from_slice(secret.expose());
    let mut value = HeaderValue::from_bytes(&text).map_err(|_| Snag {
        came: Came::Barred,
        fault: Fault::input("the key can't be sent", "it has characters that no header can carry"),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The errors below `error`, outermost first, those inside of an I/O error included.
fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        inner.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| error.source())
    })
}

fn tls_error(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()).map(ToString::to_string)
}

/// The innermost words: the outer ones repeat the URL.
fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
