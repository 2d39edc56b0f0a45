//! What must hold before a request goes out: its address is one of the provider's, its key is at hand.
//!
//! Must not know: what the request is for.

use url::Url;

use super::Http;
use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, Secret, SecretRef};
use crate::incident::Mode;
use crate::providers::{Auth, Provider, Request};

impl Http {
    pub(in crate::shell) fn secret(&self, request: &Request) -> Result<Secret> {
        let Auth::Bearer(role) = request.auth;
        let missing = |role: SecretRef| {
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
    pub(in crate::shell) fn url(&self, provider: &'static dyn Provider, request: &Request) -> Result<Url> {
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
}
