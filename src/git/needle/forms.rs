//! The forms a key takes when it travels: as text (plain or escaped), UTF-16, hexadecimal, base64 at three alignments,
//! also of UTF-16 (PowerShell's commands) and of base64 (a docker login within a Kubernetes Secret).
//! A form is a row of symbols; how one symbol may be written is `units`' business.
//!
//! Must not know: where the forms are looked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::base::Fault;
use crate::base::fault::Result;
use crate::base::id::hex;
use crate::base::secret::SHORTEST;

/// What stands where the key stood.
pub(in crate::git) const PLACEHOLDER: &str = "REMOVED-BY-STANCH";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Byte for byte, any of them escaped.
    Text,
    Utf16 {
        little: bool,
    },
    /// Two digits a byte.
    Hex,
    /// The same, bytes apart: `73 6b`, `73:6b`, `0x73, 0x6b`.
    Dump,
    /// The characters that depend on the key alone when `skew` other bytes (0, 1 or 2) stand before it in the encoder's
    /// group of three; those that share bits with a stranger are not among them.
    Base64 {
        skew: usize,
        of: Of,
    },
}

/// What was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Bytes,
    /// The key in UTF-16 LE.
    Wide,
    /// The key in base64 already, at this alignment.
    Code {
        skew: usize,
    },
}

/// One way to write one key.
pub(super) struct Form {
    /// Which of the keys.
    pub(super) key: usize,
    pub(super) kind: Kind,
    pub(super) symbols: Zeroizing<Vec<u16>>,
    /// The placeholder, cut or filled with dashes to the key's length, in as many symbols of the same kind.
    pub(super) same: Vec<u16>,
    /// Length of the key in bytes.
    pub(super) bytes: usize,
    /// Of base64: what it encodes.
    pub(super) coded: Coded,
}

/// The bytes that were encoded: how many, the first and the last, and these two of what takes their place.
#[derive(Default)]
pub(super) struct Coded {
    pub(super) len: usize,
    pub(super) ends: Zeroizing<[u8; 2]>,
    pub(super) same: [u8; 2],
}

impl Coded {
    fn new(bytes: &[u8], same: &[u8]) -> Self {
        let ends = |of: &[u8]| [of.first().copied().unwrap_or(0), of.last().copied().unwrap_or(0)];
        Self { len: bytes.len(), ends: Zeroizing::new(ends(bytes)), same: ends(same) }
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Form({:?}, {} symbols)", self.kind, self.symbols.len())
    }
}

impl Form {
    /// Tools break such text into lines.
    pub(super) fn wraps(&self) -> bool {
        !matches!(self.kind, Kind::Utf16 { .. })
    }
}

/// Every form of every key. Refuses a key that is too short to be told from ordinary text.
pub(super) fn all(keys: &[&[u8]]) -> Result<Vec<Form>> {
    let mut forms = Vec::new();
    for (n, given) in keys.iter().enumerate() {
        let key = unwrapped(given);
        if key.len() < SHORTEST {
            return Err(Fault::input(
                "this key is too short to search for",
                format!("it has {} bytes; below {SHORTEST} a search would change ordinary text", key.len()),
            )
            .hint("give the whole key, exactly as the vendor issued it"));
        }
        let same = padded(key.len());
        let mut add = |kind: Kind, symbols: Zeroizing<Vec<u16>>, same: Vec<u16>, coded: Coded| {
            forms.push(Form { key: n, kind, symbols, same, bytes: key.len(), coded });
        };
        let bytes = || (widened(&key), widened(&same).to_vec());
        let (symbols, other) = bytes();
        add(Kind::Text, symbols, other, Coded::default());
        add(
            Kind::Hex,
            widened(Zeroizing::new(hex(&key)).as_bytes()),
            widened(hex(&same).as_bytes()).to_vec(),
            Coded::default(),
        );
        let (symbols, other) = bytes();
        add(Kind::Dump, symbols, other, Coded::default());
        let units = match std::str::from_utf8(&key) {
            Ok(text) => Zeroizing::new(text.encode_utf16().collect()),
            Err(_) => widened(&key),
        };
        let fresh = widened(&padded(units.len()));
        for little in [true, false] {
            add(Kind::Utf16 { little }, units.clone(), fresh.to_vec(), Coded::default());
        }
        for (of, bytes, same) in coded(&key, &same, (&units, &fresh)) {
            for skew in 0..3 {
                let symbols = |bytes| widened(core(bytes, skew).as_bytes());
                add(Kind::Base64 { skew, of }, symbols(&bytes), symbols(&same).to_vec(), Coded::new(&bytes, &same));
            }
        }
    }
    Ok(forms)
}

