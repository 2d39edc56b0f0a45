//! The client's own settings, and the header that carries a key.
//!
//! Must not know: what is asked.

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use super::snag::root_cause;
use super::{Limits, Snag};
use crate::base::fault::Result;
use crate::base::{Fault, Secret};
use crate::shell::endpoints::Endpoints;
use crate::shell::retry::Came;

/// No redirect is followed: it would carry the key to another place. Nothing is asked again behind our back.
pub(super) fn client(endpoints: &Endpoints, limits: Limits) -> Result<reqwest::Client> {
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

pub(super) fn bearer(secret: &Secret) -> Result<HeaderValue, Snag> {
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
