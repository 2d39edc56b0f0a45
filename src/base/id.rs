//! Names that are made, not found: incident ids and their slugs.
//!
//! Must not know: where an incident is stored.

use super::Stamp;

const WORDS: [&str; 32] = [
    "amber", "anchor", "aspen", "badger", "basalt", "birch", "cedar", "cobalt", "comet", "coral", "delta", "ember",
    "falcon", "fern", "flint", "garnet", "harbor", "hazel", "heron", "indigo", "juniper", "lantern", "maple", "nimbus",
    "onyx", "otter", "pebble", "quartz", "raven", "sable", "tundra", "willow",
];

/// `20261121T024136Z-otter-4f`: sorts by time, can be said over the phone.
pub fn incident_id(at: Stamp, random: [u8; 2]) -> String {
    let word = WORDS[usize::from(random[0]) % WORDS.len()];
    format!("{}-{word}-{:02x}", at.compact(), random[1])
}

/// The part of an incident id that is short enough for a key's name: `otter-4f`.
pub fn short(incident: &str) -> &str {
    incident.split_once('-').map_or(incident, |(_, rest)| rest)
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
