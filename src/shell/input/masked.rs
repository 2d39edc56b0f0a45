//! A field that takes a key on screen and shows only how long it is.
//!
//! Must not know: the screen. The bytes never leave it but as a [`crate::base::Secret`].

use zeroize::{Zeroize as _, Zeroizing};

use super::given::{Given, given};
use crate::base::fault::Result;
use crate::base::secret::LONGEST;

/// At most [`LONGEST`] bytes. Its buffer is allocated once and never moves, so that no old copy stays in memory.
pub struct Masked(Zeroizing<Vec<u8>>);

impl Masked {
    pub fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(LONGEST)))
    }

    /// Adds a typed or pasted character; `false` when the field is full.
    #[must_use]
    pub fn push(&mut self, typed: char) -> bool {
        let mut utf8 = [0; 4];
        let fits = self.push_bytes(typed.encode_utf8(&mut utf8).as_bytes());
        utf8.zeroize();
        fits
    }

    /// Adds all of `bytes` or, when they don't fit, nothing.
    #[must_use]
    pub fn push_bytes(&mut self, bytes: &[u8]) -> bool {
        let fits = self.0.len() + bytes.len() <= LONGEST;
        if fits {
            self.0.extend_from_slice(bytes);
        }
        fits
    }

    /// Takes the last character back.
    pub fn backspace(&mut self) {
        // A character of UTF-8 is one byte that does not continue, and those that do.
        while let Some(byte) = self.0.pop() {
            if byte & 0xc0 != 0x80 {
                break;
            }
        }
    }

    pub fn clear(&mut self) {
        // Zeroes the whole capacity, what `pop` left behind included.
        self.0.zeroize();
    }

    /// Bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was typed, as a key, or why it is none. Either way the field is empty afterwards.
    pub fn take(&mut self) -> Result<Given> {
        let taken = given(&self.0);
        self.clear();
        taken
    }
}

impl Default for Masked {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Masked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masked({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_edits_and_gives_once() {
        let mut field = Masked::new();
        let before = field.0.as_ptr();
        for typed in "sk-proj-abcdefghijklmnoé".chars() {
            assert!(field.push(typed));
        }
        field.backspace();
        assert_eq!(field.len(), 23, "a two-byte character goes in one stroke");
        assert_eq!(format!("{field:?}"), "Masked(23 bytes)");
        let Given::Key(taken) = field.take().unwrap() else { panic!("no key") };
        assert_eq!(taken.secret.expose(), b"sk-proj-abcdefghijklmno");
        assert!(field.is_empty() && field.take().is_err());
        assert!("anyway".chars().all(|c| field.push(c)));
        assert!(matches!(field.take(), Ok(Given::Anyway)));
        assert!(field.push_bytes(&[b'a'; LONGEST]));
        assert!(!field.push('b') && field.len() == LONGEST, "full");
        assert_eq!(field.0.as_ptr(), before, "the buffer never moved");
        field.clear();
        field.backspace();
        assert!(field.is_empty());
    }
}
