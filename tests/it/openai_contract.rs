//! Every request the OpenAI provider builds, held against the vendor's API description: path, method, query names and
//! values' types, body members. The description is not part of this project: `STANCH_SPECS` names the folder of `openai.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stanch::base::{Fingerprint, KeyKind, SecretRef, Stamp};
use stanch::effect::ProviderOp;
use stanch::effect::provider::{Issued, KeyRow, Owner, OwnerKind, Window};
use stanch::providers::openai::OPENAI;
use stanch::providers::{Answer, Exchange, Method, Provider as _, Request, Turn};

fn row(admin: bool) -> KeyRow {
    KeyRow {
        id: "key_1".into(),
        name: "CI".into(),
        redacted: "sk-...wxyz".into(),
        project_id: if admin { String::new() } else { "proj_1".into() },
        project_name: if admin { String::new() } else { "P".into() },
        created: Some(Stamp::from_secs(1)),
        last_used: None,
        owner: Owner { kind: OwnerKind::ServiceAccount, id: "svc_1".into(), name: "bot".into() },
        admin,
    }
}

/// Answers that lead each operation to its last request, and each list to a second page.
fn world(request: &Request) -> Answer {
    let account = json!({"type":"service_account","service_account":{"id":"svc_1","name":"bot"}});
    let key = json!({"id":"key_1","name":"CI","redacted_value":"sk-...wxyz","created_at":1,"owner":account});
    let paged = request.query.iter().any(|(name, _)| name == "after" || name == "page");
    let list = |item: Value| json!({"data":[item],"has_more":!paged,"last_id":"x","next_page":"x"});
    let path = request.path.as_str();
    let json = match request.method {
        Method::Post => json!({"id":"svc_2","api_key":null}),
        Method::Delete => json!({"deleted":true}),
        Method::Get if path.ends_with("/key_1") => key,
        Method::Get if path.ends_with("/svc_1") => json!({"id":"svc_1","name":"bot"}),
        Method::Get if path.ends_with("/api_keys") || path.ends_with("/admin_api_keys") => list(key),
        Method::Get if path.contains("/usage/") || path.ends_with("/costs") => {
            list(json!({"start_time":1,"results":[]}))
        }
        Method::Get => list(json!({"id":"proj_1","name":"P","effective_at":1})),
    };
    // An admin key's signature leads a probe on to the admin endpoint.
    let (matched, captured, signer) = (vec![], None::<Fingerprint>, KeyKind::OpenAiAdmin);
    Answer { status: 200, json: Some(json), snippet: None, request_id: None, matched, captured, signer, at: Stamp(0) }
}

fn requests() -> Vec<Request> {
    let window = Window {
        baseline: Stamp::from_secs(1_000_000),
        from: Stamp::from_secs(2_000_000),
        to: Stamp::from_secs(2_003_600),
    };
    let (project, name) = ("proj_1".to_owned(), "n".to_owned());
    let issued = Issued {
        key_id: String::new(),
        account_id: "svc_1".into(),
        name: "bot".into(),
        project_id: project.clone(),
        created: None,
        print: None,
    };
    let mut ops = vec![
        ProviderOp::Locate,
        ProviderOp::RevokeAccount { row: row(false), dies: vec![] },
        ProviderOp::FindIssued { project: project.clone(), name: name.clone() },
        ProviderOp::Issue { project: project.clone(), name },
        ProviderOp::Discard { project, issued },
    ];
    for admin in [false, true] {
        ops.push(ProviderOp::Revoke { row: KeyRow { owner: row(false).owner, ..row(admin) } });
        ops.push(ProviderOp::Usage { row: row(admin), window });
    }
    ops.extend([SecretRef::Leaked, SecretRef::Replacement, SecretRef::Admin].map(|key| ProviderOp::Probe { key }));
    let mut all = Vec::new();
    for op in &ops {
        let mut so_far: Vec<Exchange> = Vec::new();
        let end = loop {
            match OPENAI.turn(op, &so_far) {
                Turn::Send(request) => {
                    let answer = Ok(world(&request));
                    so_far.push(Exchange { request, answer });
                }
                end => break end,
            }
        };
        assert!(matches!(end, Turn::Done(_)), "{op:?} ends with {end:?}");
        all.extend(so_far.into_iter().map(|exchange| exchange.request));
    }
    all
}

