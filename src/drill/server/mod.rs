//! The simulated provider on 127.0.0.1: routes, the lock around the state, and how an answer leaves.
//!
//! Every request runs under one lock; what it changed is on disk before the answer is sent. Facts: the vendor's
//! description of its API of 2026-08-21 and user reports, read independently of the product's own reading.
//!
//! Must not know: the product. A shared misreading would go unseen.

mod accounts;
mod admins;
mod audit;
mod call;
mod costs;
mod dashboard;
mod faults;
mod keys;
mod line;
mod lists;
mod models;
mod problem;
mod projects;
mod usage;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::places;
use super::scenario::Scenario;
use super::state::State;
use crate::base::fault::Result;
use crate::base::{Clock, Fault, Stamp};
pub use dashboard::Desk;
use line::{Cut, Door};
use problem::Problem;

/// What every handler shares.
#[derive(Debug)]
pub struct Sim {
    pub scenario: Scenario,
    pub clock: Clock,
    pub dir: PathBuf,
    /// Cancelled when the world goes: requests that still come are cut.
    pub gone: CancellationToken,
    state: Mutex<State>,
}

pub type Shared = Arc<Sim>;

impl Sim {
    pub fn new(scenario: Scenario, clock: Clock, dir: PathBuf, state: State) -> Self {
        Self { scenario, clock, dir, gone: CancellationToken::new(), state: Mutex::new(state) }
    }

    /// Runs `work` on the state as it is now, and saves what changed before anybody hears of it.
    pub fn with<T>(&self, work: impl FnOnce(&mut State, Stamp) -> T) -> Result<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let before = state.clone();
        places::look(&self.scenario, &self.dir, &mut state, now);
        let answer = work(&mut state, now);
        if *state != before
            && let Err(fault) = state.save(&self.dir, now)
        {
            // What could not be kept did not happen: the state in memory must not be ahead of the disk.
            *state = before;
            return Err(fault);
        }
        Ok(answer)
    }

    /// The same for a handler: a disk that fails is the provider's own trouble.
    fn answer<T>(&self, work: impl FnOnce(&mut State, Stamp) -> Result<T, Problem>) -> Result<T, Problem> {
        self.with(work).unwrap_or_else(|fault| Err(Problem::internal(&fault.why)))
    }
}

/// A JSON answer with status 200, or what is wrong.
type Answer = std::result::Result<Reply, Problem>;

/// A JSON body and headers worth keeping as evidence.
#[derive(Debug)]
struct Reply {
    body: Value,
    headers: Vec<(&'static str, String)>,
}

impl From<Value> for Reply {
    fn from(body: Value) -> Self {
        Self { body, headers: Vec::new() }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::OK, axum::Json(self.body)).into_response();
        for (name, value) in self.headers {
            if let Ok(value) = value.parse() {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// Opens the door on a free port of 127.0.0.1 and serves until the token of `sim` is cancelled. Returns the root URL.
pub async fn serve(sim: Shared) -> Result<String> {
    let bad = |e: std::io::Error| Fault::machine("the drill's server could not start on 127.0.0.1", e);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(bad)?;
    let at = listener.local_addr().map_err(bad)?;
    let (gone, door) = (sim.gone.clone(), Door::new(listener, sim.gone.clone()));
    let service = router(sim).into_make_service_with_connect_info::<Cut>();
    tokio::spawn(async move {
        // The only error it has is a listener that broke; every later request then fails, and says so itself.
        let _ = axum::serve(door, service).with_graceful_shutdown(gone.cancelled_owned()).await;
    });
    Ok(format!("http://{at}"))
}

fn router(sim: Shared) -> Router {
    let org = |path: &str| format!("/v1/organization{path}");
    let project = |path: &str| format!("/v1/organization/projects/{{project}}{path}");
    Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/me", get(models::me))
        .route(&org("/projects"), get(projects::list).post(projects::create))
        .route(&project(""), get(projects::one))
        .route(&project("/archive"), post(projects::archive))
        .route(&project("/api_keys"), get(keys::list))
        .route(&project("/api_keys/{key}"), get(keys::one).delete(keys::delete))
        .route(&project("/service_accounts"), get(accounts::list).post(accounts::create))
        .route(&project("/service_accounts/{account}"), get(accounts::one).delete(accounts::delete))
        .route(&project("/service_accounts/{account}/api_keys"), post(accounts::add_key))
        .route(&org("/admin_api_keys"), get(admins::list).post(admins::create))
        .route(&org("/admin_api_keys/{key}"), get(admins::one).delete(admins::delete))
        .route(&org("/usage/{endpoint}"), get(usage::read))
        .route(&org("/costs"), get(costs::read))
        .route(&org("/audit_logs"), get(audit::list))
        .route("/_drill/dashboard", get(dashboard::page))
        .route("/_drill/dashboard/revoke", post(dashboard::revoke))
        .route("/_drill/dashboard/issue", post(dashboard::issue))
        .fallback(problem::no_such_url)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(axum::middleware::from_fn_with_state(sim.clone(), faults::layer))
        .with_state(sim)
}
