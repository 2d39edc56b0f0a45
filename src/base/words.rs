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

/// A character that a terminal obeys, or that turns or hides text: a name with one can look like another.
pub fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// One line of `text`, without characters that are [unfit](is_unfit).
pub fn tame(text: &str) -> String {
    text.chars().filter(|c| !is_unfit(*c)).collect()
}

/// The same for several lines: line feeds and tabs stay.
pub fn tame_lines(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_unfit(*c)).collect()
}

/// `text` as one word of a shell, quoted only where it must be, and tame.
pub fn shell(text: &str) -> String {
    let text = tame(text);
    let plain = |c: char| c.is_alphanumeric() || "-_./:@%+,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { quoted(&text) }
}

/// `text` as one word of a shell, in quotes.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_one_tame_word() {
        assert_eq!(super::tame("a\u{1b}[2J\n\u{202e}b\u{9b}c\u{7}é"), "a[2Jbcé");
        assert_eq!(super::tame_lines("a\n\tb\r\u{85}"), "a\n\tb");
        let told = ["work", "a b", "o'r$i", "", "é.x-1", "\u{1b};x"].map(super::shell);
        assert_eq!(told, ["work", "'a b'", r"'o'\''r$i'", "''", "é.x-1", "';x'"]);
    }

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
