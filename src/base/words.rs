//! Small helps for sentences.
//!
//! Must not know: what is counted.

/// `1 place`, `2 places`, `0 copies`.
pub fn count(n: usize, thing: &str) -> String {
    if n == 1 {
        return format!("1 {thing}");
    }
    match thing.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{n} {stem}ies"),
        _ => format!("{n} {thing}s"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_and_many() {
        assert_eq!(super::count(1, "copy"), "1 copy");
        assert_eq!(super::count(2, "copy"), "2 copies");
        assert_eq!(super::count(0, "key"), "0 keys");
        assert_eq!(super::count(3, "place"), "3 places");
    }
}
