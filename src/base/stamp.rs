//! An instant: whole milliseconds since the Unix epoch, UTC, and how people read it.
//!
//! Must not know: what time it is now (that is [`super::clock`]).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since 1970-01-01T00:00:00Z. Serialised as RFC 3339 with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(pub i64);

impl Stamp {
    /// From whole Unix seconds, the unit of every provider field.
    pub fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Whole Unix seconds, rounded down.
    pub fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    #[must_use]
    pub fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(1000)))
    }

    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Whole seconds from `earlier` to `self`; never negative.
    pub fn since(self, earlier: Self) -> i64 {
        (self.0.saturating_sub(earlier.0) / 1000).max(0)
    }

    /// `2026-11-21T02:41:36.000Z`; the year 0 for an instant no calendar can hold.
    pub fn rfc3339(self) -> String {
        self.zoned("%Y-%m-%dT%H:%M:%S%.3fZ")
    }

    /// `02:41:36Z`
    pub fn time(self) -> String {
        self.zoned("%H:%M:%SZ")
    }

    /// `02:41Z`
    pub fn minute(self) -> String {
        self.zoned("%H:%MZ")
    }

    /// `2026-11-21`
    pub fn date(self) -> String {
        self.zoned("%Y-%m-%d")
    }

    /// `2026-11-21 02:41Z`
    pub fn date_minute(self) -> String {
        self.zoned("%Y-%m-%d %H:%MZ")
    }

    /// `20261121T024136Z`: sorts as text, safe in a file name.
    pub fn compact(self) -> String {
        self.zoned("%Y%m%dT%H%M%SZ")
    }

    /// Reads RFC 3339, `YYYY-MM-DD HH:MM[Z]` (UTC) or `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(ts) = text.parse::<jiff::Timestamp>() {
            return Some(Self(ts.as_millisecond()));
        }
        let civil = text.trim_end_matches(['Z', 'z']).replace(' ', "T");
        let at = civil
            .parse::<jiff::civil::DateTime>()
            .or_else(|_| civil.parse::<jiff::civil::Date>().map(|d| d.at(0, 0, 0, 0)))
            .ok()?;
        let zoned = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_millisecond()))
    }

    fn zoned(self, format: &str) -> String {
        let ts = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        ts.to_zoned(jiff::tz::TimeZone::UTC).strftime(format).to_string()
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("not an instant: {text}")))
    }
}

/// `1:02:03`, `04:05`: a length of time for a clock that ticks.
pub fn clock_text(secs: i64) -> String {
    let secs = secs.max(0);
    let (h, m, s) = (secs / 3600, secs / 60 % 60, secs % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m:02}:{s:02}") }
}

/// `12 s`, `4 min`, `3 h 20 min`, `2 d`: a length of time for a sentence.
pub fn span_text(secs: i64) -> String {
    match secs {
        i64::MIN..=59 => format!("{} s", secs.max(0)),
        60..=3599 => format!("{} min", secs / 60),
        3600..=86_399 if secs % 3600 < 60 => format!("{} h", secs / 3600),
        3600..=86_399 => format!("{} h {} min", secs / 3600, secs / 60 % 60),
        _ => format!("{} d", secs / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let at = Stamp(1_763_692_896_123);
        assert_eq!(Stamp::parse(&at.rfc3339()), Some(at));
        assert_eq!(Stamp::parse("2026-11-21 02:41Z"), Stamp::parse("2026-11-21T02:41:00Z"));
        assert_eq!(Stamp::parse("2026-11-21"), Stamp::parse("2026-11-21T00:00:00Z"));
        assert_eq!(Stamp::parse("yesterday"), None);
    }

    #[test]
    fn lengths_read_well() {
        assert_eq!(span_text(59), "59 s");
        assert_eq!(span_text(3600), "1 h");
        assert_eq!(span_text(12_000), "3 h 20 min");
        assert_eq!(clock_text(3_723), "1:02:03");
        assert_eq!(clock_text(-1), "00:00");
    }
}
