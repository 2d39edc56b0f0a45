//! What is printed: answers on standard output, words beside the work on standard error.
//!
//! Must not know: what they are about. Nothing printed is obeyed by a terminal.

use std::io::Write as _;

use crate::base::fault::Result;
use crate::base::{Fault, words};

/// Prints `text` on standard output, without what a terminal would obey. A reader that went away is no error.
pub(crate) fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", words::tame_lines(text).trim_end()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Fault::machine("standard output can't be written", e))
        }
        _ => Ok(()),
    }
}

/// Prints `value` as the one JSON document.
pub(crate) fn say_json(value: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Fault::machine("the answer can't be put as JSON", e))?;
    say(&escaped(&text))
}

/// JSON with what a terminal would obey, and JSON lets stand as it is, in escapes: the values stay the same.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && words::is_unfit(c) {
            let mut units = [0; 2];
            out.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// A word beside the work.
pub(super) fn warn(text: &str) {
    tell(&format!("stanch: {text}"));
}

/// On standard error: standard output belongs to the answer.
pub(super) fn tell(text: &str) {
    // A standard error that is gone can't be told so.
    let _ = writeln!(std::io::stderr(), "{}", words::tame_lines(text));
}
