//! Names that hold the key, written down without it. A plan's details lie in a folder of their own, and they must not
//! bring the key back once everything else is clean: such a name is mixed with a stream that only the key gives.
//!
//! Must not know: what the names are for.

use sha2::{Digest as _, Sha256};

use super::needle::Search;
use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::id::hex;

const MARK: &str = "sealed:";

/// `name` as it may be written down: itself, when it does not hold the key.
pub(super) fn seal(search: &Search<'_>, keys: &[&[u8]], salt: &str, name: &str) -> String {
    if search.form_in(name.as_bytes()).is_none() {
        return name.to_owned();
    }
    format!("{MARK}{}", hex(&mixed(keys, salt, name.as_bytes())))
}

/// The name that was sealed with the same key and salt.
pub(super) fn open(keys: &[&[u8]], salt: &str, text: &str) -> Result<String> {
    let Some(digits) = text.strip_prefix(MARK) else { return Ok(text.to_owned()) };
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    bytes.and_then(|bytes| String::from_utf8(mixed(keys, salt, &bytes)).ok()).ok_or_else(|| {
        Fault::input("the plan's details can't be read", "they were made for another key")
            .hint("give the same key as when it was planned")
    })
}

fn mixed(keys: &[&[u8]], salt: &str, bytes: &[u8]) -> Vec<u8> {
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    let mut out = Vec::with_capacity(bytes.len());
    for (n, chunk) in bytes.chunks(32).enumerate() {
        let mut hash = Sha256::new();
        hash.update(b"stanch name");
        hash.update(n.to_le_bytes());
        hash.update(salt.len().to_le_bytes());
        hash.update(salt.as_bytes());
        for key in &keys {
            hash.update(key.len().to_le_bytes());
            hash.update(key);
        }
        out.extend(chunk.iter().zip(hash.finalize()).map(|(byte, mask)| byte ^ mask));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::needle::Needles;
    use super::*;

    #[test]
    fn a_name_comes_back_with_the_same_key_only() {
        let key = "k9Z".repeat(11);
        let needles = Needles::new(&[key.as_bytes()]).unwrap();
        let name = format!("refs/heads/{key}/\u{e9}/{}", "long".repeat(20));
        let sealed = seal(&needles.search(), &[key.as_bytes()], "salt", &name);
        assert!(sealed.starts_with(MARK) && !sealed.contains(&key));
        assert_eq!(open(&[key.as_bytes()], "salt", &sealed).unwrap(), name);
        assert!(open(&[b"another key of length"], "salt", &sealed).is_err());
        assert_eq!(seal(&needles.search(), &[key.as_bytes()], "salt", "refs/heads/main"), "refs/heads/main");
        assert_eq!(open(&[], "", "refs/heads/main").unwrap(), "refs/heads/main");
    }
}
