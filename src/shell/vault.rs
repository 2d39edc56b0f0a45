//! The one place where secret bytes live while the program runs.
//!
//! Must not know: what the secrets are for. Clones are handles to the same vault.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::{Fingerprint, Scrubber, Secret, SecretRef};

#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    salt: String,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    secrets: BTreeMap<SecretRef, Secret>,
    scrubber: Scrubber,
}

impl Vault {
    /// `salt` is the incident's: it goes into every fingerprint.
    pub fn new(salt: &str) -> Self {
        Self(Arc::new(Inner { salt: salt.to_owned(), held: Mutex::new(Held::default()) }))
    }

    /// Takes `secret` in, in place of what was there, and says what may be shown of it.
    /// Both the old and the new value stay scrubbed from every text.
    pub fn put(&self, role: SecretRef, secret: Secret) -> Fingerprint {
        let print = secret.fingerprint(&self.0.salt);
        let mut held = self.held();
        held.scrubber.learn(role, &secret);
        held.secrets.insert(role, secret);
        print
    }

    /// A holder of the bytes for the moment of use; drop it soon.
    pub fn get(&self, role: SecretRef) -> Option<Secret> {
        self.held().secrets.get(&role).map(Secret::share)
    }

    pub fn has(&self, role: SecretRef) -> bool {
        self.held().secrets.contains_key(&role)
    }

    pub fn print(&self, role: SecretRef) -> Option<Fingerprint> {
        self.held().secrets.get(&role).map(|secret| secret.fingerprint(&self.0.salt))
    }

    pub fn salt(&self) -> &str {
        &self.0.salt
    }

    /// `text` without any secret this vault ever held.
    pub fn clean(&self, text: &str) -> String {
        self.held().scrubber.clean(text)
    }

    /// Does `text` carry a secret this vault ever held, in any form?
    pub fn finds(&self, text: &str) -> bool {
        self.held().scrubber.finds(text)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Vault").field(&self.held().secrets.keys()).finish()
    }
}