/// Without blanks around it and with line ends as LF: the search takes any line end for it.
fn unwrapped(key: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(key.len()));
    let key = key.trim_ascii();
    for (at, byte) in key.iter().enumerate() {
        if *byte != b'\r' || key.get(at + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    out
}

fn widened(bytes: &[u8]) -> Zeroizing<Vec<u16>> {
    Zeroizing::new(bytes.iter().map(|b| u16::from(*b)).collect())
}

/// The placeholder cut or filled with dashes to `len` bytes.
pub(super) fn padded(len: usize) -> Vec<u8> {
    PLACEHOLDER.bytes().chain(std::iter::repeat(b'-')).take(len).collect()
}

type Bytes = Zeroizing<Vec<u8>>;

/// What base64 is made of, and the same with the placeholder.
fn coded(key: &[u8], same: &[u8], units: (&[u16], &[u16])) -> Vec<(Of, Bytes, Bytes)> {
    let wide = |units: &[u16]| {
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * units.len()));
        for unit in units {
            bytes.extend_from_slice(&unit.to_le_bytes());
        }
        bytes
    };
    let whole = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
    let mut all = vec![(Of::Bytes, whole(key), whole(same)), (Of::Wide, wide(units.0), wide(units.1))];
    for skew in 0..3 {
        let code = |bytes: &[u8]| whole(core(bytes, skew).as_bytes());
        all.push((Of::Code { skew }, code(key), code(same)));
    }
    all
}

/// The characters of `bytes` in base64 that nothing else has a part in.
fn core(bytes: &[u8], skew: usize) -> Zeroizing<String> {
    let mut shifted = Zeroizing::new(Vec::with_capacity(skew + bytes.len()));
    shifted.resize(skew, 0);
    shifted.extend_from_slice(bytes);
    let text = Zeroizing::new(STANDARD_NO_PAD.encode(&*shifted));
    let (from, to) = (core_start(skew), 8 * shifted.len() / 6);
    Zeroizing::new(text.get(from..to).unwrap_or_default().to_owned())
}

/// How many characters of a group belong to strangers, in whole or in part.
pub(super) fn core_start(skew: usize) -> usize {
    (8 * skew).div_ceil(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_as_many_symbols_as_its_replacement() {
        let key = format!("sk-{}-{}+/&\"", "proj", "aB3".repeat(9));
        for form in all(&[key.as_bytes()]).unwrap() {
            assert_eq!(form.symbols.len(), form.same.len(), "{form:?}");
            assert_ne!(*form.symbols, form.same, "{form:?}");
        }
    }

    #[test]
    fn short_keys_are_refused() {
        assert!(all(&[b"only-fifteen-by"]).unwrap_err().why.contains("15 bytes"));
        assert!(all(&[b"only-fifteen-by\n"]).is_err());
    }

    #[test]
    fn base64_of_text_around_the_key_holds_the_core() {
        let key = "k".to_owned() + &"eY7".repeat(11);
        for before in ["", "u", "us", "usr", "user:"] {
            let text = STANDARD_NO_PAD.encode(format!("{before}{key}:after"));
            assert!(text.contains(core(key.as_bytes(), before.len() % 3).as_str()), "{before}");
        }
    }
}
