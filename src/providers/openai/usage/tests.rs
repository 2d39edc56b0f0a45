//! One review round against canned worlds: what is asked, what is kept, what is said about the rest.

use serde_json::{Value, json};

use super::super::testing::{drive, ok, refused};
use super::*;
use crate::base::FaultKind;
use crate::effect::ProviderOp;
use crate::effect::provider::{Owner, OwnerKind};
use crate::providers::{Answer, Request, Turn};

/// A Thursday, at a full hour.
const T: i64 = 1_790_000_000 / 86_400 * 86_400 + 36_000;

fn row() -> KeyRow {
    KeyRow {
        id: "key_1".into(),
        name: "CI".into(),
        redacted: "sk-proj-ab...wxyz".into(),
        project_id: "p".into(),
        project_name: "P".into(),
        created: None,
        last_used: None,
        owner: Owner { kind: OwnerKind::ServiceAccount, id: "s".into(), name: "ci".into() },
        admin: false,
    }
}

fn window() -> Window {
    Window { baseline: Stamp::from_secs(T - 7 * 86_400), from: Stamp::from_secs(T), to: Stamp::from_secs(T + 3601) }
}

fn run(world: impl FnMut(&Request) -> Result<Answer>) -> Turn {
    drive(&ProviderOp::Usage { row: row(), window: window() }, world)
}

fn reading(turn: Turn) -> UsageReading {
    let Turn::Done(ProviderReply::Usage(reading)) = turn else { panic!("{turn:?}") };
    *reading
}

fn query<'a>(request: &'a Request, name: &str) -> Vec<&'a str> {
    request.query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
}

fn bucket(start: i64, results: &Value) -> Value {
    json!({"object":"bucket","start_time":start,"end_time":start+60,"results":results})
}

fn none() -> Result<Answer> {
    ok(json!({"object":"page","data":[],"has_more":false,"next_page":null}))
}

#[test]
fn asks_minutes_of_the_window_and_hours_of_the_baseline() {
    let mut asked = Vec::new();
    reading(run(|request| {
        asked.push(request.clone());
        none()
    }));
    assert_eq!(asked.len(), 22);
    let first = &asked[0];
    assert_eq!(first.path, "/organization/usage/completions");
    assert_eq!(query(first, "start_time"), [T.to_string()]);
    assert_eq!(query(first, "end_time"), [(T + 3660).to_string()]);
    assert_eq!((query(first, "bucket_width"), query(first, "limit")), (vec!["1m"], vec!["1440"]));
    assert_eq!((query(first, "api_key_ids"), query(first, "group_by")), (vec!["key_1"], vec!["api_key_id", "model"]));
    let hours = &asked[10];
    assert_eq!((query(hours, "bucket_width"), query(hours, "limit")), (vec!["1h"], vec!["168"]));
    assert_eq!(query(hours, "end_time"), [T.to_string()]);
    let stores = asked.iter().find(|request| request.path.ends_with("vector_stores")).unwrap();
    assert_eq!((query(stores, "project_ids"), query(stores, "api_key_ids").len()), (vec!["p"], 0));
    let costs = &asked[20];
    assert_eq!((costs.path.as_str(), query(costs, "bucket_width")), ("/organization/costs", vec!["1d"]));
    assert_eq!(query(costs, "group_by"), ["api_key_id", "line_item"]);
    let audit = &asked[21];
    assert_eq!(
        (query(audit, "project_ids[]"), query(audit, "effective_at[gte]")),
        (vec!["p"], vec![T.to_string().as_str()])
    );
}

