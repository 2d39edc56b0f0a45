//! Facts of a made-up incident: its key, its places, and what a provider or a place answers.

use std::path::PathBuf;

use stanch::base::{Fingerprint, KeyKind, SecretRef, Stamp};
use stanch::effect::git::{GitOp, GitReply};
use stanch::effect::provider::{Issued, KeyRow, Owner, OwnerKind, ProviderOp, ProviderReply};
use stanch::effect::target::{Found, Holds, TargetOp, TargetRef, TargetReply};
use stanch::effect::{Effect, Outcome, Reply};
use stanch::incident::{Mode, Opened};

pub(super) fn print(last4: &str) -> Fingerprint {
    Fingerprint {
        prefix: "sk-proj-".into(),
        last4: last4.into(),
        hash: last4.repeat(16),
        kind: KeyKind::OpenAiProject,
        length: 60,
    }
}

pub(super) fn opened() -> Opened {
    Opened {
        incident: "20261120-1400-otter-4f".into(),
        mode: Mode::Live,
        provider: "openai".into(),
        key: print("9f3a"),
        salt: "s".into(),
        found_by: "mail".into(),
        exposed_since: Stamp::from_secs(90_000),
        exposed_known: true,
        repos: vec![PathBuf::from("/srv/repo")],
        roots: vec![PathBuf::from("/srv/app")],
        has_admin: true,
        drill: None,
    }
}

pub(super) fn row(id: &str) -> KeyRow {
    KeyRow {
        id: id.into(),
        name: "prod".into(),
        redacted: "sk-proj-abc...9f3a".into(),
        project_id: "proj_1".into(),
        project_name: "billing".into(),
        created: None,
        last_used: None,
        owner: Owner { kind: OwnerKind::ServiceAccount, id: "svc_1".into(), name: "svc-billing".into() },
        admin: false,
    }
}

pub(super) fn provider(op: ProviderOp) -> Effect {
    Effect::Provider { provider: "openai".into(), op }
}

pub(super) fn target(op: TargetOp) -> Effect {
    Effect::Target { op }
}

pub(super) fn git(op: GitOp) -> Effect {
    Effect::Git { repo: PathBuf::from("/srv/repo"), op }
}

pub(super) fn p(reply: ProviderReply) -> Outcome {
    Outcome::Done { reply: Reply::Provider { reply } }
}

pub(super) fn t(reply: TargetReply) -> Outcome {
    Outcome::Done { reply: Reply::Target { reply } }
}

pub(super) fn g(reply: GitReply) -> Outcome {
    Outcome::Done { reply: Reply::Git { reply } }
}

pub(super) fn place() -> TargetRef {
    TargetRef { kind: "dotenv".into(), place: "/srv/app/.env".into() }
}

pub(super) fn found(holds: Holds) -> Found {
    Found {
        at: place(),
        content: "c".into(),
        spots: Vec::new(),
        holds,
        blocked: None,
        warnings: Vec::new(),
        diff: Vec::new(),
        can_reload: false,
        can_prove: false,
    }
}

pub(super) fn issued(name: &str, print: Option<Fingerprint>) -> Issued {
    Issued {
        key_id: "key_new".into(),
        account_id: "svc_new".into(),
        name: name.into(),
        project_id: "proj_1".into(),
        created: None,
        print,
    }
}

pub(super) const ALL: [SecretRef; 2] = [SecretRef::Leaked, SecretRef::Admin];

pub(super) fn put() -> Effect {
    target(TargetOp::Put { at: place(), expect: "c".into(), with: SecretRef::Replacement })
}

pub(super) fn read_back(holds: Holds) -> (Effect, Outcome) {
    (target(TargetOp::ReadBack { at: place() }), t(TargetReply::ReadBack { at: place(), holds }))
}
