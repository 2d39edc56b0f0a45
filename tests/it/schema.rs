//! Holds a document against a JSON Schema: the keywords our own schemas use, and no others.

use serde_json::Value;

/// What is wrong with `value`, with the place of each.
pub(crate) fn wrong(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "$", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let name = rule.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                let target = root["$defs"].get(name).unwrap_or_else(|| panic!("no definition {name}"));
                check(root, target, value, at, found);
            }
            "type" => {
                let one = rule.as_str().map(|r| vec![r]);
                let kinds = one.unwrap_or_else(|| rule.as_array().unwrap().iter().filter_map(Value::as_str).collect());
                if !kinds.iter().any(|kind| is(value, kind)) {
                    found.push(format!("{at}: not {kinds:?}: {value}"));
                }
            }
            "enum" => {
                if !rule.as_array().unwrap().contains(value) {
                    found.push(format!("{at}: {value} is none of {rule}"));
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|n| n < rule.as_f64().unwrap()) {
                    found.push(format!("{at}: {value} is below {rule}"));
                }
            }
            "pattern" => {
                assert_eq!(rule, "^[0-9a-f]{40}$", "the checker knows this pattern only");
                let id = value.as_str().is_some_and(|id| id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit()));
                if !id {
                    found.push(format!("{at}: {value} is no object id"));
                }
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, item, &format!("{at}[{n}]"), found);
                }
            }
            "properties" => {
                for (name, item) in value.as_object().into_iter().flatten() {
                    if let Some(rule) = rule.get(name) {
                        check(root, rule, item, &format!("{at}.{name}"), found);
                    }
                }
            }
            "required" => {
                let missing = rule.as_array().unwrap().iter().filter_map(Value::as_str);
                found.extend(
                    missing.filter(|name| value.get(name).is_none()).map(|name| format!("{at}.{name} is missing")),
                );
            }
            "additionalProperties" => {
                assert_eq!(rule, false);
                let known = schema["properties"].as_object().unwrap();
                let strange = value.as_object().into_iter().flatten().filter(|(name, _)| !known.contains_key(*name));
                found.extend(strange.map(|(name, _)| format!("{at}.{name} is not in the schema")));
            }
            "anyOf" => {
                let fits = |one: &Value| {
                    let mut found = Vec::new();
                    check(root, one, value, at, &mut found);
                    found
                };
                let tries: Vec<_> = rule.as_array().unwrap().iter().map(fits).collect();
                if tries.iter().all(|wrong| !wrong.is_empty()) {
                    found.extend(tries.into_iter().flatten());
                }
            }
            other => panic!("the checker does not know {other}"),
        }
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn the_checker_sees_what_is_wrong() {
    let schema = serde_json::json!({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"$ref": "#/$defs/b"}},
        "required": ["a"], "additionalProperties": false, "$defs": {"b": {"enum": ["x"]}}});
    let count = |value: Value| wrong(&schema, &value).len();
    assert_eq!(count(serde_json::json!({"a": 1, "b": "x"})), 0);
    assert_eq!(count(serde_json::json!({"a": "1"})), 1);
    assert_eq!(count(serde_json::json!({"b": "y", "c": 1})), 3);
    assert_eq!(count(serde_json::json!([])), 2);
}
