//! The score sheet at its extremes: a perfect run, an empty one, and each red card.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stanch::base::{SecretRef, Stamp};
use stanch::drill::truth::{KeyNote, MadeKey, Running, ServiceNow};
use stanch::drill::{Scenario, Sheet, Truth, score};
use stanch::effect::git::{GitOp, GitReply, Proof, ProofLine};
use stanch::effect::provider::{KeyRow, Owner, OwnerKind, Probe, ProviderOp, ProviderReply, UsageReading, Window};
use stanch::effect::target::{Hook, TargetOp, TargetRef, TargetReply};
use stanch::effect::{Effect, Outcome, Reply, Verdict};
use stanch::incident::{Event, Record, StepRef};

/// A journal and the truth it is held against, both of a run that did everything right.
struct Run {
    scenario: Scenario,
    truth: Truth,
    records: Vec<Record>,
    ids: u64,
}

impl Run {
    fn empty(scenario: &str) -> Self {
        let scenario = Scenario::load(scenario).unwrap();
        let started = scenario.starts;
        let services = scenario.places.iter().map(|place| ServiceNow {
            name: place.service.clone(),
            production: place.production,
            path: place.path.clone(),
            runs: Running::Leaked,
            since: started,
        });
        let truth = Truth {
            now: started.plus_secs(3600),
            exposed_since: started.plus_secs(-60 * i64::from(scenario.exposed_minutes)),
            started,
            deleted: None,
            dead: None,
            burned_usd: 0.0,
            usd_per_minute: 0.0,
            production_refused_s: 0,
            wrong_keys: Vec::new(),
            died_with_account: Vec::new(),
            made: Vec::new(),
            services: services.collect(),
        };
        Self { scenario, truth, records: Vec::new(), ids: 0 }
    }

    fn at(&self, secs: i64) -> Stamp {
        self.truth.started.plus_secs(secs)
    }

    fn add(&mut self, secs: i64, event: Event) {
        let (at, seq) = (self.at(secs), self.records.len() as u64);
        self.records.push(Record { v: 1, seq, at, by: "t".into(), prev: String::new(), event });
    }

    fn saw(&mut self, secs: i64, effect: Effect, reply: Reply) {
        let (step, outcome) = (StepRef::new("s", "t"), Outcome::Done { reply });
        self.add(secs, Event::Observed { step, effect, outcome });
    }

    fn intend(&mut self, secs: i64, effect: Effect) -> u64 {
        self.ids += 1;
        self.add(secs, Event::Intent { id: self.ids, step: StepRef::new("s", "t"), effect });
        self.ids
    }

    fn did(&mut self, secs: i64, effect: Effect, reply: Reply) {
        let id = self.intend(secs, effect);
        self.add(secs, Event::Outcome { id, outcome: Outcome::Done { reply } });
    }

    fn probe(&mut self, secs: i64, verdict: Verdict) {
        let key = SecretRef::Leaked;
        let probe = Probe { key, verdict, status: Some(401), code: None, why: String::new(), request_id: None };
        self.saw(secs, provider(ProviderOp::Probe { key }), Reply::Provider { reply: ProviderReply::Probed(probe) });
    }

    fn kill(&mut self, secs: i64) {
        let row = row("key_leaked");
        let reply = ProviderReply::Revoked { id: row.id.clone() };
        self.did(secs, provider(ProviderOp::Revoke { row }), Reply::Provider { reply });
        (self.truth.deleted, self.truth.dead) = (Some(self.at(secs)), Some(self.at(secs + 20)));
    }

    fn switch(&mut self, secs: i64) {
        self.truth.made =
            vec![MadeKey { id: "key_new".into(), name: "n".into(), created: self.at(secs), alive: true, in_use: true }];
        for i in 0..self.truth.services.len() {
            let service = &mut self.truth.services[i];
            service.runs = Running::Replacement;
            service.since = self.scenario.starts.plus_secs(secs + 10);
            let at = TargetRef { kind: "dotenv".into(), place: format!("/w/{}", service.path) };
            let op = TargetOp::Prove { at: at.clone() };
            let reply = TargetReply::Ran { at, what: Hook::Check, ok: true, said: String::new() };
            self.saw(secs + 20, Effect::Target { op }, Reply::Target { reply });
        }
    }

