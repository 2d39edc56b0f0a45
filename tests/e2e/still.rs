//! A screen without the four things that are another in each run: the folder, the plan's name (a hash over the folder,
//! too), the port, the minute in the incident's name. Each has a stand-in of its own length, so every other cell stays
//! where it is.

use vt100::Screen;

/// The screen as it is compared.
pub(crate) fn still(screen: &Screen) -> String {
    let rows: Vec<String> =
        screen.rows(0, screen.size().1.into()).map(|row| still_row(&row).trim_end().to_owned()).collect();
    rows.join("\n").trim_end().to_owned() + "\n"
}

/// The same for any text, row by row.
pub(crate) fn still_text(text: &str) -> String {
    text.lines().map(|row| still_row(row).trim_end().to_owned() + "\n").collect()
}

fn still_row(row: &str) -> String {
    let (mut out, mut rest) = (String::new(), row);
    while let Some(c) = rest.chars().next() {
        let (len, stand_in) = moving(rest).unwrap_or_else(|| (c.len_utf8(), c.into()));
        out.push_str(&stand_in);
        rest = &rest[len..];
    }
    out
}

/// What starts here and is another in each run: its bytes, and what stands for it.
fn moving(text: &str) -> Option<(usize, String)> {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    if let Some(rest) = text.strip_prefix("/tmp/stanch-") {
        let len = rest.chars().take_while(char::is_ascii_alphanumeric).count();
        return Some(("/tmp/stanch-".len() + len, format!("/tmp/stanch-{}", "X".repeat(len))));
    }
    // A narrow field shows the end of a path alone.
    let len = text.chars().take_while(char::is_ascii_alphanumeric).count();
    if len > 0 && text[len..].starts_with("/drills/") {
        return Some((len, "X".repeat(len)));
    }
    if let Some(rest) = text.strip_prefix("127.0.0.1:") {
        let len = digits(rest);
        return Some(("127.0.0.1:".len() + len, format!("127.0.0.1:{}", "0".repeat(len))));
    }
    if let Some(rest) = text.strip_prefix("Planned ") {
        let len = rest.chars().take_while(char::is_ascii_hexdigit).count();
        return Some(("Planned ".len() + len, format!("Planned {}", "0".repeat(len))));
    }
    // 20261120T164000Z-…
    let stamp =
        digits(text) == 8 && text[8..].starts_with('T') && digits(&text[9..]) == 6 && text[15..].starts_with('Z');
    stamp.then(|| (16, "00000000T000000Z".into()))
}
