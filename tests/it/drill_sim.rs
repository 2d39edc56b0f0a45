//! The simulated provider over real HTTP: shapes, paging, deletion that spreads, faults, figures.

use std::path::Path;

use serde_json::{Value, json};
use stanch::base::{Clock, Secret, Stamp};
use stanch::drill::{Colleague, Scenario, World};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A world, its folder and a client that says as little as needed.
pub(crate) struct Play {
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) dir: TempDir,
}

pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) json: Value,
}

impl Play {
    pub(crate) async fn new(name: &str) -> Self {
        Self::of(Scenario::load(name).unwrap()).await
    }

    pub(crate) async fn of(scenario: Scenario) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::stepped(scenario.starts);
        let world = World::open(scenario, 7, &dir.path().join("w"), clock.clone()).await.unwrap();
        Self { world, clock, dir }
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("w").canonicalize().unwrap()
    }

    pub(crate) fn leaked(&self) -> Secret {
        self.world.leaked().unwrap()
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Heard {
        let admin = self.world.admin().unwrap().unwrap();
        self.ask(method, path, Some(&admin), body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let heard = self.admin("GET", path, None).await;
        assert_eq!(heard.status, 200, "{path}: {}", heard.json);
        heard.json
    }

    pub(crate) async fn probe(&self) -> u16 {
        self.ask("GET", "/models", Some(&self.leaked()), None).await.status
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, key: Option<&Secret>, body: Option<Value>) -> Heard {
        self.try_ask(method, path, key, body).await.expect("an answer")
    }

    /// `None` when the line was cut without an answer.
    pub(crate) async fn try_ask(
        &self,
        method: &str,
        path: &str,
        key: Option<&Secret>,
        body: Option<Value>,
    ) -> Option<Heard> {
        let base = self.world.base_url();
        let (host, root) = base.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let path = if path.starts_with("/_drill") { path.to_owned() } else { format!("/{root}{path}") };
        let auth = key.map_or(String::new(), |key| {
            format!("Authorization: Bearer {}\r\n", std::str::from_utf8(key.expose()).unwrap())
        });
        // A string is a form, as `curl -d` and browsers send it.
        let kind = if matches!(body, Some(Value::String(_))) { "x-www-form-urlencoded" } else { "json" };
        let body = match body {
            Some(Value::String(form)) => form,
            Some(body) => body.to_string(),
            None => String::new(),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{auth}Connection: close\r\nContent-Type: application/{kind}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut line = TcpStream::connect(host).await.unwrap();
        line.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let end = line.read_to_end(&mut bytes).await;
        if end.is_err() || bytes.is_empty() {
            return None;
        }
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let json = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
        Some(Heard { status, head: head.to_lowercase(), json })
    }

    /// Every key of every project, as listed with `owner_project_access=any`.
    pub(crate) async fn keys(&self) -> Vec<(String, Value)> {
        let mut all = Vec::new();
        for project in self.walk("/organization/projects?include_archived=true").await {
            let id = project["id"].as_str().unwrap().to_owned();
            let path = format!("/organization/projects/{id}/api_keys?owner_project_access=any");
            all.extend(self.walk(&path).await.into_iter().map(|key| (id.clone(), key)));
        }
        all
    }

    /// Follows the cursor to the end.
    pub(crate) async fn walk(&self, path: &str) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}{after}")).await;
            all.extend(page["data"].as_array().unwrap().iter().cloned());
            if page["has_more"] != json!(true) {
                return all;
            }
            after = format!("&after={}", page["last_id"].as_str().unwrap());
        }
    }

    /// Project and row of the leaked key.
    pub(crate) async fn leaked_row(&self) -> (String, Value) {
        let leaked = self.leaked();
        let token = std::str::from_utf8(leaked.expose()).unwrap();
        let fits = |row: &Value| {
            let (start, end) = row["redacted_value"].as_str().unwrap().split_once("...").unwrap();
            token.starts_with(start) && token.ends_with(end)
        };
        let mut found: Vec<_> = self.keys().await.into_iter().filter(|(_, row)| fits(row)).collect();
        assert_eq!(found.len(), 1);
        found.pop().unwrap()
    }

    pub(crate) async fn key_path(&self) -> String {
        let (project, row) = self.leaked_row().await;
        format!("/organization/projects/{project}/api_keys/{}", row["id"].as_str().unwrap())
    }
}

