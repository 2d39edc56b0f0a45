//! placeholder
use crate::effect::provider::UsageRow;
#[derive(Debug, Clone, Default)]
pub struct Prices {
    pub dated: String,
}
pub struct Estimate {
    pub usd: f64,
    pub unpriced: Vec<String>,
}
pub fn estimate(_: &[&UsageRow], _: &Prices) -> Estimate {
    Estimate { usd: 0.0, unpriced: vec![] }
}