    fn review(&mut self, secs: i64) {
        let window = Window { baseline: self.at(-9), from: self.at(-5), to: self.at(secs) };
        let reading =
            UsageReading { window, parts: vec![], rows: vec![], costs: vec![], audit: vec![], data_up_to: None };
        let op = ProviderOp::Usage { row: row("key_leaked"), window };
        self.saw(secs, provider(op), Reply::Provider { reply: ProviderReply::Usage(Box::new(reading)) });
    }

    fn purge(&mut self, secs: i64) {
        let plan = || "p".to_owned();
        self.saw(secs, git(GitOp::Plan), Reply::Git { reply: GitReply::Planned(Box::default()) });
        let applied = GitReply::Applied { plan: plan(), refs: 1, backup: "b".into(), dropped: 0, came_back: vec![] };
        self.did(secs, git(GitOp::Apply { plan: plan() }), Reply::Git { reply: applied });
        let line = ProofLine { what: "git grep".into(), clean: true, saw: "nothing".into() };
        let proof = Proof { checks: vec![line], not_checked: vec![] };
        self.saw(secs, git(GitOp::Prove), Reply::Git { reply: GitReply::Proved(proof) });
    }

    fn close(&mut self, secs: i64) {
        self.add(secs, Event::Closed { open: vec![] });
    }

    fn talk(&mut self) {
        self.add(10, Event::Note { text: "on it".into() });
        let (topic, choice, reason) = ("playbook".into(), "contain-first".into(), "public, nobody needs it".into());
        self.add(15, Event::Decided { topic, choice, facts: BTreeMap::new(), reason });
    }

    fn perfect() -> Self {
        let mut run = Self::empty("friday-push");
        run.talk();
        run.kill(60);
        for secs in (80..=150).step_by(10) {
            run.probe(secs, Verdict::Dead);
        }
        run.switch(300);
        run.review(400);
        run.purge(600);
        run.close(700);
        run.truth.burned_usd = 4.0;
        run
    }

    fn sheet(&self) -> Sheet {
        score(&self.records, &self.truth, &self.scenario)
    }

    fn points(&self, name: &str) -> u32 {
        let sheet = self.sheet();
        sheet.lines.iter().find(|line| line.name == name).unwrap_or_else(|| panic!("no line {name}")).points
    }
}

fn provider(op: ProviderOp) -> Effect {
    Effect::Provider { provider: "openai".into(), op }
}

fn git(op: GitOp) -> Effect {
    Effect::Git { repo: PathBuf::from("/r"), op }
}

fn row(id: &str) -> KeyRow {
    KeyRow {
        id: id.into(),
        name: "n".into(),
        redacted: "sk-...abcd".into(),
        project_id: "p".into(),
        project_name: "p".into(),
        created: None,
        last_used: None,
        owner: Owner { kind: OwnerKind::User, id: "u".into(), name: "u".into() },
        admin: false,
    }
}

#[test]
fn a_perfect_run_has_every_point() {
    let sheet = Run::perfect().sheet();
    assert_eq!((sheet.total, sheet.of), (100, 100), "{}", sheet.text());
    assert_eq!(sheet.grade, "performed without challenges");
    let (clocks, json) = (sheet.clocks, serde_json::to_value(&sheet).unwrap());
    assert_eq!((clocks.time_to_contain_s, clocks.time_to_prove_s), (Some(60), Some(140)));
    assert_eq!((clocks.time_to_repair_s, clocks.time_to_first_note_s), (Some(320), Some(10)));
    assert_eq!(json["clocks"]["time_to_contain_s"], 60);
    assert_eq!(json["lines"][0]["name"], "time to contain");
    assert_eq!(serde_json::from_value::<Sheet>(json).unwrap(), sheet);
    assert!(sheet.text().starts_with("DRILL friday-push: 100 of 100"));
}

#[test]
fn a_run_of_nothing_has_next_to_none() {
    let mut run = Run::empty("storefront");
    run.truth.burned_usd = 500.0;
    let sheet = run.sheet();
    // What is left: nothing refused so far, and no write left open.
    assert_eq!((sheet.total, sheet.of), (12, 100), "{}", sheet.text());
    assert_eq!(sheet.grade, "unable to be performed");
    assert_eq!(sheet.clocks.time_to_contain_s, None);
    assert!(sheet.red_cards.is_empty());
}

#[test]
fn slow_runs_lose_points_in_proportion() {
    let mut run = Run::perfect();
    run.truth.deleted = Some(run.at(450));
    assert_eq!(run.points("time to contain"), 10, "two and a half times the target");
    run.truth.burned_usd = 40.0;
    assert_eq!(run.points("money burned"), 10);
    run.truth.burned_usd = 64.0;
    assert_eq!(run.points("money burned"), 0);
}

