//! Secret bytes, and the one place that takes them out of text. What may be shown of them is in `fingerprint`.
//!
//! [`Secret`] is the only type that holds key bytes: zeroed on drop, no `Clone`, no `Display`, no serde, and
//! `Debug` says nothing. [`Secret::expose`] may be called in `shell/{input,vault,http,git,files}.rs` and in the
//! drill's own seeding only; a test reads the sources and holds that line.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::fault::{Fault, Result};
use super::fingerprint::{Fingerprint, KeyKind};
use super::id::hex;
use super::paste;

/// Longest value taken for a key, bytes.
pub const LONGEST: usize = 8192;
/// Shortest value taken for a key, bytes: below it, a search would hit ordinary text.
pub const SHORTEST: usize = 16;

/// Key bytes. Trimmed, one line, printable ASCII, [`SHORTEST`]..=[`LONGEST`] bytes.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes over `bytes`; the caller's buffer is zeroed when it drops. A trailing line end and blanks around
    /// the value are forgiven, anything else that isn't one printable ASCII word is refused with the reason.
    pub fn new(bytes: &Zeroizing<Vec<u8>>) -> Result<Self> {
        let hint = "give exactly the key, on one line, nothing else";
        let trimmed = bytes.trim_ascii();
        let trimmed = trimmed.strip_prefix(b"\xef\xbb\xbf").unwrap_or(trimmed).trim_ascii();
        let no = |why: String| Err(Fault::input("this is not a key", why).hint(hint));
        if trimmed.is_empty() {
            return no("it is empty".into());
        }
        if trimmed.len() > LONGEST {
            return no(format!("it is {} bytes long, a key has at most {LONGEST}", trimmed.len()));
        }
        if std::str::from_utf8(trimmed).is_err() {
            return no("it is not text (not UTF-8)".into());
        }
        if trimmed.contains(&b'\n') || trimmed.contains(&b'\r') {
            return no("it has several lines".into());
        }
        if let Some(odd) = trimmed.iter().find(|b| !b.is_ascii_graphic()) {
            return no(format!("it has a character no key has (byte {odd:#04x})"));
        }
        if trimmed.len() < SHORTEST {
            return no(format!("it has {} characters, fewer than {SHORTEST}", trimmed.len()));
        }
        let mut own = Zeroizing::new(Vec::with_capacity(trimmed.len()));
        own.extend_from_slice(trimmed);
        Ok(Self(own))
    }

    /// As [`Self::new`], out of what people paste around a key: quotes, a variable's name, `Bearer`. With what was left
    /// out, in words a person is to see.
    pub fn pasted(bytes: &Zeroizing<Vec<u8>>) -> Result<(Self, Option<String>)> {
        let (value, left_out) = paste::value(bytes, SHORTEST);
        let value = Zeroizing::new(value.to_vec());
        Ok((Self::new(&value)?, paste::words(&left_out)))
    }

    /// What it is by its start.
    pub fn kind(&self) -> KeyKind {
        KeyKind::of(&String::from_utf8_lossy(&self.0))
    }

    /// The bytes. See the module's words for who may ask.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A second holder of the same bytes, zeroed on its own.
    #[must_use]
    pub fn share(&self) -> Self {
        Self(Zeroizing::new(self.0.to_vec()))
    }

    /// What may be shown and stored of it. `salt` is the incident's, so prints can't be compared across incidents.
    pub fn fingerprint(&self, salt: &str) -> Fingerprint {
        let text = String::from_utf8_lossy(&self.0);
        let kind = KeyKind::of(&text);
        let last4 = text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned();
        let mut hash = Sha256::new();
        hash.update(salt.as_bytes());
        hash.update(&*self.0);
        Fingerprint {
            prefix: KeyKind::prefix_of(&text).to_owned(),
            last4,
            hash: hex(&hash.finalize()),
            kind,
            length: self.0.len(),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Which secret is meant. Messages, effects and records carry this, never bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretRef {
    /// The key that leaked.
    Leaked,
    /// The key that takes its place.
    Replacement,
    /// The administrator's key that does the work.
    Admin,
}

/// Replaces every occurrence of known secrets, in the forms they travel in, before text leaves the process.
#[derive(Default)]
pub struct Scrubber(Vec<(SecretRef, Zeroizing<Vec<u8>>)>);

impl Scrubber {
    /// From now on `secret` is removed as well: plain, base64, hex, URL-encoded and as JSON writes it.
    pub fn learn(&mut self, role: SecretRef, secret: &Secret) {
        for form in forms(secret.expose()) {
            self.0.push((role, form));
        }
        self.0.sort_by_key(|(_, form)| std::cmp::Reverse(form.len()));
    }

    /// Does any known secret stand in `text`, in any of those forms?
    pub fn finds(&self, text: &str) -> bool {
        self.0.iter().any(|(_, form)| memchr::memmem::find(text.as_bytes(), form).is_some())
    }

    /// `text` with each secret replaced by `[leaked]`, `[replacement]` or `[admin]`.
    pub fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for (role, form) in &self.0 {
            if let Ok(form) = std::str::from_utf8(form)
                && clean.contains(form)
            {
                clean = clean.replace(form, role.placeholder());
            }
        }
        clean
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scrubber({} forms)", self.0.len())
    }
}

impl SecretRef {
    /// What stands in a text where the secret was.
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Leaked => "[leaked]",
            Self::Replacement => "[replacement]",
            Self::Admin => "[admin]",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Leaked => "the leaked key",
            Self::Replacement => "the new key",
            Self::Admin => "the admin key",
        }
    }
}

