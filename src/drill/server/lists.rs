//! Cursor paging, the same on every list: `after` is the id of the last object seen.
//!
//! Must not know: what is listed.

use serde_json::{Value, json};

use super::call::Query;
use super::problem::Problem;

/// One page of `rows`, which are in order; each row is an object with an `id`.
pub(super) fn page(rows: Vec<Value>, query: &Query, most: usize) -> Result<Value, Problem> {
    let limit = query.limit(20, most)?;
    let skip = match query.one("after") {
        None => 0,
        Some(after) => rows.iter().position(|row| id(row) == Some(after)).map(|i| i + 1).ok_or_else(|| {
            Problem::bad_request(format!("Invalid 'after': no object with ID {after}."), Some("after"))
        })?,
    };
    let rows = match query.one("before") {
        None => rows,
        Some(before) => rows.into_iter().take_while(|row| id(row) != Some(before)).collect(),
    };
    let has_more = rows.len() > skip + limit;
    let data: Vec<Value> = rows.into_iter().skip(skip).take(limit).collect();
    let (first, last) = (data.first().and_then(id), data.last().and_then(id));
    Ok(json!({"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": has_more}))
}

fn id(row: &Value) -> Option<&str> {
    row.get("id").and_then(Value::as_str)
}
