//! When to ask again. Pure: a write is repeated only where nothing can have happened.
//!
//! Must not know: sockets, clocks.

use crate::base::Stamp;

/// Attempts of one request, the first included.
pub const ATTEMPTS: u32 = 4;
/// Longest wait a server can ask for, milliseconds.
pub const LONGEST_WAIT: i64 = 120_000;
/// First wait without a server's advice, milliseconds; doubles each time.
const FIRST_WAIT: i64 = 500;

/// What sort of request it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Read,
    /// A liveness probe: "no answer" is its answer.
    Probe,
    Write,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// A whole answer. `wait`: what `Retry-After` asks for, milliseconds.
    Status { status: u16, wait: Option<i64> },
    /// No connection: no byte of the request went out.
    Unsent,
    /// No connection, and none to be had by trying again (the certificate is bad).
    Barred,
    /// Bytes went out, and no whole answer came.
    Cut,
    /// More than is taken.
    TooLarge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// This is the answer, or the failure, to go on with.
    Take,
    /// Ask again after so many milliseconds.
    Again(i64),
    /// A write that may or may not have been done.
    Lost,
}

/// `attempt` is 1 for the first; `jitter` spreads the waits, 0 to 255, 128 for none.
pub fn next(asked: Asked, came: Came, attempt: u32, jitter: u8) -> Next {
    let may_have_happened = match came {
        Came::Cut | Came::TooLarge => true,
        Came::Status { status, .. } => status == 408 || status >= 500,
        Came::Unsent | Came::Barred => false,
    };
    if asked == Asked::Write && may_have_happened {
        return Next::Lost;
    }
    let worth_it = match came {
        Came::Unsent | Came::Cut => true,
        Came::Barred | Came::TooLarge => false,
        Came::Status { status, .. } => matches!(status, 408 | 429 | 500..),
    };
    if asked == Asked::Probe || !worth_it || attempt >= ATTEMPTS {
        return Next::Take;
    }
    let told = if let Came::Status { wait, .. } = came { wait } else { None };
    Next::Again(told.unwrap_or_else(|| backoff(attempt, jitter)).clamp(0, LONGEST_WAIT))
}

/// Half to one and a half of 0.5, 1, 2, … seconds.
fn backoff(attempt: u32, jitter: u8) -> i64 {
    let whole = FIRST_WAIT.saturating_mul(1_i64.checked_shl(attempt.saturating_sub(1)).unwrap_or(i64::MAX));
    (whole / 2).saturating_add(whole.saturating_mul(i64::from(jitter)) / 256)
}

/// A `Retry-After` header in milliseconds: seconds, or an HTTP date against `now` (RFC 9110, section 10.2.3).
pub fn retry_after(header: &str, now: Stamp) -> Option<i64> {
    let header = header.trim();
    if let Ok(secs) = header.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and the caller caps the wait")]
        return (secs.is_finite() && secs >= 0.0).then_some((secs * 1000.0) as i64);
    }
    let at = jiff::fmt::rfc2822::parse(header).ok()?;
    Some(at.timestamp().as_millisecond().saturating_sub(now.0).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> Came {
        Came::Status { status, wait: None }
    }

    #[test]
    fn the_whole_policy() {
        use Next::{Again, Lost, Take};
        let table = [
            // came, read, write, probe
            (status(200), Take, Take, Take),
            (status(302), Take, Take, Take),
            (status(401), Take, Take, Take),
            (status(404), Take, Take, Take),
            (status(408), Again(500), Lost, Take),
            (status(429), Again(500), Again(500), Take),
            (status(500), Again(500), Lost, Take),
            (status(503), Again(500), Lost, Take),
            (Came::Unsent, Again(500), Again(500), Take),
            (Came::Barred, Take, Take, Take),
            (Came::Cut, Again(500), Lost, Take),
            (Came::TooLarge, Take, Lost, Take),
        ];
        for (came, read, write, probe) in table {
            let got = [Asked::Read, Asked::Write, Asked::Probe].map(|asked| next(asked, came, 1, 128));
            assert_eq!(got, [read, write, probe], "{came:?}");
        }
        assert_eq!(next(Asked::Read, status(500), ATTEMPTS, 128), Take);
        assert_eq!(next(Asked::Write, status(500), ATTEMPTS, 128), Lost);
        assert_eq!(next(Asked::Write, status(429), ATTEMPTS, 128), Take);
    }

    #[test]
    fn waits_as_told_but_not_for_ever() {
        let told = |wait| next(Asked::Read, Came::Status { status: 429, wait: Some(wait) }, 1, 0);
        assert_eq!(told(7000), Next::Again(7000));
        assert_eq!(told(i64::MAX), Next::Again(LONGEST_WAIT));
        assert_eq!([1, 2, 3].map(|attempt| backoff(attempt, 128)), [500, 1000, 2000]);
        for jitter in [0, 77, 255] {
            assert!((250..750).contains(&backoff(1, jitter)));
        }
    }

    #[test]
    fn reads_both_forms_of_the_header() {
        let now = Stamp::parse("2026-11-21T10:00:00Z").unwrap();
        let table = [
            ("5", Some(5000)),
            (" 0.5 ", Some(500)),
            ("Sat, 21 Nov 2026 10:00:09 GMT", Some(9000)),
            ("Sat, 21 Nov 2026 09:00:00 GMT", Some(0)),
            ("-3", None),
            ("inf", None),
            ("soon", None),
            ("", None),
        ];
        for (header, millis) in table {
            assert_eq!(retry_after(header, now), millis, "{header:?}");
        }
    }
}
