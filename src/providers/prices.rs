//! Prices for estimates: a dated file that a user can replace. Pure.
//!
//! Must not know: the disk, the bill. An estimate says which models it could not price.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use crate::base::Fault;
use crate::base::fault::Result;
use crate::effect::provider::UsageRow;

const BUILT_IN: &str = include_str!("../../assets/prices/openai.toml");

/// Parts that are billed by the token. The others have units of their own.
const BY_TOKEN: [&str; 3] = ["completions", "embeddings", "moderations"];

/// A price file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The day the prices were read: `2026-05-04`. Shown beside every estimate.
    pub as_of: String,
    pub source: String,
    models: BTreeMap<String, Price>,
}

/// US dollars per one million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub input: f64,
    /// Missing: cached input costs as much as other input.
    pub cached: Option<f64>,
    pub output: f64,
}

/// What rows would cost at list price.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Estimate {
    /// US dollars of what could be priced; `None` when there was usage and none of it could be.
    pub usd: Option<f64>,
    /// Models, or parts not billed by the token, that are not in `usd`: then it is a lower bound.
    pub unpriced_models: Vec<String>,
}

impl Prices {
    /// The file that comes with the program.
    pub fn built_in() -> Result<Self> {
        Self::parse(BUILT_IN, Path::new("assets/prices/openai.toml"))
    }

    /// Reads `text`; `from` is its file, for errors.
    pub fn parse(text: &str, from: &Path) -> Result<Self> {
        let bad = |why: String| {
            Fault::input(format!("the price file {} can't be used", from.display()), why)
                .hint("start from the built-in one: assets/prices/openai.toml in the sources")
        };
        let prices: Self = toml::from_str(text).map_err(|e| bad(e.to_string().trim().to_owned()))?;
        if prices.as_of.parse::<jiff::civil::Date>().is_err() {
            return Err(bad(format!("as_of = {:?} is not a date like 2026-05-04", prices.as_of)));
        }
        for (model, price) in &prices.models {
            let fine = |usd: f64| usd.is_finite() && usd >= 0.0;
            if !(fine(price.input) && fine(price.output) && price.cached.is_none_or(fine)) {
                return Err(bad(format!("{model} has a price that is no amount of money")));
            }
        }
        Ok(prices)
    }

    /// The price of `model`: its own, or that of the model it is a dated snapshot of. A fine-tune has its own prices.
    pub fn of(&self, model: &str) -> Option<Price> {
        self.models.get(model).or_else(|| self.models.get(undated(model)?)).copied()
    }

    /// US dollars of one row; `None` when its model or its part has no price here.
    #[expect(clippy::cast_precision_loss, reason = "an estimate; tokens beyond 2^52 are not billed in one row")]
    pub fn row(&self, row: &UsageRow) -> Option<f64> {
        if !BY_TOKEN.contains(&row.part.as_str()) {
            return None;
        }
        let price = self.of(&row.model)?;
        let cached = row.cached.min(row.input);
        let tokens = [
            (row.input - cached, price.input),
            (cached, price.cached.unwrap_or(price.input)),
            (row.output, price.output),
        ];
        Some(tokens.iter().map(|(count, usd)| *count as f64 * usd / 1_000_000.0).sum())
    }
}

/// `gpt-4o` of `gpt-4o-2024-08-06`.
fn undated(model: &str) -> Option<&str> {
    let cut = model.len().checked_sub("-2024-08-06".len())?;
    let (name, date) = model.split_at_checked(cut)?;
    date.strip_prefix('-')?.parse::<jiff::civil::Date>().is_ok().then_some(name)
}

/// What `rows` would cost.
pub fn estimate<'a>(rows: impl IntoIterator<Item = &'a UsageRow>, prices: &Prices) -> Estimate {
    let mut usd = None;
    let mut unpriced = BTreeSet::new();
    let busy = |row: &&UsageRow| row.requests > 0 || row.input > 0 || row.output > 0;
    for row in rows.into_iter().filter(busy) {
        match prices.row(row) {
            Some(cost) => usd = Some(usd.unwrap_or(0.0) + cost),
            None if row.model.is_empty() => drop(unpriced.insert(row.part.clone())),
            None => drop(unpriced.insert(row.model.clone())),
        }
    }
    let usd = if usd.is_none() && unpriced.is_empty() { Some(0.0) } else { usd };
    Estimate { usd, unpriced_models: unpriced.into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Stamp;

    fn row(part: &str, model: &str, input: u64, cached: u64, output: u64) -> UsageRow {
        let (part, model) = (part.to_owned(), model.to_owned());
        UsageRow { part, model, start: Stamp(0), seconds: 60, requests: 1, input, cached, output }
    }

    fn prices() -> Prices {
        let text = "as_of = \"2026-01-02\"\nsource = \"x\"\n[models]\nm = { input = 2.0, cached = 1.0, output = 10.0 }\nn = { input = 1.0, output = 1.0 }\n";
        Prices::parse(text, Path::new("x")).unwrap()
    }

    #[test]
    fn adds_up_and_names_what_it_could_not_price() {
        let million = 1_000_000;
        let rows = [
            row("completions", "m", 2 * million, million, million),
            row("completions", "m-2026-01-31", million, 0, 0),
            row("completions", "n", million, million, 0),
            row("completions", "ft:m:org", 5, 0, 0),
            row("images", "m", 0, 0, 3),
            row("file_search_calls", "", 0, 0, 0),
        ];
        let estimate = estimate(&rows, &prices());
        assert!((estimate.usd.unwrap() - 16.0).abs() < 1e-9, "{estimate:?}");
        assert_eq!(estimate.unpriced_models, ["file_search_calls", "ft:m:org", "m"]);
    }

    #[test]
    fn nothing_known_is_not_zero() {
        assert_eq!(estimate(&[], &prices()).usd, Some(0.0));
        assert_eq!(estimate(&[row("completions", "new", 1, 0, 0)], &prices()).usd, None);
        assert!(
            prices().of("m-mini").is_none() && prices().of("m-9999-99-99").is_none() && prices().of("é-").is_none()
        );
    }

    #[test]
    fn the_built_in_file_is_good_and_a_bad_one_is_refused() {
        let prices = Prices::built_in().unwrap();
        assert!(prices.of("gpt-4o-2024-08-06").is_some());
        for bad in [
            "as_of = \"soon\"\nsource=\"\"\n[models]\n",
            "as_of = \"2026-01-02\"\nsource=\"\"\n[models]\nm = { input = -1.0, output = 1.0 }\n",
        ] {
            assert!(Prices::parse(bad, Path::new("x")).is_err());
        }
    }
}