fn with_faults(faults: &str) -> Scenario {
    let (_, text) = stanch::drill::scenario::SHIPPED[0];
    Scenario::parse(&format!("{text}\n{faults}"), "test").unwrap()
}

#[tokio::test]
async fn liveness_and_who_may_ask_what() {
    let play = Play::new("friday-push").await;
    let leaked = play.leaked();
    let live = play.ask("GET", "/models", Some(&leaked), None).await;
    assert_eq!((live.status, &live.json["object"]), (200, &json!("list")));
    assert!(live.head.contains("x-request-id: req_") && live.head.contains("openai-project: proj_"), "{}", live.head);
    assert_eq!(play.ask("GET", "/me", Some(&leaked), None).await.json["email"], "mika@drill.example");

    let missing = play.ask("GET", "/models", None, None).await;
    assert_eq!((missing.status, &missing.json["error"]["code"]), (401, &Value::Null));

    let wrong = format!("sk-proj-{}9f3a", "x".repeat(120));
    let wrong = Secret::new(&zeroize::Zeroizing::new(wrong.into_bytes())).unwrap();
    let wrong = play.ask("GET", "/models", Some(&wrong), None).await;
    let error = &wrong.json["error"];
    let message = error["message"].as_str().unwrap();
    assert_eq!(
        (wrong.status, &error["code"], &error["type"]),
        (401, &json!("invalid_api_key"), &json!("invalid_request_error"))
    );
    assert_eq!(error["param"], Value::Null);
    assert!(message.starts_with("Incorrect API key provided: sk-proj-***"), "{message}");
    assert!(message.contains("9f3a. You can find your API key at"), "{message}");

    let scope = play.ask("GET", "/organization/projects", Some(&leaked), None).await;
    assert_eq!((scope.status, &scope.json["error"]["code"]), (401, &Value::Null));
    assert!(scope.json["error"]["message"].as_str().unwrap().contains("Missing scopes"));
    let admin = play.admin("GET", "/models", None).await;
    assert!(admin.status == 403 && admin.json["error"]["message"].as_str().unwrap().contains("Admin API keys"));
    let nowhere = play.admin("GET", "/organization/nonsense", None).await;
    assert_eq!(
        (nowhere.status, &nowhere.json["error"]["message"]),
        (404, &json!("Invalid URL (GET /v1/organization/nonsense)"))
    );
    assert_eq!(play.admin("DELETE", "/models", None).await.json["error"]["code"], "method_not_supported");
}

#[tokio::test]
async fn keys_are_paged_and_a_plain_listing_hides_some() {
    let play = Play::new("friday-push").await;
    assert_eq!(
        play.get("/organization/projects").await["data"].as_array().unwrap().len(),
        2,
        "archived ones are hidden"
    );
    let (project, row) = play.leaked_row().await;
    let path = format!("/organization/projects/{project}/api_keys");
    let page = play.get(&path).await;
    assert_eq!(page["data"].as_array().unwrap().len(), 20);
    assert_eq!(page["has_more"], true);
    assert_eq!(page["last_id"], page["data"][19]["id"]);
    let plain = play.walk(&format!("{path}?limit=7")).await;
    let any = play.walk(&format!("{path}?limit=7&owner_project_access=any")).await;
    let hidden = play.walk(&format!("{path}?owner_project_access=inactive")).await;
    assert_eq!((plain.len(), any.len(), hidden.len()), (24, 25, 1));
    assert_eq!(hidden[0]["owner_project_access"], "inactive");

    assert_eq!(row["object"], "organization.project.api_key");
    assert_eq!(row["owner"]["type"], "user");
    assert_eq!(row["owner"]["user"]["email"], "mika@drill.example");
    assert!(row["created_at"].is_i64() && row["last_used_at"].is_i64(), "{row}");
    let one = play.get(&format!("{path}/{}", row["id"].as_str().unwrap())).await;
    assert_eq!(one, row);
    for bad in ["limit=0", "limit=101", "limit=x", "after=key_nope", "owner_project_access=all"] {
        assert_eq!(play.admin("GET", &format!("{path}?{bad}"), None).await.status, 400, "{bad}");
    }
    assert_eq!(play.admin("GET", "/organization/projects/proj_nope/api_keys", None).await.status, 404);
}

