//! No whole answer came: why, in plain words, and whether anything can have been sent.
//!
//! Must not know: whether it is tried again.

use url::Url;

use super::{Http, Snag};
use crate::base::{Fault, FaultKind};
use crate::shell::retry::Came;

impl Http {
    /// A transport error in plain words, and whether anything can have been sent.
    pub(super) fn snag(&self, error: &reqwest::Error) -> Snag {
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
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
