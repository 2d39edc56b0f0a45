//! What the key cost by day and line item. The vendor has whole days only, and bills lag behind usage.
//!
//! Must not know: prices.

use serde_json::Value;

use super::super::answer::{misshapen, text};
use super::super::ask::get;
use super::super::pages::{Cursor, Pages, items, walk as walk_pages};
use super::super::replay::{Replay, Step};
use super::super::rows::stamp;
use super::Strangers;
use crate::effect::provider::{CostRow, KeyRow, Window};

pub(super) const PART: &str = "costs";

const DAY: i64 = 86_400;

/// 180 days in one page is the vendor's maximum.
pub(super) fn walk<'a>(replay: &mut Replay<'a>, row: &KeyRow, window: Window) -> Step<Pages<'a>> {
    let start = window.baseline.min(window.from).secs().div_euclid(DAY) * DAY;
    let end = (window.to.secs() + DAY - 1).div_euclid(DAY) * DAY;
    let first = get("/organization/costs")
        .with("start_time", start)
        .with("end_time", end.max(start + DAY))
        .with("bucket_width", "1d")
        .with("limit", 180)
        .with("api_key_ids", &row.id)
        .with("group_by", "api_key_id")
        .with("group_by", "line_item");
    walk_pages(replay, &first, Cursor::Page, 10, "read the costs")
}

/// Rows, and what is wrong with the rest.
pub(super) fn read(pages: &Pages<'_>, row: &KeyRow) -> (Vec<CostRow>, Option<String>) {
    let mut rows = Vec::new();
    let mut strangers = Strangers::default();
    let mut trouble = Vec::new();
    for bucket in pages.got.iter().flat_map(|page| items(page)) {
        let results = bucket.get("results").and_then(Value::as_array);
        let (Some(day), Some(results)) = (stamp(bucket, "start_time"), results) else {
            trouble.push(misshapen("", "\"start_time\" and \"results\" in every bucket", 200).why);
            continue;
        };
        for result in results {
            if !strangers.ours(result, "api_key_id", &row.id) {
                continue;
            }
            let amount = result.get("amount").unwrap_or(&Value::Null);
            let currency = text(amount, "currency");
            match dollars(amount.get("value")) {
                Some(usd) if currency.is_empty() || currency.eq_ignore_ascii_case("usd") => {
                    let line_item = Some(text(result, "line_item")).filter(|item| !item.is_empty()).map(str::to_owned);
                    rows.push(CostRow { day, usd, line_item });
                }
                Some(_) => trouble.push(format!("an amount in {currency} was left out: only dollars are added up")),
                None => trouble.push(misshapen("", "a number in \"amount.value\"", 200).why),
            }
        }
    }
    trouble.extend(strangers.words("keys"));
    trouble.sort();
    trouble.dedup();
    (rows, (!trouble.is_empty()).then(|| trouble.join("; ")))
}

/// A number, also when written as text.
fn dollars(value: Option<&Value>) -> Option<f64> {
    let value = value?;
    let usd = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))?;
    usd.is_finite().then_some(usd)
}