#[tokio::test]
async fn a_deleted_key_flickers_and_then_stays_dead() {
    let play = Play::new("friday-push").await;
    let path = play.key_path().await;
    assert_eq!(play.probe().await, 200);
    let gone = play.admin("DELETE", &path, None).await;
    assert_eq!(gone.json["object"], "organization.project.api_key.deleted");
    assert_eq!(gone.json["deleted"], true);
    assert_eq!(play.admin("DELETE", &path, None).await.status, 404);
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(play.probe().await);
    }
    assert_eq!(seen, [401, 401, 401, 200, 401, 401, 401, 200]);
    play.clock.sleep(20_000).await;
    for _ in 0..8 {
        assert_eq!(play.probe().await, 401);
    }
    let now = play.clock.now();
    let truth = play.world.truth(now).unwrap();
    assert_eq!(truth.dead, Some(truth.deleted.unwrap().plus_secs(20)));
    assert!(truth.wrong_keys.is_empty());
    let audit = play.get("/organization/audit_logs?event_types[]=api_key.deleted").await;
    assert_eq!(audit["data"][0]["api_key.deleted"]["id"], path.rsplit('/').next().unwrap());
    assert_eq!(audit["data"][0]["actor"]["type"], "api_key");
}

#[tokio::test]
async fn a_service_accounts_key_dies_only_with_its_account() {
    let play = Play::new("storefront").await;
    let (project, row) = play.leaked_row().await;
    let account = row["owner"]["service_account"]["id"].as_str().unwrap().to_owned();
    let refused = play.admin("DELETE", &play.key_path().await, None).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json["error"]["message"].as_str().unwrap().contains("service account"));
    assert_eq!(play.probe().await, 200);

    let accounts = format!("/organization/projects/{project}/service_accounts");
    let body = || Some(json!({"name": "storefront-2"}));
    let busy = play.admin("POST", &accounts, body()).await;
    assert_eq!((busy.status, &busy.json["error"]["code"]), (429, &json!("rate_limit_exceeded")));
    assert!(busy.head.contains("retry-after: 2"));
    let made = play.admin("POST", &accounts, body()).await.json;
    assert_eq!(made["object"], "organization.project.service_account");
    assert_eq!(made["api_key"]["object"], "organization.project.service_account.api_key");
    let value = made["api_key"]["value"].as_str().unwrap();
    assert!(value.starts_with("sk-svcacct-DRILL") && value.len() == 167);
    let fresh = Secret::new(&zeroize::Zeroizing::new(value.as_bytes().to_vec())).unwrap();
    assert_eq!(play.ask("GET", "/models", Some(&fresh), None).await.status, 200);

    let only = play.admin("POST", &accounts, Some(json!({"name": "bare", "create_service_account_only": true}))).await;
    assert_eq!(only.json["api_key"], Value::Null);
    let more = format!("{accounts}/{}/api_keys", only.json["id"].as_str().unwrap());
    let more = play.admin("POST", &more, Some(json!({"name": "one", "scopes": ["api.responses.write"]}))).await;
    assert!(more.json["value"].as_str().unwrap().starts_with("sk-svcacct-"));
    assert_eq!(play.walk(&format!("{accounts}?limit=2")).await.len(), 3);
    assert_eq!(play.admin("POST", &accounts, Some(json!({"nme": 1}))).await.status, 400);

    let one = format!("{accounts}/{account}");
    assert_eq!(play.get(&one).await["name"], "storefront");
    let gone = play.admin("DELETE", &one, None).await.json;
    assert_eq!(gone["object"], "organization.project.service_account.deleted");
    assert_eq!(play.admin("GET", &one, None).await.status, 404);
    let truth = play.world.truth(play.clock.now()).unwrap();
    let died: Vec<_> = truth.died_with_account.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(died, ["checkout-2025 (retired)", "load-test"]);
    assert!(truth.wrong_keys.is_empty() && truth.deleted.is_some());
}

