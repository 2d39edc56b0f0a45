//! What the key cost: over the window, and by the minute now.
//!
//! Must not know: where it is shown.

use crate::base::Stamp;
use crate::effect::provider::{CostRow, UsageReading};
use crate::incident::usage::in_window;
use crate::providers::prices::estimate;

use super::super::View;

/// Dollars over the window: from closed days' costs, else estimated, and said to be so.
pub fn money(at: &View<'_>, reading: &UsageReading) -> String {
    let guess = estimate(in_window(reading), at.prices);
    let in_span = |c: &&CostRow| c.day.plus_secs(86_400) <= reading.window.to && c.day >= day(reading.window.from);
    let closed: f64 = reading.costs.iter().filter(in_span).map(|c| c.usd).sum();
    let unpriced = match guess.unpriced_models.as_slice() {
        [] => String::new(),
        models => format!(", without {} (no price known)", models.join(", ")),
    };
    let estimated = match guess.usd {
        Some(usd) => format!("about ${usd:.2} in the window, estimated with prices of {}{unpriced}", at.prices.as_of),
        None if unpriced.is_empty() => "no spending seen in the window yet".to_owned(),
        None => format!("spending in the window can't be estimated{unpriced}"),
    };
    if closed > 0.0 { format!("${closed:.2} billed for closed days since the leak; {estimated}") } else { estimated }
}

fn day(at: Stamp) -> Stamp {
    Stamp::from_secs(at.secs() - at.secs().rem_euclid(86_400))
}

/// How many whole minutes the rate in the header is taken from: few, so that a thief who has just begun shows as what he
/// costs.
const BURN_MIN: u32 = 3;
/// Figures older than this say nothing about now, seconds. They lag by minutes even where they are prompt.
const STALE_S: i64 = 600;

/// Dollars a minute, for the header: over the last whole minutes with figures. The newest minute is left out, since what
/// is asked for now has only begun to be counted; taken along, it would halve the rate.
pub fn burn_rate(at: &View<'_>) -> Option<f64> {
    let (read, reading) = at.incident.usage.as_ref()?;
    let newest = in_window(reading).filter(|row| row.requests > 0).map(|row| row.start).max()?;
    if read.since(newest) > STALE_S {
        return None;
    }
    let from = newest.plus_secs(-60 * i64::from(BURN_MIN));
    let whole = in_window(reading).filter(|row| (from..newest).contains(&row.start));
    estimate(whole, at.prices).usd.map(|usd| usd / f64::from(BURN_MIN))
}
