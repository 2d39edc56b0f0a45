//! The one place where secret bytes live while the program runs.
//!
//! Must not know: what the secrets are for. Clones are handles to the same vault.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};

use crate::base::{Fingerprint, Scrubber, Secret, SecretRef};

#[derive(Clone)]
pub struct Vault(Arc<Inner>);

/// Every vault of this process, for words that come from anywhere: a panic's.
static ALL: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

/// `text` without any secret that any vault holds. For the panic hook: it never waits, because the thread that panics may
/// hold a vault open; then nothing of the text is told.
pub fn clean_everywhere(text: &str) -> String {
    const SILENT: &str = "(its words are left out: they could hold a key)";
    let Ok(all) = ALL.try_lock() else { return SILENT.into() };
    let mut clean = text.to_owned();
    for vault in all.iter().filter_map(Weak::upgrade) {
        clean = match vault.held.try_lock() {
            Ok(held) => held.scrubber.clean(&clean),
            Err(TryLockError::Poisoned(held)) => held.into_inner().scrubber.clean(&clean),
            Err(TryLockError::WouldBlock) => return SILENT.into(),
        };
    }
    clean
}

struct Inner {
    salt: String,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    secrets: BTreeMap<SecretRef, Secret>,
    /// More leaked keys, looked for with the first.
    more: Vec<Secret>,
    scrubber: Scrubber,
}

impl Vault {
    /// `salt` is the incident's: it goes into every fingerprint.
    pub fn new(salt: &str) -> Self {
        let inner = Arc::new(Inner { salt: salt.to_owned(), held: Mutex::new(Held::default()) });
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|vault| vault.strong_count() > 0);
        all.push(Arc::downgrade(&inner));
        Self(inner)
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

    /// Takes in one more leaked key, unless it is held already.
    pub fn also(&self, secret: Secret) {
        let print = secret.fingerprint(&self.0.salt).hash;
        if self.leaked().iter().any(|held| held.fingerprint(&self.0.salt).hash == print) {
            return;
        }
        let mut held = self.held();
        held.scrubber.learn(SecretRef::Leaked, &secret);
        held.more.push(secret);
    }

    /// Holders of every leaked key for the moment of use; drop them soon.
    pub fn leaked(&self) -> Vec<Secret> {
        let held = self.held();
        held.secrets.get(&SecretRef::Leaked).into_iter().chain(&held.more).map(Secret::share).collect()
    }

    /// What may be shown of every leaked key.
    pub fn leaked_prints(&self) -> Vec<Fingerprint> {
        self.leaked().iter().map(|secret| secret.fingerprint(&self.0.salt)).collect()
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

    /// As [`Self::clean`], for a panic's hook: the thread that broke may hold the lock, and waiting for it would never
    /// end. Then nothing of `text` is shown.
    pub fn clean_now(&self, text: &str) -> String {
        use std::sync::TryLockError;
        match self.0.held.try_lock() {
            Ok(held) => held.scrubber.clean(text),
            Err(TryLockError::Poisoned(held)) => held.into_inner().scrubber.clean(text),
            Err(TryLockError::WouldBlock) => "(its words were withheld: the vault was busy)".into(),
        }
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

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn words_from_anywhere_are_cleaned_and_never_waited_for() {
        let word = format!("sk-{}-{}", "proj", "q7".repeat(12));
        let vault = Vault::new("s");
        vault.put(SecretRef::Leaked, Secret::new(&Zeroizing::new(word.clone().into_bytes())).unwrap());
        // Other tests make vaults at the same time: held open for a moment, they silence it too.
        let clean = clean_everywhere(&format!("broke at {word}"));
        assert!(clean.contains("[leaked]") || clean.contains("left out"), "{clean}");
        let held = vault.held();
        assert!(!clean_everywhere(&word).contains(&word));
        drop(held);
    }
}
