//! The keys of `find` and `purge`: one or several, from where the arguments say.
//!
//! Must not know: what is done with them. They are told by their fingerprints only.

use crate::base::fault::Result;
use crate::base::{Secret, SecretRef};
use crate::shell::input;
use crate::shell::vault::Vault;

use super::args::{KeySource, KeySources};
use super::respond;

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
    if source.key_stdin {
        let all = input::keys_stdin(std::io::stdin().lock())?;
        return all.into_iter().map(|taken| respond::plain(taken, source.any_key)).collect();
    }
    let mut secrets = Vec::new();
    for path in &source.key_file {
        let (more, warnings) = input::keys_file(path)?;
        warnings.iter().for_each(|warning| respond::warn(warning));
        for taken in more {
            secrets.push(respond::plain(taken, source.any_key)?);
        }
    }
    for name in &source.key_env {
        secrets.push(respond::plain(input::key_env(name, |name| std::env::var_os(name))?, source.any_key)?);
    }
    if secrets.is_empty() {
        let one = KeySource { leaked_in: source.leaked_in.clone(), any_key: source.any_key, ..KeySource::default() };
        secrets.push(respond::key(&one, "openai", "purge", respond::Meant::Any)?);
    }
    Ok(secrets)
}

/// `sk-proj-...9f3a`, each.
pub(super) fn prints(vault: &Vault) -> Vec<String> {
    vault.leaked_prints().iter().map(ToString::to_string).collect()
}
