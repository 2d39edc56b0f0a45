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
        return input::keys_stdin(std::io::stdin().lock());
    }
    let mut secrets = Vec::new();
    for path in &source.key_file {
        let (more, warnings) = input::keys_file(path)?;
        warnings.iter().for_each(|warning| respond::warn(warning));
        secrets.extend(more);
    }
    for name in &source.key_env {
        secrets.push(input::key_env(name, |name| std::env::var_os(name))?);
    }
    if secrets.is_empty() {
        let one = KeySource { leaked_in: source.leaked_in.clone(), ..KeySource::default() };
        secrets.push(respond::key(&one, "openai", "purge")?);
    }
    Ok(secrets)
}

/// `sk-proj-...9f3a`, each.
pub(super) fn prints(vault: &Vault) -> Vec<String> {
    vault.leaked_prints().iter().map(ToString::to_string).collect()
}