#[test]
fn every_request_is_in_the_vendors_description() {
    let Some(folder) = std::env::var_os("STANCH_SPECS") else {
        println!("skipped: STANCH_SPECS does not name the folder of openai.json");
        return;
    };
    let file = std::path::Path::new(&folder).join("openai.json");
    let spec: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let requests = requests();
    let mut used = BTreeSet::new();
    for request in &requests {
        let (path, operation) = operation(&spec, request)
            .unwrap_or_else(|| panic!("not described: {} {}", request.method.word(), request.path));
        used.insert(format!("{} {path}", request.method.word()));
        check_query(&spec, operation, request);
        check_body(&spec, operation, request);
    }
    println!("{} requests to {} operations: {used:#?}", requests.len(), used.len());
    assert!(used.len() >= 24, "{used:#?}");
}

/// The described operation whose path fits, literal segments before parameters.
fn operation<'a>(spec: &'a Value, request: &Request) -> Option<(&'a str, &'a Value)> {
    let asked: Vec<&str> = request.path.split('/').collect();
    let fits = |path: &str| {
        let parts: Vec<&str> = path.split('/').collect();
        parts.len() == asked.len()
            && parts.iter().zip(&asked).all(|(part, asked)| part == asked || part.starts_with('{'))
    };
    let paths = spec["paths"].as_object().unwrap();
    let found = paths.iter().filter(|(path, _)| fits(path)).min_by_key(|(path, _)| path.matches('{').count())?;
    let operation = found.1.get(request.method.word().to_lowercase())?;
    Some((found.0, operation))
}

fn follow<'a>(spec: &'a Value, mut schema: &'a Value) -> &'a Value {
    while let Some(to) = schema.get("$ref").and_then(Value::as_str) {
        schema = spec.pointer(to.trim_start_matches('#')).unwrap();
    }
    schema
}

fn check_query(spec: &Value, operation: &Value, request: &Request) {
    let mut known: BTreeMap<String, &Value> = BTreeMap::new();
    let mut required = BTreeSet::new();
    for parameter in
        operation["parameters"].as_array().into_iter().flatten().map(|p| follow(spec, p)).filter(|p| p["in"] == "query")
    {
        let (name, schema) = (parameter["name"].as_str().unwrap(), follow(spec, &parameter["schema"]));
        if parameter["required"] == true {
            required.insert(name.to_owned());
        }
        // an object in a query is written name[member]
        for (member, schema) in schema["properties"].as_object().into_iter().flatten() {
            known.insert(format!("{name}[{member}]"), follow(spec, schema));
        }
        known.insert(name.to_owned(), schema);
    }
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, value) in &request.query {
        let schema =
            known.get(name).unwrap_or_else(|| panic!("{} has no query {name}: {:?}", request.path, known.keys()));
        let array = schema["type"] == "array";
        let each = if array { follow(spec, &schema["items"]) } else { schema };
        *times.entry(name).or_default() += 1;
        assert!(array || times[name.as_str()] == 1, "{} sends {name} twice", request.path);
        if each["type"] == "integer" {
            let number: i64 =
                value.parse().unwrap_or_else(|_| panic!("{name}={value} of {} is no integer", request.path));
            assert!(number >= 0, "{name}={value}");
        }
        if let Some(allowed) = each["enum"].as_array() {
            assert!(
                allowed.iter().any(|one| one == value),
                "{name}={value} of {} is none of {allowed:?}",
                request.path
            );
        }
        required.remove(name);
    }
    assert!(required.is_empty(), "{} lacks {required:?}", request.path);
}

fn check_body(spec: &Value, operation: &Value, request: &Request) {
    let Some(body) = &request.body else {
        assert!(operation["requestBody"]["required"] != true, "{} needs a body", request.path);
        return;
    };
    let described = follow(spec, &operation["requestBody"]);
    let schema = follow(spec, &described["content"]["application/json"]["schema"]);
    let members = body.as_object().unwrap();
    for name in members.keys() {
        assert!(schema["properties"].get(name).is_some(), "{} has no member {name}", request.path);
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(members.contains_key(name), "{} lacks member {name}", request.path);
    }
}
