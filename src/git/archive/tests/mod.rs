//! Archives of every nesting, and bytes made by chance.
//!
//! Must not know: repositories. What is asked of each archive stands here; how one is made is `make`'s.

#[cfg(test)]
mod amid;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod chance;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod make;

use super::*;
use crate::git::needle::Needles;

fn key() -> String {
    format!("sk-{}-{}", "proj", "Qz7_xW9".repeat(12))
}

fn seen(bytes: &[u8]) -> Looked {
    let key = key();
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
    search(&needles.search(), bytes, &Bounds::new(&|| false))
}

fn places(bytes: &[u8]) -> Vec<String> {
    seen(bytes).inside.iter().map(ToString::to_string).collect()
}

fn clean(bytes: &[u8]) -> std::result::Result<Option<Vec<u8>>, repack::No> {
    let key = key();
    let needles = Needles::new(&[key.as_bytes()]).unwrap();
    repacked(&needles.search(), bytes, &Bounds::new(&|| false))
}

fn env() -> Vec<u8> {
    format!("A=1\nK={}\n", key()).into_bytes()
}

const WANT: &[u8] = b"A=1\nK=REMOVED-BY-STANCH\n";