#[tokio::test]
async fn admin_keys_can_be_listed_made_for_a_while_and_deleted() {
    let play = Play::new("friday-push").await;
    let list = play.get("/organization/admin_api_keys?limit=1").await;
    assert_eq!(list["data"][0]["object"], "organization.admin_api_key");
    assert!(list["data"][0]["redacted_value"].as_str().unwrap().starts_with("sk-admin-"));
    let made = play.admin("POST", "/organization/admin_api_keys", Some(json!({"name": "t", "expires_in_seconds": 60})));
    let made = made.await.json;
    let key = Secret::new(&zeroize::Zeroizing::new(made["value"].as_str().unwrap().as_bytes().to_vec())).unwrap();
    assert_eq!(key.expose().len(), 133);
    assert_eq!(play.ask("GET", "/organization/admin_api_keys", Some(&key), None).await.status, 200);
    play.clock.sleep(60_000).await;
    assert_eq!(play.ask("GET", "/organization/admin_api_keys", Some(&key), None).await.status, 401);
    let own = list["data"][0]["id"].as_str().unwrap();
    let gone = play.admin("DELETE", &format!("/organization/admin_api_keys/{own}"), None).await.json;
    assert_eq!(gone["object"], "organization.admin_api_key.deleted");
}

#[tokio::test]
async fn usage_has_buckets_pages_groups_and_filters() {
    let play = Play::new("friday-push").await;
    play.clock.sleep(10 * 60_000).await;
    let (_, row) = play.leaked_row().await;
    let id = row["id"].as_str().unwrap();
    let now = play.clock.now().secs();
    let from = now - 30 * 60;
    let path = "/organization/usage/completions";
    let query = format!(
        "?start_time={from}&end_time={now}&bucket_width=1m&limit=20&group_by=model&group_by[]=api_key_id&api_key_ids={id}"
    );
    let first = play.get(&format!("{path}{query}")).await;
    assert_eq!((&first["object"], &first["has_more"]), (&json!("page"), &json!(true)));
    assert_eq!(first["data"].as_array().unwrap().len(), 20);
    let next = first["next_page"].as_str().unwrap();
    let second = play.get(&format!("{path}{query}&page={next}")).await;
    assert_eq!((&second["has_more"], &second["next_page"]), (&json!(false), &Value::Null));
    assert_eq!(second["data"].as_array().unwrap().len(), 10);
    assert_eq!(second["data"][0]["start_time"], first["data"][19]["end_time"]);

    // The attacker began nine minutes ago, and figures show a minute late.
    let requests = |bucket: &Value| -> i64 {
        bucket["results"].as_array().unwrap().iter().map(|r| r["num_model_requests"].as_i64().unwrap()).sum()
    };
    let by_minute: Vec<i64> = second["data"].as_array().unwrap().iter().map(requests).collect();
    assert!(by_minute[1..9].iter().all(|n| *n > 90), "{by_minute:?}");
    assert_eq!(by_minute[9], 0, "figures show late: {by_minute:?}");
    let result = &second["data"][4]["results"][0];
    assert_eq!(result["object"], "organization.usage.completions.result");
    assert_eq!((&result["api_key_id"], &result["model"]), (&json!(id), &json!("gpt-5-mini")));
    assert_eq!((&result["project_id"], &result["batch"]), (&Value::Null, &Value::Null));

    let all = format!("{path}?start_time={from}&bucket_width=1h&api_key_id={id}");
    let org = play.get(&all).await["data"].as_array().unwrap().iter().map(requests).sum::<i64>();
    let one = play.get(&all.replace("api_key_id", "api_key_ids")).await["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(requests)
        .sum();
    assert!(org > one, "a misspelt filter is ignored: {org} > {one}");
    assert!(play.get(&format!("{path}?start_time={from}&batch=true")).await["data"][0]["results"] == json!([]));
    for bad in ["", "?start_time=x", "?start_time=1&bucket_width=2h", "?start_time=1&bucket_width=1m&limit=1441"] {
        assert_eq!(play.admin("GET", &format!("{path}{bad}"), None).await.status, 400, "{bad}");
    }
    let odd = format!("/organization/usage/vector_stores?start_time={from}&group_by=api_key_id");
    assert_eq!(play.admin("GET", &odd, None).await.status, 400);
    for other in [
        "embeddings",
        "moderations",
        "images",
        "audio_speeches",
        "audio_transcriptions",
        "vector_stores",
        "code_interpreter_sessions",
        "file_search_calls",
        "web_search_calls",
    ] {
        let page = play.get(&format!("/organization/usage/{other}?start_time={from}")).await;
        assert_eq!(page["data"][0]["object"], "bucket", "{other}");
    }
    assert_eq!(play.admin("GET", "/organization/usage/telepathy?start_time=1", None).await.status, 404);
}

#[tokio::test]
async fn costs_come_by_day_and_agree_with_what_was_burned() {
    let play = Play::new("friday-push").await;
    play.clock.sleep(10 * 60_000).await;
    let (_, row) = play.leaked_row().await;
    let id = row["id"].as_str().unwrap();
    let from = play.clock.now().secs() - 86_400;
    let path = format!("/organization/costs?start_time={from}&api_key_ids[]={id}&group_by[]=line_item");
    let page = play.get(&path).await;
    let rows: Vec<&Value> =
        page["data"].as_array().unwrap().iter().flat_map(|b| b["results"].as_array().unwrap()).collect();
    let usd: f64 = rows.iter().map(|r| r["amount"]["value"].as_f64().unwrap()).sum();
    let burned = play.world.truth(play.clock.now().plus_secs(-60)).unwrap().burned_usd;
    assert!(rows.iter().all(|r| r["object"] == "organization.costs.result" && r["amount"]["currency"] == "usd"));
    assert!(usd >= burned && usd < burned + 2.0, "{usd} {burned}");
    assert!((28.0..36.0).contains(&burned), "eight minutes at about $4: {burned}");
    assert_eq!(play.admin("GET", &format!("{path}&bucket_width=1h"), None).await.status, 400);
    assert_eq!(play.admin("GET", &format!("{path}&group_by=model"), None).await.status, 400);
}

#[tokio::test]
async fn the_audit_log_wants_brackets() {
    let play = Play::new("friday-push").await;
    let all = play.walk("/organization/audit_logs?limit=10").await;
    assert!(all.len() > 30);
    assert!(all.windows(2).all(|w| w[0]["effective_at"].as_i64() >= w[1]["effective_at"].as_i64()), "newest first");
    let since = play.clock.now().secs() - 3600;
    let recent = play.get(&format!("/organization/audit_logs?effective_at[gte]={since}")).await;
    let recent = recent["data"].as_array().unwrap();
    assert_eq!((recent.len(), &recent[0]["type"]), (1, &json!("login.failed")));
    assert_eq!(recent[0]["actor"]["session"]["ip_address"], "203.0.113.66");
    let plain = play.walk("/organization/audit_logs?event_types=login.failed").await;
    assert_eq!(plain.len(), all.len(), "without brackets it is ignored");
    assert_eq!(play.walk("/organization/audit_logs?actor_emails[]=mika@drill.example").await.len(), 9);
    assert_eq!(play.get("/organization/audit_logs?tenant_only=true").await["data"], json!([]));
}

#[tokio::test]
async fn every_kind_of_fault() {
    let play = Play::of(with_faults(
        "[[faults]]\non = \"GET /v1/models\"\nnth = 2\nkind = \"rate_limited\"\nvalue = 9\n\
         [[faults]]\non = \"GET /v1/models\"\nnth = 3\nkind = \"server_error\"\nvalue = 503\n\
         [[faults]]\non = \"GET /v1/models\"\nnth = 4\ntimes = 2\nkind = \"echo_key\"\n\
         [[faults]]\non = \"GET /v1/me\"\nkind = \"latency\"\nvalue = 4000\n\
         [[faults]]\non = \"DELETE /v1/organization/projects/*/api_keys/*\"\nkind = \"applied_then_timeout\"\nvalue = 30000\n",
    ))
    .await;
    let leaked = play.leaked();
    let models = async || play.ask("GET", "/models", Some(&leaked), None).await;
    assert_eq!(models().await.status, 200);
    let busy = models().await;
    assert!(busy.status == 429 && busy.head.contains("retry-after: 9"));
    assert_eq!(models().await.status, 503);
    for _ in 0..2 {
        let echo = models().await;
        let token = std::str::from_utf8(leaked.expose()).unwrap();
        assert!(echo.status == 500 && echo.json["error"]["message"].as_str().unwrap().contains(token));
    }
    assert_eq!(models().await.status, 200);

    let before = play.clock.now();
    assert_eq!(play.ask("GET", "/me", Some(&leaked), None).await.status, 200);
    assert_eq!(play.clock.now().since(before), 4);

    let path = play.key_path().await;
    let admin = play.world.admin().unwrap().unwrap();
    assert!(play.try_ask("DELETE", &path, Some(&admin), None).await.is_none(), "no answer comes");
    assert_eq!(play.clock.now().since(before), 34);
    assert_eq!(play.admin("GET", &path, None).await.status, 404, "but it was done");
}

#[tokio::test]
async fn the_attacker_stops_when_the_key_is_dead() {
    let play = Play::new("friday-push").await;
    let burned = |at: Stamp| play.world.truth(at).unwrap().burned_usd;
    assert!(burned(play.clock.now()) < f64::EPSILON);
    play.clock.sleep(180_000).await;
    assert!((10.0..14.0).contains(&burned(play.clock.now())), "three minutes at about $4");
    play.admin("DELETE", &play.key_path().await, None).await;
    play.clock.sleep(20_000).await;
    let dead = burned(play.clock.now());
    play.clock.sleep(3_600_000).await;
    assert!((burned(play.clock.now()) - dead).abs() < f64::EPSILON);
    assert!(play.world.truth(play.clock.now()).unwrap().usd_per_minute < f64::EPSILON);
}

#[tokio::test]
async fn a_colleague_does_it_by_hand() {
    let play = Play::new("no-admin-key").await;
    assert!(play.world.admin().unwrap().is_none());
    let leaked = play.leaked();
    let token = std::str::from_utf8(leaked.expose()).unwrap();
    let last4 = &token[token.len() - 4..];
    let before = play.clock.now();
    let no = play.world.colleague(Colleague::Revoke { last4: "----".into() }).await.unwrap_err();
    assert!(no.why.contains("no key"), "{no}");
    let fresh = play.world.colleague(Colleague::Issue { name: "site-search-2".into() }).await.unwrap().unwrap();
    assert_eq!(play.clock.now().since(before), 120, "a colleague takes a minute each time");
    assert_eq!(play.ask("GET", "/models", Some(&fresh), None).await.status, 200);

    // The same through the page, as a person with a browser would.
    let page = std::fs::read_to_string(play.path().join("COLLEAGUE.md")).unwrap();
    assert!(page.contains(&play.world.dashboard_url()));
    let bad = play.ask("POST", "/_drill/dashboard/revoke", None, Some(json!({"last4": "xx"}))).await;
    assert_eq!(bad.status, 400);
    let done = play.ask("POST", "/_drill/dashboard/revoke", None, Some(json!({"last4": last4}))).await;
    assert_eq!((done.status, &done.json["deleted"]), (200, &json!(true)));
    let made = play.ask("POST", "/_drill/dashboard/issue", None, Some(json!({"name": "b"}))).await;
    assert!(made.json["value"].as_str().unwrap().starts_with("sk-svcacct-DRILL"));
    let form = play.ask("POST", "/_drill/dashboard/issue", None, Some(json!("name=c%3Cd"))).await;
    assert!(form.head.contains("text/html") && form.json.as_str().unwrap().contains("<pre>sk-svcacct-DRILL"));
    let all = play.ask("GET", "/_drill/dashboard", None, None).await;
    assert!(
        all.json.as_str().unwrap().contains("<td>c&lt;d<td>sk-svcacct-DRILL"),
        "names are escaped, values are not shown"
    );
    play.clock.sleep(30_000).await;
    assert_eq!(play.probe().await, 401);
}

#[tokio::test]
async fn two_worlds_of_one_seed_are_the_same() {
    let (a, b) = (Play::new("storefront").await, Play::new("storefront").await);
    assert_eq!(a.leaked().expose(), b.leaked().expose());
    assert_eq!(a.keys().await, b.keys().await);
    for play in [&a, &b] {
        play.clock.sleep(15 * 60_000).await;
    }
    let path = format!("/organization/usage/completions?start_time={}&bucket_width=1m", a.clock.now().secs() - 1800);
    assert_eq!(a.get(&path).await, b.get(&path).await);
    let head = |dir: &Path| std::fs::read_to_string(dir.join("storefront/.git/refs/heads/main")).unwrap();
    assert_eq!(head(&a.path()), head(&b.path()), "even the commits");
    let other = tempfile::tempdir().unwrap();
    let scenario = Scenario::load("storefront").unwrap();
    let clock = Clock::stepped(scenario.starts);
    let c = World::open(scenario, 8, &other.path().join("w"), clock).await.unwrap();
    assert_ne!(c.leaked().unwrap().expose(), a.leaked().expose());
}
