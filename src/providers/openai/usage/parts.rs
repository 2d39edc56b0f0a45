//! The ten usage endpoints, as a table. Facts: the vendor's spec of 2026-08-21, `/organization/usage/*`.
//!
//! Must not know: what the figures mean.

use super::super::answer::{misshapen, text};
use super::super::ask::get;
use super::super::pages::{Cursor, Pages, items, walk as walk_pages};
use super::super::replay::{Replay, Step};
use super::super::rows::stamp;
use super::{Strangers, figure};
use crate::base::Stamp;
use crate::effect::provider::{KeyRow, UsageRow};
use crate::providers::Request;

/// One endpoint: how it can be asked, and which of its fields go where (empty: it has none).
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: &'static str,
    /// It can be filtered by key; otherwise by project only.
    pub(super) keyed: bool,
    by_model: bool,
    requests: &'static str,
    input: &'static str,
    cached: &'static str,
    output: &'static str,
}

const CALLS: Part =
    Part { name: "", keyed: true, by_model: true, requests: "num_model_requests", input: "", cached: "", output: "" };

/// The costly ones first.
pub(super) static PARTS: &[Part] = &[
    Part {
        name: "completions",
        input: "input_tokens",
        cached: "input_cached_tokens",
        output: "output_tokens",
        ..CALLS
    },
    Part { name: "images", output: "images", ..CALLS },
    Part { name: "embeddings", input: "input_tokens", ..CALLS },
    Part { name: "moderations", input: "input_tokens", ..CALLS },
    Part { name: "audio_speeches", input: "characters", ..CALLS },
    Part { name: "audio_transcriptions", input: "seconds", ..CALLS },
    Part { name: "web_search_calls", requests: "num_requests", ..CALLS },
    Part { name: "file_search_calls", requests: "num_requests", by_model: false, ..CALLS },
    Part { name: "vector_stores", keyed: false, by_model: false, requests: "", input: "usage_bytes", ..CALLS },
    Part { name: "code_interpreter_sessions", keyed: false, by_model: false, requests: "num_sessions", ..CALLS },
];

/// Buckets in one page, the vendor's maximum.
fn limit(seconds: u32) -> i64 {
    if seconds == 60 { 1440 } else { 168 }
}

/// Start and end in whole buckets that cover the span.
fn span(seconds: u32, from: Stamp, to: Stamp) -> (i64, i64) {
    let width = i64::from(seconds);
    (from.secs().div_euclid(width) * width, (to.secs() + width - 1).div_euclid(width) * width)
}

/// Pages that the span can fill, and some more: a server may answer smaller ones.
pub(super) fn most_pages(seconds: u32, from: Stamp, to: Stamp) -> usize {
    let (start, end) = span(seconds, from, to);
    let pages = (end - start) / (i64::from(seconds) * limit(seconds)) + 1;
    usize::try_from(pages).unwrap_or(1).saturating_add(2).min(50)
}

/// The first request; `None` for an empty span. Arrays are plain repeated names, as the spec says.
pub(super) fn request(part: &Part, row: &KeyRow, seconds: u32, from: Stamp, to: Stamp) -> Option<Request> {
    if to <= from {
        return None;
    }
    let (start, end) = span(seconds, from, to);
    let width = if seconds == 60 { "1m" } else { "1h" };
    let mut request = get(format!("/organization/usage/{}", part.name))
        .with("start_time", start)
        .with("end_time", end)
        .with("bucket_width", width)
        .with("limit", limit(seconds));
    if part.keyed {
        request = request.with("api_key_ids", &row.id).with("group_by", "api_key_id");
        if part.by_model {
            request = request.with("group_by", "model");
        }
    } else {
        request = request.with("project_ids", &row.project_id).with("group_by", "project_id");
    }
    Some(request)
}

pub(super) fn walk<'a>(replay: &mut Replay<'a>, first: &Request, part: &Part, most: usize) -> Step<Pages<'a>> {
    walk_pages(replay, first, Cursor::Page, most, &format!("read usage of {}", part.name))
}

/// What one list says.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) rows: Vec<UsageRow>,
    pub(super) up_to: Option<Stamp>,
    pub(super) trouble: Option<String>,
}

pub(super) fn read(part: &Part, seconds: u32, pages: &Pages<'_>, row: &KeyRow) -> Read {
    let (field, wanted, what) =
        if part.keyed { ("api_key_id", &row.id, "keys") } else { ("project_id", &row.project_id, "projects") };
    let mut read = Read::default();
    let mut strangers = Strangers::default();
    for bucket in pages.got.iter().flat_map(|page| items(page)) {
        let start = stamp(bucket, "start_time");
        let results = bucket.get("results").and_then(serde_json::Value::as_array);
        let (Some(start), Some(results)) = (start, results) else {
            read.trouble = Some(misshapen("", "\"start_time\" and \"results\" in every bucket", 200).why);
            continue;
        };
        for result in results {
            if strangers.ours(result, field, wanted) {
                match usage_row(part, seconds, start, result) {
                    Ok(row) => {
                        let end = stamp(bucket, "end_time").unwrap_or(start.plus_secs(i64::from(seconds)));
                        read.up_to = read.up_to.max(Some(end));
                        read.rows.push(row);
                    }
                    Err(why) => read.trouble = Some(why),
                }
            }
        }
    }
    if let Some(words) = strangers.words(what) {
        read.trouble = Some(read.trouble.map_or(words.clone(), |trouble| format!("{trouble}; {words}")));
    }
    read
}

fn usage_row(part: &Part, seconds: u32, start: Stamp, result: &serde_json::Value) -> Result<UsageRow, String> {
    Ok(UsageRow {
        part: part.name.to_owned(),
        model: text(result, "model").to_owned(),
        start,
        seconds,
        requests: figure(result, part.requests)?,
        input: figure(result, part.input)?,
        cached: figure(result, part.cached)?,
        output: figure(result, part.output)?,
    })
}