#[test]
fn reads_rows_over_pages_and_leaves_strangers_out() {
    let reading = reading(run(|request| match (request.path.as_str(), query(request, "page").first()) {
        ("/organization/usage/completions", None) if query(request, "bucket_width") == ["1m"] => ok(json!({
            "data":[bucket(T, &json!([
                {"api_key_id":"key_1","model":"gpt-x","input_tokens":5,"input_cached_tokens":2,"output_tokens":3,"num_model_requests":1,"new":{}},
                {"api_key_id":"key_2","model":"gpt-x","input_tokens":99,"output_tokens":99,"num_model_requests":9},
                {"api_key_id":null,"model":"gpt-x","input_tokens":99,"output_tokens":99,"num_model_requests":9}]))],
            "has_more":true,"next_page":"n"})),
        ("/organization/usage/completions", Some(&"n")) => ok(
            json!({"data":[bucket(T + 60, &json!([{"api_key_id":"key_1","model":"gpt-y","num_model_requests":2.0}]))],"has_more":false}),
        ),
        ("/organization/usage/vector_stores", _) if query(request, "bucket_width") == ["1m"] => {
            ok(json!({"data":[bucket(T + 600, &json!([{"project_id":"p","usage_bytes":7}]))]}))
        }
        ("/organization/costs", _) => ok(json!({"data":[bucket(T, &json!([
            {"api_key_id":"key_1","amount":{"value":1.5,"currency":"usd"},"line_item":"gpt-x, input"},
            {"api_key_id":"key_1","amount":{"value":"0.5","currency":"usd"}}]))]})),
        ("/organization/audit_logs", _) => ok(json!({"data":[
            {"id":"a","type":"api_key.created","effective_at":T,"actor":{"type":"session","session":{"user":{"email":"x@y.z"},
             "ip_address":"203.0.113.9","ip_address_details":{"country":"US"}}},"project":{"name":"P"},
             "api_key.created":{"id":"key_9","data":{"scopes":["a"]}}},
            {"id":"b","type":"brand.new","effective_at":T,"actor":null,"brand.new":{"id":"z"}},
            {"id":"c","type":"x.y","effective_at":T,"actor":{"type":"api_key","api_key":{"id":"key_8","service_account":{"id":"s"}}}}]})),
        _ => none(),
    }));
    assert_eq!(reading.rows.len(), 3, "{:?}", reading.rows);
    let first = &reading.rows[0];
    assert_eq!((first.model.as_str(), first.requests, first.input, first.cached, first.output), ("gpt-x", 1, 5, 2, 3));
    assert_eq!((reading.rows[1].requests, reading.rows[1].seconds), (2, 60));
    assert_eq!(reading.data_up_to, Some(Stamp::from_secs(T + 120)), "project-wide figures do not count");
    let state = |part: &str| reading.parts.iter().find(|state| state.part == part).unwrap();
    let why = state("completions").failed.clone().unwrap();
    assert!(why.contains("1 rows of other keys") && why.contains("1 rows that name none"), "{why}");
    assert!(state("vector_stores").whole_project && state("vector_stores").failed.is_none());
    assert_eq!(reading.parts.len(), 12);
    assert_eq!(reading.costs.iter().map(|row| row.usd).sum::<f64>().to_string(), "2");
    let said: Vec<(&str, &str)> = reading.audit.iter().map(|row| (row.actor.as_str(), row.about.as_str())).collect();
    assert_eq!(said[0], ("x@y.z (US)", "key_9, scopes [\"a\"], in project P"));
    assert_eq!((said[1].0, said[2].0), ("unknown", "API key key_8 of s"));
    assert_eq!(reading.audit[0].ip.as_deref(), Some("203.0.113.9"));
}

#[test]
fn a_part_that_fails_hides_no_other() {
    let reading = reading(run(|request| match request.path.as_str() {
        "/organization/usage/images" => refused(403, "Missing scopes: api.usage.read"),
        "/organization/usage/audio_speeches" | "/organization/usage/audio_transcriptions" => refused(500, "boom"),
        "/organization/usage/embeddings" => ok(json!({"data":[{"start_time":"x"}]})),
        "/organization/usage/moderations" => {
            ok(json!({"data":[bucket(T, &json!([{"api_key_id":"key_1","num_model_requests":"many"}]))]}))
        }
        "/organization/audit_logs" => refused(403, "Audit logging is not enabled"),
        _ => none(),
    }));
    let failed = |part: &str| reading.parts.iter().find(|state| state.part == part).unwrap().failed.clone();
    assert!(failed("images").unwrap().contains("api.usage.read"));
    assert!(failed("embeddings").unwrap().contains("start_time"));
    assert!(failed("moderations").unwrap().contains("num_model_requests"));
    assert!(failed("audit_logs").unwrap().contains("not enabled"));
    assert!(failed("audio_transcriptions").unwrap().contains("boom"));
    assert_eq!((failed("completions"), failed("web_search_calls")), (None, None));
}

#[test]
fn an_endless_part_keeps_what_came() {
    let mut page = 0;
    let reading = reading(run(|request| {
        if request.path.ends_with("/completions") {
            page += 1;
            return ok(
                json!({"data":[bucket(T, &json!([{"api_key_id":"key_1"}]))],"has_more":true,"next_page":format!("n{page}")}),
            );
        }
        none()
    }));
    assert!(page < 10, "{page}");
    let state = &reading.parts[0];
    assert!(state.part == "completions" && state.failed.as_ref().unwrap().contains("no end"), "{state:?}");
    assert!(!reading.rows.is_empty());
}

#[test]
fn gives_up_soon_when_nothing_answers() {
    let mut asked = 0;
    let turn = run(|_| {
        asked += 1;
        Err(Fault::new(FaultKind::Unreachable, "no answer", "timed out after 30 s"))
    });
    let Turn::Fail(fault) = turn else { panic!("{turn:?}") };
    assert_eq!(
        (asked, fault.what.as_str(), fault.why.as_str()),
        (2, "could not read any usage", "timed out after 30 s")
    );
}

#[test]
fn a_long_window_is_read_by_the_minute_for_its_newest_days_only() {
    let mut asked = 0;
    let window = Window {
        baseline: Stamp::from_secs(T - 120 * 86_400),
        from: Stamp::from_secs(T - 90 * 86_400),
        to: Stamp::from_secs(T),
    };
    let turn = drive(&ProviderOp::Usage { row: row(), window }, |request| {
        asked += 1;
        if request.path.ends_with("/completions") && query(request, "bucket_width") == ["1m"] {
            assert_eq!(query(request, "start_time"), [(T - MINUTES_SPAN_S).to_string()]);
        }
        none()
    });
    reading(turn);
    assert_eq!(asked, 22);
}