/// Plain, base64 (standard and URL, unpadded core), hexadecimal (both cases), percent-encoded, inside a JSON string.
fn forms(bytes: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    use std::fmt::Write as _;

    use base64::Engine as _;
    let b64 = base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes);
    let url = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let lower = hex(bytes);
    let upper = lower.to_uppercase();
    let percent = bytes.iter().fold(String::new(), |mut text, b| {
        if b.is_ascii_alphanumeric() || b"-_.~".contains(b) {
            text.push(char::from(*b));
        } else {
            let _ = write!(text, "%{b:02X}");
        }
        text
    });
    let mut all: Vec<Zeroizing<Vec<u8>>> = vec![Zeroizing::new(bytes.to_vec())];
    let json = String::from_utf8_lossy(bytes).replace('\\', r"\\").replace('"', r#"\""#);
    for form in [b64, url, lower, upper, percent, json] {
        let form = Zeroizing::new(form.into_bytes());
        if !all.iter().any(|known| **known == *form) {
            all.push(form);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Result<Secret> {
        Secret::new(&Zeroizing::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn takes_one_word_and_refuses_the_rest_with_the_reason() {
        assert_eq!(secret(" sk-proj-abcdefghijkl\r\n").unwrap().expose(), b"sk-proj-abcdefghijkl");
        let long = "a".repeat(LONGEST + 1);
        let bad = [
            ("", "empty"),
            (" \n ", "empty"),
            ("sk-proj-aaaaaaaaaa\nsk-proj-bbbbbbbbbb", "several lines"),
            ("sk-short", "fewer than"),
            ("sk-proj-with a blank in", "no key has"),
            (&long, "at most"),
        ];
        for (text, why) in bad {
            assert!(secret(text).unwrap_err().why.contains(why), "{text:.20}");
        }
        assert!(Secret::new(&Zeroizing::new(vec![0xff; 20])).unwrap_err().why.contains("UTF-8"));
    }

    #[test]
    fn shows_nothing() {
        let key = secret("sk-proj-abcdefghijkl9f3a").unwrap();
        assert_eq!(format!("{key:?}"), "Secret(hidden)");
        assert_eq!(key.fingerprint("s").to_string(), "sk-proj-...9f3a");
        assert_ne!(key.fingerprint("s").hash, key.fingerprint("t").hash);
    }

    #[test]
    fn scrubs_every_form() {
        let key = secret(r#"sk-proj-abc+/de"f\ghijkl9f3a"#).unwrap();
        let mut scrubber = Scrubber::default();
        scrubber.learn(SecretRef::Leaked, &key);
        for form in forms(key.expose()) {
            let text = format!("x {} y", String::from_utf8(form.to_vec()).unwrap());
            assert!(scrubber.finds(&text));
            assert_eq!(scrubber.clean(&text), "x [leaked] y");
        }
    }
}
