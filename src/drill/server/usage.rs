//! The ten usage endpoints: buckets, filters, groups, pages. Figures show up late by the scenario's lag.
//!
//! Facts: vendor's description of 2026-08-21. A misspelt parameter is ignored, as the real one does.
//! Must not know: who is the attacker.

use std::collections::BTreeMap;

use axum::extract::{Path, State as Extract};
use axum::http::{Method, Uri};
use serde_json::{Map, Value, json};

use super::call::{Call, Query};
use super::problem::{Problem, no_such_url};
use super::{Answer, Shared, Sim};
use crate::base::Stamp;
use crate::drill::attacker::{self, Figures, Stream};
use crate::drill::state::State;

/// One endpoint: its path, its result's object, what it filters and groups by.
struct Endpoint {
    path: &'static str,
    object: &'static str,
    groups: &'static [&'static str],
}

const KEYED: &[&str] = &["project_id", "user_id", "api_key_id", "model"];
const PROJECT: &[&str] = &["project_id"];

const ENDPOINTS: [Endpoint; 10] = [
    Endpoint {
        path: "completions",
        object: "completions",
        groups: &["project_id", "user_id", "api_key_id", "model", "batch", "service_tier"],
    },
    Endpoint { path: "embeddings", object: "embeddings", groups: KEYED },
    Endpoint { path: "moderations", object: "moderations", groups: KEYED },
    Endpoint {
        path: "images",
        object: "images",
        groups: &["project_id", "user_id", "api_key_id", "model", "size", "source"],
    },
    Endpoint { path: "audio_speeches", object: "audio_speeches", groups: KEYED },
    Endpoint { path: "audio_transcriptions", object: "audio_transcriptions", groups: KEYED },
    Endpoint { path: "vector_stores", object: "vector_stores", groups: PROJECT },
    Endpoint { path: "code_interpreter_sessions", object: "code_interpreter_sessions", groups: PROJECT },
    Endpoint {
        path: "file_search_calls",
        object: "file_searches",
        groups: &["project_id", "user_id", "api_key_id", "vector_store_id"],
    },
    Endpoint {
        path: "web_search_calls",
        object: "web_searches",
        groups: &["project_id", "user_id", "api_key_id", "model", "context_level"],
    },
];

pub(super) async fn read(
    Extract(sim): Extract<Shared>,
    Path(path): Path<String>,
    call: Call,
    method: Method,
    uri: Uri,
) -> Answer {
    let Some(endpoint) = ENDPOINTS.iter().find(|e| e.path == path) else { return Err(no_such_url(method, uri).await) };
    sim.answer(|state, now| {
        call.admin(&sim, state, now)?;
        let buckets = Buckets::read(&call.query, now, None)?;
        let groups = groups(&call.query, endpoint.groups)?;
        let streams: Vec<Stream> = wanted(&sim, state, &call.query, endpoint.groups)
            .into_iter()
            .filter(|stream| stream.load.endpoint == endpoint.path)
            .collect();
        let seen = visible(&sim, now);
        Ok(buckets.page(|from, to| results(endpoint, &groups, &streams, state, from, to.min(seen))).into())
    })
}

/// Up to when figures show.
pub(super) fn visible(sim: &Sim, now: Stamp) -> Stamp {
    now.plus_secs(-i64::from(sim.scenario.usage_lag_s))
}

/// The streams that pass the filters the endpoint knows.
pub(super) fn wanted(sim: &Sim, state: &State, query: &Query, known: &[&str]) -> Vec<Stream> {
    let passes = |group: &str, name: &str, value: Option<&str>| {
        let asked = if known.contains(&group) { query.all(name) } else { Vec::new() };
        asked.is_empty() || value.is_some_and(|value| asked.contains(&value))
    };
    let batch_only = known.contains(&"batch") && query.one("batch") == Some("true");
    let mut streams = attacker::streams(state, &sim.scenario);
    streams.retain(|stream| {
        passes("project_id", "project_ids", Some(&stream.project))
            && passes("api_key_id", "api_key_ids", Some(&stream.key))
            && passes("user_id", "user_ids", stream.user.as_deref())
            && passes("model", "models", Some(&stream.load.model))
            && !batch_only
    });
    streams
}

/// What `group_by` asks for, if the endpoint can.
pub(super) fn groups(query: &Query, known: &[&str]) -> Result<Vec<String>, Problem> {
    let asked = query.all("group_by");
    match asked.iter().find(|name| !known.contains(name)) {
        None => Ok(asked.into_iter().map(str::to_owned).collect()),
        Some(odd) => {
            let message = format!("Invalid value: '{odd}'. Supported values are: {}.", known.join(", "));
            Err(Problem::bad_request(message, Some("group_by")))
        }
    }
}

