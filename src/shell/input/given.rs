//! What came through a door for keys: one, out of what was pasted around it, and whether it can be the one that is meant.
//!
//! Must not know: which door. A key with its quotes on is refused by its provider and found in no file, and each of the
//! two looks like good news; so what has not the shape of a key is taken only when a person insists.

use zeroize::Zeroizing;

use super::Taken;
use crate::base::fault::Result;
use crate::base::{Fault, KeyKind, Secret};
use crate::providers::Provider;

/// What a person types to have a key taken in spite of its shape.
pub const ANYWAY: &str = "anyway";

#[derive(Debug)]
pub enum Given {
    Key(Taken),
    /// [`ANYWAY`]: the one before, after all.
    Anyway,
}

/// Reads what was typed or pasted.
pub fn given(bytes: &Zeroizing<Vec<u8>>) -> Result<Given> {
    if bytes.trim_ascii() == ANYWAY.as_bytes() {
        return Ok(Given::Anyway);
    }
    taken(bytes).map(Given::Key)
}

/// A key, and what was left out around it.
pub(super) fn taken(bytes: &Zeroizing<Vec<u8>>) -> Result<Taken> {
    let (secret, cut) = Secret::pasted(bytes)?;
    Ok(Taken { secret, cut, warnings: Vec::new() })
}

/// Why `secret` is hardly a key of `provider`: it would be asked about a key it never made, and say no.
pub fn foreign(secret: &Secret, provider: &dyn Provider) -> Option<Fault> {
    let text = String::from_utf8_lossy(secret.expose());
    let name = provider.name();
    match KeyKind::vendor(&text) {
        Some(vendor) => Some(
            Fault::input(
                format!("this is a key of {vendor}, not of {name}"),
                format!(
                    "it starts {}. {name} refuses every key it did not make: that would prove nothing",
                    start(&text)
                ),
            )
            .hint(format!("revoke it at {vendor}; `stanch find` and `stanch purge` work for any vendor's key")),
        ),
        None => odd(secret).map(|why| Fault::input(format!("this does not look like a key of {name}"), why)),
    }
}

/// Why `secret` is hardly a key of anybody.
pub fn shapeless(secret: &Secret) -> Option<Fault> {
    odd(secret).map(|why| Fault::input("this does not look like a key", why))
}

fn odd(secret: &Secret) -> Option<String> {
    let text = String::from_utf8_lossy(secret.expose());
    let begins = |how: &str| format!("it starts {} and has {} characters{how}", start(&text), text.len());
    match secret.kind() {
        KeyKind::Unknown => Some(begins("; keys of OpenAI start sk-")),
        KeyKind::OtherVendor => None,
        _ => {
            let odd = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_".contains(*c)))?;
            Some(begins(&format!(", and `{odd}` is among them, which no key of OpenAI has")))
        }
    }
}

/// The first characters: enough to see what was pasted by mistake, too few to be of use.
fn start(text: &str) -> String {
    let vendor = KeyKind::prefix_of(text);
    let start = if vendor.is_empty() { text.chars().take(4).collect() } else { vendor.to_owned() };
    format!("`{start}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Secret {
        Secret::pasted(&Zeroizing::new(text.as_bytes().to_vec())).unwrap().0
    }

    #[test]
    fn only_what_looks_like_the_vendors_key_is_taken_without_a_question() {
        let openai = crate::providers::ALL[0];
        let tail = "aB3_".repeat(10);
        for fine in [format!("sk-{tail}"), format!("sk-proj-{tail}"), format!("OPENAI_API_KEY='sk-proj-{tail}'")] {
            assert_eq!(foreign(&key(&fine), openai), None);
        }
        for (text, word) in [
            (format!("sk-ant-{tail}"), "Anthropic"),
            (format!("AKIA{tail}"), "AWS"),
            (format!("ghp_{tail}"), "GitHub"),
            (tail.clone(), "does not look like a key of OpenAI"),
            (format!("sk-proj-{tail}(old)"), "does not look like a key of OpenAI"),
        ] {
            let fault = foreign(&key(&text), openai).unwrap();
            assert!(fault.what.contains(word) && !fault.to_string().contains(&tail), "{fault}");
        }
        assert_eq!(shapeless(&key(&format!("ghp_{tail}"))), None);
        assert!(shapeless(&key(&tail)).unwrap().why.contains("starts `aB3_` and has 40 characters"));
    }
}
