//! Everything random in a drill, derived from the seed: tokens, ids, noise. The same seed gives the same world.
//!
//! Must not know: what the values are for.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const TOKEN: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const PLAIN: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// What stands at the start of every drill key, after the vendor's prefix: no person, scanner or provider mistakes it.
pub const MARK: &str = "DRILL";

/// Where values come from: a scenario played with a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    pub scenario: String,
    pub number: u64,
}

impl Seed {
    pub fn new(scenario: &str, number: u64) -> Self {
        Self { scenario: scenario.to_owned(), number }
    }

    /// `len` characters for the `n`-th value called `label`.
    fn chars(&self, label: &str, n: u64, len: usize, alphabet: &[u8]) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(len));
        let mut block = 0_u64;
        while text.len() < len {
            let mut hash = Sha256::new();
            hash.update(b"stanch drill\0");
            hash.update(self.scenario.as_bytes());
            hash.update(self.number.to_be_bytes());
            hash.update(label.as_bytes());
            hash.update(n.to_be_bytes());
            hash.update(block.to_be_bytes());
            for byte in hash.finalize() {
                if text.len() < len
                    && let Some(letter) = alphabet.get(usize::from(byte) % alphabet.len())
                {
                    text.push(char::from(*letter));
                }
            }
            block += 1;
        }
        text
    }

    /// `key_8YkQ…`: an id of `len` letters and digits after `prefix`.
    pub fn id(&self, prefix: &str, n: u64, len: usize) -> String {
        format!("{prefix}{}", self.chars(prefix, n, len, PLAIN).as_str())
    }

    /// A well-formed key: `prefix`, the mark, filler, the vendor's fixed middle, filler. `half` is the length of each
    /// filler, 74 or 58. Ends in a letter or digit, so that every scanner's pattern takes all of it.
    pub fn token(&self, prefix: &str, half: usize, n: u64) -> Zeroizing<String> {
        let first = self.chars("token/a", n, half.saturating_sub(MARK.len()), TOKEN);
        let second = self.chars("token/b", n, half.saturating_sub(1), TOKEN);
        let last = self.chars("token/c", n, 1, PLAIN);
        let mut token = Zeroizing::new(String::with_capacity(prefix.len() + 2 * half + 8));
        for part in [prefix, MARK, first.as_str(), "T3BlbkFJ", second.as_str(), last.as_str()] {
            token.push_str(part);
        }
        token
    }

    /// Evenly spread in `0.0..1.0`, fixed for a stream of figures and a minute.
    pub fn unit(&self, stream: u64, minute: i64, salt: u64) -> f64 {
        let mut x = self.number ^ stream.rotate_left(17) ^ minute.cast_unsigned().rotate_left(41) ^ salt.rotate_left(7);
        for _ in 0..2 {
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^= x >> 31;
        }
        // 32 bits are plenty of noise, and convert without loss.
        let top = u32::try_from(x >> 32).unwrap_or(u32::MAX);
        f64::from(top) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_and_another_another() {
        let (a, b) = (Seed::new("s", 1), Seed::new("s", 2));
        assert_eq!(*a.token("sk-proj-", 74, 3), *a.token("sk-proj-", 74, 3));
        assert_ne!(*a.token("sk-proj-", 74, 3), *b.token("sk-proj-", 74, 3));
        assert_ne!(*a.token("sk-proj-", 74, 3), *a.token("sk-proj-", 74, 4));
        assert_ne!(a.id("key_", 0, 16), a.id("key_", 1, 16));
    }

    #[test]
    fn tokens_have_the_documented_lengths_and_the_mark() {
        let seed = Seed::new("s", 7);
        for (prefix, half, len) in [("sk-proj-", 74, 164), ("sk-svcacct-", 74, 167), ("sk-admin-", 58, 133)] {
            let token = seed.token(prefix, half, 0);
            assert_eq!(token.len(), len);
            assert!(token.starts_with(&format!("{prefix}{MARK}")));
            assert!(token.ends_with(|c: char| c.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn noise_is_spread_evenly() {
        let seed = Seed::new("s", 7);
        let mean = (0..4000).map(|m| seed.unit(1, m, 0)).sum::<f64>() / 4000.0;
        assert!((mean - 0.5).abs() < 0.03, "{mean}");
    }
}