#[test]
fn proof_is_a_row_of_refusals_over_a_minute_of_a_key_that_is_dead() {
    let proved = |probes: &[(i64, Verdict)]| {
        let mut run = Run::empty("friday-push");
        run.kill(60);
        for (secs, verdict) in probes {
            run.probe(*secs, *verdict);
        }
        run.sheet().clocks.time_to_prove_s
    };
    let dead = |secs: &[i64]| secs.iter().map(|s| (*s, Verdict::Dead)).collect::<Vec<_>>();
    assert_eq!(proved(&dead(&[61, 62, 63, 64, 65, 66, 67, 68])), None, "too short a time");
    assert_eq!(proved(&dead(&[61, 121])), None, "too few");
    assert_eq!(proved(&dead(&[61, 76, 91, 106, 121])), Some(121));
    let mut flicker = dead(&[61, 76, 91]);
    flicker.push((92, Verdict::Live));
    flicker.extend(dead(&[106, 121, 136, 151]));
    assert_eq!(proved(&flicker), None, "an answer that works breaks the row");
    flicker.extend(dead(&[166]));
    assert_eq!(proved(&flicker), Some(166));
}

#[test]
fn dead_claimed_while_live_is_a_red_card() {
    let mut run = Run::perfect();
    run.truth.dead = Some(run.at(701));
    let sheet = run.sheet();
    assert_eq!(sheet.total, 40, "{}", sheet.text());
    assert!(sheet.red_cards[0].contains("claimed"), "{:?}", sheet.red_cards);

    run.records.pop();
    run.add(700, Event::Closed { open: vec!["revoke/prove".into()] });
    assert!(run.sheet().red_cards.is_empty(), "closing with the step named as open claims nothing");
}

#[test]
fn the_other_red_cards() {
    let mut run = Run::perfect();
    run.truth.wrong_keys = vec![KeyNote { id: "key_1".into(), name: "payroll".into(), at: run.at(1) }];
    assert!(run.sheet().red_cards[0].contains("payroll"));

    let mut run = Run::perfect();
    run.add(701, Event::Note { text: format!("the key was sk-proj-abc{}def", ["T3Blbk", "FJ"].concat()) });
    assert!(run.sheet().red_cards[0].contains("secret"));

    let mut run = Run::empty("friday-push");
    run.intend(5, git(GitOp::Push { plan: "p".into() }));
    assert!(run.sheet().red_cards[0].contains("dry run"));
    let mut run = Run::perfect();
    run.intend(650, git(GitOp::Push { plan: "p".into() }));
    assert!(run.sheet().red_cards.is_empty());
    assert_eq!(run.points("unknowns"), 0, "the push has no outcome");
}

#[test]
fn the_order_is_held_against_the_facts() {
    let mut run = Run::perfect();
    run.truth.made[0].created = run.at(30);
    assert_eq!(run.points("order"), 1);

    let mut run = Run::empty("storefront");
    run.switch(100);
    run.kill(300);
    assert_eq!((run.points("order"), run.points("production outage")), (4, 10));
    run.truth.production_refused_s = 30;
    assert_eq!((run.points("order"), run.points("production outage")), (2, 8));
    run.truth.made[0].created = run.at(400);
    assert_eq!(run.points("order"), 0);
}

#[test]
fn siblings_must_be_listed_before_the_account_dies() {
    let mut run = Run::empty("storefront");
    run.truth.deleted = Some(run.at(300));
    run.truth.died_with_account = vec![KeyNote { id: "key_s".into(), name: "load-test".into(), at: run.at(300) }];
    assert_eq!(run.points("siblings"), 0);
    run.intend(300, provider(ProviderOp::RevokeAccount { row: row("key_leaked"), dies: vec![row("key_s")] }));
    assert_eq!(run.points("siblings"), 2);
}

#[test]
fn a_purge_put_off_with_an_owner_counts() {
    let mut run = Run::empty("friday-push");
    let put_off = |owner: &str| Event::Deferred {
        stage: "purge".into(),
        owner: owner.into(),
        due: "Monday".into(),
        reason: "daylight".into(),
    };
    assert_eq!(run.points("purge"), 0);
    run.add(5, put_off(" "));
    assert_eq!(run.points("purge"), 1);
    run.add(6, put_off("mika"));
    assert_eq!(run.points("purge"), 3);
    run.add(7, Event::Reopened { stage: "purge".into() });
    assert_eq!(run.points("purge"), 0);
}
