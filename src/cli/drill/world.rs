//! A drill's world on this machine: its folder, its name and seed, the secrets it hands out.
//!
//! Must not know: what happens in it.

use std::path::PathBuf;

use crate::base::clock::machine_now;
use crate::base::fault::Result;
use crate::base::{Fault, Fingerprint, SecretRef, id};
use crate::cli::Context;
use crate::drill::World;
use crate::shell::session;
use crate::shell::vault::Vault;

/// A drill's world stands beside the incidents: `<state>/drills/<incident>`.
pub(super) fn world_folder(incident: &str, context: &Context) -> PathBuf {
    let root = context.settings.store.root();
    root.parent().unwrap_or(root).join("drills").join(incident)
}

/// The same seed gives the same short name, unless a drill of this very second has it.
pub(super) fn named(seed: u64, context: &Context) -> Option<String> {
    let [a, b, ..] = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let id = format!("{}-drill", id::incident_id(machine_now(), [a, b]));
    let taken = session::folder(&context.settings.store, &id).exists() || world_folder(&id, context).exists();
    (!taken).then_some(id)
}

pub(super) fn random_seed() -> Result<u64> {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).map_err(|e| Fault::machine("no random numbers can be had", e))?;
    Ok(u64::from(u32::from_le_bytes(bytes)))
}

pub(super) fn secrets(world: &World, vault: &Vault) -> Result<Fingerprint> {
    let key = vault.put(SecretRef::Leaked, world.leaked()?);
    if let Some(admin) = world.admin()? {
        vault.put(SecretRef::Admin, admin);
    }
    Ok(key)
}
