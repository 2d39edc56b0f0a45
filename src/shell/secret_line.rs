//! A secret being typed: characters go in here and never further; the interface gets stand-ins to count.
//!
//! Must not know: what the secret is for.

use zeroize::Zeroizing;

use crate::base::Stamp;
use crate::base::fault::Result;
use crate::base::secret::LONGEST;
use crate::shell::input::{Given, given};
use crate::ui::dialog::guard::HELD;
use crate::ui::{Code, Key};

/// What stands for a hidden character on the way to the interface.
const STAND_IN: char = '•';

/// Bytes typed so far, zeroed when dropped. Room for the longest key is there from the start, so no copy is left
/// behind by growing.
pub struct SecretLine {
    bytes: Zeroizing<Vec<u8>>,
    last: Option<Stamp>,
}

impl Default for SecretLine {
    fn default() -> Self {
        // the longest key, blanks around it, and a line end
        Self { bytes: Zeroizing::new(Vec::with_capacity(LONGEST + 64)), last: None }
    }
}

impl std::fmt::Debug for SecretLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretLine(hidden)")
    }
}

impl SecretLine {
    /// Keeps what `key` types and returns the key to pass on instead, `None` for nothing. The secret dialog that gets it
    /// stays in step: one stand-in is one character here. `now` is the machine's time, as for the dialog.
    ///
    /// Enter right behind another key, or in pasted text, is a line end inside the text, not a wish: kept, so
    /// that several lines are refused as such and not joined into a wrong key.
    pub fn key(&mut self, key: &Key, now: Stamp) -> Option<Key> {
        let quick = self.last.replace(now).is_some_and(|last| now.0.saturating_sub(last.0) < HELD);
        let plain = Key { repeat: false, ..*key };
        match (key.ctrl, key.code) {
            (false, Code::Enter) if key.repeat || quick => self.push('\n', key),
            (true, Code::Char('u')) => {
                self.clear();
                Some(*key)
            }
            (false, Code::Backspace) | (true, Code::Char('h')) => {
                self.pop();
                Some(*key)
            }
            _ => match plain.typed() {
                Some(c) => self.push(c, key),
                None => Some(*key),
            },
        }
    }

    /// Nothing was typed yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The secret, if it is one; the line is empty afterwards.
    pub fn finish(&mut self) -> Result<Given> {
        let taken = given(&self.bytes);
        self.clear();
        taken
    }

    pub fn clear(&mut self) {
        use zeroize::Zeroize as _;
        // zeroize empties the vector and keeps its room
        self.bytes.zeroize();
        self.last = None;
    }

    fn push(&mut self, c: char, key: &Key) -> Option<Key> {
        let mut utf8 = Zeroizing::new([0_u8; 4]);
        let bytes = c.encode_utf8(&mut *utf8).as_bytes();
        if self.bytes.len() + bytes.len() > self.bytes.capacity() {
            return None;
        }
        self.bytes.extend_from_slice(bytes);
        Some(Key { code: Code::Char(STAND_IN), ctrl: false, repeat: key.repeat })
    }

    fn pop(&mut self) {
        while let Some(byte) = self.bytes.pop() {
            // the bytes of one character end at its first: anything but 10xxxxxx
            if byte & 0xc0 != 0x80 {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::ui::dialog::{Answer, Dialog, Verdict};

    /// Types with `gap` ms between keys into line and dialog.
    fn run(keys: impl IntoIterator<Item = Key>, gap: i64) -> (SecretLine, Dialog, Verdict) {
        let (mut line, mut now) = (SecretLine::default(), Stamp(0));
        let mut dialog = Dialog::secret("Admin key", "", "Key", now, None);
        now = now.plus_millis(1000);
        let mut verdict = Verdict::Open;
        for key in keys {
            now = now.plus_millis(gap);
            if let Some(key) = line.key(&key, now) {
                assert!(key.typed().is_none_or(|c| c == STAND_IN), "a typed character got through");
                verdict = dialog.key(&key, now);
            }
        }
        (line, dialog, verdict)
    }

    fn print(secret: &Secret) -> String {
        secret.fingerprint("salt").hash
    }

    fn key(line: &mut SecretLine) -> Secret {
        let Given::Key(taken) = line.finish().unwrap() else { panic!("no key") };
        taken.secret
    }

    fn whole() -> Secret {
        Secret::new(&Zeroizing::new(word().into_bytes())).unwrap()
    }

    fn word() -> String {
        format!("sk-{}-{}", "admin", "a1".repeat(10))
    }

    #[test]
    fn the_interface_sees_a_count_and_the_line_has_the_key() {
        let keys = word().chars().chain(['x', 'é']).map(Key::char).collect::<Vec<_>>();
        let back = [Key::of(Code::Backspace); 2];
        let (mut line, dialog, verdict) = run(keys.into_iter().chain(back).chain([Key::of(Code::Enter)]), 100);
        assert_eq!(verdict, Verdict::Accepted(Answer::Secret(word().len())));
        assert_eq!(print(&key(&mut line)), print(&whole()));
        assert!(!format!("{dialog:?}").contains("admin-"));
        assert!(line.finish().is_err(), "finished means empty");
    }

    #[test]
    fn a_pasted_line_end_accepts_nothing_and_several_lines_are_refused() {
        let text = format!("{}\n{}\n", word(), word());
        for (keys, gap) in [
            (crate::shell::keys::pasted(&text).collect::<Vec<_>>(), 0),
            (text.chars().map(|c| if c == '\n' { Key::of(Code::Enter) } else { Key::char(c) }).collect(), 1),
        ] {
            let (mut line, _, verdict) = run(keys, gap);
            assert_eq!(verdict, Verdict::Open);
            assert!(line.finish().unwrap_err().why.contains("several lines"));
        }
        let once = format!("{}\n", word());
        let (mut line, _, _) = run(crate::shell::keys::pasted(&once), 0);
        assert_eq!(print(&key(&mut line)), print(&whole()));
    }

    #[test]
    fn it_never_grows() {
        let mut line = SecretLine::default();
        let room = line.bytes.capacity();
        for _ in 0..room + 100 {
            line.key(&Key::char('a'), Stamp(0));
        }
        assert_eq!((line.bytes.len(), line.bytes.capacity()), (room, room));
        line.key(&Key::ctrl('u'), Stamp(0));
        assert_eq!((line.bytes.len(), line.bytes.capacity()), (0, room));
    }
}
