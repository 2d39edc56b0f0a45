//! The keys of `find` and `purge`: one or several, from where the arguments say.
//!
//! Must not know: what is done with them. They are told by their fingerprints only.

use crate::base::fault::Result;
use crate::base::{Secret, SecretRef};
use crate::shell::input;
use crate::shell::vault::Vault;

use super::args::{KeySource, KeySources};
use super::key;

/// A vault that holds them.
pub(super) fn vault(source: &KeySources) -> Result<Vault> {
    let vault = Vault::new("purge");
    let mut secrets = given(source)?.into_iter();
    if let Some(first) = secrets.next() {
        vault.put(SecretRef::Leaked, first);
    }
    secrets.for_each(|secret| vault.also(secret));
    Ok(vault)
}

/// At least one.
fn given(source: &KeySources) -> Result<Vec<Secret>> {
    let mut keys = Vec::new();
    if source.key_stdin {
        keys.extend(input::keys_stdin(std::io::stdin().lock())?);
    }
    for path in &source.key_file {
        keys.extend(input::keys_file(path)?);
    }
    for name in &source.key_env {
        keys.push(input::key_env(name, |name| std::env::var_os(name))?);
    }
    if keys.is_empty() {
        let one = KeySource { leaked_in: source.leaked_in.clone(), any_key: source.any_key, ..KeySource::default() };
        return Ok(vec![key::key(&one, "openai", "purge", key::Meant::Any)?]);
    }
    keys.into_iter().map(|taken| key::shaped(taken, source.any_key, input::shapeless)).collect()
}

/// `sk-proj-...9f3a`, each.
pub(super) fn prints(vault: &Vault) -> Vec<String> {
    vault.leaked_prints().iter().map(ToString::to_string).collect()
}
