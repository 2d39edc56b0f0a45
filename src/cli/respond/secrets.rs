//! What a session's vault begins with beside a new leak's key: the admin key, and the leaked key once more after the
//! program ended.
//!
//! Must not know: what they are used for.

use crate::base::fault::Result;
use crate::base::{Fault, FaultKind, Secret, SecretRef};
use crate::incident::Opened;
use crate::providers;
use crate::shell::vault::Vault;
use crate::shell::{front, input};

use super::super::args::KeySource;
use super::super::key::{Meant, key, told};
use super::super::{Context, warn};

/// Standard input gave the key and ended: the answers come from the terminal then, or there is nobody to give any.
pub(super) fn answerable(source: &KeySource) -> Result<()> {
    if !source.key_stdin || front::stdin_is_terminal() || input::stdin_from_terminal() {
        return Ok(());
    }
    Err(Fault::input("no incident was opened", "standard input held the key, and there is no terminal to answer on")
        .hint("start it at a terminal: the key may still come from a pipe")
        .hint("or give the key with --key-file FILE or --key-env VAR, and the answers on standard input"))
}

/// Takes the admin key from its variable, if it is set.
pub(super) fn admin(vault: &Vault, context: &Context) -> Result<bool> {
    let name = &context.settings.config.openai.admin_key_env;
    if std::env::var_os(name).is_none_or(|value| value.is_empty()) {
        return Ok(false);
    }
    let taken = input::key_env(name, |name| std::env::var_os(name))?;
    taken.cut.iter().for_each(|cut| warn(&format!("{name}: {cut}")));
    if let Some(odd) = input::foreign(&taken.secret, providers::ALL[0]) {
        warn(&format!("{name}: {}: {}", odd.what, odd.why));
    }
    vault.put(SecretRef::Admin, taken.secret);
    Ok(true)
}

/// The leaked key again, after the program ended: the vault forgets. Without it, probes, env files and repositories
/// can't be worked on; everything else can.
pub(super) fn key_again(source: &KeySource, opened: &Opened) -> Result<Option<Secret>> {
    let given =
        source.key_stdin || source.key_file.is_some() || source.key_env.is_some() || !source.leaked_in.is_empty();
    if !given && !front::stdin_is_terminal() {
        return Ok(None);
    }
    let secret = if given {
        key(&KeySource { any_key: true, ..source.clone() }, &opened.provider, &opened.salt, Meant::Any)?
    } else {
        let other = |secret: &Secret| other_key(secret, opened);
        let words = format!("The leaked key {} again; empty goes on without", opened.key);
        match input::prompt(&input::Prompt { words: &words, may_be_empty: true, doubt: &other }) {
            Ok(taken) => told(taken, false),
            Err(fault) if fault.kind == FaultKind::Input && fault.why.contains("it is empty") => return Ok(None),
            Err(fault) => return Err(fault),
        }
    };
    match other_key(&secret, opened) {
        Some(fault) => Err(fault),
        None => Ok(Some(secret)),
    }
}

/// Only the incident's key will do.
fn other_key(secret: &Secret, opened: &Opened) -> Option<Fault> {
    let same = secret.fingerprint(&opened.salt).hash == opened.key.hash;
    (!same).then(|| {
        Fault::input("this is not the incident's key", format!("the incident is about {}", opened.key))
            .hint("give that key, or leave it empty to go on without")
    })
}
