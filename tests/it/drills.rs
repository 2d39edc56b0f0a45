//! The shipped scenarios, played whole by their reference scripts through the built program.

use serde_json::Value;

use crate::program::Home;

fn play(home: &Home, scenario: &str, seed: &str) -> Value {
    let ran = home.run(&["drill", scenario, "--script", "reference", "--seed", seed, "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:#?}");
    ran.json()
}

/// Every stage is settled, and says what was seen.
fn proven(played: &Value, scenario: &str, by_hand: &[&str]) {
    assert_eq!(played["scenario"], scenario);
    assert_eq!(played["open"], serde_json::json!([]));
    assert!(played["time_to_contain_s"].as_i64().unwrap() > 0 && played["burned_usd"].as_f64().unwrap() >= 0.0);
    let stages = played["stages"].as_array().unwrap();
    let ids: Vec<&str> = stages.iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 7);
    assert_eq!((ids[0], ids[6]), ("intake", "close"));
    for stage in stages {
        let id = stage["id"].as_str().unwrap();
        let want = if by_hand.contains(&id) { "by_hand" } else { "done" };
        assert_eq!(stage["state"], want, "{id}: {stage:#}");
        let evidence = stage["evidence"].as_array().unwrap();
        assert!(!evidence.is_empty() && evidence.iter().all(|line| !line.as_str().unwrap().trim().is_empty()), "{id}");
        for step in stage["steps"].as_array().unwrap() {
            let state = step["state"].as_str().unwrap();
            assert!(matches!(state, "done" | "by_hand"), "{id}: {step:#}");
            assert!(!step["with"].as_str().unwrap_or_default().is_empty(), "settled without evidence: {step:#}");
        }
    }
    let score = &played["score"];
    assert!(score["total"].as_u64().unwrap() >= 90 && score["red_cards"] == serde_json::json!([]), "{score:#}");
}

fn scenario(name: &str, by_hand: &[&str]) {
    let home = Home::new();
    let first = play(&home, name, "1");
    proven(&first, name, by_hand);
    let again = play(&home, name, "1");
    assert_eq!(first["score"], again["score"], "the same seed, the same drill");
    assert_eq!(first["time_to_contain_s"], again["time_to_contain_s"]);
    assert_ne!(first["incident"], again["incident"]);
    let other = play(&home, name, "77");
    assert_eq!(other["seed"], 77);
    proven(&other, name, by_hand);
}

#[test]
fn friday_push_contains_first() {
    scenario("friday-push", &[]);
}

#[test]
fn storefront_moves_production_first() {
    scenario("storefront", &[]);
}

#[test]
fn no_admin_key_goes_by_hand() {
    scenario("no-admin-key", &["revoke", "usage"]);
}

#[test]
fn the_proof_tells_of_the_run_that_proved_it() {
    let played = play(&Home::new(), "friday-push", "1");
    let evidence = |id: &str| {
        let stages = played["stages"].as_array().unwrap();
        let stage = stages.iter().find(|s| s["id"] == id).unwrap();
        stage["evidence"].as_array().unwrap().iter().map(|l| l.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let revoke = evidence("revoke");
    let over: i64 = revoke[0].rsplit_once("over ").unwrap().1.trim_end_matches(" s").parse().unwrap();
    assert!((60..200).contains(&over), "the late probe is not part of it: {revoke:?}");
    let purge = evidence("purge");
    assert!(purge.iter().any(|line| line.contains("backup") && line.contains("destroyed")), "{purge:#?}");
    assert!(!purge.iter().any(|line| line.contains("still contains the key")), "{purge:#?}");
}

#[test]
fn the_list_names_every_scenario() {
    let home = Home::new();
    let listed = home.run(&["drill", "--list", "--json"]).json();
    let ids: Vec<&str> = listed.as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["friday-push", "storefront", "no-admin-key"]);
    let plain = home.run(&["drill", "--list"]);
    assert!(plain.code == Some(0) && ids.iter().all(|id| plain.out.contains(id)), "{plain:#?}");
}
