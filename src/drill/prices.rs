//! What the simulated provider charges: its own table, so that the product's table is tested against another.
//!
//! Must not know: who spends.

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    pub input: f64,
    pub cached: f64,
    pub output: f64,
}

/// Vendor's price list as remembered in November 2026; only the drill's own arithmetic hangs on it.
const TABLE: [(&str, Price); 8] = [
    ("gpt-5.1", Price { input: 1.25, cached: 0.125, output: 10.0 }),
    ("gpt-5", Price { input: 1.25, cached: 0.125, output: 10.0 }),
    ("gpt-5-mini", Price { input: 0.25, cached: 0.025, output: 2.0 }),
    ("gpt-4.1", Price { input: 2.0, cached: 0.5, output: 8.0 }),
    ("gpt-4o", Price { input: 2.5, cached: 1.25, output: 10.0 }),
    ("gpt-4o-mini", Price { input: 0.15, cached: 0.075, output: 0.6 }),
    ("o3", Price { input: 2.0, cached: 0.5, output: 8.0 }),
    ("text-embedding-3-small", Price { input: 0.02, cached: 0.02, output: 0.0 }),
];

/// `None` for a model the simulated provider doesn't sell.
pub fn of(model: &str) -> Option<Price> {
    TABLE.iter().find(|(name, _)| *name == model).map(|(_, price)| *price)
}

/// Every model on sale.
pub fn models() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

impl Price {
    /// US dollars for that many tokens; `cached` ones are part of `input`.
    pub fn usd(self, input: f64, cached: f64, output: f64) -> f64 {
        self.input_usd(input, cached) + self.output_usd(output)
    }

    pub fn input_usd(self, input: f64, cached: f64) -> f64 {
        ((input - cached) * self.input + cached * self.cached) / 1e6
    }

    pub fn output_usd(self, output: f64) -> f64 {
        output * self.output / 1e6
    }
}
