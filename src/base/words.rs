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

/// `0 bytes`, `980 bytes`, `12 kB`, `1.4 GB`: powers of a thousand, as disks are sold.
pub fn bytes(n: u64) -> String {
    let mut size = (n, 0);
    let units = ["kB", "MB", "GB", "TB"];
    let mut at = None;
    for unit in units {
        if size.0 < 1000 {
            break;
        }
        size = (size.0 / 1000, size.0 % 1000 / 100);
        at = Some(unit);
    }
    match (at, size) {
        (None, (n, _)) => format!("{n} bytes"),
        (Some(unit), (whole, tenth)) if whole < 10 => format!("{whole}.{tenth} {unit}"),
        (Some(unit), (whole, _)) => format!("{whole} {unit}"),
    }
}

/// `1,234,567`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes() {
        let told = [0, 980, 1000, 12_345, 1_440_000_000, u64::MAX].map(super::bytes);
        assert_eq!(told, ["0 bytes", "980 bytes", "1.0 kB", "12 kB", "1.4 GB", "18446744 TB"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(super::thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn one_and_many() {
        assert_eq!(super::count(1, "copy"), "1 copy");
        assert_eq!(super::count(2, "copy"), "2 copies");
        assert_eq!(super::count(0, "key"), "0 keys");
        assert_eq!(super::count(3, "place"), "3 places");
    }
}
