//! Plays the first drill and gives its journal, the same on any machine and in any run.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use stanch::app::{App, Setup};
use stanch::base::fault::Result;
use stanch::base::{Secret, SecretRef, Stamp};
use stanch::drill::{Scenario, World, open_clock, script::Step};
use stanch::effect::{GitReply, Outcome, Reply};
use stanch::incident::playbook::Playbook;
use stanch::incident::{DrillRef, Event, Incident, Mode, Opened, Record};
use stanch::providers::{self, prices::Prices};
use stanch::shell::engine::Beside;
use stanch::shell::journal::{self, Store};
use stanch::shell::operator::{Move, Operator};
use stanch::shell::session::{self, Wanted, Which};
use stanch::shell::vault::Vault;

const INCIDENT: &str = "20261120T164000Z-0a1b-drill";
const SALT: &str = "00112233445566778899aabbccddeeff";
/// What stands for the run's own folder, its address, its plan and its player.
const FOLDER: &str = "/home/mika/drill";
const ADDRESS: &str = "http://127.0.0.1:4010";
const PLAN: &str = "0a1b2c3d4e5f";
const PLAYER: &str = "mika@desk";

/// How long the person hesitates, seconds.
const SLOW_S: i64 = 250;

/// News and services, as the drill's own front end has them; the first drill needs no colleague.
struct Beyond {
    world: Arc<World>,
    told: usize,
}

impl Beside for Beyond {
    fn recorded(&mut self, _: &Record) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        self.world.look().unwrap();
        None
    }

    fn begin(&mut self) -> Result<()> {
        self.world.begin()
    }

    fn made_key(&mut self, _: String) -> Pin<Box<dyn Future<Output = Result<Option<Secret>>> + Send>> {
        Box::pin(async { Ok(None) })
    }

    fn news(&mut self, now: Stamp) -> (Vec<String>, Option<Stamp>) {
        let all = self.world.injects(now).unwrap();
        let fresh = all.iter().skip(self.told).map(|inject| inject.text.clone()).collect();
        self.told = all.len();
        (fresh, self.world.next_inject(now).unwrap())
    }
}

/// The journal of the reference run with seed 1.
pub async fn friday_push() -> Vec<Record> {
    watched(Box::new(|_| ())).await.0
}

/// The same, seen by `tell` after each key; and the keys that were in it: leaked, admin, new.
pub async fn watched(tell: Box<dyn FnMut(&App)>) -> (Vec<Record>, [String; 3]) {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let store = Store::new(home.join("state"));
    let scenario = Scenario::load("friday-push").unwrap();
    let moves: Vec<Move> = scenario.script.iter().map(act).collect();
    let clock = open_clock(&scenario, &home, 0, None).unwrap();
    let world = Arc::new(World::open(scenario, 1, &home.join("world"), clock.clone()).await.unwrap());
    let vault = Vault::new(SALT);
    let key = vault.put(SecretRef::Leaked, world.leaked().unwrap());
    vault.put(SecretRef::Admin, world.admin().unwrap().unwrap());
    let brief = world.brief().unwrap();
    let opened = Opened {
        incident: INCIDENT.into(),
        mode: Mode::Drill,
        provider: "openai".into(),
        key,
        salt: SALT.into(),
        found_by: brief.found_by,
        exposed_since: brief.exposed_since,
        exposed_known: true,
        repos: brief.repos,
        roots: brief.roots,
        has_admin: true,
        drill: Some(DrillRef { scenario: brief.id, seed: 1, pace: 0 }),
    };
    let wanted = Wanted {
        store: &store,
        which: Which::New(Box::new(opened)),
        vault,
        clock,
        base: world.base_url(),
        base_configured: true,
        hooks: world.hooks(),
        prices: None,
        playbook: None,
        label: "friday-push".into(),
    };
    let engine = session::open(wanted, Some(Box::new(Beyond { world: world.clone(), told: 0 }))).unwrap();
    let used = engine.vault.clone();
    Operator::new(engine, tell).play(&moves).await.unwrap();
    let keys = [SecretRef::Leaked, SecretRef::Admin, SecretRef::Replacement]
        .map(|role| String::from_utf8(used.get(role).unwrap().expose().to_vec()).unwrap());
    let records = journal::read_only(&store.journal(INCIDENT)).unwrap();
    let address = world.base_url().trim_end_matches("/v1").to_owned();
    // A plan is named after what it holds, the folder's path too.
    let plan = records.iter().find_map(|record| match &record.event {
        Event::Observed { outcome: Outcome::Done { reply: Reply::Git { reply: GitReply::Planned(plan) } }, .. } => {
            Some(plan.id.clone())
        }
        _ => None,
    });
    let here = home.display().to_string();
    let fixed = [(format!("{here}/world"), FOLDER), (here, FOLDER), (address, ADDRESS), (plan.unwrap(), PLAN)];
    (records.iter().map(|record| settled(record, &fixed)).collect(), keys)
}

/// The reference run's moves, with a person who thinks before the kill, so that there is something to see in the usage.
fn act(step: &Step) -> Move {
    let think_s = if step.act == "revoke.kill" { SLOW_S } else { i64::from(step.think_s) };
    Move { think_s, act: step.act.clone(), text: step.text.clone() }
}

/// The record with fixed values for what differs from run to run.
fn settled(record: &Record, fixed: &[(String, &str)]) -> Record {
    let line = serde_json::to_string(record).unwrap();
    let line = fixed.iter().fold(line, |line, (here, always)| line.replace(here, always));
    Record { by: PLAYER.into(), ..serde_json::from_str(&line).unwrap() }
}

/// The app over a journal's beginning.
pub fn app(records: &[Record], now: Stamp) -> App {
    let setup = Setup {
        provider: providers::by_id("openai").unwrap(),
        playbooks: Playbook::built_in().unwrap(),
        prices: Prices::built_in().unwrap(),
        label: "friday-push".into(),
        observe: false,
        pace: 1,
    };
    let incident = Incident::fold(records).unwrap();
    let mut held = BTreeSet::from([SecretRef::Leaked, SecretRef::Admin]);
    held.extend(incident.issued.is_some().then_some(SecretRef::Replacement));
    App::new(incident, setup, held, now)
}
