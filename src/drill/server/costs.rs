//! Costs by day. Fact: there is no narrower bucket, and amounts are US dollars (thresholds elsewhere are cents).
//!
//! Must not know: the product's price table; this is the drill's own.

use std::collections::BTreeMap;

use axum::extract::State as Extract;
use serde_json::{Value, json};

use super::call::Call;
use super::usage::{Buckets, groups, visible, wanted};
use super::{Answer, Shared};
use crate::base::Stamp;
use crate::drill::attacker::{Stream, real};
use crate::drill::prices;
use crate::drill::seed::Seed;

/// Most buckets of one answer.
const MOST: usize = 180;
const GROUPS: [&str; 3] = ["project_id", "line_item", "api_key_id"];

pub(super) async fn read(Extract(sim): Extract<Shared>, call: Call) -> Answer {
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        let buckets = Buckets::read(&call.query, now, Some(MOST))?;
        let groups = groups(&call.query, &GROUPS)?;
        let streams = wanted(&sim, state, &call.query, &["project_id", "api_key_id"]);
        let (shown, seed) = (visible(&sim, now), state.seed());
        Ok(buckets.page(|from, to| results(&groups, &streams, &seed, from, to.min(shown))).into())
    })
}

fn results(groups: &[String], streams: &[Stream], seed: &Seed, from: Stamp, to: Stamp) -> Vec<Value> {
    let by = |name: &str| groups.iter().any(|g| g == name);
    let mut sums: BTreeMap<[Option<String>; 3], (f64, f64)> = BTreeMap::new();
    for stream in streams {
        let figures = stream.over(seed, from, to);
        let Some(price) = prices::of(&stream.load.model).filter(|_| figures.requests > 0) else { continue };
        let model = &stream.load.model;
        let lines = [
            ("input", price.input_usd(real(figures.input), real(figures.cached)), figures.input),
            ("output", price.output_usd(real(figures.output)), figures.output),
        ];
        for (line, usd, quantity) in lines {
            let item = by("line_item").then(|| format!("{model}, {line}"));
            let project = by("project_id").then(|| stream.project.clone());
            let key = by("api_key_id").then(|| stream.key.clone());
            let sum = sums.entry([project, item, key]).or_default();
            sum.0 += usd;
            sum.1 += real(quantity);
        }
    }
    sums.into_iter()
        .map(|([project, item, key], (usd, quantity))| {
            json!({
                "object": "organization.costs.result",
                "amount": {"value": usd, "currency": "usd"},
                "quantity": item.as_ref().map(|_| quantity),
                "quantity_unit": item.as_ref().map(|_| "tokens"),
                "line_item": item,
                "project_id": project,
                "api_key_id": key,
            })
        })
        .collect()
}
