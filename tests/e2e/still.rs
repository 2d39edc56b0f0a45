//! A screen with everything that moves from run to run replaced: times, durations, money, ids, paths, spinners, charts.
//! The layout stays: what is longer or shorter than its stand-in is made up for in the blanks behind it.

/// The screen as it is compared.
pub(crate) fn still(screen: &vt100::Screen) -> String {
    let cols: u16 = screen.size().1.into();
    let mut rows: Vec<String> = screen.rows(0, cols).map(|row| still_row(&row).trim_end().to_owned()).collect();
    // what it costs stands there as soon as the first figures are in
    rows[0] = rows[0].replace("$0.00/min  ", "");
    if cols < 100 {
        // what of this fits beside the exposure depends on how many digits the figures have
        for part in ["friday-push  ", "open 00:00  ", "$0.00/min"] {
            rows[0] = rows[0].replace(part, "");
        }
        let end = rows[0].trim_end().len();
        rows[0].truncate(end);
    }
    let mut out: Vec<String> = Vec::new();
    for row in without_story(rows) {
        // however high today's columns are, a chart is a chart
        if row.contains("[chart]") && out.last().is_some_and(|last| last.contains("[chart]")) {
            continue;
        }
        out.push(row);
    }
    out.join("\n")
}

/// The stage's part of the story is one row here: what two workers did at the same time is told in either order.
fn without_story(rows: Vec<String>) -> Vec<String> {
    let beside = |row: &str| row.chars().skip(24).collect::<String>();
    let (mut out, mut told): (Vec<String>, bool) = (Vec::new(), false);
    for row in rows {
        let entry = beside(&row).starts_with("  00:00:00Z ");
        if entry && !told {
            out.push(row.chars().take(24).chain("  [story]".chars()).collect());
        }
        told = entry || told && !beside(&row).trim().is_empty() && !row.starts_with('─');
        if !told {
            out.push(row);
        }
    }
    out
}