fn results(
    endpoint: &Endpoint,
    groups: &[String],
    streams: &[Stream],
    state: &State,
    from: Stamp,
    to: Stamp,
) -> Vec<Value> {
    let seed = state.seed();
    let mut sums: BTreeMap<Vec<Option<String>>, Figures> = BTreeMap::new();
    for stream in streams {
        let figures = stream.over(&seed, from, to);
        if figures.requests > 0 {
            let field = |name: &&str| groups.iter().any(|g| g == name).then(|| field(stream, name)).flatten();
            sums.entry(endpoint.groups.iter().map(field).collect()).or_default().add(figures);
        }
    }
    sums.into_iter().map(|(group, figures)| result(endpoint, group, figures)).collect()
}

fn field(stream: &Stream, name: &str) -> Option<String> {
    match name {
        "project_id" => Some(stream.project.clone()),
        "user_id" => stream.user.clone(),
        "api_key_id" => Some(stream.key.clone()),
        "model" => Some(stream.load.model.clone()),
        "batch" => Some("false".into()),
        "service_tier" => Some("default".into()),
        _ => None,
    }
}

fn result(endpoint: &Endpoint, group: Vec<Option<String>>, figures: Figures) -> Value {
    let mut fields = Map::new();
    fields.insert("object".into(), json!(format!("organization.usage.{}.result", endpoint.object)));
    fields.insert("input_tokens".into(), json!(figures.input));
    fields.insert("num_model_requests".into(), json!(figures.requests));
    if endpoint.path == "completions" {
        fields.insert("output_tokens".into(), json!(figures.output));
        fields.insert("input_cached_tokens".into(), json!(figures.cached));
        fields.insert("input_uncached_tokens".into(), json!(figures.input - figures.cached));
        fields.insert("input_audio_tokens".into(), json!(0));
        fields.insert("output_audio_tokens".into(), json!(0));
    }
    for (name, value) in endpoint.groups.iter().zip(group) {
        let value = if *name == "batch" { json!(value.map(|v| v == "true")) } else { json!(value) };
        fields.insert((*name).into(), value);
    }
    Value::Object(fields)
}

/// The spans of time that one answer covers.
pub(super) struct Buckets {
    /// Asked for.
    from: Stamp,
    to: Stamp,
    /// Where this page begins, seconds, on a bucket's edge.
    first: i64,
    width: i64,
    limit: usize,
}

impl Buckets {
    /// `costs`: most buckets of the one width that costs have.
    pub(super) fn read(query: &Query, now: Stamp, costs: Option<usize>) -> Result<Self, Problem> {
        let Some(start) = query.number("start_time")? else {
            return Err(Problem::bad_request("Missing required parameter: 'start_time'.", Some("start_time")));
        };
        let end = query.number("end_time")?.unwrap_or(now.secs() + 1);
        let (width, usual, most) = match (query.one("bucket_width").unwrap_or("1d"), costs) {
            ("1d", Some(most)) => (86_400, 7, most),
            ("1d", None) => (86_400, 7, 31),
            ("1h", None) => (3_600, 24, 168),
            ("1m", None) => (60, 60, 1_440),
            (odd, _) => {
                return Err(Problem::bad_request(format!("Invalid value: '{odd}'."), Some("bucket_width")));
            }
        };
        let limit = query.limit(usual, most)?;
        if start < 0 || end <= start {
            return Err(Problem::bad_request("Invalid time range: 'end_time' must be after 'start_time'.", None));
        }
        let first = match query.one("page") {
            None => start.div_euclid(width) * width,
            Some(page) => page
                .strip_prefix("page_")
                .and_then(|n| i64::from_str_radix(n, 16).ok())
                .filter(|first| first % width == 0 && *first >= start)
                .ok_or_else(|| Problem::bad_request("Invalid 'page'.", Some("page")))?,
        };
        let to = Stamp::from_secs(end.min(now.secs() + 1));
        Ok(Self { from: Stamp::from_secs(start), to, first, width, limit })
    }

    /// The answer: each bucket with the results of its part of the span asked for.
    pub(super) fn page(&self, results: impl Fn(Stamp, Stamp) -> Vec<Value>) -> Value {
        let mut data = Vec::new();
        let mut start = self.first;
        while Stamp::from_secs(start) < self.to && data.len() < self.limit {
            let end = start + self.width;
            let (from, to) = (Stamp::from_secs(start).max(self.from), Stamp::from_secs(end).min(self.to));
            let rows = results(from, to);
            data.push(json!({"object": "bucket", "start_time": start, "end_time": end, "results": rows}));
            start = end;
        }
        let more = Stamp::from_secs(start) < self.to;
        let next = more.then(|| format!("page_{start:x}"));
        json!({"object": "page", "data": data, "has_more": more, "next_page": next})
    }
}
