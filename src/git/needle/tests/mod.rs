//! The search against what encoders write.
//!
//! Must not know: repositories, archives.

#[cfg(test)]
mod codes;
#[cfg(test)]
mod escapes;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod replace;
#[cfg(test)]
mod search;
#[cfg(test)]
mod streams;

use super::*;

fn key() -> String {
    format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(12))
}

fn replaced(key: &str, text: &[u8]) -> Option<Vec<u8>> {
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
    let search = needles.search();
    let clean = search.replace_content(text).unwrap();
    assert_eq!(clean.is_some(), search.form_in(text).is_some());
    assert!(clean.as_deref().is_none_or(|clean| search.form_in(clean).is_none()));
    clean
}

fn wrapped(text: &str, width: usize, ending: &str) -> String {
    let lines: Vec<&str> = text.as_bytes().chunks(width).map(|c| std::str::from_utf8(c).unwrap()).collect();
    lines.join(ending)
}

fn string(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}