/// The same for any text, row by row.
pub(crate) fn still_text(text: &str) -> String {
    text.lines().map(|row| still_row(row).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn still_row(row: &str) -> String {
    // the axis below a chart: marks stand where today's clock puts them
    if row.matches('─').count() > 20 && row.chars().nth(23) == Some('│') && !row.contains('┌') && !row.contains('└')
    {
        return row.chars().take(24).chain(" [axis]".chars()).collect();
    }
    if let Some(at) =
        row.find(|c: char| ('▁'..='█').contains(&c) || ('\u{2801}'..='\u{28ff}').contains(&c) && row.contains('┤'))
    {
        let rail = row.char_indices().nth(23).map_or(at, |(rail, _)| rail.min(at));
        return format!("{}│ [chart]", &row[..rail]);
    }
    // the columns of the usage table are as wide as today's figures
    if ["  completions  ", "  embeddings  ", "  Endpoint  "].iter().any(|word| row.contains(word)) {
        return usage_row(row);
    }
    // what a dialog leaves of the line behind it
    if let Some((under, rest)) = row.rsplit_once('│')
        && (1..=4).contains(&rest.trim().len())
        && row.matches('│').count() > 1
    {
        return format!("{}│", still_row(under));
    }
    // the end of an age that was wrapped after its number
    if ["s", "min", "h", "d"]
        .iter()
        .any(|unit| row.chars().skip(24).collect::<String>().trim() == format!("{unit} ago)"))
    {
        return row.chars().take(24).chain("            min ago)".chars()).collect();
    }
    let (mut out, mut rest, mut owed) = (String::new(), row, 0_isize);
    while let Some(c) = rest.chars().next() {
        let fresh = !out.ends_with(|c: char| c.is_ascii_alphanumeric());
        if let Some((len, stand_in)) = moving(rest, fresh) {
            out.push_str(&stand_in);
            owed += isize::try_from(rest[..len].chars().count()).unwrap()
                - isize::try_from(stand_in.chars().count()).unwrap();
            rest = &rest[len..];
            continue;
        }
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        if blanks >= 2 && owed != 0 {
            let want = (isize::try_from(blanks).unwrap() + owed).max(1);
            out.push_str(&" ".repeat(usize::try_from(want).unwrap()));
            owed = 0;
            rest = &rest[blanks..];
            continue;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// Names as they are, figures as `0`, one blank between.
fn usage_row(row: &str) -> String {
    let figure =
        |word: &str| word.trim_start_matches('x').chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','));
    let rail: String = row.chars().take(24).collect();
    let table: String = row.chars().skip(24).collect();
    let cells = table.split("  ").map(str::trim).filter(|cell| !cell.is_empty() && !cell.ends_with("page down"));
    let cells: Vec<&str> = cells.map(|cell| if figure(cell) { "0" } else { cell }).collect();
    format!("{rail}  {}", cells.join("  "))
}

/// What starts here and is another in each run: its bytes, and what stands for it. `fresh`: no word goes before it.
fn moving(text: &str, fresh: bool) -> Option<(usize, String)> {
    let c = text.chars().next()?;
    if ('\u{2801}'..='\u{28ff}').contains(&c) {
        // beside a dialog only its wheel is left of "1 running"
        return Some((c.len_utf8(), if text[c.len_utf8()..].starts_with('│') { " " } else { "⠿" }.into()));
    }
    if let Some(rest) = text.strip_prefix("last used ")
        && rest.chars().all(|c| c.is_ascii_digit())
    {
        return Some((text.len(), "last used 0".into()));
    }
    if let Some(rest) = text.strip_prefix("/tmp/stanch-") {
        let name = rest.chars().take_while(char::is_ascii_alphanumeric).count();
        return Some(("/tmp/stanch-".len() + name, "/tmp/stanch-XXXXXX".into()));
    }
    // a drill's name: `amber-4f-drill`; all words used here have five letters
    let word = text.chars().take_while(char::is_ascii_lowercase).count();
    if word == 5 && fresh && text.get(word + 3..).is_some_and(|rest| rest.starts_with("-drill")) {
        return Some((word + "-00-drill".len(), "amber-00-drill".into()));
    }
    if let Some(rest) = text.strip_prefix('$') {
        let money = rest.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).count();
        return (money > 0).then(|| (1 + money, "$0.00".into()));
    }
    if !fresh {
        return None;
    }
    shape(text, "9999-99-99")
        .or_else(|| shape(text, "99999999T999999Z"))
        .or_else(|| shape(text, "99:99:99Z"))
        .or_else(|| shape(text, "99:99Z"))
        .or_else(|| shape(text, "9:99:99"))
        .or_else(|| shape(text, "99:99"))
        .or_else(|| span(text))
        .or_else(|| id(text))
        .or_else(|| port(text))
        .or_else(|| figure(text))
}

fn shape(text: &str, shape: &str) -> Option<(usize, String)> {
    let fits = text.len() >= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(c, s)| if s == b'9' { c.is_ascii_digit() } else { c == s });
    // open 1:02:03 and open 02:03 are the same clock
    let stand_in = if shape == "9:99:99" { "00:00".to_owned() } else { shape.replace('9', "0") };
    fits.then_some((shape.len(), stand_in))
}

/// `35 s`, `2 min`, `1 h 4 min`, `3 d`.
fn span(text: &str) -> Option<(usize, String)> {
    let mut len = 0;
    loop {
        let rest = &text[len..];
        let digits = rest.chars().take_while(char::is_ascii_digit).count();
        let unit = ["min", "ms", "s", "h", "d"].into_iter().find(|unit| {
            rest[digits..]
                .strip_prefix(' ')
                .and_then(|r| r.strip_prefix(unit))
                .is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_alphanumeric()))
        });
        let Some(unit) = unit.filter(|_| digits > 0) else { break };
        len += digits + 1 + unit.len();
        match text[len..].strip_prefix(' ') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => len += 1,
            _ => break,
        }
    }
    (len > 0).then(|| (text[..len].trim_end().len(), "0 min".into()))
}

/// What usage brings: `829.2`, `x39.0`, `39 times`.
fn figure(text: &str) -> Option<(usize, String)> {
    let sign = usize::from(text.starts_with('x'));
    let number = text[sign..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').count();
    let figure = &text[sign..sign + number];
    let times = text[sign + number..].starts_with(" times");
    let parts: Vec<&str> = figure.split('.').collect();
    let decimal =
        parts.len() == 2 && parts.iter().all(|part| !part.is_empty()) && !text[sign + number..].starts_with('-');
    let stand_in = if times { "0".to_owned() } else { format!("{}0.0", &text[..sign]) };
    (times && number > 0 || decimal).then(|| (sign + number, stand_in))
}

/// Git's ids.
fn id(text: &str) -> Option<(usize, String)> {
    let hex = text.chars().take_while(|c| matches!(c, '0'..='9' | 'a'..='f')).count();
    let ends = !text[hex..].starts_with(|c: char| c.is_ascii_alphanumeric());
    (hex >= 7 && ends).then(|| (hex, "0".repeat(hex)))
}

fn port(text: &str) -> Option<(usize, String)> {
    let rest = text.strip_prefix("127.0.0.1:")?;
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    (digits > 0).then(|| ("127.0.0.1:".len() + digits, "127.0.0.1:00000".into()))
}
